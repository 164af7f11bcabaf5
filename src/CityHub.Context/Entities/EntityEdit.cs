namespace CityHub.Context.Entities;

public enum EditKind : byte
{
    Created,
    Replaced,
    Changed,
    Deleted,
}

/// <summary>
/// What one operation did to one entity: complete in itself, so that applying edits in log order rebuilds every entity, and
/// readers of the log (history, subscriptions) need nothing else. <see cref="Set"/> carries whole attribute instances with their times.
/// </summary>
public sealed record EntityEdit
{
    public required string Id { get; init; }

    public required EditKind Kind { get; init; }

    /// <summary>UTC ticks: modifiedAt of the entity and of everything in <see cref="Set"/>.</summary>
    public required long At { get; init; }

    /// <summary>createdAt of the entity where the edit makes it new or replaces it.</summary>
    public long CreatedAt { get; init; }

    /// <summary>The types from now on; null when they stay.</summary>
    public int[]? Types { get; init; }

    /// <summary>The scopes from now on; null when they stay.</summary>
    public string[]? Scopes { get; init; }

    /// <summary>expiresAt from now on in UTC ticks, 0 for never; null when it stays.</summary>
    public long? ExpiresAt { get; init; }

    public IReadOnlyList<Attribute> Set { get; init; } = [];

    public IReadOnlyList<RemovedAttribute> Removed { get; init; } = [];

    /// <summary>Late readings: older than what is known, so they belong to the history and leave the entity as it is.</summary>
    public IReadOnlyList<Attribute> Past { get; init; } = [];

    /// <summary>The entity after this edit; null after a deletion. Pure.</summary>
    public Entity? Apply(Entity? before) => Kind switch
    {
        EditKind.Deleted => null,
        EditKind.Created or EditKind.Replaced => new Entity
        {
            Id = Id,
            Types = Types ?? [],
            Scopes = Scopes ?? [],
            ExpiresAt = ExpiresAt ?? 0,
            CreatedAt = CreatedAt,
            ModifiedAt = At,
            Attributes = AttributeOrder.Sorted(Set),
        },
        EditKind.Changed when before is { IsPacked: true } => Entity.FromBody(
            new Entity
            {
                Id = before.Id, // One string as long as the entity lives.
                Types = Types ?? before.Types,
                Scopes = Scopes ?? before.Scopes,
                ExpiresAt = ExpiresAt ?? before.ExpiresAt,
                CreatedAt = before.CreatedAt,
                ModifiedAt = At,
            },
            EntityPacking.Merge(before.Body, AttributeOrder.Sorted(Set), Removed)),
        EditKind.Changed when before is not null => new Entity
        {
            Id = Id,
            Types = Types ?? before.Types,
            Scopes = Scopes ?? before.Scopes,
            ExpiresAt = ExpiresAt ?? before.ExpiresAt,
            CreatedAt = before.CreatedAt,
            ModifiedAt = At,
            Attributes = Merge(before.Attributes),
        },
        EditKind.Changed => null, // A change of what is not there: the log is read from the middle. Nothing to change.
        _ => throw new InvalidOperationException($"No such edit: {Kind}"),
    };

    private IReadOnlyList<Attribute> Merge(IReadOnlyList<Attribute> before)
    {
        if (Set.Count == 0 && Removed.Count == 0)
            return before;
        var after = new List<Attribute>(before.Count + Set.Count);
        foreach (var attribute in before)
            if (!IsRemoved(attribute) && !IsSet(attribute))
                after.Add(attribute);
        after.AddRange(Set);
        return AttributeOrder.Sorted(after);
    }

    private bool IsSet(Attribute attribute)
    {
        foreach (var set in Set)
            if (set.Name == attribute.Name && string.Equals(set.Dataset, attribute.Dataset, StringComparison.Ordinal))
                return true;
        return false;
    }

    private bool IsRemoved(Attribute attribute)
    {
        foreach (var removed in Removed)
            if (removed.Matches(attribute))
                return true;
        return false;
    }
}

/// <param name="Name">IRI id.</param>
/// <param name="Dataset">The instance; null for the default one.</param>
/// <param name="All">Every instance, whatever its datasetId.</param>
public readonly record struct RemovedAttribute(int Name, string? Dataset, bool All)
{
    public bool Matches(Attribute attribute) =>
        attribute.Name == Name && (All || string.Equals(attribute.Dataset, Dataset, StringComparison.Ordinal));
}

/// <summary>The one order of attribute instances: by IRI id of the name (of this process), the default instance first.</summary>
public static class AttributeOrder
{
    public static readonly Comparison<Attribute> Comparison = (a, b) =>
        a.Name != b.Name ? a.Name.CompareTo(b.Name) : string.CompareOrdinal(a.Dataset, b.Dataset);

    /// <summary>Instances of the same name and datasetId keep their order: a history is told in its own.</summary>
    public static void StableSort(List<Attribute> attributes)
    {
        for (var i = 1; i < attributes.Count; i++)
        {
            if (Comparison(attributes[i - 1], attributes[i]) <= 0)
                continue;
            var sorted = attributes.Order(Comparer<Attribute>.Create(Comparison)).ToList(); // LINQ's order is stable.
            attributes.Clear();
            attributes.AddRange(sorted);
            return;
        }
    }

    public static IReadOnlyList<Attribute> Sorted(IReadOnlyList<Attribute> attributes)
    {
        for (var i = 1; i < attributes.Count; i++)
        {
            if (Comparison(attributes[i - 1], attributes[i]) <= 0)
                continue;
            var sorted = attributes.ToArray();
            Array.Sort(sorted, Comparison);
            return sorted;
        }

        return attributes;
    }
}
