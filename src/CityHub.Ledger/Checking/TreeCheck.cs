using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// One tree of a log that is checked: what the bundles give, tile by tile, beside what the files say. The tile roots of level 0 stay in
/// memory, 32 bytes for 256 entries.
/// </summary>
internal sealed class TreeCheck
{
    private readonly FolderTileSource source;
    private readonly byte[] tileRoots;
    private readonly Lock gate = new();
    private byte[] tail = [];

    /// <summary>The first entry whose hash in a tile of level 0 is not that of the bundle's entry.</summary>
    private (long Entry, byte[] FromBundle)? disagreement;

    /// <summary>The first one of whose fault there is no doubt.</summary>
    private LogDivergence? badTile;

    public TreeCheck(string folder, CheckedTree tree, Checkpoint checkpoint)
    {
        (Tree, Known, Checkpoint) = (tree.Tree, tree.Known ?? [], checkpoint);
        source = new FolderTileSource(Path.Combine(folder, tree.Tree.Folder));
        tileRoots = new byte[checkpoint.Size / TilePath.FullWidth * HashFunction.Size];
    }

    public LogTree Tree { get; }

    public Checkpoint Checkpoint { get; }

    public IReadOnlyList<Checkpoint> Known { get; }

    /// <summary>How far the bundles go: to the largest of the trees.</summary>
    public long BundlesSize { get; set; }

    /// <summary>How many of a bundle's entries the tree has.</summary>
    public int WidthOf(long bundle) => (int)Math.Clamp(Checkpoint.Size - bundle * TilePath.FullWidth, 0, TilePath.FullWidth);

    /// <summary>Takes the leaf hashes of a bundle, used up here; for many threads.</summary>
    public void Take(long bundle, Span<byte> leaves)
    {
        var width = leaves.Length / HashFunction.Size;
        if (width == 0)
            return;
        var path = TilePath.Tile(0, bundle, width);
        var (stored, wrong) = Stored(path);
        if (wrong is not null)
            Say(wrong);
        else if (!stored.Span.SequenceEqual(leaves))
        {
            var at = leaves.CommonPrefixLength(stored.Span) / HashFunction.Size;
            lock (gate)
            {
                var entry = bundle * TilePath.FullWidth + at;
                if (disagreement is not { } other || entry < other.Entry)
                    disagreement = (entry, leaves.Slice(at * HashFunction.Size, HashFunction.Size).ToArray());
            }
        }

        if (width < TilePath.FullWidth)
        {
            tail = leaves.ToArray();
            return;
        }

        HashTile.Reduce(Tree.Hash, leaves);
        leaves[..HashFunction.Size].CopyTo(tileRoots.AsSpan((int)(bundle * HashFunction.Size)));
    }

    /// <summary>After all bundles: the tiles above, the root, and whose fault it is.</summary>
    public LogDivergence? Judge(CancellationToken cancel)
    {
        var edge = new TreeEdge(Tree);
        LogDivergence? above = null;
        void Compare(TilePath path, ReadOnlySpan<byte> computed)
        {
            var (stored, wrong) = Stored(path);
            if (wrong is not null)
                Say(wrong);
            else if (!stored.Span.SequenceEqual(computed))
            {
                var at = computed.CommonPrefixLength(stored.Span) / HashFunction.Size;
                var found = Differs(path, at, computed.Slice(at * HashFunction.Size, HashFunction.Size), stored.Span.Slice(at * HashFunction.Size, HashFunction.Size));
                if (above is null || found.Entry < above.Entry)
                    above = found;
            }
        }

        for (var at = 0; at < tileRoots.Length; at += HashFunction.Size)
        {
            cancel.ThrowIfCancellationRequested();
            edge.Push(tileRoots.AsSpan(at, HashFunction.Size), (path, tile) => Compare(path, tile));
        }

        foreach (var (path, tile) in edge.PartialTiles())
            Compare(path, tile.Span);
        var root = edge.Root(tail);
        var same = root.AsSpan().SequenceEqual(Checkpoint.Root);
        if (disagreement is { } first)
            Say(Blame(first.Entry, first.FromBundle, same));
        // Where the bundles do not give the signed root, the tiles above differ because of what is below them.
        if (above is not null && (same || disagreement is null))
            Say(same ? above : BlameBelow(above));
        if (badTile is null && !same)
            Say(new LogDivergence(Tree.CheckpointFile, null, $"the root {Convert.ToBase64String(root)} that entries and tiles give", Convert.ToBase64String(Checkpoint.Root)));
        if (badTile is null)
            Remember(edge);
        return badTile;
    }

    /// <summary>What the tree had as root before, told by others.</summary>
    private void Remember(TreeEdge edge)
    {
        foreach (var known in Known)
        {
            if (known.Size > Checkpoint.Size)
            {
                Say(new LogDivergence(
                    Tree.CheckpointFile, Checkpoint.Size, FormattableString.Invariant($"at least {known.Size} entries, as a checkpoint from elsewhere says"), FormattableString.Invariant($"{Checkpoint.Size}")));
                continue;
            }

            var then = edge.RootAt(known.Size, source, tail);
            if (!then.AsSpan().SequenceEqual(known.Root))
                Say(new LogDivergence(Tree.CheckpointFile, null, FormattableString.Invariant($"the root {Convert.ToBase64String(known.Root)} at size {known.Size}, as a checkpoint from elsewhere says"), Convert.ToBase64String(then)));
        }
    }

    /// <summary>Bundle and tile do not agree: the one that gives the signed root is right.</summary>
    private LogDivergence Blame(long entry, byte[] fromBundle, bool bundlesGiveRoot)
    {
        var bundle = entry / TilePath.FullWidth;
        var width = WidthOf(bundle);
        var tile = TilePath.Tile(0, bundle, width);
        var at = (int)(entry % TilePath.FullWidth);
        var (stored, _) = Stored(tile);
        var fromTile = stored.Span.Slice(at * HashFunction.Size, HashFunction.Size);
        if (bundlesGiveRoot)
            return Differs(tile, at, fromBundle, fromTile);
        try
        {
            // Verified up to the signed root: then it is the entry that was changed.
            var leaf = new TileTree(Tree.Hash, source, Checkpoint.Size, Checkpoint.Root).LeafHash(entry);
            return new LogDivergence(BundleOf(bundle), entry, $"an entry with the leaf hash {Convert.ToBase64String(leaf)}", Convert.ToBase64String(fromBundle));
        }
        catch (LedgerException)
        {
            return new LogDivergence(
                Tree.PathOf(tile), entry, $"{Convert.ToBase64String(fromBundle)}, the hash of the entry in {BundleOf(bundle)}", $"{Convert.ToBase64String(fromTile)}, and neither gives the signed root");
        }
    }

    /// <summary>Bundle and tile agree, and the tile above does not: if that one gives the signed root, both were changed.</summary>
    private LogDivergence BlameBelow(LogDivergence above)
    {
        try
        {
            _ = new TileTree(Tree.Hash, source, Checkpoint.Size, Checkpoint.Root);
        }
        catch (LedgerException)
        {
            return above with { Expected = $"{above.Expected} (neither gives the signed root)" };
        }

        var bundle = (above.Entry ?? 0) / TilePath.FullWidth;
        return new LogDivergence(BundleOf(bundle), bundle * TilePath.FullWidth, $"entries whose tile gives {above.Found}, as {above.File} has it", above.Expected);
    }

    private LogDivergence Differs(TilePath tile, int at, ReadOnlySpan<byte> computed, ReadOnlySpan<byte> stored) => new(
        Tree.PathOf(tile), FirstEntry(tile, at), FormattableString.Invariant($"{Convert.ToBase64String(computed)} as hash {at} of the tile"), Convert.ToBase64String(stored));

    private string BundleOf(long bundle) => TilePath.Bundle(bundle, (int)Math.Min(TilePath.FullWidth, BundlesSize - bundle * TilePath.FullWidth)).ToString();

    private static long FirstEntry(TilePath tile, int at) => (tile.Index * TilePath.FullWidth + at) << (TilePath.LevelBits * tile.Level);

    private (ReadOnlyMemory<byte> Bytes, LogDivergence? Wrong) Stored(TilePath path)
    {
        var bytes = source.ReadAtLeast(path);
        var wanted = path.Width * HashFunction.Size;
        if (bytes is null)
            return (default, new LogDivergence(Tree.PathOf(path), FirstEntry(path, 0), FormattableString.Invariant($"a tile of {wanted} bytes"), "no such file"));
        if (bytes.Length != wanted && bytes.Length != TilePath.FullBytes)
            return (default, new LogDivergence(Tree.PathOf(path), FirstEntry(path, 0), FormattableString.Invariant($"a tile of {wanted} bytes"), FormattableString.Invariant($"{bytes.Length} bytes")));
        return (bytes.AsMemory(0, wanted), null);
    }

    private void Say(LogDivergence found)
    {
        lock (gate)
        {
            if (badTile is null || (found.Entry ?? -1) < (badTile.Entry ?? -1))
                badTile = found;
        }
    }
}
