namespace CityHub.Privacy;

/// <summary>The noise that transforms get where the context names no other: <see cref="DiscreteLaplace"/>, drawn exactly.</summary>
internal static class ExactLaplace
{
    /// <summary>A sampler that keeps its buffer of random bits and the last scale; it belongs to one thread, as its context does.</summary>
    public static DiscreteNoise Sampler()
    {
        IEntropy? source = null;
        ExactRandom? random = null;
        DiscreteLaplace? laplace = null;
        (long, long) scale = default;
        return (numerator, denominator, entropy) =>
        {
            if (random is null || !ReferenceEquals(source, entropy))
                (source, random) = (entropy, new ExactRandom(entropy));
            if (laplace is null || scale != (numerator, denominator))
                (scale, laplace) = ((numerator, denominator), new DiscreteLaplace(new ExactRational(numerator, denominator)));
            return (long)laplace.Draw(random);
        };
    }
}
