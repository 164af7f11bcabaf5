using System.Buffers;
using System.Text.Json;

namespace CityHub.Standards.Models;

/// <summary>
/// An NGSI-LD entity in the normalized form held against a schema of the key-value form (ETSI GS CIM 009, 4.5.4): each attribute is first read for itself, and one that is
/// malformed is a fault of its own and does not go into what the schema sees.
/// </summary>
internal static class NormalizedEntity
{
    private static readonly (string Type, string Member)[] Kinds =
    [
        ("Property", "value"), ("GeoProperty", "value"), ("Relationship", "object"), ("LanguageProperty", "languageMap"), ("VocabProperty", "vocab"), ("JsonProperty", "json"),
        ("ListProperty", "valueList"), ("ListRelationship", "objectList"),
    ];

    public static IReadOnlyList<SchemaFault> Validate(JsonElement entity, JsonSchema schema)
    {
        if (entity.ValueKind != JsonValueKind.Object)
            return [new("", "ngsi-ld", "an entity", null)];
        var faults = new List<SchemaFault>();
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var member in entity.EnumerateObject())
            {
                if (member.Name is "id" or "type" or "@context" or "scope")
                    member.WriteTo(json);
                else if (Fault(member.Name, member.Value, $"/{member.Name}") is { } fault)
                    faults.Add(fault);
                else if (Value(member.Value) is { } value)
                {
                    json.WritePropertyName(member.Name);
                    value.WriteTo(json);
                }
            }

            json.WriteEndObject();
        }

        using var simple = JsonDocument.Parse(buffer.WrittenMemory);
        // What is malformed is not missing as well.
        faults.AddRange(schema.Validate(simple.RootElement).Where(f => f.Keyword != "required" || f.Path.Length > 0 || !faults.Any(m => f.Expected == $"a member {m.Path[1..]}")));
        return faults;
    }

    /// <summary>What keeps the attribute from being one; clauses 4.5.2 to 4.5.3.</summary>
    public static SchemaFault? Fault(string name, JsonElement attribute, string path)
    {
        if (name is "observedAt" or "datasetId" or "instanceId" || !name.All(c => char.IsLetterOrDigit(c) || c is '_' or ':' or '/' or '.' or '-' or '#'))
            return new(path, "ngsi-ld", "the name of an attribute (4.6.2): letters, digits and _, or an IRI", null);
        if (attribute.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var instance in attribute.EnumerateArray())
                if (Fault(name, instance, $"{path}/{index++}") is { } fault)
                    return fault;
            return index == 0 ? new(path, "ngsi-ld", "at least one instance of an attribute", "[]") : null;
        }

        if (attribute.ValueKind != JsonValueKind.Object)
            return new(path, "ngsi-ld", "an attribute: an object with a type", Short(attribute));
        if (!attribute.TryGetProperty("type"u8, out var type) || type.ValueKind != JsonValueKind.String || Array.Find(Kinds, k => type.ValueEquals(k.Type)) is not { Member: { } member } kind)
            return new($"{path}/type", "ngsi-ld", "one of " + string.Join(", ", Kinds.Select(k => k.Type)), type.ValueKind == JsonValueKind.Undefined ? null : Short(type));
        if (!attribute.TryGetProperty(member, out var value))
            return new(path, "ngsi-ld", $"a member {member}, since it is a {kind.Type}", Short(attribute));
        if (kind.Type == "Relationship" && !(value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().All(IsUri) : IsUri(value)))
            return new($"{path}/object", "ngsi-ld", "a URI", Short(value));
        if (kind.Type != "GeoProperty" && name is "location" or "observationSpace" or "operationSpace")
            return new($"{path}/type", "ngsi-ld", "GeoProperty", Short(type));
        if (attribute.TryGetProperty("observedAt"u8, out var at)
            && !(at.ValueKind == JsonValueKind.String && at.GetString() is { } time && time.EndsWith('Z') && SchemaFormats.Holds("date-time", time)))
            return new($"{path}/observedAt", "ngsi-ld", "a date-time in UTC", Short(at));
        foreach (var inner in attribute.EnumerateObject())
            if (inner.Name is not ("type" or "observedAt" or "unitCode" or "datasetId" or "instanceId") && inner.Name != member && Fault(inner.Name, inner.Value, $"{path}/{inner.Name}") is { } fault)
                return fault;
        return null;
    }

    /// <summary>The value alone, as the key-value form has it; of several instances the first.</summary>
    private static JsonElement? Value(JsonElement attribute)
    {
        if (attribute.ValueKind == JsonValueKind.Array)
            return Value(attribute[0]);
        foreach (var (type, member) in Kinds)
            if (attribute.GetProperty("type"u8).ValueEquals(type))
                return attribute.GetProperty(member);
        return null;
    }

    private static bool IsUri(JsonElement value) => value.ValueKind == JsonValueKind.String && SchemaFormats.Holds("uri", value.GetString() ?? "");

    private static string Short(JsonElement value) => value.GetRawText() is { Length: <= 80 } text ? text : value.GetRawText()[..80] + "…";
}
