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

    public static ClassSizes Of(ReadOnlySpan<int> sizes)
    {
        var counts = new SortedDictionary<int, int>();
        foreach (var size in sizes)
            counts[size] = counts.GetValueOrDefault(size) + 1;
        return new ClassSizes([.. counts.Select(one => (one.Key, one.Value))]);
    }
}
