using CityHub.Context.Entities;
using CityHub.Context.Temporal;
using CityHub.Core.Ports;
using CityHub.Core.Series;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Sensing.Mqtt;

/// <summary>At least once on the wire is once in the city: a reading that a device repeats is the same instance.</summary>
public sealed class RepeatedReadingTests
{
    private const string Thing = "urn:x:a";
    private const string Value = "https://example.org/v";

    [Fact]
    public async Task A_reading_that_comes_twice_is_one_instance_and_no_second_fact()
    {
        using var store = new EmbeddedUnderTest();
        var broker = Open(store, out var series);
        await RecordAsync(broker, (1, "1.5"));
        var head = store.Log.Head;
        await RecordAsync(broker, (1, "1.5"));
        Assert.Equal(head, store.Log.Head);
        Assert.Equal(1, Count(series));
    }

    [Fact]
    public async Task A_window_that_is_sent_again_after_a_broken_connection_adds_nothing()
    {
        using var store = new EmbeddedUnderTest();
        var broker = Open(store, out var series);
        await RecordAsync(broker, (1, "1"), (2, "2"), (3, "3"));
        // Some were on their way when the connection broke; all come again, with those that follow.
        await RecordAsync(broker, (1, "1"), (2, "2"), (3, "3"), (4, "4"), (4, "4"));
        Assert.Equal(4, Count(series));
        var now = Assert.Single(broker.Table("")?.Find(Thing)?.Unpacked().Attributes ?? []);
        Assert.Equal("4", System.Text.Encoding.UTF8.GetString(now.Value.Span));
    }

    [Fact]
    public async Task Another_value_for_the_same_time_is_no_repetition()
    {
        using var store = new EmbeddedUnderTest();
        var broker = Open(store, out _);
        await RecordAsync(broker, (1, "1"));
        var head = store.Log.Head;
        await RecordAsync(broker, (1, "2"));
        Assert.Equal(head + 1, store.Log.Head);
    }

    private static Broker Open(EmbeddedUnderTest store, out ISeries series)
    {
        var broker = new Broker(store.Log, store.Snapshots, TimeProvider.System);
        series = store.Store.Series;
        broker.Observe(new History(series, broker));
        broker.Start(0);
        return broker;
    }

    private static async Task RecordAsync(Broker broker, params (int Second, string Value)[] readings) => Assert.True((await broker.RecordAsync(
        "",
        [.. readings.Select(r => new Observation(Thing, "https://example.org/T", new DateTimeOffset(2026, 1, 1, 0, 0, r.Second, TimeSpan.Zero), [new ObservedValue(Value, System.Text.Encoding.UTF8.GetBytes(r.Value))]))],
        TestContext.Current.CancellationToken)).Ok);

    private static long Count(ISeries series) => series.Extent(new SeriesKey("", Thing, Value)).Count;
}
