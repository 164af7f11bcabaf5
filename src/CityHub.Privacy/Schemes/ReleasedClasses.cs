namespace CityHub.Privacy;

/// <summary>One class as it has been released: what it has in common, and how many of its records have which sensitive value.</summary>
/// <param name="Key">The released labels of the quasi-identifiers, in their order.</param>
/// <param name="Counts">For each sensitive attribute of the scheme, in its order, the records by value (<see cref="ReleasedClasses.Values"/>).</param>
public sealed record ReleasedClass(IReadOnlyList<string> Key, int Size, IReadOnlyList<int[]> Counts)
{
    internal static string Joined(IEnumerable<string> key) => string.Join('\u001f', key);
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

    public ClassSizes Sizes => ClassSizes.Of([.. Classes.Select(one => one.Size)]);
}
