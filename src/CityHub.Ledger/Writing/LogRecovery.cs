using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// Brings a writer to the state that the files of a log are in: from the tiles if they give the root that was written down, else from the
/// entry bundles, which then put the tiles right.
/// </summary>
internal sealed class LogRecovery(LogFiles files, Crew crew)
{
    private const int BundlesAtOnce = 256;

    private readonly FolderTileSource entries = new(files.Root);

    /// <summary>The bundle that is being filled.</summary>
    public PendingBundle Tail(IReadOnlyList<LogTree> trees, long size)
    {
        var tail = new PendingBundle(trees);
        var width = TilePath.PartialWidthAt(0, size);
        if (width > 0)
            ReadBundle(TilePath.Bundle(size / TilePath.FullWidth, width), tail);
        tail.HashLeaves();
        return tail;
    }

    /// <summary>Only what the tiles say; null: one that is needed is missing or not whole.</summary>
    public TreeEdge? FromTiles(LogTree tree, long size)
    {
        var source = SourceOf(tree);
        var edge = new TreeEdge(tree);
        for (var level = TilePath.Levels - 1; level > 0; level--)
        {
            var width = TilePath.PartialWidthAt(level, size);
            if (width == 0)
                continue;
            var first = TilePath.FullTilesAt(level, size);
            var hashes = source.ReadAtLeast(TilePath.Tile(level, first, width));
            for (var i = 0; i < width; i++)
            {
                var hash = hashes is null ? null : hashes.Length < (i + 1) * HashFunction.Size ? [] : hashes[(i * HashFunction.Size)..((i + 1) * HashFunction.Size)];
                if (hash is null)
                {
                    hash = source.Read(TilePath.Tile(level - 1, first * TilePath.FullWidth + i));
                    if (hash is { Length: TilePath.FullBytes })
                        HashTile.Reduce(tree.Hash, hash);
                }

                if (hash is not { Length: >= HashFunction.Size })
                    return null;
                edge.Restore(level, hash.AsSpan(0, HashFunction.Size));
            }
        }

        return edge;
    }

    /// <summary>Computes the whole tree anew and writes every tile that is not there or another.</summary>
    public TreeEdge FromBundles(LogTree tree, long size)
    {
        var source = SourceOf(tree);
        var edge = new TreeEdge(tree);
        var full = size / TilePath.FullWidth;
        var bundles = new PendingBundle[Math.Min(full, BundlesAtOnce)];
        for (var i = 0; i < bundles.Length; i++)
            bundles[i] = new PendingBundle([tree]);
        var roots = new byte[BundlesAtOnce][];
        for (long begin = 0; begin < full; begin += BundlesAtOnce)
        {
            var first = begin;
            var count = (int)Math.Min(BundlesAtOnce, full - begin);
            crew.Run(count, i =>
            {
                bundles[i].Clear();
                ReadBundle(TilePath.Bundle(first + i), bundles[i]);
                bundles[i].HashLeaves();
                var tile = bundles[i].Tile(0).ToArray();
                Put(tree, source, TilePath.Tile(0, first + i), tile);
                HashTile.Reduce(tree.Hash, tile);
                roots[i] = tile[..HashFunction.Size];
            });
            for (var i = 0; i < count; i++)
                edge.Push(roots[i], (path, tile) => Put(tree, source, path, tile));
        }

        foreach (var (path, tile) in edge.PartialTiles())
            Put(tree, source, path, tile.Span);
        files.SyncFolders();
        return edge;
    }

    private void Put(LogTree tree, FolderTileSource source, TilePath path, ReadOnlySpan<byte> tile)
    {
        if (source.Read(path) is not { } there || !tile.SequenceEqual(there))
            files.Write(tree.PathOf(path), tile);
    }

    private FolderTileSource SourceOf(LogTree tree) => new(files.PathOf(tree.Folder));

    private void ReadBundle(TilePath path, PendingBundle into)
    {
        ReadOnlySpan<byte> bytes = entries.ReadAtLeast(path)
            ?? throw new LedgerException($"{path} is missing in {files.Root}, although the log was told to be longer. Bring the file back from a mirror or a backup.");
        while (into.Count < path.Width)
        {
            if (!EntryBundle.TryNext(ref bytes, out var entry))
                throw new LedgerException(FormattableString.Invariant($"{path} ends at its entry {into.Count}; it should have {path.Width}. Bring the file back from a mirror or a backup."));
            into.Append(entry);
        }
    }
}
