using System.Globalization;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Vocabulary;

/// <summary><c>PUT /standards/code-tables/{id}</c>, as JSON or (with <c>zh</c> and <c>en</c> for the title) as CSV; <c>GET</c> of one (<c>on</c>, <c>parent</c>) and of all.</summary>
internal static class LoadCodeTable
{
    private const int MostBytes = 32 << 20;

    public static void Map(IEndpointRouteBuilder routes, StandardsRoom room)
    {
        routes.MapPut("/standards/code-tables/{id}", RoomHttp.Handle(http => PutAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("LoadCodeTable").WithSummary("Load a code table, or a new version of it, as JSON or CSV (query for CSV: zh, en)").WithTags("Standards");
        routes.MapGet("/standards/code-tables", RoomHttp.Handle(http => StandardsRoom.ListAsync(http, "codeTables", room.Book.Tables, t => t.Id, WriteHead))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListCodeTables").WithSummary("The code tables, a page at a time (limit, after)").WithTags("Standards");
        routes.MapGet("/standards/code-tables/{id}", RoomHttp.Handle(http => GetAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetCodeTable").WithSummary("One code table (query: version; on: a day on which the codes are valid; parent)").WithTags("Standards");
    }

    /// <summary>What changes nothing is not a new version.</summary>
    public static Result<CodeTable> Decide(string id, CodeTableDeclaration declaration, CodeTable? known)
    {
        if (!CodeTableReader.Check(id, declaration).TryGet(out _, out var problem))
            return problem;
        return known is not null && known.Title == declaration.Title && known.Entries.SequenceEqual(declaration.Entries)
            ? known
            : new CodeTable(id, (known?.Version ?? 0) + 1, declaration.Title, declaration.Entries);
    }

    private static async ValueTask<Problem?> PutAsync(HttpContext http, StandardsRoom room)
    {
        if (!(await StandardsRoom.Http.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        CodeTableDeclaration? declaration;
        if (http.Request.ContentType?.StartsWith("text/csv", StringComparison.OrdinalIgnoreCase) == true)
        {
            if (!CodeTableReader.Csv(body.Span).TryGet(out var entries, out problem))
                return problem;
            declaration = new() { Title = new(http.Request.Query["zh"].ToString(), http.Request.Query["en"].ToString()), Entries = entries };
        }
        else if (!StandardsJson.Read<CodeTableDeclaration>(body.Span, StandardsProblems.NotACodeTable).TryGet(out declaration, out problem))
        {
            return problem;
        }

        if (!(await room.Book.LoadAsync(StandardsRoom.IdOf(http), declaration, StandardsRoom.By(http))).TryGet(out var table, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, table.Version == 1 ? StatusCodes.Status201Created : StatusCodes.Status200OK, json => WriteHead(json, table));
        return null;
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, StandardsRoom room)
    {
        var id = StandardsRoom.IdOf(http);
        var table = room.Book.Find(id);
        if (http.Request.Query.TryGetValue("version", out var version))
            table = int.TryParse(version, out var wanted) ? room.Book.TablesOf(id).FirstOrDefault(t => t.Version == wanted) : null;
        if (table is null)
            return StandardsProblems.CodeTableUnknown.Because($"There is no code table {id}{(version.Count > 0 ? $" of version {version}" : "")}.", "GET /standards/code-tables lists them.");
        DateOnly? on = null;
        if (http.Request.Query.TryGetValue("on", out var text))
        {
            if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                return StandardsProblems.BadRequest.Because($"on is {text}.", "A day such as 2026-03-01.");
            on = day;
        }

        var under = http.Request.Query.TryGetValue("parent", out var parent) ? parent.ToString() : null;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            var entries = table.Entries.Where(e => (on is not { } day || e.IsValidOn(day)) && (under is null || (e.Parent ?? "") == under));
            json.WriteStartObject();
            json.WriteString("id"u8, table.Id);
            json.WriteNumber("version"u8, table.Version);
            json.WritePropertyName("declaration"u8);
            json.WriteRawValue(StandardsJson.Write(new CodeTableDeclaration { Title = table.Title, Entries = [.. entries] }));
            json.WriteEndObject();
        });
        return null;
    }

    private static void WriteHead(Utf8JsonWriter json, CodeTable table)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, table.Id);
        json.WriteNumber("version"u8, table.Version);
        json.WriteString("zh"u8, table.Title.Zh);
        json.WriteString("en"u8, table.Title.En);
        json.WriteNumber("codes"u8, table.Entries.Count);
        json.WriteEndObject();
    }
}
