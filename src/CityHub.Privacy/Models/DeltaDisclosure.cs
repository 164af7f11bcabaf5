using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Delta-disclosure privacy (Brickell and Shmatikov 2008): for each sensitive value that a class has, |log2 of its frequency there by that in the whole table| is below delta.
/// </summary>
public sealed class DeltaDisclosure : ClassModel
{
    /// <exception cref="PrivacyException">delta is not above 0.</exception>
    public DeltaDisclosure(string sensitive, double delta)
    {
        (Sensitive, Delta) = (sensitive, delta);
        ModelRefusals.NeedPositive(Text, sensitive, "delta", delta);
    }

    public override string Sensitive { get; }

    public double Delta { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"delta-disclosure={Delta}:{Sensitive}");

    public override bool Monotone => false;

    // Log by Log(2), as the reference: Log2 differs from it in the last bit.
    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records) =>
        FrequencyTest.Of(whole, records, (before, now) => Math.Abs(Math.Log(now / before) / Math.Log(2)) < Delta);
}
