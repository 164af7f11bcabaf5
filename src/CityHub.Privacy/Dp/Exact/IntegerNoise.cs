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

    public sealed override string ToString() => Text;
}
