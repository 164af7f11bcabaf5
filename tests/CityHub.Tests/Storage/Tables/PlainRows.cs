using System.Globalization;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Tables;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Storage.Tables;

/// <summary>Rows as plain objects, handed over in batches of any size.</summary>
internal sealed class PlainRows(TableSchema schema, IReadOnlyList<object?[]> rows, int batch = 100) : IRows
{
    readonly BatchBuilder _builder = new(schema, batch);
    int _next;

    public TableSchema Schema => schema;

    /// <summary>Rows that are taken away; such as stand side by side come in one batch.</summary>
    public Func<int, bool> Goes { get; init; } = _ => false;

    /// <summary>Called before each batch.</summary>
    public Action<int>? Before { get; init; }

    public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        Before?.Invoke(_next);
        _builder.Clear();
        bool goes = Goes(_next);
        for (; _next < rows.Count && !_builder.Full && Goes(_next) == goes; _next++)
        {
            for (int c = 0; c < schema.Columns.Count; c++)
            {
                Put(_builder, rows[_next][c]);
            }
        }

        _builder.Batch.Gone = goes;
        return new(_builder.Rows == 0 ? null : _builder.Batch);
    }

    public ValueTask DisposeAsync() => default;

    static void Put(BatchBuilder builder, object? value) => _ = value switch
    {
        null => builder.Null(),
        string text => builder.Text(text),
        double number => builder.Number(number),
        long integer => builder.Integer(integer),
        bool truth => builder.Integer(truth ? 1 : 0),
        DateOnly day => builder.Date(day),
        DateTimeOffset at => builder.Instant(at),
        _ => throw new ArgumentException($"{value.GetType()} has no column."),
    };

    public static object? Value(ColumnBatch column, int row) => column.IsNull(row) ? null : column.Type switch
    {
        ColumnType.Text => column.Text(row),
        ColumnType.Number => column.Numbers[row],
        ColumnType.Boolean => column.Integers[row] != 0,
        ColumnType.Date => DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays((int)column.Integers[row]),
        ColumnType.Instant => DateTimeOffset.UnixEpoch.AddTicks(column.Integers[row] * TimeSpan.TicksPerMicrosecond),
        _ => column.Integers[row],
    };

    public static async Task<List<object?[]>> ReadAsync(IRows rows)
    {
        var all = new List<object?[]>();
        await using (rows)
        {
            while (await rows.NextAsync(TestContext.Current.CancellationToken) is { } batch)
            {
                Assert.InRange(batch.Rows, 1, RowBatch.Usual);
                for (int row = 0; row < batch.Rows; row++)
                {
                    all.Add([.. batch.Columns.Select(c => Value(c, row))]);
                }
            }
        }

        return all;
    }

    public static string Say(IEnumerable<object?[]> rows) => string.Join('\n', rows.Select(row => string.Join('|', row.Select(v => v switch
    {
        null => "∅",
        double d => BitConverter.DoubleToInt64Bits(d).ToString("x", CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => v.ToString(),
    }))));
}

/// <summary>A store with one table, whose facts are a list in memory.</summary>
internal sealed class TableUnderTest : IDisposable
{
    public const string Owner = "民政局";

    public static readonly TableSchema People = new(
        [
            new("id", ColumnType.Text, Nullable: false), new("name", ColumnType.Text), new("income", ColumnType.Number), new("children", ColumnType.Integer),
            new("married", ColumnType.Boolean), new("born", ColumnType.Date), new("seen", ColumnType.Instant),
        ],
        Key: 0);

    readonly bool _sealed;
    readonly TableSchema _schema;
    readonly EmbeddedOptions _options;

    public TableUnderTest(bool isSealed, TableSchema? schema = null, int groupRows = 2048, Action<FaultPoint>? fault = null, int groupBytes = 8 << 20)
    {
        (_sealed, _schema) = (isSealed, schema ?? People);
        Keys.Unlock(Owner, Key);
        _options = new EmbeddedOptions { WalBytes = 256 << 10, Stop = _ => { }, Fault = fault, Tables = new TablesOptions { Keys = Keys, GroupRows = groupRows, GroupBytes = groupBytes, CacheBytes = 100_000 } };
        Store = EmbeddedStore.Open(Folder.Path, TimeProvider.System, _options).Value;
        Table = Opened(Store, Facts);
    }

    public static byte[] Key { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)(i * 7))];

    public TestFolder Folder { get; } = new();

    public DepartmentKeys Keys { get; } = new();

    public List<ReadOnlyMemory<byte>> Facts { get; } = [];

    public EmbeddedStore Store { get; private set; }

    public ITable Table { get; private set; }

    public string TableFolder => System.IO.Path.Combine(Folder.Path, "tables", EmbeddedTables.FileName("people"));

    public string[] Segments => [.. Directory.EnumerateFiles(TableFolder).Order()];

    public ITable Opened(EmbeddedStore store, IReadOnlyList<ReadOnlyMemory<byte>> facts) => store.Tables.Open("people", _schema, _sealed ? Owner : null, facts).Value;

    public async Task<TableDraft> PrepareAsync(WriteMode mode, params object?[][] rows) =>
        (await Table.PrepareAsync(new PlainRows(_schema, rows), mode, TestContext.Current.CancellationToken)).Value;

    /// <summary>Rows come and go in one delivery.</summary>
    public async Task<TableDraft> PrepareAsync(Func<int, bool> goes, params object?[][] rows) =>
        (await Table.PrepareAsync(new PlainRows(_schema, rows) { Goes = goes }, WriteMode.Upsert, TestContext.Current.CancellationToken)).Value;

    public async Task DeliverAsync(WriteMode mode, params object?[][] rows) => Publish(await PrepareAsync(mode, rows));

    public void Publish(TableDraft draft)
    {
        Facts.Add(draft.Manifest);
        Table.Publish(draft);
    }

    public async Task CompactAsync()
    {
        if ((await Table.CompactAsync(TestContext.Current.CancellationToken)).Value is { } draft)
        {
            Publish(draft);
        }
    }

    public Task<List<object?[]>> ReadAsync(long from = 0, params int[] columns) => ReadAsync(Table, from, columns);

    public static async Task<List<object?[]>> ReadAsync(ITable table, long from = 0, params int[] columns) => await PlainRows.ReadAsync(
        table.Scan(columns.Length > 0 ? columns : Enumerable.Range(0, table.Schema.Columns.Count).ToArray(), from).Value);

    public object?[]? Find(string key)
    {
        RowBatch batch = Table.Find(Encoding.UTF8.GetBytes(key), Enumerable.Range(0, _schema.Columns.Count).ToArray()).Value;
        return batch.Rows == 0 ? null : [.. batch.Columns.Select(c => PlainRows.Value(c, 0))];
    }

    public Problem? Refused => Table.Scan(new[] { 0 }).Problem;

    public void Reopen()
    {
        Store.Dispose();
        Store = EmbeddedStore.Open(Folder.Path, TimeProvider.System, _options).Value;
        Table = Opened(Store, Facts);
    }

    /// <summary>What another machine would make of this disk with these facts.</summary>
    public async Task<string> ElsewhereAsync(IReadOnlyList<ReadOnlyMemory<byte>> facts)
    {
        using TestFolder copy = Folder.Copy();
        using EmbeddedStore store = EmbeddedStore.Open(copy.Path, TimeProvider.System, _options with { Fault = null }).Value;
        ITable table = Opened(store, facts);
        List<object?[]> rows = await ReadAsync(table);
        Assert.Equal(table.Rows, rows.Count);
        Assert.Null(store.CheckTable("people", facts));
        return PlainRows.Say(rows);
    }

    public void Dispose()
    {
        Store.Dispose();
        Folder.Dispose();
        Keys.Dispose();
    }

    public static object?[] Person(int i, string? note = null) =>
    [
        $"P{i:D6}", note ?? (i % 7 == 0 ? null : $"姓名{i % 50}"), i % 5 == 0 ? null : i * 1.25, i % 11 == 0 ? null : (long)(i % 4), i % 13 == 0 ? null : i % 2 == 0,
        i % 3 == 0 ? null : new DateOnly(1990, 1, 1).AddDays(i % 9000), DateTimeOffset.UnixEpoch.AddSeconds(i * 61L),
    ];

    public static object?[][] Persons(int from, int count, string? note = null) => [.. Enumerable.Range(from, count).Select(i => Person(i, note))];
}
