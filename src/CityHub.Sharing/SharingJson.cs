using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing;

/// <summary>An enum as a word with a small first letter; a number is refused.</summary>
internal sealed class EnumWord<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;

/// <summary>An enum of flags as a list of words.</summary>
internal sealed class EnumWords<T> : JsonConverter<T>
    where T : struct, Enum
{
    private static readonly (string Name, int Bit)[] Known =
        [.. Enum.GetValues<T>().Select(v => (CatalogueNames.Of(v), Convert.ToInt32(v, System.Globalization.CultureInfo.InvariantCulture))).Where(v => v.Item2 != 0)];

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException($"A list of {string.Join(", ", Known.Select(k => k.Name))} is expected.");
        var bits = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            var word = reader.GetString();
            var bit = Known.FirstOrDefault(k => k.Name == word).Bit;
            bits |= bit != 0 ? bit : throw new JsonException($"\"{word}\" is none of {string.Join(", ", Known.Select(k => k.Name))}.");
        }

        return reader.TokenType == JsonTokenType.EndArray ? (T)Enum.ToObject(typeof(T), bits) : throw new JsonException("A list of words is expected.");
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        var bits = Convert.ToInt32(value, System.Globalization.CultureInfo.InvariantCulture);
        writer.WriteStartArray();
        foreach (var (name, bit) in Known)
            if ((bits & bit) != 0)
                writer.WriteStringValue(name);
        writer.WriteEndArray();
    }
}

/// <summary>Facts and bodies of the slices that keep them as records: the name of the record is the type of the fact.</summary>
internal static class SharingJson
{
    public static NewFact Said<T>(T fact, JsonTypeInfo<T> type) => new(typeof(T).Name, JsonSerializer.SerializeToUtf8Bytes(fact, type));

    /// <summary>What the log holds was written by this code: what cannot be read is damage.</summary>
    public static T Read<T>(ReadOnlyMemory<byte> payload, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(payload.Span, type) ?? throw new JsonException($"A fact {typeof(T).Name} is null.");

    /// <summary>What somebody sent.</summary>
    public static Result<T> Body<T>(ReadOnlyMemory<byte> json, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(json.Span, type) is { } value ? value : SharingProblems.BadRequest.Because("The body is null.");
        }
        catch (JsonException e)
        {
            return Malformed(e);
        }
    }

    /// <summary>A body with some members that the address or the hub itself gives, and that nobody else may.</summary>
    public static Result<T> Body<T>(ReadOnlyMemory<byte> json, JsonTypeInfo<T> type, params IReadOnlyList<(string Name, JsonNode? Value)> given) => Body(json, type, _ => { }, given);

    /// <param name="complete">Puts in what the body leaves to its default: generated readers know no defaults of init-only members.</param>
    public static Result<T> Body<T>(ReadOnlyMemory<byte> json, JsonTypeInfo<T> type, Action<JsonObject> complete, params IReadOnlyList<(string Name, JsonNode? Value)> given)
    {
        try
        {
            if (JsonNode.Parse(json.Span) is not JsonObject members)
                return SharingProblems.BadRequest.Because("The body is no JSON object.");
            foreach (var (name, value) in given)
            {
                if (members.ContainsKey(name))
                    return SharingProblems.BadRequest.Because($"\"{name}\" is not given in the body.", "It follows from the address and from what happened before.");
                members[name] = value;
            }

            complete(members);
            return Body((ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(members.ToJsonString()), type);
        }
        catch (JsonException e)
        {
            return Malformed(e);
        }
        catch (ArgumentException e)
        {
            return SharingProblems.BadRequest.Because($"The body is not usable: {e.Message}"); // A member that stands twice.
        }
    }

    /// <summary>Members that are missing, as a template has them; in objects that both have, too.</summary>
    public static void Complete(JsonObject members, JsonObject template)
    {
        foreach (var (name, value) in template)
        {
            if (!members.ContainsKey(name))
                members[name] = value?.DeepClone();
            else if (value is JsonObject inner && members[name] is JsonObject mine)
                Complete(mine, inner);
        }
    }

    /// <summary>What a record has where nobody says anything, without the members that have to be said.</summary>
    public static JsonObject Template<T>(T value, JsonTypeInfo<T> type, params IReadOnlyList<string> needed)
    {
        var template = JsonSerializer.SerializeToNode(value, type)?.AsObject() ?? [];
        foreach (var name in needed)
            template.Remove(name);
        return template;
    }

    private static Problem Malformed(JsonException e) => SharingProblems.BadRequest.Because($"The body is not usable: {e.Message}", "The reference of sharing shows each body.");
}
