using System.Numerics;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>Roots and proofs of a tree of which only the complete subtrees are kept. O(log size) reads each.</summary>
public sealed class MerkleProofs(HashFunction hash, INodeSource nodes)
{
    public byte[] Root(long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        return size == 0 ? MerkleTree.EmptyRoot(hash) : Range(0, size);
    }

    /// <summary>That entry <paramref name="index"/> is in the tree of <paramref name="size"/> entries; the lowest hash first.</summary>
    public IReadOnlyList<byte[]> Inclusion(long index, long size) => SubtreeInclusion(index, 0, size);

    /// <summary>That the tree of <paramref name="oldSize"/> entries, at least one, begins the tree of <paramref name="size"/>.</summary>
    public IReadOnlyList<byte[]> Consistency(long oldSize, long size) => SubtreeConsistency(0, oldSize, size);

    public byte[] SubtreeRoot(long start, long end)
    {
        NeedSubtree(start, end);
        return Range(start, end);
    }

    public IReadOnlyList<byte[]> SubtreeInclusion(long index, long start, long end)
    {
        NeedSubtree(start, end);
        ArgumentOutOfRangeException.ThrowIfLessThan(index, start);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, end);

        // From the top down; the proof is written from the bottom up.
        var proof = new List<byte[]>();
        while (end - start > 1)
        {
            var middle = start + LeftPart(end - start);
            if (index < middle)
            {
                proof.Add(Range(middle, end));
                end = middle;
            }
            else
            {
                proof.Add(Range(start, middle));
                start = middle;
            }
        }

        proof.Reverse();
        return proof;
    }

    public IReadOnlyList<byte[]> SubtreeConsistency(long start, long end, long size)
    {
        NeedSubtree(start, end);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, size);

        // The tree's part [low, high) that we are in; known: whoever verifies has this part's hash, it is the subtree itself.
        var proof = new List<byte[]>();
        var (low, high, known) = (0L, size, true);
        while (low != start || high != end)
        {
            var middle = low + LeftPart(high - low);
            if (end <= middle)
            {
                proof.Add(Range(middle, high));
                high = middle;
            }
            else
            {
                proof.Add(Range(low, middle));
                // The subtree crosses the middle: it begins here, and what is left of it is not known by itself.
                if (start < middle)
                    (start, known) = (middle, false);
                low = middle;
            }
        }

        if (!known)
            proof.Add(Range(low, high));
        proof.Reverse();
        return proof;
    }

    private static void NeedSubtree(long start, long end)
    {
        if (!MerkleTree.IsSubtree(start, end))
            throw new ArgumentOutOfRangeException(nameof(start), FormattableString.Invariant($"The entries from {start} to before {end} are not a subtree."));
    }

    /// <summary>The largest power of two below <paramref name="count"/>, which is at least 2.</summary>
    private static long LeftPart(long count) => 1L << BitOperations.Log2((ulong)(count - 1));

    /// <summary>The hash over [start, end): its complete subtrees from the right to the left, the smallest first.</summary>
    private byte[] Range(long start, long end)
    {
        var width = end - start;
        var result = new byte[HashFunction.Size];
        Span<byte> left = stackalloc byte[HashFunction.Size];
        var level = BitOperations.TrailingZeroCount(width);
        nodes.Read(level, (end >> level) - 1, result);
        for (width &= width - 1; width != 0; width &= width - 1)
        {
            level = BitOperations.TrailingZeroCount(width);
            nodes.Read(level, ((start + width) >> level) - 1, left);
            MerkleTree.NodeHash(hash, left, result, result);
        }

        return result;
    }
}
