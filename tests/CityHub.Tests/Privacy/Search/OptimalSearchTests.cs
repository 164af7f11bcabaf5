using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

public sealed class OptimalSearchTests
{
    /// <summary>A hierarchy over n values: each level groups neighbours of the level below, at random; the last is mostly *.</summary>
    private static Gen<Hierarchy> Hierarchies(string name) =>
        Gen.Select(Gen.Int[1, 9], Gen.Int[0, 3], Gen.Int[1, 3].Array[3], Gen.Bool, (values, levels, widths, star) =>
            Hierarchy.Of(name, [.. Enumerable.Range(0, values).Select(value =>
            {
                var line = new List<string> { $"v{value}" };
                var width = 1;
                for (var level = 0; level < levels; level++)
                {
                    width *= widths[level];
                    line.Add($"g{level}-{value / width}");
                }

                if (star)
                    line.Add("*");
                return (IReadOnlyList<string>)line;
            })]));

    private static readonly Gen<PrivacyModel[]> Models = Gen.Int[1, 4].SelectMany(k => Gen.OneOf<PrivacyModel[]>(
        Gen.Const(new PrivacyModel[] { new KAnonymity(k) }),
        Gen.Const(new PrivacyModel[] { new KAnonymity(k), new DistinctDiversity("s", 2) }),
        Gen.Const(new PrivacyModel[] { new EqualCloseness("s", 0.3) }),
        Gen.Const(new PrivacyModel[] { new KAnonymity(k), new EqualCloseness("s", 0.4), new EntropyDiversity("u", 1.5) }),
        Gen.Const(new PrivacyModel[] { new RecursiveDiversity("u", 2, 2), new DistinctDiversity("s", 2) }),
        Gen.Const(new PrivacyModel[] { new BasicBeta("s", 1), new KAnonymity(k) })));

    private static readonly Gen<Anonymization> Requests =
        from identifiers in Gen.Int[1, 4]
        from hierarchies in Gen.Int[0, 0].SelectMany(_ => Gen.Select(Hierarchies("q0"), Hierarchies("q1"), Hierarchies("q2"), Hierarchies("q3"), (a, b, c, d) => new[] { a, b, c, d }))
        from rows in Gen.Int[5, 40]
        from cells in Gen.Int[0, 1_000_000].Array[6].Array[rows]
        from models in Models
        from limit in Gen.Double[0, 1]
        from balance in Gen.OneOf(Gen.Const(0.5), Gen.Double[0, 1])
        from heavy in Gen.Double[0.5, 2]
        from lifted in Gen.Bool
        select new Anonymization
        {
            Table = Table.Of(
                ["q0", "q1", "q2", "q3", "s", "u"],
                cells.Select(line => new[]
                {
                    Value(hierarchies[0], line[0]), Value(hierarchies[1], line[1]), Value(hierarchies[2], line[2]), Value(hierarchies[3], line[3]),
                    $"s{line[4] % 3}", $"u{line[5] % 4}",
                })),
            QuasiIdentifiers = [.. hierarchies.Take(identifiers).Select((one, i) => new QuasiIdentifier(one)
            {
                Weight = i == 0 ? heavy : 1, MinLevel = lifted && i == 1 ? Math.Min(1, one.Levels - 1) : 0, MaxLevel = lifted && i == 2 ? one.Levels / 2 : null,
            })],
            Models = models,
            SuppressionLimit = limit,
            Loss = new LossOptions { Balance = balance },
        };

    [Fact]
    public void The_optimum_is_that_of_a_brute_force_over_all_generalisations()
    {
        var solved = 0;
        Requests.Sample(request =>
        {
            if (request.Models.OfType<DistinctDiversity>().Any(_ => request.Table["s"].Distinct < 2) || request.Models.OfType<RecursiveDiversity>().Any(_ => request.Table["u"].Distinct < 2))
                return;
            var all = BruteForce.All(request);
            var nodes = Lattice.Explore(request, TestContext.Current.CancellationToken).ToDictionary(one => string.Join(' ', one.Levels));
            Assert.Equal(all.Count, nodes.Count);
            foreach (var node in all)
            {
                var mine = nodes[string.Join(' ', node.Levels)];
                Assert.Equal((node.Suppressed, node.Classes, node.Passes), (mine.Suppressed, mine.Classes, mine.Passes));
                Assert.InRange(mine.Loss, node.Loss - 1e-9, node.Loss + 1e-9);
            }

            var best = all.Where(one => one.Passes).OrderBy(one => one.Loss).ToList();
            if (best.Count == 0)
            {
                Assert.Equal(PrivacyCodes.NoSolution, Assert.Throws<PrivacyException>(() => request.Run(TestContext.Current.CancellationToken)).Refusal.Code);
                return;
            }

            var result = request.Run(TestContext.Current.CancellationToken);
            Assert.InRange(result.Loss, best[0].Loss - 1e-9, best[0].Loss + 1e-9);
            var same = all.Single(one => one.Levels.AsSpan().SequenceEqual([.. result.Levels]));
            Assert.True(same.Passes);
            // Of those that lose as little, to the decimals that count, none is lower.
            Assert.All(nodes.Values.Where(one => one.Passes && one.Loss < result.Loss + 1e-14), one => Assert.True(one.Levels.Sum() >= result.Levels.Sum()));
            if (!result.SaysNothing)
                Assert.Equal((same.Suppressed, same.Classes), (result.Suppressed, result.Classes));
            Interlocked.Increment(ref solved);
        }, iter: 400);
        Assert.True(solved > 200, $"{solved} of 400 had a solution");
    }

    [Fact]
    public void A_search_with_a_time_limit_finds_the_optimum_where_there_is_time_and_says_so()
    {
        Requests.Sample(request =>
        {
            if (request.Models.OfType<DistinctDiversity>().Any(_ => request.Table["s"].Distinct < 2) || request.Models.OfType<RecursiveDiversity>().Any(_ => request.Table["u"].Distinct < 2))
                return;
            try
            {
                var proven = request.Run(TestContext.Current.CancellationToken);
                var found = (request with { Budget = new SearchBudget(TimeSpan.FromMinutes(1), TimeProvider.System) }).Run(TestContext.Current.CancellationToken);
                Assert.True(found.IsOptimal);
                Assert.InRange(found.Loss, proven.Loss - 1e-12, proven.Loss + 1e-12);
                var hasty = (request with { Budget = new SearchBudget(TimeSpan.Zero, TimeProvider.System) { Nodes = 1 } }).Run(TestContext.Current.CancellationToken);
                Assert.True(hasty.Loss >= proven.Loss - 1e-12);
                Assert.True(hasty.Suppressed <= hasty.Records);
            }
            catch (PrivacyException refused)
            {
                Assert.Equal(PrivacyCodes.NoSolution, refused.Refusal.Code);
            }
        }, iter: 100);
    }

    [Fact]
    public void What_comes_out_has_stars_for_suppressed_records_and_groups_for_the_rest()
    {
        var hierarchy = Hierarchy.Of("age", ["30", "30-39", "*"], ["31", "30-39", "*"], ["47", "40-49", "*"]);
        var result = new Anonymization
        {
            Table = Table.Of(["age", "note"], ["30", "a"], ["31", "b"], ["47", "c"]),
            QuasiIdentifiers = [new QuasiIdentifier(hierarchy)],
            Models = [new KAnonymity(2)],
            SuppressionLimit = 0.34,
        }.Run(TestContext.Current.CancellationToken);
        Assert.Equal([1], result.Levels);
        Assert.Equal((1, 1), (result.Suppressed, result.Classes));
        Assert.Equal([0, 0, -1], result.RowClasses());
        var table = result.Apply();
        Assert.Equal(["30-39", "30-39", "*"], Enumerable.Range(0, 3).Select(row => table["age"][row]));
        Assert.Equal(["a", "b", "c"], Enumerable.Range(0, 3).Select(row => table["note"][row]));
        Assert.Equal([(2, 1)], result.SizesAfter.Groups);
        Assert.Equal([(1, 3)], result.SizesBefore.Groups);
    }

    [Fact]
    public void What_cannot_be_done_is_refused_with_the_reason_and_the_way_forward()
    {
        var table = Table.Of(["age", "empty", "s"], ["30", "", "x"], ["31", "", "x"], ["47", "", "y"]);
        var age = Hierarchy.Of("age", ["30", "a"], ["31", "a"], ["47", "b"]);
        var request = new Anonymization { Table = table, QuasiIdentifiers = [new QuasiIdentifier(age)], Models = [new KAnonymity(2)] };
        var none = Refused(request);
        Assert.Equal((PrivacyCodes.NoSolution, "k=2"), (none.Code, none.Rule));
        Assert.Contains("1 of 3 records", none.Detail, StringComparison.Ordinal);
        Assert.Contains("age", none.Hint, StringComparison.Ordinal);
        var missing = Refused(request with { QuasiIdentifiers = [new QuasiIdentifier(Hierarchy.Of("age", ["30", "*"], ["31", "*"]))] });
        Assert.Equal((PrivacyCodes.HierarchyUnusable, "age", 4L), (missing.Code, missing.Column, missing.Row));
        Assert.Contains("47", missing.Detail, StringComparison.Ordinal);
        Assert.Equal(PrivacyCodes.ModelUnusable, Refused(request with { Models = [new KAnonymity(4)] }).Code);
        Assert.Equal(PrivacyCodes.ColumnUnusable, Refused(request with { QuasiIdentifiers = [new QuasiIdentifier(Hierarchy.Of("empty", ["", "*"]))] }).Code);
        Assert.Equal(PrivacyCodes.ColumnUnknown, Refused(request with { QuasiIdentifiers = [new QuasiIdentifier(Hierarchy.Of("height", ["1"]))] }).Code);
        Assert.Equal(PrivacyCodes.ColumnUnknown, Refused(request with { Models = [new DistinctDiversity("illness", 2)] }).Code);
        Assert.Equal(PrivacyCodes.ModelUnusable, Refused(request with { Models = [new DistinctDiversity("age", 2)] }).Code);
        Assert.Equal(PrivacyCodes.HierarchyUnusable, Refused(request with { QuasiIdentifiers = [new QuasiIdentifier(age) { MaxLevel = 2 }] }).Code);
        Assert.Equal(PrivacyCodes.ModelUnusable, Refused(request with { Models = [] }).Code);
        Assert.Equal(PrivacyCodes.ModelUnusable, Refused(request with { SuppressionLimit = 1.5 }).Code);
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => request.Run(cancel.Token));
    }

    [Fact]
    public void Where_only_nothing_passes_the_result_says_that_nothing_is_left()
    {
        var result = new Anonymization
        {
            Table = Table.Of(["a"], ["1"], ["2"], ["3"]), QuasiIdentifiers = [new QuasiIdentifier(Hierarchy.Of("a", ["1", "*"], ["2", "*"], ["3", "*"]))], Models = [new KAnonymity(2)],
        }.Run(TestContext.Current.CancellationToken);
        Assert.True(result.SaysNothing);
        Assert.Equal((1.0, 3, 0), (result.Loss, result.Suppressed, result.Classes));
        Assert.All(result.RowClasses(), one => Assert.Equal(-1, one));
    }

    [Fact]
    public void Columns_of_nearly_as_many_values_as_rows_and_many_sensitive_values_take_the_other_ways()
    {
        var random = new Random(7);
        var rows = Enumerable.Range(0, 6000).Select(row => new[] { $"{row / 2}", $"{random.Next(3000)}", $"{row % 5000}", $"{random.Next(100)}" }).ToArray();
        Hierarchy Of(string name, int values, int width) => Hierarchy.Of(name, [.. Enumerable.Range(0, values).Select(value => (IReadOnlyList<string>)[$"{value}", $"{value / width}", "*"])]);
        var request = new Anonymization
        {
            Table = Table.Of(["a", "b", "c", "s"], rows),
            QuasiIdentifiers = [new QuasiIdentifier(Of("a", 3000, 600)), new QuasiIdentifier(Of("b", 3000, 900)), new QuasiIdentifier(Of("c", 5000, 1000))],
            Models = [new KAnonymity(5), new DistinctDiversity("s", 4)],
            SuppressionLimit = 0.2,
        };
        var all = BruteForce.All(request);
        var best = all.Where(one => one.Passes).MinBy(one => one.Loss);
        Assert.NotNull(best);
        var result = request.Run(TestContext.Current.CancellationToken);
        Assert.Equal(best.Levels, result.Levels);
        Assert.Equal((best.Suppressed, best.Classes), (result.Suppressed, result.Classes));
        Assert.Equal(best.Suppressed, result.RowClasses().Count(one => one < 0));
    }

    private static PrivacyRefusal Refused(Anonymization request)
    {
        var refusal = Assert.Throws<PrivacyException>(() => request.Run(TestContext.Current.CancellationToken)).Refusal;
        Assert.NotNull(refusal.Hint);
        return refusal;
    }

    private static string Value(Hierarchy hierarchy, int number) => hierarchy.Values[number % hierarchy.Leaves];
}
