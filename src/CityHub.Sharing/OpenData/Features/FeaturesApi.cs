using System.Buffers;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData.Features;

/// <summary><c>GET /ogc/api</c>: the door's own description (part 1, 7.3 and class oas30).</summary>
internal static class FeaturesApi
{
    public const string MediaType = "application/vnd.oai.openapi+json;version=3.0";

    private static readonly (string Path, string Id, string Summary, string[] Parameters)[] Operations =
    [
        ("/", "getLandingPage", "Where to begin", []),
        ("/api", "getApi", "This description", []),
        ("/conformance", "getConformance", "The conformance classes", []),
        ("/collections", "getCollections", "The collections", []),
        ("/collections/{collectionId}", "describeCollection", "One collection", ["collectionId"]),
        ("/collections/{collectionId}/items", "getFeatures", "Features", ["collectionId", "limit", "offset", "bbox", "bbox-crs", "crs", "datetime"]),
        ("/collections/{collectionId}/items/{featureId}", "getFeature", "One feature", ["collectionId", "featureId", "crs"]),
    ];

    public static async ValueTask<Problem?> HandleAsync(HttpContext http, OpenDataRoom room)
    {
        if (FeatureRoutes.NoParameters(http) is { } problem)
            return problem;
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, ReleaseBody.JsonOptions))
            Write(json, room, room.BaseOf(http) + "/ogc");
        await RoomHttp.SendAsync(http, StatusCodes.Status200OK, MediaType, buffer.WrittenMemory);
        return null;
    }

    private static void Write(Utf8JsonWriter json, OpenDataRoom room, string root)
    {
        json.WriteStartObject();
        json.WriteString("openapi"u8, "3.0.3");
        json.WriteStartObject("info"u8);
        json.WriteString("title"u8, room.Title.En);
        json.WriteString("description"u8, room.Title.Zh);
        json.WriteString("version"u8, "1.0.0");
        json.WriteEndObject();
        json.WriteStartArray("servers"u8);
        json.WriteStartObject();
        json.WriteString("url"u8, root);
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteStartObject("paths"u8);
        foreach (var (path, id, summary, parameters) in Operations)
        {
            json.WriteStartObject(path);
            json.WriteStartObject("get"u8);
            json.WriteString("operationId"u8, id);
            json.WriteString("summary"u8, summary);
            json.WriteStartArray("parameters"u8);
            foreach (var name in parameters)
                Reference(json, $"#/components/parameters/{name}");
            json.WriteEndArray();
            json.WriteStartObject("responses"u8);
            Response(json, "200", "As asked", id is "getFeatures" or "getFeature" ? "application/geo+json" : "application/json");
            Response(json, "400", "A parameter is unknown or cannot be used", "application/problem+json");
            Response(json, "403", "No grant permits this", "application/problem+json");
            Response(json, "404", "There is no such thing for the caller", "application/problem+json");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteStartObject("components"u8);
        json.WriteStartObject("parameters"u8);
        Parameter(json, "collectionId", "path", "string");
        Parameter(json, "featureId", "path", "string");
        Parameter(json, "limit", "query", "integer", schema =>
        {
            schema.WriteNumber("minimum"u8, 1);
            schema.WriteNumber("maximum"u8, FeatureQuery.MostLimit);
            schema.WriteNumber("default"u8, FeatureQuery.UsualLimit);
        });
        Parameter(json, "offset", "query", "integer", schema => schema.WriteNumber("minimum"u8, 0));
        Parameter(json, "bbox", "query", "array", schema =>
        {
            schema.WriteNumber("minItems"u8, 4);
            schema.WriteNumber("maxItems"u8, 6);
            schema.WriteStartObject("items"u8);
            schema.WriteString("type"u8, "number");
            schema.WriteEndObject();
        });
        Parameter(json, "bbox-crs", "query", "string", Systems);
        Parameter(json, "crs", "query", "string", Systems);
        Parameter(json, "datetime", "query", "string");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();

        static void Systems(Utf8JsonWriter schema)
        {
            schema.WriteString("format"u8, "uri");
            schema.WriteStartArray("enum"u8);
            foreach (var crs in Crs.All)
                schema.WriteStringValue(crs.Uri);
            schema.WriteEndArray();
        }
    }

    private static void Reference(Utf8JsonWriter json, string to)
    {
        json.WriteStartObject();
        json.WriteString("$ref"u8, to);
        json.WriteEndObject();
    }

    private static void Response(Utf8JsonWriter json, string status, string description, string type)
    {
        json.WriteStartObject(status);
        json.WriteString("description"u8, description);
        json.WriteStartObject("content"u8);
        json.WriteStartObject(type);
        json.WriteStartObject("schema"u8);
        json.WriteString("type"u8, "object");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Parameter(Utf8JsonWriter json, string name, string place, string type, Action<Utf8JsonWriter>? more = null)
    {
        json.WriteStartObject(name);
        json.WriteString("name"u8, name);
        json.WriteString("in"u8, place);
        json.WriteBoolean("required"u8, place == "path");
        if (place == "query")
        {
            json.WriteString("style"u8, "form");
            json.WriteBoolean("explode"u8, false);
        }

        json.WriteStartObject("schema"u8);
        json.WriteString("type"u8, type);
        more?.Invoke(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
