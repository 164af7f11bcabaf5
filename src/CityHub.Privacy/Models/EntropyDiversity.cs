using System.Globalization;

namespace CityHub.Privacy;

/// <summary>How the entropy of a class is estimated from its counts.</summary>
public enum EntropyEstimator
{
    /// <summary>The entropy of the shares as they are; too low for small classes.</summary>
    Shannon,

    /// <summary>Grassberger 2003, "Entropy estimates from insufficient samplings": ln n is replaced by a G(n) that takes out most of the bias.</summary>
    Grassberger,
}

/// <summary>The entropy of the sensitive attribute in each class is at least ln l (Machanavajjhala et al. 2007): its values are not only there, none of them rules.</summary>
public sealed class EntropyDiversity : ClassModel
{
    /// <exception cref="PrivacyException">l is below 1.</exception>
    public EntropyDiversity(string sensitive, double l, EntropyEstimator estimator = EntropyEstimator.Shannon)
    {
        (Sensitive, L, Estimator) = (sensitive, l, estimator);
        ModelRefusals.NeedL(Text, sensitive, l);
    }

    public override string Sensitive { get; }

    /// <summary>Need not be whole.</summary>
    public double L { get; }

    public EntropyEstimator Estimator { get; }

    public override string Text =>
        string.Create(CultureInfo.InvariantCulture, $"{(Estimator == EntropyEstimator.Shannon ? "entropy-l" : "grassberger-l")}={L}:{Sensitive}");

    /// <summary>A class that joins many records of one value loses entropy.</summary>
    public override bool Monotone => false;

    internal override bool PassesByJoining => true;

    public override int LeastSize => (int)Math.Min(Math.Ceiling(L), int.MaxValue);

    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records)
    {
        ModelRefusals.NeedValues(Text, Sensitive, L, whole);
        return new Test(L, LeastSize, Estimator, records);
    }

    /// <summary>
    /// n (psi(n) - ln l) >= sum of f psi(f), where psi is ln or G: the entropy times n, without a division. At least l values have to be there whatever the estimate says.
    /// </summary>
    private sealed class Test : ClassTest
    {
        private const int Tabled = 1 << 14; // 256 KiB for the two tables; larger counts are rare and pay for a logarithm

        private readonly double[] psi, weighted;
        private readonly double logL;
        private readonly int least;
        private readonly bool shannon;

        public Test(double l, int least, EntropyEstimator estimator, int records)
        {
            (logL, this.least, shannon) = (Math.Log(l), least, estimator == EntropyEstimator.Shannon);
            psi = new double[Math.Min(records + 1, Tabled)];
            weighted = new double[psi.Length];
            for (var n = 1; n < psi.Length; n++)
            {
                psi[n] = shannon ? Math.Log(n) : GrassbergerG.Of(n);
                weighted[n] = n * psi[n];
            }
        }

        public override bool Passes(int size, ReadOnlySpan<int> counts)
        {
            if (size < least)
                return false;
            var present = 0;
            var sum = 0.0;
            foreach (var count in counts)
            {
                if (count == 0)
                    continue;
                present++;
                sum += (uint)count < (uint)weighted.Length ? weighted[count] : count * Psi(count);
            }

            return present >= least && sum <= size * (Psi(size) - logL);
        }

        private double Psi(int n) => (uint)n < (uint)psi.Length ? psi[n] : shannon ? Math.Log(n) : GrassbergerG.Of(n);
    }
}

/// <summary>
/// Grassberger's G: G(1) = -γ - ln 2, G(2) = 2 - γ - ln 2, G(2n+2) = G(2n) + 2/(2n+1), and an odd number has the value of the even one below it; equations 28 to 30 of
/// the paper. From 102 on the asymptotic series, whose error is below 1e-15 there.
/// </summary>
internal static class GrassbergerG
{
    private const double EulerGamma = 0.5772156649015329;
    private static readonly double[] Small = Compute();

    public static double Of(int n)
    {
        var half = n >> 1;
        if (half < Small.Length)
            return Small[half];
        var m = 1 / ((double)half * half);
        return Math.Log(2.0 * half) + m * (1.0 / 24 - m * (7.0 / 960 - m * (31.0 / 8064)));
    }

    private static double[] Compute()
    {
        var small = new double[51];
        small[0] = -EulerGamma - Math.Log(2);
        for (var half = 1; half < small.Length; half++)
            small[half] = small[half - 1] + 2.0 / (2 * half - 1);
        return small;
    }
}
