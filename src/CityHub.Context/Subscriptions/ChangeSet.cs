using CityHub.Context.Entities;
using CityHub.Context.Guard;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Subscriptions;

/// <param name="Before">Null: the instance was created.</param>
/// <param name="After">Null: it was deleted.</param>
internal readonly record struct AttributeChange(int Name, Attribute? Before, Attribute? After)
{
    public Triggers Trigger => Before is null ? Triggers.AttributeCreated : After is null ? Triggers.AttributeDeleted : Triggers.AttributeUpdated;
}

/// <summary>What one edit did to one entity, in the words of the notification triggers (5.8.6).</summary>
internal sealed class ChangeSet
{
    private ChangeSet(Entity? before, Entity? after, long at, List<AttributeChange> attributes) => (Before, After, At, Attributes) = (before, after, at, attributes);

    public Entity? Before { get; }

    public Entity? After { get; }

    /// <summary>UTC ticks of the edit.</summary>
    public long At { get; }

    public IReadOnlyList<AttributeChange> Attributes { get; }

    public Triggers EntityTrigger => Before is null ? Triggers.EntityCreated : After is null ? Triggers.EntityDeleted : Triggers.EntityUpdated;

    /// <summary>The entity that conditions are asked of: as it is, or as it was when it is gone.</summary>
    public Entity Entity => After ?? Before ?? throw new InvalidOperationException("A change of nothing.");

    /// <summary>Null: nothing that anybody could be told of (late readings, a deletion of what is not there).</summary>
    public static ChangeSet? Of(in EntityChange change)
    {
        var (edit, before, after) = (change.Edit, change.Before, change.After?.Unpacked());
        var attributes = new List<AttributeChange>();
        switch (edit.Kind)
        {
            case EditKind.Created when after is not null:
                // What was there before had expired.
                before = null;
                foreach (var attribute in after.Attributes)
                    attributes.Add(new AttributeChange(attribute.Name, null, attribute));
                break;
            case EditKind.Deleted when before is not null:
                foreach (var attribute in before.Attributes)
                    attributes.Add(new AttributeChange(attribute.Name, attribute, null));
                break;
            case EditKind.Replaced when after is not null:
                foreach (var attribute in after.Attributes)
                    attributes.Add(new AttributeChange(attribute.Name, before?.Find(attribute.Name, attribute.Dataset), attribute));
                foreach (var attribute in before?.Attributes ?? [])
                    if (after.Find(attribute.Name, attribute.Dataset) is null)
                        attributes.Add(new AttributeChange(attribute.Name, attribute, null));
                break;
            case EditKind.Changed when after is not null && before is not null:
                if (edit.Set.Count == 0 && edit.Removed.Count == 0 && edit.Types is null && edit.Scopes is null && edit.ExpiresAt is null)
                    return null;
                // As the entity has it: what is written beside an instance (previousValue) is found by the instance itself.
                foreach (var attribute in edit.Set)
                    attributes.Add(new AttributeChange(attribute.Name, before.Find(attribute.Name, attribute.Dataset), after.Find(attribute.Name, attribute.Dataset)));
                if (edit.Removed.Count > 0)
                    foreach (var attribute in before.Attributes)
                        if (after.Find(attribute.Name, attribute.Dataset) is null)
                            attributes.Add(new AttributeChange(attribute.Name, attribute, null));
                break;
            default:
                return null;
        }

        return new ChangeSet(before, after, edit.At, attributes);
    }

    /// <summary>
    /// The change as a subscriber may know of it: this one where he sees all of it; null where he sees nothing of it. Who comes among the entities of a grant was not there before; who leaves them is
    /// told nothing, for where it went is not his.
    /// </summary>
    public ChangeSet? Seen(EntityReading reading)
    {
        var (before, after) = (Before is null ? null : reading.See(Before), After is null ? null : reading.See(After));
        if (ReferenceEquals(before, Before) && ReferenceEquals(after, After))
            return this;
        if ((after ?? before) is null || (After is not null && after is null))
            return null;
        var attributes = new List<AttributeChange>(Attributes.Count);
        foreach (var (name, was, now) in Attributes)
        {
            var (seenBefore, seenNow) = (was is null ? null : before?.Find(name, was.Dataset), now is null ? null : after?.Find(name, now.Dataset));
            if (now is null ? seenBefore is not null : seenNow is not null && !(IsSame(seenBefore, seenNow) && !IsSame(was, now)))
                attributes.Add(new AttributeChange(name, seenBefore, seenNow));
        }

        return attributes.Count == 0 && before is not null && after is not null && before.ExpiresAt == after.ExpiresAt && before.Types.AsSpan().SequenceEqual(after.Types) && before.Scopes.AsSpan().SequenceEqual(after.Scopes)
            ? null
            : new ChangeSet(before, after, At, attributes);
    }

    /// <summary>But for when they were written.</summary>
    private static bool IsSame(Attribute? one, Attribute? other) => one is null || other is null ? ReferenceEquals(one, other)
        : ReferenceEquals(one, other) || EntityFacts.Encode(one with { CreatedAt = 0, ModifiedAt = 0 }).AsSpan().SequenceEqual(EntityFacts.Encode(other with { CreatedAt = 0, ModifiedAt = 0 }));

    /// <summary>One of the subscription's triggers was pulled, by an attribute that it watches.</summary>
    public bool Pulls(Subscription subscription)
    {
        if (subscription.Watched is null && (subscription.Triggers & EntityTrigger) != 0)
            return true;
        foreach (var attribute in Attributes)
            if (subscription.Watches(attribute.Name) && (subscription.Triggers & (attribute.Trigger | EntityTrigger)) != 0)
                return true;
        return false;
    }
}
