namespace CityHub.Privacy;

/// <summary>
/// A loss of privacy as a curve: for each order α above 1 a bound of the Rényi divergence between any two neighbours (Mironov 2017). Curves of releases add up point by
/// point, which is tighter than adding ε; only at the end does one say what it is in ε and δ. It over-estimates; nothing here touches data.
/// </summary>
public sealed class RdpCurve
{
    private readonly Func<double, double> at;

    private RdpCurve(Func<double, double> at) => this.at = at;

    public static RdpCurve Zero { get; } = new(_ => 0);

    /// <summary>The divergence of order <paramref name="alpha"/> above 1, at most.</summary>
    public double this[double alpha] => alpha > 1 ? at(alpha) : throw new ArgumentOutOfRangeException(nameof(alpha));

    /// <summary>ρ-zCDP: αρ.</summary>
    public static RdpCurve OfRho(double rho) => new(alpha => alpha * rho);

    /// <summary>ε-differential privacy: min(ε, αε²/2) (Bun, Steinke 2016).</summary>
    public static RdpCurve OfEpsilon(double epsilon) => new(alpha => Math.Min(epsilon, alpha * epsilon * epsilon / 2));

    /// <summary>The discrete Gaussian of variance σ² on a sum that one resident changes by Δ: αΔ²/2σ² (Canonne, Kamath, Steinke 2020, theorem 4).</summary>
    public static RdpCurve OfGaussian(double variance, double sensitivity) => new(alpha => alpha * sensitivity * sensitivity / (2 * variance));

    /// <summary>The discrete Laplace of a scale on a count that one resident changes by Δ: the sum of p(x)^α p(x - Δ)^(1 - α) over all x, which is geometric in three parts.</summary>
    public static RdpCurve OfLaplace(double scale, long sensitivity) => new(alpha =>
    {
        double r = 1 / scale, delta = sensitivity;
        // Each part over its largest factor exp((α - 1)·Δ·r), so that nothing overflows.
        var tails = (1 + Math.Exp(-((2 * alpha) - 1) * delta * r)) / -Expm1(-r);
        var step = ((2 * alpha) - 1) * r;
        var middle = sensitivity <= 1 ? 0 : Math.Exp(-step) * Expm1(-step * (delta - 1)) / Expm1(-step);
        var sum = Math.Log((tails + middle) * -Expm1(-r) / (1 + Math.Exp(-r)));
        return Math.Min(delta * r, (((alpha - 1) * delta * r) + sum + 1e-12) / (alpha - 1) * (1 + 1e-12));
    });

    public static RdpCurve Of(PrivacyCost cost)
    {
        if (cost.Delta.Sign != 0)
            throw new PrivacyRefusal(PrivacyCodes.QueryUnusable, $"{cost} has a delta, which no Rényi divergence bounds.", "Keep the deltas apart and add them to the one of the conversion.", "RDP").ToException();
        var amount = GaussianTail.ToDouble(cost.Amount) * (1 + 1e-12);
        return cost.Measure == PrivacyMeasure.Rho ? OfRho(amount) : OfEpsilon(amount);
    }

    /// <summary>Both on the same residents.</summary>
    public RdpCurve Then(RdpCurve other) => new(alpha => at(alpha) + other.at(alpha));

    /// <summary>On residents of which none is in both.</summary>
    public RdpCurve Beside(RdpCurve other) => new(alpha => Math.Max(at(alpha), other.at(alpha)));

    /// <summary>
    /// The least over α of ε(α) + (ln(1/δ) - ln α)/(α - 1) + ln(1 - 1/α) (Canonne, Kamath, Steinke 2020, proposition 12), and that α. Any α gives a bound that holds, so that a
    /// search that stops early is only less tight.
    /// </summary>
    public (double Epsilon, double Alpha) ToEpsilon(double delta)
    {
        if (delta is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(delta));
        // In t = ln(α - 1): first where on a wide grid, then golden section around it.
        double best = double.PositiveInfinity, where = 0;
        for (var t = -12.0; t <= 20; t += 0.125)
        {
            var value = Value(t);
            if (value < best)
                (best, where) = (value, t);
        }

        double low = where - 0.125, high = where + 0.125;
        const double golden = 0.6180339887498949;
        for (var i = 0; i < 60; i++)
        {
            double left = high - (golden * (high - low)), right = low + (golden * (high - low));
            if (Value(left) < Value(right))
                high = right;
            else
                low = left;
        }

        var middle = (low + high) / 2;
        if (Value(middle) < best)
            (best, where) = (Value(middle), middle);
        return (Math.Max(0, best), 1 + Math.Exp(where));

        double Value(double t)
        {
            double less = Math.Exp(t), alpha = 1 + less;
            return at(alpha) + ((-Math.Log(delta) - Math.Log(alpha)) / less) + (t - Math.Log(alpha));
        }
    }

    /// <summary>exp(x) - 1, also for small x.</summary>
    private static double Expm1(double x) => Math.Abs(x) < 1e-5 ? x + (x * x / 2) + (x * x * x / 6) : Math.Exp(x) - 1;
}
