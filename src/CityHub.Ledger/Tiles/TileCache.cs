namespace CityHub.Ledger;

/// <summary>
/// Verified full tiles of one tree, 16 KiB each. Two generations: what was not asked for while the younger one filled up is forgotten.
/// For many threads.
/// </summary>
/// <param name="capacity">Tiles, at most; 4,096 hold the level 0 of a million entries in 64 MiB.</param>
public sealed class TileCache(int capacity = 1024)
{
    private readonly Lock gate = new();
    private Dictionary<(int Level, long Index), HashTile> young = [], old = [];

    internal HashTile? Find(int level, long index)
    {
        lock (gate)
        {
            if (young.TryGetValue((level, index), out var tile))
                return tile;
            if (old.Remove((level, index), out tile))
                Put(level, index, tile);
            return tile;
        }
    }

    internal void Keep(int level, long index, HashTile tile)
    {
        lock (gate)
            Put(level, index, tile);
    }

    private void Put(int level, long index, HashTile tile)
    {
        if (young.Count >= Math.Max(1, capacity / 2))
            (old, young) = (young, []);
        young[(level, index)] = tile;
    }
}
