using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// The discrete Gaussian distribution: P(X = x) ∝ exp(-x² / 2σ²) on the whole numbers. Added to whole numbers of which one person changes the vector by at most Δ in
/// the Euclidean norm it is Δ²/2σ²-zCDP. Sampled exactly from the discrete Laplace by rejection (Canonne, Kamath, Steinke 2020, algorithm 3).
/// </summary>
public sealed class DiscreteGaussian : IntegerNoise
{
    private readonly DiscreteLaplace proposal;
    private readonly BigInteger p, q, t, bound; // σ² = p/q, t = floor(σ) + 1, bound = 2·p·q·t²
    private readonly ulong wordP, wordQt, wordBound; // the same where they are small enough, otherwise 0
    private readonly ulong wordLimit;

    /// <param name="variance">σ², above 0. The variance of the draws is a little below it where it is below 1.</param>
    /// <exception cref="PrivacyException">It is not above 0.</exception>
    public DiscreteGaussian(ExactRational variance)
    {
        if (variance.Sign <= 0)
            throw new PrivacyRefusal(PrivacyCodes.QueryUnusable, $"Noise of variance {variance} does not exist.", "The sensitivity and rho are above 0.", "discrete Gaussian").ToException();
        Variance = variance;
        (p, q) = (variance.Numerator, variance.Denominator);
        t = IntegerSearch.Root(variance.Floor()) + 1;
        bound = 2 * p * q * t * t;
        proposal = new DiscreteLaplace(t);
        if (bound < 1UL << 56)
        {
            (wordP, wordQt, wordBound) = ((ulong)p, (ulong)(q * t), (ulong)bound);
            wordLimit = (ulong)long.MaxValue / wordQt;
        }
    }

    /// <summary>σ².</summary>
    public ExactRational Variance { get; }

    public override string Text => $"discrete Gaussian, variance {Variance}";

    public override BigInteger Draw(ExactRandom random)
    {
        while (true)
        {
            // A draw y of the discrete Laplace of scale t is kept with probability exp(-(|y| - σ²/t)² / 2σ²), and that exponent is (|y|qt - p)² / 2pqt².
            var y = proposal.Draw(random);
            var size = BigInteger.Abs(y);
            if (wordBound != 0 && size <= wordLimit)
            {
                var scaled = (ulong)size * wordQt;
                var away = scaled > wordP ? scaled - wordP : wordP - scaled;
                var exponent = (UInt128)away * away;
                var whole = exponent / wordBound;
                if ((whole == 0 || random.Trials() >= whole) && random.BernoulliExp((ulong)(exponent - (whole * wordBound)), wordBound))
                    return y;
            }
            else
            {
                var away = (size * q * t) - p;
                if (random.BernoulliExp(away * away, bound))
                    return y;
            }
        }
    }

    public override BigInteger Radius(ExactRational beyond) => IntegerSearch.First(0, r => GaussianTail.Below(Variance, r + 1, beyond / 2));

    public override BigInteger Tail(ExactRational beyond) => IntegerSearch.First(1, k => GaussianTail.Below(Variance, k, beyond));
}
