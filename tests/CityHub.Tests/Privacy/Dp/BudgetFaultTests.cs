using System.Collections.Concurrent;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>Budgets with a fault in them, and the same questions to all.</summary>
public sealed class BudgetFaultTests : IDisposable
{
    static readonly PrivacyCost Half = PrivacyCost.Epsilon(new ExactRational(1, 2));

    readonly string folder = Directory.CreateTempSubdirectory("budget").FullName;

    public void Dispose() => Directory.Delete(folder, true);

    [Fact]
    public void The_ledger_is_sound() => Assert.Null(Wrong(() => Granted("sound.jsonl")));

    [Theory]
    [InlineData("refunded without a commit")]
    [InlineData("spent at the commit only")]
    [InlineData("equal questions counted once")]
    [InlineData("looked at first and spent afterwards")]
    [InlineData("forgotten at the end of the process")]
    public void A_planted_fault_is_caught(string fault)
    {
        var kept = new ConcurrentDictionary<long, BudgetReservation>();
        Assert.NotNull(Wrong(() => new Faulty(fault, fault[0] == 'f' ? new() : kept)));
    }

    BudgetLedger Granted(string name)
    {
        var ledger = BudgetLedger.Open(Path.Combine(folder, name), TimeProvider.System);
        if (ledger.State(BudgetRace.Account) is null)
            ledger.Grant(BudgetRace.Account, PrivacyCost.Epsilon(2), "test");
        return ledger;
    }

    /// <summary>What a budget of 2 does wrong; null where nothing. Each call of <paramref name="open"/> is a process of its own on the same file.</summary>
    static string? Wrong(Func<IPrivacyBudget> open)
    {
        var first = open();
        first.Commit(first.Reserve(BudgetRace.Account, Half, "count"));
        first.Reserve(BudgetRace.Account, Half, "count"); // and the process ends
        if (Spent(first) != 1)
            return "Two halves are not one.";
        (first as IDisposable)?.Dispose();

        var second = open();
        if (Spent(second) != 1)
            return "What was reserved came back.";
        var made = BudgetRace.Spend(second, 64, _ => { }, CancellationToken.None);
        if (made != 100)
            return FormattableString.Invariant($"{made} hundredths came out of one.");
        (second as IDisposable)?.Dispose();
        var third = open();
        var spent = Spent(third);
        (third as IDisposable)?.Dispose();
        return spent == 2 ? null : "At the end it is not spent.";
    }

    static ExactRational? Spent(IPrivacyBudget budget) => budget.State(BudgetRace.Account)?.Spent.Amount;

    sealed class Faulty(string fault, ConcurrentDictionary<long, BudgetReservation> kept) : IPrivacyBudget, IDisposable
    {
        /// <summary>No number twice, in whatever process: one that overwrites another would never be used up.</summary>
        static long last;

        readonly ConcurrentDictionary<long, BudgetReservation> open = new();
        readonly Lock one = new();

        public BudgetReservation Reserve(BudgetAccount account, PrivacyCost cost, string what)
        {
            if (fault[0] == 'l')
            {
                Look(account, cost);
                Thread.Yield(); // where another one looks, too
                return Spend(account, cost);
            }

            lock (one)
            {
                Look(account, cost);
                return Spend(account, cost);
            }
        }

        public void Commit(BudgetReservation reservation)
        {
            if (open.TryRemove(reservation.Number, out _) && fault[0] == 's')
                kept[reservation.Number] = reservation;
        }

        public BudgetState? State(BudgetAccount account)
        {
            var costs = fault[0] == 'e' ? kept.Values.DistinctBy(one => one.Cost) : kept.Values;
            return new BudgetState(PrivacyCost.Epsilon(2), costs.Aggregate(PrivacyCost.Epsilon(0), (sum, one) => sum.Then(one.Cost)));
        }

        public void Dispose()
        {
            if (fault[0] != 'r')
                return;
            foreach (var number in open.Keys)
                kept.TryRemove(number, out _);
        }

        void Look(BudgetAccount account, PrivacyCost cost)
        {
            if (State(account) is { } state && !cost.Fits(state.Left))
                throw new PrivacyRefusal(PrivacyCodes.BudgetExhausted, "Nothing is left.").ToException();
        }

        BudgetReservation Spend(BudgetAccount account, PrivacyCost cost)
        {
            lock (kept)
            {
                var reservation = new BudgetReservation(Interlocked.Increment(ref last), account, cost);
                open[reservation.Number] = reservation;
                if (fault[0] != 's')
                    kept[reservation.Number] = reservation;
                return reservation;
            }
        }
    }
}
