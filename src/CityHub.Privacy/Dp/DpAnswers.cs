namespace CityHub.Privacy;

/// <summary>Answers questions to tables with differential privacy, each paid from a budget. One thread at a time, because random bits are.</summary>
/// <param name="entropy"><see cref="CryptoEntropy"/>, except in tests: whoever knows the seed knows the noise.</param>
public sealed class DpAnswers(IPrivacyBudget budget, IEntropy entropy)
{
    private readonly ExactRandom random = new(entropy);

    /// <summary>
    /// 1 find the question answerable, by what is known without the rows – a refusal costs nothing and tells nothing; 2 reserve – a crash leaves the cost spent; 3 draw – the same; 4
    /// commit – the same. Only then the answer is given; one that could not be recorded is not.
    /// </summary>
    /// <exception cref="PrivacyException">The question cannot be answered, or the budget does not reach or cannot be written.</exception>
    public DpRelease Answer(BudgetAccount account, Table table, DpQuery query)
    {
        if (!string.Equals(account.Dataset, query.Dataset, StringComparison.Ordinal))
        {
            throw new PrivacyRefusal(
                PrivacyCodes.QueryUnusable, $"A question to {query.Dataset} is not paid from the budget of {account.Dataset}.", "Name the account of the dataset that is asked.", "budget").ToException();
        }

        var plan = DpPlan.For(query);
        plan.Check(table);
        var reservation = budget.Reserve(account, plan.Cost, query.Statistic.Name);
        var release = plan.Release(table, random);
        budget.Commit(reservation);
        return release with { Reservation = reservation.Number };
    }
}
