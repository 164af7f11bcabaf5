using System.Numerics;

namespace CityHub.Privacy;

/// <summary>Random whole numbers around 0, to be added to a whole number that is computed from the data.</summary>
public abstract class IntegerNoise
{
    private protected IntegerNoise()
    {
    }

    /// <summary>As it stands in a release: the distribution and its parameter.</summary>
    public abstract string Text { get; }

    public abstract BigInteger Draw(ExactRandom random);

    /// <summary>A radius r, as small as can be told, that the noise leaves to either side with probability of at most <paramref name="beyond"/>: P(|X| &gt; r) ≤ beyond.</summary>
    public abstract BigInteger Radius(ExactRational beyond);

    /// <summary>A k of at least 1, as small as can be told, with P(X ≥ k) ≤ <paramref name="beyond"/>.</summary>
    public abstract BigInteger Tail(ExactRational beyond);

    /// <summary>The smallest k of at least <paramref name="from"/> for which <paramref name="holds"/>, where it holds from some k on.</summary>
    private protected static BigInteger First(BigInteger from, Func<BigInteger, bool> holds)
    {
        var step = BigInteger.One;
        var low = from;
        while (!holds(low + step - 1))
        {
            low += step;
            step <<= 1;
        }

        var high = low + step - 1; // holds; low - 1 does not
        while (low < high)
        {
            var middle = (low + high) >> 1;
            if (holds(middle))
                high = middle;
            else
                low = middle + 1;
        }

        return high;
    }

    public sealed override string ToString() => Text;
}
