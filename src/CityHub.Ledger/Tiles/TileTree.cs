using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// A tree that is read from tiles alone, of a size and root that are known (from a checkpoint). Nothing is believed: the tiles of the right
/// edge must give the root, and every other tile must be what the tile above it says. So proofs that come from here hold. For many threads.
/// </summary>
public sealed class TileTree : INodeSource
{
    private readonly HashFunction hash;
    private readonly ITileSource source;
    private readonly TileCache cache;
    private readonly MerkleProofs proofs;

    /// <summary>The partial tile of each level, null where the level ends with a full one.</summary>
    private readonly HashTile?[] edge = new HashTile?[TilePath.Levels];

    /// <param name="cache">May be shared with later sizes of the same tree.</param>
    /// <exception cref="LedgerException">The tiles are missing or give another root.</exception>
    public TileTree(HashFunction hash, ITileSource source, long size, ReadOnlySpan<byte> root, TileCache? cache = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(size);
        (this.hash, this.source, this.cache) = (hash, source, cache ?? new TileCache());
        proofs = new MerkleProofs(hash, this);
        Size = size;
        for (var level = 0; level < TilePath.Levels; level++)
        {
            var width = TilePath.PartialWidthAt(level, size);
            if (width > 0)
                edge[level] = Load(TilePath.Tile(level, TilePath.FullTilesAt(level, size), width));
        }

        var found = proofs.Root(size);
        if (!root.SequenceEqual(found))
        {
            throw new LedgerException(FormattableString.Invariant(
                $"The tiles of the right edge at size {size} give the root {Convert.ToBase64String(found)}, not {Convert.ToBase64String(root)}."));
        }
    }

    public long Size { get; }

    /// <summary>The root that the tree had when it had <paramref name="size"/> entries.</summary>
    public byte[] Root(long size)
    {
        NeedSize(size);
        return proofs.Root(size);
    }

    public IReadOnlyList<byte[]> Inclusion(long index, long size)
    {
        NeedSize(size);
        return proofs.Inclusion(index, size);
    }

    public IReadOnlyList<byte[]> Consistency(long oldSize, long size)
    {
        NeedSize(size);
        return proofs.Consistency(oldSize, size);
    }

    public byte[] SubtreeRoot(long start, long end)
    {
        NeedSize(end);
        return proofs.SubtreeRoot(start, end);
    }

    public IReadOnlyList<byte[]> SubtreeInclusion(long index, long start, long end)
    {
        NeedSize(end);
        return proofs.SubtreeInclusion(index, start, end);
    }

    public IReadOnlyList<byte[]> SubtreeConsistency(long start, long end, long size)
    {
        NeedSize(size);
        return proofs.SubtreeConsistency(start, end, size);
    }

    public byte[] LeafHash(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Size);
        var leaf = new byte[HashFunction.Size];
        Read(0, index, leaf);
        return leaf;
    }

    public void Read(int level, long index, Span<byte> into)
    {
        var (tileLevel, inside) = Math.DivRem(level, TilePath.LevelBits);
        var perTile = TilePath.LevelBits - inside;
        Tile(tileLevel, index >> perTile).Node(inside, (int)(index & ((1L << perTile) - 1))).CopyTo(into);
    }

    private HashTile Tile(int level, long index)
    {
        if (index == TilePath.FullTilesAt(level, Size) && edge[level] is { } partial)
            return partial;
        if (cache.Find(level, index) is { } known)
            return known;

        var path = TilePath.Tile(level, index);
        var tile = Load(path);
        // The tile above has been verified in the same way, up to the edge, which gave the root.
        var above = Tile(level + 1, index >> TilePath.LevelBits);
        if (!tile.Root.SequenceEqual(above.Node(0, (int)(index & (TilePath.FullWidth - 1)))))
            throw new LedgerException($"{path} is not the tile that the one above it was made from.");
        cache.Keep(level, index, tile);
        return tile;
    }

    private HashTile Load(TilePath path)
    {
        var bytes = source.ReadAtLeast(path) ?? throw new LedgerException($"{path} is missing.");
        var wanted = path.Width * HashFunction.Size;
        // A full one in the place of a partial one is longer.
        if (bytes.Length != wanted && bytes.Length != TilePath.FullBytes)
            throw new LedgerException(FormattableString.Invariant($"{path} has {bytes.Length} bytes, not {wanted}."));
        return new HashTile(hash, bytes.AsSpan(0, wanted));
    }

    private void NeedSize(long size)
    {
        if (size < 0 || size > Size)
            throw new ArgumentOutOfRangeException(nameof(size), FormattableString.Invariant($"The tree has {Size} entries; it has no size {size}."));
    }
}
