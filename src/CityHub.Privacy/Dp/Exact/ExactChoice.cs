using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// Choosing by score without telling the scores: the exponential mechanism (McSherry, Talwar 2007) and permute-and-flip (McKenna, Sheldon 2020), each with exactly
/// its probabilities. Scores are losses: 0 is the best there can be, larger is worse.
/// </summary>
internal static class ExactChoice
{
    /// <summary>The index i with probability proportional to many[i] · exp(-rate · losses[i]).</summary>
    /// <remarks>
    /// The weights are only known between bounds of some bits, and so are their running sums. A uniform real U of which as many bits are drawn lies in the part of i
    /// when that is so for all values within all bounds; otherwise both get twice the bits. U and the weights stay the same numbers all along, therefore the
    /// probabilities are those of the weights.
    /// </remarks>
    public static int Exponential(ReadOnlySpan<BigInteger> losses, ReadOnlySpan<BigInteger> many, ExactRational rate, ExactRandom random)
    {
        var best = BigInteger.Zero;
        var any = false;
        for (var i = 0; i < losses.Length; i++)
        {
            if (many[i].Sign > 0 && (!any || losses[i] < best))
                (best, any) = (losses[i], true);
        }

        if (!any)
            throw new ArgumentException("There is nothing to choose from.", nameof(many));
        var drawn = BigInteger.Zero;
        var bits = 0;
        for (var more = 64; ; more = bits)
        {
            drawn = (drawn << more) | random.Bits(more);
            bits += more;
            var low = new BigInteger[losses.Length];
            var high = new BigInteger[losses.Length];
            BigInteger lowSum = default, highSum = default;
            for (var i = 0; i < losses.Length; i++)
            {
                if (many[i].Sign > 0)
                {
                    var (least, most) = ExactExponential.Bounds((losses[i] - best) * rate, bits + 32);
                    lowSum += least * many[i];
                    highSum += most * many[i];
                }

                (low[i], high[i]) = (lowSum, highSum);
            }

            // U times the whole weight lies in [from, to).
            var from = drawn * lowSum;
            var to = (drawn + 1) * highSum;
            var (first, last) = (0, losses.Length - 1);
            while (first < last) // the first whose running sum is not certainly passed
            {
                var middle = (first + last) / 2;
                if (high[middle] << bits <= from)
                    first = middle + 1;
                else
                    last = middle;
            }

            if (to <= low[first] << bits)
                return first;
        }
    }

    /// <summary>
    /// In random order, each is taken with probability exp(-rate · (its loss - the least loss)), the first that is taken is the choice. Never worse than
    /// <see cref="Exponential"/> in expected loss at the same privacy.
    /// </summary>
    public static int PermuteAndFlip(ReadOnlySpan<BigInteger> losses, ExactRational rate, ExactRandom random)
    {
        var order = new int[losses.Length];
        var best = losses[0];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = i;
            if (losses[i] < best)
                best = losses[i];
        }

        for (var left = order.Length; left > 0; left--)
        {
            var at = (int)random.Below((ulong)left);
            if (random.BernoulliExp((losses[order[at]] - best) * rate))
                return order[at];
            order[at] = order[left - 1];
        }

        throw new InvalidOperationException("The best one is taken with probability 1.");
    }
}
