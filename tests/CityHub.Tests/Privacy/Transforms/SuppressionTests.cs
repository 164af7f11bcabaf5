using CityHub.Privacy;
using CsCheck;
using static CityHub.Tests.Privacy.TransformSamples;

namespace CityHub.Tests.Privacy;

public sealed class SuppressionTests
{
    [Theory]
    [InlineData("张伟", 1, 0, "张*")]
    [InlineData("欧阳修", 2, 0, "欧阳*")]
    [InlineData("13812345678", 3, 4, "138****5678")]
    [InlineData("张", 1, 0, "*")]
    [InlineData("ab", 1, 1, "**")]
    [InlineData("𠮷野", 1, 0, "𠮷*")]
    [InlineData("", 1, 0, "")]
    public void A_mask_shows_the_ends_and_hides_the_middle(string value, int first, int last, string expected)
    {
        using var context = new TransformContext();
        Assert.Equal(expected, new Mask("x", first, last).Open(context)(value));
    }

    [Fact]
    public void A_mask_may_hide_classes_of_characters_or_the_length()
    {
        using var context = new TransformContext();
        Assert.Equal("(010) ****-****", new Mask("x", 5, 0, "*", MaskClasses.Digits).Open(context)("(010) 6255-1234"));
        Assert.Equal("京*-*****", new Mask("x", 0, 0, "*", MaskClasses.Digits | MaskClasses.Letters).Open(context)("京A-12B45"));
        Assert.Equal("a***z", new Mask("x", 1, 1, "*", width: 3).Open(context)("abcdefghijz"));
        Assert.Equal(PrivacyCodes.TransformUnusable, Refused(() => _ = new Mask("x", with: "**")).Code);
    }

    [Fact]
    public void A_mask_never_lets_a_hidden_character_through()
    {
        var text = Gen.OneOf(Gen.Char['a', 'z'], Gen.Char['0', '9'], Gen.Char['一', '龥'], Gen.Const('-')).Array[0, 20].Select(chars => new string(chars));
        Gen.Select(text, text, Gen.Int[0, 6], Gen.Int[0, 6]).Sample(
            (one, other, first, last) =>
            {
                using var context = new TransformContext();
                var mask = new Mask("x", first, last).Open(context);
                var masked = mask(one);
                Assert.Equal(one.Length, masked.Length);
                var kept = one.Length > first + last ? first + last : 0;
                Assert.Equal(one.Length - kept, masked.Count(c => c == '*'));

                // Whatever the middle is, the result is the same.
                if (one.Length > first + last && other.Length >= one.Length)
                    Assert.Equal(masked, mask(one[..first] + other[first..(one.Length - last)] + one[(one.Length - last)..]));
            },
            iter: 500,
            threads: 1);
    }

    [Fact]
    public void Cells_records_and_columns_are_suppressed()
    {
        using var context = ReleaseContext();
        var cells = new SuppressCells("disease", "HIV").Apply(People, context);
        Assert.Equal(Cells(People, "disease").Select(v => v == "HIV" ? "*" : v), Cells(cells, "disease"));
        Assert.Equal(Cells(People, "id"), Cells(cells, "id"));

        var records = new SuppressRecords("disease", "HIV", "absent").Apply(People, context);
        Assert.Equal(54, records.Rows);
        Assert.DoesNotContain("HIV", Cells(records, "disease"));

        var columns = new SuppressColumns("id", "name").Apply(People, context);
        Assert.Equal(["phone", "district", "age", "income", "disease"], columns.Columns.Select(one => one.Name));
    }

    [Fact]
    public void Rare_combinations_are_suppressed_and_frequent_ones_are_not()
    {
        using var context = ReleaseContext();
        var rare = new SuppressRare(["district", "disease"], 5).Apply(People, context);
        var before = Enumerable.Range(0, 60).GroupBy(row => (People["district"][row], People["disease"][row])).ToDictionary(one => one.Key, one => one.Count());
        for (var row = 0; row < 60; row++)
            Assert.Equal(before[(People["district"][row], People["disease"][row])] < 5, rare["district"][row] == "*" && rare["disease"][row] == "*");
        Assert.Contains("*", rare["district"].Values);
        Assert.Contains("East", rare["district"].Values);
    }
}
