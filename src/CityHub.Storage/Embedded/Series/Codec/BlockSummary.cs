using System.Buffers.Binary;

namespace CityHub.Storage.Embedded.Series.Codec;

/// <summary>What one block holds, without decoding it: enough for every aggregate whose bucket holds the block.</summary>
/// <param name="Offset">Of the block in the chunk's body.</param>
internal readonly record struct BlockSummary(
    long First, long Last, int Count, int Numbers, double Sum, double SumOfSquares, double Min, double Max, int Offset, int Length)
{
    public const int Bytes = 64;

    /// <summary>One 64-byte record each, and a check over all of them.</summary>
    public static byte[] Write(ReadOnlySpan<BlockSummary> blocks, long chunk)
    {
        byte[] bytes = new byte[blocks.Length * Bytes + 4];
        for (int i = 0; i < blocks.Length; i++)
        {
            Span<byte> to = bytes.AsSpan(i * Bytes, Bytes);
            ref readonly BlockSummary block = ref blocks[i];
            BinaryPrimitives.WriteInt64LittleEndian(to, block.First);
            BinaryPrimitives.WriteInt64LittleEndian(to[8..], block.Last);
            BinaryPrimitives.WriteInt32LittleEndian(to[16..], block.Count);
            BinaryPrimitives.WriteInt32LittleEndian(to[20..], block.Numbers);
            BinaryPrimitives.WriteDoubleLittleEndian(to[24..], block.Sum);
            BinaryPrimitives.WriteDoubleLittleEndian(to[32..], block.SumOfSquares);
            BinaryPrimitives.WriteDoubleLittleEndian(to[40..], block.Min);
            BinaryPrimitives.WriteDoubleLittleEndian(to[48..], block.Max);
            BinaryPrimitives.WriteInt32LittleEndian(to[56..], block.Offset);
            BinaryPrimitives.WriteInt32LittleEndian(to[60..], block.Length);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(bytes.Length - 4), Check.Of(chunk, bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    /// <param name="samples">How many the chunk has: the blocks must add up to it.</param>
    /// <param name="bodyBytes">The blocks must lie in the body one behind the other.</param>
    public static BlockSummary[] Read(ReadOnlySpan<byte> bytes, long chunk, int samples, int bodyBytes)
    {
        if (bytes.Length < Bytes + 4 || (bytes.Length - 4) % Bytes != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != Check.Of(chunk, bytes[..^4]))
        {
            ByteReader.Damage("its summaries do not check");
        }

        var blocks = new BlockSummary[(bytes.Length - 4) / Bytes];
        long count = 0, end = 0;
        for (int i = 0; i < blocks.Length; i++)
        {
            ReadOnlySpan<byte> from = bytes.Slice(i * Bytes, Bytes);
            BlockSummary block = blocks[i] = new BlockSummary(
                BinaryPrimitives.ReadInt64LittleEndian(from),
                BinaryPrimitives.ReadInt64LittleEndian(from[8..]),
                BinaryPrimitives.ReadInt32LittleEndian(from[16..]),
                BinaryPrimitives.ReadInt32LittleEndian(from[20..]),
                BinaryPrimitives.ReadDoubleLittleEndian(from[24..]),
                BinaryPrimitives.ReadDoubleLittleEndian(from[32..]),
                BinaryPrimitives.ReadDoubleLittleEndian(from[40..]),
                BinaryPrimitives.ReadDoubleLittleEndian(from[48..]),
                BinaryPrimitives.ReadInt32LittleEndian(from[56..]),
                BinaryPrimitives.ReadInt32LittleEndian(from[60..]));
            if (block.Count is < 1 or > PatchedBits.Most || block.Last < block.First || (i > 0 && block.First < blocks[i - 1].Last)
                || (uint)block.Numbers > (uint)block.Count || block.Offset != end || block.Length < 1)
            {
                ByteReader.Damage("its summaries contradict each other");
            }

            count += block.Count;
            end += block.Length;
        }

        if (count != samples || end != bodyBytes)
        {
            ByteReader.Damage("its summaries do not add up");
        }

        return blocks;
    }
}
