using System.Text;
using CityHub.Context;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Context.Temporal;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Tests.Storage.Embedded;
using CsCheck;

namespace CityHub.Tests.Context.Entities;

public sealed class BrokerTests : IDisposable
{
    private readonly EmbeddedUnderTest _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public async Task An_entity_is_there_after_a_restart_that_reads_the_log()
    {
        await Create(Start(), "urn:a", """{"speed":{"type":"Property","value":55,"observedAt":"2026-01-01T00:00:00Z","unitCode":"KMH"}}""");
        _store.Reopen();

        var entity = Known(Start(), "urn:a");

        Assert.Equal("55", Encoding.UTF8.GetString(Assert.Single(entity.Attributes).Value.Span));
        Assert.Equal("KMH", entity.Attributes[0].UnitCode);
    }

    [Fact]
    public async Task A_restart_from_a_snapshot_replays_only_the_tail_and_knows_the_same()
    {
        var broker = Start();
        await Create(broker, "urn:a", """{"speed":{"type":"Property","value":1}}""");
        await Create(broker, "urn:b", """{"speed":{"type":"Property","value":2}}""");
        broker.Snapshot();
        await Change(broker, "urn:a", """{"speed":{"type":"Property","value":3}}""");
        await Delete(broker, "urn:b");
        _store.Reopen();

        var again = Start();

        Assert.Equal("3", Encoding.UTF8.GetString(Known(again, "urn:a").Attributes[0].Value.Span));
        Assert.Equal(1, again.Count(""));
    }

    [Fact]
    public async Task Creating_what_is_there_is_refused_and_leaves_it_as_it_is()
    {
        var broker = Start();
        await Create(broker, "urn:a", """{"speed":{"type":"Property","value":1}}""");

        var second = await TryCreate(broker, "urn:a", """{"speed":{"type":"Property","value":2}}""");

        Assert.Equal("already-exists", second.Problem?.Code);
        Assert.Equal("1", Encoding.UTF8.GetString(Known(broker, "urn:a").Attributes[0].Value.Span));
    }

    [Fact]
    public async Task Of_many_who_create_one_entity_at_once_exactly_one_succeeds()
    {
        var broker = Start();

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () => await TryCreate(broker, "urn:a", $$$"""{"by":{"type":"Property","value":{{{i}}}}}"""))));

        Assert.Single(answers, a => a.Ok);
        Assert.Equal(1, broker.Count(""));
    }

    [Fact]
    public async Task A_write_that_the_disk_refused_is_not_seen_by_the_next_decision()
    {
        var log = new RefusingLog(_store.Log);
        var broker = new Broker(log, _store.Snapshots, TimeProvider.System);
        broker.Start(long.MaxValue);
        log.Refuse = true;
        var refused = await TryCreate(broker, "urn:a", """{"speed":{"type":"Property","value":1}}""");
        log.Refuse = false;

        var second = await TryCreate(broker, "urn:a", """{"speed":{"type":"Property","value":2}}""");

        Assert.Equal("storage-full", refused.Problem?.Code);
        Assert.True(second.Ok, second.Problem?.ToString());
    }

    [Fact]
    public async Task Observations_make_entities_and_late_ones_belong_to_the_history_only()
    {
        var broker = Start(out var history);
        var noon = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

        await Observe(broker, noon, 20);
        await Observe(broker, noon.AddHours(-1), 10);

        var entity = Known(broker, "urn:air:1");
        Assert.Equal("20", Encoding.UTF8.GetString(entity.Attributes[0].Value.Span));
        var samples = history.Series.Read(Assert.Single(history.Series.Of("", "urn:air:1")), 0, long.MaxValue).Select(s => s.Number);
        Assert.Equal([10.0, 20.0], samples);
    }

    [Fact]
    public async Task Readings_keep_the_milliseconds_of_their_time()
    {
        var broker = Start();

        await Observe(broker, new DateTimeOffset(2026, 1, 1, 12, 0, 0, 250, TimeSpan.Zero), 20);

        var entity = Known(broker, "urn:air:1").Unpacked();
        Assert.Equal("2026-01-01T12:00:00.250Z", Times.Text(entity.Attributes[0].ObservedAt, entity.Attributes[0].ObservedDigits));
    }

    [Fact]
    public async Task Readings_that_arrive_together_become_few_facts_and_none_is_lost()
    {
        var broker = Start();
        var at = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        await Task.WhenAll(Enumerable.Range(0, 500).Select(i => broker.RecordAsync("",
            [new Observation($"urn:air:{i}", "https://example.org/Air", at, [new ObservedValue("https://example.org/no2", Encoding.UTF8.GetBytes($"{i}"))])]).AsTask()));

        Assert.Equal(500, broker.Count(""));
        Assert.InRange(_store.Log.Head, 1, 250);
    }

    [Fact]
    public void Attributes_come_back_from_rest_as_they_went_there() =>
        Generated.Attribute.List[0, 8].Sample(attributes => Generated.Same(attributes, EntityPacking.Unpack(EntityPacking.Pack(attributes))));

    [Fact]
    public void Bytes_of_another_process_mean_the_same_after_their_ids_are_renumbered() => Generated.Attribute.List[1, 8].Sample(attributes =>
    {
        var packed = EntityPacking.Pack(attributes);
        var count = Iris.Count;
        var shifted = Enumerable.Range(0, count).Select(i => (i + 1) % count).ToArray();
        var back = Enumerable.Range(0, count).Select(i => (i + count - 1) % count).ToArray();
        EntityPacking.Renumber(packed, shifted);
        EntityPacking.Renumber(packed, back);
        return Generated.Same(attributes, EntityPacking.Unpack(packed));
    });

    [Fact]
    public void Facts_read_back_as_the_edits_that_were_written()
    {
        Generated.Edit.Sample(edit =>
        {
            var read = Assert.Single(EntityFacts.Decode(EntityFacts.Encode([edit])));
            return Generated.Same(edit, read);
        });
    }

    [Fact]
    public async Task Whatever_was_done_a_restart_knows_the_same_entities()
    {
        var broker = Start();
        var random = new Random(7);
        for (var i = 0; i < 400; i++)
        {
            var id = $"urn:e:{random.Next(12)}";
            var body = $$$"""{"a{{{random.Next(3)}}}":{"type":"Property","value":{{{i}}}}}""";
            _ = random.Next(4) switch
            {
                0 => await TryCreate(broker, id, body),
                1 => await Change(broker, id, body),
                2 => await Change(broker, id, """{"a1":"urn:ngsi-ld:null"}"""),
                _ => await Delete(broker, id),
            };
            if (i == 200)
                broker.Snapshot();
        }

        var before = Everything(broker);
        _store.Reopen();

        Assert.Equal(before, Everything(Start()));
    }

    private static string Everything(Broker broker) =>
        string.Join('\n', (broker.Table("")?.All() ?? []).OrderBy(e => e.Id, StringComparer.Ordinal).Select(e => Encoding.UTF8.GetString(EntityFacts.Encode(e))));

    private static Entity Known(Broker broker, string id) => broker.Table("")?.Find(id) ?? throw new InvalidOperationException($"{id} is not known.");

    private static EntityFragment Fragment(string attributes, ReadMode mode) => EntityReader.Read(Encoding.UTF8.GetBytes(attributes), LdContext.Core, mode).Value;

    private static async Task Create(Broker broker, string id, string attributes) => Assert.True((await TryCreate(broker, id, attributes)).Ok);

    private static ValueTask<Result<Done>> TryCreate(Broker broker, string id, string attributes)
    {
        var fragment = Fragment(attributes, ReadMode.Append) with { Types = [LdContext.Core.Name("Vehicle")] };
        return broker.DecideAsync<Done>("", EntityFacts.Created, known => known.Find(id) is not null
            ? ContextProblems.AlreadyExists.Because("There.")
            : new Decision<Done>([EntityChanges.Create(fragment, id, known.Now)], Done.Value), CancellationToken.None);
    }

    private static ValueTask<Result<Done>> Change(Broker broker, string id, string attributes)
    {
        var fragment = Fragment(attributes, ReadMode.Update);
        return broker.DecideAsync<Done>("", EntityFacts.Changed, known => known.Find(id) is not { } entity
            ? ContextProblems.ResourceNotFound.Because("Not there.")
            : new Decision<Done>(EntityChanges.Update(entity, fragment, known.Now).Edit is { } edit ? [edit] : [], Done.Value), CancellationToken.None);
    }

    private static ValueTask<Result<Done>> Delete(Broker broker, string id) => broker.DecideAsync<Done>("", EntityFacts.Deleted, known => known.Find(id) is null
        ? ContextProblems.ResourceNotFound.Because("Not there.")
        : new Decision<Done>([EntityChanges.Delete(id, known.Now)], Done.Value), CancellationToken.None);

    private static async Task Observe(Broker broker, DateTimeOffset at, double value) => Assert.True((await broker.RecordAsync("",
        [new Observation("urn:air:1", "https://example.org/Air", at, [new ObservedValue("https://example.org/no2", Encoding.UTF8.GetBytes($"{value}"), "GQ")])])).Ok);

    private Broker Start() => Start(out _);

    private Broker Start(out History history)
    {
        var broker = new Broker(_store.Log, _store.Snapshots, TimeProvider.System);
        history = new History(_store.Store.Series, broker, _store.Views.Open("history"));
        broker.Observe(history);
        broker.Start(history.Position);
        return broker;
    }

    /// <summary>Says no as a full disk would: the epoch moves, then the append fails.</summary>
    internal sealed class RefusingLog(IFactLog inner) : IFactLog
    {
        private long _epoch;

        public bool Refuse { get; set; }

        public long Head => inner.Head;

        public long Epoch => _epoch;

        public ValueTask<Result<Appended>> AppendAsync(Append append, CancellationToken cancel = default)
        {
            if (!Refuse)
                return inner.AppendAsync(append with { Epoch = Append.AnyVersion }, cancel);
            _epoch++;
            return new ValueTask<Result<Appended>>(FactProblems.StorageFull.Because("No room."));
        }

        public IEnumerable<Fact> Read(long after, string? stream = null) => inner.Read(after, stream);

        public ValueTask WaitAsync(long after, CancellationToken cancel) => inner.WaitAsync(after, cancel);

        public long VersionOf(string stream) => inner.VersionOf(stream);

        public void Observe(IFactObserver observer) => inner.Observe(observer);
    }
}
