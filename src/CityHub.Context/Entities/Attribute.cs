namespace CityHub.Context.Entities;

/// <summary>The kinds of attribute of ETSI GS CIM 009 clauses 4.5.2, 4.5.3, 4.5.18, 4.5.20–4.5.24.</summary>
public enum AttributeKind : byte
{
    Property,
    Relationship,
    GeoProperty,
    LanguageProperty,
    VocabProperty,
    JsonProperty,
    ListProperty,
    ListRelationship,
}

/// <summary>
/// One attribute instance, immutable. Names are interned IRIs (<see cref="JsonLd.Iris"/>). Times are UTC ticks, 0 when absent.
/// </summary>
public sealed record Attribute
{
    /// <summary>IRI id of the attribute's name.</summary>
    public required int Name { get; init; }

    /// <summary>datasetId (clause 4.5.5); null for the default instance.</summary>
    public string? Dataset { get; init; }

    public required AttributeKind Kind { get; init; }

    /// <summary>
    /// The value as compact UTF-8 JSON, with the keys of nested objects expanded to IRIs (except in GeoJSON and JsonProperty, which stay as they came):
    /// Property <c>value</c>; Relationship <c>object</c> (a string, or an array of strings); GeoProperty: a GeoJSON geometry; LanguageProperty: the language map;
    /// VocabProperty <c>vocab</c> (expanded IRI string or array of them); JsonProperty <c>json</c>; ListProperty <c>valueList</c>; ListRelationship <c>objectList</c> (array of {"object": …} simplified to an array of strings).
    /// </summary>
    public required ReadOnlyMemory<byte> Value { get; init; }

    public long ObservedAt { get; init; }

    /// <summary>Decimals of the second with which <see cref="ObservedAt"/> was written: it is told as it was given.</summary>
    public byte ObservedDigits { get; init; }

    public string? UnitCode { get; init; }

    /// <summary>IRI ids of objectType (clause 4.5.3), empty when absent.</summary>
    public IReadOnlyList<int> ObjectType { get; init; } = [];

    /// <summary>UTC ticks after which the instance is gone (transient attributes, clause 4.22).</summary>
    public long ExpiresAt { get; init; }

    public long CreatedAt { get; init; }

    public long ModifiedAt { get; init; }

    /// <summary>Properties of properties, relationships of properties, and so on; ordered by (Name, Dataset).</summary>
    public IReadOnlyList<Attribute> Sub { get; init; } = [];

    /// <summary>Set only in temporal representations: urn:ngsi-ld:Instance:… (clause 4.5.7).</summary>
    public string? InstanceId { get; init; }
}
