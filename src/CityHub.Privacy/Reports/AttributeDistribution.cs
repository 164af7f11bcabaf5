using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// How the values of a column are distributed before and after, for a picture: at most twelve bars each. A report is passed on, so what few records have before is never named:
/// rare values are folded into the rest.
/// </summary>
/// <param name="Name">The column.</param>
/// <param name="Before">Values or ranges with their share of all records.</param>
/// <param name="After">The same of the release; suppressed records are the bar <see cref="EquivalenceClasses.Nothing"/>.</param>
public sealed record AttributeDistribution(string Name, IReadOnlyList<DistributionBar> Before, IReadOnlyList<DistributionBar> After)
{
    private const int Most = 12;

    /// <param name="foldBelow">Values with fewer records are not named.</param>
    public static AttributeDistribution Of(Column before, Column after, int foldBelow = 10) =>
        new(before.Name, Ranges(before, foldBelow) ?? Values(before, foldBelow), Values(after, foldBelow));

    /// <summary>Numbers with many values become ten ranges of one width; null where they are few or no whole numbers.</summary>
    private static List<DistributionBar>? Ranges(Column column, int foldBelow)
    {
        if (column.Distinct <= Most)
            return null;
        var numbers = new long[column.Distinct];
        for (var code = 0; code < numbers.Length; code++)
        {
            if (!long.TryParse(column.Values[code], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out numbers[code]) || Math.Abs(numbers[code]) > 1L << 50)
                return null;
        }

        var low = numbers.Min();
        var width = Math.Max(1, (long)Math.Ceiling((numbers.Max() - low + 1) / 10.0));
        var counts = column.Counts();
        // The ends of the first and the last range would tell the extremes: they are ranges as all others, and folded when few are in them.
        var bars = numbers.Select((number, code) => (Range: (number - low) / width, Count: counts[code])).GroupBy(one => one.Range).OrderBy(group => group.Key)
            .Select(group => (Label: string.Create(CultureInfo.InvariantCulture, $"{low + (group.Key * width)}–{low + (group.Key * width) + width - 1}"), Count: group.Sum(one => one.Count))).ToList();
        return Fold(bars, column.Rows, foldBelow);
    }

    private static List<DistributionBar> Values(Column column, int foldBelow)
    {
        var counts = column.Counts();
        var bars = column.Values.Select((value, code) => (Label: value, Count: counts[code])).OrderByDescending(one => one.Count).ThenBy(one => one.Label, StringComparer.Ordinal).ToList();
        var named = bars.Count <= Most ? bars : bars[..(Most - 1)];
        if (named.All(one => Leading(one.Label) is not null || one.Label == EquivalenceClasses.Nothing))
            named = [.. named.OrderBy(one => Leading(one.Label) ?? double.PositiveInfinity)];
        return Fold([.. named, .. bars.Skip(named.Count)], column.Rows, foldBelow, named.Count);
    }

    private static List<DistributionBar> Fold(List<(string Label, int Count)> bars, int rows, int foldBelow, int named = int.MaxValue)
    {
        var kept = bars.Where((one, index) => index < named && (one.Count >= foldBelow || one.Label == EquivalenceClasses.Nothing)).ToArray();
        var result = kept.Select(one => new DistributionBar(one.Label, (double)one.Count / rows, 1)).ToList();
        if (bars.Count > kept.Length)
            result.Add(new DistributionBar(null, (double)(bars.Sum(one => one.Count) - kept.Sum(one => one.Count)) / rows, bars.Count - kept.Length));
        return result;
    }

    /// <summary>The number a label begins with: 20 of "20-39".</summary>
    private static double? Leading(string label)
    {
        var end = 0;
        while (end < label.Length && char.IsAsciiDigit(label[end]))
            end++;
        return end > 0 && double.TryParse(label.AsSpan(0, end), CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}

/// <summary>One bar.</summary>
/// <param name="Label">Null for the rest.</param>
/// <param name="Share">Of the records.</param>
/// <param name="Values">How many values it stands for; more than 1 only for the rest.</param>
public sealed record DistributionBar(string? Label, double Share, int Values);
