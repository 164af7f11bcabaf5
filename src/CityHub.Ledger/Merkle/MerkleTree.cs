using System.Numerics;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// The tree of RFC 6962 section 2.1 over any hash function: a leaf is H(00 entry), a node is H(01 left right). Verification is pure,
/// of public data, and never throws: what is not a proof is false.
/// </summary>
public static class MerkleTree
{
    private const byte LeafPrefix = 0, NodePrefix = 1;

    public static void LeafHash(HashFunction hash, ReadOnlySpan<byte> entry, Span<byte> into) => hash.Hash([LeafPrefix], entry, into);

    public static byte[] LeafHash(HashFunction hash, ReadOnlySpan<byte> entry)
    {
        var leaf = new byte[HashFunction.Size];
        LeafHash(hash, entry, leaf);
        return leaf;
    }

    /// <param name="into">May be one of the two.</param>
    public static void NodeHash(HashFunction hash, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right, Span<byte> into)
    {
        Span<byte> node = stackalloc byte[1 + 2 * HashFunction.Size];
        node[0] = NodePrefix;
        left[..HashFunction.Size].CopyTo(node[1..]);
        right[..HashFunction.Size].CopyTo(node[(1 + HashFunction.Size)..]);
        hash.Hash(node, into);
    }

    /// <summary>The root of a tree without entries: H of nothing.</summary>
    public static byte[] EmptyRoot(HashFunction hash) => hash.Hash([]);

    /// <summary>The entry whose leaf hash is <paramref name="leafHash"/> is number <paramref name="index"/> of the tree.</summary>
    public static bool VerifyInclusion(
        HashFunction hash, long size, long index, ReadOnlySpan<byte> leafHash, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        if (index < 0 || index >= size || leafHash.Length != HashFunction.Size || root.Length != HashFunction.Size)
            return false;

        // RFC 9162 section 2.1.3.2: where we are (at) and where the last node is (last), level by level.
        var (at, last) = (index, size - 1);
        Span<byte> running = stackalloc byte[HashFunction.Size];
        leafHash.CopyTo(running);
        foreach (var sibling in proof)
        {
            if (last == 0 || sibling is not { Length: HashFunction.Size })
                return false;
            if ((at & 1) == 1 || at == last)
            {
                NodeHash(hash, sibling, running, running);
                // The last node of a level without a sibling goes up unchanged.
                while ((at & 1) == 0 && at != 0)
                    (at, last) = (at >> 1, last >> 1);
            }
            else
                NodeHash(hash, running, sibling, running);
            (at, last) = (at >> 1, last >> 1);
        }

        return last == 0 && running.SequenceEqual(root);
    }

    /// <summary>
    /// The tree of <paramref name="oldSize"/> entries is the beginning of the one of <paramref name="size"/>. A proof from the empty tree
    /// shows nothing and is refused; who starts with an old size of 0 has nothing to verify.
    /// </summary>
    public static bool VerifyConsistency(
        HashFunction hash, long oldSize, ReadOnlySpan<byte> oldRoot, long size, ReadOnlySpan<byte> root, IReadOnlyList<byte[]> proof) =>
        oldSize > 0 && VerifySubtreeConsistency(hash, 0, oldSize, oldRoot, size, root, proof);

    /// <summary>Entries [start, end) can stand as a subtree: end is after start, and start is a multiple of the smallest power of two that holds them.</summary>
    public static bool IsSubtree(long start, long end) =>
        start >= 0 && end > start && (start & (long)(BitOperations.RoundUpToPowerOf2((ulong)(end - start)) - 1)) == 0;

    /// <summary>As <see cref="VerifyInclusion"/>, in the subtree of the entries [start, end).</summary>
    public static bool VerifySubtreeInclusion(
        HashFunction hash, long start, long end, long index, ReadOnlySpan<byte> leafHash, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root) =>
        IsSubtree(start, end) && index >= start && VerifyInclusion(hash, end - start, index - start, leafHash, proof, root);

    /// <summary>
    /// The subtree of the entries [start, end) has the root <paramref name="subtreeRoot"/> and is part of the tree. Two ends that others
    /// (transparency-dev/merkle) settle so, and we with them: the empty subtree is part of any tree, whose root is then not looked at; and
    /// a whole tree is itself, if the roots are the same bytes.
    /// </summary>
    public static bool VerifySubtreeConsistency(
        HashFunction hash,
        long start,
        long end,
        ReadOnlySpan<byte> subtreeRoot,
        long size,
        ReadOnlySpan<byte> root,
        IReadOnlyList<byte[]> proof)
    {
        if (start == end && start >= 0 && end <= size)
            return proof.Count == 0 && subtreeRoot.SequenceEqual(EmptyRoot(hash));
        if (start == 0 && end == size && size > 0)
            return proof.Count == 0 && subtreeRoot.SequenceEqual(root);
        if (!IsSubtree(start, end) || end > size || subtreeRoot.Length != HashFunction.Size || root.Length != HashFunction.Size)
            return false;

        // The subtree's first node, its last one, and the tree's last one, level by level. Go up while the subtree's edge is complete.
        var (first, edge, last) = (start, end - 1, size - 1);
        while (first != edge && (edge == last || (edge & 1) == 1))
            (first, edge, last) = (first >> 1, edge >> 1, last >> 1);

        Span<byte> mine = stackalloc byte[HashFunction.Size], whole = stackalloc byte[HashFunction.Size];
        var next = 0;
        if (first == edge)
            subtreeRoot.CopyTo(mine);
        else if (proof.Count > 0 && proof[next++] is { Length: HashFunction.Size } begin)
            begin.CopyTo(mine);
        else
            return false;
        mine.CopyTo(whole);

        for (; next < proof.Count; next++)
        {
            var sibling = proof[next];
            if (last == 0 || sibling is not { Length: HashFunction.Size })
                return false;
            if ((edge & 1) == 1 || edge == last)
            {
                if (first < edge)
                    NodeHash(hash, sibling, mine, mine);
                NodeHash(hash, sibling, whole, whole);
                while ((edge & 1) == 0 && edge != 0)
                    (first, edge, last) = (first >> 1, edge >> 1, last >> 1);
            }
            else
                NodeHash(hash, whole, sibling, whole);
            (first, edge, last) = (first >> 1, edge >> 1, last >> 1);
        }

        return last == 0 && mine.SequenceEqual(subtreeRoot) && whole.SequenceEqual(root);
    }
}
