using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Models;

/// <summary>JSON Schemas; those that one refers to come first. <c>POST /standards/schemas/{name}/validate</c> holds a document against it.</summary>
internal static class LoadSchema
{
    private const int MostBytes = 4 << 20;

    public static readonly WordKind Kind = new("Schema", "schemas", MostBytes)
    {
        Read = (_, body) => Parse(body).Map<ReadOnlyMemory<byte>>(d => Written(d)),
        Next = (book, word) => Parse(word.Declaration).Then(document => Decide(word.Id, document, book.Schemas.Newest(word.Id), book.SchemaOf)),
        Enter = (book, word, record) =>
        {
            var document = Parse(word.Declaration).Value;
            book.Schemas.Add(word.Id, new StoredSchema(word.Id, record.Version, SchemaCompiler.IdOf(document), record.By, record.At, document));
            book.SchemaChanges++;
        },
    };

    public static void Map(IEndpointRouteBuilder routes, StandardsRoom room)
    {
        routes.MapGet("/standards/schemas", RoomHttp.Handle(http => StandardsRoom.ListAsync(http, "schemas", room.Book.Schemas.Page, s => s.Name, WriteHead))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListSchemas").WithSummary("The schemas, a page at a time (limit, after)").WithTags("Standards");
        routes.MapGet("/standards/schemas/{id}", RoomHttp.Handle(http => GetAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetSchema").WithSummary("One schema as it was loaded").WithTags("Standards");
        routes.MapPost("/standards/schemas/{id}/validate", RoomHttp.Handle(http => ValidateAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ValidateDocument").WithSummary("Where a document is not as the schema says (query: form=normalized for NGSI-LD); nothing is recorded").WithTags("Standards");
    }

    public static Result<WordVersion> Decide(string name, JsonElement document, StoredSchema? known, Func<string, JsonElement?> supplied)
    {
        if (!StandardsIds.IsValid(name))
            return StandardsProblems.NotASchema.Because($"\"{name}\" cannot be the name of a schema.", StandardsIds.Rule);
        if (known is not null && Written(known.Document).AsSpan().SequenceEqual(Written(document)))
            return new WordVersion(known.Version, InForce: true);
        return JsonSchema.Compile(document, supplied).Map(_ => new WordVersion((known?.Version ?? 0) + 1, InForce: false));
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, StandardsRoom room)
    {
        if (room.Book.Schemas.Newest(StandardsRoom.IdOf(http)) is not { } schema)
            return Unknown(StandardsRoom.IdOf(http));
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, schema.Document.WriteTo);
        return null;
    }

    private static async ValueTask<Problem?> ValidateAsync(HttpContext http, StandardsRoom room)
    {
        if (!room.Schema(StandardsRoom.IdOf(http)).TryGet(out var schema, out var problem)
            || !(await StandardsRoom.Http.BodyAsync(http, MostBytes)).TryGet(out var body, out problem) || !Parse(body).TryGet(out var document, out problem))
            return problem;
        var form = http.Request.Query["form"].ToString();
        if (form is not ("" or "keyValues" or "normalized"))
            return StandardsProblems.BadRequest.Because($"form is {form}.", "keyValues or normalized.");
        var faults = form == "normalized" ? NormalizedEntity.Validate(document, schema) : schema.Validate(document);
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteBoolean("valid"u8, faults.Count == 0);
            json.WriteStartArray("faults"u8);
            foreach (var fault in faults)
            {
                json.WriteStartObject();
                json.WriteString("path"u8, fault.Path);
                json.WriteString("keyword"u8, fault.Keyword);
                json.WriteString("expected"u8, fault.Expected);
                if (fault.Found is { } found)
                    json.WriteString("found"u8, found);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    public static Problem Unknown(string name) => StandardsProblems.SchemaUnknown.Because($"There is no schema {name}.", "GET /standards/schemas lists them; PUT loads one.");

    private static Result<JsonElement> Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 128 });
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            return StandardsProblems.BadRequest.Because($"The body is not JSON (line {e.LineNumber + 1}, character {e.BytePositionInLine + 1}).");
        }
    }

    private static byte[] Written(JsonElement document)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 128 }))
            document.WriteTo(json);
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteHead(Utf8JsonWriter json, StoredSchema schema)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, schema.Name);
        json.WriteNumber("version"u8, schema.Version);
        if (schema.Id is { } id)
            json.WriteString("id"u8, id);
        json.WriteString("by"u8, schema.By);
        json.WriteString("at"u8, RoomHttp.Time(schema.At));
        json.WriteEndObject();
    }
}
