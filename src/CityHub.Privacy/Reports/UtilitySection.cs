using System.Globalization;

namespace CityHub.Privacy;

/// <summary>What the data are still good for.</summary>
internal static class UtilitySection
{
    public static void Write(HtmlText html, ReportInput input)
    {
        html.Heading(2, html.Say("数据还有多大用处", "What the data are still good for"));
        if (input.Utility is { } utility)
            Figures(html, utility);
        else
            html.Paragraph(html.Say("未度量可用性。", "Utility was not measured."));
        foreach (var accuracy in input.Accuracy)
        {
            var kind = accuracy.Kind == ClassifierKind.NaiveBayes ? html.Say("朴素贝叶斯", "naive Bayes") : html.Say("逻辑回归", "logistic regression");
            html.Paragraph(html.Say(
                $"由其他列预测“{accuracy.Target}”（{kind}，交叉验证）：处理前正确率 {HtmlText.Percent(accuracy.Before)}，处理后 {HtmlText.Percent(accuracy.After)}；只猜最常见的取值为 {HtmlText.Percent(accuracy.Majority)}。",
                $"Learning {accuracy.Target} from the other columns ({kind}, cross-validated) is right for {HtmlText.Percent(accuracy.Before)} before and {HtmlText.Percent(accuracy.After)} after; always guessing the most frequent value for {HtmlText.Percent(accuracy.Majority)}."));
        }

        if (input.Distributions.Count == 0)
            return;
        html.Heading(2, html.Say("准标识符处理前后的分布", "The quasi-identifiers before and after"));
        html.Paragraph(html.Say("占全部记录的比例；“*”为不再说明任何内容的单元格。少见的取值并入“其余”，不在报告中列出。", "Shares of all records; * is a cell that says nothing any more. Rare values are part of the rest, and not named in this report."));
        foreach (var distribution in input.Distributions)
        {
            html.Raw("<section>").Heading(3, distribution.Name).Raw("<div class=\"pair\">\n");
            Chart(html, distribution.Name, html.Say("处理前", "before"), distribution.Before, "before");
            Chart(html, distribution.Name, html.Say("处理后", "after"), distribution.After, "after");
            html.Raw("</div></section>\n");
        }
    }

    private static void Figures(HtmlText html, UtilityFigures utility)
    {
        html.Paragraph(html.Say("100 % 表示全部保留，0 % 表示全部失去。", "100 % means that all is kept, 0 % that all is lost."));
        html.Table(
            html.Say("保留的信息", "What is kept"),
            [html.Say("度量", "Measure"), html.Say("保留", "Kept")],
            [
                [html.Say("粒度：单元格对取值的限定程度", "Granularity: how closely a cell tells the value"), HtmlText.Percent(utility.Granularity)],
                [html.Say("泛化层级：未被提升的层级", "Levels: how few the cells were lifted"), HtmlText.Percent(utility.GeneralisationIntensity)],
                [html.Say("信息量（非均匀熵）", "Information (non-uniform entropy)"), HtmlText.Percent(utility.NonUniformEntropy)],
                [html.Say("仍有内容的单元格", "Cells that still say something"), HtmlText.Percent(1 - utility.Missing)],
                [html.Say("记录间的区分度", "How well records can be told apart (discernability)"), HtmlText.Percent(utility.Discernability)],
                [html.Say("记录级平方误差", "Closeness of the records (squared error)"), HtmlText.Percent(utility.SquaredError)],
            ],
            "numbers");
        html.Paragraph(html.Say(
            $"平均每组 {utility.MeanClassSize.ToString("0.0", CultureInfo.InvariantCulture)} 条记录。",
            $"A group has {utility.MeanClassSize.ToString("0.0", CultureInfo.InvariantCulture)} records on average."));
        html.Table(
            html.Say("各列保留的信息", "What is kept of each column"),
            [html.Say("列", "Column"), html.Say("粒度", "Granularity"), html.Say("信息量", "Information"), html.Say("空白", "Blank")],
            utility.Attributes.Select(one => new[] { one.Name, HtmlText.Percent(one.Granularity), HtmlText.Percent(one.NonUniformEntropy), HtmlText.Percent(one.Missing) }),
            "numbers");
    }

    private static void Chart(HtmlText html, string name, string when, IReadOnlyList<DistributionBar> bars, string style)
    {
        var largest = bars.Where(bar => bar.Label is not null).MaxBy(bar => bar.Share);
        BarChart.Write(
            html, html.Say($"{name}，{when}", $"{name}, {when}"),
            largest is null ? "" : html.Say($"最常见的是 {largest.Label}，占 {HtmlText.Percent(largest.Share)}。", $"Most frequent is {largest.Label} with {HtmlText.Percent(largest.Share)}."),
            [when], [.. bars.Select(bar => new BarChart.Row(Label(html, bar), bar.Share))], HtmlText.Percent, [style]);
    }

    private static string Label(HtmlText html, DistributionBar bar) => bar.Label switch
    {
        null => html.Say($"其余（{bar.Values} 种）", $"rest ({bar.Values})"),
        "" => html.Say("（空）", "(empty)"),
        _ => bar.Label,
    };
}
