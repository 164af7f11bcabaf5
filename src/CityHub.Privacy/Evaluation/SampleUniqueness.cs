using System.Globalization;

namespace CityHub.Privacy;

/// <summary>At most a share of the records is alone in its class.</summary>
public sealed class SampleUniqueness : TableModel
{
    /// <exception cref="PrivacyException">The threshold is not between 0 and 1.</exception>
    public SampleUniqueness(double threshold) => Threshold = Shares.Of(threshold, "sample-uniqueness");

    public double Threshold { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"sample-uniqueness={Threshold}");

    public override bool Passes(ClassSizes sizes) => RiskFigures.Of(sizes).SampleUnique <= Threshold;
}
