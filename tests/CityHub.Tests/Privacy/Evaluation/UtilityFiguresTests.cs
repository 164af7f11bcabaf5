using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

public sealed class UtilityFiguresTests
{
    [Theory]
    [InlineData("A1")]
    [InlineData("A2")]
    [InlineData("A7")]
    [InlineData("C01")]
    [InlineData("C02")]
    [InlineData("C03")]
    public void Utility_is_that_of_the_reference(string tag)
    {
        var run = ReferenceRun.Of(tag);
        Agrees(run, run.Release());
    }

    [Theory]
    [InlineData("A3", "k=5", "l=3:occupation")]
    [InlineData("A4", "k=5", "l=3:occupation")]
    [InlineData("A5", "k=5", "t=0.2:occupation")]
    [InlineData("A6", "k=5", "t=0.2:occupation")]
    [InlineData("C08", "k=5", "entropy-l=3:occupation")]
    [InlineData("C09", "k=5", "recursive-cl=4,3:occupation")]
    [InlineData("C10", "k=5", "t-hierarchical=0.2:occupation")]
    public void Utility_is_that_of_the_reference_where_a_model_looks_at_occupation(string tag, params string[] models)
    {
        var run = ReferenceRun.Of(tag);
        var occupation = ReferenceRun.Table["occupation"];
        var parsed = PrivacyModels.ParseAll(models, ReferenceRun.Hierarchies(["occupation"])).Cast<ClassModel>().ToArray();
        var tests = parsed.Select(model => model.For(model.Sensitive is null ? [] : occupation.Counts(), occupation.Values, ReferenceRun.Table.Rows)).ToArray();
        bool[]? passes = null;
        var release = run.Release((classes, row) => (passes ??= Judge(classes))[classes.ClassOf[row]]);
        Agrees(run, release);

        bool[] Judge(EquivalenceClasses classes)
        {
            var counts = Enumerable.Range(0, classes.Sizes.Classes).Select(_ => new int[occupation.Distinct]).ToArray();
            for (var row = 0; row < ReferenceRun.Table.Rows; row++)
                counts[classes.ClassOf[row]][occupation.Code(row)]++;
            return [.. counts.Select((one, index) => tests.Zip(parsed).All(test => test.First.Passes(one.Sum(), test.Second.Sensitive is null ? [] : one)))];
        }
    }

    // A model of whole tables: the smallest classes go until it passes.
    [Fact]
    public void Utility_is_that_of_the_reference_where_the_average_risk_is_limited()
    {
        var run = ReferenceRun.Of("C13");
        var model = new AverageRisk(0.01);
        bool[]? gone = null;
        var release = run.Release((classes, row) => !(gone ??= Judge(classes))[classes.ClassOf[row]]);
        Agrees(run, release);

        // Of classes of one size the one that says most, by the product of 1 + size · share, goes first; then the one whose first record comes first.
        bool[] Judge(EquivalenceClasses classes)
        {
            var sizes = classes.SizeOf.ToArray();
            var first = Enumerable.Range(0, sizes.Length).Select(one => classes.ClassOf.IndexOf(one)).ToArray();
            var order = Enumerable.Range(0, sizes.Length).OrderBy(one => sizes[one]).ThenBy(one => Loss(sizes[one], first[one])).ThenBy(one => first[one]).ToArray();
            var gone = new bool[sizes.Length];
            foreach (var one in order)
            {
                if (model.Passes(ClassSizes.Of([.. sizes.Where((_, index) => !gone[index])])))
                    break;
                gone[one] = true;
            }

            return gone;
        }

        double Loss(int size, int row) => run.Levels.Zip(ReferenceRun.Hierarchies(run.Levels.Select(one => one.Name))).Aggregate(1.0, (product, one) =>
        {
            Assert.True(one.Second.TryLeaf(ReferenceRun.Table[one.First.Name][row], out var leaf));
            return product * (1 + (size * one.Second.Share(leaf, one.First.Level)));
        });
    }

    private static readonly Hierarchy Age = Hierarchy.Of("age", [["30", "30s", "*"], ["31", "30s", "*"], ["40", "40s", "*"], ["41", "40s", "*"]]);

    private static Table Ages(params string[] values) => Table.Of(["age"], values.Select(one => new[] { one }));

    [Fact]
    public void A_release_that_changed_nothing_has_lost_nothing()
    {
        var table = Ages("30", "31", "40", "30");
        var utility = UtilityFigures.Of(table, table, Age);
        Assert.Equal((0, 1, 1, 1, 0), (utility.Loss, utility.Granularity, utility.GeneralisationIntensity, utility.NonUniformEntropy, utility.Missing));
        Assert.Equal((1, 1, 1, 1), (utility.Discernability, utility.AverageClassSize, utility.Ambiguity, utility.SquaredError));
    }

    [Fact]
    public void A_release_that_says_nothing_has_lost_everything()
    {
        var utility = UtilityFigures.Of(Ages("30", "31", "40", "30"), Ages("*", "*", "*", "*"), Age);
        Assert.Equal((1, 0, 0, 0, 1), (utility.Loss, utility.Granularity, utility.GeneralisationIntensity, utility.NonUniformEntropy, utility.Missing));
        Assert.Equal((0, 0, 0, 0), (utility.Discernability, utility.AverageClassSize, utility.Ambiguity, utility.SquaredError));
        Assert.Equal(4, utility.Suppressed);
    }

    // By hand: shares 1/2, 1/2, 1/4, 1 → mean 9/16, between 1/4 and 1: lost 5/12. Levels 1, 1, 0, 2 of 2 → lost 1/2.
    [Fact]
    public void Cells_of_one_column_may_stand_on_different_levels()
    {
        var utility = UtilityFigures.Of(Ages("30", "31", "40", "41"), Ages("30s", "30s", "40", "*"), Age);
        Assert.Equal(7.0 / 12, utility.Granularity, 1e-12);
        Assert.Equal(0.5, utility.GeneralisationIntensity, 1e-12);
        Assert.Equal(0.25, utility.Missing, 1e-12);
        // 30 and 31 lose a bit each on level 1. 41 loses none there: the 40 that stays at level 0 is not among those that go up. At the top it is alone: nothing more is lost. 6 of 8 bits are left.
        Assert.Equal(0.75, utility.NonUniformEntropy, 1e-12);
        // Classes of 2 and 1, and one suppressed that costs 4: 9, between 4 and 16.
        Assert.Equal(7.0 / 12, utility.Discernability, 1e-12);
    }

    [Fact]
    public void Tables_of_different_length_and_values_on_no_level_are_refused()
    {
        Assert.Equal(PrivacyCodes.TableUnreadable, Assert.Throws<PrivacyException>(() => UtilityFigures.Of(Ages("30", "31"), Ages("30s"), Age)).Refusal.Code);
        var refusal = Assert.Throws<PrivacyException>(() => UtilityFigures.Of(Ages("30"), Ages("thirty"), Age)).Refusal;
        Assert.Equal(("age", PrivacyCodes.HierarchyUnusable), (refusal.Column, refusal.Code));
    }

    private static void Agrees(ReferenceRun run, Table release)
    {
        string[] names = [.. run.Levels.Select(one => one.Name)];
        RiskFiguresTests.Agrees(run, "out", RiskFigures.Of(EquivalenceClasses.Of(release, names).Sizes));
        var utility = UtilityFigures.Of(ReferenceRun.Table, release, ReferenceRun.Hierarchies(names));
        const double tolerance = 1e-9;
        Assert.Equal(run["suppressed"], utility.Suppressed);
        // C03 was searched with the arithmetic mean: its score is another figure.
        if (run.Tag != "C03_k5_s04_mean")
            Assert.Equal(run["score"], utility.Loss, tolerance);
        Assert.Equal(run["avg_class"], utility.MeanClassSize, tolerance);
        Assert.Equal(run["q_missings"], utility.Missing, tolerance);
        Assert.Equal(run["q_dm"], utility.Discernability, tolerance);
        Assert.Equal(run["q_aecs"], utility.AverageClassSize, tolerance);
        Assert.Equal(run["q_ambig"], utility.Ambiguity, tolerance);
        Assert.Equal(run["q_granularity"], utility.Granularity, tolerance);
        Assert.Equal(run["q_genint"], utility.GeneralisationIntensity, tolerance);
        Assert.Equal(run["q_nuentropy"], utility.NonUniformEntropy, tolerance);
        Assert.Equal(run["q_sse"], utility.SquaredError, tolerance);
    }
}
