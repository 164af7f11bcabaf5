using System.Collections.Concurrent;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;

namespace CityHub.Context.Entities;

/// <summary>What an operation decided: the edits that become one fact, and what the client is told when it is durable.</summary>
public readonly record struct Decision<T>(IReadOnlyList<EntityEdit> Edits, T Answer);

/// <summary>What a decision may ask.</summary>
public readonly ref struct Known
{
    private readonly Tenant _tenant;

    internal Known(Tenant tenant, long now) => (_tenant, Now) = (tenant, now);

    /// <summary>UTC ticks: the modifiedAt of whatever is decided.</summary>
    public long Now { get; }

    /// <summary>The entity as the log will have it when this decision is recorded; null when there is none (or it has expired).</summary>
    public Entity? Find(string id) => Stored(id) is { } entity && (entity.ExpiresAt == 0 || entity.ExpiresAt > Now) ? entity : null;

    /// <summary>The entity even when it has expired and only waits to be deleted.</summary>
    internal Entity? Stored(string id) => _tenant.Look(id);
}

public delegate Result<Decision<T>> Decide<T>(Known known);

/// <summary>
/// The memory of the city: decides operations one after the other per tenant, records them in the fact log, and publishes them to readers
/// and observers when they are durable. State is a view over the log: a snapshot, then the tail.
/// </summary>
public sealed partial class Broker : IFactObserver, IEntities, IObservations
{
    public const string StreamName = "entities";
    private const string SnapshotName = "entities";
    private const int ReplayGroup = 4096;

    private readonly IFactLog _log;
    private readonly ISnapshots _snapshots;
    private readonly TimeProvider _clock;
    private readonly ConcurrentDictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);
    private readonly List<IChangeObserver> _observers = [];
    private long _observed;
    private long _snapshotted;

    public Broker(IFactLog log, ISnapshots snapshots, TimeProvider clock)
    {
        (_log, _snapshots, _clock) = (log, snapshots, clock);
        _tenants[""] = new Tenant("");
    }

    /// <summary>Facts up to here are in the tables.</summary>
    public long Position => Volatile.Read(ref _observed);

    internal TimeProvider Clock => _clock;

    public IReadOnlyCollection<string> Tenants => [.. _tenants.Keys];

    /// <summary>Observers see changes in the order in which they were added.</summary>
    public void Observe(IChangeObserver observer) => _observers.Add(observer);

    internal Tenant? FindTenant(string name) => _tenants.GetValueOrDefault(name);

    internal Tenant Tenant(string name) => _tenants.GetOrAdd(name, static n => new Tenant(n));

    public EntityTable? Table(string tenant) => _tenants.GetValueOrDefault(tenant)?.Table;

    public int Count(string tenant) => _tenants.TryGetValue(tenant, out var found) ? found.Table.Count : 0;

    public ReadOnlyMemory<byte>? Find(string tenant, string id) =>
        _tenants.TryGetValue(tenant, out var found) && found.Table.Find(id) is { } entity ? EntityFacts.Encode(entity.Unpacked()) : null;

    /// <summary>Loads the snapshot, replays the log after it (and after <paramref name="from"/>, where an observer stands further back), then follows the log.</summary>
    /// <param name="from">The log position up to which every observer has durably seen the changes.</param>
    public void Start(long from)
    {
        var loaded = _snapshots.ReadLatest(SnapshotName, stream => BrokerSnapshot.Read(stream, name => Tenant(name).Table));
        if (from < loaded)
        {
            // What an observer kept is gone: to tell it again what changed, the entities must be as they were then.
            _tenants.Clear();
            Tenant("");
            loaded = 0;
        }

        _snapshotted = loaded;
        foreach (var fact in _log.Read(loaded))
        {
            if (TenantOf(fact.Stream) is { } tenant)
                Replay(tenant, fact);
            if (fact.Position % ReplayGroup == 0)
                foreach (var observer in _observers)
                    observer.GroupChanged(fact.Position);
        }

        _observed = _log.Head;
        foreach (var observer in _observers)
            observer.GroupChanged(_observed);
        _log.Observe(this);
    }

    /// <summary>
    /// Decides and records one operation. The delegate runs under the tenant's lock: it is pure, quick and calls nothing.
    /// The answer is given when the fact is durable and readers see it; a decision without edits answers at once.
    /// </summary>
    /// <param name="type">Name of the fact, e.g. <c>EntityCreated</c>.</param>
    public async ValueTask<Result<T>> DecideAsync<T>(string tenant, string type, Decide<T> decide, CancellationToken cancel)
    {
        var room = Tenant(tenant);
        ValueTask<Result<Appended>> append;
        T answer;
        lock (room.Gate)
        {
            var epoch = _log.Epoch;
            room.Enter(epoch);
            var at = _clock.GetUtcNow();
            if (!decide(new Known(room, at.UtcTicks)).TryGet(out var decision, out var problem))
                return problem;
            answer = decision.Answer;
            if (decision.Edits.Count == 0)
                return answer;
            // Decisions, facts and publications have one order: what is before and after now is so on the log's thread, too.
            var (befores, afters) = (new Entity?[decision.Edits.Count], new Entity?[decision.Edits.Count]);
            for (var i = 0; i < afters.Length; i++)
            {
                var edit = decision.Edits[i];
                befores[i] = room.Look(edit.Id);
                afters[i] = edit.Apply(befores[i]);
                room.Expect(edit, afters[i]);
            }

            append = _log.AppendAsync(
                new Append(room.Stream, [new NewFact(type, EntityFacts.Encode(decision.Edits))], at)
                {
                    Epoch = epoch,
                    State = new Decided(room, decision.Edits, befores, afters),
                },
                cancel);
        }

        var appended = await append;
        return appended.Ok ? answer : appended.Problem;
    }

    /// <summary>Records a fact of the tenant's stream that is not an edit of entities; observers get it through <see cref="IChangeObserver.Noted"/>.</summary>
    public ValueTask<Result<Appended>> NoteAsync(string tenant, string type, ReadOnlyMemory<byte> payload, object? state, CancellationToken cancel)
    {
        var room = Tenant(tenant);
        return _log.AppendAsync(new Append(room.Stream, [new NewFact(type, payload)], _clock.GetUtcNow()) { State = state }, cancel);
    }

    public void Observed(ReadOnlySpan<Fact> facts, object? state)
    {
        if (state is Decided decided)
        {
            for (var i = 0; i < decided.Edits.Count; i++)
            {
                var edit = decided.Edits[i];
                decided.Tenant.Publish(edit, decided.Afters[i]);
                var change = new EntityChange(decided.Tenant.Name, facts[0].Position, edit, decided.Befores[i], decided.Afters[i]);
                foreach (var observer in _observers)
                    observer.Changed(change);
            }

            decided.Tenant.Published(decided.Edits);
        }
        else
        {
            foreach (ref readonly var fact in facts)
                if (TenantOf(fact.Stream) is { } tenant)
                    foreach (var observer in _observers)
                        observer.Noted(tenant.Name, fact, state);
        }

        Volatile.Write(ref _observed, facts[^1].Position);
    }

    public void GroupObserved()
    {
        foreach (var observer in _observers)
            observer.GroupChanged(_observed);
    }

    /// <summary>
    /// Writes a snapshot of every tenant. Changes go on meanwhile: the snapshot says the position at its beginning, and replaying an edit
    /// that it already holds gives the same entity again (edits carry whole attribute instances).
    /// </summary>
    public void Snapshot()
    {
        var position = Position;
        if (position == _snapshotted)
            return;
        foreach (var observer in _observers)
            observer.Secure(position);
        _snapshots.Write(SnapshotName, position, stream => BrokerSnapshot.Write(stream, _tenants.Select(t => (t.Key, t.Value.Table)).ToArray()));
        _snapshotted = position;
    }

    public long FactsSinceSnapshot => Position - _snapshotted;

    private void Replay(Tenant tenant, in Fact fact)
    {
        if (!EntityFacts.IsEdit(fact.Type))
        {
            foreach (var observer in _observers)
                observer.Noted(tenant.Name, fact, null);
            return;
        }

        foreach (var edit in EntityFacts.Decode(fact.Payload))
        {
            var before = tenant.Table.Find(edit.Id);
            var after = edit.Apply(before);
            if (after is null)
                tenant.Table.Remove(edit.Id);
            else
                tenant.Table.Put(after);

            var change = new EntityChange(tenant.Name, fact.Position, edit, before, after);
            foreach (var observer in _observers)
                observer.Changed(change);
        }
    }

    private Tenant? TenantOf(string stream)
    {
        if (stream == StreamName)
            return Tenant("");
        return stream.StartsWith(StreamName + "@", StringComparison.Ordinal) ? Tenant(stream[(StreamName.Length + 1)..]) : null;
    }

    private sealed record Decided(Tenant Tenant, IReadOnlyList<EntityEdit> Edits, Entity?[] Befores, Entity?[] Afters);
}
