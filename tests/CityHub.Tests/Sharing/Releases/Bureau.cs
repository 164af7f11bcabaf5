using System.Collections.Immutable;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Sharing.Releases;

/// <summary>A department with one dataset of residents, a store on disk, and whatever grants a test gives.</summary>
internal sealed class Bureau : IGrants, ICatalogue, IPurposes, IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);
    public static readonly Caller Fire = new("lin", "fire", Roles.DataOfficer);

    private readonly TestFolder? _own;
    private readonly EmbeddedStore _store;
    private readonly Dictionary<string, Grant> _grants = [];

    public Bureau(TestFolder? folder = null, IActs? acts = null, ReleaseOptions? options = null, int rows = 200, IKept? kept = null)
    {
        _own = folder is null ? new TestFolder() : null;
        _store = EmbeddedStore.Open((folder ?? _own ?? throw new InvalidOperationException()).Path, Clock).Value;
        Acts = acts ?? _store.Acts;
        Table = new MemoryTable(Dataset, rows);
        Releases = new CityHub.Sharing.Releases.Releases(
            Acts, _store.Log, _store.Views, Kept = kept ?? _store.Kept, new MemoryTables(Table), this, this, this, Clock, options ?? new ReleaseOptions { Secret = Secret });
    }

    public static byte[] Secret { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public FakeTimeProvider Clock { get; } = new(Start);

    public IActs Acts { get; }

    public IKept Kept { get; }

    public IFactLog Log => _store.Log;

    public MemoryTable Table { get; }

    public CityHub.Sharing.Releases.Releases Releases { get; }

    public static Dataset Dataset { get; } = new()
    {
        Id = "residents", Version = 1, Provider = "police", Title = new("居民", "Residents"), Abstract = new("", ""),
        Fields =
        [
            Field("id", ColumnType.Text) with { Personal = true }, Field("name", ColumnType.Text) with { Personal = true }, Field("born", ColumnType.Date), Field("area", ColumnType.Text),
            Field("income", ColumnType.Integer) with { Tolerance = 20 }, Field("height", ColumnType.Number) with { Tolerance = 0.4 }, Field("married", ColumnType.Boolean), Field("seen", ColumnType.Instant),
        ],
        Class = SharingClass.Conditional, Modes = (DeliveryModes)127, Frequency = UpdateFrequency.Daily, Key = "id", Subject = "id", Area = "area", Time = "seen", State = DatasetState.Published,
    };

    public Grant Grant(string id = "g1", Obligations? obligations = null, Rights rights = Rights.Obtain | Rights.Use, GrantState state = GrantState.Active, int version = 1, string receiver = "fire")
    {
        var grant = new Grant
        {
            Id = id, Version = version, Dataset = "residents", Provider = "police", Receiver = receiver, Rights = rights, Purpose = "rescue", Modes = (DeliveryModes)127, State = state,
            Obligations = (obligations ?? Obligations.Nothing) with { Onward = false }, From = Start.AddDays(-1), Until = Start.AddYears(1), Basis = "fire law, art. 1", Item = "item-7", SignedBy = "wang",
        };
        _grants[id] = grant;
        GrantsVersion++;
        return grant;
    }

    public static Ask Ask(DeliveryModes mode = DeliveryModes.Api, Rights right = Rights.Obtain) => new(Fire, right, "residents", "rescue", mode) { Case = "2026-17" };

    public async Task<ReleaseStream> Opened(Ask ask, ReleaseQuery? query = null) => (await Releases.OpenAsync(ask, query ?? ReleaseQuery.All, TestContext.Current.CancellationToken)).Value;

    public async Task<string> RefusedWith(Ask ask, ReleaseQuery? query = null) => (await Releases.OpenAsync(ask, query ?? ReleaseQuery.All, TestContext.Current.CancellationToken)).Problem?.Code ?? "released";

    /// <summary>The rows of an answer as text, fields divided by a bar; ∅: no value.</summary>
    public async Task<List<string>> Rows(Ask ask, ReleaseQuery? query = null)
    {
        await using var stream = await Opened(ask, query);
        var rows = new List<string>();
        while (await stream.NextAsync(TestContext.Current.CancellationToken) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
                rows.Add(string.Join('|', batch.Columns.Select(column => column.IsNull(row) ? "∅" : CellText.TextOf(column, row))));
        stream.Complete();
        return rows;
    }

    public List<(string Type, string What, int Subjects)> ActsOf(string? type = null) =>
    [
        .. _store.Log.Read(0, CityHub.Core.Facts.Acts.Stream).Select(fact =>
        {
            using var payload = System.Text.Json.JsonDocument.Parse(fact.Payload);
            return (fact.Type, payload.RootElement.GetProperty("what").GetRawText(), payload.RootElement.GetProperty("subjects").GetArrayLength());
        }).Where(act => type is null || act.Type == type),
    ];

    public long GrantsVersion { get; private set; }

    long IGrants.Version => GrantsVersion;

    long ICatalogue.Version => 1;

    public IEnumerable<Dataset> Published => [Catalogued];

    /// <summary>The dataset as the catalogue has it.</summary>
    public Dataset Catalogued { get; init; } = Dataset;

    public IReadOnlyList<Grant> Of(string dataset, string receiver) => [.. _grants.Values.Where(grant => grant.Dataset == dataset && grant.Receiver == receiver)];

    Grant? IGrants.Find(string id) => _grants.GetValueOrDefault(id);

    Dataset? ICatalogue.Find(string id) => id == Catalogued.Id ? Catalogued : null;

    public Dataset? OfType(string tenant, string entityType) => null;

    public bool IsNegative(string dataset) => false;

    public bool IsKnown(string code) => code == "rescue";

    public bool Covers(string granted, string asked) => granted == asked;

    Obligations IPurposes.Of(string code) => Obligations.Nothing;

    public void Dispose()
    {
        _store.Dispose();
        _own?.Dispose();
    }

    private static DataField Field(string name, ColumnType type) => new(name, type, new(name, name));
}

/// <summary>Rows in memory, as text; null: no value.</summary>
internal sealed class MemoryTable : ITable
{
    public MemoryTable(Dataset dataset, int rows)
    {
        Schema = dataset.Schema();
        for (var i = 0; i < rows; i++)
            Content.Add(Row(i));
    }

    public List<string?[]> Content { get; } = [];

    public string Name => "residents";

    public TableSchema Schema { get; }

    public long Version { get; set; } = 1;

    /// <summary>Before each batch is read.</summary>
    public Action Reading { get; set; } = () => { };

    public long Rows => Said ?? Content.Count;

    /// <summary>How many rows it says that it has; null: those that it has.</summary>
    public long? Said { get; set; }

    public bool Locked => false;

    public static string?[] Row(int i) =>
    [
        $"50010319900101{i:D4}", i % 7 == 0 ? null : $"王小{(char)('一' + (i % 50))}", $"{1950 + (i % 60)}-0{1 + (i % 9)}-1{i % 10}", $"50010{i % 4}00{i % 10}00{i % 3}", i % 11 == 0 ? null : $"{i * 137 % 20011}",
        $"{150 + (i % 40)}.5", i % 3 == 0 ? "true" : "false", $"2026-02-{1 + (i % 28):D2}T0{i % 10}:30:00Z",
    ];

    public ValueTask<Result<TableDraft>> PrepareAsync(IRows rows, WriteMode mode, CancellationToken cancel = default) => throw new NotSupportedException();

    public void Publish(TableDraft draft) => throw new NotSupportedException();

    public Result<IRows> Scan(ReadOnlyMemory<int> columns, long from = 0) => new Reader(this, columns.ToArray());

    public Result<RowBatch> Find(ReadOnlySpan<byte> key, ReadOnlyMemory<int> columns)
    {
        var wanted = Encoding.UTF8.GetString(key);
        return Batch(Content.FindIndex(row => row[Schema.Key] == wanted) is var at and >= 0 ? [Content[at]] : [], columns.ToArray());
    }

    private RowBatch Batch(IReadOnlyList<string?[]> rows, int[] columns)
    {
        var buffer = new RowBuffer(new TableSchema([.. columns.Select(column => Schema.Columns[column])]));
        foreach (var row in rows)
            buffer.Add(One(buffer.Schema, [.. columns.Select(column => row[column])]), 0);
        return buffer.Batch;
    }

    public static RowBatch One(TableSchema schema, string?[] row)
    {
        var columns = new ColumnBatch[row.Length];
        for (var i = 0; i < row.Length; i++)
        {
            columns[i] = new ColumnBatch(schema.Columns[i].Type);
            if (row[i] is not { } text)
            {
                columns[i].Nulls = [1];
                columns[i].Offsets = [0, 0];
                continue;
            }

            Assert.True(CellText.TryRead(columns[i].Type, text, out var value), text);
            (columns[i].Integers, columns[i].Numbers, columns[i].Bytes, columns[i].Offsets) = ([value.Integer], [value.Number], value.Text, [0, value.Text.Length]);
        }

        return new RowBatch(schema, columns) { Rows = 1 };
    }

    private sealed class Reader(MemoryTable table, int[] columns) : IRows
    {
        private int _at;

        public TableSchema Schema { get; } = new([.. columns.Select(column => table.Schema.Columns[column])]);

        public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
        {
            table.Reading();
            cancel.ThrowIfCancellationRequested();
            var rows = table.Content.Skip(_at).Take(1000).ToList();
            _at += rows.Count;
            return new(rows.Count == 0 ? null : table.Batch(rows, columns));
        }

        public ValueTask DisposeAsync() => default;
    }
}

internal sealed class MemoryTables(MemoryTable table) : ITables
{
    public Result<ITable> Open(string name, TableSchema schema, string? owner, IReadOnlyList<ReadOnlyMemory<byte>> manifests) => throw new NotSupportedException();

    public ITable? Find(string name) => name == table.Name ? table : null;

    public Result<Done> Remove(string name) => throw new NotSupportedException();

    public Result<int> Keep(IReadOnlyCollection<string> names) => throw new NotSupportedException();
}

/// <summary>Acts that a test looks at, or lets fail.</summary>
internal sealed class WatchedActs : IActs
{
    private long _position;

    public List<Act> Recorded { get; } = [];

    public Func<Act, bool> Fails { get; set; } = _ => false;

    public ValueTask<Result<RecordedAct>> RecordAsync(Act act, CancellationToken cancel = default)
    {
        if (Fails(act))
            return new(FactProblems.StorageFull.Because("No room."));
        Recorded.Add(act);
        return new(new RecordedAct(++_position, Bureau.Start));
    }

    public IEnumerable<SubjectAct> Of(string subject, long after = 0) => [];

    public ValueTask<Result<bool>> ForgetAsync(string subject, CancellationToken cancel = default) => new(false);
}
