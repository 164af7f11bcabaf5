using System.Globalization;
using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Witnesses;

/// <summary>A log in memory. Two of them with other words and one key are a log that shows two faces.</summary>
internal sealed class MemoryLog(NoteSigner signer, string words = "entry") : INodeSource, ITileSource
{
    private readonly List<byte[]> leaves = [];
    private readonly List<byte[]> entries = [];

    public HashFunction Hash => signer.Verifier.Hash;

    public VerifierKey Key => signer.Verifier;

    public long Size => leaves.Count;

    public MemoryLog Grow(int count, string? otherWords = null)
    {
        for (var i = 0; i < count; i++)
        {
            entries.Add(Entry(leaves.Count, otherWords));
            leaves.Add(MerkleTree.LeafHash(Hash, entries[^1]));
        }

        return this;
    }

    /// <summary>Another log of the same key, with the same beginning.</summary>
    public MemoryLog Fork(long size)
    {
        var fork = new MemoryLog(signer, words);
        fork.leaves.AddRange(leaves.Take((int)size));
        fork.entries.AddRange(entries.Take((int)size));
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

    /// <summary>Every width that the tree has had.</summary>
    public byte[]? Read(TilePath path)
    {
        var first = path.Index * TilePath.FullWidth;
        using var file = new MemoryStream();
        if (path.IsBundle)
        {
            if (first + path.Width > Size)
                return null;
            foreach (var entry in entries.Skip((int)first).Take(path.Width))
                file.Write([(byte)(entry.Length >> 8), (byte)entry.Length, .. entry]);
            return file.ToArray();
        }

        if (first + path.Width > TilePath.HashesAt(path.Level, Size))
            return null;
        var hash = new byte[32];
        for (var i = 0; i < path.Width; i++)
        {
            Read(path.Level * TilePath.LevelBits, first + i, hash);
            file.Write(hash);
        }

        return file.ToArray();
    }

    public byte[]? File(string path) => path == "checkpoint" ? Checkpoint().ToBytes() : TilePath.TryParse(path, out var tile) ? Read(tile) : null;

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
