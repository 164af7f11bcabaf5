using System.Collections.Concurrent;
using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Context.JsonLd;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using Microsoft.Extensions.Logging;

namespace CityHub.Context.Subscriptions;

/// <summary>
/// Who wants to be told of what (clause 5.8): subscriptions as facts of the stream <c>subscriptions</c>, the matcher that listens to the broker, and the
/// delivery of what it finds. Open it before the broker starts, and start the broker from <see cref="Position"/>.
/// </summary>
public sealed class SubscriptionRoom : IFactObserver, IAsyncDisposable
{
    public const string StreamName = "subscriptions";

    private const string CreatedFact = "SubscriptionCreated";
    private const string ChangedFact = "SubscriptionChanged";
    private const string DeletedFact = "SubscriptionDeleted";

    private static readonly TimeSpan FlushEvery = TimeSpan.FromSeconds(1);

    private readonly IFactLog _log;
    private readonly Broker _broker;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly PendingView _view;
    private readonly Delivery _delivery;
    private readonly HttpClient _client;
    private readonly MqttSender _mqtt;
    private readonly Matcher _matcher;
    private readonly SubscriptionCompiler _compiler;
    private readonly ConcurrentDictionary<(string Tenant, string Id), Entry> _subscriptions = new();
    private readonly ConcurrentDictionary<string, bool> _tenants = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _deciding = new(1);
    private readonly CancellationTokenSource _stop = new();
    private Task _flushing = Task.CompletedTask;

    /// <param name="random">Spreads the retries of many endpoints.</param>
    public SubscriptionRoom(IFactLog log, IViews views, Broker broker, ContextStore contexts, TimeProvider clock, IIdSource ids, Random random, ILogger logger, IEntityGuard? guard = null)
    {
        Guard = guard;
        (_log, _broker, _clock, _logger) = (log, broker, clock, logger);
        _view = new PendingView(views);
        _client = HttpSender.Client();
        _mqtt = new MqttSender(clock, ids);
        _delivery = new Delivery(_view, new HttpSender(_client, clock), _mqtt, clock, random, logger, guard);
        var last = 0L;
        foreach (var notification in _view.Notifications())
            last = notification.Number;
        _matcher = new Matcher(broker, _delivery, _view.Position, last, clock, ids, logger, guard);
        _compiler = new SubscriptionCompiler(contexts);
        Ids = ids;
        foreach (var tenant in KnownTenants())
            _tenants[tenant] = true;
    }

    /// <summary>Tenants that have, or had, subscriptions.</summary>
    public IReadOnlyCollection<string> Tenants => [.. _tenants.Keys];

    /// <summary>Changes up to here need not be seen again.</summary>
    public long Position => _view.Position;

    public int Count => _subscriptions.Count;

    public int Pending => _delivery.Pending;

    public long Delivered => _delivery.Delivered;

    public long Failures => _delivery.Failures;

    /// <summary>Notifications of endpoints that took too long or had too many waiting.</summary>
    public long GivenUp => _delivery.GivenUp;

    internal IIdSource Ids { get; }

    internal IEntityGuard? Guard { get; }

    internal long Now => _clock.GetUtcNow().UtcTicks;

    /// <summary>Reads the subscriptions and what was left to deliver, and begins to listen. The contexts of <see cref="Tenants"/> are known by now.</summary>
    public async Task LoadAsync(CancellationToken cancel)
    {
        foreach (var tenant in Tenants)
        {
            foreach (var (document, since) in ReadFacts(tenant))
            {
                if (!(await _compiler.CompileAsync(tenant, document, cancel)).TryGet(out var subscription, out var problem))
                {
                    // Its context cannot be had, or an older hub allowed what this one does not. The fact stays; it is tried again at the next start.
                    _logger.LogError("Subscription {Subscription} is left out: {Problem}", document.Id, problem);
                    continue;
                }

                subscription.Since = since;
                Apply(null, subscription, _view.Stats(tenant, document.Id));
            }

            _broker.Tenant(tenant);
        }

        _broker.Observe(_matcher);
        _log.Observe(this);
        _matcher.Barrier(() =>
        {
            foreach (var notification in _view.Notifications())
                _delivery.Put(notification);
        });
        _flushing = FlushAsync();
    }

    internal Result<Subscription> Find(string tenant, string id) => _subscriptions.TryGetValue((tenant, id), out var entry)
        ? entry.Subscription
        : ContextProblems.ResourceNotFound.Because($"There is no subscription {id}.");

    internal SubscriptionStats StatsOf(Subscription subscription) =>
        _subscriptions.TryGetValue((subscription.Tenant, subscription.Id), out var entry) ? entry.Stats : new SubscriptionStats();

    /// <summary>In order of creation.</summary>
    internal IReadOnlyList<Subscription> List(string tenant) =>
        [.. _subscriptions.Where(s => s.Key.Tenant == tenant).Select(s => s.Value.Subscription).OrderBy(s => s.Document.CreatedAt).ThenBy(s => s.Id, StringComparer.Ordinal)];

    /// <summary>5.8.1.</summary>
    /// <param name="subscriber">Who is to be told of entities of the types that the subscription names; null: everybody sees everything.</param>
    internal async ValueTask<Result<Done>> CreateAsync(string tenant, SubscriptionDocument document, CancellationToken cancel, SubscriberOf? subscriber = null)
    {
        if (!(await CompileAsync(tenant, document, subscriber, cancel)).TryGet(out var subscription, out var problem))
            return problem;
        document = subscription.Document;
        if (subscription.ExpiresAt != 0 && subscription.ExpiresAt <= Now)
            return ContextProblems.BadRequestData.Because("expiresAt lies in the past.", rule: "ETSI GS CIM 009, 5.8.1.4");
        await _deciding.WaitAsync(cancel);
        try
        {
            if (_subscriptions.ContainsKey((tenant, document.Id)))
                return ContextProblems.AlreadyExists.Because($"There is a subscription {document.Id} already.");
            _broker.Tenant(tenant);
            return await RecordAsync(tenant, CreatedFact, document.Encode(), new Said(null, subscription), cancel);
        }
        finally
        {
            _deciding.Release();
        }
    }

    /// <summary>5.8.2. The fragment's words are IRIs already.</summary>
    /// <param name="queryContext">The context of a q or geoQ in the fragment; null when it has none.</param>
    internal async ValueTask<Result<Done>> ChangeAsync(string tenant, string id, ReadOnlyMemory<byte> fragment, ReadOnlyMemory<byte>? queryContext, bool setsExpiry, CancellationToken cancel, SubscriberOf? subscriber = null)
    {
        await _deciding.WaitAsync(cancel);
        try
        {
            if (!Find(tenant, id).TryGet(out var before, out var problem))
                return problem;
            var document = before.Document with
            {
                Members = SubscriptionMembers.Merge(before.Document.Members, fragment),
                QueryContext = queryContext ?? before.Document.QueryContext,
                ModifiedAt = Now,
            };
            // Whoever changes a subscription is told from now on: a new endpoint is not given what another was granted.
            if (!(await CompileAsync(tenant, document with { Subscriber = null }, subscriber, cancel)).TryGet(out var after, out problem))
                return problem;
            document = after.Document;
            if (setsExpiry && after.ExpiresAt != 0 && after.ExpiresAt <= Now)
                return ContextProblems.BadRequestData.Because("expiresAt lies in the past.", rule: "ETSI GS CIM 009, 5.8.2.4");
            return await RecordAsync(tenant, ChangedFact, document.Encode(), new Said(before, after), cancel);
        }
        finally
        {
            _deciding.Release();
        }
    }

    /// <summary>5.8.5.</summary>
    internal async ValueTask<Result<Done>> DeleteAsync(string tenant, string id, CancellationToken cancel)
    {
        await _deciding.WaitAsync(cancel);
        try
        {
            if (!Find(tenant, id).TryGet(out var before, out var problem))
                return problem;
            return await RecordAsync(tenant, DeletedFact, before.Document.Encode(), new Said(before, null), cancel);
        }
        finally
        {
            _deciding.Release();
        }
    }

    /// <summary>The fact is durable: readers see it, and the matcher gets it in line with the changes before and after it.</summary>
    public void Observed(ReadOnlySpan<Fact> facts, object? state)
    {
        if (state is not Said said)
            return;
        if (said.After is { } after)
            after.Since = said.Before is { IsActive: true } before ? before.Since : facts[^1].Position;
        var stats = said.Before is { } known && _subscriptions.TryGetValue((known.Tenant, known.Id), out var entry) ? entry.Stats : new SubscriptionStats();
        Apply(said.Before, said.After, stats);
    }

    /// <summary>Writes down what is pending and where the matcher stands. Also done every second, before every snapshot and when the hub stops.</summary>
    public void Flush() => _delivery.Flush(() => _matcher.Matched, always: true);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _flushing;
        await _matcher.DisposeAsync();
        await _delivery.DisposeAsync();
        Flush();
        await _mqtt.DisposeAsync();
        _client.Dispose();
        _deciding.Dispose();
        _stop.Dispose();
    }

    private async ValueTask<Result<Subscription>> CompileAsync(string tenant, SubscriptionDocument document, SubscriberOf? subscriber, CancellationToken cancel)
    {
        var compiled = await _compiler.CompileAsync(tenant, document, cancel);
        if (subscriber is null || !compiled.TryGet(out var subscription, out var problem))
            return compiled;
        var types = subscription.Selectors.Select(s => s.Types?.Named).OfType<IReadOnlyCollection<int>>().SelectMany(t => t).ToHashSet();
        if (!(await subscriber(types.Count == 0 ? null : types)).TryGet(out var said, out problem))
            return problem;
        return said is null ? subscription : await _compiler.CompileAsync(tenant, document with { Subscriber = said }, cancel);
    }

    private static string Stream(string tenant) => tenant.Length == 0 ? StreamName : $"{StreamName}@{tenant}";

    private void Apply(Subscription? before, Subscription? after, SubscriptionStats stats)
    {
        if (after is not null)
        {
            _subscriptions[(after.Tenant, after.Id)] = new Entry(after, stats);
            if (_tenants.TryAdd(after.Tenant, true) || _view.Position == 0)
                _view.Later(PendingView.TenantPrefix + after.Tenant, "1"u8.ToArray());
        }
        else if (before is not null)
            _subscriptions.TryRemove((before.Tenant, before.Id), out _);
        _matcher.Put(before, after, stats);
    }

    private async ValueTask<Result<Done>> RecordAsync(string tenant, string type, ReadOnlyMemory<byte> payload, Said said, CancellationToken cancel)
    {
        // Once it is in line, the caller going away does not take it back: the lock is held until it is known how it went.
        cancel.ThrowIfCancellationRequested();
        var appended = await _log.AppendAsync(new Append(Stream(tenant), [new NewFact(type, payload)], _clock.GetUtcNow()) { State = said }, CancellationToken.None);
        return appended.Ok ? Done.Value : appended.Problem;
    }

    /// <summary>From the view; and from the facts behind it, where a first subscription of a tenant may not have reached the view.</summary>
    private IEnumerable<string> KnownTenants()
    {
        yield return "";
        foreach (var tenant in _view.Tenants())
            yield return tenant;
        foreach (var fact in _log.Read(_view.Position))
            if (fact.Stream.StartsWith(StreamName + "@", StringComparison.Ordinal))
                yield return fact.Stream[(StreamName.Length + 1)..];
    }

    private Dictionary<string, (SubscriptionDocument Document, long Since)>.ValueCollection ReadFacts(string tenant)
    {
        var known = new Dictionary<string, (SubscriptionDocument Document, long Since)>(StringComparer.Ordinal);
        foreach (var fact in _log.Read(0, Stream(tenant)))
        {
            var document = SubscriptionDocument.Decode(fact.Payload);
            if (fact.Type == DeletedFact)
                known.Remove(document.Id);
            else
                known[document.Id] = (document, known.TryGetValue(document.Id, out var before) && IsActive(before.Document) ? before.Since : fact.Position);
        }

        return known.Values;
    }

    private static bool IsActive(SubscriptionDocument document)
    {
        using var json = System.Text.Json.JsonDocument.Parse(document.Members);
        return !json.RootElement.TryGetProperty("isActive"u8, out var active) || active.ValueKind != System.Text.Json.JsonValueKind.False;
    }

    private async Task FlushAsync()
    {
        using var timer = new PeriodicTimer(FlushEvery, _clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await Task.Run(() => _delivery.Flush(() => _matcher.Matched, always: false), CancellationToken.None);
                }
#pragma warning disable CA1031 // A disk without room: what is pending stays in memory, and is written when there is room again.
                catch (Exception e)
#pragma warning restore CA1031
                {
                    _logger.LogError(e, "Pending notifications could not be written down; the hub goes on delivering.");
                }

                _mqtt.CloseIdle();
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private sealed record Entry(Subscription Subscription, SubscriptionStats Stats);

    private sealed record Said(Subscription? Before, Subscription? After);
}

/// <summary>Who is told of entities of these types (null: of any), as the guard of entities has him.</summary>
internal delegate ValueTask<Result<ReadOnlyMemory<byte>?>> SubscriberOf(IReadOnlyCollection<int>? types);
