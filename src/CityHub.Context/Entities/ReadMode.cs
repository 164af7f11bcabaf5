namespace CityHub.Context.Entities;

/// <summary>What a body is to an operation: decides what must be there and what NGSI-LD Null may ask for.</summary>
public enum ReadMode
{
    /// <summary>A whole entity (5.6.1, 5.6.18, batches): id and type required, no nulls.</summary>
    Entity,

    /// <summary>An entity of a batch update or merge: id required, nulls remove attributes.</summary>
    BatchFragment,

    /// <summary>Attributes to add (5.6.3): no id or type needed, no nulls.</summary>
    Append,

    /// <summary>Attributes to change (5.6.2, 5.6.4): nulls remove attributes and sub-attributes, never members inside values.</summary>
    Update,

    /// <summary>RFC 7396 (5.6.17): nulls anywhere.</summary>
    Merge,

    /// <summary>A temporal representation (5.6.11, 5.6.12): arrays of instances, no nulls; several default instances allowed.</summary>
    Temporal,

    /// <summary>Instances to add to a temporal representation (5.6.12): no id or type needed.</summary>
    TemporalFragment,
}

/// <summary>Where a body stops being acceptable.</summary>
/// <param name="MostDepth">Nesting of JSON values.</param>
/// <param name="MostAttributes">Attribute instances of one entity.</param>
public sealed record ReadLimits(int MostDepth = 32, int MostAttributes = 10_000)
{
    public static readonly ReadLimits Default = new();
}
