using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Mapping;

/// <summary>What the routes of row mappings stand on.</summary>
internal sealed class RowMappingRoom
{
    public RowMappingRoom(RowMappingBook book, IOwners owners)
    {
        (Book, Owners) = (book, owners);
        Routes = new("mappings", "RowMapping", "mappings", "declaration", book, owners)
        {
            Read = body => RowMappingDeclaration.Read(body.Span),
            Declare = async (http, id, declaration, by, taken) => TargetOf(http, declaration).TryGet(out var target, out var problem) ? await book.DeclareAsync(id, declaration, target, by, taken) : problem,
            Unknown = RowMappingBook.Unknown,
        };
    }

    public RowMappingBook Book { get; }

    public IOwners Owners { get; }

    public DeclaredRoutes<RowMappingDeclaration> Routes { get; }

    /// <summary>The columns that a mapping leads to: those of its dataset, or those that it declares.</summary>
    public Result<TableSchema> TargetOf(HttpContext http, RowMappingDeclaration declaration)
    {
        if (DeclaredColumn.Fault(declaration.Source ?? []) is { } source)
            return RowMappingProblems.Malformed.Because(source);
        if (declaration.Dataset is { } dataset)
            return Owners.SchemaOf(http, dataset);
        if (declaration.Target is not { Count: > 0 } target)
            return RowMappingProblems.Malformed.Because("The mapping names no dataset and no target.", "\"dataset\": \"…\", or \"target\": [{\"name\": \"…\", \"type\": \"date\"}]");
        return DeclaredColumn.Fault(target) is { } fault ? RowMappingProblems.Malformed.Because(fault) : DeclaredColumn.Schema(target);
    }
}

internal static class RowMappingRoutes
{
    /// <summary>/standards/mappings.</summary>
    public static IEndpointRouteBuilder MapRowMappings(this IEndpointRouteBuilder routes, RowMappingRoom room)
    {
        room.Routes.Map(routes);
        PreviewRowMapping.Map(routes, room);
        TestRowMapping.Map(routes, room);
        return routes;
    }
}

/// <summary><c>POST /standards/mappings/{id}/preview</c> with CSV: the first rows, each beside what it becomes and why not; recorded nowhere.</summary>
internal static class PreviewRowMapping
{
    private const int MostBytes = 4 << 20;
    private const int MostRows = 100;

    public static void Map(IEndpointRouteBuilder routes, RowMappingRoom room) =>
        routes.MapPost("/standards/mappings/{id}/preview", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("PreviewRowMapping").WithSummary("What the first rows of a CSV file become, and why not (query: rows)").WithTags("Standards");

    /// <summary>Side by side: in, out, faults.</summary>
    public static void Write(Utf8JsonWriter json, RowMapping mapping, RowBatch batch, int most)
    {
        var faults = new List<MappingFault>();
        var made = mapping.Map(batch, new CellBatch(mapping.Target), faults);
        json.WriteStartObject();
        json.WriteStartArray("rows"u8);
        for (var row = 0; row < Math.Min(batch.Rows, most); row++)
        {
            json.WriteStartObject();
            Row(json, "in", batch, row);
            Row(json, "out", made, row);
            json.WriteStartArray("faults"u8);
            foreach (var fault in faults.Where(f => f.Row == row))
            {
                json.WriteStartObject();
                json.WriteString("field"u8, fault.Field);
                json.WriteString("step"u8, fault.Step);
                json.WriteString("why"u8, fault.Why);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Row(Utf8JsonWriter json, string name, RowBatch batch, int row)
    {
        json.WriteStartObject(name);
        for (var i = 0; i < batch.Columns.Length; i++)
            if (!batch.Columns[i].IsNull(row))
                json.WriteString(batch.Schema.Columns[i].Name, Cell.From(batch.Columns[i], row).ToString());
            else
                json.WriteNull(batch.Schema.Columns[i].Name);
        json.WriteEndObject();
    }

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, RowMappingRoom room)
    {
        if (!room.Routes.Known(http).TryGet(out var stored, out var problem))
            return problem;
        var most = 20;
        if (http.Request.Query.TryGetValue("rows", out var text) && (!int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out most) || most is < 1 or > MostRows))
            return StandardsProblems.BadRequest.Because($"rows is {text}; it takes 1 to {MostRows}.");
        if (!(await StandardsRoom.Http.BodyAsync(http, MostBytes)).TryGet(out var body, out problem)
            || !CsvRows.Read(body.Span, most).TryGet(out var rows, out problem)
            || !RowMapping.Compile(stored.What, rows.Schema, stored.What.TargetSchema, room.Book.Tables).TryGet(out var mapping, out problem))
            return problem;
        await using (rows)
        {
            var batch = await rows.NextAsync(http.RequestAborted) ?? new RowBatch(rows.Schema, [.. rows.Schema.Columns.Select(c => new ColumnBatch(c.Type))]);
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, mapping, batch, most));
        }

        return null;
    }
}

/// <summary><c>POST /standards/mappings/{id}/test</c>: tries the examples of the stored mapping, or of the one in the body, and says which hold.</summary>
internal static class TestRowMapping
{
    public static void Map(IEndpointRouteBuilder routes, RowMappingRoom room) =>
        routes.MapPost("/standards/mappings/{id}/test", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("TestRowMapping").WithSummary("Which examples of a row mapping hold; a declaration in the body is tried without being declared").WithTags("Standards");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, RowMappingRoom room)
    {
        if (!(await StandardsRoom.Http.BodyAsync(http, DeclaredRoutes<RowMappingDeclaration>.MostBytes)).TryGet(out var body, out var problem))
            return problem;
        RowMappingDeclaration? declaration;
        TableSchema? target;
        if (body.IsEmpty)
        {
            if (!room.Routes.Known(http).TryGet(out var stored, out problem))
                return problem;
            (declaration, target) = (stored.What, stored.What.TargetSchema);
        }
        else if (!RowMappingDeclaration.Read(body.Span).TryGet(out declaration, out problem) || !room.TargetOf(http, declaration).TryGet(out target, out problem))
            return problem;
        if (!RowMapping.Bind(declaration, declaration.SourceSchema(), target, room.Book.Tables).TryGet(out var mapping, out problem))
            return problem;
        var tried = mapping.Try(declaration.Examples ?? []).ToList();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("holds"u8, tried.TrueForAll(t => t.Why is null));
            json.WriteStartArray("examples"u8);
            foreach (var (example, why) in tried)
            {
                json.WriteStartObject();
                json.WriteNumber("example"u8, example);
                json.WriteBoolean("holds"u8, why is null);
                if (why is not null)
                    json.WriteString("why"u8, why);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }
}
