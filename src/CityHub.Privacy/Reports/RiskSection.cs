using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Risk before and after: figures, two pictures, the population, and the attack with a register.</summary>
internal static class RiskSection
{
    private static readonly int[] Bands = [1, 2, 3, 5, 10, 20, 50, 100, 500];

    public static void Write(HtmlText html, ReportInput input)
    {
        var (before, after) = (input.RiskBefore, input.RiskAfter);
        html.Heading(2, html.Say("重标识风险", "Risk of re-identification"));
        html.Table(
            html.Say("处理前后的风险；被隐去的记录不计入", "Risk before and after; suppressed records do not count"),
            [html.Say("风险", "Risk"), html.Say("处理前", "Before"), html.Say("处理后", "After")],
            [
                [html.Say("最高（检察官：知道某人在数据中）", "Highest (prosecutor: knows that a person is in the file)"), Both(html, before.Highest), Both(html, after.Highest)],
                [html.Say("平均（营销者：逐一匹配全部记录）", "Average (marketer: matches all records)"), Both(html, before.Average), Both(html, after.Average)],
                [html.Say("最低", "Lowest"), Both(html, before.Lowest), Both(html, after.Lowest)],
                [html.Say("处于最高风险的记录", "Records at the highest risk"), HtmlText.Percent(before.ShareAtHighest), HtmlText.Percent(after.ShareAtHighest)],
                [html.Say("风险高于 5 % 的记录", "Records at a risk above 5 %"), HtmlText.Percent(before.ShareAbove(0.05)), HtmlText.Percent(after.ShareAbove(0.05))],
                [html.Say("独一无二的记录", "Records that are unique"), HtmlText.Percent(before.SampleUnique), HtmlText.Percent(after.SampleUnique)],
                [html.Say("互不相同的组", "Groups of records that look alike"), HtmlText.Count(before.Classes), HtmlText.Count(after.Classes)],
            ],
            "numbers");
        var bands = Bands.Select((from, index) => (From: from, To: index + 1 < Bands.Length ? Bands[index + 1] - 1 : int.MaxValue)).ToArray();
        string[] series = [html.Say("处理前", "Before"), html.Say("处理后", "After")];
        BarChart.Write(
            html, html.Say("各风险水平的记录比例", "Share of the records at each level of risk"),
            html.Say(
                $"处理前 {HtmlText.Percent(before.ShareAbove(0.2))} 的记录风险高于五分之一，处理后为 {HtmlText.Percent(after.ShareAbove(0.2))}。",
                $"Before, {HtmlText.Percent(before.ShareAbove(0.2))} of the records are at a risk above 1 in 5, after it {HtmlText.Percent(after.ShareAbove(0.2))}."),
            series, [.. bands.Select(band => new BarChart.Row(Risk(html, band.From, band.To), Records(before, band), Records(after, band)))], HtmlText.Percent);
        BarChart.Write(
            html, html.Say("各种规模的组数（同组记录无法区分）", "Groups by their size (records of a group cannot be told apart)"),
            html.Say(
                $"处理前有 {HtmlText.Count(before.Classes)} 组，最小的 {before.Sizes.Smallest} 条；处理后有 {HtmlText.Count(after.Classes)} 组，最小的 {after.Sizes.Smallest} 条。",
                $"Before there are {HtmlText.Count(before.Classes)} groups, the smallest of {before.Sizes.Smallest}; after it {HtmlText.Count(after.Classes)}, the smallest of {after.Sizes.Smallest}."),
            series, [.. bands.Select(band => new BarChart.Row(Size(html, band.From, band.To), Classes(before, band), Classes(after, band)))], value => HtmlText.Count((long)value));
        Population(html, before, after);
        Attack(html, input);
    }

    private static void Population(HtmlText html, RiskFigures before, RiskFigures after)
    {
        html.Heading(3, html.Say("在全体居民中独一无二的人", "People who are unique in the whole population"));
        if (before.Population is not { } was || after.Population is not { } now)
        {
            html.Paragraph(html.Say("未给出居民总数，因此未作估计。", "The size of the population was not given, so nothing was estimated."));
            return;
        }

        html.Paragraph(html.Say(
            $"数据被视为从 {HtmlText.Count((long)was.Population)} 名居民中随机抽取。估计其中凭准标识符独一无二者占：处理前 {HtmlText.Percent(was.Dankar)}，处理后 {HtmlText.Percent(now.Dankar)}（Dankar 决策规则，采用 {Estimator(html, was.Chosen)} / {Estimator(html, now.Chosen)}）。",
            $"The records are taken as a random sample of {HtmlText.Count((long)was.Population)} residents. Of these, {HtmlText.Percent(was.Dankar)} are estimated to be unique by the quasi-identifiers before, {HtmlText.Percent(now.Dankar)} after (rule of Dankar et al.; estimator {Estimator(html, was.Chosen)} before, {Estimator(html, now.Chosen)} after)."));
    }

    private static void Attack(HtmlText html, ReportInput input)
    {
        html.Heading(3, html.Say("用登记册试攻击", "An attack with a register of names"));
        if (input.AttackAfter is not { } after)
        {
            html.Paragraph(html.Say("未用外部登记册进行试攻击。", "No attack with a register was tried."));
            return;
        }

        var before = input.AttackBefore;
        html.Paragraph(html.Say(
            $"用一份 {HtmlText.Count(after.Persons)} 人的登记册逐人查找。下表按 GB/T 37964 的三种方式（单独挑出、关联、推断）列出结果。",
            $"A register of {HtmlText.Count(after.Persons)} persons was looked up one by one. The three ways are those of GB/T 37964: singling out, linking, inference."));
        List<string[]> rows =
        [
            [html.Say("单独挑出：独一无二的记录", "Singling out: records that are unique"), Share(before?.SingledOut), Share(after.SingledOut)],
            [html.Say("关联：恰有一条候选记录的人", "Linking: persons with exactly one candidate"), Number(before?.Claims), Number(after.Claims)],
        ];
        if (after.RightClaims is not null)
            rows.Add([html.Say("其中指认正确", "Of these claims are right"), Number(before?.RightClaims), Number(after.RightClaims)]);
        rows.Add([html.Say("对照登记册的最高风险（记者）", "Highest risk against the register (journalist)"), before is null ? "–" : Both(html, before.Journalist), Both(html, after.Journalist)]);
        foreach (var inference in after.Inferences)
        {
            rows.Add(
            [
                html.Say($"推断：“{inference.Attribute}”可被以 {HtmlText.Percent(inference.Certainty)} 以上把握推知的人", $"Inference: persons whose {inference.Attribute} is known with a certainty of {HtmlText.Percent(inference.Certainty)} or more"),
                Share(before?.Inferences.FirstOrDefault(one => one.Attribute == inference.Attribute)?.Inferred), Share(inference.Inferred),
            ]);
        }

        html.Table(html.Say("试攻击的结果", "What the attack found"), ["", html.Say("处理前", "Before"), html.Say("处理后", "After")], rows, "numbers");
    }

    private static string Share(double? share) => share is { } one ? HtmlText.Percent(one) : "–";

    private static string Number(int? number) => number is { } one ? HtmlText.Count(one) : "–";

    private static string Both(HtmlText html, double risk) => risk <= 0 ? "0" : html.Say($"{HtmlText.Percent(risk)}（{html.OneIn(risk)}）", $"{HtmlText.Percent(risk)} ({html.OneIn(risk)})");

    private static double? Records(RiskFigures risk, (int From, int To) band) => risk.Records == 0 ? 0
        : risk.Sizes.Groups.Where(group => group.Size >= band.From && group.Size <= band.To).Sum(group => (double)group.Size * group.Classes) / risk.Records;

    private static double? Classes(RiskFigures risk, (int From, int To) band) =>
        risk.Sizes.Groups.Where(group => group.Size >= band.From && group.Size <= band.To).Sum(group => (double)group.Classes);

    private static string Risk(HtmlText html, int from, int to) => from == to
        ? (from == 1 ? html.Say("1（独一无二）", "1 (unique)") : string.Create(CultureInfo.InvariantCulture, $"1/{from}"))
        : to == int.MaxValue ? html.Say($"不高于 1/{from}", $"up to 1/{from}") : string.Create(CultureInfo.InvariantCulture, $"1/{to} – 1/{from}");

    private static string Size(HtmlText html, int from, int to) => from == to ? string.Create(CultureInfo.InvariantCulture, $"{from}")
        : to == int.MaxValue ? html.Say($"{from} 及以上", $"{from} or more") : string.Create(CultureInfo.InvariantCulture, $"{from} – {to}");

    private static string Estimator(HtmlText html, PopulationEstimator estimator) => estimator == PopulationEstimator.None ? html.Say("无需估计", "none needed") : estimator.ToString();
}
