namespace CityHub.Context.Entities;

/// <summary>
/// What a request said about one entity, expanded and validated, times not yet stamped. An attribute, sub-attribute or member that was set to
/// NGSI-LD Null carries <see cref="NgsiLdNull.Json"/> as its value (clause 4.5.0): its deletion is asked for. A unitCode set to null is <see cref="NgsiLdNull.Uri"/>,
/// an observedAt or expiresAt -1 (only where members are merged one by one: 5.6.4, 5.6.17, 5.6.20).
/// </summary>
public sealed record EntityFragment
{
    /// <summary>Null when the request has none (the path names the entity).</summary>
    public string? Id { get; init; }

    /// <summary>IRI ids, ascending; empty when the request has none.</summary>
    public int[] Types { get; init; } = [];

    /// <summary>Null when the request has none; empty when it asks for their removal.</summary>
    public string[]? Scopes { get; init; }

    /// <summary>UTC ticks; 0 asks for removal; null when the request has none.</summary>
    public long? ExpiresAt { get; init; }

    public IReadOnlyList<Attribute> Attributes { get; init; } = [];

    /// <summary>Values came as key-value pairs: the kind of an attribute that exists already decides how they are meant.</summary>
    public bool Simplified { get; init; }
}

/// <summary>The URI that stands for null, because JSON-LD drops null members (clause 4.5.0).</summary>
public static class NgsiLdNull
{
    public const string Uri = "urn:ngsi-ld:null";

    /// <summary>As a JSON value.</summary>
    public static ReadOnlyMemory<byte> Json { get; } = "\"urn:ngsi-ld:null\""u8.ToArray();

    public static bool Is(ReadOnlyMemory<byte> json) => json.Span.SequenceEqual(Json.Span);
}
