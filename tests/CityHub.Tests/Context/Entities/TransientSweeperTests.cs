using System.Text;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Context.Temporal;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Context.Entities;

public sealed class TransientSweeperTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly EmbeddedUnderTest _store = new();
    private readonly FakeTimeProvider _clock = new(Noon);

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task An_entity_past_its_time_is_deleted_as_a_fact_and_its_history_remembers_it()
    {
        var (broker, sweeper, history) = Start();
        await Write(broker, "urn:a", """{"id":"urn:a","type":"Bus","expiresAt":"2026-06-01T12:00:10Z","speed":5}""");
        await Write(broker, "urn:b", """{"id":"urn:b","type":"Bus","speed":5}""");

        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(0, await sweeper.SweepAsync(Cancel));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await sweeper.SweepAsync(Cancel));

        Assert.Null(Find(broker, "urn:a"));
        Assert.NotNull(Find(broker, "urn:b"));
        Assert.Equal(Noon.AddSeconds(10).UtcTicks, history.Find("", "urn:a")?.DeletedAt);
        Assert.Equal(EntityFacts.Expired, _store.Log.Read(0).Last().Type);
        _store.Reopen();
        Assert.Equal(1, Start().Broker.Count(""));
    }

    [Fact]
    public async Task An_attribute_past_its_time_goes_and_the_others_stay()
    {
        var (broker, sweeper, _) = Start();
        await Write(broker, "urn:a", """{"id":"urn:a","type":"Bus","speed":[{"value":1,"expiresAt":"2026-06-01T12:00:10Z"},{"value":2,"datasetId":"urn:d:2"}],"fuel":{"value":3,"expiresAt":"2026-06-01T12:00:20Z"}}""");

        _clock.Advance(TimeSpan.FromSeconds(10));
        await sweeper.SweepAsync(Cancel);
        Assert.Equal(["2", "3"], Values(broker, "urn:a").Order());
        _clock.Advance(TimeSpan.FromSeconds(10));
        await sweeper.SweepAsync(Cancel);
        Assert.Equal(["2"], Values(broker, "urn:a"));
    }

    [Fact]
    public async Task Who_got_more_time_stays_until_then()
    {
        var (broker, sweeper, _) = Start();
        await Write(broker, "urn:a", """{"id":"urn:a","type":"Bus","expiresAt":"2026-06-01T12:00:10Z"}""");
        await Write(broker, "urn:a", """{"id":"urn:a","type":"Bus","expiresAt":"2026-06-01T12:01:00Z"}""");

        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(0, await sweeper.SweepAsync(Cancel));
        Assert.NotNull(Find(broker, "urn:a"));
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, await sweeper.SweepAsync(Cancel));
        Assert.Equal(0, broker.Count(""));
    }

    [Fact]
    public async Task What_a_snapshot_brought_back_expires_too()
    {
        var broker = Start().Broker;
        await Write(broker, "urn:a", """{"id":"urn:a","type":"Bus","expiresAt":"2026-06-01T12:00:10Z","speed":1}""");
        await Write(broker, "urn:b", """{"id":"urn:b","type":"Bus","line":{"object":"urn:l:1","observedAt":"2026-06-01T12:00:00Z","datasetId":"urn:d","objectType":"Line","by":{"value":1,"expiresAt":"2026-06-01T12:00:01Z"}},"speed":{"value":1,"unitCode":"KMH","expiresAt":"2026-06-01T12:00:10Z"},"fuel":2}""");
        broker.Snapshot();
        _store.Reopen();

        var (again, sweeper, _) = Start();
        sweeper.LookThrough();
        _clock.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(2, await sweeper.SweepAsync(Cancel));
        Assert.Null(Find(again, "urn:a"));
        Assert.Equal(["\"urn:l:1\"", "2"], Values(again, "urn:b").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Many_that_end_together_end_in_facts_of_a_bounded_size()
    {
        var (broker, sweeper, _) = Start();
        var many = Enumerable.Range(0, 2 * TransientSweeper.BatchEntities + 1).Select(i => $"urn:e:{i}").ToList();
        var fragment = Read("""{"id":"urn:e","type":"Bus","expiresAt":"2026-06-01T12:00:10Z"}""");
        foreach (var tenant in new[] { "", "east" })
            await broker.DecideAsync<Done>(tenant, EntityFacts.Batch, known =>
            {
                var now = known.Now;
                return new Decision<Done>([.. many.Select(id => EntityChanges.Create(fragment, id, now))], Done.Value);
            }, Cancel);
        var before = _store.Log.Head;

        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(2 * many.Count, await sweeper.SweepAsync(Cancel));

        Assert.Equal(0, broker.Count("") + broker.Count("east"));
        Assert.All(_store.Log.Read(before).Where(f => f.Type == EntityFacts.Expired), f => Assert.InRange(EntityFacts.Decode(f.Payload).Count, 1, TransientSweeper.BatchEntities));
    }

    [Fact]
    public async Task The_timer_sweeps_without_being_asked()
    {
        var (broker, sweeper, _) = Start();
        await Write(broker, "urn:a", """{"id":"urn:a","type":"Bus","expiresAt":"2026-06-01T12:00:10Z"}""");
        sweeper.Run();
        while (broker.Count("") > 0)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, Cancel);
        }

        await sweeper.DisposeAsync();
        Assert.True(_clock.GetUtcNow() >= Noon.AddSeconds(10));
    }

    [Fact]
    public async Task A_full_disk_puts_it_off_and_nothing_is_forgotten()
    {
        var log = new BrokerTests.RefusingLog(_store.Log);
        var (broker, sweeper, _) = Start(log);
        await Write(broker, "urn:a", """{"id":"urn:a","type":"Bus","expiresAt":"2026-06-01T12:00:10Z"}""");
        _clock.Advance(TimeSpan.FromSeconds(10));
        log.Refuse = true;
        Assert.Equal(0, await sweeper.SweepAsync(Cancel));
        Assert.Equal(1, broker.Count(""));

        log.Refuse = false;
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await sweeper.SweepAsync(Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Entity? Find(Broker broker, string id) => broker.Table("")?.Find(id);

    private static IEnumerable<string> Values(Broker broker, string id) => Find(broker, id)?.Attributes.Select(a => Encoding.UTF8.GetString(a.Value.Span)) ?? [];

    private static EntityFragment Read(string json) => EntityReader.Read(Encoding.UTF8.GetBytes(json), LdContext.Core, ReadMode.Entity).Value;

    private static async Task Write(Broker broker, string id, string json) => Assert.True((await broker.DecideAsync<Done>("", EntityFacts.Created, known =>
        new Decision<Done>([EntityChanges.Create(Read(json), id, known.Now)], Done.Value), CancellationToken.None)).Ok);

    private (Broker Broker, TransientSweeper Sweeper, History History) Start(IFactLog? log = null)
    {
        var broker = new Broker(log ?? _store.Log, _store.Snapshots, _clock);
        var history = new History(_store.Store.Series, broker, _store.Views.Open("history"));
        broker.Observe(history);
        var sweeper = new TransientSweeper(broker, _clock, NullLogger.Instance);
        broker.Start(history.Position);
        return (broker, sweeper, history);
    }
}
