using System.Diagnostics;
using System.Globalization;
using CityHub.Core.Facts;
using CityHub.Storage.Embedded;

namespace CityHub.Bench.Storage;

/// <summary>The rate of the fact log beside the rate of the disk under it, measured in the same run.</summary>
public static class FactLogBench
{
    /// <param name="folder">An empty folder on the disk in question.</param>
    public static async Task<FactLogFigures> RunAsync(string folder, TimeSpan each, CancellationToken cancel = default)
    {
        double fsync = FsyncRate(Path.Combine(folder, "fsync.probe"), each / 2);
        (double single, double p99, double longest) = await SingleAsync(Path.Combine(folder, "single"), 32, each, cancel);
        double bulk = await BulkAsync(Path.Combine(folder, "bulk"), each, cancel);
        double read = Read(Path.Combine(folder, "bulk"));
        return new FactLogFigures(fsync, single, p99, longest, bulk, read);
    }

    /// <summary>Overwrites of 8 KB with an fsync each, as the log does in its write-ahead log.</summary>
    public static double FsyncRate(string path, TimeSpan time)
    {
        using FileStream file = new(path, FileMode.Create, FileAccess.Write, FileShare.None, 0);
        byte[] block = new byte[1 << 20];
        for (int i = 0; i < 16; i++)
        {
            file.Write(block);
        }

        file.Flush(true);
        int count = 0;
        var random = new Random(1);
        long start = Stopwatch.GetTimestamp();
        for (; Stopwatch.GetElapsedTime(start) < time; count++)
        {
            random.NextBytes(block.AsSpan(0, 8192));
            file.Position = count % 2000 * 8192L;
            file.Write(block, 0, 8192);
            file.Flush(true);
        }

        double rate = count / Stopwatch.GetElapsedTime(start).TotalSeconds;
        file.Dispose();
        File.Delete(path);
        return rate;
    }

    /// <summary>Appends of one fact of 300 bytes, each awaited by its caller before the next.</summary>
    public static async Task<(double PerSecond, double P99Ms, double LongestMs)> SingleAsync(
        string folder, int callers, TimeSpan time, CancellationToken cancel, EmbeddedOptions? options = null)
    {
        await using EmbeddedStore store = EmbeddedStore.Open(folder, TimeProvider.System, options).Value;
        IFactLog log = store.Log;
        DateTimeOffset at = TimeProvider.System.GetUtcNow();
        var latencies = new List<double>[callers];
        long start = Stopwatch.GetTimestamp();
        Task<long>[] tasks = new Task<long>[callers];
        for (int c = 0; c < callers; c++)
        {
            List<double> mine = latencies[c] = new List<double>(1 << 16);
            byte[] payload = new byte[300];
            new Random(c).NextBytes(payload);
            tasks[c] = Task.Run(
                async () =>
                {
                    long count = 0;
                    while (Stopwatch.GetElapsedTime(start) < time)
                    {
                        long before = Stopwatch.GetTimestamp();
                        _ = (await log.AppendAsync(new Append("entities", [new NewFact("EntityReplaced", payload)], at), cancel)).Value;
                        mine.Add(Stopwatch.GetElapsedTime(before).TotalMilliseconds);
                        count++;
                    }

                    return count;
                },
                cancel);
        }

        long total = (await Task.WhenAll(tasks)).Sum();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double[] all = [.. latencies.SelectMany(l => l)];
        Array.Sort(all);
        return (total / seconds, all[(int)(all.Length * 0.99)], all[^1]);
    }

    /// <summary>Appends of 1,000 facts of 100 bytes from four callers.</summary>
    public static async Task<double> BulkAsync(string folder, TimeSpan time, CancellationToken cancel, EmbeddedOptions? options = null)
    {
        await using EmbeddedStore store = EmbeddedStore.Open(folder, TimeProvider.System, options).Value;
        IFactLog log = store.Log;
        DateTimeOffset at = TimeProvider.System.GetUtcNow();
        long start = Stopwatch.GetTimestamp();
        Task<long>[] tasks = new Task<long>[4];
        for (int c = 0; c < tasks.Length; c++)
        {
            byte[] payload = new byte[100];
            new Random(c).NextBytes(payload);
            NewFact[] facts = [.. Enumerable.Repeat(new NewFact("Observed", payload), 1000)];
            tasks[c] = Task.Run(
                async () =>
                {
                    long count = 0;
                    for (; Stopwatch.GetElapsedTime(start) < time; count += facts.Length)
                    {
                        _ = (await log.AppendAsync(new Append("readings", facts, at), cancel)).Value;
                    }

                    return count;
                },
                cancel);
        }

        long total = (await Task.WhenAll(tasks)).Sum();
        return total / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>Reads the whole log, checks included.</summary>
    static double Read(string folder)
    {
        using EmbeddedStore store = EmbeddedStore.Open(folder, TimeProvider.System).Value;
        long start = Stopwatch.GetTimestamp();
        long count = 0;
        foreach (Fact _ in store.Log.Read(0))
        {
            count++;
        }

        return count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}

/// <param name="FsyncPerSecond">Of the disk alone: the limit of groups per second.</param>
public sealed record FactLogFigures(double FsyncPerSecond, double SinglePerSecond, double SingleP99Ms, double SingleLongestMs, double BulkPerSecond, double ReadPerSecond)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"fsync {FsyncPerSecond:N0}/s · single appends, 32 callers {SinglePerSecond:N0}/s, p99 {SingleP99Ms:N2} ms, longest {SingleLongestMs:N1} ms · bulk {BulkPerSecond:N0} facts/s · read {ReadPerSecond:N0} facts/s");
}
