using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Basic beta-likeness (Cao and Karras 2012): no sensitive value is more frequent in a class than 1 + beta times its frequency in the whole table. That a value is rarer tells
/// less and is let be.
/// </summary>
public sealed class BasicBeta : ClassModel
{
    /// <exception cref="PrivacyException">beta is not above 0.</exception>
    public BasicBeta(string sensitive, double beta)
    {
        (Sensitive, Beta) = (sensitive, beta);
        ModelRefusals.NeedPositive(Text, sensitive, "beta", beta);
    }

    public override string Sensitive { get; }

    public double Beta { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"beta={Beta}:{Sensitive}");

    public override bool Monotone => false;

    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records) =>
        FrequencyTest.Of(whole, records, (before, now) => (now - before) / before <= Beta);
}

/// <summary>
/// Enhanced beta-likeness (Cao and Karras 2012): as <see cref="BasicBeta"/>, with min(beta, -ln p) for beta, where p is the value's frequency in the whole table, so that also
/// a frequent value cannot come near to being certain.
/// </summary>
public sealed class EnhancedBeta : ClassModel
{
    /// <exception cref="PrivacyException">beta is not above 0.</exception>
    public EnhancedBeta(string sensitive, double beta)
    {
        (Sensitive, Beta) = (sensitive, beta);
        ModelRefusals.NeedPositive(Text, sensitive, "beta", beta);
    }

    public override string Sensitive { get; }

    public double Beta { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"enhanced-beta={Beta}:{Sensitive}");

    public override bool Monotone => false;

    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records) =>
        FrequencyTest.Of(whole, records, (before, now) => (now - before) / before <= Math.Min(Beta, -Math.Log(before)));
}
