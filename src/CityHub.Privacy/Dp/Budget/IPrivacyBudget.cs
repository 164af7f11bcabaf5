namespace CityHub.Privacy;

/// <summary>Whose budget it is: what one receiver may learn from one dataset for one purpose.</summary>
public readonly record struct BudgetAccount(string Dataset, string Purpose, string Receiver)
{
    public override string ToString() => $"{Dataset} for {Purpose} to {Receiver}";
}

/// <summary>A part of a budget that is spent from the moment it is handed out, whether or not a release comes of it.</summary>
/// <param name="Number">Unique in its budget.</param>
public sealed record BudgetReservation(long Number, BudgetAccount Account, PrivacyCost Cost);

/// <summary>How an account stands.</summary>
public sealed record BudgetState(PrivacyCost Limit, PrivacyCost Spent)
{
    public PrivacyCost Left => Limit.Less(Spent);
}

/// <summary>
/// Keeps account of what releases cost. Whoever releases reserves before the first random bit is drawn and commits afterwards; nothing is ever given back, because an answer that nobody
/// was sent may still have been seen. Safe for many threads.
/// </summary>
public interface IPrivacyBudget
{
    /// <summary>When it returns, the cost is on record and outlives a crash.</summary>
    /// <param name="what">What it is for, in a word or two; never anything of the data.</param>
    /// <exception cref="PrivacyException"><see cref="PrivacyCodes.BudgetExhausted"/>, with what is left; <see cref="PrivacyCodes.BudgetUnusable"/> where it cannot be recorded.</exception>
    BudgetReservation Reserve(BudgetAccount account, PrivacyCost cost, string what);

    /// <summary>Records that the release was made. Without it the cost counts as spent all the same.</summary>
    void Commit(BudgetReservation reservation);

    /// <summary>Null where nothing was ever granted.</summary>
    BudgetState? State(BudgetAccount account);
}
