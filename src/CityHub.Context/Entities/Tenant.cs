using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace CityHub.Context.Entities;

/// <summary>
/// One tenant's entities: the table of what is durable, and over it the edits that are decided but not yet durable.
/// Readers see the table; the next decision sees through the overlay, so that it stands on what the log will hold.
/// </summary>
internal sealed class Tenant(string name)
{
    /// <summary>A dictionary that has held more than this is made anew: clearing costs its capacity at every decision.</summary>
    private const int MostKept = 4_096;

    private readonly ConcurrentQueue<IReadOnlyList<EntityEdit>> _published = new();
    private Dictionary<string, Pending> _overlay = new(StringComparer.Ordinal);
    private Dictionary<string, Entity?> _looked = new(StringComparer.Ordinal);
    private long _epoch;

    public string Name { get; } = name;

    public string Stream { get; } = name.Length == 0 ? Broker.StreamName : $"{Broker.StreamName}@{name}";

    public EntityTable Table { get; } = new();

    /// <summary>Held while a decision is made and handed to the log: decisions and appends have one order.</summary>
    public Lock Gate { get; } = new();

    /// <summary>One group of observations is on its way at a time; the next gathers behind it.</summary>
    public SemaphoreSlim Observing { get; } = new(1);

    /// <summary>Under <see cref="Gate"/>, before a decision: forgets what is durable by now, and what a failed group decided.</summary>
    public void Enter(long epoch)
    {
        Settle();
        if (_looked.Count > MostKept)
            _looked = new(StringComparer.Ordinal);
        else
            _looked.Clear();
        if (epoch == _epoch)
            return;
        _overlay.Clear();
        _epoch = epoch;
    }

    /// <summary>Under <see cref="Gate"/>: the entity as the log will have it. Each is looked up once a decision.</summary>
    public Entity? Look(string id)
    {
        ref var looked = ref CollectionsMarshal.GetValueRefOrAddDefault(_looked, id, out var known);
        if (!known)
            looked = _overlay.TryGetValue(id, out var pending) ? pending.After : Table.Find(id);
        return looked;
    }

    /// <summary>Under <see cref="Gate"/>: later decisions stand on this.</summary>
    public void Expect(EntityEdit edit, Entity? after)
    {
        _overlay[edit.Id] = new Pending(edit, after);
        _looked[edit.Id] = after;
    }

    /// <summary>The edits are durable: readers see them from now on. On the log's thread, which never waits for a decision.</summary>
    public void Publish(EntityEdit edit, Entity? after)
    {
        if (after is null)
            Table.Remove(edit.Id);
        else
            Table.Put(after);
    }

    /// <summary>All edits of a fact are published. Who decides next takes them out of the overlay; here only when nobody decides just now.</summary>
    public void Published(IReadOnlyList<EntityEdit> edits)
    {
        _published.Enqueue(edits);
        if (!Gate.TryEnter())
            return;
        try
        {
            Settle();
        }
        finally
        {
            Gate.Exit();
        }
    }

    private void Settle()
    {
        while (_published.TryDequeue(out var edits))
            for (var i = 0; i < edits.Count; i++)
                // A younger decision may already stand over this one; it stays until it is durable itself.
                if (_overlay.TryGetValue(edits[i].Id, out var pending) && ReferenceEquals(pending.Edit, edits[i]))
                    _overlay.Remove(edits[i].Id);
        if (_overlay.Count == 0 && _overlay.Capacity > MostKept)
            _overlay = new(StringComparer.Ordinal);
    }

    private readonly record struct Pending(EntityEdit Edit, Entity? After);
}
