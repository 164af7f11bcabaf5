using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// Partial tiles and bundles of sizes before the checkpoint's, which readers with an older checkpoint may ask for: each must be the beginning of what
/// took its place. They do not stand for anything by themselves.
/// </summary>
internal static class PartialFiles
{
    public static LogDivergence? Check(string folder, IReadOnlyList<CheckedTree> trees, IReadOnlyList<Checkpoint?> checkpoints, CancellationToken cancel)
    {
        var size = 0L;
        for (var i = 0; i < trees.Count; i++)
        {
            size = Math.Max(size, checkpoints[i]?.Size ?? 0);
            if (checkpoints[i] is { } checkpoint && Check(folder, trees[i].Tree.Folder, checkpoint.Size, tiles: true, cancel) is { } tile)
                return tile;
        }

        return Check(folder, "", size, tiles: false, cancel);
    }

    private static LogDivergence? Check(string log, string tree, long size, bool tiles, CancellationToken cancel)
    {
        var root = Path.Combine(log, tree);
        var source = new FolderTileSource(root);
        var below = Path.Combine(root, "tile");
        if (!Directory.Exists(below))
            return null;
        foreach (var folder in Directory.EnumerateDirectories(below, "*.p", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            foreach (var file in Directory.EnumerateFiles(folder))
            {
                cancel.ThrowIfCancellationRequested();
                var name = Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/');
                if (!TilePath.TryParse(name, out var path) || path.IsFull || path.IsBundle == tiles)
                    continue;
                var width = WidthAt(path, size);
                if (path.Width > width)
                    continue; // Of a size that was not published, or not yet.
                var whole = source.ReadAtLeast(path.WithWidth(width));
                var part = source.Read(path);
                var length = whole is null ? -1 : path.IsBundle ? EntryBundle.LengthOf(whole, path.Width) : path.Width * HashFunction.Size;
                if (part is { Length: 0 })
                    continue; // A crash came before it was written: nobody was shown its size, and it is as if it were not there.
                if (part is not null && whole is not null && (part.Length != length || !whole.AsSpan().StartsWith(part)))
                {
                    return new LogDivergence(
                        tree.Length == 0 ? name : $"{tree}/{name}",
                        path.IsBundle ? path.Index * TilePath.FullWidth : (path.Index * TilePath.FullWidth) << (TilePath.LevelBits * path.Level),
                        $"the beginning of {path.WithWidth(width)}",
                        "other bytes");
                }
            }
        }

        return null;
    }

    /// <summary>How wide the tile is at this size.</summary>
    private static int WidthAt(TilePath path, long size)
    {
        var hashes = path.IsBundle ? size : TilePath.HashesAt(path.Level, size);
        return path.Index > hashes / TilePath.FullWidth ? 0 : (int)Math.Min(TilePath.FullWidth, hashes - path.Index * TilePath.FullWidth);
    }
}
