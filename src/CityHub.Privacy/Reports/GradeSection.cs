namespace CityHub.Privacy;

/// <summary>The grade, each of its tests, and what would raise it.</summary>
internal static class GradeSection
{
    public static void Write(HtmlText html, ReportInput input)
    {
        var grade = input.Grade;
        html.Heading(2, html.Say("分级与依据", "Grade and evidence"));
        html.Raw("<p><strong>").Text(GradeWords.Grade(html, grade.Grade)).Raw("</strong></p>\n");
        html.Paragraph(html.Say(
            $"共享方式：{GradeWords.Sharing(html, grade.Sharing)}。环境攻击概率：{HtmlText.Number(grade.AttackProbability)}{(grade.AttackProbability >= 1 ? "（按一定会有人尝试计算）" : "（由负责人评估）")}。",
            $"Way of sharing: {GradeWords.Sharing(html, grade.Sharing)}. Attack probability of the environment: {HtmlText.Number(grade.AttackProbability)}{(grade.AttackProbability >= 1 ? " (it is assumed that somebody tries)" : " (as assessed by the officer)")}."));
        html.Raw("<table>").Element("caption", html.Say("各级的判定", "The tests of each grade")).Raw("<thead><tr>");
        foreach (var header in new[] { html.Say("判定", "Test"), html.Say("级别", "For"), html.Say("测得", "Measured"), html.Say("要求", "Asked"), html.Say("结果", "Result") })
            html.Element("th scope=\"col\"", header);
        html.Raw("</tr></thead>\n<tbody>\n");
        foreach (var test in grade.Tests)
        {
            html.Raw("<tr>").Element("th scope=\"row\"", GradeWords.Test(html, test, grade)).Element("td", HtmlText.Count(test.ForGrade))
                .Element("td", GradeWords.Measured(html, test)).Element("td", GradeWords.Limit(html, test))
                .Element(test.Passed ? "td class=\"pass\"" : "td class=\"fail\"", test.Passed ? html.Say("✓ 通过", "✓ passed") : html.Say("✗ 未通过", "✗ failed")).Raw("</tr>\n");
        }

        html.Raw("</tbody></table>\n");
        if (grade.ToRaise.Count > 0)
        {
            html.Paragraph(html.Say($"要达到 {grade.Next} 级：", $"For grade {grade.Next}:"));
            html.List(grade.ToRaise.Select(test => GradeWords.Cure(html, test)).Distinct());
        }

        html.Raw("<p class=\"soft\">").Text(html.Say(
            "阈值为可配置参数；签署前请对照标准正文与本地规定核对。定性评定与专家意见不能由计算代替。",
            "The thresholds are settings: check them against the text of the standard and the rules of your place before you sign. The qualitative assessment and the advice of experts are not replaced by a computation.")).Raw("</p>\n");
    }
}
