using System.Globalization;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Vocabulary;

/// <summary>Code tables, as JSON or (with <c>zh</c> and <c>en</c> for the title) as CSV; <c>GET</c> of one (<c>on</c>, <c>parent</c>) and of all.</summary>
internal static class LoadCodeTable
{
    public static readonly WordKind Kind = new("CodeTable", "code-tables", 32 << 20)
    {
        Read = (http, body) => Read(http, body).Map<ReadOnlyMemory<byte>>(d => StandardsJson.Write(d)),
        Next = (book, word) => Decide(word.Id, Of(word), book.Find(word.Id)),
        Enter = (book, word, record) => book.Tables.Add(word.Id, new CodeTable(word.Id, record.Version, Of(word).Title, Of(word).Entries)),
    };

    public static void Map(IEndpointRouteBuilder routes, StandardsRoom room)
    {
        routes.MapGet("/standards/code-tables", RoomHttp.Handle(http => StandardsRoom.ListAsync(http, "codeTables", room.Book.Tables.Page, t => t.Id, WriteHead))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListCodeTables").WithSummary("The code tables, a page at a time (limit, after)").WithTags("Standards");
        routes.MapGet("/standards/code-tables/{id}", RoomHttp.Handle(http => GetAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetCodeTable").WithSummary("One code table (query: version; on: a day on which the codes are valid; parent)").WithTags("Standards");
    }

    /// <summary>What changes nothing is not a new version.</summary>
    public static Result<WordVersion> Decide(string id, CodeTableDeclaration declaration, CodeTable? known)
    {
        if (!CodeTableReader.Check(id, declaration).TryGet(out _, out var problem))
            return problem;
        return known is not null && known.Title == declaration.Title && known.Entries.SequenceEqual(declaration.Entries) ? new WordVersion(known.Version, InForce: true) : new WordVersion((known?.Version ?? 0) + 1, InForce: false);
    }

    private static Result<CodeTableDeclaration> Read(HttpContext http, ReadOnlyMemory<byte> body) =>
        http.Request.ContentType?.StartsWith("text/csv", StringComparison.OrdinalIgnoreCase) != true ? StandardsJson.Read<CodeTableDeclaration>(body.Span, StandardsProblems.NotACodeTable)
        : CodeTableReader.Csv(body.Span).Map(entries => new CodeTableDeclaration { Title = new(http.Request.Query["zh"].ToString(), http.Request.Query["en"].ToString()), Entries = entries });

    private static CodeTableDeclaration Of(Word word) => StandardsJson.Read<CodeTableDeclaration>(word.Declaration.Span, StandardsProblems.NotACodeTable).Value;

    private static async ValueTask<Problem?> GetAsync(HttpContext http, StandardsRoom room)
    {
        var id = StandardsRoom.IdOf(http);
        var table = room.Book.Find(id);
        if (http.Request.Query.TryGetValue("version", out var version))
            table = int.TryParse(version, out var wanted) ? room.Book.Tables.Of(id).FirstOrDefault(t => t.Version == wanted) : null;
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
