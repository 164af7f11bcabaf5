using System.Numerics;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>What a table is at one moment; never changed, so that readers keep what they began with.</summary>
/// <param name="Known">Whether <see cref="TablePart.Dead"/> has been read: it cannot while the table is locked.</param>
internal sealed record TableVersion(long Number, long Rows, TablePart[] Parts, bool Known)
{
    /// <summary>The version that has the same rows in the same order.</summary>
    public long Content { get; init; } = Number;

    public long Written
    {
        get
        {
            long all = 0;
            foreach (TablePart part in Parts)
            {
                all += part.Segment.Rows;
            }

            return all;
        }
    }

    /// <summary>Rows that no later one is known to have taken the place of.</summary>
    public long Alive => Parts.Sum(p => (long)p.Segment.Rows - p.DeadRows);

    public int PartOf(long place)
    {
        int low = 0, high = Parts.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = Parts[middle].Segment.FirstPlace <= place ? (middle, high) : (low, middle - 1);
        }

        return low;
    }
}

/// <param name="Dead">Bit i set: a later row took the place of row i.</param>
internal sealed record TablePart(Segment Segment, ulong[]? Dead, int DeadRows)
{
    public bool IsDead(int row) => Dead is { } dead && (dead[row >> 6] >> (row & 63) & 1) != 0;

    public TablePart Without(IEnumerable<int> rows)
    {
        ulong[] dead = (ulong[]?)Dead?.Clone() ?? new ulong[(Segment.Rows + 63) / 64];
        int count = DeadRows;
        foreach (int row in rows)
        {
            ulong bit = 1UL << (row & 63);
            count += (dead[row >> 6] & bit) == 0 ? 1 : 0;
            dead[row >> 6] |= bit;
        }

        return new(Segment, dead, count);
    }

    public int DeadIn(int first, int count)
    {
        if (Dead is not { } dead || DeadRows == 0)
        {
            return 0;
        }

        int all = 0, end = first + count;
        for (int row = first; row < end;)
        {
            ulong word = dead[row >> 6] >> (row & 63);
            int many = Math.Min(64 - (row & 63), end - row);
            all += BitOperations.PopCount(many == 64 ? word : word & ((1UL << many) - 1));
            row += many;
        }

        return all;
    }
}
