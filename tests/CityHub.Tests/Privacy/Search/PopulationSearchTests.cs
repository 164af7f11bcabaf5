using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

/// <summary>Generalising so that nobody can tell of a person whether the table holds a record of them.</summary>
public sealed class PopulationSearchTests
{
    private static readonly Hierarchy Age = Hierarchy.Of("age", ["21", "2x", "*"], ["22", "2x", "*"], ["31", "3x", "*"], ["32", "3x", "*"]);

    /// <summary>A hierarchy over n values: each level groups neighbours of the level below, at random; the last is mostly *.</summary>
    private static Gen<Hierarchy> Hierarchies(string name) =>
        Gen.Select(Gen.Int[1, 7], Gen.Int[0, 2], Gen.Int[1, 3].Array[2], Gen.Int[0, 3], (values, levels, widths, star) =>
            Hierarchy.Of(name, [.. Enumerable.Range(0, values).Select(value =>
            {
                var line = new List<string> { $"v{value}" };
                var width = 1;
                for (var level = 0; level < levels; level++)
                    line.Add($"g{level}-{value / (width *= widths[level])}");
                if (star > 0)
                    line.Add("*");
                return (IReadOnlyList<string>)line;
            })]));

    private static readonly Gen<PrivacyModel[]> Models =
        from k in Gen.Int[1, 4]
        from least in Gen.OneOf(Gen.Const(0.0), Gen.Const(0.2), Gen.Double[0, 0.4])
        from most in Gen.OneOf(Gen.Const(0.5), Gen.Const(2.0 / 3), Gen.Double[0.4, 1])
        let presence = new DeltaPresence(least, most)
        from models in Gen.OneOf<PrivacyModel[]>(
            Gen.Const(new PrivacyModel[] { presence }),
            Gen.Const(new PrivacyModel[] { new KAnonymity(k), presence }),
            Gen.Const(new PrivacyModel[] { presence, new DistinctDiversity("s", 2), new KAnonymity(k) }),
            Gen.Const(new PrivacyModel[] { new EqualCloseness("s", 0.4), presence }),
            Gen.Const(new PrivacyModel[] { presence, new DeltaPresence(0, 0.6), new EntropyDiversity("u", 1.5), new DistinctDiversity("s", 2) }))
        select models;

    private static readonly Gen<Anonymization> Requests =
        from identifiers in Gen.Int[1, 3]
        from hierarchies in Gen.Select(Hierarchies("q0"), Hierarchies("q1"), Hierarchies("q2"), (a, b, c) => new[] { a, b, c })
        from rows in Gen.Int[4, 30]
        from others in Gen.Int[0, 50]
        from cells in Gen.Int[0, 1_000_000].Array[5].Array[rows]
        from more in Gen.Int[0, 1_000_000].Array[5].Array[others]
        from models in Models
        from limit in Gen.Double[0, 1]
        from balance in Gen.OneOf(Gen.Const(0.5), Gen.Double[0, 1])
        from arithmetic in Gen.Bool
        from heavy in Gen.Double[0.5, 2]
        from lifted in Gen.Bool
        select new Anonymization
        {
            Table = Table.Of(["q0", "q1", "q2", "s", "u"], cells.Select(line => (string[])[.. Values(hierarchies, line), $"s{line[3] % 3}", $"u{line[4] % 4}"])),
            // Those of the table among them, in another order, and the columns, too.
            Population = Table.Of(["q2", "q1", "q0", "name"], more.Concat(cells.Reverse()).Select((line, row) => (string[])[.. Values(hierarchies, line).Reverse(), $"{row}"])),
            QuasiIdentifiers = [.. hierarchies.Take(identifiers).Select((one, i) => new QuasiIdentifier(one)
            {
                Weight = i == 0 ? heavy : 1, MinLevel = lifted && i == 1 ? Math.Min(1, one.Levels - 1) : 0, MaxLevel = lifted && i == 0 ? one.Levels / 2 : null,
            })],
            Models = models,
            SuppressionLimit = limit,
            Loss = new LossOptions { Balance = balance, Aggregate = arithmetic ? LossAggregate.ArithmeticMean : LossAggregate.GeometricMean },
        };

    [Fact]
    public void The_optimum_is_that_of_a_brute_force_and_the_release_passes_the_check()
    {
        var (solved, refused, failing) = (0, 0, 0);
        Requests.Sample(request =>
        {
            if (request.Table["s"].Distinct < 2 || request.Table["u"].Distinct < 2)
                return;
            var cancel = TestContext.Current.CancellationToken;
            var all = BruteForce.All(request);
            var arithmetic = request.Loss.Aggregate == LossAggregate.ArithmeticMean;
            var nodes = Lattice.Explore(request, cancel).ToDictionary(one => string.Join(' ', one.Levels));
            Assert.Equal(all.Count, nodes.Count);
            foreach (var node in all)
            {
                var mine = nodes[string.Join(' ', node.Levels)];
                Assert.Equal((node.Suppressed, node.Classes, node.Passes), (mine.Suppressed, mine.Classes, mine.Passes));
                if (!arithmetic)
                    Assert.InRange(mine.Loss, node.Loss - 1e-9, node.Loss + 1e-9);
            }

            var best = nodes.Values.Where(one => one.Passes).OrderBy(one => one.Loss).ToList();
            if (best.Count == 0)
            {
                var refusal = Assert.Throws<PrivacyException>(() => request.Run(cancel)).Refusal;
                Assert.Equal(PrivacyCodes.NoSolution, refusal.Code);
                Assert.NotNull(refusal.Hint);
                Interlocked.Increment(ref refused);
                return;
            }

            var result = request.Run(cancel);
            Assert.InRange(result.Loss, best[0].Loss - 1e-12, best[0].Loss + 1e-12);
            Assert.True(result.IsOptimal);
            var same = all.Single(one => one.Levels.AsSpan().SequenceEqual([.. result.Levels]));
            Assert.True(same.Passes);
            Assert.All(best.Where(one => one.Loss < result.Loss + 1e-14), one => Assert.True(one.Levels.Sum() >= result.Levels.Sum()));
            var timed = (request with { Budget = new SearchBudget(TimeSpan.FromMinutes(1), TimeProvider.System) }).Run(cancel);
            if (timed.IsOptimal)
                Assert.InRange(timed.Loss, result.Loss - 1e-12, result.Loss + 1e-12);
            if (result.SaysNothing)
                return;
            Assert.Equal((same.Suppressed, same.Classes), (result.Suppressed, result.Classes));
            Assert.Equal((same.Suppressed, same.Classes), (result.RowClasses().Count(one => one < 0), result.RowClasses().Where(one => one >= 0).Distinct().Count()));
            Assert.Equal((same.Classes, (long)(request.Table.Rows - same.Suppressed)), (result.SizesAfter.Classes, result.SizesAfter.Groups.Sum(one => (long)one.Size * one.Classes)));
            var check = new ReleaseCheck
            {
                Input = request.Table, Release = result.Apply(), Population = request.Population, QuasiIdentifiers = [.. request.QuasiIdentifiers.Select(one => one.Attribute)], Models = request.Models,
                SuppressionLimit = request.SuppressionLimit, Hierarchies = [.. request.QuasiIdentifiers.Select(one => one.Hierarchy)], Levels = result.Levels,
            };
            Assert.Empty(check.Run().Failures);
            // Some other generalisation that does not pass, released in spite of that.
            if (nodes.Values.FirstOrDefault(one => !one.Passes && one.Suppressed <= request.SuppressionLimit * request.Table.Rows) is { } beyond)
            {
                var forced = (request with { Models = [new KAnonymity(1)], QuasiIdentifiers = [.. request.QuasiIdentifiers.Select((one, i) => one with { MinLevel = beyond.Levels[i], MaxLevel = beyond.Levels[i] })] }).Run(cancel);
                if (!forced.SaysNothing)
                {
                    Assert.Contains((check with { Release = forced.Apply(), Levels = beyond.Levels }).Run().Failures, one => one.Rule.StartsWith("delta-presence", StringComparison.Ordinal));
                    Interlocked.Increment(ref failing);
                }
            }

            Interlocked.Increment(ref solved);
        }, iter: 600);
        Assert.True(solved > 150 && refused > 50 && failing > 10, $"{solved} solved, {refused} refused, {failing} failing");
    }

    [Fact]
    public void People_who_are_alike_are_in_the_table_with_a_share_between_the_bounds()
    {
        // Of 21: 2 of 2, of 22: 0 of 2, of 31: 1 of 2, of 32: 1 of 4. In tens: 2 of 4 and 2 of 6. In all: 4 of 10.
        var request = new Anonymization
        {
            Table = Ages("21", "21", "31", "32"),
            Population = Ages("21", "21", "22", "22", "31", "31", "32", "32", "32", "32"),
            QuasiIdentifiers = [new QuasiIdentifier(Age)],
            Models = [new DeltaPresence(0, 0.5)],
            SuppressionLimit = 0,
        };
        Assert.Equal([1], Run(request).Levels);
        Assert.Equal([2], Run(request with { Models = [new DeltaPresence(0, 0.4)] }).Levels);
        // At level 0 nobody of 22 is in the table: that is allowed with a lower bound of 0, refused with any other, and no suppression helps.
        QuasiIdentifier[] exact = [new QuasiIdentifier(Age) { MaxLevel = 0 }];
        var suppressing = Run(request with { QuasiIdentifiers = exact, SuppressionLimit = 0.5 });
        Assert.Equal([0], suppressing.Levels);
        Assert.Equal(2, suppressing.Suppressed);
        Assert.Equal([-1, -1, 0, 1], suppressing.RowClasses());
        Assert.Equal(["*", "*", "31", "32"], Enumerable.Range(0, 4).Select(row => suppressing.Apply()["age"][row]));
        Refused(request with { QuasiIdentifiers = exact, SuppressionLimit = 0.5, Models = [new DeltaPresence(0.1, 0.5)] }, PrivacyCodes.NoSolution);
        // Both bounds are met exactly: 2/4 and 2/6.
        Assert.Equal([1], Run(request with { Models = [new DeltaPresence(2.0 / 6, 0.5)] }).Levels);
        Assert.Equal([(false, 0), (true, 0), (true, 0)], Lattice.Explore(request with { Models = [new DeltaPresence(0.1, 1)] }, TestContext.Current.CancellationToken).Select(one => (one.Passes, one.Suppressed)));
    }

    [Fact]
    public void What_cannot_be_done_is_refused_with_the_reason_and_the_way_forward()
    {
        var request = new Anonymization { Table = Ages("21", "31", "31"), Population = Ages("21", "31", "31", "32"), QuasiIdentifiers = [new QuasiIdentifier(Age)], Models = [new DeltaPresence(0, 0.8)] };
        Assert.Equal([2], Run(request).Levels);
        var none = Refused(request with { Population = null }, PrivacyCodes.ModelUnusable);
        Assert.Contains("no population is given", none.Detail, StringComparison.Ordinal);
        Assert.Contains("the population has 2 records, the table 3", Refused(request with { Population = Ages("21", "31") }, PrivacyCodes.ModelUnusable).Detail, StringComparison.Ordinal);
        Assert.Contains("the table has 2 records of age 31, the first in row 3, the population 1", Refused(request with { Population = Ages("21", "31", "22", "32") }, PrivacyCodes.ModelUnusable).Detail, StringComparison.Ordinal);
        var value = Refused(request with { Population = Ages("21", "31", "31", "77") }, PrivacyCodes.HierarchyUnusable);
        Assert.Equal(("age", 5L), (value.Column, value.Row));
        Assert.Contains("77, which first comes in row 5 of the population", value.Detail, StringComparison.Ordinal);
        Assert.Contains("The population has no column age", Refused(request with { Population = Table.Of(["years"], ["21"], ["31"], ["31"]) }, PrivacyCodes.ColumnUnknown).Detail, StringComparison.Ordinal);
        Assert.Contains("average-risk", Refused(request with { Models = [.. request.Models, .. PrivacyModels.ParseAll(["average-risk=0.5"], [])] }, PrivacyCodes.ModelUnusable).Detail, StringComparison.Ordinal);
        Assert.Contains("allow more records", Refused(request with { Models = [new DeltaPresence(0, 0.7)] }, PrivacyCodes.NoSolution).Hint, StringComparison.Ordinal);
        // Where nobody of 2x is in the table and 2x and 3x may not be put together.
        var apart = Refused(new Anonymization { Table = Ages("31"), Population = Ages("21", "31", "32"), QuasiIdentifiers = [new QuasiIdentifier(Age) { MaxLevel = 1 }], Models = [new DeltaPresence(0.1, 0.9)] }, PrivacyCodes.NoSolution);
        Assert.Contains("1 of the population stay apart", apart.Detail, StringComparison.Ordinal);
        Assert.Contains("lower bound of 0", apart.Hint, StringComparison.Ordinal);
        Assert.Contains("overlap", Assert.Throws<PrivacyException>(() => new LocalRecoding { Table = request.Table, QuasiIdentifiers = request.QuasiIdentifiers, Models = request.Models }.Run(TestContext.Current.CancellationToken)).Refusal.Detail, StringComparison.Ordinal);
        // A population that no model asks for is not looked at.
        Assert.Equal([2], Run(request with { Population = Ages("77"), Models = [new KAnonymity(3)] }).Levels);
        using var cancel = new CancellationTokenSource();
        cancel.Cancel();
        Assert.Throws<OperationCanceledException>(() => request.Run(cancel.Token));
    }

    [Fact]
    public void A_search_that_is_cancelled_on_its_way_ends()
    {
        using var cancel = new CancellationTokenSource();
        var hierarchy = Hierarchy.Of("age", [.. Enumerable.Range(0, 64).Select(age => (IReadOnlyList<string>)[$"{age}", $"{age / 2}'", $"{age / 4}''", $"{age / 8}'''", "*"])]);
        var ages = Enumerable.Range(0, 64).Select(age => new[] { $"{age}" }).ToArray();
        var request = new Anonymization
        {
            Table = Table.Of(["age"], ages), Population = Table.Of(["age"], ages), QuasiIdentifiers = [new QuasiIdentifier(hierarchy)], Models = [new DeltaPresence(0, 0.5)], Progress = new Cancelling(cancel),
        };
        Assert.Throws<OperationCanceledException>(() => request.Run(cancel.Token));
    }

    [Fact]
    public void Products_of_many_large_domains_are_numbered_without_mixing_them_up()
    {
        // Eight attributes of 1000 values: their product is 10^24, far beyond 64 bits.
        var names = Enumerable.Range(0, 8).Select(i => $"q{i}").ToArray();
        var random = new Random(5);
        var people = Enumerable.Range(0, 1000).Select(_ => names.Select(_ => $"{random.Next(1000)}").ToArray()).ToArray();
        var request = new Anonymization
        {
            Table = Table.Of(names, people[..400]),
            Population = Table.Of(names, people),
            QuasiIdentifiers = [.. names.Select(name => new QuasiIdentifier(Hierarchy.Of(name, [.. Enumerable.Range(0, 1000).Select(value => (IReadOnlyList<string>)[$"{value}", "*"])])))],
            Models = [new DeltaPresence(0, 0.5), new KAnonymity(2)],
            SuppressionLimit = 0.3,
        };
        var best = BruteForce.All(request).Where(one => one.Passes).MinBy(one => one.Loss);
        Assert.NotNull(best);
        Assert.Equal(best.Levels, Run(request).Levels);
    }

    private static Table Ages(params string[] ages) => Table.Of(["age"], ages.Select(age => new[] { age }));

    private static string[] Values(Hierarchy[] hierarchies, int[] line) => [.. hierarchies.Select((one, i) => one.Values[line[i] % one.Leaves])];

    private static AnonymizationResult Run(Anonymization request) => request.Run(TestContext.Current.CancellationToken);

    private static PrivacyRefusal Refused(Anonymization request, string code)
    {
        var refusal = Assert.Throws<PrivacyException>(() => request.Run(TestContext.Current.CancellationToken)).Refusal;
        Assert.Equal(code, refusal.Code);
        Assert.NotNull(refusal.Hint);
        return refusal;
    }

    private sealed class Cancelling(CancellationTokenSource source) : IProgress<double>
    {
        public void Report(double value) => source.Cancel();
    }
}
