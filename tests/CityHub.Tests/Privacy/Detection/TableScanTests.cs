using System.Globalization;
using CityHub.Privacy;
using static CityHub.Privacy.PersonalDataClass;

namespace CityHub.Tests.Privacy.Detection;

/// <summary>Judging columns: by values, by names, by both, and against chance.</summary>
public sealed class TableScanTests
{
    private static readonly string[] Names = ["王伟", "李娜", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "黄丽华", "周杰", "吴秀英"];

    [Fact]
    public void A_register_of_persons_is_classified_by_its_values_and_names()
    {
        var scan = Scan(Table.Of(
            ["身份证号", "xm", "性别", "user_phone", "出生日期", "民族", "家庭住址", "诊断", "邮编", "备注", "设备温度", "企业信用代码"],
            Enumerable.Range(0, 100).Select(i => new[]
            {
                Id(i), Names[i % 10], i % 2 == 0 ? "男" : "女", Invariant($"138001{i:00000}"), Invariant($"19{50 + (i % 50)}-0{1 + (i % 9)}-15"), i % 3 == 0 ? "汉族" : "回族",
                Invariant($"北京市海淀区中关村大街{i + 1}号"), i % 2 == 0 ? "高血压" : "慢性胃炎", Invariant($"1000{i:00}"), i == 7 ? "请致电 13912345678 联系" : "无异常情况，设备运行正常，按期巡检", Invariant($"{20 + (i * 0.1):0.00}"),
                "91350100M000100Y43",
            })));

        Assert.Equal(
            [
                ("身份证号", DirectIdentifier, "resident-id"), ("xm", DirectIdentifier, "person-name"), ("性别", PersonalDataClass.QuasiIdentifier, "sex"), ("user_phone", DirectIdentifier, "mobile"),
                ("出生日期", PersonalDataClass.QuasiIdentifier, "birth-date"), ("民族", Sensitive, "ethnicity"), ("家庭住址", DirectIdentifier, "address"), ("诊断", Sensitive, "disease"), ("邮编", PersonalDataClass.QuasiIdentifier, "postcode"),
                ("备注", Other, null), ("设备温度", Other, null), ("企业信用代码", Other, "credit-code"),
            ],
            scan.Columns.Select(one => (one.Column, one.Suggested, one.Best?.Detector.Id)));
        var id = scan.Columns[0];
        Assert.True(id.Confidence > 0.99);
        Assert.Equal((1.0, 100, NameHint.Contains, "身份证"), (id.Best?.Share, id.Best?.Distinct, id.Best?.Name, id.Best?.NameWord));
        Assert.True(id.Best?.Lift > 1e5);
        // One telephone number in a hundred remarks is shown, although it does not make the column one of telephone numbers.
        var remark = Assert.Single(scan.Columns[9].Candidates);
        Assert.Equal((Detectors.Mobile, 0.01, true), (remark.Detector, remark.Share, remark.Within));
        Assert.Equal(["139****5678"], remark.Examples);
    }

    [Fact]
    public void Evidence_holds_examples_that_are_masked_and_never_a_value()
    {
        var values = new[] { "11010519491231002X", "13800138000", "zhang.san@example.cn", "京A12345", "北京市海淀区中关村大街27号", "6250946000000016", "192.168.10.20", "欧阳娜娜" };
        string[] masked = ["110105********002X", "138****8000", "z********@example.cn", "京A***45", "北京市海********27号", "62509******00016", "192.******.20", "欧***"];
        for (var i = 0; i < values.Length; i++)
        {
            var scan = Scan(Table.Of(["姓名"], Enumerable.Repeat(new[] { values[i] }, 10))).Columns[0];
            var examples = scan.Candidates.SelectMany(one => one.Examples).ToArray();
            Assert.NotEmpty(examples);
            Assert.DoesNotContain(values[i], examples);
            Assert.All(examples, one => Assert.Contains('*', one));
            Assert.Equal(values[i].Length, examples[0].Length);
            if (i is 0 or 1 or 2 or 7)
                Assert.Equal(masked[i], examples[0]);
        }
    }

    [Theory]
    [InlineData("编号", 18)]
    [InlineData("serial", 11)]
    [InlineData("value", 16)]
    [InlineData("code", 15)]
    [InlineData("n", 6)]
    [InlineData("no", 8)]
    public void Columns_of_random_digits_are_none_of_them(string name, int length)
    {
        var random = new Random(length);
        var scan = Scan(Table.Of([name], Enumerable.Range(0, 2_000).Select(_ => new[] { new string([.. Enumerable.Range(0, length).Select(_ => (char)('0' + random.Next(10)))]) }))).Columns[0];

        Assert.Null(scan.Best);
        Assert.True(scan.LooksLikeKey || scan.Uniqueness < 0.95);
    }

    [Fact]
    public void A_strong_rule_needs_few_values_and_a_weak_one_needs_a_name()
    {
        var mixed = Scan(Table.Of(["v"], Enumerable.Range(0, 200).Select(i => new[] { i == 77 ? Id(i) : Invariant($"A{i}") }))).Columns[0];
        Assert.Equal((Detectors.ResidentId, DirectIdentifier, 0.005), (mixed.Best?.Detector, mixed.Suggested, mixed.Best?.Share));

        var remarks = Scan(Table.Of(["备注"], Enumerable.Range(0, 100).Select(i => new[] { i % 5 == 0 ? Invariant($"{i}号工单，请回电13912345{i:000}，谢谢") : "设备运行正常，按期巡检即可" }))).Columns[0];
        Assert.Equal((Detectors.Mobile, true, DirectIdentifier), (remarks.Best?.Detector, remarks.Best?.Within, remarks.Suggested));

        string[][] codes = [.. Enumerable.Range(0, 50).Select(i => new[] { Invariant($"1000{i:00}") })];
        Assert.Null(Scan(Table.Of(["数量"], codes)).Columns[0].Best);
        Assert.Equal(Detectors.Postcode, Scan(Table.Of(["zip_code"], codes)).Columns[0].Best?.Detector);
    }

    [Fact]
    public void A_name_that_the_values_do_not_bear_out_is_kept_as_a_question()
    {
        var scan = Scan(Table.Of(["身份证号", "id_card"], Enumerable.Range(0, 50).Select(i => new[] { Invariant($"x{i:x8}"), Invariant($"x{i:x8}") }))).Columns[1];

        Assert.Null(scan.Best);
        Assert.Contains(scan.Candidates, one => one is { Share: 0, Name: NameHint.Exact, Confidence: < 0.5 } && one.Detector == Detectors.ResidentId);
    }

    [Theory]
    [InlineData("userIdCardNo", "resident-id", NameHint.Contains)]
    [InlineData("SFZH", "resident-id", NameHint.Exact)]
    [InlineData("联系人手机", "mobile", NameHint.Contains)]
    [InlineData("Ｐｈｏｎｅ", "mobile", NameHint.Exact)]
    [InlineData("date-of-birth", "birth-date", NameHint.Exact)]
    [InlineData("package", "age", NameHint.None)]
    [InlineData("xmjd", "person-name", NameHint.None)]
    [InlineData("filename", "person-name", NameHint.None)]
    [InlineData("客户姓名", "person-name", NameHint.Contains)]
    public void Names_of_columns_are_read_as_words(string name, string detector, NameHint expected) =>
        Assert.Equal(expected, HeaderWords.Hint(Assert.IsType<Detector>(Detectors.Find(detector)), new ColumnName(name), out _));

    [Fact]
    public void Nulls_count_for_nothing_and_an_empty_column_is_judged_as_such()
    {
        var scan = Scan(Table.Of(["手机", "空列"], Enumerable.Range(0, 40).Select(i => new[] { i % 4 == 0 ? Invariant($"138001380{i:00}") : i % 4 == 1 ? "" : i % 4 == 2 ? "NULL" : "无", "" })));

        Assert.Equal((10, 1.0), (scan.Columns[0].NotNull, scan.Columns[0].Best?.Share));
        Assert.Equal((0, 0, Other), (scan.Columns[1].NotNull, scan.Columns[1].Candidates.Count, scan.Columns[1].Suggested));
        Assert.Empty(Scan(new Table()).Columns);
    }

    [Fact]
    public void Adult_shows_its_quasi_identifiers()
    {
        var lines = File.ReadLines(SharedData.Need("privacy/adult.csv")).Select(one => one.Split(';')).ToArray();
        var scan = Scan(Table.Of(lines[0], lines.Skip(1)));

        var found = scan.Columns.ToDictionary(one => one.Column, one => one.Best?.Detector.Id);
        Assert.Equal("sex", found["sex"]);
        Assert.Equal("age", found["age"]);
        Assert.Equal("ethnicity", found["race"]);
        Assert.Equal("marital-status", found["marital-status"]);
        Assert.Equal("education", found["education"]);
        Assert.Equal("nationality", found["native-country"]);
        Assert.Equal("occupation", found["occupation"]);
    }

    private static TableScan Scan(Table table) => TableScan.Of(table, cancel: TestContext.Current.CancellationToken);

    private static string Id(int i) => Specimens.WithIdCheck(Invariant($"1101051949{1 + (i % 12):00}{1 + (i % 28):00}{i:000}"));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
