using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CityHub.Core.Tables;
using CityHub.Storage.Embedded.Series.Codec;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>Reads what a <see cref="ChunkWriter"/> wrote, opened: block by block, or one value. After <see cref="Load"/> many threads may read at once.</summary>
internal sealed class Chunk
{
    /// <summary>Room behind a buffer, so that short words are copied in one move.</summary>
    public const int Slack = 16;

    byte[] _bytes = [];
    int _rows, _nulls, _blockEnds, _blocks, _words;
    int[] _wordOffsets = [];
    ChunkForm _form;

    /// <param name="bytes">At least <paramref name="length"/> + <see cref="Slack"/> long.</param>
    public void Load(byte[] bytes, int length, ColumnType type, int rows)
    {
        (_bytes, _rows) = (bytes, rows);
        var from = new ByteReader(bytes.AsSpan(0, length));
        _form = (ChunkForm)from.Byte();
        bool fits = type switch
        {
            ColumnType.Text => _form is ChunkForm.Texts or ChunkForm.Words,
            ColumnType.Number => _form == ChunkForm.Numbers,
            _ => _form == ChunkForm.Integers,
        };
        if (!fits)
        {
            ByteReader.Damage("a column has an unknown form");
        }

        _nulls = 0;
        if (from.Byte() != 0)
        {
            _nulls = length - from.Left;
            _ = from.Take((rows + 63) / 64 * 8);
        }

        if (_form == ChunkForm.Words)
        {
            _words = from.Count(rows);
            if (_words >= _wordOffsets.Length)
            {
                _wordOffsets = new int[_words + 1];
            }

            _wordOffsets[0] = 0;
            for (int w = 0; w < _words; w++)
            {
                _wordOffsets[w + 1] = _wordOffsets[w] + from.Count(length - _wordOffsets[w]);
            }

            int start = length - from.Left;
            _ = from.Take(_wordOffsets[_words]);
            for (int w = 0; w <= _words; w++)
            {
                _wordOffsets[w] += start;
            }
        }

        int blocks = (rows + ChunkWriter.BlockRows - 1) / ChunkWriter.BlockRows;
        _blockEnds = length - from.Left;
        _ = from.Take(blocks * 4);
        _blocks = length - from.Left;
        uint last = 0;
        for (int b = 0; b < blocks; b++)
        {
            uint end = EndOf(b);
            if (end < last || end > from.Left)
            {
                ByteReader.Damage("a block ends beyond its column");
            }

            last = end;
        }
    }

    public int Footprint => _bytes.Length + _wordOffsets.Length * sizeof(int);

    public bool IsNull(int row) => _nulls > 0 && (_bytes[_nulls + (row >> 3)] >> (row & 7) & 1) != 0;

    /// <summary>Rows from the beginning of a block, to the beginning of the batch.</summary>
    /// <param name="spare">Takes the nulls where there are some.</param>
    public void Decode(int row, int count, ColumnBatch into, ulong[] spare)
    {
        Debug.Assert(row % ChunkWriter.BlockRows == 0, "A block is read from its beginning.");
        into.Nulls = null;
        if (_nulls > 0)
        {
            for (int w = 0; w < (count + 63) / 64; w++)
            {
                spare[w] = BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(_nulls + (row >> 6) * 8 + w * 8));
            }

            into.Nulls = spare;
        }

        if (_form is ChunkForm.Texts or ChunkForm.Words)
        {
            into.Offsets[0] = 0;
        }

        for (int at = 0; at < count; at += ChunkWriter.BlockRows, row += ChunkWriter.BlockRows)
        {
            int many = Math.Min(ChunkWriter.BlockRows, count - at);
            ByteReader block = BlockOf(row, out int all);
            switch (_form)
            {
                case ChunkForm.Integers:
                    IntColumn.Read(ref block, into.Integers.AsSpan(at, Whole(many, all)));
                    break;
                case ChunkForm.Numbers:
                    ReadNumbers(block.Take(many * 8), into.Numbers.AsSpan(at, many));
                    break;
                case ChunkForm.Words:
                    DecodeWords(ref block, at, Whole(many, all), into);
                    break;
                default:
                    DecodeTexts(ref block, at, Whole(many, all), into);
                    break;
            }
        }
    }

    /// <summary>One value, to a place in the batch (texts: behind the one before).</summary>
    [SkipLocalsInit]
    public void Take(int row, ColumnBatch into, int at)
    {
        ByteReader block = BlockOf(row, out int count);
        int index = row % ChunkWriter.BlockRows;
        if (IsNull(row))
        {
            into.Nulls ??= new ulong[at / 64 + 1];
            into.Nulls[at >> 6] |= 1UL << (at & 63);
        }

        switch (_form)
        {
            case ChunkForm.Integers:
                Span<long> values = stackalloc long[count];
                IntColumn.Read(ref block, values);
                into.Integers[at] = values[index];
                break;
            case ChunkForm.Numbers:
                ReadNumbers(block.Take(count * 8).Slice(index * 8, 8), into.Numbers.AsSpan(at, 1));
                break;
            default:
                ReadOnlySpan<byte> text = Text(ref block, count, index);
                int start = at == 0 ? 0 : into.Offsets[at];
                (into.Offsets[at], into.Offsets[at + 1]) = (start, start + text.Length);
                if (into.Bytes.Length < start + text.Length)
                {
                    byte[] larger = new byte[Math.Max(start + text.Length, into.Bytes.Length * 2)];
                    into.Bytes.AsSpan(0, start).CopyTo(larger);
                    into.Bytes = larger;
                }

                text.CopyTo(into.Bytes.AsSpan(start));
                break;
        }
    }

    /// <summary>Whether the value in this row is this text, or this number.</summary>
    [SkipLocalsInit]
    public bool Holds(int row, ReadOnlySpan<byte> key)
    {
        if (IsNull(row))
        {
            return false;
        }

        ByteReader block = BlockOf(row, out int count);
        int index = row % ChunkWriter.BlockRows;
        switch (_form)
        {
            case ChunkForm.Integers:
                Span<long> values = stackalloc long[count];
                IntColumn.Read(ref block, values);
                return values[index] == BinaryPrimitives.ReadInt64LittleEndian(key);
            case ChunkForm.Numbers:
                return block.Take(count * 8).Slice(index * 8, 8).SequenceEqual(key);
            default:
                return Text(ref block, count, index).SequenceEqual(key);
        }
    }

    [SkipLocalsInit]
    ReadOnlySpan<byte> Text(ref ByteReader block, int count, int index)
    {
        Span<ulong> packed = stackalloc ulong[count];
        PatchedBits.Read(ref block, packed);
        if (_form == ChunkForm.Words)
        {
            int word = WordOf(packed[index]);
            return _bytes.AsSpan(_wordOffsets[word], _wordOffsets[word + 1] - _wordOffsets[word]);
        }

        ulong skip = 0;
        for (int i = 0; i < index; i++)
        {
            skip += packed[i];
        }

        return skip > (ulong)block.Left || packed[index] > (ulong)block.Left - skip ? Ends() : block.Rest.Slice((int)skip, (int)packed[index]);
    }

    static ReadOnlySpan<byte> Ends()
    {
        ByteReader.Damage("a text ends beyond its block");
        return default;
    }

    [SkipLocalsInit]
    void DecodeWords(ref ByteReader block, int at, int count, ColumnBatch into)
    {
        Span<ulong> packed = stackalloc ulong[count];
        PatchedBits.Read(ref block, packed);
        Span<int> offsets = into.Offsets.AsSpan(at + 1, count);
        int end = into.Offsets[at];
        int[] words = _wordOffsets;
        for (int i = 0; i < count; i++)
        {
            int word = WordOf(packed[i]);
            end += words[word + 1] - words[word];
            offsets[i] = end;
        }

        byte[] target = Room(into, into.Offsets[at], end);
        int to = into.Offsets[at];
        for (int i = 0; i < count; i++)
        {
            int word = (int)packed[i], length = words[word + 1] - words[word];
            if (length <= Slack)
            {
                // One move of 16 bytes; what it writes beyond the word is overwritten by the next.
                Unsafe.WriteUnaligned(ref target[to], Unsafe.ReadUnaligned<UInt128>(ref _bytes[words[word]]));
            }
            else
            {
                _bytes.AsSpan(words[word], length).CopyTo(target.AsSpan(to));
            }

            to += length;
        }
    }

    [SkipLocalsInit]
    static void DecodeTexts(ref ByteReader block, int at, int count, ColumnBatch into)
    {
        Span<ulong> packed = stackalloc ulong[count];
        PatchedBits.Read(ref block, packed);
        int start = into.Offsets[at];
        ulong end = (ulong)start, most = (ulong)start + (ulong)block.Left;
        for (int i = 0; i < count; i++)
        {
            end += packed[i];
            if (packed[i] > most || end > most)
            {
                ByteReader.Damage("a text ends beyond its block");
            }

            into.Offsets[at + 1 + i] = (int)end;
        }

        byte[] target = Room(into, start, (int)end);
        block.Take((int)end - start).CopyTo(target.AsSpan(start));
    }

    /// <summary>A buffer that holds up to <paramref name="end"/> and <see cref="Slack"/>, and keeps what stands before <paramref name="start"/>.</summary>
    static byte[] Room(ColumnBatch into, int start, int end)
    {
        if (into.Bytes.Length < end + Slack)
        {
            byte[] larger = new byte[Math.Max(end + Slack, into.Bytes.Length * 2)];
            into.Bytes.AsSpan(0, start).CopyTo(larger);
            into.Bytes = larger;
        }

        return into.Bytes;
    }

    static void ReadNumbers(ReadOnlySpan<byte> from, Span<double> into)
    {
        if (BitConverter.IsLittleEndian)
        {
            from.CopyTo(MemoryMarshal.AsBytes(into));
            return;
        }

        for (int i = 0; i < into.Length; i++)
        {
            into[i] = BinaryPrimitives.ReadDoubleLittleEndian(from[(i * 8)..]);
        }
    }

    int WordOf(ulong code)
    {
        if (code >= (ulong)_words)
        {
            ByteReader.Damage("a word is not in the list");
        }

        return (int)code;
    }

    /// <summary>Blocks are read whole: what a block holds is not told to it.</summary>
    static int Whole(int asked, int all) => asked == all ? all : throw new InvalidOperationException("A block is read whole.");

    uint EndOf(int block) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(_blockEnds + block * 4));

    ByteReader BlockOf(int row, out int count)
    {
        int block = row / ChunkWriter.BlockRows;
        count = Math.Min(ChunkWriter.BlockRows, _rows - block * ChunkWriter.BlockRows);
        uint start = block == 0 ? 0 : EndOf(block - 1);
        return new ByteReader(_bytes.AsSpan(_blocks + (int)start, (int)(EndOf(block) - start)));
    }
}
