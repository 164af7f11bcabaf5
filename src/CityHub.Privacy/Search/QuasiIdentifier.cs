namespace CityHub.Privacy;

/// <summary>An attribute by which a person could be recognised together with others, and how it may be generalised.</summary>
public sealed record QuasiIdentifier(Hierarchy Hierarchy)
{
    public string Attribute => Hierarchy.Attribute;

    /// <summary>It is generalised at least to this level.</summary>
    public int MinLevel { get; init; }

    /// <summary>And at most to this one; null: to the last of its hierarchy.</summary>
    public int? MaxLevel { get; init; }

    /// <summary>How much its loss counts beside that of the others; 1 as the others do.</summary>
    public double Weight { get; init; } = 1;
}
