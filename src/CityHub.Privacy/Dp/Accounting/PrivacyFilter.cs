namespace CityHub.Privacy;

/// <summary>
/// Lets releases through as long as their sum stays within a limit, also when each is chosen after the ones before were seen (Rogers, Roth, Ullman, Vadhan 2016; for ρ Whitehouse, Ramdas,
/// Rogers, Wu 2023). In memory: what has to survive a crash is kept by a <see cref="BudgetLedger"/>. One thread at a time.
/// </summary>
public sealed class PrivacyFilter(PrivacyCost limit)
{
    public PrivacyCost Limit { get; } = limit;

    public PrivacyCost Spent { get; private set; } = limit.Measure == PrivacyMeasure.Rho ? PrivacyCost.Rho(0) : PrivacyCost.Epsilon(0);

    public PrivacyCost Left => Limit.Less(Spent);

    /// <summary>Takes the cost in and says yes, or leaves all as it is and says no. An ε counts as ε²/2 where the limit is a ρ.</summary>
    /// <exception cref="PrivacyException">The cost is a ρ and the limit an ε.</exception>
    public bool TrySpend(PrivacyCost cost)
    {
        var counted = Limit.Measure == PrivacyMeasure.Rho ? cost.ToRho() : cost;
        if (!counted.Fits(Left))
            return false;
        Spent = Spent.Then(counted);
        return true;
    }
}
