using System.Numerics;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>Whether draws have the distribution they are said to have. The tests' own arithmetic is floating; only the samplers have to be exact.</summary>
internal static class GoodnessOfFit
{
    /// <summary>10^7 draws where CITYHUB_TEST_FULL=1.</summary>
    public static bool Full { get; } = Environment.GetEnvironmentVariable("CITYHUB_TEST_FULL") == "1";

    /// <summary>
    /// Pearson's chi-square against the exact probabilities, as a normal deviate (Wilson, Hilferty 1931). Cells are joined from the middle outwards until 20 draws are expected in each.
    /// </summary>
    public static double Deviate(IReadOnlyDictionary<long, long> counts, Func<long, double> probability, long draws, long reach)
    {
        double chi = 0, expected = 0, restExpected = draws;
        long observed = 0, cells = 0, restObserved = draws;
        for (var x = -reach; x <= reach; x++)
        {
            expected += probability(x) * draws;
            observed += counts.GetValueOrDefault(x);
            if (expected < 20)
                continue;
            chi += (observed - expected) * (observed - expected) / expected;
            restExpected -= expected;
            restObserved -= observed;
            cells++;
            (expected, observed) = (0, 0);
        }

        if (restExpected > 5)
        {
            chi += (restObserved - restExpected) * (restObserved - restExpected) / restExpected;
            cells++;
        }
        else if (restObserved > 40)
            return double.PositiveInfinity;

        var freedom = cells - 1.0;
        var ninth = 2 / (9 * freedom);
        return (Math.Cbrt(chi / freedom) - (1 - ninth)) / Math.Sqrt(ninth);
    }

    public static Dictionary<long, long> Count(IntegerNoise noise, ExactRandom random, int draws)
    {
        var counts = new Dictionary<long, long>();
        for (var i = 0; i < draws; i++)
        {
            var x = (long)noise.Draw(random);
            counts[x] = counts.GetValueOrDefault(x) + 1;
        }

        return counts;
    }

    public static double Laplace(long x, double scale)
    {
        var q = Math.Exp(-1 / scale);
        return (1 - q) / (1 + q) * Math.Pow(q, Math.Abs(x));
    }

    public static Func<long, double> Gaussian(double variance)
    {
        var reach = (long)(Math.Sqrt(variance) * 40) + 40;
        var all = 0.0;
        for (var x = -reach; x <= reach; x++)
            all += Math.Exp(-x * (double)x / (2 * variance));
        return x => Math.Exp(-x * (double)x / (2 * variance)) / all;
    }

    public static double Variance(IReadOnlyDictionary<long, long> counts)
    {
        double sum = 0, squares = 0, all = 0;
        foreach (var (x, count) in counts)
        {
            sum += (double)x * count;
            squares += (double)x * x * count;
            all += count;
        }

        return (squares / all) - (sum / all * (sum / all));
    }

    /// <summary>Random words that are given one after the other; then those of a seed.</summary>
    internal sealed class Script(params ulong[] words) : IEntropy, IDisposable
    {
        private readonly SeededEntropy rest = new(1);
        private bool read;

        public void Dispose() => rest.Dispose();

        public void Fill(Span<byte> into)
        {
            rest.Fill(into);
            if (read)
                return;
            read = true;
            var span = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, ulong>(into);
            words.CopyTo(span);
        }
    }
}
