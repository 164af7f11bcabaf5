using System.Buffers.Binary;
using System.Security.Cryptography;
using CityHub.Core.Tables;

namespace CityHub.Standards.Quality;

/// <summary>A value in 16 bytes, so that it can be found again: short texts as they are, long ones as the half of their SHA-256 (collisions cannot be made on purpose).</summary>
internal static class KeyHash
{
    public static UInt128 Of(ColumnBatch column, int row) => column.IsNull(row) ? UInt128.Zero : column.Type switch
    {
        ColumnType.Text => Of(column.Utf8(row)),
        ColumnType.Number => new UInt128(1UL << 63, BitConverter.DoubleToUInt64Bits(column.Numbers[row] + 0.0)),
        _ => new UInt128(1UL << 63, (ulong)column.Integers[row]),
    };

    // The topmost byte: 1 + length for what is kept whole (1 to 16), 0xFF for a hash, 0x80 for numbers, 0 for nothing.
    public static UInt128 Of(ReadOnlySpan<byte> utf8)
    {
        Span<byte> bytes = stackalloc byte[32];
        if (utf8.Length <= 15)
        {
            bytes[..16].Clear();
            bytes[0] = (byte)(1 + utf8.Length);
            utf8.CopyTo(bytes[1..]);
        }
        else
        {
            SHA256.HashData(utf8, bytes);
            bytes[0] = 0xFF;
        }

        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }

    /// <summary>Of several values together.</summary>
    public static UInt128 Of(RowBatch batch, ReadOnlySpan<int> columns, int row)
    {
        Span<byte> bytes = stackalloc byte[32 + 16];
        var state = bytes[..32];
        state.Clear();
        // Chained in blocks of one value: no buffer as long as the row is needed.
        Span<byte> next = stackalloc byte[32];
        foreach (var column in columns)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes[32..], Of(batch.Columns[column], row));
            SHA256.HashData(bytes, next);
            next.CopyTo(state);
        }

        return BinaryPrimitives.ReadUInt128BigEndian(state);
    }
}
