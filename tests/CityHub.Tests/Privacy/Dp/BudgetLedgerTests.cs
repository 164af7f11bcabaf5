using System.Text;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

public sealed class BudgetLedgerTests : IDisposable
{
    static readonly BudgetAccount Account = new("hospital-visits", "planning", "transport");

    readonly string folder = Directory.CreateTempSubdirectory("budget").FullName;

    string File => Path.Combine(folder, "budget.jsonl");

    public void Dispose() => Directory.Delete(folder, true);

    static PrivacyCost Epsilon(string text) => PrivacyCost.Epsilon(ExactRational.Parse(text));

    static PrivacyRefusal Refused(Action action) => Assert.Throws<PrivacyException>(action).Refusal;

    BudgetLedger Open(Action<string>? step = null) => BudgetLedger.Open(File, TimeProvider.System, step);

    BudgetLedger Granted(string epsilon = "1", Action<string>? step = null)
    {
        var ledger = Open(step);
        ledger.Grant(Account, Epsilon(epsilon), "yearly");
        return ledger;
    }

    [Fact]
    public void What_is_left_is_said_when_it_does_not_reach()
    {
        using var ledger = Granted();
        ledger.Commit(ledger.Reserve(Account, Epsilon("0.7"), "count"));
        var refusal = Refused(() => ledger.Reserve(Account, Epsilon("0.31"), "count"));
        Assert.Equal(PrivacyCodes.BudgetExhausted, refusal.Code);
        Assert.Contains("epsilon=0.3 is left", refusal.Detail, StringComparison.Ordinal);
        Assert.Contains("hospital-visits for planning to transport", refusal.Detail, StringComparison.Ordinal);
        ledger.Reserve(Account, Epsilon("0.3"), "count");
        Assert.Equal(Epsilon("0"), ledger.State(Account)?.Left);
    }

    [Fact]
    public void Another_purpose_or_receiver_has_a_budget_of_its_own()
    {
        using var ledger = Granted();
        Assert.Equal(PrivacyCodes.BudgetExhausted, Refused(() => ledger.Reserve(Account with { Purpose = "research" }, Epsilon("0.1"), "count")).Code);
        ledger.Grant(Account with { Receiver = "health" }, Epsilon("2"), "yearly");
        ledger.Reserve(Account with { Receiver = "health" }, Epsilon("1.5"), "count");
        Assert.Equal(Epsilon("1"), ledger.State(Account)?.Left);
    }

    [Fact]
    public void All_is_there_again_after_it_was_closed_and_what_was_not_committed_is_spent_as_well()
    {
        using (var ledger = Granted())
        {
            ledger.Commit(ledger.Reserve(Account, Epsilon("0.25"), "count"));
            ledger.Reserve(Account, Epsilon("0.5"), "sum");
        }

        using var again = Open();
        Assert.Equal(new BudgetState(Epsilon("1"), Epsilon("0.75")), again.State(Account));
        Assert.Equal((2, 1), again.Reservations);
        Assert.Equal(PrivacyCodes.BudgetExhausted, Refused(() => again.Reserve(Account, Epsilon("0.5"), "sum")).Code);
    }

    [Fact]
    public void One_reservation_pays_for_one_release()
    {
        using var ledger = Granted();
        var reservation = ledger.Reserve(Account, Epsilon("0.1"), "count");
        ledger.Commit(reservation);
        Assert.Equal(PrivacyCodes.BudgetUnusable, Refused(() => ledger.Commit(reservation)).Code);
        Assert.Equal(PrivacyCodes.BudgetUnusable, Refused(() => ledger.Commit(reservation with { Number = 99 })).Code);
    }

    [Fact]
    public void A_limit_that_is_lowered_leaves_nothing_and_one_that_is_raised_leaves_the_rest()
    {
        using var ledger = Granted();
        ledger.Reserve(Account, Epsilon("0.8"), "count");
        ledger.Grant(Account, Epsilon("0.5"), "complaint");
        Assert.Equal(Epsilon("0"), ledger.State(Account)?.Left);
        Assert.Equal(PrivacyCodes.BudgetExhausted, Refused(() => ledger.Reserve(Account, Epsilon("0.001"), "count")).Code);
        ledger.Grant(Account, Epsilon("2"), "council");
        Assert.Equal(Epsilon("1.2"), ledger.State(Account)?.Left);
        Assert.Equal(PrivacyCodes.QueryUnusable, Refused(() => ledger.Grant(Account, PrivacyCost.Rho(1), "other measure")).Code);
    }

    [Fact]
    public void A_budget_of_rho_takes_an_epsilon_and_one_of_epsilon_no_rho()
    {
        using var ledger = Granted();
        Assert.Equal(PrivacyCodes.QueryUnusable, Refused(() => ledger.Reserve(Account, PrivacyCost.Rho(ExactRational.Parse("0.01")), "count")).Code);
        var rho = Account with { Purpose = "research" };
        ledger.Grant(rho, PrivacyCost.Rho(ExactRational.Parse("0.5")), "yearly");
        Assert.Equal(PrivacyCost.Rho(ExactRational.Parse("0.5")), ledger.Reserve(rho, Epsilon("1"), "count").Cost);
    }

    [Fact]
    public void A_second_one_on_the_file_is_refused()
    {
        using var ledger = Granted();
        Assert.Equal(PrivacyCodes.BudgetUnusable, Refused(() => Open().Dispose()).Code);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(int.MaxValue)] // all but the line feed
    public void A_last_line_that_was_torn_is_cut_off(int bytes)
    {
        using (var ledger = Granted())
            ledger.Reserve(Account, Epsilon("0.25"), "count");
        var whole = System.IO.File.ReadAllBytes(File);
        using (var ledger = Open())
            ledger.Reserve(Account, Epsilon("0.5"), "count");
        var longer = System.IO.File.ReadAllBytes(File);
        System.IO.File.WriteAllBytes(File, longer[..Math.Min(longer.Length - 1, whole.Length + Math.Min(bytes, longer.Length))]);
        using (var ledger = Open())
        {
            Assert.Equal(Epsilon("0.75"), ledger.State(Account)?.Left);
            ledger.Reserve(Account, Epsilon("0.75"), "count"); // and it goes on where it was cut
        }

        using var again = Open();
        Assert.Equal(Epsilon("0"), again.State(Account)?.Left);
    }

    [Fact]
    public void Zeros_that_a_power_failure_leaves_at_the_end_are_cut_off()
    {
        using (Granted())
        {
        }

        System.IO.File.AppendAllText(File, new string('\0', 300));
        using var again = Open();
        Assert.Equal(Epsilon("1"), again.State(Account)?.Left);
    }

    [Fact]
    public void A_line_that_was_changed_taken_out_or_moved_is_noticed_wherever_it_is()
    {
        using (var ledger = Granted())
        {
            for (var i = 0; i < 4; i++)
                ledger.Reserve(Account, Epsilon("0.1"), "count");
        }

        var lines = System.IO.File.ReadAllLines(File);
        for (var i = 0; i < lines.Length; i++)
        {
            var changed = lines.ToArray();
            changed[i] = changed[i].Replace("epsilon=", "epsilon=0", StringComparison.Ordinal);
            RefusedAt(changed, i + 1);
            if (i < lines.Length - 1)
                RefusedAt([.. lines.Where((_, at) => at != i)], i + 1);
        }

        RefusedAt([lines[0], lines[2], lines[1], .. lines[3..]], 2);
        RefusedAt([lines[0], lines[1], "", .. lines[2..]], 3);
        RefusedAt([.. lines, lines[^1]], lines.Length + 1);

        void RefusedAt(string[] all, int line)
        {
            System.IO.File.WriteAllText(File, string.Concat(all.Select(one => one + "\n")), new UTF8Encoding(false));
            var before = System.IO.File.ReadAllBytes(File);
            var refusal = Refused(() => Open().Dispose());
            Assert.Equal((PrivacyCodes.BudgetUnusable, line), (refusal.Code, refusal.Row));
            Assert.Equal(before, System.IO.File.ReadAllBytes(File)); // nothing is repaired that is not known to be torn
        }
    }

    [Theory]
    [InlineData("decide")]
    [InlineData("write")]
    [InlineData("half")]
    [InlineData("sync")]
    [InlineData("synced")]
    [InlineData("tell")]
    public void A_crash_at_any_step_never_gives_back_what_was_told(string at)
    {
        using (Granted())
        {
        }

        var armed = false;
        BudgetReservation? told = null;
        using (var ledger = Open(step =>
        {
            if (armed && step == at)
                throw new Crash();
        }))
        {
            told = ledger.Reserve(Account, Epsilon("0.25"), "count");
            armed = true;
            Assert.Throws<Crash>(() => ledger.Reserve(Account, Epsilon("0.5"), "count"));
            armed = false;
            if (at is "write" or "half" or "sync" or "synced")
                Assert.Equal(PrivacyCodes.BudgetUnusable, Refused(() => ledger.Reserve(Account, Epsilon("0.1"), "count")).Code); // what is on disk is not known
        }

        using var again = Open();
        var spent = again.State(Account)?.Spent;
        var counted = at is "sync" or "synced" or "tell"; // written as a whole, so that it counts though nobody was told
        Assert.Equal(Epsilon(counted ? "0.75" : "0.25"), spent);
        again.Commit(told);
        again.Reserve(Account, Epsilon("0.25"), "count");
    }

    [Theory]
    [InlineData("write")]
    [InlineData("half")]
    [InlineData("sync")]
    [InlineData("synced")]
    public void A_crash_in_a_commit_leaves_the_cost_spent_and_no_answer_given(string at)
    {
        var table = DpCases.People(("a", "x", "1"), ("b", "x", "2"));
        var query = DpCases.Ask(new DpCount(), "0.5") with { Dataset = Account.Dataset };
        using (Granted())
        {
        }

        var steps = 0;
        using (var ledger = Open(step =>
        {
            if (step == at && ++steps == 2) // the second line is the commit
                throw new Crash();
        }))
        {
            Assert.Throws<Crash>(() => new DpAnswers(ledger, new SeededEntropy(1)).Answer(Account, table, query));
        }

        using var again = Open();
        Assert.Equal(Epsilon("0.5"), again.State(Account)?.Spent);
    }

    [Fact]
    public void An_answer_costs_what_it_says_and_a_question_that_is_refused_costs_nothing()
    {
        var table = DpCases.People(("a", "x", "1"), ("b", "x", "2"));
        using var ledger = Granted();
        var answers = new DpAnswers(ledger, new SeededEntropy(1));
        var query = DpCases.Ask(new DpCount(), "0.4") with { Dataset = Account.Dataset };
        Assert.Equal(PrivacyCodes.QueryUnusable, Refused(() => answers.Answer(Account, table, query with { Statistic = new DpSum() })).Code);
        Assert.Equal(PrivacyCodes.ColumnUnknown, Refused(() => answers.Answer(Account, table, query with { Unit = "nobody" })).Code);
        Assert.Equal(PrivacyCodes.QueryUnusable, Refused(() => answers.Answer(Account, table, query with { Dataset = "other" })).Code);
        Assert.Equal(Epsilon("0"), ledger.State(Account)?.Spent);
        Assert.NotNull(answers.Answer(Account, table, query).Reservation);
        answers.Answer(Account, table, query);
        Assert.Equal(PrivacyCodes.BudgetExhausted, Refused(() => answers.Answer(Account, table, query)).Code);
        Assert.Equal((2, 2), ledger.Reservations);
    }

    [Fact]
    public void A_thousand_threads_spend_what_there_is_and_no_more()
    {
        var told = new List<long>();
        long made;
        using (var ledger = Open())
        {
            ledger.Grant(BudgetRace.Account, Epsilon("12.345"), "race"); // 1,234 of a hundredth
            made = BudgetRace.Spend(ledger, 1000, number =>
            {
                lock (told)
                    told.Add(number);
            }, TestContext.Current.CancellationToken);
        }

        Assert.Equal(1234, made);
        Assert.Null(BudgetRace.Verdict(File, TimeProvider.System, told));
        Assert.NotNull(BudgetRace.Verdict(File, TimeProvider.System, [.. told, 1]));       // the grant is no reservation
        Assert.NotNull(BudgetRace.Verdict(File, TimeProvider.System, [.. told, told[0]])); // told twice
    }

    [Fact]
    public void Wrong_names_are_refused_before_anything_is_written()
    {
        using var ledger = Open();
        Assert.Equal(PrivacyCodes.BudgetUnusable, Refused(() => ledger.Grant(Account with { Receiver = " " }, Epsilon("1"), "")).Code);
        Assert.Equal(PrivacyCodes.BudgetUnusable, Refused(() => ledger.Grant(Account with { Dataset = new string('x', 201) }, Epsilon("1"), "")).Code);
        ledger.Grant(Account with { Dataset = "人口\n\"line\"" }, Epsilon("1"), "a line feed in a name stays inside of its line");
        ledger.Dispose();
        using var again = Open();
        Assert.Equal(Epsilon("1"), again.State(Account with { Dataset = "人口\n\"line\"" })?.Left);
    }

    sealed class Crash : Exception;
}
