using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// Randomised response over k options (Warner 1965; Kairouz, Bonawitz, Ramage 2016): a resident's own device gives the truth with probability e^ε / (e^ε + k - 1), every
/// other option with 1 / (e^ε + k - 1). Whoever collects the answers learns no single truth. It protects the answer and not that there was one.
/// </summary>
public sealed class RandomisedResponse
{
    private readonly ExactRational epsilon;

    /// <exception cref="PrivacyException">Fewer than two options, or epsilon not above 0.</exception>
    public RandomisedResponse(int options, ExactRational epsilon)
    {
        LocalMode.Check(options, epsilon);
        (Options, this.epsilon) = (options, epsilon);
    }

    public int Options { get; }

    /// <param name="truth">From 0 to <see cref="Options"/> - 1.</param>
    public int Respond(int truth, ExactRandom random)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(truth);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(truth, Options);
        while (true)
        {
            // An option by lot; the truth is kept always, another one with probability exp(-ε). What is kept has the probabilities 1 : exp(-ε).
            var option = (int)random.Below((ulong)Options);
            if (option == truth || random.BernoulliExp(epsilon))
                return option;
        }
    }

    /// <summary>How many truths there were of each option, from the answers; unbiased, and perhaps below 0.</summary>
    public IReadOnlyList<ExactRational> Estimate(IReadOnlyList<long> answers)
    {
        var other = LocalMode.ExpMinus(epsilon);
        var all = 1 + ((Options - 1) * other);
        long sum = 0;
        foreach (var count in answers)
            sum += count;
        var estimates = new ExactRational[answers.Count];
        for (var i = 0; i < estimates.Length; i++)
            estimates[i] = ((answers[i] * all) - (sum * other)) / (1 - other);
        return estimates;
    }
}

/// <summary>
/// Optimised unary encoding (Wang, Blocki, Li, Jha 2017): a bit for each option; the one of the truth is 1 with probability 1/2, every other with 1 / (e^ε + 1). Better than
/// <see cref="RandomisedResponse"/> where there are more than about 3e^ε + 2 options.
/// </summary>
public sealed class UnaryEncoding
{
    private readonly ExactRational epsilon;

    /// <exception cref="PrivacyException">Fewer than two options, or epsilon not above 0.</exception>
    public UnaryEncoding(int options, ExactRational epsilon)
    {
        LocalMode.Check(options, epsilon);
        (Options, this.epsilon) = (options, epsilon);
    }

    public int Options { get; }

    /// <param name="truth">From 0 to <see cref="Options"/> - 1.</param>
    /// <param name="into">One bit for each option.</param>
    public void Respond(int truth, ExactRandom random, Span<bool> into)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(truth);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(truth, Options);
        ArgumentOutOfRangeException.ThrowIfNotEqual(into.Length, Options);
        for (var option = 0; option < into.Length; option++)
            into[option] = option == truth ? random.NextBit() : Other(random);
    }

    /// <summary>How many truths there were of each option, from how often its bit was 1 in so many answers; unbiased, and perhaps below 0.</summary>
    public IReadOnlyList<ExactRational> Estimate(IReadOnlyList<long> ones, long answers)
    {
        var other = LocalMode.ExpMinus(epsilon);
        var chance = other / (1 + other);
        var estimates = new ExactRational[ones.Count];
        for (var i = 0; i < estimates.Length; i++)
            estimates[i] = (ones[i] - (answers * chance)) / (new ExactRational(1, 2) - chance);
        return estimates;
    }

    /// <summary>1 : 0 as exp(-ε) : 1.</summary>
    private bool Other(ExactRandom random)
    {
        while (true)
        {
            if (!random.NextBit())
                return false;
            if (random.BernoulliExp(epsilon))
                return true;
        }
    }
}

/// <summary>What the two local mechanisms share.</summary>
internal static class LocalMode
{
    public static void Check(int options, ExactRational epsilon)
    {
        if (options < 2 || epsilon.Sign <= 0)
        {
            throw new PrivacyRefusal(
                PrivacyCodes.QueryUnusable, $"{options} options at epsilon {epsilon} cannot be answered.", "Ask for at least two options, with epsilon above 0.", "randomised response").ToException();
        }
    }

    /// <summary>exp(-ε) to 96 bits, for estimates from answers that are out already.</summary>
    public static ExactRational ExpMinus(ExactRational epsilon) => new(ExactExponential.Bounds(epsilon, 96).Low, BigInteger.One << 96);
}
