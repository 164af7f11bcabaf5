using System.Text;
using System.Text.Json;
using CityHub.Context;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Context.Subscriptions;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Context.Subscriptions;

/// <summary>A broker with subscriptions over a real store, and a clock of its own.</summary>
internal sealed class Notifying : IAsyncDisposable
{
    private readonly HttpClient _http = new();

    private Notifying(EmbeddedUnderTest store, IViews views, DateTimeOffset now)
    {
        Clock = new FakeTimeProvider(now);
        Contexts = new ContextStore(store.Log, Clock, new Counter(), _http);
        Broker = new Broker(store.Log, store.Snapshots, Clock);
        Room = new SubscriptionRoom(store.Log, views, Broker, Contexts, Clock, new Counter(), new Random(1), NullLogger.Instance);
    }

    public FakeTimeProvider Clock { get; }

    public ContextStore Contexts { get; }

    public Broker Broker { get; }

    public SubscriptionRoom Room { get; }

    public static async Task<Notifying> StartAsync(EmbeddedUnderTest store, IViews? views = null, DateTimeOffset? now = null)
    {
        var it = new Notifying(store, views ?? store.Views, now ?? new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero));
        it.Contexts.Start(it.Room.Tenants);
        await it.Room.LoadAsync(CancellationToken.None);
        it.Broker.Start(it.Room.Position);
        return it;
    }

    public async Task<Result<Done>> TrySubscribeAsync(string json, string tenant = "")
    {
        using var document = JsonDocument.Parse(json);
        var now = Clock.GetUtcNow().UtcTicks;
        return await Room.CreateAsync(tenant, new SubscriptionDocument
        {
            Id = document.RootElement.GetProperty("id").GetString() ?? "",
            Members = SubscriptionMembers.Expand(document.RootElement, LdContext.Core, fragment: false),
            Context = LdContext.Core.Json,
            QueryContext = LdContext.Core.Json,
            CreatedAt = now,
            ModifiedAt = now,
        }, CancellationToken.None);
    }

    /// <summary>A subscription to vehicles, with more members where they are given.</summary>
    public async Task SubscribeAsync(string id, string uri, string more = "", string notification = "", string endpoint = "", string tenant = "")
    {
        var done = await TrySubscribeAsync(Vehicles(id, uri, more, notification, endpoint), tenant);
        Assert.True(done.Ok, done.Problem?.ToString());
    }

    public static string Vehicles(string id, string uri, string more = "", string notification = "", string endpoint = "") =>
        $$$"""{"id":"{{{id}}}","type":"Subscription","entities":[{"type":"Vehicle"}]{{{more}}},"notification":{"endpoint":{"uri":"{{{uri}}}"{{{endpoint}}}}{{{notification}}}}}""";

    public async Task<Result<Done>> PatchAsync(string id, string json)
    {
        using var document = JsonDocument.Parse(json);
        return await Room.ChangeAsync("", id, SubscriptionMembers.Expand(document.RootElement, LdContext.Core, fragment: true), null, json.Contains("expiresAt", StringComparison.Ordinal), CancellationToken.None);
    }

    public string Told(string id, string tenant = "")
    {
        var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            var subscription = Room.Find(tenant, id).Value;
            SubscriptionMembers.Write(json, subscription, Room.StatsOf(subscription), LdContext.Core, false, false, Clock.GetUtcNow().UtcTicks);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    public async Task CreateAsync(string id, string attributes, string type = "Vehicle", string tenant = "")
    {
        var fragment = EntityReader.Read(Encoding.UTF8.GetBytes(attributes), LdContext.Core, ReadMode.Append).Value with { Types = [LdContext.Core.Name(type)] };
        Assert.True((await Broker.DecideAsync<Done>(tenant, EntityFacts.Created, known => new Decision<Done>([EntityChanges.Create(fragment, id, known.Now)], Done.Value), CancellationToken.None)).Ok);
    }

    /// <summary>Appends attributes, or overwrites them; urn:ngsi-ld:null takes one away.</summary>
    public async Task ChangeAsync(string id, string attributes, string tenant = "")
    {
        var fragment = EntityReader.Read(Encoding.UTF8.GetBytes(attributes), LdContext.Core, ReadMode.Update).Value;
        Assert.True((await Broker.DecideAsync<Done>(tenant, EntityFacts.Changed, known => known.Find(id) is { } entity
            ? new Decision<Done>(EntityChanges.Append(entity, fragment, false, known.Now).Edit is { } edit ? [edit] : [], Done.Value)
            : ContextProblems.ResourceNotFound.Because("Not there."), CancellationToken.None)).Ok);
    }

    public async Task DeleteAsync(string id) =>
        Assert.True((await Broker.DecideAsync<Done>("", EntityFacts.Deleted, known => new Decision<Done>([EntityChanges.Delete(id, known.Now)], Done.Value), CancellationToken.None)).Ok);

    public async ValueTask DisposeAsync()
    {
        await Room.DisposeAsync();
        _http.Dispose();
    }

    internal sealed class Counter : IIdSource
    {
        private int _last;

        public Guid Next() => new(Interlocked.Increment(ref _last), 0, 0, [0, 0, 0, 0, 0, 0, 0, 1]);
    }
}
