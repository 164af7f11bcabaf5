using System.Globalization;
using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Witnesses;

/// <summary>A log in memory. Two of them with other words and one key are a log that shows two faces.</summary>
internal sealed class MemoryLog(NoteSigner signer, string words = "entry") : INodeSource
{
    private readonly List<byte[]> leaves = [];

    public HashFunction Hash => signer.Verifier.Hash;

    public VerifierKey Key => signer.Verifier;

    public long Size => leaves.Count;

    public MemoryLog Grow(int count, string? otherWords = null)
    {
        for (var i = 0; i < count; i++)
            leaves.Add(MerkleTree.LeafHash(Hash, Entry(leaves.Count, otherWords)));
        return this;
    }

    /// <summary>Another log of the same key, with the same beginning.</summary>
    public MemoryLog Fork(long size)
    {
        var fork = new MemoryLog(signer, words);
        fork.leaves.AddRange(leaves.Take((int)size));
        return fork;
    }

    public byte[] Entry(int index, string? otherWords = null) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{otherWords ?? words} {index}"));

    public SignedNote Checkpoint(long? size = null)
    {
        var at = size ?? Size;
        return SignedNote.Sign(new Checkpoint(Key.Name, at, new MerkleProofs(Hash, this).Root(at)).Body, signer);
    }

    public IReadOnlyList<byte[]> Consistency(long from, long? to = null) => from == 0 || from == (to ?? Size) ? [] : new MerkleProofs(Hash, this).Consistency(from, to ?? Size);

    public WitnessRequest Request(long old, long? size = null) => new(old, Consistency(old, size), Checkpoint(size));

    public void Read(int level, long index, Span<byte> into)
    {
        if (level == 0)
        {
            leaves[(int)index].CopyTo(into);
            return;
        }

        var (left, right) = (new byte[32], new byte[32]);
        Read(level - 1, 2 * index, left);
        Read(level - 1, 2 * index + 1, right);
        MerkleTree.NodeHash(Hash, left, right, into);
    }
}
