namespace CityHub.Privacy;

/// <summary>One test of a grade, with what was measured.</summary>
/// <param name="ForGrade">The grade that needs it.</param>
/// <param name="Measured">Null where it was not measured; then it is not passed.</param>
/// <param name="Limit">What it may be at most, or has to be at least (<see cref="GradeTestKind.SmallestCell"/>); null where there is none.</param>
public sealed record GradeTest(GradeTestKind Kind, int ForGrade, bool Passed, double? Measured, double? Limit)
{
    /// <summary>The columns because of which it is not passed.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>The class size with which it would be passed: the k of k-anonymity.</summary>
    public int? NeededClassSize { get; init; }

    /// <summary>Passed because the cells carry the noise of differential privacy.</summary>
    public bool ByNoise { get; init; }
}

/// <summary>What a <see cref="GradeTest"/> looks at.</summary>
public enum GradeTestKind
{
    /// <summary>The released file was scanned. Measured: columns.</summary>
    Scanned,

    /// <summary>No column holds direct identifiers. Measured: columns that do.</summary>
    NoDirectIdentifier,

    /// <summary>Every quasi-identifier that the scan found was part of the measurement. Measured: those that were not.</summary>
    QuasiIdentifiersMeasured,

    /// <summary>Risk of the record at the highest risk times the attack probability.</summary>
    Highest,

    /// <summary>Average risk times the attack probability.</summary>
    Average,

    /// <summary>Share of the records at a notable risk.</summary>
    ShareAbove,

    /// <summary>Persons in the smallest cell.</summary>
    SmallestCell,

    /// <summary>One person's largest share of a cell.</summary>
    LargestShare,
}
