using System.Diagnostics;
using CityHub.Storage.Embedded.Sqlite;

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

    /// <summary>Rows of 100 bytes appended in transactions of 1,000, each durable.</summary>
    public static double SqliteRowsPerSecond()
    {
        var folder = Directory.CreateTempSubdirectory("cityhub-sqlite-").FullName;
        try
        {
            using var db = SqliteDb.Open(Path.Combine(folder, "rows.db"));
            db.Execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)");
            var (begin, insert, commit) = (db.Prepare("BEGIN"), db.Prepare("INSERT INTO rows VALUES (?, ?)"), db.Prepare("COMMIT"));
            var (body, rows, began) = (new byte[100], 0L, Stopwatch.GetTimestamp());
            while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(1))
            {
                begin.Run();
                for (var i = 0; i < 1_000; i++)
                    insert.Bind(1, ++rows).RunWithBlob(2, body);
                commit.Run();
            }

            return rows / Stopwatch.GetElapsedTime(began).TotalSeconds;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
