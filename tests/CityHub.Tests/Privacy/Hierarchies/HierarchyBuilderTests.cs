using System.Text;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

public sealed class HierarchyBuilderTests
{
    [Fact]
    public void Numbers_are_put_into_intervals_that_grow_and_come_in_their_order()
    {
        var ages = HierarchyBuilder.Intervals("age", ["31", "7", "", "34", "120", "38"], width: 5, growth: 2, levels: 2, to: 90);
        Assert.Equal(["7", "31", "34", "38", "120", ""], ages.Values);
        Assert.Equal(["7", "5-9", "0-9", "*"], Line(ages, "7"));
        Assert.Equal(["34", "30-34", "30-39", "*"], Line(ages, "34"));
        Assert.Equal(["38", "35-39", "30-39", "*"], Line(ages, "38"));
        Assert.Equal(["120", ">=90", ">=90", "*"], Line(ages, "120"));
        Assert.Equal(["", "", "", "*"], Line(ages, ""));
        Assert.Equal(["-0.3", "[-0.5, 0)", "[-1, 0)", "*"], Line(HierarchyBuilder.Intervals("x", ["-0.3", "1.25"], 0.5m, levels: 2), "-0.3"));
        Assert.Equal(["34.5", "[30, 35)", "*"], Line(HierarchyBuilder.Intervals("x", ["34.5"], 5, levels: 1), "34.5"));
        Assert.Equal(PrivacyCodes.HierarchyUnusable, Assert.Throws<PrivacyException>(() => HierarchyBuilder.Intervals("x", ["a"], 1)).Refusal.Code);
    }

    [Fact]
    public void Bounds_are_as_given_and_a_level_that_brings_in_new_ones_is_refused()
    {
        var ages = HierarchyBuilder.Bounds("age", ["5", "18", "40", "70"], [18, 35, 60], [35]);
        Assert.Equal(["5", "<18", "<35", "*"], Line(ages, "5"));
        Assert.Equal(["18", "18-34", "<35", "*"], Line(ages, "18"));
        Assert.Equal(["70", ">=60", ">=35", "*"], Line(ages, "70"));
        Assert.Throws<PrivacyException>(() => HierarchyBuilder.Bounds("age", ["36", "41"], [35], [40]));
    }

    [Fact]
    public void Days_become_months_quarters_years_and_decades()
    {
        var days = HierarchyBuilder.Dates("born", ["1987-12-31", "1990-01-01 08:00", "1987-10-02"]);
        Assert.Equal(["1987-12-31", "1987-12", "1987-Q4", "1987", "1980s", "*"], Line(days, "1987-12-31"));
        Assert.Equal("1987-10-02", days.Values[0]);
        Assert.Equal(["1990-01-01 08:00", "1990-01", "1990-Q1", "1990", "1990s", "*"], Line(days, "1990-01-01 08:00"));
        Assert.Equal("2001", HierarchyBuilder.Dates("born", ["03/04/2001"], "dd/MM/yyyy").Label(3, 0));
        Assert.Throws<PrivacyException>(() => HierarchyBuilder.Dates("born", ["1987-13-01"]));
    }

    [Fact]
    public void Region_codes_become_city_and_province()
    {
        var regions = HierarchyBuilder.Regions("region", ["110108", "110101", "440305"]);
        Assert.Equal(["110108", "110100", "110000", "*"], Line(regions, "110108"));
        Assert.Equal(["440305001", "440305", "440300", "440000", "*"], Line(HierarchyBuilder.Regions("region", ["440305001", "440304"]), "440305001"));
        Assert.Throws<PrivacyException>(() => HierarchyBuilder.Regions("region", ["11010"]));
    }

    [Fact]
    public void Characters_are_hidden_from_right_to_left_or_from_left_to_right()
    {
        Assert.Equal(["100081", "1000**", "10****", "*"], Line(HierarchyBuilder.Redaction("zip", ["100081", "1000"], step: 2), "100081"));
        Assert.Equal(["1000", "1000", "10**", "*"], Line(HierarchyBuilder.Redaction("zip", ["100081", "1000"], step: 2), "1000"));
        Assert.Equal(["abc", "#bc", "##c", "*"], Line(HierarchyBuilder.Redaction("x", ["abc"], fromLeft: true, mask: '#'), "abc"));
    }

    [Fact]
    public void Values_are_grouped_with_their_neighbours_or_wholly_suppressed()
    {
        var grades = HierarchyBuilder.Ordered("grade", ["none", "low", "middle", "high", "top"], 2, 2);
        Assert.Equal(["low", "none – low", "none – high", "*"], Line(grades, "low"));
        Assert.Equal(["top", "top", "top", "*"], Line(grades, "top"));
        Assert.Equal(["a", "*"], Line(HierarchyBuilder.Suppression("x", ["a", "b", "a"]), "a"));
        Assert.Throws<PrivacyException>(() => HierarchyBuilder.Suppression("x", []));
    }

    [Fact]
    public void A_hierarchy_is_the_same_after_writing_and_reading_and_a_bad_file_is_refused_with_its_line()
    {
        var hierarchy = HierarchyBuilder.Intervals("age", ["31", "7", "34"], 5);
        var bytes = new MemoryStream();
        HierarchyFile.Write(hierarchy, bytes);
        bytes.Position = 0;
        var read = HierarchyFile.Read(bytes, "age");
        Assert.Equal(hierarchy.Levels, read.Levels);
        foreach (var value in hierarchy.Values)
            Assert.Equal(Line(hierarchy, value), Line(read, value));
        var ragged = Assert.Throws<PrivacyException>(() => HierarchyFile.Read(new MemoryStream("a,g,*\nb,*\n"u8.ToArray()), "x")).Refusal;
        Assert.Equal((PrivacyCodes.HierarchyUnusable, "x", 2L), (ragged.Code, ragged.Column, ragged.Row));
        var encoding = Assert.Throws<PrivacyException>(() => HierarchyFile.Read(new MemoryStream([.. "a;*\n"u8, 0xB1, 0xB1, .. ";*\n"u8]), "x")).Refusal;
        Assert.Equal((PrivacyCodes.HierarchyUnusable, "x", 2L), (encoding.Code, encoding.Column, encoding.Row));
    }

    private static string[] Line(Hierarchy hierarchy, string value)
    {
        Assert.True(hierarchy.TryLeaf(value, out var leaf));
        return [.. Enumerable.Range(0, hierarchy.Levels).Select(level => hierarchy.Label(level, hierarchy.Group(leaf, level)))];
    }
}
