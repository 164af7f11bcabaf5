using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>What form a chunk's values have.</summary>
internal enum ChunkForm : byte
{
    /// <summary>Differences in the width that costs least (<see cref="IntColumn"/>).</summary>
    Integers = 1,

    Numbers = 2,

    /// <summary>Lengths, then the bytes.</summary>
    Texts = 3,

    /// <summary>Each different text once, then numbers of texts.</summary>
    Words = 4,
}

/// <summary>
/// Encodes one column of one group: form, whether there are nulls, the bitmap of nulls, the words, the end of each block, the blocks of 1,024 values. A block can be
/// read without those before it.
/// </summary>
internal sealed class ChunkWriter
{
    public const int BlockRows = PatchedBits.Most;

    const int MostWords = 16_384;
    const int Slots = MostWords * 2;

    /// <summary>After so many rows it shows whether words repeat.</summary>
    const int Probe = 4_096;

    readonly int[] _slots = new int[Slots];
    readonly int[] _words = new int[MostWords];
    int[] _codes = [];

    public ColumnStats Write(ByteWriter to, ColumnBatch column, int rows, int nulls)
    {
        int words = column.Type == ColumnType.Text ? Words(column, rows) : 0;
        ChunkForm form = column.Type switch
        {
            ColumnType.Text => words > 0 ? ChunkForm.Words : ChunkForm.Texts,
            ColumnType.Number => ChunkForm.Numbers,
            _ => ChunkForm.Integers,
        };
        to.Byte((byte)form);
        to.Byte(nulls > 0 ? (byte)1 : (byte)0);
        if (nulls > 0)
        {
            foreach (ulong word in column.Nulls.AsSpan(0, (rows + 63) / 64))
            {
                to.Fixed64(word);
            }
        }

        if (form == ChunkForm.Words)
        {
            to.Varint((ulong)words);
            for (int w = 0; w < words; w++)
            {
                to.Varint((ulong)column.Utf8(_words[w]).Length);
            }

            for (int w = 0; w < words; w++)
            {
                to.Raw(column.Utf8(_words[w]));
            }
        }

        int blocks = (rows + BlockRows - 1) / BlockRows, ends = to.Length;
        to.Take(blocks * 4);
        int start = to.Length;
        Span<ulong> packed = stackalloc ulong[BlockRows];
        for (int b = 0, row = 0; b < blocks; b++, row += BlockRows)
        {
            int count = Math.Min(BlockRows, rows - row);
            switch (form)
            {
                case ChunkForm.Integers:
                    IntColumn.Write(to, column.Integers.AsSpan(row, count));
                    break;
                case ChunkForm.Numbers:
                    WriteNumbers(to, column.Numbers.AsSpan(row, count));
                    break;
                case ChunkForm.Words:
                    for (int i = 0; i < count; i++)
                    {
                        packed[i] = (ulong)_codes[row + i];
                    }

                    PatchedBits.Write(to, packed[..count]);
                    break;
                default:
                    for (int i = 0; i < count; i++)
                    {
                        packed[i] = (ulong)(column.Offsets[row + i + 1] - column.Offsets[row + i]);
                    }

                    PatchedBits.Write(to, packed[..count]);
                    to.Raw(column.Bytes.AsSpan(column.Offsets[row], column.Offsets[row + count] - column.Offsets[row]));
                    break;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(to.WrittenFrom(ends + b * 4), (uint)(to.Length - start));
        }

        return Stats(column, rows, nulls, words);
    }

    static void WriteNumbers(ByteWriter to, ReadOnlySpan<double> numbers)
    {
        if (BitConverter.IsLittleEndian)
        {
            to.Raw(MemoryMarshal.AsBytes(numbers));
            return;
        }

        foreach (double number in numbers)
        {
            to.Fixed64((ulong)BitConverter.DoubleToInt64Bits(number));
        }
    }

    /// <summary>Numbers the different texts. 0: they are too many for it to pay.</summary>
    int Words(ColumnBatch column, int rows)
    {
        if (_codes.Length < rows)
        {
            _codes = new int[rows];
        }

        Array.Clear(_slots);
        int words = 0;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<byte> text = column.Utf8(row);
            uint hash = Check.Of(text) * 0x9E37_79B1u;
            int slot = (int)(hash >> 17);
            for (; ; slot = (slot + 1) & (Slots - 1))
            {
                int word = _slots[slot] - 1;
                if (word < 0)
                {
                    if (words == MostWords || (row >= Probe && words > row / 2))
                    {
                        return 0;
                    }

                    _words[words] = row;
                    _slots[slot] = ++words;
                    _codes[row] = words - 1;
                    break;
                }

                if (text.SequenceEqual(column.Utf8(_words[word])))
                {
                    _codes[row] = word;
                    break;
                }
            }
        }

        return words <= rows / 2 || rows < 64 ? words : 0;
    }

    ColumnStats Stats(ColumnBatch column, int rows, int nulls, int words)
    {
        if (nulls == rows)
        {
            return ColumnStats.None(nulls);
        }

        switch (column.Type)
        {
            case ColumnType.Number:
                (double low, double high) = (double.PositiveInfinity, double.NegativeInfinity);
                for (int i = 0; i < rows; i++)
                {
                    double number = column.Numbers[i];
                    if (double.IsNaN(number))
                    {
                        return ColumnStats.None(nulls);
                    }

                    if (nulls == 0 || !column.IsNull(i))
                    {
                        (low, high) = (Math.Min(low, number), Math.Max(high, number));
                    }
                }

                return new(nulls, true, 0, 0, low, high, default, default);
            case ColumnType.Text:
                return TextStats(column, rows, nulls, words);
            default:
                (long least, long greatest) = (long.MaxValue, long.MinValue);
                for (int i = 0; i < rows; i++)
                {
                    if (nulls == 0 || !column.IsNull(i))
                    {
                        (least, greatest) = (Math.Min(least, column.Integers[i]), Math.Max(greatest, column.Integers[i]));
                    }
                }

                return new(nulls, true, least, greatest, 0, 0, default, default);
        }
    }

    /// <summary>Where there are nulls the empty text stands among the words for them, so that the least may be lower than what is there.</summary>
    ColumnStats TextStats(ColumnBatch column, int rows, int nulls, int words)
    {
        int least = -1, greatest = -1;
        int count = words > 0 ? words : rows;
        for (int i = 0; i < count; i++)
        {
            int row = words > 0 ? _words[i] : i;
            if (words == 0 && nulls > 0 && column.IsNull(row))
            {
                continue;
            }

            least = least < 0 || column.Utf8(row).SequenceCompareTo(column.Utf8(least)) < 0 ? row : least;
            greatest = greatest < 0 || column.Utf8(row).SequenceCompareTo(column.Utf8(greatest)) > 0 ? row : greatest;
        }

        return new(nulls, true, 0, 0, 0, 0, Cut(column.Utf8(least)), Cut(column.Utf8(greatest)));
    }

    static byte[] Cut(ReadOnlySpan<byte> text) => text[..Math.Min(text.Length, ColumnStats.TextBytes)].ToArray();
}
