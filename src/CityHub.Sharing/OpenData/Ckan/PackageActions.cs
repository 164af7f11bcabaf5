using CityHub.Core.Problems;
using CityHub.Sharing.Catalogue;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>package_list, package_show, resource_show, current_package_list_with_resources.</summary>
internal static class PackageActions
{
    private const int Most = 1000;

    public static async ValueTask<Problem?> ListAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters)
    {
        if (!parameters.Whole("limit", int.MaxValue, int.MaxValue).TryGet(out var limit, out var problem) || !parameters.Whole("offset", 0, int.MaxValue).TryGet(out var offset, out problem))
            return problem;
        var names = room.Seen(SharingHttp.CallerOf(http)).Select(dataset => dataset.Id).Order(StringComparer.Ordinal).Skip((int)offset).Take((int)limit);
        return await CkanRoutes.AnswerAsync(http, room, action, json =>
        {
            json.WriteStartArray();
            foreach (var name in names)
                json.WriteStringValue(name);
            json.WriteEndArray();
        });
    }

    public static async ValueTask<Problem?> CurrentAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters)
    {
        if (!parameters.Whole("limit", Most, Most).TryGet(out var limit, out var problem) || !parameters.Whole("offset", 0, int.MaxValue).TryGet(out var offset, out problem))
            return problem;
        var caller = SharingHttp.CallerOf(http);
        var packages = room.Packages.Of(room, room.BaseOf(http)).Where(package => room.Sees(caller, package.Dataset)).Skip((int)offset).Take((int)limit);
        return await CkanRoutes.AnswerAsync(http, room, action, json =>
        {
            json.WriteStartArray();
            foreach (var package in packages)
                json.WriteRawValue(package.Json.Span, skipInputValidation: true);
            json.WriteEndArray();
        });
    }

    public static async ValueTask<Problem?> ShowAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters)
    {
        if (!parameters.Needed("id").TryGet(out var id, out var problem) || !room.Find(SharingHttp.CallerOf(http), id).TryGet(out var dataset, out problem))
            return problem;
        return await CkanRoutes.AnswerAsync(http, room, action, json => json.WriteRawValue(PackageWriter.Write(room, room.BaseOf(http), dataset).Span, skipInputValidation: true));
    }

    public static async ValueTask<Problem?> ResourceAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters)
    {
        if (!parameters.Needed("id").TryGet(out var id, out var problem))
            return problem;
        var features = id.EndsWith(".features", StringComparison.Ordinal);
        if (!room.Find(SharingHttp.CallerOf(http), features ? id[..^".features".Length] : id).TryGet(out var dataset, out problem))
            return problem;
        if (features && !PackageWriter.HasPlace(dataset))
            return SharingProblems.DatasetUnknown.Because($"\"{id}\" is no resource that you can see.");
        return await CkanRoutes.AnswerAsync(http, room, action, json => PackageWriter.Resource(json, room.BaseOf(http), dataset, features));
    }

    /// <summary>The dataset behind a resource of the datastore.</summary>
    public static Result<Dataset> TableOf(HttpContext http, OpenDataRoom room, CkanParameters parameters, string name = "resource_id") =>
        (parameters.Text(name) ?? parameters.Text("id")) is { } id ? room.Find(SharingHttp.CallerOf(http), id) : CkanProblems.Invalid.Because($"{name}: Missing value");
}
