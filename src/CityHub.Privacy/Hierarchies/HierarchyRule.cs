using System.Globalization;

namespace CityHub.Privacy;

/// <summary>How a hierarchy is built, in a word: <c>interval:5</c>, <c>date</c>, <c>region</c>, <c>prefix</c>, <c>suppress</c>. A scheme keeps it, so that values that come later find their groups.</summary>
public static class HierarchyRule
{
    /// <summary>As they are written.</summary>
    public static IReadOnlyList<string> Examples { get; } = ["interval:5", "date", "region", "prefix", "suppress"];

    public static bool IsOne(string text) => WordOf(text) is "interval" or "date" or "region" or "prefix" or "suppress";

    /// <exception cref="PrivacyException">There is no such rule, it has no width, or a value does not fit it.</exception>
    public static Hierarchy Build(string text, string attribute, IEnumerable<string> values)
    {
        try
        {
            return Made(text, attribute, values);
        }
        catch (OverflowException e)
        {
            throw new PrivacyException(new PrivacyRefusal(PrivacyCodes.HierarchyUnusable, $"The numbers of {attribute} are too large for {text}.", "Clean the column, or give another width.") { Column = attribute }, e);
        }
    }

    private static Hierarchy Made(string text, string attribute, IEnumerable<string> values) => WordOf(text) switch
    {
        "suppress" => HierarchyBuilder.Suppression(attribute, values),
        "prefix" => HierarchyBuilder.Redaction(attribute, values),
        "date" => HierarchyBuilder.Dates(attribute, values),
        "region" => HierarchyBuilder.Regions(attribute, values),
        "interval" when decimal.TryParse(text.AsSpan("interval:".Length), NumberStyles.Float, CultureInfo.InvariantCulture, out var width) && width > 0 => HierarchyBuilder.Intervals(attribute, values, width),
        _ => throw new PrivacyRefusal(PrivacyCodes.HierarchyUnusable, $"{text} is no rule for the hierarchy of {attribute}.", $"The rules are: {string.Join(", ", Examples)}.") { Column = attribute }.ToException(),
    };

    /// <summary>The hierarchy with more values, where the rule gives the known ones the same labels at the level that counts; otherwise null.</summary>
    internal static Hierarchy? Extend(Hierarchy known, string rule, int level, IEnumerable<string> values)
    {
        var more = Build(rule, known.Attribute, known.Values.Concat(values));
        if (more.Levels <= level)
            return null;
        for (var leaf = 0; leaf < known.Leaves; leaf++)
        {
            if (!more.TryLeaf(known.Values[leaf], out var same) || more.Label(level, more.Group(same, level)) != known.Label(level, known.Group(leaf, level)))
                return null;
        }

        return more;
    }

    private static string WordOf(string text) => text.StartsWith("interval:", StringComparison.Ordinal) ? "interval" : text == "interval" ? "" : text;
}
