using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Sharing.Catalogue;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>Departments as organizations, themes as groups, keywords as tags: those of the datasets that the caller sees, and no others.</summary>
internal static class GroupActions
{
    private const int MostPackages = 1000;

    public static ValueTask<Problem?> OrganizationsAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters) =>
        ListAsync(http, room, action, parameters, "organizations", dataset => [dataset.Provider], (json, name, count) => PackageWriter.Organization(json, room, name, count));

    public static ValueTask<Problem?> GroupsAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters) =>
        ListAsync(http, room, action, parameters, "groups", dataset => dataset.Themes, (json, name, count) => PackageWriter.Group(json, name, count));

    public static ValueTask<Problem?> OrganizationAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters) =>
        ShowAsync(http, room, action, parameters, dataset => [dataset.Provider], (json, name, count, more) => PackageWriter.Organization(json, room, name, count, more));

    public static ValueTask<Problem?> GroupAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters) =>
        ShowAsync(http, room, action, parameters, dataset => dataset.Themes, (json, name, count, more) => PackageWriter.Group(json, name, count, more));

    public static async ValueTask<Problem?> TagsAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters)
    {
        var like = parameters.Text("query");
        var all = parameters.Flag("all_fields");
        var tags = room.Seen(SharingHttp.CallerOf(http)).SelectMany(dataset => dataset.Keywords).Distinct(StringComparer.Ordinal)
            .Where(tag => like is null || tag.Contains(like, StringComparison.OrdinalIgnoreCase)).Order(StringComparer.Ordinal);
        return await CkanRoutes.AnswerAsync(http, room, action, json =>
        {
            json.WriteStartArray();
            foreach (var tag in tags)
                if (all)
                    PackageWriter.Tag(json, tag);
                else
                    json.WriteStringValue(tag);
            json.WriteEndArray();
        });
    }

    public static async ValueTask<Problem?> LicencesAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters)
    {
        var licences = room.Seen(SharingHttp.CallerOf(http)).Select(dataset => dataset.Licence).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return await CkanRoutes.AnswerAsync(http, room, action, json =>
        {
            json.WriteStartArray();
            foreach (var licence in licences)
            {
                json.WriteStartObject();
                json.WriteString("id"u8, licence);
                json.WriteString("title"u8, licence);
                json.WriteString("url"u8, licence);
                json.WriteString("status"u8, "active");
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private static async ValueTask<Problem?> ListAsync(
        HttpContext http, OpenDataRoom room, string action, CkanParameters parameters, string asked, Func<Dataset, IEnumerable<string>> of, Action<Utf8JsonWriter, string, int> write)
    {
        if (!parameters.Whole("limit", int.MaxValue, int.MaxValue).TryGet(out var limit, out var problem) || !parameters.Whole("offset", 0, int.MaxValue).TryGet(out var offset, out problem)
            || !parameters.Names(asked).TryGet(out var only, out problem))
            return problem;
        var all = parameters.Flag("all_fields");
        var counts = room.Seen(SharingHttp.CallerOf(http)).SelectMany(of).CountBy(name => name, StringComparer.Ordinal).Where(one => only.Count == 0 || only.Contains(one.Key));
        var ordered = parameters.Text("sort") is { } sort && sort.StartsWith("package_count", StringComparison.Ordinal)
            ? sort.EndsWith("asc", StringComparison.Ordinal) ? counts.OrderBy(one => one.Value).ThenBy(one => one.Key, StringComparer.Ordinal) : counts.OrderByDescending(one => one.Value).ThenBy(one => one.Key, StringComparer.Ordinal)
            : counts.OrderBy(one => one.Key, StringComparer.Ordinal);
        var page = ordered.Skip((int)offset).Take((int)limit).ToList();
        return await CkanRoutes.AnswerAsync(http, room, action, json =>
        {
            json.WriteStartArray();
            foreach (var (name, count) in page)
                if (all)
                    write(json, name, count);
                else
                    json.WriteStringValue(name);
            json.WriteEndArray();
        });
    }

    private static async ValueTask<Problem?> ShowAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters, Func<Dataset, IEnumerable<string>> of,
        Action<Utf8JsonWriter, string, int, Action<Utf8JsonWriter>> write)
    {
        if (!parameters.Needed("id").TryGet(out var id, out var problem))
            return problem;
        var caller = SharingHttp.CallerOf(http);
        var packages = room.Packages.Of(room, room.BaseOf(http)).Where(package => of(package.Dataset).Contains(id, StringComparer.Ordinal) && room.Sees(caller, package.Dataset)).ToList();
        if (packages.Count == 0)
            return CkanProblems.NotFound.Because($"\"{id}\" has no dataset that you can see.");
        var included = parameters.Flag("include_datasets");
        return await CkanRoutes.AnswerAsync(http, room, action, json => write(json, id, packages.Count, more =>
        {
            if (!included)
                return;
            more.WriteStartArray("packages"u8);
            foreach (var package in packages.Take(MostPackages))
                more.WriteRawValue(package.Json.Span, skipInputValidation: true);
            more.WriteEndArray();
        }));
    }
}
