using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Merkle;

/// <summary>Every tree up to a size, against the definition in RFC 6962 written down as it stands there.</summary>
public sealed class MerkleTreeTests
{
    const int Largest = 40;

    public static TheoryData<string> Functions => [HashFunctions.Sha256.Name, HashFunctions.Sm3.Name];

    static HashFunction Named(string name) => name == HashFunctions.Sm3.Name ? HashFunctions.Sm3 : HashFunctions.Sha256;

    static byte[] Entry(int i) => Encoding.UTF8.GetBytes($"entry {i}");

    /// <summary>MTH(D[start:end]) of RFC 6962 section 2.1.</summary>
    static byte[] ByDefinition(HashFunction hash, int start, int end)
    {
        if (start == end)
            return hash.Hash([]);
        if (end - start == 1)
            return hash.Hash([0, .. Entry(start)]);
        int k = 1;
        while (2 * k < end - start)
            k *= 2;
        return hash.Hash([1, .. ByDefinition(hash, start, start + k), .. ByDefinition(hash, start + k, end)]);
    }

    sealed class Whole(HashFunction hash) : INodeSource
    {
        public void Read(int level, long index, Span<byte> into) =>
            ByDefinition(hash, (int)(index << level), (int)((index + 1) << level)).CopyTo(into);
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void The_root_is_what_the_standard_defines_at_every_size(string name)
    {
        HashFunction hash = Named(name);
        var proofs = new MerkleProofs(hash, new Whole(hash));
        var range = new CompactRange(hash);
        for (int size = 0; size <= Largest; size++)
        {
            byte[] root = ByDefinition(hash, 0, size);
            Assert.Equal(root, range.Root());
            Assert.Equal(size, range.Size);
            Assert.Equal(root, proofs.Root(size));
            range.Append(MerkleTree.LeafHash(hash, Entry(size)));
        }

        Assert.Equal(hash.Hash([]), MerkleTree.EmptyRoot(hash));
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void Every_entry_of_every_tree_is_proven_and_no_other_entry_with_its_proof(string name)
    {
        HashFunction hash = Named(name);
        var proofs = new MerkleProofs(hash, new Whole(hash));
        for (int size = 1; size <= Largest; size++)
        {
            byte[] root = proofs.Root(size);
            for (int index = 0; index < size; index++)
            {
                IReadOnlyList<byte[]> proof = proofs.Inclusion(index, size);
                byte[] leaf = MerkleTree.LeafHash(hash, Entry(index));
                Assert.True(MerkleTree.VerifyInclusion(hash, size, index, leaf, proof, root));
                Assert.False(MerkleTree.VerifyInclusion(hash, size, index, MerkleTree.LeafHash(hash, Entry(index + 1)), proof, root));
                Assert.False(MerkleTree.VerifyInclusion(hash, size, index ^ 1, leaf, proof, root) && size > 1);
                Assert.False(MerkleTree.VerifyInclusion(hash, size, size, leaf, proof, root));
                Assert.False(MerkleTree.VerifyInclusion(hash, size, -1, leaf, proof, root));
                Assert.False(MerkleTree.VerifyInclusion(hash, size, index, leaf, [.. proof, root], root));
                for (int at = 0; at < proof.Count; at++)
                {
                    byte[][] bent = [.. proof.Select(p => (byte[])p.Clone())];
                    bent[at][index % 32] ^= 1;
                    Assert.False(MerkleTree.VerifyInclusion(hash, size, index, leaf, bent, root));
                }
            }
        }
    }

    [Fact]
    public void Every_tree_is_proven_to_begin_every_later_one_and_no_other()
    {
        HashFunction hash = HashFunctions.Sha256;
        var proofs = new MerkleProofs(hash, new Whole(hash));
        byte[][] roots = [.. Enumerable.Range(0, Largest + 1).Select(size => proofs.Root(size))];
        for (int size = 1; size <= Largest; size++)
        {
            for (int old = 1; old <= size; old++)
            {
                IReadOnlyList<byte[]> proof = proofs.Consistency(old, size);
                Assert.True(MerkleTree.VerifyConsistency(hash, old, roots[old], size, roots[size], proof), $"{old} {size}");
                Assert.False(MerkleTree.VerifyConsistency(hash, old, roots[old - 1], size, roots[size], proof));
                Assert.False(MerkleTree.VerifyConsistency(hash, old, roots[old], size, roots[size - 1], proof));
                Assert.False(MerkleTree.VerifyConsistency(hash, old, roots[old], size, roots[size], [.. proof, roots[0]]));
                Assert.True(proof.Count == 0 || !MerkleTree.VerifyConsistency(hash, old, roots[old], size, roots[size], [.. proof.Skip(1)]));
            }
        }

        Assert.False(MerkleTree.VerifyConsistency(hash, 0, roots[0], 5, roots[5], []));
        Assert.False(MerkleTree.VerifyConsistency(hash, 6, roots[6], 5, roots[5], []));
    }

    [Fact]
    public void Every_subtree_is_proven_to_be_part_of_every_tree_that_has_it()
    {
        HashFunction hash = HashFunctions.Sha256;
        var proofs = new MerkleProofs(hash, new Whole(hash));
        const int size = 27;
        byte[] root = proofs.Root(size);
        int subtrees = 0;
        for (int start = 0; start < size; start++)
        {
            for (int end = start + 1; end <= size; end++)
            {
                if (!MerkleTree.IsSubtree(start, end))
                {
                    Assert.Throws<ArgumentOutOfRangeException>(() => proofs.SubtreeRoot(start, end));
                    continue;
                }

                subtrees++;
                byte[] mine = proofs.SubtreeRoot(start, end);
                Assert.Equal(ByDefinition(hash, start, end), mine);
                Assert.True(MerkleTree.VerifySubtreeConsistency(hash, start, end, mine, size, root, proofs.SubtreeConsistency(start, end, size)), $"{start} {end}");
                int index = start + (end - start) / 2;
                IReadOnlyList<byte[]> proof = proofs.SubtreeInclusion(index, start, end);
                Assert.True(MerkleTree.VerifySubtreeInclusion(hash, start, end, index, MerkleTree.LeafHash(hash, Entry(index)), proof, mine));
            }
        }

        Assert.InRange(subtrees, size, size * size);
    }

    [Fact]
    public void A_whole_subtree_is_appended_by_its_hash_only_where_it_fits()
    {
        HashFunction hash = HashFunctions.Sha256;
        var range = new CompactRange(hash);
        range.AppendSubtree(3, ByDefinition(hash, 0, 8));
        range.AppendSubtree(2, ByDefinition(hash, 8, 12));
        range.Append(MerkleTree.LeafHash(hash, Entry(12)));
        Assert.Equal(ByDefinition(hash, 0, 13), range.Root());
        Assert.Throws<ArgumentException>(() => range.AppendSubtree(2, ByDefinition(hash, 12, 16)));
    }
}
