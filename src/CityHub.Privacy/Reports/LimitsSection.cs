namespace CityHub.Privacy;

/// <summary>What the figures do not say. It depends on what was asked for and measured.</summary>
internal static class LimitsSection
{
    public static void Write(HtmlText html, ReportInput input)
    {
        html.Heading(2, html.Say("本结论的界限", "Limits of this statement"));
        html.List(Limits(html, input));
    }

    private static IEnumerable<string> Limits(HtmlText html, ReportInput input)
    {
        var sensitive = input.Columns.Where(column => column.Class == IdentifierClass.Sensitive).Select(column => column.Name).ToArray();
        var guarded = input.Models.Where(ModelWords.GuardsAttribute).Select(model => model[(model.IndexOf(':', StringComparison.Ordinal) + 1)..]).ToHashSet(StringComparer.Ordinal);
        var open = sensitive.Where(name => !guarded.Contains(name)).ToArray();
        if (open.Length > 0 || guarded.Count == 0)
        {
            var which = open.Length > 0 ? html.Say($"未受此类保护的敏感属性：{string.Join("、", open)}。", $"Sensitive attributes without such protection: {string.Join(", ", open)}.") : "";
            yield return html.Say(
                $"仅有 k-匿名不能防止推断：若一组人的敏感属性取值都相同，不必找到某人的记录也能知道其取值。{which}",
                $"k-anonymity alone does not protect against inference: when everybody in a group has the same value of a sensitive attribute, it is known of each of them although nobody's record was found. {which}");
        }

        yield return html.Say(
            $"风险只就 {Names(html, input, IdentifierClass.Quasi)} 度量。若攻击者还知道其他列的内容，风险更高。",
            $"Risk was measured for {Names(html, input, IdentifierClass.Quasi)} only. Whoever knows what stands in other columns finds more.");
        yield return html.Say(
            "若同一批人的其他数据已经或将要发布，两份数据合起来可能说出更多；须一并评估。",
            "Where other data about the same people are released, before or later, both together may tell more; they have to be assessed together.");
        if (input.RiskBefore.Population is null)
            yield return html.Say("未估计记录在全体居民中是否独一无二。", "Whether records are unique in the population was not estimated.");
        else
            yield return html.Say("对全体居民的估计假定数据是随机抽样；若某类人更可能入选，估计偏低。", "The estimates for the population assume a random sample; where some people are more likely to be in the file, they are too low.");
        if (input.AttackAfter is null)
            yield return html.Say("未用真实的外部登记册检验。", "It was not tested with a real register.");
        else if (input.AttackAfter.RightClaims is null)
            yield return html.Say("试攻击时不知道真实对应关系，无法判断指认是否正确。", "In the attack the truth was not known: whether claims are right cannot be said.");
        yield return html.Say(
            "结论只对下方散列值对应的文件有效；文件改动一个字节，结论即不适用。",
            "The statement is about the file with the hash below, and no other: one changed byte and it does not hold.");
    }

    private static string Names(HtmlText html, ReportInput input, IdentifierClass of)
    {
        var names = input.Columns.Where(column => column.Class == of).Select(column => column.Name).ToArray();
        return names.Length == 0 ? html.Say("给定的列", "the columns given") : string.Join(html.Say("、", ", "), names);
    }
}
