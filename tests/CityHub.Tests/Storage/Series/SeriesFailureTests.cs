using CityHub.Core.Series;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Series;
using CityHub.Storage.Embedded.Sqlite;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Storage.Series;

public sealed class SeriesFailureTests : IDisposable
{
    private static readonly SeriesOptions Small = new() { OpenSamples = 16, ChunkSamples = 64, BlockSamples = 32 };

    private static readonly SeriesKey Key = new("", "urn:a", "speed");

    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("SeriesBeforeChanges")]
    [InlineData("SeriesBeforeCommit")]
    public void A_full_disk_is_told_and_nothing_is_lost_when_there_is_room_again(string name)
    {
        var (point, full) = (Enum.Parse<FaultPoint>(name), false);
        using (var store = Open(Small with { Fault = at => { if (full && at == point) throw new SqliteException(Native.Full, "database or disk is full"); } }))
        {
            Say(store, 0, 300);
            store.Flush();
            full = true;
            Say(store, 300, 300);

            var refused = Assert.Throws<StorageException>(store.Flush);

            Assert.Equal("storage-full", refused.Problem.Code);
            Assert.Equal("storage-full", store.Failure?.Code);
            Assert.Equal(300, store.Position);
            Assert.Equal(600, store.Read(Key, 0, 1_000).Count());
            full = false;
            Say(store, 600, 10);
            store.Flush();
            Assert.Null(store.Failure);
            Assert.Equal(610, store.Position);
        }

        using var reopened = Open(Small);
        Assert.Equal(Enumerable.Range(0, 610).Select(i => (double)i), reopened.Read(Key, 0, 1_000).Select(s => s.Number));
        Assert.Equal(610, reopened.Aggregate(Key, 0, 1_000, 1_000).Single().Count);
    }

    [Fact]
    public void A_flipped_bit_anywhere_in_the_file_is_told_or_does_no_harm()
    {
        using (var store = Open(Small))
        {
            Say(store, 0, 500);
            store.Flush();
        }

        var path = Path.Combine(_folder.Path, SeriesFile.FileName);
        var (sound, random, told) = (File.ReadAllBytes(path), new Random(3), 0);
        for (var i = 0; i < 120; i++)
        {
            var bytes = (byte[])sound.Clone();
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            using var folder = new TestFolder();
            File.WriteAllBytes(Path.Combine(folder.Path, SeriesFile.FileName), bytes);
            try
            {
                var opened = EmbeddedSeries.Open(folder.Path, long.MaxValue, TimeProvider.System, Small, failure => Assert.Fail(failure.ToString()));
                if (!opened.Ok)
                {
                    told++;
                    continue;
                }

                using var store = opened.Value;
                if (store.Position == 500 && store.Of("", "urn:a").Count == 1)
                    Assert.Equal(Enumerable.Range(0, 500).Select(n => (double)n), store.Read(Key, 0, 1_000).Select(s => s.Number).ToList());
            }
            catch (StorageException damage)
            {
                Assert.Contains(damage.Problem.Code, (string[])["storage-damaged", "storage-unavailable"]);
                told++;
            }
            catch (SqliteException)
            {
                told++; // The shape of the file itself: the store that opens it explains.
            }
        }

        Assert.InRange(told, 5, 120);
    }

    [Fact]
    public void Refused_when_the_log_is_shorter_than_the_history()
    {
        using (var store = Open(Small))
        {
            Say(store, 0, 20);
            store.Flush();
        }

        var refused = EmbeddedSeries.Open(_folder.Path, 19, TimeProvider.System, Small, _ => { });

        Assert.Equal("storage-damaged", refused.Problem?.Code);
    }

    [Fact]
    public void Whole_numbers_and_decimals_come_back_to_the_last_bit()
    {
        double[] numbers = [0, -0.0, 1, 0.1, -273.15, 1e-300, double.MaxValue, double.Epsilon, 1.0 / 3, double.PositiveInfinity, double.NaN, 123456789.125, 4503599627370497.5];
        using (var store = Open(Small))
        {
            for (var copy = 0; copy < 20; copy++)
                store.Append(Key, [.. numbers.Select((n, i) => new Sample(i + copy * 100, 0, n, default))]);
            store.Append(new SeriesKey("", "urn:few", "x"), [.. numbers.Select((n, i) => new Sample(i, 0, n, default))]);
            store.Advance(1);
            store.Flush();
        }

        using var reopened = Open(Small);
        Assert.Equal(
            Enumerable.Range(0, 20).SelectMany(_ => numbers).Select(BitConverter.DoubleToInt64Bits),
            reopened.Read(Key, 0, long.MaxValue).Select(s => BitConverter.DoubleToInt64Bits(s.Number)));
        Assert.Equal(numbers.Select(BitConverter.DoubleToInt64Bits), reopened.Read(new SeriesKey("", "urn:few", "x"), 0, 100).Select(s => BitConverter.DoubleToInt64Bits(s.Number)));
    }

    private EmbeddedSeries Open(SeriesOptions options) =>
        EmbeddedSeries.Open(_folder.Path, long.MaxValue, TimeProvider.System, options, failure => Assert.Fail(failure.ToString())).Value;

    private static void Say(EmbeddedSeries store, int from, int count)
    {
        for (var i = from; i < from + count; i++)
        {
            store.Append(Key, [new Sample(i, i, i, default)]);
            store.Advance(i + 1);
        }
    }
}
