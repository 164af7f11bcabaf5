using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// A tile with the seven levels of nodes between its hashes and the tile above, computed once: a proof takes its siblings from here
/// (without, one proof costs hundreds of hashes). 16 KiB.
/// </summary>
internal sealed class HashTile
{
    /// <summary>As in a heap: the root is 1, the children of k are 2k and 2k + 1, the tile's own hashes are 256 to 511.</summary>
    private readonly byte[] nodes = new byte[2 * TilePath.FullBytes];

    public HashTile(HashFunction hash, ReadOnlySpan<byte> hashes)
    {
        Width = hashes.Length / HashFunction.Size;
        hashes.CopyTo(nodes.AsSpan(TilePath.FullBytes));
        for (int level = 1, width = Width >> 1; width > 0; level++, width >>= 1)
        {
            var first = TilePath.FullWidth >> level;
            for (var k = first; k < first + width; k++)
                MerkleTree.NodeHash(hash, At(2 * k), At(2 * k + 1), At(k));
        }
    }

    public int Width { get; }

    /// <summary>Of a full tile: its hash in the tile above.</summary>
    public ReadOnlySpan<byte> Root => At(1);

    /// <summary>The node over 2^level of the tile's hashes; all of them must be there.</summary>
    public ReadOnlySpan<byte> Node(int level, int index) => At((TilePath.FullWidth >> level) + index);

    /// <summary>The root of a full tile that lies as bytes, in place: the bytes are used up.</summary>
    public static void Reduce(HashFunction hash, Span<byte> hashes)
    {
        for (var width = hashes.Length / HashFunction.Size; width > 1; width >>= 1)
        {
            for (var i = 0; i < width / 2; i++)
            {
                var pair = hashes.Slice(2 * i * HashFunction.Size, 2 * HashFunction.Size);
                MerkleTree.NodeHash(hash, pair, pair[HashFunction.Size..], hashes[(i * HashFunction.Size)..]);
            }
        }
    }

    private Span<byte> At(int k) => nodes.AsSpan(k * HashFunction.Size, HashFunction.Size);
}
