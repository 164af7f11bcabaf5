using CityHub.Privacy;
using CsCheck;
using static CityHub.Tests.Privacy.TransformSamples;

namespace CityHub.Tests.Privacy;

public sealed class GeneralisationTests
{
    [Fact]
    public void A_value_becomes_its_group_and_one_that_is_in_no_hierarchy_is_refused()
    {
        using var context = ReleaseContext();
        var made = new Generalise("district", 1).Apply(People, context);
        Assert.Equal(Cells(People, "district").Select(value => value is "East" or "West" ? "city" : "country"), Cells(made, "district"));
        Assert.Equal(2, made["district"].Distinct);

        var refusal = Refused(() => new Generalise("where", 1, "district").Apply(Table.Of(["where"], ["East"], ["Moon"]), context));
        Assert.Equal((PrivacyCodes.HierarchyUnusable, "where", 3L), (refusal.Code, refusal.Column, refusal.Row));
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => new Generalise("district", 3).Apply(People, context)).Code);
        Assert.Contains("hierarchy of phone", Refused(() => new Generalise("phone", 1).Apply(People, context)).Detail);
    }

    [Fact]
    public void Only_rare_values_go_up_and_only_as_far_as_they_have_to()
    {
        using var context = ReleaseContext();

        // 25 East, 20 West, 13 Hill, 2 Lake.
        Assert.Equal(["East", "West", "country"], new GeneraliseRare("district", 14).Apply(People, context)["district"].Values);
        Assert.Equal(["East", "West", "Hill", "*"], new GeneraliseRare("district", 5).Apply(People, context)["district"].Values);
        Assert.Equal(["East", "*"], new GeneraliseRare("district", 21).Apply(People, context)["district"].Values);
        Assert.Equal(["East", "West", "Hill", "Lake"], new GeneraliseRare("district", 2).Apply(People, context)["district"].Values);
    }

    [Theory]
    [InlineData("12", 5, "10")]
    [InlineData("12.5", 5, "15")]
    [InlineData("-12.5", 5, "-15")]
    [InlineData("0.37", 0.1, "0.4")]
    [InlineData("-0.01", 0.1, "0")]
    [InlineData("1e3", 250, "1000")]
    public void A_number_is_rounded_to_the_step(string value, double step, string expected)
    {
        using var context = new TransformContext();
        Assert.Equal(expected, new RoundNumbers("x", (decimal)step).Open(context)(value));
    }

    [Fact]
    public void A_rounded_number_is_a_multiple_within_half_a_step()
    {
        using var context = new TransformContext();
        Gen.Select(Gen.Decimal[-100_000, 100_000], Gen.Int[1, 1000]).Sample(
            (number, thousandths) =>
            {
                var step = thousandths / 1000m;
                Assert.True(Numbers.TryRead(new RoundNumbers("x", step).Open(context)(Numbers.Write(number)), out var rounded));
                Assert.Equal(0, rounded % step);
                Assert.True(Math.Abs(rounded - number) <= step / 2);
            },
            iter: 300,
            threads: 1);
    }

    [Fact]
    public void Extremes_are_coded_as_the_bound()
    {
        using var context = new TransformContext();
        var plain = new TopBottomCode("x", 20, 80).Open(context);
        Assert.Equal(["20", "20", "21", "79.5", "80", "80"], new[] { "3", "20", "21", "79.5", "80", "104" }.Select(value => plain(value)));
        var marked = new TopBottomCode("x", null, 80, marked: true).Open(context);
        Assert.Equal(["3", "≥80"], new[] { "3", "104" }.Select(value => marked(value)));
        var refusal = Refused(() => new TopBottomCode("age", 1, 2).Apply(Table.Of(["age"], ["1"], ["old"]), context));
        Assert.Equal((PrivacyCodes.TransformUnusable, "age", 3L), (refusal.Code, refusal.Column, refusal.Row));
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => _ = new TopBottomCode("x", 5, 5)).Code);
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => new RoundNumbers("x", 0.0000001m).Open(context)("79228162514264337593543950335")).Code);
    }

    [Fact]
    public void Columns_are_combined_into_one()
    {
        using var context = new TransformContext();
        var made = new CombineColumns(["y", "m"], "month", "-").Apply(Table.Of(["y", "a", "m"], ["2024", "x", "01"], ["2025", "z", "12"]), context);
        Assert.Equal(["a", "month"], made.Columns.Select(column => column.Name));
        Assert.Equal(["2024-01", "2025-12"], Cells(made, "month"));
    }
}
