using System.Numerics;
using System.Runtime.CompilerServices;

namespace CityHub.Privacy;

/// <summary>
/// The discrete Laplace distribution: P(X = x) = (1 - q) / (1 + q) · q^|x| with q = exp(-1 / scale). Added to a count that one person changes by at most Δ it is
/// Δ/scale-differentially private. Sampled exactly (Canonne, Kamath, Steinke 2020, algorithm 2).
/// </summary>
public sealed class DiscreteLaplace : IntegerNoise
{
    private readonly BigInteger above, below;
    private readonly ulong n, d; // the scale again where it is small enough for words, otherwise 0

    /// <param name="scale">Above 0.</param>
    /// <exception cref="PrivacyException">The scale is not above 0.</exception>
    public DiscreteLaplace(ExactRational scale)
    {
        if (scale.Sign <= 0)
            throw new PrivacyRefusal(PrivacyCodes.QueryUnusable, $"Noise of scale {scale} does not exist.", "The sensitivity and epsilon are above 0.", "discrete Laplace").ToException();
        Scale = scale;
        (above, below) = (scale.Numerator, scale.Denominator);
        if (above < 1UL << 56 && below <= ulong.MaxValue)
            (n, d) = ((ulong)above, (ulong)below);
    }

    public ExactRational Scale { get; }

    public override string Text => $"discrete Laplace, scale {Scale}";

    public override BigInteger Draw(ExactRandom random)
    {
        if (n != 0)
        {
            var (magnitude, negative) = DrawWord(random);
            return negative ? -(BigInteger)magnitude : magnitude;
        }

        while (true)
        {
            // With U uniform below n and kept with probability exp(-U/n), and V at least k with probability exp(-k), U + nV is geometric of ratio exp(-1/n);
            // its quotient by d is geometric of ratio exp(-d/n). A sign of its own makes 0 come twice, therefore "-0" is drawn again.
            var u = random.Below(above);
            if (!random.BernoulliExp(u, above))
                continue;
            var magnitude = (u + (above * random.Trials())) / below;
            var negative = random.NextBit();
            if (!negative || !magnitude.IsZero)
                return negative ? -magnitude : magnitude;
        }
    }

    /// <summary>Many at once, without a big number for each.</summary>
    /// <exception cref="InvalidOperationException">The scale is above 2^40, where a draw might not fit.</exception>
    public void Fill(ExactRandom random, Span<long> into)
    {
        if (n == 0 || Scale > BigInteger.One << 40)
            throw new InvalidOperationException("Draws of such a scale are drawn one by one.");
        for (var i = 0; i < into.Length; i++)
        {
            var (magnitude, negative) = DrawWord(random);
            var value = checked((long)magnitude);
            into[i] = negative ? -value : value;
        }
    }

    public override BigInteger Radius(ExactRational beyond) => IntegerSearch.First(0, r => Below(r + 1, sides: 2, beyond));

    public override BigInteger Tail(ExactRational beyond) => IntegerSearch.First(1, k => Below(k, sides: 1, beyond));

    /// <summary>Whether P(X ≥ k) = q^k / (1 + q), once or for both sides, is certainly not above the limit; k ≥ 1.</summary>
    private bool Below(BigInteger k, int sides, ExactRational limit)
    {
        var bits = ExactExponential.BitsFor(limit);
        var (_, most) = ExactExponential.Bounds(k / Scale, bits);
        var (least, _) = ExactExponential.Bounds(1 / Scale, bits);
        return new ExactRational(most * sides, (BigInteger.One << bits) + least) <= limit;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (UInt128 Magnitude, bool Negative) DrawWord(ExactRandom random)
    {
        while (true)
        {
            var u = 0UL;
            if (n != 1)
            {
                u = random.Below(n);
                if (!random.BernoulliExp(u, n))
                    continue;
            }

            var trials = random.Trials();
            // Below 2^56 · 2^7 it fits a word; more trials than that happen once in e^127 draws, and are as exact.
            var magnitude = trials < 127 ? Quotient(u + (n * trials)) : (u + ((UInt128)n * trials)) / d;
            var negative = random.NextBit();
            if (!negative || magnitude != 0)
                return (magnitude, negative);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Quotient(ulong value) => d == 1 ? value : value / d;
}
