using System.Text.Json;
using CityHub.Context.JsonLd;

namespace CityHub.Context.Entities;

/// <summary>The values of the model in the words of a context. What carries no names is copied as bytes.</summary>
internal static class ValueCopy
{
    public static void Write(Utf8JsonWriter json, Attribute attribute, LdContext context)
    {
        var value = attribute.Value.Span;
        switch (attribute.Kind)
        {
            case AttributeKind.VocabProperty:
                Strings(json, value, (to, text) => to.WriteStringValue(context.CompactVocab(text)));
                break;
            case AttributeKind.ListRelationship when value is [(byte)'[', ..]:
                Strings(json, value, static (to, uri) =>
                {
                    to.WriteStartObject();
                    to.WriteString("object"u8, uri);
                    to.WriteEndObject();
                });
                break;
            case AttributeKind.Property or AttributeKind.ListProperty when attribute.Name != CoreNames.Proof && value.Contains((byte)'{'):
                Compacted(json, value, context);
                break;
            default:
                json.WriteRawValue(value, skipInputValidation: true);
                break;
        }
    }

    /// <summary>An object with the type and the coordinates of a GeoJSON geometry.</summary>
    public static bool LooksLikeGeometry(ReadOnlyMemory<byte> value)
    {
        if (value.Span is not [(byte)'{', ..])
            return false;
        var reader = new Utf8JsonReader(value.Span);
        reader.Read();
        return Shape.IsGeometryAt(reader);
    }

    /// <summary>A text, or an array of texts, each rewritten.</summary>
    private static void Strings(Utf8JsonWriter json, ReadOnlySpan<byte> value, Action<Utf8JsonWriter, string> write)
    {
        var reader = new Utf8JsonReader(value);
        while (reader.Read())
            switch (reader.TokenType)
            {
                case JsonTokenType.StartArray:
                    json.WriteStartArray();
                    break;
                case JsonTokenType.EndArray:
                    json.WriteEndArray();
                    break;
                default:
                    write(json, reader.GetString() ?? "");
                    break;
            }
    }

    /// <summary>The keys of objects were expanded on the way in and are compacted now; everything else is copied, a geometry whole.</summary>
    private static void Compacted(Utf8JsonWriter json, ReadOnlySpan<byte> value, LdContext context)
    {
        var reader = new Utf8JsonReader(value);
        while (reader.Read())
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject when Shape.IsGeometryAt(reader):
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    json.WriteRawValue(value[start..(int)reader.BytesConsumed], skipInputValidation: true);
                    break;
                case JsonTokenType.StartObject:
                    json.WriteStartObject();
                    break;
                case JsonTokenType.EndObject:
                    json.WriteEndObject();
                    break;
                case JsonTokenType.StartArray:
                    json.WriteStartArray();
                    break;
                case JsonTokenType.EndArray:
                    json.WriteEndArray();
                    break;
                case JsonTokenType.PropertyName when reader.ValueSpan.Contains((byte)':') || reader.ValueIsEscaped:
                    json.WritePropertyName(context.CompactVocab(reader.GetString() ?? ""));
                    break;
                case JsonTokenType.PropertyName:
                    json.WritePropertyName(reader.ValueSpan);
                    break;
                default:
                    json.WriteRawValue(value[(int)reader.TokenStartIndex..(int)reader.BytesConsumed], skipInputValidation: true);
                    break;
            }
    }
}
