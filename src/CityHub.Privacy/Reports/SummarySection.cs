namespace CityHub.Privacy;

/// <summary>The first page: what this is about, the grade, and the result in four sentences.</summary>
internal static class SummarySection
{
    public static void Write(HtmlText html, ReportInput input, string title)
    {
        html.Heading(1, title).Raw("<dl>\n");
        Entry(html, html.Say("数据负责方", "Owner"), input.Owner);
        Entry(html, html.Say("用途", "Purpose"), input.Purpose);
        Entry(html, html.Say("接收方", "Receiver"), input.Receiver);
        Entry(html, html.Say("共享方式", "Way of sharing"), GradeWords.Sharing(html, input.Grade.Sharing));
        Entry(html, html.Say("发布文件", "Released file"), input.File.Name);
        Entry(html, html.Say("生成日期", "Made on"), input.Made.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        html.Raw("</dl>\n<div class=\"verdict\">").Element("strong", GradeWords.Grade(html, input.Grade.Grade));
        html.Text(html.Say("按 GB/T 42460-2023 的分级方法计算，依据见“分级与依据”。", "Computed after the method of GB/T 42460-2023; the evidence is below, under “Grade and evidence”.")).Raw("</div>\n");

        var (before, after) = (input.RiskBefore, input.RiskAfter);
        var gone = input.RecordsBefore - input.RecordsReleased;
        html.Paragraph(html.Say(
            $"原始数据 {HtmlText.Count(input.RecordsBefore)} 条记录，发布 {HtmlText.Count(input.RecordsReleased)} 条；{HtmlText.Count(gone)} 条（{HtmlText.Percent(Share(gone, input.RecordsBefore))}）因无法在保护要求下保留而被隐去。",
            $"Of {HtmlText.Count(input.RecordsBefore)} records {HtmlText.Count(input.RecordsReleased)} are released; {HtmlText.Count(gone)} ({HtmlText.Percent(Share(gone, input.RecordsBefore))}) could not be kept under the protection asked for and are suppressed."));
        html.Paragraph(html.Say(
            $"处理前，{HtmlText.Percent(before.SampleUnique)} 的记录仅凭准标识符就独一无二。处理后这一比例为 {HtmlText.Percent(after.SampleUnique)}。",
            $"Before, {HtmlText.Percent(before.SampleUnique)} of the records were alone with their quasi-identifiers. Now {HtmlText.Percent(after.SampleUnique)} are."));
        if (after.Records > 0)
        {
            html.Paragraph(html.Say(
                $"处理后每条记录至少与 {HtmlText.Count(after.Sizes.Smallest - 1)} 条其他记录无法区分。知道某人在本数据中并查找其记录的人，猜中的机会最多为 {html.OneIn(after.Highest)}（处理前为 {html.OneIn(before.Highest)}），平均为 {html.OneIn(after.Average)}（处理前为 {html.OneIn(before.Average)}）。",
                $"Every released record cannot be told apart from at least {HtmlText.Count(after.Sizes.Smallest - 1)} others. Somebody who knows that a person is in the file and looks for the record picks the right one with a chance of at most {html.OneIn(after.Highest)} (before: {html.OneIn(before.Highest)}), {html.OneIn(after.Average)} on average (before: {html.OneIn(before.Average)})."));
        }

        if (input.Grade.ToRaise.Count > 0)
        {
            html.Paragraph(html.Say($"要达到 {input.Grade.Next} 级，还需：", $"For grade {input.Grade.Next} it takes:"));
            html.List(input.Grade.ToRaise.Select(test => GradeWords.Cure(html, test)).Distinct());
        }
    }

    private static double Share(int part, int all) => all == 0 ? 0 : (double)part / all;

    private static void Entry(HtmlText html, string name, string? value)
    {
        if (!string.IsNullOrWhiteSpace(value))
            html.Element("dt", name).Element("dd", value);
    }
}
