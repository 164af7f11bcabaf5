using System.Globalization;

namespace CityHub.Privacy;

/// <summary>At most a share of the population is estimated to be unique in it, by the rule of Dankar et al. (<see cref="PopulationEstimates"/>).</summary>
public sealed class PopulationUniqueness : TableModel
{
    /// <param name="population">Residents the records were drawn from.</param>
    /// <exception cref="PrivacyException">The threshold is not between 0 and 1, the population not at least 1.</exception>
    public PopulationUniqueness(double threshold, double population)
    {
        Threshold = Shares.Of(threshold, "population-uniqueness");
        if (!(population >= 1) || double.IsInfinity(population))
            throw new PrivacyRefusal(PrivacyCodes.ModelUnusable, string.Create(CultureInfo.InvariantCulture, $"{population} is no number of residents."), Rule: "population-uniqueness").ToException();
        Population = population;
    }

    public double Threshold { get; }

    public double Population { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"population-uniqueness={Threshold},{Population}");

    public override bool Passes(ClassSizes sizes) => PopulationEstimates.Of(sizes, Population).Dankar <= Threshold;
}
