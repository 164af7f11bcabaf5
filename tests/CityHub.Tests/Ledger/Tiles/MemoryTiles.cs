using System.Text;
using CityHub.Crypto;
using CityHub.Ledger;

namespace CityHub.Tests.Ledger.Tiles;

/// <summary>A log's tiles in memory, made from its leaves in the plainest way.</summary>
internal sealed class MemoryTiles(HashFunction hash) : ITileSource
{
    private readonly List<byte[]> leaves = [];

    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public int Reads { get; private set; }

    public static byte[] Entry(int i) => Encoding.UTF8.GetBytes(FormattableString.Invariant($"entry {i}"));

    /// <summary>Writes the tiles of a size; what smaller sizes left stays, unless <paramref name="tidy"/>: then a full tile takes the place of its partial ones.</summary>
    public MemoryTiles Grow(int size, bool tidy = false)
    {
        for (var i = leaves.Count; i < size; i++)
            leaves.Add(MerkleTree.LeafHash(hash, Entry(i)));
        var hashes = leaves.Take(size).ToList();
        for (var level = 0; hashes.Count > 0; level++)
        {
            var above = new List<byte[]>();
            for (var first = 0; first < hashes.Count; first += 256)
            {
                var tile = hashes.Skip(first).Take(256).ToList();
                var path = TilePath.Tile(level, first / 256, tile.Count);
                Files[path.ToString()] = [.. tile.SelectMany(one => one)];
                if (tile.Count < 256)
                    continue;
                if (tidy)
                {
                    foreach (var old in Files.Keys.Where(file => file.StartsWith($"{path}.p/", StringComparison.Ordinal)).ToList())
                        Files.Remove(old);
                }

                var range = new CompactRange(hash);
                tile.ForEach(one => range.Append(one));
                above.Add(range.Root());
            }

            hashes = above;
        }

        return this;
    }

    public byte[] Root(int size)
    {
        var range = new CompactRange(hash);
        foreach (var leaf in leaves.Take(size))
            range.Append(leaf);
        return range.Root();
    }

    public byte[] Leaf(int index) => leaves[index];

    public byte[]? Read(TilePath path)
    {
        Reads++;
        return Files.GetValueOrDefault(path.ToString());
    }
}
