using System.Text;

namespace CityHub.Core.Tables;

/// <summary>Puts rows into a <see cref="RowBatch"/>, value by value in the order of the columns. One batch is used again and again.</summary>
public sealed class BatchBuilder
{
    private readonly RowBatch _batch;
    private readonly int _capacity;
    private int _column;

    public BatchBuilder(TableSchema schema, int capacity = RowBatch.Usual)
    {
        _capacity = capacity;
        _batch = new RowBatch(schema, [.. schema.Columns.Select(c => new ColumnBatch(c.Type)
        {
            Integers = c.Type is ColumnType.Text or ColumnType.Number ? [] : new long[capacity],
            Numbers = c.Type == ColumnType.Number ? new double[capacity] : [],
            Offsets = c.Type == ColumnType.Text ? new int[capacity + 1] : [],
            Bytes = c.Type == ColumnType.Text ? new byte[capacity * 16] : [],
        })]);
    }

    public bool Full => _batch.Rows == _capacity;

    public int Rows => _batch.Rows;

    /// <summary>What has been put; valid until <see cref="Clear"/>.</summary>
    public RowBatch Batch => _column == 0 ? _batch : throw new InvalidOperationException($"The row at hand has {_column} of {_batch.Columns.Length} values.");

    public void Clear()
    {
        (_batch.Rows, _batch.Gone) = (0, false);
        foreach (var column in _batch.Columns)
            if (column.Nulls is { } nulls)
                Array.Clear(nulls);
    }

    public BatchBuilder Text(ReadOnlySpan<byte> utf8)
    {
        var column = Next(ColumnType.Text);
        var start = column.Offsets[_batch.Rows];
        if (start + utf8.Length > column.Bytes.Length)
        {
            var larger = new byte[Math.Max(column.Bytes.Length * 2, start + utf8.Length)];
            column.Bytes.AsSpan(0, start).CopyTo(larger);
            column.Bytes = larger;
        }

        utf8.CopyTo(column.Bytes.AsSpan(start));
        column.Offsets[_batch.Rows + 1] = start + utf8.Length;
        return Done();
    }

    /// <summary>A null text is a missing value.</summary>
    public BatchBuilder Text(string? text)
    {
        if (text is null)
            return Null();
        Span<byte> small = stackalloc byte[256];
        return text.Length <= 80 ? Text(small[..Encoding.UTF8.GetBytes(text, small)]) : Text(Encoding.UTF8.GetBytes(text));
    }

    public BatchBuilder Number(double value)
    {
        Next(ColumnType.Number).Numbers[_batch.Rows] = value;
        return Done();
    }

    /// <summary>For every type that is neither a text nor a number: see <see cref="ColumnType"/> for the units.</summary>
    public BatchBuilder Integer(long value)
    {
        var column = _batch.Columns[_column];
        if (column.Type is ColumnType.Text or ColumnType.Number)
            throw new InvalidOperationException($"{_batch.Schema.Columns[_column].Name} takes {column.Type}.");
        column.Integers[_batch.Rows] = value;
        return Done();
    }

    public BatchBuilder Date(DateOnly day) => Integer(day.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber);

    public BatchBuilder Instant(DateTimeOffset at) => Integer((at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond);

    public BatchBuilder Null()
    {
        var column = _batch.Columns[_column];
        column.Nulls ??= new ulong[(_capacity + 63) / 64];
        column.Nulls[_batch.Rows >> 6] |= 1UL << (_batch.Rows & 63);
        if (column.Type == ColumnType.Text)
            column.Offsets[_batch.Rows + 1] = column.Offsets[_batch.Rows];
        return Done();
    }

    private ColumnBatch Next(ColumnType type)
    {
        var column = _batch.Columns[_column];
        return column.Type == type ? column : throw new InvalidOperationException($"{_batch.Schema.Columns[_column].Name} takes {column.Type}.");
    }

    private BatchBuilder Done()
    {
        if (++_column == _batch.Columns.Length)
        {
            _column = 0;
            _batch.Rows++;
        }

        return this;
    }
}
