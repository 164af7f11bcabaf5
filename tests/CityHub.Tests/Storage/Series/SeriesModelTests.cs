using CityHub.Core.Series;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Series;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Storage.Series;

/// <summary>
/// Random histories: whatever was appended, revised, removed and expired, in whatever order of times, with flushes and crashes between, the
/// store answers as the plain one does. A crash loses what was not flushed; what follows the store's position is said again.
/// </summary>
public sealed class SeriesModelTests : IDisposable
{
    private static readonly SeriesOptions Small = new()
    {
        OpenSamples = 12, ChunkSamples = 48, BlockSamples = 16, HourSamples = 6, CachedBooks = 3, FlushSamples = 400, ChunkBodyBytes = 600,
    };

    private static readonly SeriesKey[] Keys =
    [
        new("", "urn:a", "speed"), new("", "urn:a", "speed", "urn:d:1"), new("", "urn:a", "level"), new("", "urn:b", "speed"), new("t", "urn:a", "speed"),
        new("", "urn:c", "speed"), new("", "urn:d", "speed"), new("t", "urn:e", "speed"),
    ];

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Answers_as_the_plain_one_does_over_flushes_and_crashes(int seed)
    {
        var random = new Random(seed);
        var plain = new PlainSeries();
        var said = new List<Action<ISeries>>();
        var store = Open();
        for (var step = 0; step < 1_500; step++)
        {
            var say = Next(random, plain);
            said.Add(say);
            say(plain);
            say(store);
            if (random.Next(3) > 0)
                store.Advance(said.Count);
            switch (random.Next(60))
            {
                case 0 or 1:
                    store.Advance(said.Count);
                    store.Flush();
                    Assert.Equal(said.Count, store.Position);
                    break;
                case 2:
                    store.Dispose();
                    store = Open();
                    foreach (var again in said.Skip((int)store.Position))
                        again(store);
                    store.Advance(said.Count);
                    break;
            }

            if (step % 7 == 0)
                Same(random, plain, store);
        }

        foreach (var key in Keys)
            Assert.Equal(plain.Read(key, long.MinValue, long.MaxValue).Select(Plain), store.Read(key, long.MinValue, long.MaxValue).Select(Plain));
        store.Dispose();
    }

    [Theory]
    [InlineData("SeriesBeforeChanges")]
    [InlineData("SeriesBeforeCommit")]
    [InlineData("SeriesAfterCommit")]
    public void After_a_crash_at_any_step_of_a_flush_the_file_is_as_of_its_position(string name)
    {
        var random = new Random(7);
        var states = new List<PlainSeries>();
        var said = new List<Action<ISeries>>();
        var copies = new List<TestFolder>();
        var point = Enum.Parse<FaultPoint>(name);
        using (var store = Open(Small with { Fault = at => { if (at == point && copies.Count < 8) lock (copies) copies.Add(_folder.Copy()); } }))
        {
            for (var step = 0; step < 400; step++)
            {
                var plain = new PlainSeries();
                foreach (var before in said)
                    before(plain);
                var say = Next(random, plain);
                said.Add(say);
                say(store);
                store.Advance(said.Count);
                if (step % 50 == 49)
                    store.Flush();
            }
        }

        Assert.NotEmpty(copies);
        foreach (var copy in copies)
        {
            using var reopened = Open(folder: copy.Path);
            var plain = new PlainSeries();
            foreach (var say in said.Take((int)reopened.Position))
                say(plain);
            foreach (var key in Keys)
                Assert.Equal(plain.Read(key, long.MinValue, long.MaxValue).Select(Plain), reopened.Read(key, long.MinValue, long.MaxValue).Select(Plain));
            copy.Dispose();
        }
    }

    [Fact]
    public void What_fell_silent_leaves_memory_and_is_read_from_the_file()
    {
        using var store = Open();
        for (var i = 0; i < 200; i++)
            store.Append(new SeriesKey("", $"urn:{i}", "speed"), [new Sample(i, i, i, default)]);
        store.Advance(1);
        store.Flush();

        Assert.Equal(0, store.Books);
        Assert.Equal(7, store.Read(new SeriesKey("", "urn:7", "speed"), 0, 1_000).Single().Number);
        for (var i = 0; i < 200; i++)
            Assert.Single(store.Of("", $"urn:{i}"));
        Assert.InRange(store.Books, 1, 10);
    }

    [Fact]
    public async Task Readers_find_every_sample_once_while_others_append_and_flush()
    {
        using var store = Open();
        var key = Keys[0];
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                var before = store.Extent(key).Count;
                var numbers = store.Read(key, 0, long.MaxValue).Select(s => s.Number).ToList();
                Assert.True(numbers.Count >= before);
                for (var i = 0; i < numbers.Count; i++)
                    Assert.Equal(i, numbers[i]);
                // The three are three moments: the sum lies between what was there before it and what was there after it.
                var least = store.Read(key, 0, 100).Count();
                var sum = store.Aggregate(key, 0, 100, 10).Sum(b => b.Count);
                Assert.InRange(sum, least, store.Read(key, 0, 100).Count());
            }
        })).ToArray();
        for (var i = 0; i < 3_000; i++)
        {
            store.Append(key, [new Sample(i, i, i, default)]);
            store.Append(Keys[3], [new Sample(i, i, i, default)]);
            store.Advance(i + 1);
            if (i % 200 == 0)
                store.Flush();
        }

        await done.CancelAsync();
        await Task.WhenAll(readers);
    }

    private EmbeddedSeries Open(SeriesOptions? options = null, string? folder = null) =>
        EmbeddedSeries.Open(folder ?? _folder.Path, long.MaxValue, TimeProvider.System, options ?? Small, failure => Assert.Fail(failure.ToString())).Value;

    private static Action<ISeries> Next(Random random, PlainSeries plain)
    {
        var key = Keys[random.Next(Keys.Length)];
        switch (random.Next(20))
        {
            case 0:
                return series => series.Remove(key);
            case 1 or 2 when Any(random, plain, key) is { } sequence:
                return series => series.Remove(key, sequence);
            case 3 or 4 when Any(random, plain, key) is { } sequence:
                var sample = NewSample(random, 2_000);
                return series => series.Replace(key, sequence, sample);
            case 5:
                var olderThan = random.Next(100);
                return series => series.Expire(k => k == key, olderThan);
            default:
                var (spread, count) = (random.Next(4) == 0 ? 2_000 : 40, random.Next(8) == 0 ? random.Next(150) : 1 + random.Next(3));
                var start = random.Next(2_000);
                Sample[] samples = [.. Enumerable.Range(0, count).Select(_ => NewSample(random, spread) is var s ? s with { Time = s.Time + start } : default)];
                return series => series.Append(key, samples);
        }
    }

    private static long? Any(Random random, PlainSeries plain, SeriesKey key)
    {
        var all = plain.Read(key, long.MinValue, long.MaxValue).ToList();
        return all.Count == 0 ? null : all[random.Next(all.Count)].Sequence;
    }

    private static Sample NewSample(Random random, int spread)
    {
        var time = random.Next(spread);
        byte[] body = random.Next(3) switch { 0 => [], 1 => [1, 2, 3], _ => new byte[random.Next(40)] };
        return new Sample(time, 10_000 + random.Next(3_000), random.Next(5) == 0 ? double.NaN : random.Next(1_000) / 4.0, body);
    }

    private static void Same(Random random, PlainSeries plain, EmbeddedSeries store)
    {
        var key = Keys[random.Next(Keys.Length)];
        var (from, to) = (random.Next(2_500) - 100L, random.Next(3_000) - 100L);
        var limit = random.Next(2) == 0 ? int.MaxValue : random.Next(30);
        foreach (var down in (ReadOnlySpan<bool>)[false, true])
        {
            Assert.Equal(plain.Read(key, from, to, down, limit).Select(Plain), store.Read(key, from, to, down, limit).Select(Plain));
            Assert.Equal(
                plain.Read(key, from + 10_000, to + 11_000, down, limit, byRecorded: true).Select(Plain),
                store.Read(key, from + 10_000, to + 11_000, down, limit, byRecorded: true).Select(Plain));
        }

        Assert.Equal(plain.Extent(key), store.Extent(key));
        if (from < to && 1 + random.Next(400) is var width)
            Assert.Equal(plain.Aggregate(key, from, to, width), store.Aggregate(key, from, to, width));
        Assert.Equal(
            plain.Of(key.Tenant, key.Entity).Where(k => plain.Extent(k).Count > 0).OrderBy(k => (k.Attribute, k.Dataset)),
            store.Of(key.Tenant, key.Entity).OrderBy(k => (k.Attribute, k.Dataset)));
        if (Any(random, plain, key) is { } sequence)
            Assert.Equal(plain.Find(key, sequence) is { } s ? Plain(s) : "", store.Find(key, sequence) is { } t ? Plain(t) : "none");
        Assert.Null(store.Find(key, long.MaxValue));
    }

    private static string Plain(Sample s) => FormattableString.Invariant($"{s.Time} {s.Recorded} {s.Number} {s.Sequence} {Convert.ToHexString(s.Body.Span)}");
}
