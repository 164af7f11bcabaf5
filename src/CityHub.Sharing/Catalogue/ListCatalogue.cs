using System.Globalization;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Catalogue;

/// <summary><c>GET /catalogue</c>, <c>/catalogue/{id}</c>, <c>/catalogue/work</c>, <c>/catalogue/findings</c>, <c>/catalogue/islands</c>: what there is, for whoever may know of it.</summary>
internal static class ListCatalogue
{
    public static void Map(IEndpointRouteBuilder routes, CatalogueRoom room)
    {
        routes.MapGet("/catalogue", RoomHttp.Handle(http => SearchAsync(http, room))).RequireAuthorization(Permissions.Optional)
            .WithName("SearchCatalogue").WithSummary("Search the catalogue: words, facets, pages").WithTags("Catalogue");
        routes.MapGet("/catalogue/work", RoomHttp.Handle(http => WorkAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListCatalogueWork").WithSummary("Entries that wait for your department, or for the authority").WithTags("Catalogue");
        routes.MapGet("/catalogue/findings", RoomHttp.Handle(http => FindingsAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListCatalogueFindings").WithSummary("Lead sources in dispute, and what is collected twice").WithTags("Catalogue");
        routes.MapGet("/catalogue/islands", RoomHttp.Handle(http => IslandsAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListIslands").WithSummary("Datasets that nobody used for months, and fields collected twice").WithTags("Catalogue");
        routes.MapGet("/catalogue/{id}", RoomHttp.Handle(http => OneAsync(http, room))).RequireAuthorization(Permissions.Optional)
            .WithName("GetDataset").WithSummary("One entry of the catalogue").WithTags("Catalogue");
    }

    private static async ValueTask<Problem?> SearchAsync(HttpContext http, CatalogueRoom room)
    {
        if (!Query(http.Request.Query).TryGet(out var query, out var problem))
            return problem;
        var caller = SharingHttp.CallerOf(http);
        var found = room.Book.Find(query, d => room.Sees(caller, d));
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("total"u8, found.Total);
            json.WriteStartArray("datasets"u8);
            foreach (var dataset in found.Page)
                CatalogueRoom.Write(json, dataset);
            json.WriteEndArray();
            json.WriteStartObject("facets"u8);
            foreach (var (facet, values) in found.Facets)
            {
                json.WriteStartObject(facet);
                foreach (var (value, count) in values)
                    json.WriteNumber(value, count);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        });
        return null;
    }

    /// <summary>q, facets as parameters of their own, facet=…, sort=title or -changed, start, rows.</summary>
    public static Result<CatalogueQuery> Query(IQueryCollection parameters)
    {
        var query = new CatalogueQuery();
        var filters = new List<(string, IReadOnlyList<string>)>();
        foreach (var (name, values) in parameters)
        {
            var text = values.ToString();
            switch (name)
            {
                case "q":
                    query = query with { Text = text };
                    break;
                case "facet":
                    query = query with { Facets = [.. values.SelectMany(v => (v ?? "").Split(','))] };
                    if (query.Facets.FirstOrDefault(f => !CatalogueFacets.Names.Contains(f)) is { } odd)
                        return SharingProblems.BadRequest.Because($"{odd} is no facet.", $"There are {string.Join(", ", CatalogueFacets.Names)}.");
                    break;
                case "sort":
                    query = query with { Sort = [.. text.Split(',').Select(s => s.StartsWith('-') ? (s[1..], true) : (s, false))] };
                    if (query.Sort.FirstOrDefault(s => s.By is not ("relevance" or "id" or "title" or "changed" or "published")) is { By: { } by })
                        return SharingProblems.BadRequest.Because($"sort takes no {by}.", "There are relevance, id, title, changed, published; with - before it descending.");
                    break;
                case "start" or "rows":
                    if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || (name == "rows" && number > RoomHttp.MostPage))
                        return SharingProblems.BadRequest.Because($"{name} is {text}; it takes a number{(name == "rows" ? $" up to {RoomHttp.MostPage}" : "")}.");
                    query = name == "start" ? query with { Start = number } : query with { Rows = number };
                    break;
                default:
                    if (!CatalogueFacets.Names.Contains(name))
                        return SharingProblems.BadRequest.Because($"{name} is no parameter here.", $"There are q, facet, sort, start, rows, {string.Join(", ", CatalogueFacets.Names)}.");
                    filters.Add((name, [.. values.Select(v => v ?? "")]));
                    break;
            }
        }

        return query with { Filters = filters };
    }

    private static async ValueTask<Problem?> OneAsync(HttpContext http, CatalogueRoom room)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        var caller = SharingHttp.CallerOf(http);
        if (room.Book.Entry(id) is not { Newest: { } newest } entry)
            return CatalogueProblems.Unknown(id);
        if (CatalogueRoom.WorksOn(caller, newest))
        {
            await CatalogueRoom.WriteAsync(http, StatusCodes.Status200OK, entry);
            return null;
        }

        if (entry.Published is not { } published || !room.Sees(caller, published))
            return CatalogueProblems.Unknown(id);
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("id"u8, id);
            json.WritePropertyName("published"u8);
            CatalogueRoom.Write(json, published);
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> WorkAsync(HttpContext http, CatalogueRoom room)
    {
        var caller = SharingHttp.CallerOf(http);
        var waiting = room.Book.State.Entries.Values
            .Where(e => e.Newest is { } newest && CatalogueRoom.WorksOn(caller, newest) && (e.Working is not null || e.UpdateDue is not null))
            .OrderBy(e => e.ReviewDue?.Due ?? e.UpdateDue?.Due ?? DateTimeOffset.MaxValue).ThenBy(e => e.Id, StringComparer.Ordinal).Take(RoomHttp.MostPage).ToList();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray();
            foreach (var entry in waiting)
                CatalogueRoom.WriteWhole(json, entry);
            json.WriteEndArray();
        });
        return null;
    }

    private static async ValueTask<Problem?> FindingsAsync(HttpContext http, CatalogueRoom room)
    {
        if (Refused(SharingHttp.CallerOf(http)) is { } refused)
            return refused;
        var state = room.Book.State;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("leadSources"u8);
            foreach (var dispute in Overlaps.Disputes(state))
            {
                json.WriteStartObject();
                json.WriteString("code"u8, CatalogueProblems.LeadSourceDisputed.Code);
                json.WriteString("item"u8, dispute.Item);
                json.WriteStartArray("collectedBy"u8);
                foreach (var place in dispute.Places)
                    Overlaps.Write(json, place);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("collectedTwice"u8);
            foreach (var twice in Overlaps.CollectedTwice(state))
                Overlaps.Write(json, twice);
            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> IslandsAsync(HttpContext http, CatalogueRoom room)
    {
        if (Refused(SharingHttp.CallerOf(http)) is { } refused)
            return refused;
        var months = 6;
        if (http.Request.Query.TryGetValue("months", out var text) && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out months) || months is < 1 or > 120))
            return SharingProblems.BadRequest.Because($"months is {text}; it takes 1 to 120.");
        var map = Islands.Find(room.Book.State, room.Use, room.Clock.GetUtcNow(), months);
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("months"u8, months);
            json.WriteStartArray("unused"u8);
            foreach (var dataset in map.Unused)
            {
                json.WriteStartObject();
                json.WriteString("dataset"u8, dataset.Id);
                json.WriteString("provider"u8, dataset.Provider);
                json.WriteString("title"u8, dataset.Title.Zh);
                if (dataset.PublishedAt is { } at)
                    json.WriteString("publishedAt"u8, RoomHttp.Time(at));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("collectedTwice"u8);
            foreach (var twice in map.CollectedTwice)
                Overlaps.Write(json, twice);
            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static Problem? Refused(Caller caller) => caller.Department is not null && caller.Is(Roles.DataOfficer | Roles.SharingOfficer | Roles.Head | Roles.Authority | Roles.SuperiorAuthority | Roles.Auditor)
        ? null
        : SharingProblems.NotYours.Because("Officers of departments see what is collected twice.", null, "decree 809, art. 19");
}
