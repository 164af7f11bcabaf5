using System.Numerics;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Releases;

/// <summary>Which rows of a batch go on; all of them, or those at <see cref="At"/>.</summary>
internal readonly ref struct Selection(ReadOnlySpan<int> at, int rows, bool all)
{
    public ReadOnlySpan<int> At { get; } = at;

    public int Count { get; } = all ? rows : at.Length;

    public bool All { get; } = all;

    public int this[int i] => All ? i : At[i];
}

/// <summary>Columns that are filled again and again: their arrays grow to the largest batch and stay. Few rows take little room: with a whole batch for each, a read of one row allocated 250 kB.</summary>
internal static class Columns
{
    private const int Few = 16, FewBytes = 256;

    public static void Room(ColumnBatch column, int rows)
    {
        switch (column.Type)
        {
            case ColumnType.Text:
                if (column.Offsets.Length < rows + 1)
                    column.Offsets = new int[RoomFor(rows) + 1];
                column.Offsets[0] = 0;
                break;
            case ColumnType.Number:
                if (column.Numbers.Length < rows)
                    column.Numbers = new double[RoomFor(rows)];
                break;
            default:
                if (column.Integers.Length < rows)
                    column.Integers = new long[RoomFor(rows)];
                break;
        }
    }

    /// <summary>Room for so many more bytes behind those that are there.</summary>
    public static void RoomForBytes(ColumnBatch column, int used, int more)
    {
        if (column.Bytes.Length - used >= more)
            return;
        var bytes = column.Bytes;
        Array.Resize(ref bytes, (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(used + more, FewBytes)));
        column.Bytes = bytes;
    }

    public static void SetNull(ColumnBatch column, int row, int rows)
    {
        var words = (Math.Max(rows, row + 1) + 63) >> 6;
        if (column.Nulls is null || column.Nulls.Length < words)
        {
            var nulls = column.Nulls ?? [];
            Array.Resize(ref nulls, Math.Max(words, nulls.Length * 2));
            column.Nulls = nulls;
        }

        column.Nulls[row >> 6] |= 1UL << (row & 63);
    }

    public static void Gather(ColumnBatch from, Selection rows, ColumnBatch into)
    {
        Room(into, rows.Count);
        GatherNulls(from, rows, into);
        if (from.Type == ColumnType.Text)
        {
            var used = 0;
            for (var i = 0; i < rows.Count; i++)
            {
                var text = from.Utf8(rows[i]);
                RoomForBytes(into, used, text.Length);
                text.CopyTo(into.Bytes.AsSpan(used));
                into.Offsets[i + 1] = used += text.Length;
            }
        }
        else if (from.Type == ColumnType.Number)
        {
            for (var i = 0; i < rows.Count; i++)
                into.Numbers[i] = from.Numbers[rows[i]];
        }
        else
        {
            for (var i = 0; i < rows.Count; i++)
                into.Integers[i] = from.Integers[rows[i]];
        }
    }

    public static void GatherNulls(ColumnBatch from, Selection rows, ColumnBatch into)
    {
        into.Nulls?.AsSpan().Clear();
        KeepNullRoom(into, rows.Count);
        if (from.Nulls is null)
            return;
        for (var i = 0; i < rows.Count; i++)
            if (from.IsNull(rows[i]))
                SetNull(into, i, rows.Count);
    }

    /// <summary>A column that has a bitmap has one for all of its rows.</summary>
    public static void KeepNullRoom(ColumnBatch column, int rows)
    {
        if (column.Nulls is not { } nulls || nulls.Length >= (rows + 63) >> 6)
            return;
        Array.Resize(ref nulls, Math.Max((rows + 63) >> 6, nulls.Length * 2));
        column.Nulls = nulls;
    }

    public static void AllNull(ColumnBatch column, int rows)
    {
        Room(column, rows);
        if (column.Type == ColumnType.Text)
            column.Offsets.AsSpan(0, rows + 1).Clear();
        var words = (rows + 63) >> 6;
        if (column.Nulls is null || column.Nulls.Length < words)
            column.Nulls = new ulong[words];
        column.Nulls.AsSpan().Fill(ulong.MaxValue);
    }

    private static int RoomFor(int rows) => rows <= Few ? Few : Math.Max(rows, RowBatch.Usual);

    public static ColumnBatch[] Of(TableSchema schema) => [.. schema.Columns.Select(column => new ColumnBatch(column.Type))];
}

/// <summary>Rows that are kept: to be sorted, to be told apart, or because they are few.</summary>
internal sealed class RowBuffer(TableSchema schema)
{
    private readonly ColumnBatch[] _columns = Columns.Of(schema);

    public TableSchema Schema { get; } = schema;

    public int Rows { get; private set; }

    public long Bytes { get; private set; }

    public RowBatch Batch => new(Schema, _columns) { Rows = Rows };

    public ColumnBatch Column(int index) => _columns[index];

    public void Add(RowBatch batch, int row)
    {
        for (var i = 0; i < _columns.Length; i++)
        {
            var (from, into) = (batch.Columns[i], _columns[i]);
            Grow(into, Rows + 1);
            Columns.KeepNullRoom(into, Rows + 1);
            Bytes += sizeof(long);
            if (from.IsNull(row))
            {
                Columns.SetNull(into, Rows, Rows + 1);
                if (into.Type == ColumnType.Text)
                    into.Offsets[Rows + 1] = into.Offsets[Rows];
            }
            else if (into.Type == ColumnType.Text)
            {
                var text = from.Utf8(row);
                var used = into.Offsets[Rows];
                Columns.RoomForBytes(into, used, text.Length);
                text.CopyTo(into.Bytes.AsSpan(used));
                into.Offsets[Rows + 1] = used + text.Length;
                Bytes += text.Length;
            }
            else if (into.Type == ColumnType.Number)
            {
                into.Numbers[Rows] = from.Numbers[row];
            }
            else
            {
                into.Integers[Rows] = from.Integers[row];
            }
        }

        Rows++;
    }

    private static void Grow(ColumnBatch column, int rows)
    {
        switch (column.Type)
        {
            case ColumnType.Text when column.Offsets.Length <= rows:
                var offsets = column.Offsets;
                Array.Resize(ref offsets, Math.Max(16, rows * 2) + 1);
                column.Offsets = offsets;
                break;
            case ColumnType.Number when column.Numbers.Length < rows:
                var numbers = column.Numbers;
                Array.Resize(ref numbers, Math.Max(16, rows * 2));
                column.Numbers = numbers;
                break;
            case ColumnType.Text or ColumnType.Number:
                break;
            default:
                if (column.Integers.Length < rows)
                {
                    var integers = column.Integers;
                    Array.Resize(ref integers, Math.Max(16, rows * 2));
                    column.Integers = integers;
                }

                break;
        }
    }
}
