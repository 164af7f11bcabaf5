using System.Text;
using CityHub.Core.Tables;

namespace CityHub.Standards.Mapping;

/// <summary>Fills a batch value by value; the arrays grow once and serve again.</summary>
internal sealed class CellBatch
{
    private readonly int[] _filled;

    public CellBatch(TableSchema schema)
    {
        _filled = new int[schema.Columns.Count];
        Batch = new RowBatch(schema, [.. schema.Columns.Select(c => new ColumnBatch(c.Type))]);
    }

    public RowBatch Batch { get; }

    public void Clear()
    {
        (Batch.Rows, Batch.Gone) = (0, false);
        Array.Clear(_filled);
        foreach (var column in Batch.Columns)
            Array.Clear(column.Nulls ?? []);
    }

    /// <summary>The next value of a column; the cell is nothing, or of the column's type.</summary>
    public void Add(int index, Cell cell)
    {
        var row = Begin(index);
        var column = Batch.Columns[index];
        if (!cell.HasValue)
            Null(column, row);
        switch (column.Type)
        {
            case ColumnType.Text:
                var text = cell.HasValue ? cell.ToString() : "";
                var from = column.Offsets[row];
                Room(column, from + Encoding.UTF8.GetMaxByteCount(text.Length));
                column.Offsets[row + 1] = from + Encoding.UTF8.GetBytes(text, column.Bytes.AsSpan(from));
                break;
            case ColumnType.Number:
                column.Numbers[row] = cell.Number;
                break;
            default:
                column.Integers[row] = cell.Integer;
                break;
        }
    }

    /// <summary>The value of another batch as it is.</summary>
    public void Copy(int index, ColumnBatch source, int from)
    {
        var row = Begin(index);
        var column = Batch.Columns[index];
        if (source.IsNull(from))
            Null(column, row);
        switch (column.Type)
        {
            case ColumnType.Text:
                var text = source.Utf8(from);
                Room(column, column.Offsets[row] + text.Length);
                text.CopyTo(column.Bytes.AsSpan(column.Offsets[row]));
                column.Offsets[row + 1] = column.Offsets[row] + text.Length;
                break;
            case ColumnType.Number:
                column.Numbers[row] = source.Numbers[from];
                break;
            default:
                column.Integers[row] = source.Integers[from];
                break;
        }
    }

    public void AddUtf8(int index, ReadOnlySpan<byte> text)
    {
        var row = Begin(index);
        var column = Batch.Columns[index];
        Room(column, column.Offsets[row] + text.Length);
        text.CopyTo(column.Bytes.AsSpan(column.Offsets[row]));
        column.Offsets[row + 1] = column.Offsets[row] + text.Length;
    }

    private int Begin(int index)
    {
        var row = _filled[index]++;
        Batch.Rows = Math.Max(Batch.Rows, row + 1);
        var column = Batch.Columns[index];
        switch (column.Type)
        {
            case ColumnType.Text when column.Offsets.Length < row + 2:
                var offsets = column.Offsets;
                Array.Resize(ref offsets, Math.Max(RowBatch.Usual + 1, 2 * (row + 2)));
                column.Offsets = offsets;
                break;
            case ColumnType.Number when column.Numbers.Length <= row:
                var numbers = column.Numbers;
                Array.Resize(ref numbers, Math.Max(RowBatch.Usual, 2 * (row + 1)));
                column.Numbers = numbers;
                break;
            case not (ColumnType.Text or ColumnType.Number) when column.Integers.Length <= row:
                var integers = column.Integers;
                Array.Resize(ref integers, Math.Max(RowBatch.Usual, 2 * (row + 1)));
                column.Integers = integers;
                break;
        }

        if (column.Nulls is { } nulls && nulls.Length << 6 <= row)
        {
            Array.Resize(ref nulls, 2 * nulls.Length);
            column.Nulls = nulls;
        }

        return row;
    }

    private static void Null(ColumnBatch column, int row)
    {
        column.Nulls ??= new ulong[Math.Max(RowBatch.Usual >> 6, (row >> 6) + 1)];
        column.Nulls[row >> 6] |= 1UL << (row & 63);
    }

    private static void Room(ColumnBatch column, int bytes)
    {
        if (column.Bytes.Length >= bytes)
            return;
        var grown = column.Bytes;
        Array.Resize(ref grown, Math.Max(bytes, 2 * Math.Max(grown.Length, 4096)));
        column.Bytes = grown;
    }
}
