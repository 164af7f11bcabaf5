using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Releases;

/// <summary>Orders and tells apart, in memory and within a limit: a release does not spill rows to a disk.</summary>
internal static class Sorting
{
    public const int MostRows = 1_000_000;
    public const long MostBytes = 256L << 20;

    private const long MostTop = 100_000;

    /// <summary>Of the first few only so many are ever kept (twice as many, then cut).</summary>
    /// <param name="order">Column, and whether descending. Missing values are the greatest; rows that are alike keep their order.</param>
    /// <param name="distinct">Columns by which rows are told apart, of which the first of each kind stays; null: all stay.</param>
    public static async ValueTask<Result<RowSource>> CollectAsync(
        RowSource rows, TableSchema schema, (int Column, bool Descending)[] order, int[]? distinct, long offset, long? limit, Action<RowBatch, int>? seen, CancellationToken cancel)
    {
        var top = limit is { } asked && asked <= MostTop && offset <= MostTop - asked && order.Length > 0 ? (int)(offset + asked) : -1;
        var kept = new RowBuffer(schema);
        var known = distinct is not null ? new HashSet<byte[]>(ByteArrays.Comparer) : null;
        var key = new RowKey();
        while (await rows.NextAsync(cancel) is { } batch)
        {
            for (var row = 0; row < batch.Rows; row++)
            {
                seen?.Invoke(batch, row);
                if (known is not null && !known.Add(key.Of(batch, row, distinct)))
                    continue;
                kept.Add(batch, row);
            }

            if (top >= 0 && kept.Rows > Math.Max(2 * top, 2 * RowBatch.Usual))
                kept = Cut(kept, order, top);
            if (kept.Rows > MostRows || kept.Bytes > MostBytes || known?.Count > MostRows)
                return ReleaseProblems.QueryTooLarge.Because($"There are more than {MostRows} rows, or {MostBytes >> 20} MB of them, to be put in order or told apart.", "Ask with a condition, take the first few with a limit, or take the rows as they lie.");
        }

        return new KeptSource(kept, Slice(Ordered(kept, order), offset, limit));
    }

    public static int[] Ordered(RowBuffer kept, (int Column, bool Descending)[] order)
    {
        var rows = new int[kept.Rows];
        for (var i = 0; i < rows.Length; i++)
            rows[i] = i;
        if (order.Length > 0)
            Array.Sort(rows, (one, other) => Compare(kept, order, one, other));
        return rows;
    }

    public static int[] Slice(int[] rows, long offset, long? limit)
    {
        var from = (int)Math.Min(offset, rows.Length);
        return rows[from..(int)Math.Min(rows.Length, from + Math.Min(limit ?? rows.Length, rows.Length))];
    }

    private static RowBuffer Cut(RowBuffer kept, (int, bool)[] order, int top)
    {
        var (cut, batch) = (new RowBuffer(kept.Schema), kept.Batch);
        foreach (var row in Ordered(kept, order).AsSpan(0, top))
            cut.Add(batch, row);
        return cut;
    }

    private static int Compare(RowBuffer kept, (int Column, bool Descending)[] order, int one, int other)
    {
        foreach (var (index, descending) in order)
        {
            var column = kept.Column(index);
            var compared = (column.IsNull(one), column.IsNull(other)) switch
            {
                (true, true) => 0,
                (true, false) => 1,
                (false, true) => -1,
                _ => column.Type switch
                {
                    ColumnType.Text => column.Utf8(one).SequenceCompareTo(column.Utf8(other)),
                    ColumnType.Number => column.Numbers[one].CompareTo(column.Numbers[other]),
                    _ => column.Integers[one].CompareTo(column.Integers[other]),
                },
            };
            if (compared != 0)
                return descending ? -compared : compared;
        }

        return one.CompareTo(other);
    }
}

/// <summary>Some columns of a row in one array of bytes: the same bytes exactly for the same values.</summary>
internal sealed class RowKey
{
    private byte[] _buffer = new byte[256];

    public byte[] Of(RowBatch batch, int row, int columns)
    {
        var used = 0;
        for (var i = 0; i < columns; i++)
            used = Add(batch.Columns[i], row, used);
        return _buffer[..used];
    }

    public byte[] Of(RowBatch batch, int row, ReadOnlySpan<int> columns)
    {
        var used = 0;
        foreach (var i in columns)
            used = Add(batch.Columns[i], row, used);
        return _buffer[..used];
    }

    private int Add(ColumnBatch column, int row, int used)
    {
        var missing = column.IsNull(row);
        var text = column.Type == ColumnType.Text && !missing ? column.Utf8(row) : default;
        if (_buffer.Length < used + 9 + text.Length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, used + 9 + text.Length));
        _buffer[used++] = missing ? (byte)0 : (byte)1;
        if (missing)
            return used;
        var number = column.Type switch
        {
            ColumnType.Text => text.Length,
            ColumnType.Number => BitConverter.DoubleToInt64Bits(column.Numbers[row] + 0.0), // −0 is 0
            _ => column.Integers[row],
        };
        BitConverter.TryWriteBytes(_buffer.AsSpan(used), number);
        text.CopyTo(_buffer.AsSpan(used + 8));
        return used + 8 + text.Length;
    }
}

internal static class ByteArrays
{
    public static readonly IEqualityComparer<byte[]> Comparer = new Same();

    private sealed class Same : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public bool Equals(byte[]? x, byte[]? y) => x is null ? y is null : y is not null && x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());
    }
}
