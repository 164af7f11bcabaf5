using System.Diagnostics.CodeAnalysis;

namespace CityHub.Context.Entities;

/// <summary>
/// One entity as the hub knows it, immutable: a change makes a new one. In a table it rests packed (<see cref="EntityPacking"/>), about 600 bytes instead of 2,000;
/// who works with its attributes takes it <see cref="Unpacked"/> once. Bench: rss1m_mb.
/// </summary>
public sealed class Entity
{
    private readonly IReadOnlyList<Attribute>? _attributes;
    private readonly byte[] _packed = [];

    public Entity()
    {
    }

    [SetsRequiredMembers]
    private Entity(Entity like, IReadOnlyList<Attribute>? attributes, byte[] packed)
    {
        (Id, Types, Scopes, CreatedAt, ModifiedAt, ExpiresAt) = (like.Id, like.Types, like.Scopes, like.CreatedAt, like.ModifiedAt, like.ExpiresAt);
        (_attributes, _packed) = (attributes, packed);
    }

    public required string Id { get; init; }

    /// <summary>IRI ids of the types, ascending, at least one.</summary>
    public required int[] Types { get; init; }

    /// <summary>Scopes such as <c>/city/district</c> (clause 4.18); empty when none.</summary>
    public string[] Scopes { get; init; } = [];

    public long CreatedAt { get; init; }

    public long ModifiedAt { get; init; }

    /// <summary>UTC ticks after which the entity is gone (transient entities, clause 4.22); 0 when it stays.</summary>
    public long ExpiresAt { get; init; }

    /// <summary>Ordered by (Name, Dataset with the default first). Unpacks every time on a packed entity: take it once.</summary>
    public IReadOnlyList<Attribute> Attributes
    {
        get => _attributes ?? EntityPacking.Unpack(_packed);
        init => _attributes = value;
    }

    /// <summary>All instances of one attribute.</summary>
    public IReadOnlyList<Attribute> Instances(int name) => _attributes is null ? EntityPacking.Instances(_packed, name) : [.. _attributes.Where(a => a.Name == name)];

    /// <summary>The instance with that datasetId (null: the default one).</summary>
    public Attribute? Find(int name, string? dataset = null)
    {
        if (_attributes is null)
            return EntityPacking.Find(_packed, name, dataset);
        foreach (var attribute in _attributes)
            if (attribute.Name == name && string.Equals(attribute.Dataset, dataset, StringComparison.Ordinal))
                return attribute;
        return null;
    }

    internal bool IsPacked => _attributes is null;

    /// <summary>The same entity with its attributes at hand.</summary>
    public Entity Unpacked() => _attributes is not null ? this : new Entity(this, EntityPacking.Unpack(_packed), []);

    /// <summary>The same entity as it rests.</summary>
    internal Entity Packed() => _attributes is null ? this : new Entity(this, null, EntityPacking.Pack(_attributes));

    /// <summary>UTC ticks at which the entity, or an attribute instance of it, expires first; 0 when nothing of it is transient.</summary>
    internal long EarliestExpiry()
    {
        var earliest = ExpiresAt == 0 ? long.MaxValue : ExpiresAt;
        if (_attributes is null)
            earliest = Math.Min(earliest, EntityPacking.EarliestExpiry(_packed));
        else
            foreach (var attribute in _attributes)
                if (attribute.ExpiresAt != 0)
                    earliest = Math.Min(earliest, attribute.ExpiresAt);
        return earliest == long.MaxValue ? 0 : earliest;
    }

    /// <summary>The packed attributes, with the IRI ids of this process.</summary>
    internal byte[] Body => _attributes is null ? _packed : EntityPacking.Pack(_attributes);

    internal static Entity FromBody(Entity header, byte[] packed) => new(header, null, packed);
}
