using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Hierarchies made by rule for the distinct values of a column. The empty value stands for "none": it is a group of its own on each level below the top. Shares count the
/// values that the hierarchy is built for: build it for all that may come, not for a sample, where releases are to be compared.
/// </summary>
public static class HierarchyBuilder
{
    private const string All = "*";

    /// <summary>A value is itself or nothing.</summary>
    public static Hierarchy Suppression(string attribute, IEnumerable<string> values) => Of(attribute, values, order: null, _ => [All]);

    /// <summary>Characters are hidden one after the other, from right to left: 100081, 10008*, 1000**, …</summary>
    /// <param name="step">So many characters more on each level.</param>
    /// <param name="fromLeft">From left to right instead.</param>
    /// <param name="mask">What stands for a hidden character.</param>
    public static Hierarchy Redaction(string attribute, IEnumerable<string> values, int step = 1, bool fromLeft = false, char mask = '*')
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        var all = values.ToArray();
        var longest = all.Select(value => value.Length).DefaultIfEmpty(0).Max();
        return Of(attribute, all, order: null, value =>
        {
            var labels = new List<string>();
            for (var hidden = step; hidden < longest; hidden += step)
            {
                // Positions count from the end that is kept, so that shorter values stay together with those they are a part of.
                var shown = Math.Max(0, Math.Min(value.Length, longest - hidden));
                var stars = new string(mask, value.Length - shown);
                labels.Add(value.Length == 0 ? value : fromLeft ? stars + value[^shown..] : value[..shown] + stars);
            }

            labels.Add(All);
            return labels;
        });
    }

    /// <summary>Numbers in intervals of equal width, wider on each level: 30-34, 30-39, 20-39. An interval holds its lower bound and not its upper one.</summary>
    /// <param name="width">Of the intervals of the first level.</param>
    /// <param name="growth">How many intervals become one on the next level.</param>
    /// <param name="levels">Levels of intervals; above them is one more, where all are one.</param>
    /// <param name="origin">Where an interval begins.</param>
    /// <param name="from">What is below comes into one group; null: there is none.</param>
    /// <param name="to">So does what is at this or above it.</param>
    /// <exception cref="PrivacyException">A value is no number.</exception>
    public static Hierarchy Intervals(string attribute, IEnumerable<string> values, decimal width, int growth = 2, int levels = 3, decimal origin = 0, decimal? from = null, decimal? to = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(width, 0);
        ArgumentOutOfRangeException.ThrowIfLessThan(growth, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(levels, 1);
        string[] all = [.. values];
        var whole = AreWhole(attribute, all);
        return Of(attribute, all, (a, b) => Number(attribute, a).CompareTo(Number(attribute, b)), value =>
        {
            var number = Number(attribute, value);
            var labels = new List<string>();
            var wide = width;
            for (var level = 0; level < levels; level++, wide *= growth)
            {
                if (number < from)
                    labels.Add(Text($"<{from}"));
                else if (number >= to)
                    labels.Add(Text($">={to}"));
                else
                    labels.Add(Interval(Math.Floor((number - origin) / wide) * wide + origin, wide, whole));
            }

            labels.Add(All);
            return labels;
        });
    }

    /// <summary>Numbers in intervals with given bounds, the finest first; each further level has to leave out bounds of the one before and bring in no new ones.</summary>
    /// <param name="bounds">18, 35, 60: below 18, 18 up to 35, 35 up to 60, 60 and above.</param>
    /// <exception cref="PrivacyException">A value is no number, or the bounds of a level are not among those of the level before.</exception>
    public static Hierarchy Bounds(string attribute, IEnumerable<string> values, params IReadOnlyList<IReadOnlyList<decimal>> bounds)
    {
        string[] all = [.. values];
        var whole = AreWhole(attribute, all);
        return Of(attribute, all, (a, b) => Number(attribute, a).CompareTo(Number(attribute, b)), value =>
        {
            var number = Number(attribute, value);
            var labels = bounds.Select(level =>
            {
                decimal? below = level.Where(bound => bound <= number).Select(bound => (decimal?)bound).Max();
                decimal? above = level.Where(bound => bound > number).Select(bound => (decimal?)bound).Min();
                return below is null ? above is null ? All : Text($"<{above}") : above is null ? Text($">={below}") : Interval(below.Value, above.Value - below.Value, whole);
            }).ToList();
            labels.Add(All);
            return labels;
        });
    }

    /// <summary>Days as month, quarter, year and decade: 2025-03-14, 2025-03, 2025-Q1, 2025, 2020s.</summary>
    /// <param name="format">Of the values, as .NET writes it; null: <c>yyyy-MM-dd</c> with or without a time behind it.</param>
    /// <exception cref="PrivacyException">A value is no date.</exception>
    public static Hierarchy Dates(string attribute, IEnumerable<string> values, string? format = null) =>
        Of(attribute, values, (a, b) => Date(attribute, a, format).CompareTo(Date(attribute, b, format)), value =>
        {
            var date = Date(attribute, value, format);
            return
            [
                date.ToString("yyyy-MM", CultureInfo.InvariantCulture), Text($"{date.Year:D4}-Q{(date.Month + 2) / 3}"), Text($"{date.Year:D4}"), Text($"{date.Year / 10:D3}0s"), All,
            ];
        });

    /// <summary>Region codes of GB/T 2260, six digits: county 110108, city 110100, province 110000; longer codes (town, village: GB/T 10114) begin with those.</summary>
    /// <exception cref="PrivacyException">A value is no region code.</exception>
    public static Hierarchy Regions(string attribute, IEnumerable<string> values) => Of(attribute, values, order: null, value =>
    {
        if (value.Length is not (6 or 9 or 12) || value.AsSpan().ContainsAnyExceptInRange('0', '9'))
            throw Unusable(attribute, $"{value} is no region code", "Codes of GB/T 2260 have six digits, those of towns nine and of villages twelve.");
        return [value[..6], value[..4] + "00", value[..2] + "0000", All];
    }, collapse: true);

    /// <summary>Values in their order, so many neighbours to a group, and so many groups to one of the next level.</summary>
    /// <param name="values">In the order that counts; texts that are numbers are not sorted.</param>
    /// <param name="sizes">Of the groups of each level.</param>
    public static Hierarchy Ordered(string attribute, IEnumerable<string> values, params IReadOnlyList<int> sizes)
    {
        foreach (var size in sizes)
            ArgumentOutOfRangeException.ThrowIfLessThan(size, 2, nameof(sizes));
        string[] ordered = [.. values.Distinct(StringComparer.Ordinal)];
        var place = ordered.Select((value, at) => (value, at)).ToDictionary(one => one.value, one => one.at, StringComparer.Ordinal);
        return Of(attribute, ordered, order: null, value =>
        {
            var labels = new List<string>();
            var size = 1;
            foreach (var times in sizes)
            {
                size *= times;
                var first = place[value] / size * size;
                var last = Math.Min(first + size, ordered.Length) - 1;
                labels.Add(first == last ? ordered[first] : $"{ordered[first]} – {ordered[last]}");
            }

            labels.Add(All);
            return labels;
        });
    }

    /// <param name="collapse">A level on which each value is what it was below is left out.</param>
    private static Hierarchy Of(string attribute, IEnumerable<string> values, Comparison<string>? order, Func<string, IReadOnlyList<string>> labels, bool collapse = false)
    {
        string[] distinct = [.. values.Distinct(StringComparer.Ordinal)];
        if (distinct.Length == 0)
            throw Unusable(attribute, "there is no value to build it for", "Give the values of the column.");
        string[] filled = [.. distinct.Where(value => value.Length > 0)];
        if (order is not null)
            Array.Sort(filled, (a, b) => order(a, b) is var by && by != 0 ? by : string.CompareOrdinal(a, b));
        List<IReadOnlyList<string>> lines = [.. filled.Select(value => (IReadOnlyList<string>)[value, .. labels(value)])];
        if (filled.Length < distinct.Length)
        {
            var levels = lines.Count > 0 ? lines[0].Count : 2;
            lines.Add([.. Enumerable.Repeat("", levels - 1), All]);
        }

        if (collapse)
        {
            for (var level = lines[0].Count - 1; level > 0; level--)
            {
                if (lines.All(line => string.Equals(line[level], line[level - 1], StringComparison.Ordinal)))
                    lines = [.. lines.Select(line => (IReadOnlyList<string>)[.. line.Where((_, at) => at != level)])];
            }
        }

        return Hierarchy.Of(attribute, lines);
    }

    private static bool AreWhole(string attribute, string[] values) => values.All(value => value.Length == 0 || decimal.IsInteger(Number(attribute, value)));

    private static string Interval(decimal from, decimal width, bool whole)
    {
        // Whole numbers read better with their last one: 30-34 and not [30, 35).
        return whole && decimal.IsInteger(from) && decimal.IsInteger(width)
            ? width == 1 ? Text($"{Plain(from)}") : Text($"{Plain(from)}-{Plain(from + width - 1)}")
            : Text($"[{Plain(from)}, {Plain(from + width)})");
    }

    /// <summary>Without zeros at the end.</summary>
    private static decimal Plain(decimal number) => number / 1.000000000000000000000000000000000m;

    private static string Text(FormattableString text) => FormattableString.Invariant(text);

    private static decimal Number(string attribute, string value) => decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw Unusable(attribute, $"{value} is no number", "Clean the column, or give what is no number a null word.");

    private static DateTime Date(string attribute, string value, string? format)
    {
        var found = format is null
            ? DateTime.TryParseExact(value.AsSpan(0, Math.Min(10, value.Length)), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
            : DateTime.TryParseExact(value, format, CultureInfo.InvariantCulture, DateTimeStyles.None, out date);
        return found ? date : throw Unusable(attribute, $"{value} is no date", format is null ? "Dates are written 2025-03-14; give the format of others." : $"The format given is {format}.");
    }

    private static PrivacyException Unusable(string attribute, string why, string hint) =>
        new PrivacyRefusal(PrivacyCodes.HierarchyUnusable, $"The hierarchy of {attribute}: {why}.", hint) { Column = attribute }.ToException();
}
