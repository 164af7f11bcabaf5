namespace CityHub.Privacy;

/// <summary>What was done to each column, and the rules the result keeps.</summary>
internal static class TreatmentSection
{
    public static void Write(HtmlText html, ReportInput input)
    {
        html.Heading(2, html.Say("做了什么", "What was done"));
        html.Table(
            html.Say("各列的分类与处理", "Columns, what they are and what became of them"),
            [html.Say("列", "Column"), html.Say("分类", "Class"), html.Say("处理", "Treatment")],
            input.Columns.Select(column => new[] { column.Name, Class(html, column.Class), column.Treatment }));
        html.Paragraph(html.Say(
            "准标识符是单独不能、合起来却可能指认一个人的信息，如年龄、性别、住址。敏感属性是不应让他人得知的信息。",
            "Quasi-identifiers do not point to a person alone but together may: age, sex, address. Sensitive attributes are what others should not learn about a person."));
        html.Heading(2, html.Say("遵守的保护要求", "The protection it keeps"));
        if (input.Models.Count == 0)
            html.Paragraph(html.Say("没有要求任何保护模型。", "No protection model was asked for."));
        else
            html.List(input.Models.Select(model => ModelWords.Of(html, model)));
    }

    private static string Class(HtmlText html, IdentifierClass of) => of switch
    {
        IdentifierClass.Direct => html.Say("直接标识符", "direct identifier"),
        IdentifierClass.Quasi => html.Say("准标识符", "quasi-identifier"),
        IdentifierClass.Sensitive => html.Say("敏感属性", "sensitive"),
        _ => html.Say("其他", "other"),
    };
}
