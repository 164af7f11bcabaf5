namespace CityHub.Context.Entities;

/// <summary>
/// One tenant's entities: the table of what is durable, and over it the edits that are decided but not yet durable.
/// Readers see the table; the next decision sees through the overlay, so that it stands on what the log will hold.
/// </summary>
internal sealed class Tenant(string name)
{
    private readonly Dictionary<string, Pending> _overlay = new(StringComparer.Ordinal);
    private long _epoch;

    public string Name { get; } = name;

    public string Stream { get; } = name.Length == 0 ? Broker.StreamName : $"{Broker.StreamName}@{name}";

    public EntityTable Table { get; } = new();

    /// <summary>Held while a decision is made and handed to the log: decisions and appends have one order.</summary>
    public Lock Gate { get; } = new();

    /// <summary>One group of observations is on its way at a time; the next gathers behind it.</summary>
    public SemaphoreSlim Observing { get; } = new(1);

    /// <summary>Under <see cref="Gate"/>: forgets what a failed group decided.</summary>
    public void Enter(long epoch)
    {
        if (epoch == _epoch)
            return;
        _overlay.Clear();
        _epoch = epoch;
    }

    /// <summary>Under <see cref="Gate"/>: the entity as the log will have it.</summary>
    public Entity? Expected(string id) => _overlay.TryGetValue(id, out var pending) ? pending.After : Table.Find(id);

    /// <summary>Under <see cref="Gate"/>.</summary>
    public void Expect(EntityEdit edit, Entity? after) => _overlay[edit.Id] = new Pending(edit, after);

    /// <summary>The edit is durable: readers see it from now on. On the log's thread.</summary>
    public void Publish(EntityEdit edit, Entity? after)
    {
        if (after is null)
            Table.Remove(edit.Id);
        else
            Table.Put(after);
        lock (Gate)
        {
            // A younger decision may already stand over this one; it stays until it is durable itself.
            if (_overlay.TryGetValue(edit.Id, out var pending) && ReferenceEquals(pending.Edit, edit))
                _overlay.Remove(edit.Id);
        }
    }

    private readonly record struct Pending(EntityEdit Edit, Entity? After);
}
