namespace CityHub.Context.Entities;

/// <summary>The kinds' names on the wire and the member that carries the value of each.</summary>
internal static class AttributeKinds
{
    public static ReadOnlySpan<byte> Name(AttributeKind kind) => kind switch
    {
        AttributeKind.Property => "Property"u8,
        AttributeKind.Relationship => "Relationship"u8,
        AttributeKind.GeoProperty => "GeoProperty"u8,
        AttributeKind.LanguageProperty => "LanguageProperty"u8,
        AttributeKind.VocabProperty => "VocabProperty"u8,
        AttributeKind.JsonProperty => "JsonProperty"u8,
        AttributeKind.ListProperty => "ListProperty"u8,
        AttributeKind.ListRelationship => "ListRelationship"u8,
        _ => throw new InvalidOperationException($"No such kind: {kind}"),
    };

    public static ReadOnlySpan<byte> ValueMember(AttributeKind kind) => kind switch
    {
        AttributeKind.Property or AttributeKind.GeoProperty => "value"u8,
        AttributeKind.Relationship => "object"u8,
        AttributeKind.LanguageProperty => "languageMap"u8,
        AttributeKind.VocabProperty => "vocab"u8,
        AttributeKind.JsonProperty => "json"u8,
        AttributeKind.ListProperty => "valueList"u8,
        AttributeKind.ListRelationship => "objectList"u8,
        _ => throw new InvalidOperationException($"No such kind: {kind}"),
    };

    public static bool TryParse(ReadOnlySpan<byte> name, out AttributeKind kind)
    {
        kind = name.Length switch
        {
            8 => AttributeKind.Property,
            11 => AttributeKind.GeoProperty,
            16 => name[1] == 'a' ? AttributeKind.LanguageProperty : AttributeKind.ListRelationship,
            13 => AttributeKind.VocabProperty,
            12 => name[0] switch
            {
                (byte)'R' => AttributeKind.Relationship,
                (byte)'J' => AttributeKind.JsonProperty,
                _ => AttributeKind.ListProperty,
            },
            _ => AttributeKind.Property,
        };
        return name.SequenceEqual(Name(kind));
    }
}
