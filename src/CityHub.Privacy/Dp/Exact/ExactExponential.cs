using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// exp(-x) for a rational x ≥ 0, between two whole numbers of units of 2^-bits. It never says "about": a sampler that cannot decide between the two asks again with
/// more bits.
/// </summary>
internal static class ExactExponential
{
    /// <summary>Low ≤ 2^bits · exp(-x) ≤ High, and High - Low ≤ 2.</summary>
    /// <remarks>
    /// exp(-x) = exp(-x/2^k)^(2^k) with x/2^k ≤ 1/2. The inner one is the alternating Taylor series, each term rounded down for Low and up for High, the rest of the
    /// series bounded by its first term; the squarings double the relative error k times, which the guard bits below outweigh.
    /// </remarks>
    public static (BigInteger Low, BigInteger High) Bounds(ExactRational x, int bits)
    {
        if (x.Sign < 0)
            throw new ArgumentOutOfRangeException(nameof(x), "exp(-x) is asked for x of at least 0.");
        if (x.Numerator >= x.Denominator * bits) // exp(-x) ≤ 2^-x·…: e > 2
            return (BigInteger.Zero, BigInteger.One);
        var halvings = 0;
        for (var limit = x.Denominator; x.Numerator * 2 > limit; limit <<= 1)
            halvings++;
        var work = bits + (3 * halvings) + 32;
        var one = BigInteger.One << work;
        var small = (x.Numerator << work) / (x.Denominator << halvings);
        var (low, high) = (one, one);           // the sum so far
        var (termLow, termHigh) = (one, one);   // x^j / j!
        for (var j = 1; termHigh > BigInteger.One; j++)
        {
            termLow = ((termLow * small) >> work) / j;
            termHigh = (((termHigh * (small + 1)) >> work) / j) + 1;
            if (j % 2 == 1)
                (low, high) = (low - termHigh, high - termLow);
            else
                (low, high) = (low + termLow, high + termHigh);
            if (j > work)
                break;
        }

        // Terms fall, so what is left out is at most the last one.
        (low, high) = (low - termHigh, high + termHigh);
        for (; halvings > 0; halvings--)
        {
            low = (low * low) >> work;
            high = ((high * high) >> work) + 1;
        }

        var drop = work - bits;
        high = (high + (BigInteger.One << drop) - 1) >> drop;
        var top = BigInteger.One << bits;
        return (low >> drop, high > top ? top : high);
    }

    /// <summary>Whether factor · exp(-x) ≤ limit is certain. For growing x it becomes so, however small the limit above 0 is.</summary>
    public static bool AtMost(BigInteger factor, ExactRational x, ExactRational limit)
    {
        var bits = BitsFor(limit) + (int)factor.GetBitLength();
        return new ExactRational(factor * Bounds(x, bits).High, BigInteger.One << bits) <= limit;
    }

    /// <summary>So many bits that a unit is far below the limit.</summary>
    public static int BitsFor(ExactRational limit) => 64 + (int)limit.Denominator.GetBitLength();
}
