using System.Text;

namespace CityHub.Core.Tables;

/// <summary>
/// The values of one column in some rows. Texts lie one behind the other in <see cref="Bytes"/>, row i from <c>Offsets[i]</c> to <c>Offsets[i + 1]</c>; numbers in
/// <see cref="Numbers"/>; all other types in <see cref="Integers"/>. The arrays may be longer than the rows need, and belong to whoever made the batch.
/// </summary>
public sealed class ColumnBatch(ColumnType type)
{
    public ColumnType Type { get; } = type;

    public long[] Integers { get; set; } = [];

    public double[] Numbers { get; set; } = [];

    /// <summary>One more than there are rows.</summary>
    public int[] Offsets { get; set; } = [];

    public byte[] Bytes { get; set; } = [];

    /// <summary>Bit i set: row i has no value. Null: every row has one.</summary>
    public ulong[]? Nulls { get; set; }

    public bool IsNull(int row) => Nulls is { } nulls && (nulls[row >> 6] >> (row & 63) & 1) != 0;

    public ReadOnlySpan<byte> Utf8(int row) => Bytes.AsSpan(Offsets[row], Offsets[row + 1] - Offsets[row]);

    public string Text(int row) => Encoding.UTF8.GetString(Utf8(row));
}

/// <summary>Some rows of a table, in columns. Valid until the reader that gave it is asked for the next one.</summary>
public sealed class RowBatch(TableSchema schema, ColumnBatch[] columns)
{
    /// <summary>Readers give about so many rows at a time.</summary>
    public const int Usual = 4096;

    public TableSchema Schema { get; } = schema;

    /// <summary>In the order of the schema.</summary>
    public ColumnBatch[] Columns { get; } = columns;

    public int Rows { get; set; }

    /// <summary>Its rows are no content: the rows with their keys go. What else stands in them is not looked at.</summary>
    public bool Gone { get; set; }
}

/// <summary>Rows on their way: a file that is read, a table that is scanned, a release that leaves.</summary>
public interface IRows : IAsyncDisposable
{
    TableSchema Schema { get; }

    /// <summary>The next rows; null at the end. The batch may be the same object each time.</summary>
    ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default);
}
