namespace CityHub.Privacy;

/// <summary>Grades and their tests in sentences.</summary>
internal static class GradeWords
{
    public static string Grade(HtmlText html, int grade) => grade switch
    {
        1 => html.Say("1 级：数据仍可能直接识别到个人", "Grade 1: the data may still identify people directly"),
        2 => html.Say("2 级：已消除直接标识符，但重标识风险未证明可接受", "Grade 2: direct identifiers are gone, the risk of re-identification is not shown to be acceptable"),
        3 => html.Say("3 级：重标识风险可接受", "Grade 3: the risk of re-identification is acceptable"),
        _ => html.Say("4 级：聚合数据", "Grade 4: aggregated data"),
    };

    public static string Sharing(HtmlText html, SharingType sharing) => sharing switch
    {
        SharingType.Public => html.Say("完全公开", "public"),
        SharingType.Controlled => html.Say("受控公开", "controlled: named receivers under an agreement"),
        _ => html.Say("领地公开", "enclave: inside a controlled environment"),
    };

    public static string Test(HtmlText html, GradeTest test, ReleaseGrade grade) => test.Kind switch
    {
        GradeTestKind.Scanned => html.Say("已对发布文件扫描直接标识符", "The released file was scanned for direct identifiers"),
        GradeTestKind.NoDirectIdentifier => html.Say("没有含直接标识符的列", "No column holds direct identifiers"),
        GradeTestKind.QuasiIdentifiersMeasured => html.Say("扫描发现的准标识符均已纳入风险度量", "All quasi-identifiers that were found took part in the measurement"),
        GradeTestKind.Highest => html.Say("最高风险 × 攻击概率", "Highest risk × attack probability"),
        GradeTestKind.Average => html.Say("平均风险 × 攻击概率", "Average risk × attack probability"),
        GradeTestKind.ShareAbove => html.Say(
            $"风险 × 攻击概率高于 {HtmlText.Number(grade.Thresholds.Notable)} 的记录比例", $"Share of records whose risk × attack probability is above {HtmlText.Number(grade.Thresholds.Notable)}"),
        GradeTestKind.SmallestCell => html.Say("最小非空单元格的人数", "Persons in the smallest cell that is not empty"),
        _ => html.Say("单人占单元格的最大比例", "Largest share one person has of a cell"),
    };

    public static string Measured(HtmlText html, GradeTest test) => test switch
    {
        { ByNoise: true } => html.Say("差分隐私", "differential privacy"),
        { Measured: null } => html.Say("未度量", "not measured"),
        { Columns.Count: > 0 } => string.Join(html.Say("、", ", "), test.Columns),
        { Kind: GradeTestKind.Scanned } => html.Say($"{HtmlText.Count((long)test.Measured.Value)} 列", $"{HtmlText.Count((long)test.Measured.Value)} columns"),
        { Kind: GradeTestKind.NoDirectIdentifier or GradeTestKind.QuasiIdentifiersMeasured } => html.Say("无遗漏", "none"),
        { Kind: GradeTestKind.SmallestCell } => HtmlText.Count((long)test.Measured.Value),
        { Kind: GradeTestKind.ShareAbove or GradeTestKind.LargestShare } => HtmlText.Percent(test.Measured.Value),
        _ => HtmlText.Number(test.Measured.Value),
    };

    public static string Limit(HtmlText html, GradeTest test) => test switch
    {
        { Kind: GradeTestKind.Scanned } => html.Say("须扫描", "has to be"),
        { Kind: GradeTestKind.NoDirectIdentifier or GradeTestKind.QuasiIdentifiersMeasured } => html.Say("0 列", "0 columns"),
        { Limit: null } => "",
        { Kind: GradeTestKind.SmallestCell } => "≥\u00a0" + HtmlText.Count((long)test.Limit.Value),
        { Kind: GradeTestKind.ShareAbove or GradeTestKind.LargestShare } => "≤\u00a0" + HtmlText.Percent(test.Limit.Value),
        _ => "≤\u00a0" + HtmlText.Number(test.Limit.Value),
    };

    /// <summary>What would make a test pass.</summary>
    public static string Cure(HtmlText html, GradeTest test) => test.Kind switch
    {
        GradeTestKind.Scanned => html.Say("扫描发布文件，并由专人确认每一列的分类。", "Scan the released file and have a person confirm the class of each column."),
        GradeTestKind.NoDirectIdentifier => html.Say(
            $"删除这些列，或以假名替换：{string.Join("、", test.Columns)}。", $"Take these columns out or replace them by pseudonyms: {string.Join(", ", test.Columns)}."),
        GradeTestKind.QuasiIdentifiersMeasured => html.Say(
            $"将这些列作为准标识符一并处理并度量：{string.Join("、", test.Columns)}。", $"Treat and measure these columns as quasi-identifiers, too: {string.Join(", ", test.Columns)}."),
        GradeTestKind.Highest when test.Measured is null => html.Say("度量重标识风险。", "Measure the risk of re-identification."),
        GradeTestKind.Highest => html.Say(
            $"将最小组提高到至少 {test.NeededClassSize} 条记录（k = {test.NeededClassSize}），或改用约束更强的共享方式。",
            $"Raise the smallest group to at least {test.NeededClassSize} records (k = {test.NeededClassSize}), or share in a more controlled way."),
        GradeTestKind.Average => html.Say("进一步泛化准标识符，使平均组规模增大。", "Generalise the quasi-identifiers further, so that groups get larger on average."),
        GradeTestKind.ShareAbove => html.Say("抑制或泛化小组中的记录。", "Suppress or generalise the records in small groups."),
        GradeTestKind.SmallestCell => html.Say("合并或隐去人数过少的单元格。", "Merge or hide the cells with few persons."),
        _ => html.Say("隐去由单人主导的单元格，或加入差分隐私噪声。", "Hide the cells that one person dominates, or add the noise of differential privacy."),
    };
}
