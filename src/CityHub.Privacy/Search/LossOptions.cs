namespace CityHub.Privacy;

/// <summary>How the loss of the attributes becomes the loss of the table.</summary>
public enum LossAggregate
{
    /// <summary>Of 1 + loss, minus 1: many small losses are better than one large one.</summary>
    GeometricMean,
    ArithmeticMean,
}

/// <summary>
/// How loss is counted (Iyengar 2002): a record loses in an attribute the share of its group in all leaves of the hierarchy, and all of it where it is suppressed; the sum
/// over the records is scaled so that 0 is the original and 1 is nothing left.
/// </summary>
public sealed record LossOptions
{
    public static LossOptions Default { get; } = new();

    public LossAggregate Aggregate { get; init; }

    /// <summary>0 to 1: at 0.5 suppression and generalisation count as they are; below, suppressing costs less than that; above, generalising does.</summary>
    public double Balance { get; init; } = 0.5;
}
