using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Many threads that spend one budget at once, in a process that may be killed at any moment. What was told to be reserved goes to a text, a number a line; afterwards the file is held
/// against it.
/// </summary>
internal static class BudgetRace
{
    public static BudgetAccount Account { get; } = new("race", "test", "nobody");

    public static PrivacyCost Cost { get; } = PrivacyCost.Epsilon(new ExactRational(1, 100));

    /// <summary>Spends until nothing is left, or the token ends it; returns how many reservations were told.</summary>
    /// <param name="limit">Granted where the account has none yet.</param>
    /// <param name="told">Gets each number after its reservation has returned; flushed line by line.</param>
    public static long Run(string file, TimeProvider clock, int threads, PrivacyCost limit, TextWriter told, CancellationToken cancel)
    {
        using var ledger = BudgetLedger.Open(file, clock);
        if (ledger.State(Account) is null)
            ledger.Grant(Account, limit, "race");
        return Spend(ledger, threads, number =>
        {
            lock (told)
            {
                told.WriteLine(number.ToString(CultureInfo.InvariantCulture));
                told.Flush();
            }
        }, cancel);
    }

    /// <summary>The same on any budget.</summary>
    public static long Spend(IPrivacyBudget budget, int threads, Action<long> told, CancellationToken cancel)
    {
        long made = 0;
        Exception? failed = null;
        using var start = new ManualResetEventSlim();
        var all = new Thread[threads];
        for (var i = 0; i < threads; i++)
        {
            all[i] = new Thread(One, 256 * 1024) { IsBackground = true };
            all[i].Start();
        }

        start.Set();
        foreach (var thread in all)
            thread.Join();
        return failed is null ? made : throw new InvalidOperationException("A thread of the race failed.", failed);

        void One()
        {
            start.Wait(CancellationToken.None); // all at once, and each looks at the token itself
            try
            {
                while (!cancel.IsCancellationRequested)
                {
                    var reservation = budget.Reserve(Account, Cost, "race");
                    told(reservation.Number);
                    Interlocked.Increment(ref made);
                    budget.Commit(reservation);
                }
            }
            catch (PrivacyException exhausted) when (exhausted.Refusal.Code == PrivacyCodes.BudgetExhausted)
            {
            }
            catch (Exception other)
            {
                Interlocked.CompareExchange(ref failed, other, null);
            }
        }
    }

    /// <summary>What is wrong after a race, however it ended; null where nothing is.</summary>
    public static string? Verdict(string file, TimeProvider clock, IEnumerable<long> told)
    {
        using var ledger = BudgetLedger.Open(file, clock);
        var numbers = told.ToList();
        if (numbers.Count == 0)
            return null;
        if (numbers.Distinct().Count() != numbers.Count)
            return "A reservation was told twice.";
        var state = ledger.State(Account);
        if (state is null)
            return "Reservations were told, and the account is gone.";
        if (!state.Spent.Fits(state.Limit))
            return $"{state.Spent} was spent of {state.Limit}.";
        var lost = numbers.Count(number => !ledger.Knows(number));
        if (lost > 0)
            return FormattableString.Invariant($"{lost} reservations were told and are not on record.");
        return state.Spent.Amount == Cost.Amount * ledger.Reservations.Made ? null : "The sum is not that of the reservations.";
    }
}
