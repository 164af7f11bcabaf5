using System.Diagnostics;

namespace CityHub.Bench.Broker;

/// <summary>The disk alone: what every durable figure runs against.</summary>
internal static class Disk
{
    public static double FsyncsPerSecond(TimeSpan time)
    {
        var path = Path.Combine(Path.GetTempPath(), $"cityhub-fsync-{Environment.ProcessId}");
        try
        {
            using var handle = File.OpenHandle(path, FileMode.Create, FileAccess.Write, preallocationSize: 1 << 20);
            var block = new byte[4096];
            RandomAccess.Write(handle, new byte[1 << 20], 0);
            RandomAccess.FlushToDisk(handle);
            var (began, count) = (Stopwatch.GetTimestamp(), 0);
            while (Stopwatch.GetElapsedTime(began) < time)
            {
                block[0]++;
                RandomAccess.Write(handle, block, count % 256 * 4096L);
                RandomAccess.FlushToDisk(handle);
                count++;
            }

            return count / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
        finally
        {
            File.Delete(path);
        }
    }
}
