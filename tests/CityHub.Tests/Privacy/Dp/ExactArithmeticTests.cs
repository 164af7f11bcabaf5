using System.Numerics;
using CityHub.Privacy;
using CsCheck;

namespace CityHub.Tests.Privacy;

public sealed class ExactArithmeticTests
{
    [Theory]
    [InlineData("0.1", "1", "10", "0.1")]
    [InlineData("1e-6", "1", "1000000", "0.000001")]
    [InlineData("-2.50", "-5", "2", "-2.5")]
    [InlineData("2/6", "1", "3", "1/3")]
    [InlineData("+.5", "1", "2", "0.5")]
    [InlineData("12.", "12", "1", "12")]
    [InlineData("1.5E3", "1500", "1", "1500")]
    [InlineData("-0", "0", "1", "0")]
    [InlineData("-0.0", "0", "1", "0")]
    public void A_decimal_text_is_the_number_that_it_says(string text, string numerator, string denominator, string again)
    {
        Assert.True(ExactRational.TryParse(text, out var value));
        Assert.Equal((BigInteger.Parse(numerator, System.Globalization.CultureInfo.InvariantCulture), BigInteger.Parse(denominator, System.Globalization.CultureInfo.InvariantCulture)), (value.Numerator, value.Denominator));
        Assert.Equal(again, value.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData(".")]
    [InlineData("1/0")]
    [InlineData("1/-3")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    [InlineData("0x10")]
    [InlineData("1,5")]
    [InlineData("1 2")]
    [InlineData("--1")]
    [InlineData("+-1")]
    [InlineData("1.-5")]
    [InlineData("1.+5")]
    public void What_is_no_number_is_refused(string text) => Assert.False(ExactRational.TryParse(text, out _));

    [Fact]
    public void A_number_is_read_back_as_it_was_written() =>
        Gen.Select(Gen.Long, Gen.Long[1, 1_000_000_000]).Sample((n, d) =>
            ExactRational.TryParse(new ExactRational(n, d).ToString(), out var again) && again == new ExactRational(n, d));

    [Fact]
    public void Floor_and_ceiling_go_down_and_up_on_both_sides_of_zero() =>
        Gen.Select(Gen.Int, Gen.Int[1, 1000]).Sample((n, d) =>
        {
            var value = new ExactRational(n, d);
            return value.Floor() <= value && value < value.Floor() + 1 && value.Ceiling() >= value && value > value.Ceiling() - 1;
        });

    [Theory]
    [InlineData("1/3", 4, "0.3333")]
    [InlineData("2/3", 2, "0.67")]
    [InlineData("-1/1000", 2, "0.00")] // no negative zero: its sign would be the data's
    [InlineData("-7/2", 0, "-4")]
    public void Text_for_people_is_rounded(string value, int places, string text) => Assert.Equal(text, ExactRational.Parse(value).ToText(places));

    [Fact]
    public void The_exponential_lies_between_its_bounds_and_these_are_two_units_apart_at_most()
    {
        Gen.Select(Gen.Int[0, 60_000], Gen.Int[1, 1000], Gen.Int[64, 300]).Sample((n, d, bits) =>
        {
            var (low, high) = ExactExponential.Bounds(new ExactRational(n, d), bits);
            var (finerLow, finerHigh) = ExactExponential.Bounds(new ExactRational(n, d), bits + 70);
            Assert.InRange(high - low, 0, 2);
            Assert.True(low << 70 <= finerLow && finerHigh <= high << 70, $"{n}/{d} at {bits} bits");
            var expected = Math.Exp(-(double)n / d);
            Assert.Equal(expected, (double)high * Math.Pow(2, -bits), expected * 1e-12 + Math.Pow(2, 1 - bits));
        }, iter: 300);
    }

    [Fact]
    public void One_over_e_is_right_to_ninety_digits()
    {
        // OEIS A068985.
        const string digits = "367879441171442321595523770161460867445811131031767834507836801697461495744899803357147274345";
        var (low, high) = ExactExponential.Bounds(1, 320);
        var ten = BigInteger.Pow(10, 93);
        var known = BigInteger.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
        Assert.True((low * ten) >> 320 <= known && known <= (high * ten) >> 320);
    }
}
