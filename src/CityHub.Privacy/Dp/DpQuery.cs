namespace CityHub.Privacy;

/// <summary>
/// A question to a table that is answered with differential privacy. All of it has to be known without the data: bounds, keys and grid are said and not looked up.
/// Neighbours are two tables of which one has all rows of one resident more.
/// </summary>
public sealed record DpQuery
{
    /// <summary>The name of the table, as it stands in the budget.</summary>
    public required string Dataset { get; init; }

    /// <summary>The column that says whose row it is. A row where it is empty counts as absent.</summary>
    public required string Unit { get; init; }

    public required DpStatistic Statistic { get; init; }

    /// <summary>What the answer may cost. ε takes Laplace noise, ρ Gaussian noise; δ only for keys that are not known.</summary>
    public required PrivacyCost Cost { get; init; }

    /// <summary>The column of numbers of a sum, mean, variance or quantile. A row where it holds no number counts as absent.</summary>
    public string? Value { get; init; }

    public DpBounds? Bounds { get; init; }

    public IReadOnlyList<string> GroupBy { get; init; } = [];

    /// <summary>The keys that are answered, also where no row has them. Null with <see cref="GroupBy"/>: those that occur, as far as they have enough rows (count only, with δ).</summary>
    public IReadOnlyList<IReadOnlyList<string>>? Keys { get; init; }

    /// <summary>Of each resident so many rows count in a group, chosen at random.</summary>
    public int RowsPerUnit { get; init; } = 1;

    /// <summary>In so many groups a resident counts, chosen at random.</summary>
    public int GroupsPerUnit { get; init; } = 1;

    /// <summary>That each interval holds the value without noise has at least this probability.</summary>
    public ExactRational Confidence { get; init; } = new(19, 20);
}

/// <summary>Between which numbers a column is looked at; values outside are moved to the nearer bound.</summary>
public sealed record DpBounds(ExactRational Lower, ExactRational Upper)
{
    /// <summary>Values are rounded down to steps of 2^-GridBits. Null: the coarsest grid of at least 2^20 steps between the bounds.</summary>
    public int? GridBits { get; init; }
}
