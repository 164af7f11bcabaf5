using CityHub.Privacy;
using CityHub.Sharing.Access;
using CityHub.Sharing.Releases;
using CityHub.Tests.Storage.Embedded;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Sharing.Releases;

public sealed class GroupedTests
{
    private static readonly Grouping ByArea = new(["area"], [(Measure.Count, null, "n")]);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Groups_that_are_too_small_are_left_out_and_never_a_single_one()
    {
        using var bureau = Of(("500101", 20), ("500102", 30), ("500103", 3), ("500104", 12));
        bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 10 });
        // 500103 is too small; 500104 goes with it, or its size would follow from the sum.
        Assert.Equal(["500101|20", "500102|30"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = ByArea }));
        Assert.Equal("rows-not-released", await bureau.RefusedWith(Bureau.Ask()));
        Assert.Equal("rows-not-released", await bureau.RefusedWith(Bureau.Ask(), new ReleaseQuery { Count = true, Limit = 0 }));
    }

    [Fact]
    public async Task Two_questions_whose_difference_is_one_person_have_the_same_answer()
    {
        using var bureau = Of(("500101", 20), ("500102", 30));
        bureau.Table.Content.Add(Person(99, "500199"));
        bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 10 });
        var all = new Grouping([], [(Measure.Count, null, "n")]);
        var with = await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = all, Where = new Condition.In("area", ["500101", "500102", "500199"]) });
        var without = await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = all, Where = new Condition.In("area", ["500101", "500102"]) });
        Assert.Equal(without, with);
    }

    [Fact]
    public async Task A_value_that_few_of_a_group_have_is_not_summed()
    {
        using var bureau = Of(("500101", 20), ("500102", 30));
        foreach (var row in bureau.Table.Content)
            row[4] = row[3] == "500101" && row[0]?.EndsWith("0001", StringComparison.Ordinal) != true ? null : "1000";
        bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 10 });
        Assert.Equal(
            ["500101|20|∅", "500102|30|∅"], // the second goes with it: the total is known
            await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping(["area"], [(Measure.Count, null, "n"), (Measure.Sum, "income", "sum")]) }));
        Assert.Equal("measure-not-released", await bureau.RefusedWith(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping(["area"], [(Measure.Greatest, "income", "most")]) }));
    }

    [Fact]
    public async Task A_total_less_the_groups_that_are_shown_does_not_tell_what_few_have()
    {
        using var bureau = Of(("500101", 20), ("500102", 30), ("500103", 25));
        foreach (var row in bureau.Table.Content)
            row[4] = row[3] != "500101" || row[0]?.EndsWith("0001", StringComparison.Ordinal) == true ? "1000" : null;
        bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 10 });
        (Measure, string?, string)[] measures = [(Measure.Count, null, "n"), (Measure.Count, "income", "with"), (Measure.Sum, "income", "sum"), (Measure.Mean, "income", "mean")];
        Assert.Equal(["75|56|56000|1000"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping([], measures) }));
        // One person of 500101 has an income; 500103 goes with it, of incomes alone.
        Assert.Equal(["500101|20|∅|∅|∅", "500102|30|30|30000|1000", "500103|25|∅|∅|∅"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping(["area"], measures) }));
    }

    /// <summary>Whatever is missing where: a total less what is shown below it is about enough persons with a value, or about none.</summary>
    [Fact]
    public void No_difference_of_a_total_and_its_parts_is_about_few_persons() =>
        Gen.Select(Gen.Int[0, 11].Array[4], Gen.Int[0, 100].Array[60], Gen.Int[0, 99]).Sample(
            (sizes, missing, rate) =>
            {
                using var bureau = Of([.. sizes.Select((size, i) => ($"50010{i}", size))]);
                for (var i = 0; i < bureau.Table.Content.Count; i++)
                {
                    bureau.Table.Content[i][4] = missing[i % 60] < rate ? null : "1000";
                    bureau.Table.Content[i][6] = missing[(i * 7) % 60] % 2 == 0 ? "true" : "false";
                }

                bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 5 });
                string[][] levels = [[], ["area"], ["married"], ["area", "married"]];
                foreach (var field in new[] { null, "income" })
                {
                    var shown = levels.Select(level => Shown(bureau, level, field)).ToArray();
                    Check(bureau, field, shown[0], shown[1], _ => "");
                    Check(bureau, field, shown[0], shown[2], _ => "");
                    Check(bureau, field, shown[1], shown[3], key => key.Split('|')[0]);
                    Check(bureau, field, shown[2], shown[3], key => key.Split('|')[1]);
                }
            },
            iter: 150, threads: 1);

    /// <summary>Groups whose measure is shown, and its value.</summary>
    private static Dictionary<string, long> Shown(Bureau bureau, string[] by, string? field)
    {
#pragma warning disable xUnit1031 // a property's body is not asynchronous
        var rows = bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping(by, [(Measure.Count, field, "n")]) }).GetAwaiter().GetResult();
#pragma warning restore xUnit1031
        return rows.Where(row => !row.EndsWith('∅')).ToDictionary(row => row[..Math.Max(0, row.LastIndexOf('|'))], row => long.Parse(row.Split('|')[^1], System.Globalization.CultureInfo.InvariantCulture));
    }

    private static void Check(Bureau bureau, string? field, Dictionary<string, long> totals, Dictionary<string, long> parts, Func<string, string> totalOf)
    {
        foreach (var (key, total) in totals)
        {
            var rest = total - parts.Where(part => totalOf(part.Key) == key).Sum(part => part.Value);
            Assert.True(rest is 0 or >= 5, $"{field ?? "rows"}: {total} of {key} less {string.Join(' ', parts)} is {rest}; {string.Join(' ', bureau.Table.Content.Select(row => $"{row[3]}/{row[6]}/{row[4]}"))}");
        }
    }

    [Fact]
    public async Task Rows_of_one_person_are_one_member()
    {
        using var bureau = Of(("500101", 20), ("500102", 20));
        for (var i = 0; i < 50; i++)
            bureau.Table.Content.Add(Person(7, "500150"));
        bureau.Table.Content.AddRange(Enumerable.Range(0, 12).Select(i => Person(300 + i, "500160")));
        bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 10 });
        Assert.DoesNotContain(await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = ByArea }), row => row.StartsWith("500150", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Groups_of_people_are_of_five_at_least_where_the_grant_says_nothing_of_them()
    {
        using var bureau = Of(("500101", 2), ("500102", 6), ("500103", 7));
        bureau.Grant(rights: Rights.Use);
        var rows = await bureau.Rows(Bureau.Ask(right: Rights.Use), new ReleaseQuery { GroupBy = new Grouping(["area"], [(Measure.Count, null, "n")]), OrderBy = [("n", true)] });
        Assert.DoesNotContain(rows, row => row.StartsWith("500101", StringComparison.Ordinal));
        Assert.All(rows, row => Assert.True(row.EndsWith("|6", StringComparison.Ordinal) || row.EndsWith("|7", StringComparison.Ordinal), row));
    }

    [Fact]
    public async Task Noise_is_paid_from_the_budget_until_it_is_used_up()
    {
        using var folder = new TestFolder();
        using var budget = BudgetLedger.Open(folder.File("budget"), new FakeTimeProvider(Bureau.Start));
        budget.Grant(new BudgetAccount("residents", "rescue", "fire"), PrivacyCost.Parse("epsilon=2"), "test");
        using var bureau = new Bureau(options: new ReleaseOptions { Secret = Bureau.Secret, Budget = budget, Entropy = () => new SeededEntropy(5) });
        bureau.Grant(obligations: Obligations.Nothing with { Epsilon = 1, SmallestGroup = 2 });
        var query = new ReleaseQuery { GroupBy = new Grouping([], [(Measure.Count, null, "n")]) };
        var noisy = long.Parse(Assert.Single(await bureau.Rows(Bureau.Ask(), query)), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(noisy, 150, 250);
        _ = await bureau.Rows(Bureau.Ask(), query);
        Assert.Equal("noise-budget-used-up", await bureau.RefusedWith(Bureau.Ask(), query));
        Assert.Equal("measure-not-released", await bureau.RefusedWith(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping([], [(Measure.Sum, "income", "s")]) }));
    }

    private static Bureau Of(params (string Area, int People)[] areas)
    {
        var bureau = new Bureau(rows: 0);
        var next = 0;
        foreach (var (area, people) in areas)
            for (var i = 0; i < people; i++)
                bureau.Table.Content.Add(Person(++next, area));
        return bureau;
    }

    private static string?[] Person(int number, string area)
    {
        var row = MemoryTable.Row(number);
        row[3] = area;
        return row;
    }
}
