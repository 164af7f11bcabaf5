using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Releases;

/// <summary>Rows on their way through one release, in the working schema: what leaves and, last, the person whom a row is about.</summary>
internal abstract class RowSource : IAsyncDisposable
{
    public abstract ValueTask<RowBatch?> NextAsync(CancellationToken cancel);

    /// <summary>Persons whom what was handed out so far is about without showing their rows; to be recorded before it leaves.</summary>
    public virtual IReadOnlyCollection<string> Unseen() => [];

    public abstract ValueTask DisposeAsync();
}

/// <summary>A table behind the pipeline.</summary>
internal sealed class PipelineSource(ReleasePlan plan, IRows rows, ColumnBatch?[] absent, Func<RowBatch, RowBatch>? mixed) : RowSource
{
    private readonly ColumnBatch[] _buffers = Columns.Of(plan.Working);
    private readonly RowBatch _out = new(plan.Working, new ColumnBatch[plan.Working.Columns.Count]);
    private readonly RowBatch _raw = new(plan.Scanned, new ColumnBatch[plan.Scanned.Columns.Count]);
    private int[] _rows = []; // as many as there are rows: a release of one row does without 16 kB

    /// <param name="mixed">Puts rows of nobody between the others, before any rule or mask.</param>
    /// <param name="from">Rows of the table to pass over.</param>
    public static Result<PipelineSource> Over(ReleasePlan plan, ITable table, Func<RowBatch, RowBatch>? mixed = null, long from = 0)
    {
        var (columns, absent) = Wanted(plan, table);
        return table.Scan(columns, from).Map(rows => new PipelineSource(plan, rows, absent, mixed));
    }

    /// <summary>The row with a key, if it passes the rules: rows of a batch of its own.</summary>
    /// <param name="canaries">Rows of nobody, among which it may be, too.</param>
    public static Result<RowBatch> Row(ReleasePlan plan, ITable table, ReadOnlySpan<byte> key, RowBatch? canaries)
    {
        var (columns, absent) = Wanted(plan, table);
        if (!table.Find(key, columns).TryGet(out var found, out var problem))
            return problem;
        if (found.Rows == 0 && canaries is not null && CanaryOf(canaries, plan.Permit.Dataset.Key ?? "", key) is { } canary)
            return new PipelineSource(plan, NoRows.Instance, new ColumnBatch?[plan.Scan.Length], null).Run(canary);
        return new PipelineSource(plan, NoRows.Instance, absent, null).Run(found);
    }

    /// <summary>The rows of the table behind the batch that was read last, those that no rule lets pass among them.</summary>
    public RowBatch Raw { get; private set; } = new(plan.Scanned, []);

    /// <summary>Which of them became the row of the batch.</summary>
    public int RawRow(int row) => plan.EveryRow ? row : _rows[row];

    private static RowBatch? CanaryOf(RowBatch canaries, string field, ReadOnlySpan<byte> key)
    {
        var column = canaries.Columns[canaries.Schema.IndexOf(field)];
        Span<byte> scratch = stackalloc byte[CellText.Longest];
        for (var row = 0; row < canaries.Rows; row++)
        {
            if (column.IsNull(row) || !CellText.Of(column, row, scratch).SequenceEqual(key))
                continue;
            var one = new RowBuffer(canaries.Schema);
            one.Add(canaries, row);
            return one.Batch;
        }

        return null;
    }

    public override async ValueTask<RowBatch?> NextAsync(CancellationToken cancel) => await rows.NextAsync(cancel) is { } batch ? Run(batch) : null;

    public override ValueTask DisposeAsync() => rows.DisposeAsync();

    private RowBatch Run(RowBatch batch)
    {
        var next = 0;
        for (var i = 0; i < absent.Length; i++)
        {
            if (absent[i] is { } nothing)
            {
                Columns.AllNull(nothing, batch.Rows);
                _raw.Columns[i] = nothing;
            }
            else
            {
                _raw.Columns[i] = batch.Columns[next++];
            }
        }

        _raw.Rows = batch.Rows;
        var raw = Raw = mixed is null ? _raw : mixed(_raw);
        if (_rows.Length < raw.Rows)
            _rows = new int[raw.Rows];
        plan.Run(raw, _rows, _out, _buffers);
        return _out;
    }

    /// <summary>A field that the table does not have (yet), or has in another type, is empty in every row.</summary>
    private static (int[] Columns, ColumnBatch?[] Absent) Wanted(ReleasePlan plan, ITable table)
    {
        var columns = new List<int>();
        var absent = new ColumnBatch?[plan.Scan.Length];
        for (var i = 0; i < plan.Scan.Length; i++)
        {
            var index = table.Schema.IndexOf(plan.Scan[i]);
            if (index >= 0 && table.Schema.Columns[index].Type == plan.Scanned.Columns[i].Type)
                columns.Add(index);
            else
                absent[i] = new ColumnBatch(plan.Scanned.Columns[i].Type);
        }

        return ([.. columns], absent);
    }

    private sealed class NoRows : IRows
    {
        public static readonly NoRows Instance = new();

        public TableSchema Schema { get; } = new([]);

        public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default) => new((RowBatch?)null);

        public ValueTask DisposeAsync() => default;
    }
}

/// <summary>What was found already, or nothing.</summary>
internal sealed class OneBatch(RowBatch? found) : RowSource
{
    private RowBatch? _next = found is { Rows: > 0 } ? found : null;

    public override ValueTask<RowBatch?> NextAsync(CancellationToken cancel)
    {
        var next = _next;
        _next = null;
        return new(next);
    }

    public override ValueTask DisposeAsync() => default;
}

/// <summary>Those rows of which the condition is true, from an offset on and up to a limit.</summary>
/// <param name="passed">Is told of the rows before the offset.</param>
internal sealed class FilteredSource(RowSource rows, RowTestOf? where, long offset, long? limit, Concerned? passed = null) : RowSource
{
    private ColumnBatch[]? _buffers;
    private RowBatch? _out;
    private int[] _picked = new int[RowBatch.Usual];
    private long _pass = offset, _left = limit ?? long.MaxValue;

    public override async ValueTask<RowBatch?> NextAsync(CancellationToken cancel)
    {
        while (_left > 0 && await rows.NextAsync(cancel) is { } batch)
        {
            if (where is null && _pass == 0 && batch.Rows <= _left)
            {
                _left -= batch.Rows;
                return batch;
            }

            if (Pick(batch) is var count and > 0)
                return Gathered(batch, count);
        }

        return null;
    }

    public override IReadOnlyCollection<string> Unseen() => passed?.Persons() ?? [];

    public override ValueTask DisposeAsync() => rows.DisposeAsync();

    private int Pick(RowBatch batch)
    {
        if (_picked.Length < batch.Rows)
            _picked = new int[batch.Rows];
        var count = 0;
        for (var row = 0; row < batch.Rows && _left > 0; row++)
        {
            if (where is not null && where.Of(batch, row) != Truth.True)
                continue;
            if (_pass > 0)
            {
                _pass--;
                passed?.Add(batch, row);
                continue;
            }

            _picked[count++] = row;
            _left--;
        }

        return count;
    }

    private RowBatch Gathered(RowBatch batch, int count)
    {
        _buffers ??= Columns.Of(batch.Schema);
        _out ??= new RowBatch(batch.Schema, _buffers);
        for (var i = 0; i < _buffers.Length; i++)
            Columns.Gather(batch.Columns[i], new Selection(_picked.AsSpan(0, count), count, false), _buffers[i]);
        _out.Rows = count;
        return _out;
    }
}

/// <summary>Rows that were kept, in an order.</summary>
internal sealed class KeptSource(RowBuffer kept, int[] order) : RowSource
{
    private readonly ColumnBatch[] _buffers = Columns.Of(kept.Schema);
    private readonly RowBatch _from = kept.Batch;
    private int _at;

    public override ValueTask DisposeAsync() => default;

    public override ValueTask<RowBatch?> NextAsync(CancellationToken cancel)
    {
        var count = Math.Min(RowBatch.Usual, order.Length - _at);
        if (count == 0)
            return new((RowBatch?)null);
        for (var i = 0; i < _buffers.Length; i++)
            Columns.Gather(_from.Columns[i], new Selection(order.AsSpan(_at, count), count, false), _buffers[i]);
        _at += count;
        return new(new RowBatch(kept.Schema, _buffers) { Rows = count });
    }
}
