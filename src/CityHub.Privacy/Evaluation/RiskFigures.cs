namespace CityHub.Privacy;

/// <summary>
/// How likely a record is re-identified by its quasi-identifiers, over all records of a table. Suppressed records are outside: they have nothing left to be known by.
/// The three attackers are those of K. El Emam, Guide to the De-Identification of Personal Health Information (2013).
/// </summary>
public sealed record RiskFigures
{
    private RiskFigures(ClassSizes sizes, PopulationEstimates? population) => (Sizes, Population) = (sizes, population);

    public ClassSizes Sizes { get; }

    /// <summary>How many are unique in the population; null where its size was not given.</summary>
    public PopulationEstimates? Population { get; }

    public long Records => Sizes.Records;

    public int Classes => Sizes.Classes;

    /// <summary>The prosecutor knows that a person is in the file and looks for the record: 1 / smallest class; 0 where there is no record.</summary>
    public double Highest => Sizes.Classes == 0 ? 0 : 1.0 / Sizes.Smallest;

    /// <summary>Mean of 1 / class size over the records: classes / records.</summary>
    public double Average => Sizes.Records == 0 ? 0 : (double)Sizes.Classes / Sizes.Records;

    /// <summary>1 / largest class.</summary>
    public double Lowest => Sizes.Classes == 0 ? 0 : 1.0 / Sizes.Largest;

    /// <summary>The marketer matches all records with a register and counts the share that is right: the average.</summary>
    public double Marketer => Average;

    /// <summary>
    /// The journalist does not know who is in the file: 1 / smallest class of the population that shows in the file. Without a register the population's class is at least the
    /// file's, so the prosecutor's risk is the bound that can be stated; <see cref="LinkageAttack"/> measures against a register.
    /// </summary>
    public double Journalist => Highest;

    /// <summary>Share of the records that are at the highest risk.</summary>
    public double ShareAtHighest => Sizes.Records == 0 ? 0 : (double)Sizes.Smallest * Sizes.Count(Sizes.Smallest) / Sizes.Records;

    /// <summary>Share of the records that are alone in their class.</summary>
    public double SampleUnique => Sizes.Records == 0 ? 0 : (double)Sizes.Count(1) / Sizes.Records;

    /// <summary>Share of the records whose risk is above a threshold: 1 / class size &gt; threshold.</summary>
    public double ShareAbove(double threshold)
    {
        long above = 0;
        foreach (var (size, classes) in Sizes.Groups)
        {
            if (1.0 / size > threshold)
                above += (long)size * classes;
        }

        return Sizes.Records == 0 ? 0 : (double)above / Sizes.Records;
    }

    /// <param name="sizes">Of the classes that are in the file.</param>
    /// <param name="population">Residents the records were drawn from; null where that is not known.</param>
    /// <exception cref="PrivacyException">The population is smaller than the file.</exception>
    public static RiskFigures Of(ClassSizes sizes, double? population = null) => new(sizes, population is { } size ? PopulationEstimates.Of(sizes, size) : null);
}
