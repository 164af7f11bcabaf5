using System.Numerics;

namespace CityHub.Privacy;

/// <summary>Upper bounds of what the discrete Gaussian leaves beyond a whole number. They depend on the variance alone and never on data; each is rounded up.</summary>
internal static class GaussianTail
{
    /// <summary>Floating-point sums and exponentials here are off by less than this, relative.</summary>
    private const double Slack = 1 + 1e-9;

    /// <summary>More than what underflow can lose.</summary>
    private const double Least = 1e-290;

    /// <summary>Whether P(X ≥ k) ≤ limit is certain, for k of at least 1.</summary>
    /// <exception cref="PrivacyException">The limit is too small to be told from 0 in floating point.</exception>
    public static bool Below(ExactRational variance, BigInteger k, ExactRational limit) => ToDouble(limit) > Least * 1e10 ? Bound(variance, k) <= ToDouble(limit) / Slack : throw new PrivacyRefusal(
        PrivacyCodes.QueryUnusable, $"A probability of {limit} beyond Gaussian noise cannot be told from none.", "Use a larger delta, a smaller confidence, or an epsilon instead of a rho.", "discrete Gaussian").ToException();

    /// <summary>At least P(X ≥ k).</summary>
    internal static double Bound(ExactRational variance, BigInteger k)
    {
        var sigma2 = ToDouble(variance);
        if (sigma2 < 1e4)
        {
            // Few enough terms to add: the weight of k and beyond by all weight, which is at least 1 and at least √(2πσ²) (Poisson summation).
            if (k > 100_000)
                return Least; // far below: exp(-5·10^5)
            var weight = 0.0;
            var first = (double)k;
            for (var x = first; ; x++)
            {
                var term = Math.Exp(-x * x / (2 * sigma2));
                weight += term;
                if (term < weight * 1e-17 || term == 0)
                    break;
            }

            var whole = 1.0;
            for (var x = 1; x * x < 80 * sigma2; x++)
                whole += 2 * Math.Exp(-(double)x * x / (2 * sigma2));
            return (weight / Math.Max(whole, Math.Sqrt(2 * Math.PI * sigma2)) * Slack) + Least;
        }

        // P(X ≥ k) ≤ P(N(0, σ²) ≥ k - 1) (Canonne, Kamath, Steinke 2020), and the normal tail by Sampford's bound of Mills' ratio (1953).
        var z = (double)(k - 1) / Math.Sqrt(sigma2);
        return (4 / ((3 * z) + Math.Sqrt((z * z) + 8)) * Math.Exp(-z * z / 2) / Math.Sqrt(2 * Math.PI) * Slack) + Least;
    }

    /// <summary>The number as near as a double gets, also where numerator and denominator are beyond its range.</summary>
    internal static double ToDouble(ExactRational value)
    {
        if (value.Sign == 0)
            return 0;
        var shift = (int)(value.Denominator.GetBitLength() - value.Numerator.GetBitLength()) + 64;
        var scaled = shift >= 0 ? (value.Numerator << shift) / value.Denominator : value.Numerator / (value.Denominator << -shift);
        return Math.ScaleB((double)scaled, -shift);
    }
}
