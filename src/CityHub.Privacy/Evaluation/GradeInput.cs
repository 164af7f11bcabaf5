namespace CityHub.Privacy;

/// <summary>All that the grade of a release rests on. What is not given counts as not shown.</summary>
public sealed record GradeInput
{
    public required ReleaseKind Kind { get; init; }

    public required SharingType Sharing { get; init; }

    /// <summary>What a scan of the released file found, column by column, after a person confirmed it; null where it was not scanned.</summary>
    public IReadOnlyList<IdentifierFinding>? Scan { get; init; }

    /// <summary>The columns by which re-identification was measured.</summary>
    public IReadOnlyList<string> Evaluated { get; init; } = [];

    /// <summary>Of the released file; null where it was not measured.</summary>
    public RiskFigures? Risk { get; init; }

    /// <summary>
    /// The chance that somebody in the receiving environment tries to re-identify at all, 0 to 1, as the officer assesses it from motives, contracts and controls. Of public data
    /// somebody always does; 1 until somebody has assessed it.
    /// </summary>
    public double AttackProbability { get; init; } = 1;

    /// <summary>For aggregated data: of its cells.</summary>
    public CellFigures? Cells { get; init; }

    /// <summary>Null takes <see cref="GradeThresholds.For"/>.</summary>
    public GradeThresholds? Thresholds { get; init; }
}

/// <summary>What is released.</summary>
public enum ReleaseKind
{
    /// <summary>A row for each person.</summary>
    Microdata,

    /// <summary>Counts, sums and the like over persons.</summary>
    Aggregated,
}

/// <summary>The ways of sharing of GB/T 37964-2019.</summary>
public enum SharingType
{
    /// <summary>完全公开: on the internet, not to be called back.</summary>
    Public,

    /// <summary>受控公开: to named receivers under an agreement that forbids re-identification.</summary>
    Controlled,

    /// <summary>领地公开: inside an environment that the data do not leave.</summary>
    Enclave,
}

/// <summary>One column of a scan.</summary>
/// <param name="Type">What the values are, as the scan calls it.</param>
/// <param name="Class">What they are to the person.</param>
/// <param name="Share">Of the values that are not null, how many are of the type.</param>
public sealed record IdentifierFinding(string Column, string Type, IdentifierClass Class, double Share);

/// <summary>What a column is to the person behind a row.</summary>
public enum IdentifierClass
{
    Other,
    Sensitive,

    /// <summary>GB/T 42460, annex B.</summary>
    Quasi,

    /// <summary>GB/T 42460, annex A.</summary>
    Direct,
}

/// <summary>Of the cells of aggregated data.</summary>
/// <param name="SmallestCount">Persons in the smallest cell that is not empty.</param>
/// <param name="LargestShare">The largest share one person has of a cell's sum; 0 where only counts are released.</param>
/// <param name="DifferentiallyPrivate">Whether the cells carry the noise of differential privacy: then neither matters.</param>
public sealed record CellFigures(int SmallestCount, double LargestShare, bool DifferentiallyPrivate);
