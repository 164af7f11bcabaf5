namespace CityHub.Privacy;

/// <summary>One class as it has been released: what it has in common, and how many of its records have which sensitive value.</summary>
/// <param name="Key">The released labels of the quasi-identifiers, in their order.</param>
/// <param name="Counts">For each sensitive attribute of the scheme, in its order, the records by value (<see cref="ReleasedClasses.Values"/>).</param>
public sealed record ReleasedClass(IReadOnlyList<string> Key, int Size, IReadOnlyList<int[]> Counts)
{
    /// <summary>One text for one key: each part after its length, so that nothing can move from one to the next.</summary>
    internal static string Joined(IEnumerable<string> key) => string.Concat(key.Select(part => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{part.Length}:{part}")));
}

/// <summary>
/// What has been released under a scheme so far: enough to check more data in as many steps as there are classes. Records that were suppressed are in no class, but count in
/// the whole.
/// </summary>
/// <param name="Records">That came in.</param>
/// <param name="Suppressed">Of them.</param>
/// <param name="Sensitive">The attributes whose distribution a model looks at.</param>
/// <param name="Values">For each of them the values it has had.</param>
/// <param name="Whole">For each of them the records by value, the suppressed ones among them.</param>
public sealed record ReleasedClasses(
    long Records, long Suppressed, IReadOnlyList<string> Sensitive, IReadOnlyList<IReadOnlyList<string>> Values, IReadOnlyList<int[]> Whole, IReadOnlyList<ReleasedClass> Classes)
{
    public static ReleasedClasses None(IReadOnlyList<string> sensitive) => new(0, 0, sensitive, [.. sensitive.Select(_ => Array.Empty<string>())], [.. sensitive.Select(_ => Array.Empty<int>())], []);

    /// <summary>Of one release: the classes that its quasi-identifiers make, those that were suppressed left out.</summary>
    public static ReleasedClasses Of(Table release, IReadOnlyList<string> quasi, IReadOnlyList<string> sensitive)
    {
        var classes = EquivalenceClasses.Of(release, quasi);
        var columns = sensitive.Select(name => release[name]).ToArray();
        var counts = columns.Select(column => Enumerable.Range(0, classes.SizeOf.Length).Select(_ => new int[column.Distinct]).ToArray()).ToArray();
        var first = new int[classes.SizeOf.Length];
        for (var row = release.Rows - 1; row >= 0; row--)
        {
            var one = classes.ClassOf[row];
            if (one < 0)
                continue;
            first[one] = row;
            for (var a = 0; a < columns.Length; a++)
                counts[a][one][columns[a].Code(row)]++;
        }

        var released = new ReleasedClass[first.Length];
        for (var i = 0; i < released.Length; i++)
            released[i] = new ReleasedClass([.. quasi.Select(name => release[name][first[i]])], classes.SizeOf[i], [.. counts.Select(of => of[i])]);
        return new ReleasedClasses(
            release.Rows, classes.Suppressed, sensitive, [.. columns.Select(column => column.Values)], [.. columns.Select(column => column.Counts())],
            [.. released.OrderBy(one => ReleasedClass.Joined(one.Key), StringComparer.Ordinal)]);
    }

    public ClassSizes Sizes => ClassSizes.Of([.. Classes.Select(one => one.Size)]);
}
