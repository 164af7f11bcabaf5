namespace CityHub.Privacy;

/// <summary>All that a report says; nothing is looked up elsewhere. What is null is left out, or said to be missing where a reader would rely on it.</summary>
public sealed record ReportInput
{
    public required ReportLanguage Language { get; init; }

    /// <summary>The data set, as its owner calls it.</summary>
    public required string Dataset { get; init; }

    /// <summary>Who answers for the data.</summary>
    public string? Owner { get; init; }

    public string? Purpose { get; init; }

    public string? Receiver { get; init; }

    /// <summary>When the release was made; its date is printed as it stands, in its own offset.</summary>
    public required DateTimeOffset Made { get; init; }

    /// <summary>The program and its version.</summary>
    public required string MadeBy { get; init; }

    public required int RecordsBefore { get; init; }

    /// <summary>Records of which something is left.</summary>
    public required int RecordsReleased { get; init; }

    /// <summary>All columns of the input, those that were taken out among them.</summary>
    public required IReadOnlyList<ReportColumn> Columns { get; init; }

    /// <summary>The texts of the models (<see cref="PrivacyModel.Text"/>) that the release passes.</summary>
    public required IReadOnlyList<string> Models { get; init; }

    public required RiskFigures RiskBefore { get; init; }

    public required RiskFigures RiskAfter { get; init; }

    public LinkageAttack? AttackBefore { get; init; }

    public LinkageAttack? AttackAfter { get; init; }

    /// <summary>Of the quasi-identifiers.</summary>
    public IReadOnlyList<AttributeDistribution> Distributions { get; init; } = [];

    public UtilityFigures? Utility { get; init; }

    public IReadOnlyList<ClassifierAccuracy> Accuracy { get; init; } = [];

    public required ReleaseGrade Grade { get; init; }

    public required ReleasedFile File { get; init; }

    /// <summary>Who signs, as roles; empty takes the two of GB/T 37964: who did it and who approves it.</summary>
    public IReadOnlyList<string> Signers { get; init; } = [];
}

/// <summary>The languages a report can be written in.</summary>
public enum ReportLanguage
{
    Chinese,
    English,
}

/// <summary>What became of a column.</summary>
/// <param name="Treatment">In the words of the reader: "level 2 of 4", "taken out", "as it was".</param>
public sealed record ReportColumn(string Name, IdentifierClass Class, string Treatment);

/// <summary>The file that the report is about: only that one.</summary>
/// <param name="Hash">Hexadecimal.</param>
/// <param name="Algorithm">SHA-256 or SM3.</param>
public sealed record ReleasedFile(string Name, long Bytes, string Algorithm, string Hash);
