namespace CityHub.Privacy;

/// <summary>
/// Counts what has been spent where no limit was set before. One thread at a time.
/// </summary>
/// <remarks>
/// What a running sum of ρ means in ε may not simply be read off whenever one likes, because the moment may depend on the answers. Therefore the reading is that of the next of
/// a row of filters, of <paramref name="step"/>, 2·step, 4·step …, of which the k-th has δ/2^k: each holds whatever is chosen adaptively, and together they fail with δ at most
/// (Rogers, Roth, Ullman, Vadhan 2016; Lécuyer 2021). Where only ε are spent the sum itself holds at all times.
/// </remarks>
/// <param name="step">The smallest ρ that is told apart.</param>
public sealed class PrivacyOdometer(ExactRational step, ExactRational delta)
{
    private readonly PrivacyCost none = step.Sign > 0 && delta.Sign > 0 && delta < 1 ? PrivacyCost.Rho(0) : throw new PrivacyRefusal(
        PrivacyCodes.QueryUnusable, $"A step of {step} with delta {delta} counts nothing.", "Step is above 0, delta between 0 and 1.", "odometer").ToException();

    private PrivacyCost rho = PrivacyCost.Rho(0);
    private PrivacyCost? epsilon = PrivacyCost.Epsilon(0);

    public void Spend(PrivacyCost cost)
    {
        rho = rho.Then(cost.ToRho());
        epsilon = cost.Measure == PrivacyMeasure.Epsilon ? epsilon?.Then(cost) : null;
    }

    /// <summary>In ε and δ, what has been spent until now; rounded up.</summary>
    public PrivacyCost Reading()
    {
        if (rho == none)
            return PrivacyCost.Epsilon(0);
        var (filter, share) = (step, delta / 2);
        for (; filter < rho.Amount; filter *= 2)
            share /= 2;
        var concentrated = PrivacyCost.Rho(filter, rho.Delta).ToEpsilon(share);
        return epsilon is { } sum && sum.Amount <= concentrated.Amount ? sum : PrivacyCost.Epsilon(concentrated.Amount, rho.Delta + delta);
    }
}
