using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Mapping;

/// <summary>
/// <c>POST /mappings/{id}/test</c> with a payload: what would come of it, recorded nowhere.
/// <c>POST /mappings/test</c> with <c>{"mapping": …, "payload": "…"}</c> tries a mapping before it is declared.
/// </summary>
internal static class TestMapping
{
    private const int MostBytes = 1 << 20;

    public static void Map(IEndpointRouteBuilder routes, SensingRoom room)
    {
        routes.MapPost("/mappings/{id}/test", SensingHttp.Handle((http, tenant) => HandleAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesRead)
            .WithName("TestMapping").WithSummary("What would come of a payload (query: device, topic), without recording it").WithTags("Mappings");
        routes.MapPost("/mappings/test", SensingHttp.Handle((http, _) => TryAsync(http, room))).RequireAuthorization(Permissions.DevicesRead)
            .WithName("TryMapping").WithSummary("What would come of a payload under a mapping that is not declared yet").WithTags("Mappings");
    }

    /// <summary>The preview: observations as they would be recorded, or the reason why they would not.</summary>
    public static void WritePreview(Utf8JsonWriter json, Result<Mapped> result)
    {
        json.WriteStartObject();
        if (result.TryGet(out var mapped, out var problem))
        {
            json.WriteStartArray("observations"u8);
            foreach (var observation in mapped.Observations)
                Write(json, observation);
            json.WriteEndArray();
            json.WriteNumber("empty"u8, mapped.Empty);
        }
        else
        {
            json.WriteString("refused"u8, problem.Detail);
            if (problem.Hint is { } hint)
                json.WriteString("hint"u8, hint);
        }

        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, Observation observation)
    {
        json.WriteStartObject();
        json.WriteString("entity"u8, observation.Entity);
        json.WriteString("type"u8, observation.Type);
        json.WriteString("observedAt"u8, SensingHttp.Time(observation.ObservedAt.UtcTicks));
        if (observation.Location is { } at)
        {
            json.WriteStartArray("location"u8);
            json.WriteNumberValue(at.Longitude);
            json.WriteNumberValue(at.Latitude);
            json.WriteEndArray();
        }

        json.WriteStartArray("values"u8);
        foreach (var value in observation.Values)
        {
            json.WriteStartObject();
            json.WriteString("attribute"u8, value.Attribute);
            json.WritePropertyName("value"u8);
            json.WriteRawValue(value.Value.Span, skipInputValidation: true);
            if (value.Unit is { } unit)
                json.WriteString("unit"u8, unit);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SensingRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (room.Find(tenant)?.Mappings.Find(id) is not { } stored)
            return MappingBook.Unknown(id);
        if (!(await SensingHttp.BodyAsync(http, MostBytes)).TryGet(out var payload, out var problem))
            return problem;
        var result = stored.Mapping.Map(payload, Source(http), room.Clock.GetUtcNow());
        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json => WritePreview(json, result));
        return null;
    }

    private static async ValueTask<Problem?> TryAsync(HttpContext http, SensingRoom room)
    {
        if (!(await SensingHttp.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        byte[] declared, payload;
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("mapping"u8, out var mapping) || !json.RootElement.TryGetProperty("payload"u8, out var sample))
                return SensingProblems.BadRequest.Because("The body has no mapping or no payload.", "{\"mapping\": { … }, \"payload\": \"21.5\"}");
            declared = Encoding.UTF8.GetBytes(mapping.GetRawText());
            payload = Encoding.UTF8.GetBytes(sample.ValueKind == JsonValueKind.String ? sample.GetString() ?? "" : sample.GetRawText());
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return SensingProblems.BadRequest.Because("The body is not JSON.", "{\"mapping\": { … }, \"payload\": \"21.5\"}");
        }

        if (!MappingDeclaration.Read(declared).TryGet(out var declaration, out problem)
            || !(await MappingCompiler.CompileAsync(declaration, room.Vocabulary, http.RequestAborted)).TryGet(out var compiled, out problem))
            return problem;
        var result = compiled.Mapping.Map(payload, Source(http), room.Clock.GetUtcNow());
        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json => WritePreview(json, result));
        return null;
    }

    private static MappingSource Source(HttpContext http) => new(http.Request.Query["device"].ToString(), http.Request.Query["topic"].ToString());
}
