using System.Threading.Channels;
using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Context.Http;
using CityHub.Context.Query;
using CityHub.Core.Ports;
using Microsoft.Extensions.Logging;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Subscriptions;

/// <summary>
/// Finds out who is to be told of a change, on one thread of its own and in log order; the log's thread only hands changes over. Subscriptions come and go in
/// the same line, so a change is matched against those that stood before it in the log.
/// </summary>
internal sealed class Matcher : IChangeObserver, IAsyncDisposable
{
    /// <summary>More changes than this waiting and the log waits with them: memory is bounded, and writers feel the pace.</summary>
    private const int MostBehind = 100_000;
    private const int MostEntitiesAtOnce = 1_000;

    private readonly Broker _broker;
    private readonly Delivery _delivery;
    private readonly TimeProvider _clock;
    private readonly IIdSource _ids;
    private readonly ILogger _log;
    private readonly IEntityGuard? _guard;
    private readonly Channel<Work> _line = Channel.CreateUnbounded<Work>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SubscriptionIndex _index = new();
    private readonly Dictionary<(string Tenant, string Id), Member> _members = [];
    private readonly HashSet<Subscription> _candidates = [];
    private readonly Dictionary<string, ReadOnlyMemory<byte>?> _written = new(StringComparer.Ordinal);
    private readonly object _progress = new();
    private readonly long _from;
    private readonly Task _loop;
    private int _count;
    private int _behind;
    private long _matched;
    private long _number;

    public Matcher(Broker broker, Delivery delivery, long position, long number, TimeProvider clock, IIdSource ids, ILogger log, IEntityGuard? guard = null)
    {
        _guard = guard;
        (_broker, _delivery, _from, _matched, _number, _clock, _ids, _log) = (broker, delivery, position, position, number, clock, ids, log);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>Every change up to here has been matched, and what came of it is in an outbox.</summary>
    public long Matched => Volatile.Read(ref _matched);

    /// <summary>A subscription is new, changed, or gone. On the log's thread, or before it runs.</summary>
    public void Put(Subscription? before, Subscription? after, SubscriptionStats stats)
    {
        if (before is null && after is not null)
            Interlocked.Increment(ref _count);
        Post(new Work { Kind = WorkKind.Subscription, Before = before, After = after, Stats = stats });
        if (before is not null && after is null)
            Interlocked.Decrement(ref _count);
    }

    /// <summary>Runs something between what stands in line and what comes.</summary>
    public void Barrier(Action run) => Post(new Work { Kind = WorkKind.Barrier, Run = run });

    public void Changed(in EntityChange change)
    {
        // Other observers may have asked for more of the log than is news here.
        if (Volatile.Read(ref _count) != 0 && change.Position > _from)
            Post(new Work { Kind = WorkKind.Change, Change = change });
    }

    public void GroupChanged(long position)
    {
        if (Volatile.Read(ref _behind) == 0)
            Reach(position);
        else
            Post(new Work { Kind = WorkKind.Position, Position = position });
    }

    /// <summary>Waits until everything up to the position is matched, then makes what came of it durable.</summary>
    public void Secure(long position)
    {
        lock (_progress)
            while (_matched < position && !_loop.IsCompleted)
                Monitor.Wait(_progress, 1_000);
        _delivery.Flush(() => Matched, always: true);
    }

    public async ValueTask DisposeAsync()
    {
        _line.Writer.TryComplete();
        await _loop;
        foreach (var member in _members.Values)
            member.Timer?.Dispose();
    }

    private void Post(in Work work)
    {
        Interlocked.Increment(ref _behind);
        if (!_line.Writer.TryWrite(work))
        {
            Interlocked.Decrement(ref _behind);
            return;
        }

        if (Volatile.Read(ref _behind) > MostBehind)
            lock (_progress)
                while (Volatile.Read(ref _behind) > MostBehind / 2 && !_loop.IsCompleted)
                    Monitor.Wait(_progress, 100);
    }

    private void Reach(long position)
    {
        lock (_progress)
        {
            if (position > _matched)
                Volatile.Write(ref _matched, position);
            Monitor.PulseAll(_progress);
        }
    }

    private async Task RunAsync()
    {
        while (await _line.Reader.WaitToReadAsync())
        {
            while (_line.Reader.TryRead(out var work))
            {
                switch (work.Kind)
                {
                    case WorkKind.Change:
                        Match(work.Change);
                        break;
                    case WorkKind.Subscription:
                        Take(work);
                        break;
                    case WorkKind.Tick when work.After is { } subscription:
                        Tick(subscription);
                        break;
                    case WorkKind.Barrier:
                        work.Run?.Invoke();
                        break;
                    case WorkKind.Position:
                        Reach(work.Position);
                        break;
                    default:
                        throw new InvalidOperationException($"No such work: {work.Kind}");
                }

                Interlocked.Decrement(ref _behind);
            }
        }
    }

    private void Take(Work work)
    {
        if (work.Before is { } before && _members.Remove((before.Tenant, before.Id), out var old))
        {
            _index.Remove(old.Subscription);
            old.Timer?.Dispose();
            if (work.After is null)
                _delivery.Close(before);
        }

        if (work.After is not { } after || work.Stats is not { } stats)
            return;
        _delivery.Open(after, stats);
        var timer = after.Interval is { } interval && after.IsActive
            ? _clock.CreateTimer(_ => Post(new Work { Kind = WorkKind.Tick, After = after }), null, interval, interval)
            : null;
        _members[(after.Tenant, after.Id)] = new Member(after, stats, timer);
        after.Follow(stats);
        if (after.Interval is null)
            _index.Add(after);
    }

    private void Match(in EntityChange change)
    {
        if (ChangeSet.Of(change) is not { } set)
            return;
        _candidates.Clear();
        var now = _clock.GetUtcNow().UtcTicks;
        _index.Find(change.Tenant, set, _candidates, now);
        if (_candidates.Count == 0)
            return;
        _written.Clear();
        var table = _broker.Table(change.Tenant);
        Func<string, Entity?> linked = table is null ? _ => null : table.Find;
        foreach (var subscription in _candidates)
        {
            if (subscription.Since >= change.Position || !subscription.IsDueAt(now) || !set.Pulls(subscription) ||
                !_members.TryGetValue((subscription.Tenant, subscription.Id), out var member))
                continue;
            try
            {
                if (table is not null && _guard?.Of(subscription.Document.Subscriber, change.Tenant) is { } reading)
                {
                    MatchSeen(member, set, new SeenTable(table, reading), reading, now);
                    continue;
                }

                if (!subscription.Selects(set.Entity, linked, set.After is null ? 0 : now))
                    continue;
                if (!_written.TryGetValue(subscription.Shape, out var data))
                    _written[subscription.Shape] = data = NotificationWriter.Data(subscription, set, linked, now);
                if (data is { } told)
                    Queue(member, told, now);
            }
#pragma warning disable CA1031 // One subscription that cannot be matched must not silence the others; the mistake is in the log.
            catch (Exception e)
#pragma warning restore CA1031
            {
                member.Stats.Failed(now);
                _log.LogError(e, "Subscription {Subscription} could not be matched with {Entity}.", subscription.Id, set.Entity.Id);
            }
        }
    }

    /// <summary>As <see cref="Match"/>, of what the subscriber may see: conditions, triggers and body know nothing beside it.</summary>
    private void MatchSeen(Member member, ChangeSet change, SeenTable table, EntityReading reading, long now)
    {
        var subscription = member.Subscription;
        if (change.Seen(reading) is not { } seen || !seen.Pulls(subscription) || !subscription.Selects(seen.Entity, table.Find, seen.After is null ? 0 : now)
            || NotificationWriter.Data(subscription, seen, table.Show, now) is not { } told)
            return;
        reading.Show(change.Entity);
        Queue(member, told, now, reading.Shown());
    }

    /// <summary>timeInterval: all entities that match now, a notification for each thousand of them; none when there are none.</summary>
    private void Tick(Subscription subscription)
    {
        if (!_members.TryGetValue((subscription.Tenant, subscription.Id), out var member) || !ReferenceEquals(member.Subscription, subscription))
            return;
        var now = _clock.GetUtcNow().UtcTicks;
        if (!subscription.IsDueAt(now) || _broker.Table(subscription.Tenant) is not { } table)
            return;
        var reading = _guard?.Of(subscription.Document.Subscriber, subscription.Tenant);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var page = new List<Entity>();
        foreach (var selector in subscription.Selectors.Count > 0 ? subscription.Selectors : [new EntityQuery()])
        {
            var all = selector with { Scope = subscription.Scope, Geo = subscription.Geo, Q = subscription.Q(), Limit = int.MaxValue };
            foreach (var entity in all.Run(table, now, reading, CancellationToken.None).Entities)
            {
                if (Visible(entity, now) is not { } visible || !seen.Add(entity.Id))
                    continue;
                page.Add(visible);
                if (page.Count < MostEntitiesAtOnce)
                    continue;
                Send(page);
                page.Clear();
            }
        }

        if (page.Count > 0)
            Send(page);

        void Send(List<Entity> entities)
        {
            var shown = new SeenTable(table, _guard?.Of(subscription.Document.Subscriber, subscription.Tenant));
            var told = shown.Reading is null ? entities : [.. shown.Show(entities).Select(e => Visible(e, now)).OfType<Entity>()];
            if (told.Count > 0)
                Queue(member, NotificationWriter.Data(subscription, told, shown.Show), now, shown.Reading?.Shown() ?? default);
        }
    }

    private static Entity? Visible(Entity entity, long now) => Consumption.Visible.At(entity, now);

    private void Queue(Member member, ReadOnlyMemory<byte> data, long now, ReadOnlyMemory<byte> shown = default)
    {
        var subscription = member.Subscription;
        member.Stats.LastQueued = now;
        _delivery.Put(new Notification
        {
            Number = ++_number,
            Tenant = subscription.Tenant,
            Subscription = subscription.Id,
            At = now,
            Media = subscription.Media,
            Context = subscription.Media == MediaType.JsonLd ? null : subscription.ContextUrl,
            Guarded = shown.IsEmpty ? null : (subscription.Document.Subscriber ?? default, shown),
            Body = NotificationWriter.Envelope(subscription, _ids.Next(), now, data),
        });
    }

    private enum WorkKind
    {
        Change,
        Subscription,
        Tick,
        Position,
        Barrier,
    }

    private readonly record struct Work
    {
        public required WorkKind Kind { get; init; }

        public EntityChange Change { get; init; }

        public Subscription? Before { get; init; }

        public Subscription? After { get; init; }

        public SubscriptionStats? Stats { get; init; }

        public long Position { get; init; }

        public Action? Run { get; init; }
    }

    private sealed record Member(Subscription Subscription, SubscriptionStats Stats, ITimer? Timer);
}
