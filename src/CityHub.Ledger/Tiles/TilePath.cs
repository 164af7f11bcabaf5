using System.Globalization;
using CityHub.Crypto;

namespace CityHub.Ledger;

/// <summary>
/// The name of a hash tile or an entry bundle (c2sp.org/tlog-tiles): <c>tile/0/x001/x234/067</c>, <c>tile/entries/000.p/7</c>.
/// Width is 256 for a full one, 1 to 255 for a partial one.
/// </summary>
public readonly record struct TilePath
{
    /// <summary>Hashes in a full tile, entries in a full bundle.</summary>
    public const int FullWidth = 1 << LevelBits;

    /// <summary>The tree's levels that one tile holds.</summary>
    public const int LevelBits = 8;

    public const int FullBytes = FullWidth * HashFunction.Size;

    /// <summary>A tree of 2^63 entries has tiles on the levels 0 to 7.</summary>
    public const int Levels = 8;

    private const int EntriesLevel = -1;
    private const string Root = "tile/", Entries = "entries", Partial = ".p/";

    private TilePath(int level, long index, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(width, FullWidth);
        (Level, Index, Width) = (level, index, width);
    }

    /// <summary>0 for the tile of leaf hashes; -1 for an entry bundle.</summary>
    public int Level { get; }

    public long Index { get; }

    public int Width { get; }

    public bool IsBundle => Level == EntriesLevel;

    public bool IsFull => Width == FullWidth;

    public static TilePath Tile(int level, long index, int width = FullWidth)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, 63);
        return new TilePath(level, index, width);
    }

    public static TilePath Bundle(long index, int width = FullWidth) => new(EntriesLevel, index, width);

    /// <summary>How many hashes of level <paramref name="level"/> (tiles' levels) a tree has: one per full tile of the level below.</summary>
    public static long HashesAt(int level, long size) => level < Levels ? size >> (LevelBits * level) : 0;

    /// <summary>How many full tiles level <paramref name="level"/> has; the one with this index, where it is not empty, is partial.</summary>
    public static long FullTilesAt(int level, long size) => HashesAt(level + 1, size);

    /// <summary>The width of the level's last, partial tile; 0: there is none.</summary>
    public static int PartialWidthAt(int level, long size) => (int)(HashesAt(level, size) & (FullWidth - 1));

    public TilePath WithWidth(int width) => new(Level, Index, width);

    /// <summary>The file's name, with slashes, below the log's prefix.</summary>
    public override string ToString()
    {
        var level = IsBundle ? Entries : Level.ToString(CultureInfo.InvariantCulture);
        var number = (Index % 1000).ToString("000", CultureInfo.InvariantCulture);
        for (var rest = Index / 1000; rest > 0; rest /= 1000)
            number = string.Create(CultureInfo.InvariantCulture, $"x{rest % 1000:000}/{number}");
        return IsFull ? $"{Root}{level}/{number}" : string.Create(CultureInfo.InvariantCulture, $"{Root}{level}/{number}{Partial}{Width}");
    }

    /// <summary>Only what <see cref="ToString"/> writes.</summary>
    public static bool TryParse(string text, out TilePath path)
    {
        path = default;
        if (!text.StartsWith(Root, StringComparison.Ordinal))
            return false;
        var parts = text[Root.Length..].Split('/');
        var width = FullWidth;
        if (parts.Length > 2 && parts[^2].EndsWith(Partial[..^1], StringComparison.Ordinal))
        {
            if (!IsNumber(parts[^1], 3, out var partial) || partial is < 1 or >= FullWidth)
                return false;
            width = (int)partial;
            parts = [.. parts[..^2], parts[^2][..^2]];
        }

        long level = EntriesLevel;
        // Beyond seven elements of the number it would not fit into 63 bits.
        if (parts.Length is < 2 or > 8 || (parts[0] != Entries && (!IsNumber(parts[0], 2, out level) || level > 63)))
            return false;
        long index = 0;
        for (var i = 1; i < parts.Length; i++)
        {
            var part = parts[i].AsSpan();
            if (i < parts.Length - 1)
            {
                if (part is not ['x', ..])
                    return false;
                part = part[1..];
            }

            if (part.Length != 3 || !long.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var thousand))
                return false;
            if (index > (long.MaxValue - thousand) / 1000)
                return false;
            index = index * 1000 + thousand;
        }

        path = new TilePath((int)level, index, width);
        // Leading groups of zeroes are the only thing above that has two spellings.
        return string.Equals(path.ToString(), text, StringComparison.Ordinal);
    }

    private static bool IsNumber(string text, int digits, out long number)
    {
        number = 0;
        return text.Length <= digits && (text.Length == 1 || !text.StartsWith('0'))
            && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
