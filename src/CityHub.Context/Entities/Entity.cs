namespace CityHub.Context.Entities;

/// <summary>One entity as the hub knows it, immutable: a change makes a new one.</summary>
public sealed class Entity
{
    public required string Id { get; init; }

    /// <summary>IRI ids of the types, ascending, at least one.</summary>
    public required int[] Types { get; init; }

    /// <summary>Scopes such as <c>/city/district</c> (clause 4.18); empty when none.</summary>
    public string[] Scopes { get; init; } = [];

    public long CreatedAt { get; init; }

    public long ModifiedAt { get; init; }

    /// <summary>UTC ticks after which the entity is gone (transient entities, clause 4.22); 0 when it stays.</summary>
    public long ExpiresAt { get; init; }

    /// <summary>Ordered by (Name, Dataset with the default first).</summary>
    public required IReadOnlyList<Attribute> Attributes { get; init; }

    /// <summary>All instances of one attribute.</summary>
    public IEnumerable<Attribute> Instances(int name) => Attributes.Where(a => a.Name == name);

    /// <summary>The instance with that datasetId (null: the default one).</summary>
    public Attribute? Find(int name, string? dataset = null)
    {
        foreach (var attribute in Attributes)
            if (attribute.Name == name && string.Equals(attribute.Dataset, dataset, StringComparison.Ordinal))
                return attribute;
        return null;
    }
}
