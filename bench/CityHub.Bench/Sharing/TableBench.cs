using System.Diagnostics;
using System.Globalization;
using System.Text;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Tables;

namespace CityHub.Bench.Sharing;

/// <summary>What the tables of datasets cost: writing, scanning, looking up one row, and the memory of a reader of a large one.</summary>
public static class TableBench
{
    const string Owner = "bench";

    /// <summary>Six columns as a register has them: a key, a name, a district, an amount, a count, an instant.</summary>
    public static TableSchema Schema { get; } = new(
        [
            new("id", ColumnType.Text, Nullable: false), new("name", ColumnType.Text), new("district", ColumnType.Text), new("amount", ColumnType.Number),
            new("children", ColumnType.Integer), new("seen", ColumnType.Instant),
        ],
        Key: 0);

    static readonly int[] All = [0, 1, 2, 3, 4, 5];

    /// <param name="WriteRowsPerSecond">Encoded, hashed, sealed and durable.</param>
    /// <param name="ReaderMb">What live memory grew by at most while the table was scanned.</param>
    public sealed record Figures(long Rows, double WriteRowsPerSecond, double ScanRowsPerSecond, double FileMb, double ReaderMb);

    /// <summary>Rows of the register, made as they are read: the table may be larger than the memory.</summary>
    /// <param name="keyed">False: no index in memory, as for a table that is only appended.</param>
    public static async Task<Figures> ScanAsync(string folder, long rows, bool isSealed, bool keyed = false, CancellationToken cancel = default)
    {
        using DepartmentKeys keys = Unlocked();
        await using EmbeddedStore store = EmbeddedStore.Open(folder, TimeProvider.System, new EmbeddedOptions { Tables = new TablesOptions { Keys = keys } }).Value;
        TableSchema schema = keyed ? Schema : Schema with { Key = -1 };
        ITable table = store.Tables.Open("bench", schema, isSealed ? Owner : null, []).Value;
        long start = Stopwatch.GetTimestamp();
        table.Publish((await table.PrepareAsync(new Register(schema, rows), WriteMode.Replace, cancel)).Value);
        double write = rows / Stopwatch.GetElapsedTime(start).TotalSeconds;

        long before = GC.GetTotalMemory(forceFullCollection: true), most = before, seen = 0;
        start = Stopwatch.GetTimestamp();
        await using (IRows scan = table.Scan(All).Value)
        {
            for (long look = 0; await scan.NextAsync(cancel) is { } batch; look++)
            {
                seen += batch.Rows;
                if (look % 64 == 0)
                {
                    most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: false));
                }
            }
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double bytes = Directory.EnumerateFiles(Path.Combine(folder, "tables", "bench")).Sum(f => new FileInfo(f).Length);
        return seen == rows ? new(rows, write, rows / seconds, bytes / 1e6, (most - before) / 1e6) : throw new InvalidOperationException($"{seen} rows of {rows} came back.");
    }

    /// <summary>Rows found by key in a second of one core (processor time, so that a busy machine says the same): among a thousand keys that were asked for before, and among all.</summary>
    public static async Task<(double Warm, double Any)> FindAsync(string folder, int rows, bool isSealed, TimeSpan time, CancellationToken cancel = default)
    {
        using DepartmentKeys keys = Unlocked();
        await using EmbeddedStore store = EmbeddedStore.Open(folder, TimeProvider.System, new EmbeddedOptions { Tables = new TablesOptions { Keys = keys } }).Value;
        ITable table = store.Tables.Open("bench", Schema, isSealed ? Owner : null, []).Value;
        table.Publish((await table.PrepareAsync(new Register(Schema, rows), WriteMode.Replace, cancel)).Value);
        var random = new Random(5);
        byte[][] warm = [.. Enumerable.Range(0, 1000).Select(_ => Register.Key(random.Next(rows)))], any = [.. Enumerable.Range(0, 20_000).Select(_ => Register.Key(random.Next(rows)))];
        Rate(table, warm, time / 4);
        return (Rate(table, warm, time), Rate(table, any, time));
    }

    static double Rate(ITable table, byte[][] keys, TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp(), found = 0;
        TimeSpan before = Environment.CpuUsage.TotalTime;
        for (int i = 0; (i & 63) != 0 || Stopwatch.GetElapsedTime(start) < time; i++)
        {
            found += table.Find(keys[i % keys.Length], All).Value.Rows;
        }

        return found / (Environment.CpuUsage.TotalTime - before).TotalSeconds;
    }

    static DepartmentKeys Unlocked()
    {
        var keys = new DepartmentKeys();
        keys.Unlock(Owner, Enumerable.Range(1, 32).Select(i => (byte)i).ToArray());
        return keys;
    }

    internal sealed class Register(TableSchema schema, long rows) : IRows
    {
        static readonly byte[][] Names = [.. Enumerable.Range(0, 5000).Select(i => Encoding.UTF8.GetBytes($"陈{(char)(0x4e00 + i * 7 % 3000)}{(char)(0x4e00 + i)}"))];
        static readonly byte[][] Districts = [.. Enumerable.Range(0, 38).Select(i => Encoding.UTF8.GetBytes($"district {i}"))];

        readonly BatchBuilder _builder = new(schema);
        readonly Random _random = new(11);
        long _next;

        public TableSchema Schema => schema;

        public static byte[] Key(long i)
        {
            byte[] key = new byte[18];
            Write(i, key);
            return key;
        }

        public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
        {
            _builder.Clear();
            Span<byte> key = stackalloc byte[18];
            for (; _next < rows && !_builder.Full; _next++)
            {
                Write(_next, key);
                _builder.Text(key).Text(Names[_random.Next(Names.Length)]).Text(Districts[_random.Next(Districts.Length)]).Number(_random.Next(1_000_000) / 100.0);
                if (_next % 20 == 0)
                {
                    _builder.Null();
                }
                else
                {
                    _builder.Integer(_random.Next(5));
                }

                _builder.Integer(1_700_000_000_000_000 + _next * 1_000_000 + _random.Next(1_000_000));
            }

            return new(_builder.Rows == 0 ? null : _builder.Batch);
        }

        public ValueTask DisposeAsync() => default;

        static void Write(long i, Span<byte> key)
        {
            "5001"u8.CopyTo(key);
            (i * 48_271 % 100_000_000_000_000).TryFormat(key[4..], out _, "D14", CultureInfo.InvariantCulture);
        }
    }
}
