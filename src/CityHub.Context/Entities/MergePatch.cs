using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CityHub.Context.Entities;

/// <summary>RFC 7396 on JSON values, with NGSI-LD Null (and JSON null) as the sign of removal.</summary>
internal static class MergePatch
{
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The target with the patch applied; where either is not an object, the patch replaces it.</summary>
    public static ReadOnlyMemory<byte> Apply(ReadOnlyMemory<byte> target, ReadOnlyMemory<byte> patch)
    {
        if (patch.Span is not [(byte)'{', ..])
            return patch;
        using var to = JsonDocument.Parse(target);
        using var from = JsonDocument.Parse(patch);
        if (IsTyped(from.RootElement))
            return patch;
        return Write(json => Merge(json, to.RootElement, from.RootElement));
    }

    public static ReadOnlyMemory<byte> WithoutNulls(ReadOnlyMemory<byte> value) => value.Span is [(byte)'{', ..] ? Apply("{}"u8.ToArray(), value) : value;

    /// <summary>An object with one member.</summary>
    public static ReadOnlyMemory<byte> Single(string member, ReadOnlyMemory<byte> value) => Write(json =>
    {
        json.WriteStartObject();
        json.WritePropertyName(member);
        json.WriteRawValue(value.Span, skipInputValidation: true);
        json.WriteEndObject();
    });

    /// <summary>A JSON-LD value object or a GeoJSON geometry is one value, not a place to patch into.</summary>
    private static bool IsTyped(JsonElement value) => value.TryGetProperty("@value"u8, out _) || value.TryGetProperty("coordinates"u8, out _);

    private static void Merge(Utf8JsonWriter json, JsonElement target, JsonElement patch)
    {
        if (patch.ValueKind != JsonValueKind.Object)
        {
            patch.WriteTo(json);
            return;
        }

        json.WriteStartObject();
        if (target.ValueKind == JsonValueKind.Object)
            foreach (var member in target.EnumerateObject())
                if (!patch.TryGetProperty(member.Name, out _))
                    member.WriteTo(json);
        foreach (var member in patch.EnumerateObject())
        {
            if (IsNull(member.Value))
                continue;
            json.WritePropertyName(member.Name);
            var old = target.ValueKind == JsonValueKind.Object && target.TryGetProperty(member.Name, out var found) ? found : default;
            Merge(json, old, member.Value);
        }

        json.WriteEndObject();
    }

    private static bool IsNull(JsonElement value) =>
        value.ValueKind == JsonValueKind.Null || (value.ValueKind == JsonValueKind.String && value.ValueEquals(NgsiLdNull.Uri));

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
            write(json);
        return buffer.WrittenMemory.ToArray();
    }
}
