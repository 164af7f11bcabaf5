namespace CityHub.Ledger;

/// <summary>Where a log's files come from. What it gives is not believed: <see cref="TileTree"/> verifies each tile.</summary>
public interface ITileSource
{
    /// <summary>The whole file; null: there is none of this name.</summary>
    byte[]? Read(TilePath path);
}

/// <summary>A log as a folder.</summary>
public sealed class FolderTileSource(string folder) : ITileSource
{
    public byte[]? Read(TilePath path)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(folder, path.ToString()));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}

public static class TileSources
{
    /// <summary>
    /// A tile or bundle of a width; where the partial file is gone, the full one is there instead (a log may delete partial ones then), and
    /// its beginning is what was asked for. A bundle is not cut: read only the first <c>Width</c> entries of it.
    /// </summary>
    public static byte[]? ReadAtLeast(this ITileSource source, TilePath path)
    {
        var bytes = source.Read(path);
        return bytes is null && !path.IsFull ? source.Read(path.WithWidth(TilePath.FullWidth)) : bytes;
    }
}
