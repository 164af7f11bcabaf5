namespace CityHub.Privacy;

/// <summary>How many equivalence classes there are of each size: all that the figures of re-identification risk need.</summary>
public sealed class ClassSizes
{
    private readonly (int Size, int Classes)[] groups;

    private ClassSizes((int Size, int Classes)[] groups)
    {
        this.groups = groups;
        foreach (var (size, classes) in groups)
        {
            Records += (long)size * classes;
            Classes += classes;
        }
    }

    /// <summary>From small to large.</summary>
    public IReadOnlyList<(int Size, int Classes)> Groups => groups;

    public long Records { get; }

    public int Classes { get; }

    /// <summary>0 where there is no class.</summary>
    public int Smallest => groups.Length == 0 ? 0 : groups[0].Size;

    /// <summary>0 where there is no class.</summary>
    public int Largest => groups.Length == 0 ? 0 : groups[^1].Size;

    public static ClassSizes Of(ReadOnlySpan<int> sizes)
    {
        var counts = new SortedDictionary<int, int>();
        foreach (var size in sizes)
            counts[size] = counts.GetValueOrDefault(size) + 1;
        return new ClassSizes([.. counts.Select(one => (one.Key, one.Value))]);
    }

    internal static ClassSizes OfSorted(ReadOnlySpan<int> ascending)
    {
        var counts = new List<(int Size, int Classes)>();
        for (int from = 0, to = 0; from < ascending.Length; from = to)
        {
            while (to < ascending.Length && ascending[to] == ascending[from])
                to++;
            counts.Add((ascending[from], to - from));
        }

        return new ClassSizes([.. counts]);
    }

    /// <summary>Classes of exactly this size.</summary>
    public int Count(int size)
    {
        foreach (var group in groups)
        {
            if (group.Size >= size)
                return group.Size == size ? group.Classes : 0;
        }

        return 0;
    }
}
