using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// How many residents of the population that a sample was drawn from are estimated to be alone with their quasi-identifiers, each as a share of the population; null where an
/// estimator has no solution. A record that is unique in the sample hurts only when its person is unique in the population, and that can only be estimated.
/// </summary>
/// <param name="Population">Residents, from whom the sample is taken to be drawn at random.</param>
/// <param name="Zayatz">Zayatz 1991: the share of sample classes of size 1 that are of size 1 in the population, by the hypergeometric distribution.</param>
/// <param name="Pitman">Hoshino 2001: maximum likelihood in Pitman's sampling model.</param>
/// <param name="Snb">Chen and Keller-McNulty 1998: slide negative binomial. Only above a sampling fraction of 0.1: it overestimates grossly below (Dankar et al. 2012).</param>
/// <param name="Dankar">The rule of Dankar, El Emam, Neisa and Roffey 2012: up to a sampling fraction of 0.1 Pitman's, above it the smaller of Zayatz's and the SNB one; Zayatz's where there is no other.</param>
/// <param name="Chosen">Which of them the rule chose.</param>
public sealed record PopulationEstimates(double Population, double Zayatz, double? Pitman, double? Snb, double Dankar, PopulationEstimator Chosen)
{
    /// <exception cref="PrivacyException">The population is smaller than the sample.</exception>
    public static PopulationEstimates Of(ClassSizes sizes, double population)
    {
        if (!(population >= Math.Max(1, sizes.Records)) || double.IsInfinity(population))
        {
            throw new PrivacyRefusal(
                PrivacyCodes.ModelUnusable,
                string.Create(CultureInfo.InvariantCulture, $"A population of {population} cannot have a sample of {sizes.Records} records."),
                "Give the number of residents the records were drawn from: that of the district or city, of the age or trade the file is about.",
                "population-uniqueness").ToException();
        }

        // Nobody is unique in the population who is not in the sample: the models need no answer here.
        if (sizes.Count(1) == 0)
            return new PopulationEstimates(population, 0, 0, 0, 0, PopulationEstimator.None);
        var zayatz = ZayatzEstimator.Share(sizes, population);
        var pitman = PitmanEstimator.Share(sizes, population);
        var fraction = sizes.Records / population;
        var snb = fraction > 0.1 ? SnbEstimator.Share(sizes, population) : null;
        var (dankar, chosen) = (fraction <= 0.1, pitman, snb) switch
        {
            (true, { } known, _) => (known, PopulationEstimator.Pitman),
            (false, _, { } known) when known <= zayatz => (known, PopulationEstimator.Snb),
            _ => (zayatz, PopulationEstimator.Zayatz),
        };
        return new PopulationEstimates(population, zayatz, pitman, snb, dankar, chosen);
    }
}

/// <summary>An estimator of population uniqueness.</summary>
public enum PopulationEstimator
{
    /// <summary>Nothing to estimate: no record is unique in the sample.</summary>
    None,
    Zayatz,
    Pitman,
    Snb,
}
