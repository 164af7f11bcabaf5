using System.Globalization;

namespace CityHub.Privacy;

/// <summary>The average re-identification risk, classes / records, is at most a threshold.</summary>
public sealed class AverageRisk : TableModel
{
    /// <exception cref="PrivacyException">The threshold is not above 0 and at most 1.</exception>
    public AverageRisk(double threshold) => Threshold = Shares.AboveZero(threshold, "average-risk");

    public double Threshold { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"average-risk={Threshold}");

    public override bool Passes(ClassSizes sizes) => RiskFigures.Of(sizes).Average <= Threshold;
}
