using System.Buffers.Binary;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>A bundle in memory with the leaf hashes of each tree, as far as they were computed.</summary>
internal sealed class PendingBundle
{
    /// <summary>256 entries of 256 bytes fit without growing.</summary>
    private const int FirstCapacity = TilePath.FullWidth * (256 + EntryBundle.LengthBytes);

    private const int LargestKept = 16 * FirstCapacity;

    private readonly IReadOnlyList<LogTree> trees;
    private readonly byte[][] leaves;
    private byte[] bytes = new byte[FirstCapacity];
    private int length, hashed, hashedLength;

    public PendingBundle(IReadOnlyList<LogTree> trees)
    {
        this.trees = trees;
        leaves = new byte[trees.Count][];
        for (var i = 0; i < leaves.Length; i++)
            leaves[i] = new byte[TilePath.FullBytes];
    }

    public int Count { get; private set; }

    public bool IsFull => Count == TilePath.FullWidth;

    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

    public void Clear()
    {
        (Count, length, hashed, hashedLength) = (0, 0, 0, 0);
        if (bytes.Length > LargestKept)
            bytes = new byte[FirstCapacity];
    }

    public void Append(ReadOnlySpan<byte> entry)
    {
        var needed = length + EntryBundle.LengthBytes + entry.Length;
        if (needed > bytes.Length)
            Array.Resize(ref bytes, Math.Max(needed, 2 * bytes.Length));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(length), (ushort)entry.Length);
        entry.CopyTo(bytes.AsSpan(length + EntryBundle.LengthBytes));
        length = needed;
        Count++;
    }

    /// <summary>Computes the leaf hashes that are missing. May be called again.</summary>
    public void HashLeaves()
    {
        ReadOnlySpan<byte> rest = bytes.AsSpan(hashedLength, length - hashedLength);
        while (EntryBundle.TryNext(ref rest, out var entry))
        {
            for (var tree = 0; tree < leaves.Length; tree++)
                MerkleTree.LeafHash(trees[tree].Hash, entry, leaves[tree].AsSpan(hashed * HashFunction.Size));
            hashed++;
            hashedLength += EntryBundle.LengthBytes + entry.Length;
        }
    }

    /// <summary>The leaf hashes as a tile of level 0; after <see cref="HashLeaves"/>.</summary>
    public ReadOnlyMemory<byte> Tile(int tree) => leaves[tree].AsMemory(0, hashed * HashFunction.Size);
}
