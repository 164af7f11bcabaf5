using System.Numerics;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// A tree of which only the right edge is kept, one hash per bit of its size: enough to append to it and to know its root.
/// One node hash per appended entry. Belongs to one thread.
/// </summary>
public sealed class CompactRange(HashFunction hash)
{
    private readonly byte[] edge = new byte[63 * HashFunction.Size];

    public long Size { get; private set; }

    public void Append(ReadOnlySpan<byte> leafHash) => AppendSubtree(0, leafHash);

    /// <summary>Appends 2^level entries by the hash of their complete subtree; the size is a multiple of 2^level.</summary>
    public void AppendSubtree(int level, ReadOnlySpan<byte> subtree)
    {
        if ((Size & ((1L << level) - 1)) != 0)
            throw new ArgumentException("The tree ends in the middle of a subtree of this level.", nameof(level));

        Span<byte> running = stackalloc byte[HashFunction.Size];
        subtree[..HashFunction.Size].CopyTo(running);
        var at = level;
        for (; (Size >> at & 1) == 1; at++)
            MerkleTree.NodeHash(hash, At(at), running, running);
        running.CopyTo(At(at));
        Size += 1L << level;
    }

    public byte[] Root()
    {
        if (Size == 0)
            return MerkleTree.EmptyRoot(hash);

        var level = BitOperations.TrailingZeroCount(Size);
        var root = At(level).ToArray();
        for (var rest = Size & (Size - 1); rest != 0; rest &= rest - 1)
            MerkleTree.NodeHash(hash, At(BitOperations.TrailingZeroCount(rest)), root, root);
        return root;
    }

    internal CompactRange Copy()
    {
        var copy = new CompactRange(hash) { Size = Size };
        edge.CopyTo(copy.edge, 0);
        return copy;
    }

    private Span<byte> At(int level) => edge.AsSpan(level * HashFunction.Size, HashFunction.Size);
}
