using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Privacy;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Embedded;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Sharing.Releases;

public sealed class GroupedTests
{
    private static readonly (Measure, string?, string) Counted = (Measure.Count, null, "n");
    private static readonly Grouping ByArea = new(["area"], [Counted]);
    private static readonly Grouping ByBoth = new(["area", "married"], [Counted]);

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
    public async Task Three_ordinary_questions_do_not_single_out_a_person()
    {
        using var bureau = Three();
        bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 5 });
        Assert.Equal(["121"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping([], [Counted]) }));
        Assert.Equal(["500103|100"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = ByArea }));
        // 121 less 100 less the 20 of 500102 would be the one of 500101.
        string[] fine = ["500103|false|90", "500103|true|10"];
        Assert.Equal(fine, await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = ByBoth }));
        Assert.Equal(fine, await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = ByBoth })); // nor does who asks again
    }

    [Fact]
    public async Task What_was_told_is_known_after_a_restart_under_another_grant_and_until_the_next_delivery()
    {
        using var folder = new TestFolder();
        using (var bureau = Three(folder))
        {
            bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 5 });
            // The first whom it is asked of is told of: what is left is 101, and of them 100 are in 500103.
            Assert.Equal(["500102|20"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = ByArea, Where = new Condition.In("area", ["500102", "500101"]) }));
        }

        using var again = Three(folder);
        again.Grant("g2", obligations: Obligations.Nothing with { SmallestGroup = 5 });
        await again.Releases.LoadAsync(Cancel);
        Assert.Equal(["500102|20"], await again.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = ByArea }));
        again.Table.Version++;
        Assert.Equal(["500103|100"], await again.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = ByArea }));
    }

    [Fact]
    public async Task The_largest_group_that_any_grant_of_the_receiver_asks_for_holds_under_all_of_them()
    {
        using var bureau = Of(("500101", 20), ("500102", 8), ("500103", 30));
        bureau.Grant("g1", obligations: Obligations.Nothing with { SmallestGroup = 5 });
        bureau.Grant("g2", obligations: Obligations.Nothing with { SmallestGroup = 10 });
        Assert.Equal(["500103|30"], await bureau.Rows(Bureau.Ask() with { Grant = "g1" }, new ReleaseQuery { GroupBy = ByArea }));
    }

    [Fact]
    public async Task Nothing_is_told_that_cannot_be_remembered()
    {
        var kept = new FullDisk();
        using var bureau = Of(kept, null, ("500101", 20), ("500102", 30));
        bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 5 });
        Assert.Equal("storage-full", await bureau.RefusedWith(Bureau.Ask(), new ReleaseQuery { GroupBy = ByArea }));
        Assert.Contains("\"refused\"", Assert.Single(bureau.ActsOf(ReleaseActs.Closed)).What);
        Assert.Equal(["50"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping([], [Counted]) })); // that all are there divides nobody
    }

    [Fact]
    public async Task Questions_of_one_receiver_at_once_are_answered_one_after_the_other()
    {
        using var bureau = Three();
        bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 5 });
        // Each by itself may be told; both together tell of the one.
        ReleaseQuery[] asked = [new() { GroupBy = ByArea, Where = new Condition.Compare("area", "=", "500102") }, new() { GroupBy = ByArea, Where = new Condition.Compare("area", "=", "500103") }];
        var rows = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => bureau.Rows(Bureau.Ask(), asked[i % 2]))));
        Assert.Single(rows.SelectMany(answer => answer).Distinct());
    }

    [Fact]
    public async Task Groups_of_a_table_that_is_too_large_to_remember_what_was_told_are_not_told()
    {
        using var bureau = Three();
        bureau.Table.Said = ShownBook.MostRows + 1;
        bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 5 });
        Assert.Equal("groups-not-kept-apart", await bureau.RefusedWith(Bureau.Ask(), new ReleaseQuery { GroupBy = ByArea }));
    }

    [Fact]
    public async Task Groups_of_what_changes_with_every_report_are_not_told_without_noise()
    {
        using var bureau = new Bureau { Catalogued = Bureau.Dataset with { Source = DatasetSource.Entities } };
        bureau.Grant(obligations: Obligations.Nothing with { SmallestGroup = 5 });
        Assert.Equal("groups-not-kept-apart", await bureau.RefusedWith(Bureau.Ask(), new ReleaseQuery { GroupBy = ByArea }));
    }

    [Fact]
    public async Task Who_may_have_rows_is_told_of_small_groups_too_and_their_persons_are_recorded()
    {
        using var bureau = Three();
        bureau.Grant();
        Assert.Equal(["500101|1", "500102|20", "500103|100"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = ByArea }));
        Assert.Equal(1, bureau.ActsOf(ReleaseActs.Seen).Sum(act => act.Subjects));
        bureau.Table.Content[^1][4] = "777";
        foreach (var row in bureau.Table.Content.SkipLast(1))
            row[4] = null;
        Assert.Equal(["500101|∅", "500102|∅", "500103|777"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping(["area"], [(Measure.Sum, "income", "s")]) }));
        Assert.Equal(3, bureau.ActsOf(ReleaseActs.Seen).Sum(act => act.Subjects)); // the one of 500101, and the only one with an income
    }

    [Fact]
    public async Task Whom_a_question_about_groups_names_is_recorded_though_none_is_found()
    {
        using var bureau = Three();
        bureau.Grant();
        var person = new Condition.Compare("id", "=", bureau.Table.Content[0][0] ?? "");
        Assert.Equal(["0"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping([], [Counted]), Where = new Condition.And(person, new Condition.Compare("married", "=", "false")) }));
        Assert.Equal(1, Assert.Single(bureau.ActsOf(ReleaseActs.Opened)).Subjects);
    }

    [Fact]
    public async Task The_greatest_value_is_that_of_all_cells_of_the_condition_and_whose_it_is_is_recorded()
    {
        using var bureau = Of(("500101", 20), ("500102", 30), ("500103", 25));
        for (var i = 0; i < bureau.Table.Content.Count; i++)
            (bureau.Table.Content[i][4], bureau.Table.Content[i][5]) = ($"{1000 + i}", $"{150 + i}.5");
        bureau.Grant();
        var asked = new ReleaseQuery
        {
            GroupBy = new Grouping([], [(Measure.Greatest, "income", "most"), (Measure.Least, "height", "least"), (Measure.Least, "id", "first")]), Where = new Condition.In("area", ["500103", "500102", "500101"]),
        };
        Assert.Equal(["1074|150.5|" + bureau.Table.Content[0][0]], await bureau.Rows(Bureau.Ask(), asked));
        Assert.Equal(2, bureau.ActsOf(ReleaseActs.Seen).Sum(act => act.Subjects)); // the first person and the last
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
        (Measure, string?, string) sum = (Measure.Sum, "income", "sum");
        Assert.Equal(["500101|20|∅", "500102|30|30000"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping(["area"], [Counted, sum]) }));
        Assert.Equal(["50|∅"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping([], [Counted, sum]) })); // less what is shown it would be his
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
        // One person of 500101 has an income, and is known from the 19 who have none: 500103 less him would be told of by the total.
        Assert.Equal(["500102|30|30|30000|1000"], await bureau.Rows(Bureau.Ask(), new ReleaseQuery { GroupBy = new Grouping(["area"], measures) }));
    }

    /// <summary>Whatever is asked, in whatever order and under whatever grant of the receiver: no set of rows of fewer persons follows from the sets that were shown.</summary>
    [Fact]
    public void No_sum_and_no_difference_of_answers_is_about_few_persons() =>
        Gen.Select(Gen.Int[5, 200], Gen.Int[0, 1 << 20].Array[200], Gen.Int[1, 4], Gen.Select(Gen.Int[0, 15], Gen.Int[-4, 7], Gen.Bool).Array[1, 8]).Sample(
            (count, dice, spread, asked) =>
            {
                using var bureau = new Bureau(rows: 0);
                for (var i = 0; i < count; i++)
                {
                    var die = dice[i];
                    var row = Person(die % 7 == 0 ? i / 2 : i, $"50010{Skewed(die, spread)}");
                    (row[1], row[4], row[6], row[2]) = (die / 11 % 5 == 0 ? null : $"王{die / 13 % 3}", die / 17 % (2 + spread) == 0 ? "1000" : null, Skewed(die / 19, spread) == 0 ? "true" : "false", $"19{60 + Skewed(die / 23, 3)}-01-01");
                    bureau.Table.Content.Add(row);
                }

                bureau.Grant("g1", obligations: Obligations.Nothing with { SmallestGroup = 5 });
                bureau.Grant("g2", obligations: Obligations.Nothing with { SmallestGroup = 4, Rows = [new RowRule("married", RowTest.In, ["true"])] });
                var shown = new List<bool[]>();
                foreach (var (fields, value, second) in asked)
                    shown.AddRange(ShownBy(bureau, fields, value, second));
                Assert.True(Isolated(shown, [.. bureau.Table.Content.Select(row => row[0] ?? "")], 5) is not { } few, "A few are told of.");
            },
            iter: 120, threads: 1);

    [Fact]
    public async Task A_table_with_its_margins_does_not_tell_of_a_cell_between_two_blocks()
    {
        using var bureau = new Bureau(rows: 0);
        // 500100, 500101 with 王0, 王1, and 500102, 500103 with 王2, 王3: cells of two; one of one person between them, all others of 20.
        for (var area = 0; area < 4; area++)
            for (var name = 0; name < 4; name++)
                for (var i = 0; i < ((area, name) == (0, 2) ? 1 : area / 2 == name / 2 ? 2 : 20); i++)
                {
                    var row = Person(bureau.Table.Content.Count, $"50010{area}");
                    row[1] = $"王{name}";
                    bureau.Table.Content.Add(row);
                }

        bureau.Grant("g1", obligations: Obligations.Nothing with { SmallestGroup = 5 });
        var shown = await Task.Run(() => new[] { 0, 1, 2, 3 }.SelectMany(fields => ShownBy(bureau, fields, -1, false)).ToList(), Cancel);
        Assert.NotEmpty(shown);
        Assert.Null(Isolated(shown, [.. bureau.Table.Content.Select(row => row[0] ?? "")], 5));
        // What finds nothing here finds it in the margins and the large cells.
        var content = bureau.Table.Content;
        List<bool[]> all = [[.. content.Select(_ => true)]];
        all.AddRange(content.GroupBy(row => row[3]).Select(group => content.Select(group.Contains).ToArray()));
        all.AddRange(content.GroupBy(row => row[1]).Select(group => content.Select(group.Contains).ToArray()));
        all.AddRange(content.GroupBy(row => (row[3], row[1])).Where(group => group.Count() >= 5).Select(group => content.Select(group.Contains).ToArray()));
        Assert.NotNull(Isolated(all, [.. content.Select(row => row[0] ?? "")], 5));
    }

    private static readonly (string Name, int Column)[] Told = [("area", 3), ("name", 1), ("married", 6), ("born", 2)];

    private static int Skewed(int die, int spread) => die % 10 == 0 ? 3 : die % 6 == 0 ? 2 : die % spread == 0 ? 1 : 0;

    /// <summary>The sets of rows of which a question by some of four fields, where one of them may have a value, got an answer.</summary>
    private static List<bool[]> ShownBy(Bureau bureau, int fields, int value, bool second)
    {
        var by = Told.Where((_, i) => (fields >> i & 1) != 0).ToArray();
        var (field, at) = Told[Math.Max(value, 0) % 4];
        var wanted = value < 0 ? null : bureau.Table.Content[value % bureau.Table.Content.Count][at];
        var query = new ReleaseQuery
        {
            GroupBy = new Grouping([.. by.Select(one => one.Name)], [Counted, (Measure.Count, "income", "with"), (Measure.Sum, "income", "sum")]), Where = wanted is null ? null : new Condition.Compare(field, "=", wanted),
        };
#pragma warning disable xUnit1031 // a property's body is not asynchronous
        var rows = bureau.Rows(Bureau.Ask() with { Grant = second ? "g2" : "g1" }, query).GetAwaiter().GetResult();
#pragma warning restore xUnit1031
        var shown = new List<bool[]>();
        foreach (var cells in rows.Select(row => row.Split('|')))
        {
            bool[] set = [.. bureau.Table.Content.Select(row => by.Select((one, i) => (row[one.Column] ?? "∅") == cells[i]).All(same => same) && (wanted is null || row[at] == wanted) && (!second || row[6] == "true"))];
            bool[] valued = [.. set.Select((isIn, row) => isIn && bureau.Table.Content[row][4] is not null)];
            Assert.Equal(cells[^3], $"{set.Count(isIn => isIn)}");
            shown.Add(set);
            if (cells[^2] == "∅")
                continue;
            Assert.Equal(cells[^2], $"{valued.Count(isIn => isIn)}");
            shown.Add(valued);
        }

        return shown;
    }

    /// <summary>A set of rows of fewer persons that is a sum of multiples of sets that were shown; null: there is none. What is told apart by no set is one; of the small ones up to three together are tried.</summary>
    private static List<int>? Isolated(List<bool[]> shown, string[] persons, int smallest)
    {
        const long Prime = 2_147_483_647; // an indicator that is a sum over the rationals is one modulo all primes but a few
        var atoms = Enumerable.Range(0, persons.Length).Where(row => shown.Exists(set => set[row])).GroupBy(row => string.Concat(shown.Select(set => set[row] ? '1' : '0'))).Select(atom => atom.ToList()).ToList();
        var small = Enumerable.Range(0, atoms.Count).Where(atom => PersonsOf([atom]) < smallest).ToList();
        var basis = new List<(int Pivot, long[] Vector)>();
        foreach (var set in shown)
            if (Reduced([.. atoms.Select(atom => set[atom[0]] ? 1L : 0)]) is var left && Array.FindIndex(left, value => value != 0) is var pivot and >= 0)
                basis.Add((pivot, [.. left.Select(value => value * (long)System.Numerics.BigInteger.ModPow(left[pivot], Prime - 2, Prime) % Prime)]));
        foreach (var one in small)
            foreach (var two in small)
                foreach (var three in small)
                    if (one <= two && two <= three && new[] { one, two, three }.Distinct().ToArray() is var union && PersonsOf(union) < smallest && Array.TrueForAll(Reduced([.. atoms.Select((_, i) => union.Contains(i) ? 1L : 0)]), value => value == 0))
                        return [.. union.SelectMany(atom => atoms[atom])];
        return null;

        int PersonsOf(int[] some) => some.SelectMany(atom => atoms[atom]).Select(row => persons[row]).Distinct().Count();

        long[] Reduced(long[] vector)
        {
            foreach (var (pivot, by) in basis)
                if (vector[pivot] is var times and not 0)
                    for (var i = 0; i < vector.Length; i++)
                        vector[i] = ((vector[i] - (times * by[i])) % Prime + Prime) % Prime;
            return vector;
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

    /// <summary>One person in 500101, 20 in 500102, all married; 10 married and 90 others in 500103.</summary>
    private static Bureau Three(TestFolder? folder = null)
    {
        var bureau = Of(null, folder, ("500101", 1), ("500102", 20), ("500103", 100));
        for (var i = 0; i < bureau.Table.Content.Count; i++)
            bureau.Table.Content[i][6] = i < 31 ? "true" : "false";
        return bureau;
    }

    private static Bureau Of(params (string Area, int People)[] areas) => Of(null, null, areas);

    /// <summary>What was told is not known: nothing is told, and it is said why.</summary>
    [Fact]
    public void What_was_kept_and_cannot_be_understood_is_a_refusal()
    {
        using var folder = new TestFolder();
        using var store = EmbeddedStore.Open(folder.Path, TimeProvider.System).Value;
        var shown = new ShownBook(store.Kept);
        Assert.Null(shown.Keep("population", "fire", "t", 1, new Shown([1, 2], 5)));
        Assert.Equal((int[])[1, 2], shown.Of("population", "fire", "t", 1).Value.Atoms ?? []);
        Assert.Null(shown.Of("population", "fire", "t", 2).Value.Atoms);

        Assert.Null(store.Kept.Keep("shown\npopulation\nfire", new byte[100]).Problem);
        Assert.Equal("storage-damaged", shown.Of("population", "fire", "t", 1).Problem?.Code);
        var file = Assert.Single(Directory.GetFiles(folder.File("kept")));
        File.WriteAllBytes(file, new byte[100]);
        Assert.Equal("storage-damaged", shown.Of("population", "fire", "t", 1).Problem?.Code);
    }

    private static Bureau Of(IKept? kept, TestFolder? folder, params (string Area, int People)[] areas)
    {
        var bureau = new Bureau(folder, rows: 0, kept: kept);
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

    /// <summary>Takes nothing.</summary>
    private sealed class FullDisk : IKept
    {
        public IReadOnlyCollection<string> Names => [];

        public Result<ReadOnlyMemory<byte>> Read(string name) => ReadOnlyMemory<byte>.Empty;

        public Result<Done> Keep(string name, ReadOnlyMemory<byte> content) => FactProblems.StorageFull.Because("No room.");

        public void Drop(string name)
        {
        }
    }
}
