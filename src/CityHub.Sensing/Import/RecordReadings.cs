using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using CityHub.Sensing.Mapping;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Import;

/// <summary>
/// <c>POST /readings</c>: a batch of observations of the past, in the form in which a mapping's test shows them; 200 when it is durable. Idempotent by
/// content: what the history holds already is counted and left alone, so that a sender who has no answer sends again.
/// </summary>
internal static class RecordReadings
{
    public const int MostBytes = 16 << 20;

    public static void Map(IEndpointRouteBuilder routes, ImportRoom room) =>
        routes.MapPost("/readings", SensingHttp.Handle((http, tenant) => HandleAsync(http, room, tenant))).RequireAuthorization(Permissions.EntitiesWrite)
            .WithName("RecordReadings").WithSummary("A batch of observations of the past; the same once more adds nothing").WithTags("Imports");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, ImportRoom room, string tenant)
    {
        if (!(await SensingHttp.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        var read = ReadingsJson.Read(body);
        if (!read.TryGet(out var batch, out problem)
            || await ExpandAsync(batch, room.Vocabulary, http.RequestAborted) is { } unknown && (problem = unknown) is not null
            || !(await room.RecordAsync(tenant, batch.Observations, http.RequestAborted)).TryGet(out var filled, out problem))
            return problem;
        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("recorded"u8, filled.Recorded);
            json.WriteNumber("known"u8, filled.Known);
            json.WriteEndObject();
        });
        return null;
    }

    /// <summary>Terms become IRIs in place; each word is looked up once.</summary>
    private static async ValueTask<Problem?> ExpandAsync(ReadingsBatch batch, IVocabulary vocabulary, CancellationToken cancel)
    {
        var known = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < batch.Observations.Count; i++)
        {
            var observation = batch.Observations[i];
            if (!known.TryGetValue(observation.Type, out var type))
            {
                if (!(await vocabulary.ExpandAsync(observation.Type, batch.Context, cancel)).TryGet(out type, out var problem))
                    return problem;
                known[observation.Type] = type;
            }

            var values = batch.Values[i];
            for (var j = 0; j < values.Length; j++)
            {
                if (!known.TryGetValue(values[j].Attribute, out var attribute))
                {
                    if (!(await vocabulary.ExpandAsync(values[j].Attribute, batch.Context, cancel)).TryGet(out attribute, out var problem))
                        return problem;
                    known[values[j].Attribute] = attribute;
                }

                values[j] = values[j] with { Attribute = attribute };
            }

            batch.Observations[i] = observation with { Type = type, Values = values };
        }

        return null;
    }
}

/// <param name="Values">Of each observation the very list that it carries, so that its words can be expanded in place.</param>
internal sealed record ReadingsBatch(string? Context, List<Observation> Observations, List<ObservedValue[]> Values);

/// <summary>Batches of observations ↔ <c>{"context": …, "observations": [{"entity", "type", "observedAt", "location": [lon, lat], "values": [{"attribute", "value", "unit"}]}]}</c>.</summary>
internal static class ReadingsJson
{
    private const int MostObservations = 100_000;
    private static readonly string[] Reserved = ["id", "type", "@context", "@id", "@type", "scope", "location"];

    public static void Write(Utf8JsonWriter json, string? context, IReadOnlyList<Observation> observations)
    {
        json.WriteStartObject();
        if (context is not null)
            json.WriteString("context"u8, context);
        json.WriteStartArray("observations"u8);
        foreach (var observation in observations)
            TestMapping.Write(json, observation);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    public static Result<ReadingsBatch> Read(ReadOnlyMemory<byte> utf8)
    {
        var batch = new ReadingsBatch(null, [], []);
        try
        {
            if (!System.Text.Unicode.Utf8.IsValid(utf8.Span))
                return SensingProblems.BadRequest.Because("The body is not UTF-8.");
            var reader = new Utf8JsonReader(utf8.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return Wrong("The body is no object.");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("context"u8))
                {
                    reader.Read();
                    batch = batch with { Context = reader.TokenType == JsonTokenType.Null ? null : reader.GetString() };
                }
                else if (reader.ValueTextEquals("observations"u8))
                {
                    reader.Read();
                    if (Observations(ref reader, utf8, batch) is { } wrong)
                        return wrong;
                }
                else
                {
                    return Wrong($"\"{reader.GetString()}\" is no member here.");
                }
            }

            // What follows the object is not JSON either: Read says so.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return Wrong("The body is not the JSON it should be.");
        }

        return batch.Observations.Count == 0 ? Wrong("There is no observation in it.") : batch;
    }

    private static Problem? Observations(ref Utf8JsonReader reader, ReadOnlyMemory<byte> utf8, ReadingsBatch batch)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return Wrong("observations is no array.");
        var values = new List<ObservedValue>();
        Observation? last = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            if (batch.Observations.Count == MostObservations)
                return Wrong($"There are more than {MostObservations} observations.");
            if (One(ref reader, utf8, last, values, out var wrong) is not { } observation)
                return Wrong($"Observation {batch.Observations.Count + 1}: {wrong}.");
            var own = values.ToArray();
            last = observation with { Values = own };
            batch.Observations.Add(last);
            batch.Values.Add(own);
        }

        return reader.TokenType == JsonTokenType.EndArray ? null : Wrong("An observation is no object.");
    }

    /// <param name="last">The observation before: batches repeat its words, which are then not made again.</param>
    private static Observation? One(ref Utf8JsonReader reader, ReadOnlyMemory<byte> utf8, Observation? last, List<ObservedValue> values, out string? wrong)
    {
        string? entity = null, type = null;
        DateTimeOffset? time = null;
        GeoPoint? location = null;
        values.Clear();
        wrong = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("entity"u8))
                entity = Text(ref reader, last?.Entity);
            else if (reader.ValueTextEquals("type"u8))
                type = Text(ref reader, last?.Type);
            else if (reader.ValueTextEquals("observedAt"u8))
                time = reader.Read() && reader.TryGetDateTimeOffset(out var at) ? at : null;
            else if (reader.ValueTextEquals("location"u8))
            {
                wrong = Location(ref reader, out location);
            }
            else if (reader.ValueTextEquals("values"u8))
            {
                wrong = Values(ref reader, utf8, last, values);
            }
            else
                wrong = $"\"{reader.GetString()}\" is no member here";
            if (wrong is not null)
                return null;
        }

        if (entity is null || (!ReferenceEquals(entity, last?.Entity) && !EntityTemplate.IsUri(entity)))
            wrong = "entity is no URI";
        else if (string.IsNullOrEmpty(type) || type.Length > 1024)
            wrong = "type is missing";
        else if (time is null)
            wrong = "observedAt is no time of ISO 8601 with an offset";
        else if (values.Count == 0 && location is null)
            wrong = "it has neither values nor location";
        else
            return new Observation(entity, type, time.Value.ToUniversalTime(), []) { Location = location };
        return null;
    }

    private static string? Values(ref Utf8JsonReader reader, ReadOnlyMemory<byte> utf8, Observation? last, List<ObservedValue> values)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
            return "values is no array";
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var before = last is not null && values.Count < last.Values.Count ? last.Values[values.Count] : default;
            string? attribute = null, unit = null;
            ReadOnlyMemory<byte> value = default;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("attribute"u8))
                    attribute = Text(ref reader, before.Attribute);
                else if (reader.ValueTextEquals("unit"u8))
                    unit = Text(ref reader, before.Unit);
                else if (reader.ValueTextEquals("value"u8))
                {
                    reader.Read();
                    if (reader.TokenType == JsonTokenType.Null)
                        return "a value is null; leave out what is missing";
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    // Memory of its own: one value that stays must not keep the whole body.
                    value = utf8[start..(int)reader.BytesConsumed].ToArray();
                }
                else
                    return $"\"{reader.GetString()}\" is no member of a value";
            }

            if (string.IsNullOrEmpty(attribute) || attribute.Length > 1024 || Reserved.Contains(attribute))
                return $"\"{attribute}\" is no name of an attribute";
            if (value.IsEmpty)
                return $"{attribute} has no value";
            if (unit is { Length: 0 or > 16 })
                return $"the unit of {attribute} is no UN/CEFACT common code";
            values.Add(new ObservedValue(attribute, value, unit));
        }

        return reader.TokenType == JsonTokenType.EndArray ? null : "a value is no object";
    }

    private static string? Location(ref Utf8JsonReader reader, out GeoPoint? location)
    {
        location = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray
            || !reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var longitude) || !(Math.Abs(longitude) <= 180)
            || !reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var latitude) || !(Math.Abs(latitude) <= 90)
            || !reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            return "location is not [longitude, latitude]";
        location = new GeoPoint(longitude, latitude);
        return null;
    }

    private static string? Text(ref Utf8JsonReader reader, string? before)
    {
        reader.Read();
        return before is not null && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(before) ? before : reader.GetString();
    }

    private static Problem Wrong(string detail) => SensingProblems.BadRequest.Because(
        detail, "{\"observations\": [{\"entity\": \"urn:x:1\", \"type\": \"T\", \"observedAt\": \"2026-03-01T00:00:00Z\", \"values\": [{\"attribute\": \"no2\", \"value\": 21, \"unit\": \"GQ\"}]}]}");
}
