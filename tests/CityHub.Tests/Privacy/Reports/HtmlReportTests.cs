using System.Globalization;
using System.Xml;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

public sealed class HtmlReportTests
{
    [Theory]
    [InlineData(ReportLanguage.Chinese)]
    [InlineData(ReportLanguage.English)]
    public void A_report_on_adult_says_its_figures_and_needs_nothing_from_outside(ReportLanguage language)
    {
        var page = HtmlReport.Write(Adult(language));
        // The first line and the tags without an end apart it is XML: every element is closed, every letter of the data escaped.
        var document = new XmlDocument();
        document.LoadXml(page.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal).Replace("charset=\"utf-8\">", "charset=\"utf-8\"/>", StringComparison.Ordinal)
            .Replace("initial-scale=1\">", "initial-scale=1\"/>", StringComparison.Ordinal).Replace("'unsafe-inline'\">", "'unsafe-inline'\"/>", StringComparison.Ordinal));
        Assert.Empty(document.SelectNodes("//script | //link | //img | //@src | //@href | //@style")?.Cast<XmlNode>() ?? []);
        foreach (var said in new[] { "30,162", "28,984", "1,178", "3.9\u00a0%", "51.4\u00a0%", "1.28\u00a0%", "67.6\u00a0%", "15,512", "9f86d081", "0.2" })
            Assert.Contains(said, page, StringComparison.Ordinal);
        var headings = document.SelectNodes("//h1 | //h2 | //h3")?.Cast<XmlNode>().Select(node => node.Name[1] - '0').ToArray() ?? [];
        Assert.Equal(1, headings.Count(level => level == 1));
        Assert.All(headings.Zip(headings.Skip(1)), pair => Assert.True(pair.Second - pair.First <= 1));
        Assert.All(document.GetElementsByTagName("svg").Cast<XmlElement>(), svg => Assert.Equal(("img", "title"), (svg.GetAttribute("role"), svg.FirstChild?.Name)));
        Assert.All(document.GetElementsByTagName("th").Cast<XmlElement>(), th => Assert.NotEmpty(th.GetAttribute("scope")));
        if (Environment.GetEnvironmentVariable("CITYHUB_REPORT_DIR") is { Length: > 0 } folder)
            File.WriteAllText(Path.Combine(folder, $"report-{language}.html"), page);
    }

    [Fact]
    public void What_comes_from_the_data_is_escaped_wherever_it_stands()
    {
        const string evil = "<script>alert('x')</script>&\"\u202e";
        var risk = RiskFigures.Of(ClassSizes.Of([5, 5]));
        var column = new ColumnBuilder(evil);
        for (var i = 0; i < 20; i++)
            column.Append(evil);
        var values = column.Build();
        var page = HtmlReport.Write(Adult(ReportLanguage.English, plain: true) with
        {
            Dataset = evil,
            Owner = evil,
            Purpose = evil,
            Receiver = evil,
            MadeBy = evil,
            Columns = [new ReportColumn(evil, IdentifierClass.Sensitive, evil), new ReportColumn(evil, IdentifierClass.Quasi, evil)],
            Models = [evil, "l=3:" + evil],
            RiskBefore = risk,
            RiskAfter = risk,
            Distributions = [AttributeDistribution.Of(values, values)],
            Accuracy = [new ClassifierAccuracy(evil, ClassifierKind.NaiveBayes, 0.5, 0.6, 0.6)],
            Grade = ReleaseGrade.Of(new GradeInput { Kind = ReleaseKind.Microdata, Sharing = SharingType.Public, Scan = [new IdentifierFinding(evil, evil, IdentifierClass.Direct, 1)] }),
            File = new ReleasedFile(evil, 1, evil, evil),
            Signers = [evil],
        });
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202e", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_name_the_sensitive_columns_that_only_k_protects()
    {
        var input = Adult(ReportLanguage.English, plain: true);
        Assert.Contains("without such protection: income", HtmlReport.Write(input), StringComparison.Ordinal);
        Assert.DoesNotContain("k-anonymity alone", HtmlReport.Write(input with { Models = ["k=5", "l=3:income"] }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_distribution_never_names_what_few_records_have()
    {
        var before = new ColumnBuilder("town");
        foreach (var (town, count) in new[] { ("east", 30), ("west", 20), ("hamlet", 2), ("farm", 1) })
        {
            for (var i = 0; i < count; i++)
                before.Append(town);
        }

        var distribution = AttributeDistribution.Of(before.Build(), before.Build(), foldBelow: 5);
        Assert.Equal([new DistributionBar("east", 30 / 53.0, 1), new DistributionBar("west", 20 / 53.0, 1), new DistributionBar(null, 3 / 53.0, 2)], distribution.Before);
    }

    [Fact]
    public void Many_numbers_become_ten_ranges_and_ranges_stand_in_their_order()
    {
        var (before, after) = (new ColumnBuilder("age"), new ColumnBuilder("age"));
        for (var age = 0; age < 100; age++)
        {
            for (var i = 0; i <= age; i++)
            {
                before.Append(age.ToString(CultureInfo.InvariantCulture));
                after.Append(age < 50 ? "0-49" : age < 90 ? "50-99" : "*");
            }
        }

        var distribution = AttributeDistribution.Of(before.Build(), after.Build());
        Assert.Equal(["0–9", "10–19"], distribution.Before.Take(2).Select(bar => bar.Label));
        Assert.Equal(10, distribution.Before.Count);
        Assert.Equal(["0-49", "50-99", "*"], distribution.After.Select(bar => bar.Label));
        Assert.Equal(1, distribution.Before.Sum(bar => bar.Share), 1e-12);
    }

    private static ReportInput Adult(ReportLanguage language, bool plain = false)
    {
        var chinese = language == ReportLanguage.Chinese;
        var risk = RiskFigures.Of(ClassSizes.Of([5, 20]), 1000);
        var input = new ReportInput
        {
            Language = language,
            Dataset = chinese ? "成人收入调查" : "Adult income survey",
            Owner = chinese ? "市统计局" : "City statistics office",
            Purpose = chinese ? "就业政策研究" : "Research on employment policy",
            Receiver = chinese ? "城市大学经济系" : "City University, Department of Economics",
            Made = new DateTimeOffset(2026, 11, 26, 9, 30, 0, TimeSpan.FromHours(8)),
            MadeBy = "cityhub 1.0",
            RecordsBefore = 25,
            RecordsReleased = 25,
            Columns = [new ReportColumn("age", IdentifierClass.Quasi, ""), new ReportColumn("income", IdentifierClass.Sensitive, "")],
            Models = ["k=5"],
            RiskBefore = risk,
            RiskAfter = risk,
            Grade = ReleaseGrade.Of(new GradeInput { Kind = ReleaseKind.Microdata, Sharing = SharingType.Controlled, Scan = [], Risk = risk }),
            File = new ReleasedFile("adult-k5.csv", 2_301_442, "SM3", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
        };
        if (plain)
            return input;
        var run = ReferenceRun.Of("A1");
        var names = run.Levels.Select(one => one.Name).ToArray();
        var (table, release, hierarchies) = (ReferenceRun.Table, run.Release(), ReferenceRun.Hierarchies(run.Levels.Select(one => one.Name)));
        var after = RiskFigures.Of(EquivalenceClasses.Of(release, names).Sizes, 317_238_626);
        int[] truth = [.. Enumerable.Range(0, table.Rows)];
        return input with
        {
            RecordsBefore = table.Rows,
            RecordsReleased = (int)after.Records,
            Columns =
            [
                new ReportColumn(chinese ? "姓名" : "name", IdentifierClass.Direct, chinese ? "删除" : "taken out"),
                .. run.Levels.Select((one, i) => new ReportColumn(
                    one.Name, IdentifierClass.Quasi, one.Level == 0 ? (chinese ? "保持原样" : "as it was") : chinese ? $"泛化：第 {one.Level} 层，共 {hierarchies[i].Levels - 1} 层" : $"generalised: level {one.Level} of {hierarchies[i].Levels - 1}")),
            ],
            RiskBefore = RiskFigures.Of(EquivalenceClasses.Of(table, names).Sizes, 317_238_626),
            RiskAfter = after,
            AttackBefore = LinkageAttack.Run(table, table, hierarchies, truth),
            AttackAfter = LinkageAttack.Run(release, table, hierarchies, truth),
            Distributions = [.. names.Select(name => AttributeDistribution.Of(table[name], release[name]))],
            Utility = UtilityFigures.Of(table, release, hierarchies),
            Accuracy = [ClassifierAccuracy.Of(table, release, [.. names.Where(name => name != "salary-class")], "salary-class", folds: 4)],
            Grade = ReleaseGrade.Of(new GradeInput
            {
                Kind = ReleaseKind.Microdata,
                Sharing = SharingType.Public,
                Scan = [.. names.Select(name => new IdentifierFinding(name, "text", IdentifierClass.Quasi, 1))],
                Evaluated = names,
                Risk = after,
            }),
        };
    }
}
