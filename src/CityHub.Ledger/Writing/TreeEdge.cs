using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// What a writer keeps of one tree: the range over its full tiles of level 0, and the partial tiles above. The partial tile of level 0
/// is with the bundle that it belongs to.
/// </summary>
internal sealed class TreeEdge
{
    private readonly byte[]?[] tiles = new byte[]?[TilePath.Levels];
    private readonly CompactRange range;

    public TreeEdge(LogTree tree)
    {
        Tree = tree;
        range = new CompactRange(tree.Hash);
    }

    private TreeEdge(TreeEdge other)
    {
        Tree = other.Tree;
        range = other.range.Copy();
        for (var level = 1; level < tiles.Length; level++)
            tiles[level] = other.tiles[level]?.ToArray();
    }

    public LogTree Tree { get; }

    /// <summary>Entries in full bundles.</summary>
    public long Size => range.Size;

    /// <summary>To work on, so that nothing has changed when the work fails.</summary>
    public TreeEdge Copy() => new(this);

    /// <summary>Takes in the next full tile of level 0 by its root; <paramref name="full"/> gets the tiles above that became full by it.</summary>
    public void Push(ReadOnlySpan<byte> tileRoot, Action<TilePath, byte[]> full)
    {
        range.AppendSubtree(TilePath.LevelBits, tileRoot);
        Span<byte> root = stackalloc byte[HashFunction.Size];
        tileRoot[..HashFunction.Size].CopyTo(root);
        for (var level = 1; level < TilePath.Levels; level++)
        {
            var tile = tiles[level] ??= new byte[TilePath.FullBytes];
            var hashes = TilePath.HashesAt(level, Size);
            var at = (int)((hashes - 1) % TilePath.FullWidth);
            root.CopyTo(tile.AsSpan(at * HashFunction.Size));
            if (at < TilePath.FullWidth - 1)
                return;
            full(TilePath.Tile(level, hashes / TilePath.FullWidth - 1), tile);
            HashTile.Reduce(Tree.Hash, tile);
            tile.AsSpan(0, HashFunction.Size).CopyTo(root);
            tiles[level] = null;
        }
    }

    /// <summary>Takes in a hash of level <paramref name="level"/> of the tiles; from the highest level down, so that <see cref="Size"/> fits.</summary>
    public void Restore(int level, ReadOnlySpan<byte> hash)
    {
        range.AppendSubtree(level * TilePath.LevelBits, hash);
        var at = TilePath.PartialWidthAt(level, Size) - 1;
        hash.CopyTo((tiles[level] ??= new byte[TilePath.FullBytes]).AsSpan(at * HashFunction.Size));
    }

    public byte[] Root(ReadOnlySpan<byte> tailLeaves)
    {
        var whole = range.Copy();
        for (; tailLeaves.Length > 0; tailLeaves = tailLeaves[HashFunction.Size..])
            whole.Append(tailLeaves[..HashFunction.Size]);
        return whole.Root();
    }

    /// <summary>The root of an earlier size, from the full tiles on the disk and what is kept here.</summary>
    /// <exception cref="LedgerException">A tile is missing or cut.</exception>
    public byte[] RootAt(long size, ITileSource source, ReadOnlyMemory<byte> tailLeaves) => new MerkleProofs(Tree.Hash, new Nodes(this, source, tailLeaves)).Root(size);

    /// <summary>The partial tiles above level 0 as they are now.</summary>
    public IEnumerable<(TilePath Path, ReadOnlyMemory<byte> Bytes)> PartialTiles()
    {
        for (var level = 1; level < TilePath.Levels; level++)
        {
            var width = TilePath.PartialWidthAt(level, Size);
            if (width > 0 && tiles[level] is { } tile)
                yield return (TilePath.Tile(level, TilePath.FullTilesAt(level, Size), width), tile.AsMemory(0, width * HashFunction.Size));
        }
    }

    private sealed class Nodes(TreeEdge edge, ITileSource source, ReadOnlyMemory<byte> tailLeaves) : INodeSource
    {
        public void Read(int level, long index, Span<byte> into)
        {
            var (tileLevel, inside) = Math.DivRem(level, TilePath.LevelBits);
            var perTile = TilePath.LevelBits - inside;
            var tile = index >> perTile;
            var from = (int)(index & ((1L << perTile) - 1)) << inside;
            var bytes = tile < TilePath.FullTilesAt(tileLevel, edge.Size) ? Load(tileLevel, tile) : tileLevel == 0 ? tailLeaves : edge.tiles[tileLevel] ?? [];
            Span<byte> under = stackalloc byte[HashFunction.Size << inside];
            bytes.Span.Slice(from * HashFunction.Size, under.Length).CopyTo(under);
            HashTile.Reduce(edge.Tree.Hash, under);
            under[..HashFunction.Size].CopyTo(into);
        }

        private ReadOnlyMemory<byte> Load(int level, long index)
        {
            var path = TilePath.Tile(level, index);
            return source.Read(path) is { Length: TilePath.FullBytes } bytes ? bytes : throw new LedgerException($"{edge.Tree.PathOf(path)} is missing or cut.");
        }
    }
}
