using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>Models as texts, and what is refused.</summary>
public sealed class PrivacyModelsTests
{
    private static readonly Hierarchy Occupation = Hierarchy.Of("occupation", ["a", "*"], ["b", "*"]);

    [Theory]
    [InlineData("k=5", typeof(KAnonymity))]
    [InlineData("l=3:occupation", typeof(DistinctDiversity))]
    [InlineData("entropy-l=2.5:occupation", typeof(EntropyDiversity))]
    [InlineData("grassberger-l=3:occupation", typeof(EntropyDiversity))]
    [InlineData("recursive-cl=4,3:occupation", typeof(RecursiveDiversity))]
    [InlineData("t=0.2:occupation", typeof(EqualCloseness))]
    [InlineData("t-ordered=0.2:occupation", typeof(OrderedCloseness))]
    [InlineData("t-hierarchical=0.2:occupation", typeof(HierarchicalCloseness))]
    [InlineData("delta-disclosure=1:occupation", typeof(DeltaDisclosure))]
    [InlineData("beta=1:occupation", typeof(BasicBeta))]
    [InlineData("enhanced-beta=1.5:occupation", typeof(EnhancedBeta))]
    [InlineData("delta-presence=0.1,0.5", typeof(DeltaPresence))]
    [InlineData("l=3:name: with, signs", typeof(DistinctDiversity))]
    public void A_model_is_read_as_it_is_written(string text, Type type)
    {
        var model = PrivacyModels.Parse(text, Occupation);
        Assert.IsType(type, model);
        Assert.Equal(text, model.Text);
        Assert.Equal(text, model.ToString());
    }

    [Fact]
    public void Every_example_can_be_read()
    {
        var hierarchy = Hierarchy.Of("attribute", ["a", "*"], ["b", "*"]);
        foreach (var example in PrivacyModels.Examples)
            Assert.StartsWith(example, PrivacyModels.Parse(example, hierarchy).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("m=5", "there is no such model")]
    [InlineData("k", "has no parameter")]
    [InlineData("k=five", "\"five\" is not a whole number")]
    [InlineData("k=0", "k has to be 1 or more")]
    [InlineData("k=5,6", "it has 2 numbers")]
    [InlineData("k=5:occupation", "looks at no sensitive attribute")]
    [InlineData("l=3", "does not name the sensitive attribute")]
    [InlineData("t=1.5:occupation", "t has to lie between 0 and 1")]
    [InlineData("t=NaN:occupation", "is not a number")]
    [InlineData("recursive-cl=4:occupation", "it has 1 numbers")]
    [InlineData("recursive-cl=0,3:occupation", "c has to be a number above 0")]
    [InlineData("t-hierarchical=0.2:work", "it needs the hierarchy of work")]
    [InlineData("beta=-1:occupation", "beta has to be a number above 0")]
    [InlineData("delta-presence=0.6,0.5", "the smaller one first")]
    public void A_wrong_text_is_refused_with_the_way_forward(string text, string why)
    {
        var refusal = Assert.Throws<PrivacyException>(() => PrivacyModels.Parse(text, Occupation)).Refusal;
        Assert.Equal(PrivacyCodes.ModelUnusable, refusal.Code);
        Assert.Contains(why, refusal.Detail, StringComparison.Ordinal);
        Assert.NotNull(refusal.Hint);
    }

    [Fact]
    public void A_model_that_the_table_can_never_pass_is_refused_before_any_search()
    {
        void Refused(ClassModel model, string why) =>
            Assert.Contains(why, Assert.Throws<PrivacyException>(() => model.For(model.ComparesWithPopulation ? [9] : model.Sensitive is null ? [] : [6, 4, 0], ["a", "b", "c"], 10)).Refusal.Detail, StringComparison.Ordinal);

        Refused(new KAnonymity(11), "the table has 10 records");
        Refused(new DistinctDiversity("s", 3), "s has only 2 different values");
        Refused(new EntropyDiversity("s", 2.1), "s has only 2 different values");
        Refused(new RecursiveDiversity("s", 2, 3), "s has only 2 different values");
        Refused(new DeltaPresence(0, 1), "the population has 9 records");
        Refused(new HierarchicalCloseness("s", 0.2, Hierarchy.Of("s", ["a", "*"], ["b", "*"])), "no line for c");
    }

    [Fact]
    public void A_hierarchy_with_two_tops_gives_no_distances() =>
        Assert.Contains("does not end in one group", Assert.Throws<PrivacyException>(() => new HierarchicalCloseness("s", 0.2, Hierarchy.Of("s", ["a", "A"], ["b", "B"]))).Refusal.Detail, StringComparison.Ordinal);

    [Fact]
    public void Several_models_are_read_at_once()
    {
        Assert.Equal(["k=5", "l=3:occupation"], PrivacyModels.ParseAll(["k=5", "l=3:occupation", "k=5"]).Select(one => one.Text));
        Assert.Equal(PrivacyCodes.ModelUnusable, Assert.Throws<PrivacyException>(() => PrivacyModels.ParseAll([])).Refusal.Code);
    }
}
