using System.Buffers;
using System.Globalization;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Server.Http;

namespace CityHub.Server.FactLog;

/// <summary>Which facts of the log are asked for.</summary>
/// <param name="After">Position before the first.</param>
/// <param name="Type">Name of the facts; null: all.</param>
internal sealed record FactQuery(long After, string? Stream, string? Type, long Limit, bool Follow);

/// <summary>Facts as lines of JSON: one fact, one line.</summary>
internal static class FactLines
{
    public const string ContentType = "application/x-ndjson";

    public static async IAsyncEnumerable<Fact> ReadAsync(IFactLog log, FactQuery query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        var (after, left) = (query.After, query.Limit);
        while (true)
        {
            var head = log.Head;
            foreach (var fact in log.Read(after, query.Stream))
            {
                cancel.ThrowIfCancellationRequested();
                after = fact.Position;
                if (query.Type is not null && fact.Type != query.Type)
                    continue;
                if (left-- <= 0)
                    yield break;
                yield return fact;
            }

            // What lies between belongs to other streams.
            after = Math.Max(after, head);
            if (!query.Follow || left <= 0)
                yield break;
            await log.WaitAsync(after, cancel);
        }
    }

    public static void Write(IBufferWriter<byte> to, in Fact fact)
    {
        using (var json = new Utf8JsonWriter(to, new JsonWriterOptions { Encoder = Json.Relaxed, SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteNumber("position", fact.Position);
            json.WriteString("stream", fact.Stream);
            json.WriteNumber("version", fact.Version);
            json.WriteString("type", fact.Type);
            json.WriteString("at", fact.At.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture));
            json.WritePropertyName("payload");
            json.WriteRawValue(fact.Payload.Span, skipInputValidation: true);
            json.WriteEndObject();
        }

        to.Write("\n"u8);
    }

    /// <summary>For eyes: one line, the payload cut to what a terminal holds.</summary>
    public static string Text(JsonElement fact)
    {
        var payload = fact.GetProperty("payload").GetRawText();
        if (payload.Length > 160)
            payload = payload[..159] + "…";
        return $"{fact.GetProperty("position").GetInt64(),9}  {fact.GetProperty("at").GetString()?[..23]}Z  {fact.GetProperty("stream").GetString(),-18} {fact.GetProperty("type").GetString(),-22} {payload}";
    }
}
