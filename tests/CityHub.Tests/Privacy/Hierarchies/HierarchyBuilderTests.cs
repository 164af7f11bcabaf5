using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

public sealed class HierarchyBuilderTests
{
    private static Column Of(params string[] values) => Table.Of(["a"], values.Select(one => new[] { one })).Columns[0];

    private static string[] Path(Hierarchy hierarchy, string value)
    {
        Assert.True(hierarchy.TryLeaf(value, out var leaf));
        return [.. Enumerable.Range(0, hierarchy.Levels).Select(level => hierarchy.Label(level, hierarchy.Group(leaf, level)))];
    }

    [Fact]
    public void Numbers_are_in_intervals_of_doubling_width_whose_bounds_are_not_of_the_data()
    {
        var ages = HierarchyBuilder.Intervals(Of("17", "23", "61", ""), 5);
        Assert.Equal(["23", "20-24", "20-29", "20-39", "0-39", "0-79", "*"], Path(ages, "23"));
        Assert.Equal(["", "", "", "", "", "", "*"], Path(ages, ""));
        Assert.Equal(["-1", "-5--1", "*"], Path(HierarchyBuilder.Intervals(Of("-1", "-3"), 5), "-1"));
        Assert.Equal(["0.75", "[0.5, 1)", "[0, 1)", "*"], Path(HierarchyBuilder.Intervals(Of("0.75", "0.1"), 0.5m), "0.75"));
    }

    [Fact]
    public void Days_regions_and_codes_have_the_levels_that_people_know()
    {
        Assert.Equal(["2026-03-17", "2026-03", "2026-Q1", "2026", "2020s", "*"], Path(HierarchyBuilder.Dates(Of("2026-03-17", "20251231")), "2026-03-17"));
        Assert.Equal(["20251231", "2025-12", "2025-Q4", "2025", "2020s", "*"], Path(HierarchyBuilder.Dates(Of("20251231")), "20251231"));
        Assert.Equal(["110101", "110100", "110000", "*"], Path(HierarchyBuilder.Regions(Of("110101")), "110101"));
        Assert.Equal(["2004", "200*", "20**", "2***", "*"], Path(HierarchyBuilder.Prefixes(Of("2004", "21")), "2004"));
        Assert.Equal(["21", "21 *", "21**", "2***", "*"], Path(HierarchyBuilder.Prefixes(Of("2004", "21")), "21"));
        Assert.Equal(["low", "low-middle", "*"], Path(HierarchyBuilder.Ordered(Of("low", "high"), ["low", "middle", "high"], 2), "low")[..2].Append("*"));
        Assert.Equal(["x", "*"], Path(HierarchyBuilder.Suppression(Of("x", "y")), "x"));
    }

    [Fact]
    public void Refused_with_the_row_where_a_value_does_not_fit()
    {
        foreach (var build in new Func<Hierarchy>[] { () => HierarchyBuilder.Intervals(Of("1", "x"), 5), () => HierarchyBuilder.Dates(Of("2026-01-01", "2026-02-30")), () => HierarchyBuilder.Regions(Of("110101", "1101")) })
        {
            var refusal = Assert.Throws<PrivacyException>(build).Refusal;
            Assert.Equal((PrivacyCodes.HierarchyUnusable, "a", 3L), (refusal.Code, refusal.Column, refusal.Row));
        }

        Assert.Equal(PrivacyCodes.HierarchyUnusable, Assert.Throws<PrivacyException>(() => HierarchyBuilder.Intervals(Of("1"), 0)).Refusal.Code);
    }

    /// <summary>Hierarchy.Of refuses groups that split further up, so that what is built is one.</summary>
    [Fact]
    public void Whatever_the_numbers_what_is_built_is_a_hierarchy_with_one_top() =>
        Gen.Select(Gen.Int[-1000, 1000].Array[1, 60], Gen.Int[1, 40]).Sample((numbers, width) =>
        {
            var hierarchy = HierarchyBuilder.Intervals(Of([.. numbers.Select(one => one.ToString(System.Globalization.CultureInfo.InvariantCulture))]), width);
            Assert.Equal(1, hierarchy.GroupCount(hierarchy.Levels - 1));
        });
}
