using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Tests.Sharing.Deliveries;

/// <summary>Tables on a disk that is a dictionary: what a test leaves in it is there after a restart, published or not.</summary>
internal sealed class FakeTables(Dictionary<string, (WriteMode Mode, List<string> Rows)> disk) : ITables
{
    private readonly Dictionary<string, FakeTable> _open = [];

    /// <summary>Called at each step by its name; throws where the test wants a crash.</summary>
    public Action<string> Step { get; set; } = _ => { };

    public List<(string Name, string? Owner, int Manifests)> Opened { get; } = [];

    public Result<ITable> Open(string name, TableSchema schema, string? owner, IReadOnlyList<ReadOnlyMemory<byte>> manifests)
    {
        Opened.Add((name, owner, manifests.Count));
        var known = manifests.Select(m => Encoding.UTF8.GetString(m.Span).Trim('"')).ToList();
        foreach (var stray in disk.Keys.Where(k => k.StartsWith(name + "/", StringComparison.Ordinal) && !known.Contains(k)).ToList())
            disk.Remove(stray);
        var table = new FakeTable(name, schema, disk, this);
        foreach (var segment in known)
            table.Take(segment);
        _open[name] = table;
        return table;
    }

    public ITable? Find(string name) => _open.GetValueOrDefault(name);

    public List<string> Removed { get; } = [];

    public Result<Done> Remove(string name)
    {
        Step("remove");
        _open.Remove(name);
        Removed.Add(name);
        Clear(name);
        return Done.Value;
    }

    public Result<int> Keep(IReadOnlyCollection<string> names)
    {
        var others = disk.Keys.Select(k => k[..k.LastIndexOf('/')]).Distinct().Where(n => !names.Contains(n)).ToList();
        others.ForEach(Clear);
        return others.Count;
    }

    private void Clear(string name)
    {
        foreach (var segment in disk.Keys.Where(k => k.StartsWith(name + "/", StringComparison.Ordinal)).ToList())
            disk.Remove(segment);
    }

    internal sealed class FakeTable(string name, TableSchema schema, Dictionary<string, (WriteMode Mode, List<string> Rows)> disk, FakeTables all) : ITable
    {
        public List<string> Content { get; private set; } = [];

        public string Name => name;

        public TableSchema Schema => schema;

        public long Version { get; private set; }

        public long Rows => Content.Count;

        public bool Locked => false;

        public async ValueTask<Result<TableDraft>> PrepareAsync(IRows rows, WriteMode mode, CancellationToken cancel = default)
        {
            var taken = new List<string>();
            while (await rows.NextAsync(cancel) is { } batch)
                for (var row = 0; row < batch.Rows; row++)
                    taken.Add(string.Join('|', batch.Columns.Select(c => c.IsNull(row) ? "~" : c.Text(row))));
            all.Step("prepare");
            var segment = $"{name}/{disk.Count}-{Guid.NewGuid():n}";
            disk[segment] = (mode, taken);
            all.Step("prepared");
            return new TableDraft(Encoding.UTF8.GetBytes($"\"{segment}\""), taken.Count, new byte[32]);
        }

        public void Publish(TableDraft draft)
        {
            all.Step("publish");
            Take(Encoding.UTF8.GetString(draft.Manifest.Span).Trim('"'));
        }

        public void Take(string segment)
        {
            var (mode, rows) = disk[segment];
            Version++;
            Content = mode == WriteMode.Replace ? [.. rows] : [.. Content.Where(c => mode == WriteMode.Append || !rows.Any(r => r.Split('|')[0] == c.Split('|')[0])), .. rows];
        }

        public Result<IRows> Scan(ReadOnlyMemory<int> columns, long from = 0) => throw new NotSupportedException();

        public Result<RowBatch> Find(ReadOnlySpan<byte> key, ReadOnlyMemory<int> columns) => throw new NotSupportedException();
    }
}

/// <summary>Refuses every batch row whose first field is "bad"; the rest is taken as it is.</summary>
internal sealed class FakeCheck : IDeliveryCheck
{
    /// <summary>What stands for the versions of mapping and rules.</summary>
    public string Terms { get; set; } = "1";

    public Result<ICheckedRows> Check(IRows rows, TableSchema schema, string? mapping, string? rules, DateTimeOffset asOf) => new Checked(rows, schema, Terms);

    private sealed class Checked(IRows rows, TableSchema schema, string terms) : ICheckedRows
    {
        private readonly List<RowFault> _faults = [];
        private long _rows;

        public TableSchema Schema => schema;

        public string Terms => terms;

        public QualityResult Result => new(_rows, _faults.Count, new Dictionary<string, double> { ["accurate"] = 0.5 }, _rows == 0 ? null : 1 - (double)_faults.Count / _rows, _faults);

        public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
        {
            if (await rows.NextAsync(cancel) is not { } batch)
                return null;
            var good = new CityHub.Sharing.Deliveries.TextBatch([.. batch.Schema.Columns.Select(c => c.Name)]);
            for (var row = 0; row < batch.Rows; row++)
            {
                _rows++;
                if (batch.Columns[0].Text(row) == "bad")
                {
                    _faults.Add(new RowFault(_rows, batch.Schema.Columns[0].Name, "no-bad", "accurate", "it is bad", true));
                    continue;
                }

                for (var column = 0; column < batch.Columns.Length; column++)
                {
                    if (batch.Columns[column].IsNull(row))
                        good.Null(column);
                    else
                        good.Put(column, batch.Columns[column].Utf8(row));
                }

                good.EndRow();
            }

            return good.Finish(0) ?? new RowBatch(schema, []);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>Texts as rows.</summary>
internal sealed class TextRows(TableSchema schema, params string[] rows) : IRows
{
    private bool _given;

    public TableSchema Schema => schema;

    public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        if (_given)
            return ValueTask.FromResult<RowBatch?>(null);
        _given = true;
        var batch = new CityHub.Sharing.Deliveries.TextBatch([.. schema.Columns.Select(c => c.Name)]);
        foreach (var row in rows)
        {
            var values = row.Split('|');
            for (var i = 0; i < values.Length; i++)
                batch.Put(i, Encoding.UTF8.GetBytes(values[i]));
            batch.EndRow();
        }

        return ValueTask.FromResult(batch.Finish(0));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
