namespace CityHub.Privacy;

/// <summary>What a model promises, in a sentence for somebody who knows none.</summary>
internal static class ModelWords
{
    public static string Of(HtmlText html, string model)
    {
        var equals = model.IndexOf('=', StringComparison.Ordinal);
        var colon = model.IndexOf(':', StringComparison.Ordinal);
        var name = equals < 0 ? model : model[..equals];
        var value = equals < 0 ? "" : model[(equals + 1)..(colon < 0 ? model.Length : colon)];
        var attribute = colon < 0 ? "" : model[(colon + 1)..];
        var numbers = (value + ",").Split(',');
        return name switch
        {
            "k" => html.Say(
                $"每条记录的准标识符取值至少与另外若干条完全相同，每组不少于 {value} 条记录（k-匿名）。",
                $"Every record looks the same as others in its quasi-identifiers: no group has fewer than {value} records (k-anonymity)."),
            "l" => html.Say(
                $"每组中“{attribute}”至少有 {value} 个不同取值（l-多样性）。",
                $"In every group {attribute} has at least {value} different values (l-diversity)."),
            "entropy-l" or "grassberger-l" => html.Say(
                $"每组中“{attribute}”的取值混杂程度不低于 {value} 个等可能取值（熵 l-多样性）。",
                $"In every group {attribute} is as mixed as {value} equally likely values, or more (entropy l-diversity)."),
            "recursive-cl" => html.Say(
                $"每组中“{attribute}”最常见的取值不占绝对多数（递归 (c,l)-多样性，c = {numbers[0]}，l = {numbers[1]}）。",
                $"In no group is the most frequent value of {attribute} overwhelming (recursive (c,l)-diversity, c = {numbers[0]}, l = {numbers[1]})."),
            "t" or "t-ordered" or "t-hierarchical" => html.Say(
                $"每组中“{attribute}”的分布与全表分布的距离不超过 {value}（t-接近）。",
                $"In every group {attribute} is distributed nearly as in the whole table: the distance is at most {value} (t-closeness)."),
            "delta-disclosure" or "beta" or "enhanced-beta" => html.Say(
                $"知道某人在哪一组，对其“{attribute}”取值的把握只能提高到规定限度之内（{model}）。",
                $"Knowing somebody's group makes a guess about {attribute} better by no more than a set limit ({model})."),
            "delta-presence" => html.Say(
                $"某人是否在本数据中，只能以 {numbers[0]} 至 {numbers[1]} 之间的把握推断（δ-存在性）。",
                $"Whether somebody is in the file can be told only with a confidence between {numbers[0]} and {numbers[1]} (delta-presence)."),
            "average-risk" => html.Say($"平均重标识风险不超过 {value}。", $"The average risk of re-identification is at most {value}."),
            "sample-uniqueness" => html.Say($"独一无二的记录所占比例不超过 {value}。", $"At most a share of {value} of the records is unique."),
            "population-uniqueness" => html.Say(
                $"估计在 {numbers[1]} 名居民中独一无二者的比例不超过 {numbers[0]}。",
                $"At most a share of {numbers[0]} of a population of {numbers[1]} is estimated to be unique."),
            _ => model,
        };
    }

    /// <summary>Whether a model looks at what would be learnt of a person, not only at whether the person is found.</summary>
    public static bool GuardsAttribute(string model) => model.Contains(':', StringComparison.Ordinal);
}
