using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// Answers for one number after the other whether it is above a threshold, at a cost that does not grow with the numbers that are below (Dwork et al. 2009, in the form that Lyu,
/// Su and Li 2017 prove, algorithm 7). The threshold gets its noise once, each number its own, and after so many positive answers it ends.
/// </summary>
public sealed class SparseVector
{
    private readonly DiscreteLaplace noise;
    private readonly BigInteger threshold;
    private readonly ExactRandom random;
    private int left;

    /// <param name="sensitivity">By how much one resident changes each number, at most.</param>
    /// <param name="positives">After so many positive answers it ends; ε is for all answers together.</param>
    /// <param name="monotone">A resident more changes all numbers in the same direction, as with counts; half the noise is enough then.</param>
    public SparseVector(BigInteger threshold, BigInteger sensitivity, ExactRational epsilon, int positives, bool monotone, ExactRandom random)
    {
        if (positives < 1 || sensitivity.Sign <= 0 || epsilon.Sign <= 0)
        {
            throw new PrivacyRefusal(
                PrivacyCodes.QueryUnusable, $"{positives} positive answers at sensitivity {sensitivity} and epsilon {epsilon} are not possible.", "All three are above 0.", "sparse vector").ToException();
        }

        this.random = random;
        left = positives;
        var half = epsilon / 2;
        this.threshold = threshold + new DiscreteLaplace(sensitivity / half).Draw(random);
        noise = new DiscreteLaplace(sensitivity * positives * (monotone ? 1 : 2) / half);
    }

    /// <summary>Whether it has given all positive answers it can.</summary>
    public bool Ended => left == 0;

    /// <exception cref="PrivacyException">It has ended.</exception>
    public bool IsAbove(BigInteger value)
    {
        if (Ended)
            throw new PrivacyRefusal(PrivacyCodes.BudgetExhausted, "The last positive answer has been given.", "Begin anew, for a further cost.", "sparse vector").ToException();
        if (value + noise.Draw(random) < threshold)
            return false;
        left--;
        return true;
    }
}
