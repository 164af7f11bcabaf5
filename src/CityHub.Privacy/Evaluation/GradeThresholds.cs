namespace CityHub.Privacy;

/// <summary>
/// From where on a risk is acceptable. 0.05 for a public release is the common value and that of the 2021 draft of GB/T 42460; the others are ours. All have to be verified against
/// the text of the standard and the rules of the place before anything rests on them.
/// </summary>
/// <param name="Highest">For the record at the highest risk, times the attack probability.</param>
/// <param name="Average">For the average over the records, times the attack probability.</param>
/// <param name="Notable">A record whose risk, times the attack probability, is above this counts for <paramref name="ShareAbove"/>.</param>
/// <param name="ShareAbove">How many of the records may.</param>
/// <param name="DirectShare">A column holds direct identifiers from this share of its values on: a random row of digits is a valid number now and then.</param>
/// <param name="SmallestCell">Persons that a cell of aggregated data has at least.</param>
/// <param name="LargestShare">What one person may have of a cell's sum at most.</param>
public sealed record GradeThresholds(
    double Highest, double Average, double Notable, double ShareAbove, double DirectShare = 0.001, int SmallestCell = 10, double LargestShare = 0.85)
{
    /// <summary>Public data are judged by their weakest record; where receivers are bound, some records may be at a higher risk as long as the average is low.</summary>
    public static GradeThresholds For(SharingType sharing) => sharing switch
    {
        SharingType.Public => new(Highest: 0.05, Average: 0.05, Notable: 0.05, ShareAbove: 0),
        SharingType.Controlled => new(Highest: 0.2, Average: 0.05, Notable: 0.05, ShareAbove: 0.1),
        SharingType.Enclave => new(Highest: 1.0 / 3, Average: 0.05, Notable: 0.05, ShareAbove: 0.3),
        _ => throw new ArgumentOutOfRangeException(nameof(sharing)),
    };
}
