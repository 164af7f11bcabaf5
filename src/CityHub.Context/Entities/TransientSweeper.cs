using CityHub.Core.Problems;
using Microsoft.Extensions.Logging;

namespace CityHub.Context.Entities;

/// <summary>
/// Deletes what is past its expiresAt (clause 4.22). Readers do not see it from that moment on; here its end becomes a fact, so that history and
/// subscribers learn of it and the memory is free again. Open it before the broker starts, and <see cref="Run"/> it after.
/// </summary>
public sealed class TransientSweeper : IChangeObserver, IAsyncDisposable
{
    /// <summary>Entities in one fact: other writers of the tenant wait that long at most.</summary>
    public const int BatchEntities = 500;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Broker _broker;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();

    /// <summary>Who is looked at next, and when. An entity that got more time, or is gone, is noticed then.</summary>
    private readonly PriorityQueue<(string Tenant, string Id), long> _due = new();
    private readonly Dictionary<(string Tenant, string Id), long> _next = [];
    private Task _loop = Task.CompletedTask;

    public TransientSweeper(Broker broker, TimeProvider clock, ILogger logger)
    {
        (_broker, _clock, _logger) = (broker, clock, logger);
        broker.Observe(this);
    }

    /// <summary>Looks through what the broker knows from its snapshot, then sweeps every second.</summary>
    public void Run() => _loop = Task.Run(RunAsync);

    public void Changed(in EntityChange change)
    {
        var edit = change.Edit;
        var earliest = edit.ExpiresAt is > 0 and var expires ? expires : long.MaxValue;
        for (var i = 0; i < edit.Set.Count; i++)
            if (edit.Set[i].ExpiresAt != 0)
                earliest = Math.Min(earliest, edit.Set[i].ExpiresAt);
        if (earliest != long.MaxValue)
            Expect((change.Tenant, edit.Id), earliest);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    /// <summary>Everything transient that is in the tables by now: a snapshot tells no changes.</summary>
    internal void LookThrough()
    {
        foreach (var tenant in _broker.Tenants)
            foreach (var entity in _broker.Table(tenant)?.All() ?? [])
                if (entity.EarliestExpiry() is > 0 and var expires)
                    Expect((tenant, entity.Id), expires);
    }

    /// <summary>Deletes what has expired by now.</summary>
    /// <returns>How many entities are gone or lost attributes.</returns>
    internal async ValueTask<int> SweepAsync(CancellationToken cancel)
    {
        var swept = 0;
        while (Due() is { Count: > 0 } due)
            foreach (var tenant in due.GroupBy(d => d.Tenant, d => d.Id))
            {
                var ids = tenant.Distinct(StringComparer.Ordinal).ToList();
                var done = await _broker.DecideAsync<int>(tenant.Key, EntityFacts.Expired, known => Decide(known, ids), cancel);
                var later = done.Ok ? 0 : (_clock.GetUtcNow() + Period).UtcTicks;
                foreach (var id in ids)
                    if ((done.Ok ? _broker.Table(tenant.Key)?.Find(id)?.EarliestExpiry() ?? 0 : later) is > 0 and var next)
                        Expect((tenant.Key, id), next);
                if (done.Ok)
                    swept += done.Value;
                else
                    _logger.LogWarning("What has expired stays for now, unseen: {Reason}", done.Problem.Detail);
            }

        return swept;
    }

    private static Result<Decision<int>> Decide(Known known, List<string> ids)
    {
        var edits = new List<EntityEdit>(ids.Count);
        foreach (var id in ids)
        {
            if (known.Stored(id) is not { } entity)
                continue;
            if (entity.ExpiresAt != 0 && entity.ExpiresAt <= known.Now)
            {
                edits.Add(EntityChanges.Delete(id, known.Now));
                continue;
            }

            var removed = new List<RemovedAttribute>();
            foreach (var attribute in entity.Attributes)
                if (attribute.ExpiresAt != 0 && attribute.ExpiresAt <= known.Now)
                    removed.Add(new RemovedAttribute(attribute.Name, attribute.Dataset, false));
            if (removed.Count > 0)
                edits.Add(EntityChanges.Edit(entity, known.Now) with { Removed = removed });
        }

        return new Decision<int>(edits, edits.Count);
    }

    private void Expect((string Tenant, string Id) entity, long at)
    {
        lock (_gate)
        {
            if (_next.TryGetValue(entity, out var known) && known <= at)
                return;
            _next[entity] = at;
            _due.Enqueue(entity, at);
        }
    }

    private List<(string Tenant, string Id)> Due()
    {
        var now = _clock.GetUtcNow().UtcTicks;
        var due = new List<(string Tenant, string Id)>();
        lock (_gate)
            while (due.Count < BatchEntities && _due.TryPeek(out _, out var at) && at <= now)
            {
                var entity = _due.Dequeue();
                _next.Remove(entity);
                due.Add(entity);
            }

        return due;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Period, _clock);
        try
        {
            LookThrough();
            do
                await SweepAsync(_stop.Token);
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
