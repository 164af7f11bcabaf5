using System.Globalization;
using System.Text;
using CityHub.Core.Tables;
using CityHub.Standards.Mapping;
using CityHub.Standards.Units;
using CsCheck;

namespace CityHub.Tests.Standards.Mapping;

public sealed class ValueTests
{
    private static readonly string[] Patterns = ["yyyyMMdd", "yyyy年M月d日", "yyyy/M/d", "excel", "iso"];

    private static readonly Gen<DateOnly> Days = Gen.Int[0, 72_000].Select(d => new DateOnly(1901, 3, 1).AddDays(d));

    [Theory]
    [InlineData("20240301")]
    [InlineData("2024年3月1日")]
    [InlineData("二〇二四年三月一日")]
    [InlineData("２０２４年０３月０１日")]
    [InlineData("2024/3/1")]
    [InlineData("45352")]
    [InlineData("2024-03-01")]
    public void A_day_is_read_however_a_department_writes_it(string text) =>
        Assert.Equal(new DateOnly(2024, 3, 1), DateReader.For(Patterns).Value.Date(Cell.Text(text)));

    [Theory]
    [InlineData("20240230")]
    [InlineData("2024年13月1日")]
    [InlineData("45")]
    [InlineData("")]
    [InlineData("昨天")]
    public void What_is_no_day_is_none(string text) => Assert.Null(DateReader.For(Patterns).Value.Date(Cell.Text(text)));

    [Fact]
    public void A_day_comes_back_from_every_way_of_writing_it() => Days.Sample(day =>
    {
        foreach (var pattern in Patterns)
        {
            var text = pattern switch
            {
                "excel" => (day.DayNumber - new DateOnly(1899, 12, 30).DayNumber).ToString(CultureInfo.InvariantCulture),
                "iso" => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                _ => day.ToString(pattern, CultureInfo.InvariantCulture),
            };
            Assert.Equal(day, DateReader.For([pattern]).Value.Date(Cell.Text(text)));
        }
    }, iter: 2000);

    [Theory]
    [InlineData("农历二〇二四年正月初一", "2024-02-10")]
    [InlineData("2023年闰二月初一", "2023-03-22")]
    [InlineData("2023年二月初一", "2023-02-20")]
    [InlineData("2020年闰四月初一", "2020-05-23")]
    [InlineData("二〇二四年八月十五", "2024-09-17")]
    [InlineData("2024年腊月廿九", "2025-01-28")]
    public void The_Chinese_calendar_leads_to_the_Gregorian_day(string text, string day) =>
        Assert.Equal(day, LunarDate.ToGregorian(text, out _)?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    [Theory]
    [InlineData("2024年闰二月初一")]
    [InlineData("2024年腊月三十")]
    [InlineData("1850年正月初一")]
    [InlineData("正月")]
    public void What_the_Chinese_calendar_does_not_have_is_refused_with_a_reason(string text)
    {
        Assert.Null(LunarDate.ToGregorian(text, out var why));
        Assert.False(string.IsNullOrEmpty(why));
    }

    [Fact]
    public void Every_day_comes_back_from_the_Chinese_calendar() => Days.Where(d => d.Year is > 1901 and < 2098).Sample(day =>
    {
        var (year, month, leap, of) = LunarDate.Of(day);
        Assert.Equal(day, LunarDate.ToGregorian(year, month, leap, of, out _));
        Assert.Equal(day, LunarDate.ToGregorian($"{year}年{(leap ? "闰" : "")}{ChineseNumbers.Write(month)}月{(of <= 10 ? "初" : "")}{ChineseNumbers.Write(of)}", out _));
    }, iter: 5000);

    [Fact]
    public void Numbers_come_back_from_Chinese() => Gen.Int[1, 99_999].Sample(n =>
    {
        Assert.True(ChineseNumbers.TryRead(ChineseNumbers.Write(n), out var read), ChineseNumbers.Write(n));
        Assert.Equal(n, read);
    }, iter: 5000);

    [Theory]
    [InlineData("130503670401001", "130503196704010016")]
    [InlineData("11010519491231002x", "11010519491231002X")]
    [InlineData("１１０１０５ 19491231 002X", "11010519491231002X")]
    public void An_ID_number_becomes_the_one_of_18_characters(string text, string expected) => Assert.Equal(expected, IdNumber.Normalise(text, out _));

    [Theory]
    [InlineData("110105194912310021")]
    [InlineData("11010519491331002X")]
    [InlineData("1305036704010")]
    [InlineData("13050367O401001")]
    public void What_is_no_ID_number_is_refused(string text) => Assert.Null(IdNumber.Normalise(text, out _));

    [Fact]
    public void One_wrong_digit_of_an_ID_number_is_always_found() => Gen.Select(Gen.Int[100_000, 999_999], Days, Gen.Int[0, 999], Gen.Int[0, 16], Gen.Int[1, 9]).Sample((area, day, order, at, by) =>
    {
        var id = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{area}{day:yyyyMMdd}{order:000}0"));
        id[17] = IdNumber.Check(id);
        Assert.True(IdNumber.IsValid(id));
        id[at] = (byte)('0' + ((id[at] - '0' + by) % 10));
        Assert.False(IdNumber.IsValid(id));
    }, iter: 3000);

    [Theory]
    [InlineData("91350100M000100Y43", true)]
    [InlineData("91350100M000100Y44", false)]
    [InlineData("91350100M000100Y4", false)]
    public void A_credit_code_has_its_check_character(string code, bool valid) => Assert.Equal(valid, CreditCode.IsValid(Encoding.UTF8.GetBytes(code)));

    [Theory]
    [InlineData("重庆市渝中区解放碑街道民族路三号１２栋二单元", "|重庆市|渝中区|解放碑街道|民族路|3号|12栋2单元")]
    [InlineData("广东省　深圳市南山区粤海街道科技园路１０－２号", "广东省|深圳市|南山区|粤海街道|科技园路|10-2号|")]
    [InlineData("北京市朝阳区三里屯路十九号院", "|北京市|朝阳区||三里屯路|19号|院")]
    [InlineData("内蒙古自治区锡林郭勒盟东乌珠穆沁旗", "内蒙古自治区|锡林郭勒盟|东乌珠穆沁旗||||")]
    [InlineData("五四路一百零八号", "||||五四路|108号|")]
    public void An_address_is_cut_into_its_parts(string text, string parts)
    {
        var address = ChineseAddress.Read(text);
        Assert.Equal(parts, string.Join('|', address.Province, address.City, address.District, address.Street, address.Road, address.Number, address.Rest));
        Assert.Equal(ChineseAddress.Normalise(text), address.Whole);
    }

    [Fact]
    public void A_normal_address_stays_as_it_is_and_no_character_is_lost() =>
        Gen.Int[0, 23].Select(i => "重庆市渝中区解放路三号１２栋十－　乡镇街道村里弄"[i]).Array[0, 30].Select(c => new string(c)).Sample(text =>
        {
            var once = ChineseAddress.Normalise(text);
            Assert.Equal(once, ChineseAddress.Normalise(once));
            Assert.Equal(once, ChineseAddress.Read(text).Whole);
        }, iter: 3000);

    [Fact]
    public void Shifted_coordinates_come_back() => Gen.Select(Gen.Double[73.5, 135], Gen.Double[4, 53]).Sample((x, y) =>
    {
        var (gx, gy) = Gcj02.FromWgs84(x, y);
        Assert.True(Math.Abs(gx - x) + Math.Abs(gy - y) > 1e-6);
        var (bx, by) = Gcj02.ToWgs84(gx, gy);
        Assert.InRange(bx, x - 1e-8, x + 1e-8);
        Assert.InRange(by, y - 1e-8, y + 1e-8);
    }, iter: 2000);

    [Fact]
    public void A_value_comes_back_from_another_unit()
    {
        (string, string)[] pairs = [("km/h", "m/s"), ("Cel", "K"), ("mg/m3", "ug/m3"), ("kW.h", "J")];
        Gen.Select(Gen.Double[-1000, 1000], Gen.Int[0, pairs.Length - 1]).Sample((value, i) =>
        {
            var schema = Given.Schema(("a", ColumnType.Number));
            var (there, back) = (StepCompiler.Compile(new MappingStep { Do = "unit", From = pairs[i].Item1, To = pairs[i].Item2 }, schema, TownTables.All).Value,
                StepCompiler.Compile(new MappingStep { Do = "unit", From = pairs[i].Item2, To = pairs[i].Item1 }, schema, TownTables.All).Value);
            var row = new CellBatch(schema).Batch;
            var other = there(Cell.Of(value), row, 0);
            Assert.Equal(Ucum.Convert(value, pairs[i].Item1, pairs[i].Item2).Value, other.Cell.Number, 1e-9 * Math.Max(1, Math.Abs(other.Cell.Number)));
            Assert.Equal(value, back(other.Cell, row, 0).Cell.Number, 1e-9);
        }, iter: 1000);
    }

    [Theory]
    [InlineData("1,234.5", 1234.5)]
    [InlineData("１２", 12)]
    [InlineData("三百二十", 320)]
    [InlineData("-0.5", -0.5)]
    public void A_number_is_read(string text, double expected)
    {
        Assert.True(StepCompiler.TryNumber(Cell.Text(text), out var number));
        Assert.Equal(expected, number);
    }

    [Theory]
    [InlineData("1,5")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    [InlineData("12元")]
    public void A_number_is_not_guessed(string text) => Assert.False(StepCompiler.TryNumber(Cell.Text(text), out _));
}
