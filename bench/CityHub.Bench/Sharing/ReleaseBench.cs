using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using CityHub.Storage.Embedded;

namespace CityHub.Bench.Sharing;

/// <param name="BulkRowsPerSecond">4 of 6 columns, one of them masked, as CSV, counted, hashed and held against the grant.</param>
/// <param name="SubjectRowsPerSecond">The same with a person in every row: recorded before the rows leave.</param>
public sealed record ReleaseFigures(double BulkRowsPerSecond, double SubjectRowsPerSecond);

/// <summary>What bulk releases cost. Their rows are made beforehand and given again and again, so that it is the release that is measured and not a disk; their bytes go to a wire that counts them.</summary>
public static class ReleaseBench
{
    private const int Batches = 25, Persons = Batches * RowBatch.Usual;

    public static async Task<ReleaseFigures> BulkAsync(string folder, long rows, CancellationToken cancel)
    {
        var table = new MadeTable(rows);
        await using var store = EmbeddedStore.Open(folder, TimeProvider.System).Value;
        var releases = await OpenAsync(store, table, cancel);
        table.Rows = Persons;
        await BulkAsync(releases, "rows", cancel); // once to warm up
        table.Rows = rows;
        var bulk = await BulkAsync(releases, "rows", cancel);
        table.Rows = Persons; // each stands once: everybody has to be recorded
        await BulkAsync(releases, "people", cancel); // makes their keys, which happens once in the life of a hub
        return new ReleaseFigures(bulk, await BulkAsync(releases, "people", cancel));
    }

    /// <summary>One release of so many bytes: by how much the process grew, in MB, from before the release was opened to its largest. In a process that did nothing before: what others left would hide it.</summary>
    public static async Task<(double Megabytes, double Gigabytes)> MemoryAsync(string folder, long bytes, TextWriter output, CancellationToken cancel)
    {
        await using var store = EmbeddedStore.Open(folder, TimeProvider.System).Value;
        var releases = await OpenAsync(store, new MadeTable(long.MaxValue / 2), cancel);
        var (before, most) = (Environment.WorkingSet, 0L);
        if (!(await releases.OpenAsync(OneGrant.Ask("rows", DeliveryModes.Batch), ReleaseQuery.All, cancel)).TryGet(out var release, out var problem))
            throw new InvalidOperationException(problem.ToString());
        using var enough = new CancellationTokenSource();
        var wire = new Counted();
        wire.Watched = 64 << 20;
        wire.Watch = () =>
        {
            var resident = Environment.WorkingSet;
            most = Math.Max(most, resident);
            if (wire.Bytes % (bytes / 10) < wire.Watched)
                output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {wire.Bytes / 1e9:F1} GB released, {resident >> 20} MB resident"));
            if (wire.Bytes >= bytes)
                enough.Cancel();
        };
        await using (release)
        {
            try
            {
                await ReleaseCsv.WriteAsync(release, wire, enough.Token);
            }
            catch (OperationCanceledException) when (enough.IsCancellationRequested)
            {
                // As many bytes as were wanted.
            }
        }

        return ((most - before) / 1e6, wire.Bytes / 1e9);
    }

    private static async Task<Releases> OpenAsync(EmbeddedStore store, MadeTable table, CancellationToken cancel)
    {
        var city = new OneGrant();
        var releases = new Releases(store.Acts, store.Log, store.Views, store.Kept, table, city, city, city, TimeProvider.System, new ReleaseOptions { Secret = Encoding.UTF8.GetBytes("a secret of a bench: 32 bytes long") });
        await releases.LoadAsync(cancel);
        return releases;
    }

    private static async Task<double> BulkAsync(Releases releases, string dataset, CancellationToken cancel)
    {
        var clock = Stopwatch.StartNew();
        if (!(await releases.OpenAsync(OneGrant.Ask(dataset, DeliveryModes.Batch), ReleaseQuery.All, cancel)).TryGet(out var release, out var problem))
            throw new InvalidOperationException(problem.ToString());
        var counted = new Counted();
        await using (release)
            await ReleaseCsv.WriteAsync(release, counted, cancel);
        return counted.Lines / clock.Elapsed.TotalSeconds;
    }

    /// <summary>A wire that counts and keeps nothing.</summary>
    private sealed class Counted : Stream
    {
        private long _next;

        public long Lines { get; private set; }

        public long Bytes { get; private set; }

        /// <summary>Called each time that so many bytes have gone.</summary>
        public Action? Watch { get; set; }

        public long Watched { get; set; }

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => 0;

        public override long Position { get; set; }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => 0;

        public override long Seek(long offset, SeekOrigin origin) => 0;

        public override void SetLength(long value)
        {
        }

        public override void Write(byte[] buffer, int offset, int count) => Take(buffer.AsSpan(offset, count));

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Take(buffer.Span);
            return default;
        }

        private void Take(ReadOnlySpan<byte> bytes)
        {
            Lines += bytes.Count((byte)'\n');
            Bytes += bytes.Length;
            if (Bytes < _next || Watch is null)
                return;
            _next = Bytes + Watched;
            Watch();
        }
    }

    /// <summary>Six columns, made once and given again and again: what is measured is the release, not a disk.</summary>
    private sealed class MadeTable(long rows) : ITables, ITable
    {
        private readonly TableSchema _schema = OneGrant.Of("rows").Schema();
        private readonly System.Collections.Concurrent.ConcurrentDictionary<(string, int), RowBatch> _made = new();

        public string Name => "rows";

        public TableSchema Schema => _schema;

        public long Version => 1;

        public long Rows { get; set; } = rows;

        public bool Locked => false;

        public static string KeyOf(long number) => string.Create(CultureInfo.InvariantCulture, $"5001031990{number:D8}");

        public Result<ITable> Open(string name, TableSchema schema, string? owner, IReadOnlyList<ReadOnlyMemory<byte>> manifests) => this;

        ITable? ITables.Find(string name) => this;

        Result<Done> ITables.Remove(string name) => throw new NotSupportedException();

        Result<int> ITables.Keep(IReadOnlyCollection<string> names) => throw new NotSupportedException();

        public ValueTask<Result<TableDraft>> PrepareAsync(IRows rows, WriteMode mode, CancellationToken cancel = default) => throw new NotSupportedException();

        public void Publish(TableDraft draft) => throw new NotSupportedException();

        public Result<IRows> Scan(ReadOnlyMemory<int> columns, long from = 0) => new Reader([.. Enumerable.Range(0, Batches).Select(i => _made.GetOrAdd((string.Join(',', columns.ToArray()), i), _ => Batch(columns.ToArray(), (long)i * RowBatch.Usual, RowBatch.Usual)))], Rows);

        public Result<RowBatch> Find(ReadOnlySpan<byte> key, ReadOnlyMemory<int> columns) => Batch(columns.ToArray(), long.Parse(key[10..], NumberStyles.None, CultureInfo.InvariantCulture), 1);

        private RowBatch Batch(int[] columns, long first, int rows)
        {
            var made = new ColumnBatch[columns.Length];
            for (var i = 0; i < made.Length; i++)
                made[i] = Column(columns[i], first, rows);
            return new RowBatch(new TableSchema([.. columns.Select(column => _schema.Columns[column])]), made) { Rows = rows };
        }

        private ColumnBatch Column(int index, long first, int rows)
        {
            var column = new ColumnBatch(_schema.Columns[index].Type);
            if (column.Type != ColumnType.Text)
            {
                column.Integers = [.. Enumerable.Range(0, rows).Select(row => column.Type == ColumnType.Date ? 7000L + ((first + row) % 9000) : (first + row) * 131 % 100_000)];
                return column;
            }

            string[] texts = [.. Enumerable.Range(0, rows).Select(row => index == 0 ? KeyOf((first + row) % Persons) : index == 1 ? "王小明" : "500103001002")];
            column.Bytes = Encoding.UTF8.GetBytes(string.Concat(texts));
            column.Offsets = new int[rows + 1];
            for (var row = 0; row < rows; row++)
                column.Offsets[row + 1] = column.Offsets[row] + Encoding.UTF8.GetByteCount(texts[row]);
            return column;
        }
    }

    private sealed class Reader(RowBatch[] batches, long rows) : IRows
    {
        private long _left = rows;
        private int _next;

        public TableSchema Schema => batches[0].Schema;

        public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
        {
            if (_left <= 0)
                return new((RowBatch?)null);
            var batch = batches[_next++ % batches.Length];
            _left -= batch.Rows;
            return new(batch);
        }

        public ValueTask DisposeAsync() => default;
    }

    private sealed class OneGrant : IGrants, ICatalogue, IPurposes
    {
        private static readonly DataField[] Fields =
        [
            Field("id", ColumnType.Text), Field("name", ColumnType.Text), Field("born", ColumnType.Date), Field("area", ColumnType.Text), Field("income", ColumnType.Integer), Field("size", ColumnType.Integer),
        ];

        private readonly Dictionary<string, (Dataset Dataset, Grant[] Grants)> _all = new[] { "rows", "people" }.ToDictionary(name => name, name => (Of(name), new[] { Granted(name) }), StringComparer.Ordinal);

        public long Version => 1;

        public IEnumerable<Dataset> Published => _all.Values.Select(one => one.Dataset);

        public static Dataset Of(string id) => new()
        {
            Id = id, Version = 1, Provider = "police", Title = new("", ""), Abstract = new("", ""), Fields = Fields, Class = SharingClass.Conditional, Modes = DeliveryModes.Api | DeliveryModes.Batch,
            Frequency = UpdateFrequency.Daily, Key = "id", Subject = id == "people" ? "id" : null, Area = "area", State = DatasetState.Published,
        };

        public static Ask Ask(string dataset, DeliveryModes mode) => new(new Caller("lin", "fire", Roles.DataOfficer), Rights.Obtain, dataset, "rescue", mode);

        public IReadOnlyList<Grant> Of(string dataset, string receiver) => _all[dataset].Grants;

        Grant? IGrants.Find(string id) => null;

        Dataset? ICatalogue.Find(string id) => _all[id].Dataset;

        public Dataset? OfType(string tenant, string entityType) => null;

        public bool IsNegative(string dataset) => false;

        public bool IsKnown(string code) => true;

        public bool Covers(string granted, string asked) => granted == asked;

        Obligations IPurposes.Of(string code) => Obligations.Nothing;

        private static Grant Granted(string dataset) => new()
        {
            Id = "grant-" + dataset, Version = 1, Dataset = dataset, Provider = "police", Receiver = "fire", Rights = Rights.Obtain, Purpose = "rescue", Modes = DeliveryModes.Api | DeliveryModes.Batch,
            Obligations = Obligations.Nothing with
            {
                Fields = ["id", "born", "area", "income"], Onward = false,
                Masks = ImmutableSortedDictionary<string, MaskKind>.Empty.Add(dataset == "rows" ? "id" : "income", dataset == "rows" ? MaskKind.Partial : MaskKind.Coarse),
            },
            From = DateTimeOffset.UnixEpoch, Until = DateTimeOffset.MaxValue, Basis = "bench", SignedBy = "wang",
        };

        private static DataField Field(string name, ColumnType type) => new(name, type, new(name, name));
    }
}
