using System.Text.Json;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>package_search: the caller's datasets by q and fq, with an exact count, sorted, a page of them, with facets of all that was found.</summary>
internal static class PackageSearch
{
    private const int MostRows = 1000;
    private const int UsualFacets = 50;

    public static async ValueTask<Problem?> HandleAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters)
    {
        if (!SearchParser.Read(parameters.Text("q") ?? "").TryGet(out var q, out var problem) || !FiltersOf(parameters).TryGet(out var filters, out problem)
            || !parameters.Whole("rows", 10, MostRows).TryGet(out var rows, out problem) || !parameters.Whole("start", 0, int.MaxValue).TryGet(out var start, out problem)
            || !parameters.Names("facet.field").TryGet(out var facets, out problem) || !FacetLimitOf(parameters).TryGet(out var most, out problem)
            || !OrderOf(parameters.Text("sort") ?? "score desc, metadata_modified desc").TryGet(out var order, out problem))
            return problem;
        if (facets.FirstOrDefault(field => !PackageDocument.Fields.Contains(field)) is { } unknown)
            return CkanProblems.SearchNotSupported.Because($"facet.field: there is no field {unknown}.", $"There are {string.Join(", ", PackageDocument.Fields)}.");
        // CKAN leaves out what is private unless it is asked for.
        var openOnly = parameters.Has("include_private") && !parameters.Flag("include_private");
        var caller = SharingHttp.CallerOf(http);
        var found = new List<PackageDocument>();
        foreach (var package in room.Packages.Of(room, room.BaseOf(http)))
            if ((package.Dataset.Open || !openOnly) && filters.All(package.Matches) && package.Matches(q) && room.Sees(caller, package.Dataset))
                found.Add(package);
        var page = Ordered(found, order, q).Skip((int)start).Take((int)rows);
        return await CkanRoutes.AnswerAsync(http, room, action, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("count"u8, found.Count);
            json.WriteString("sort"u8, string.Join(", ", order.Select(one => $"{one.Field} {(one.Descending ? "desc" : "asc")}")));
            json.WriteStartArray("results"u8);
            foreach (var package in page)
                json.WriteRawValue(package.Json.Span, skipInputValidation: true);
            json.WriteEndArray();
            Facets(json, room, found, facets, most);
            json.WriteEndObject();
        });
    }

    private static Result<List<SearchQuery>> FiltersOf(CkanParameters parameters)
    {
        var filters = new List<SearchQuery>();
        if (!parameters.Json("fq_list").TryGet(out var list, out var problem))
            return problem;
        IEnumerable<string> texts = list is { ValueKind: JsonValueKind.Array } many ? many.EnumerateArray().Select(one => one.ToString()) : [];
        foreach (var text in texts.Append(parameters.Text("fq") ?? ""))
        {
            if (!SearchParser.Read(text).TryGet(out var filter, out problem))
                return problem;
            if (filter is not SearchQuery.All)
                filters.Add(filter);
        }

        return filters;
    }

    private static Result<int> FacetLimitOf(CkanParameters parameters)
    {
        if (parameters.Text("facet.limit") == "-1")
            return int.MaxValue;
        return parameters.Whole("facet.limit", UsualFacets, int.MaxValue).Map(limit => (int)limit);
    }

    private static Result<List<(string Field, bool Descending)>> OrderOf(string sort)
    {
        var order = new List<(string, bool)>();
        foreach (var one in sort.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var words = one.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var field = words[0] == "title_string" ? "title" : words[0];
            var known = field == "score" || PackageDocument.Fields.Contains(field);
            if (!known || words.Length > 2 || (words.Length == 2 && words[1].ToLowerInvariant() is not ("asc" or "desc")))
                return CkanProblems.SearchNotSupported.Because($"sort: \"{one}\" cannot be sorted by.", $"There are score, {string.Join(", ", PackageDocument.Fields)}, each with asc or desc.");
            order.Add((field, words.Length == 2 && words[1].Equals("desc", StringComparison.OrdinalIgnoreCase)));
        }

        return order;
    }

    private static IEnumerable<PackageDocument> Ordered(List<PackageDocument> found, List<(string Field, bool Descending)> order, SearchQuery q)
    {
        // As the index lies: newest first. Without words every score is alike.
        if (order is [("score", _), ("metadata_modified", true)] or [("metadata_modified", true)] && q is SearchQuery.All)
            return found;
        IOrderedEnumerable<PackageDocument>? ordered = null;
        foreach (var (field, descending) in order)
        {
            if (field == "score")
                ordered = Then(ordered, package => package.Score(q), Comparer<int>.Default, descending);
            else
                ordered = Then(ordered, package => package.Values(field) is [var first, ..] ? first : "", StringComparer.Ordinal, descending);
        }

        return ordered ?? (IEnumerable<PackageDocument>)found;

        IOrderedEnumerable<PackageDocument> Then<TKey>(IOrderedEnumerable<PackageDocument>? before, Func<PackageDocument, TKey> key, IComparer<TKey> comparer, bool descending) =>
            before is null
                ? descending ? found.OrderByDescending(key, comparer) : found.OrderBy(key, comparer)
                : descending ? before.ThenByDescending(key, comparer) : before.ThenBy(key, comparer);
    }

    private static void Facets(Utf8JsonWriter json, OpenDataRoom room, List<PackageDocument> found, IReadOnlyList<string> fields, int most)
    {
        var counted = fields.Distinct(StringComparer.Ordinal).Select(field => (Field: field, Items: found.SelectMany(package => package.Values(field)).CountBy(value => value, StringComparer.Ordinal)
            .OrderByDescending(one => one.Value).ThenBy(one => one.Key, StringComparer.Ordinal).Take(most).ToList())).ToList();
        json.WriteStartObject("facets"u8);
        foreach (var (field, items) in counted)
        {
            json.WriteStartObject(field);
            foreach (var (value, count) in items)
                json.WriteNumber(value, count);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartObject("search_facets"u8);
        foreach (var (field, items) in counted)
        {
            json.WriteStartObject(field);
            json.WriteString("title"u8, field);
            json.WriteStartArray("items"u8);
            foreach (var (value, count) in items)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, value);
                json.WriteString("display_name"u8, field is "organization" or "owner_org" ? room.NameOf(value).Zh : value);
                json.WriteNumber("count"u8, count);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
