using System.Text.Json;

namespace CityHub.Context.Entities;

/// <summary>The words of NGSI-LD itself as members of entities and attributes; anything else names an attribute.</summary>
internal enum Word : byte
{
    None,
    Id,
    Type,
    Scope,
    Context,
    Value,
    Object,
    LanguageMap,
    Vocab,
    Json,
    ValueList,
    ObjectList,
    ObjectType,
    ObservedAt,
    UnitCode,
    DatasetId,
    InstanceId,
    CreatedAt,
    ModifiedAt,
    DeletedAt,
    ExpiresAt,
    Entity,
    EntityList,
    Previous,
    Lang,
    ValueType,
    EntityIdSealed,
    EntityTypeSealed,
}

internal static class Words
{
    private const int Longest = 19;

    /// <summary>The word that the member name under the reader is.</summary>
    public static Word Of(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return Of(reader.ValueSpan);
        if (reader.ValueSpan.Length > Longest * 6)
            return Word.None;
        Span<byte> plain = stackalloc byte[Longest * 6];
        return Of(plain[..reader.CopyString(plain)]);
    }

    public static Word Of(ReadOnlySpan<byte> name) => name.Length switch
    {
        2 => Is(name, "id"u8, Word.Id),
        3 => Is(name, "@id"u8, Word.Id),
        4 => name[0] switch
        {
            (byte)'t' => Is(name, "type"u8, Word.Type),
            (byte)'j' => Is(name, "json"u8, Word.Json),
            (byte)'l' => Is(name, "lang"u8, Word.Lang),
            _ => Word.None,
        },
        5 => name[0] switch
        {
            (byte)'v' => Is(name, "value"u8, Word.Value) | Is(name, "vocab"u8, Word.Vocab),
            (byte)'s' => Is(name, "scope"u8, Word.Scope),
            (byte)'@' => Is(name, "@type"u8, Word.Type),
            _ => Word.None,
        },
        6 => name[0] == 'o' ? Is(name, "object"u8, Word.Object) : Is(name, "entity"u8, Word.Entity),
        8 => name[0] == 'u' ? Is(name, "unitCode"u8, Word.UnitCode) : Is(name, "@context"u8, Word.Context),
        9 => name[0] switch
        {
            (byte)'v' => Is(name, "valueType"u8, Word.ValueType) | Is(name, "valueList"u8, Word.ValueList),
            (byte)'d' => Is(name, "datasetId"u8, Word.DatasetId) | Is(name, "deletedAt"u8, Word.DeletedAt),
            (byte)'c' => Is(name, "createdAt"u8, Word.CreatedAt),
            (byte)'e' => Is(name, "expiresAt"u8, Word.ExpiresAt),
            _ => Word.None,
        },
        10 => name[0] switch
        {
            (byte)'o' => Is(name, "observedAt"u8, Word.ObservedAt) | Is(name, "objectType"u8, Word.ObjectType) | Is(name, "objectList"u8, Word.ObjectList),
            (byte)'i' => Is(name, "instanceId"u8, Word.InstanceId),
            (byte)'m' => Is(name, "modifiedAt"u8, Word.ModifiedAt),
            (byte)'e' => Is(name, "entityList"u8, Word.EntityList),
            _ => Word.None,
        },
        11 => Is(name, "languageMap"u8, Word.LanguageMap),
        12 => Is(name, "previousJson"u8, Word.Previous),
        13 => Is(name, "previousValue"u8, Word.Previous) | Is(name, "previousVocab"u8, Word.Previous),
        14 => name[0] == 'e' ? Is(name, "entityIdSealed"u8, Word.EntityIdSealed) : Is(name, "previousObject"u8, Word.Previous),
        16 => Is(name, "entityTypeSealed"u8, Word.EntityTypeSealed),
        17 => Is(name, "previousValueList"u8, Word.Previous),
        18 => Is(name, "previousObjectList"u8, Word.Previous),
        19 => Is(name, "previousLanguageMap"u8, Word.Previous),
        _ => Word.None,
    };

    /// <summary>The word that carries the value of a kind.</summary>
    public static Word Of(AttributeKind kind) => kind switch
    {
        AttributeKind.Property or AttributeKind.GeoProperty => Word.Value,
        AttributeKind.Relationship => Word.Object,
        AttributeKind.LanguageProperty => Word.LanguageMap,
        AttributeKind.VocabProperty => Word.Vocab,
        AttributeKind.JsonProperty => Word.Json,
        AttributeKind.ListProperty => Word.ValueList,
        AttributeKind.ListRelationship => Word.ObjectList,
        _ => throw new InvalidOperationException($"No such kind: {kind}"),
    };

    /// <summary>The kind that a value's word tells where the type is left out (concise, 4.5.1). A Property's value may still be a geometry.</summary>
    public static AttributeKind? Kind(Word word) => word switch
    {
        Word.Value => AttributeKind.Property,
        Word.Object => AttributeKind.Relationship,
        Word.LanguageMap => AttributeKind.LanguageProperty,
        Word.Vocab => AttributeKind.VocabProperty,
        Word.Json => AttributeKind.JsonProperty,
        Word.ValueList => AttributeKind.ListProperty,
        Word.ObjectList => AttributeKind.ListRelationship,
        _ => null,
    };

    private static Word Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> word, Word found) => name.SequenceEqual(word) ? found : Word.None;
}

/// <summary>
/// Sub-attributes that the standard does not reify: a bare text under a fixed word (valueType 4.5.2.2, lang 4.15, the two of an ngsildproof 4.5.2.2).
/// The model holds them as sub-attributes of these names.
/// </summary>
internal static class BareMembers
{
    private static readonly int ValueType = JsonLd.Iris.Intern("https://uri.etsi.org/ngsi-ld/hasValueType");
    private static readonly int Lang = JsonLd.Iris.Intern("https://uri.etsi.org/ngsi-ld/lang");
    private static readonly int EntityIdSealed = JsonLd.Iris.Intern("https://uri.etsi.org/ngsi-ld/entityIdSealed");
    private static readonly int EntityTypeSealed = JsonLd.Iris.Intern("https://uri.etsi.org/ngsi-ld/entityTypeSealed");

    public static int Name(Word word) => word switch
    {
        Word.ValueType => ValueType,
        Word.Lang => Lang,
        Word.EntityIdSealed => EntityIdSealed,
        Word.EntityTypeSealed => EntityTypeSealed,
        _ => throw new InvalidOperationException($"{word} is not a bare member."),
    };

    /// <summary>The word under which a sub-attribute is written bare; empty when it is one like any other.</summary>
    public static ReadOnlySpan<byte> NameOf(Attribute sub)
    {
        if (sub.Name != ValueType && sub.Name != Lang && sub.Name != EntityIdSealed && sub.Name != EntityTypeSealed || sub.Value.Span is not [(byte)'"', ..])
            return default;
        return sub.Name == ValueType ? "valueType"u8 : sub.Name == Lang ? "lang"u8 : sub.Name == EntityIdSealed ? "entityIdSealed"u8 : "entityTypeSealed"u8;
    }
}
