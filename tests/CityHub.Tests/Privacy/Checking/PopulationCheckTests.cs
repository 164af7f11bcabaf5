using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

/// <summary>The last look before a release that must not tell who is in it.</summary>
public sealed class PopulationCheckTests
{
    private static readonly Hierarchy Age = Hierarchy.Of("age", ["21", "2x", "*"], ["22", "2x", "*"], ["31", "3x", "*"], ["32", "3x", "*"]);

    private static readonly ReleaseCheck Sound = new()
    {
        Input = Ages("21", "21", "31", "32"),
        Population = Ages("21", "21", "22", "22", "31", "31", "32", "32", "32", "32"),
        Release = Ages("2x", "2x", "3x", "3x"),
        QuasiIdentifiers = ["age"],
        Models = [new DeltaPresence(2.0 / 6, 0.5)],
        Hierarchies = [Age],
    };

    [Fact]
    public void A_release_passes_where_both_bounds_are_just_met() => Assert.Empty(Sound.Run().Failures);

    [Fact]
    public void Too_large_and_too_small_a_share_are_failures_with_the_row_and_the_numbers()
    {
        var large = Assert.Single((Sound with { Models = [new DeltaPresence(0, 0.4)] }).Run().Failures);
        Assert.Equal(("delta-presence=0,0.4", 2L), (large.Rule, large.Row));
        Assert.Equal("Of the 4 people of the population who are shown as age 2x, the release has 2: not a share between 0 and 0.4.", large.Detail);
        var small = Assert.Single((Sound with { Models = [new DeltaPresence(0.4, 1)] }).Run().Failures);
        Assert.Equal(4L, small.Row);
        Assert.Contains("Of the 6 people", small.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void People_of_whom_the_table_has_nobody_are_a_failure_and_those_who_are_suppressed_are_not()
    {
        var exact = Sound with { Release = Ages("*", "*", "31", "32"), Models = [new DeltaPresence(0.1, 0.5)] };
        var failure = Assert.Single(exact.Run().Failures);
        Assert.Null(failure.Row);
        Assert.Contains("Of the 2 people of the population who are shown as age 22, the release has 0", failure.Detail, StringComparison.Ordinal);
        Assert.Empty((exact with { Models = [new DeltaPresence(0, 0.5)] }).Run().Failures);
        Assert.Empty((exact with { Models = [new DeltaPresence(0.1, 0.5)], Population = Ages("21", "21", "31", "31", "32", "32") }).Run().Failures);
    }

    [Fact]
    public void A_population_that_does_not_hold_the_table_is_a_failure() =>
        Assert.Contains("Of the 1 people", Assert.Single((Sound with { Population = Ages("21", "31", "32"), Models = [new DeltaPresence(0, 1)] }).Run().Failures).Detail, StringComparison.Ordinal);

    [Fact]
    public void A_column_at_several_levels_is_a_failure() =>
        Assert.Contains("age is not shown at one level", Assert.Single((Sound with { Release = Ages("2x", "2x", "31", "3x") }).Run().Failures).Detail, StringComparison.Ordinal);

    [Fact]
    public void Where_a_label_stands_on_two_levels_the_level_that_is_said_counts()
    {
        // The town of that name, or the county.
        var town = Hierarchy.Of("town", ["Hai", "Hai"], ["Yue", "Hai"]);
        var check = new ReleaseCheck
        {
            Input = Towns("Hai"), Release = Towns("Hai"), Population = Towns("Hai", "Yue"), QuasiIdentifiers = ["town"], Models = [new DeltaPresence(0, 0.5)], Hierarchies = [town],
        };
        Assert.False(check.Run().Passes);
        Assert.False((check with { Levels = [0] }).Run().Passes);
        Assert.True((check with { Levels = [1] }).Run().Passes);

        static Table Towns(params string[] towns) => Table.Of(["town"], towns.Select(one => new[] { one }));
    }

    [Fact]
    public void Without_the_population_or_its_hierarchies_it_is_refused()
    {
        Assert.Contains("no population is given", Refused(Sound with { Population = null }, PrivacyCodes.ModelUnusable), StringComparison.Ordinal);
        Assert.Contains("hierarchy of age", Refused(Sound with { Hierarchies = [] }, PrivacyCodes.ModelUnusable), StringComparison.Ordinal);
        Assert.Contains("no line for 77, in row 6 of the population", Refused(Sound with { Population = Ages("21", "21", "31", "32", "77") }, PrivacyCodes.HierarchyUnusable), StringComparison.Ordinal);

        static string Refused(ReleaseCheck check, string code)
        {
            var refusal = Assert.Throws<PrivacyException>(check.Run).Refusal;
            Assert.Equal(code, refusal.Code);
            Assert.NotNull(refusal.Hint);
            return refusal.Detail;
        }
    }

    /// <summary>In a release that passes, people move away from the population until a class is too much of it.</summary>
    [Fact]
    public void A_planted_violation_is_caught()
    {
        var caught = 0;
        Gen.Int[0, 100_000].Sample(seed =>
        {
            var random = new Random(seed);
            string[] Draw(int count) => [.. Enumerable.Range(0, count).Select(_ => Age.Values[random.Next(4)])];
            var (mine, others) = (Draw(20), Draw(60));
            var request = new Anonymization
            {
                Table = Ages(mine), Population = Ages([.. mine, .. others]), QuasiIdentifiers = [new(Age) { MaxLevel = 1 }], Models = [new DeltaPresence(0, 0.4)], SuppressionLimit = 0.5,
            };
            AnonymizationResult result;
            try
            {
                result = request.Run(TestContext.Current.CancellationToken);
            }
            catch (PrivacyException refused)
            {
                Assert.Equal(PrivacyCodes.NoSolution, refused.Refusal.Code);
                return;
            }

            var check = Sound with { Input = request.Table, Release = result.Apply(), Population = request.Population, Models = request.Models };
            Assert.Empty(check.Run().Failures);
            // Of one class that is shown, all others leave the town.
            var row = Array.FindIndex(result.RowClasses(), one => one >= 0);
            if (row < 0)
                return;
            string Shown(string age) => Age.TryLeaf(age, out var leaf) ? Age.Label(result.Levels[0], Age.Group(leaf, result.Levels[0])) : "";
            var gone = Ages([.. mine, .. others.Where(age => Shown(age) != Shown(mine[row]))]);
            Assert.Equal(check.Models[0].Text, Assert.Single((check with { Population = gone }).Run().Failures).Rule);
            Interlocked.Increment(ref caught);
        }, iter: 200);
        Assert.True(caught > 100, $"{caught} caught");
    }

    private static Table Ages(params string[] ages) => Table.Of(["age"], ages.Select(age => new[] { age }));
}
