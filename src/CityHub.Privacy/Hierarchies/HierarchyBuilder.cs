using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Hierarchies for the values that a column has, made by rule. The bounds of groups follow from the rule and never from the data, so that next month's values fall into the same ones. A null
/// stays by itself up to the top, which is always <c>*</c>.
/// </summary>
public static class HierarchyBuilder
{
    private const string Top = "*";
    private const int MostLevels = 24;

    /// <summary>Nothing between the value and *.</summary>
    public static Hierarchy Suppression(Column column) => Build(column, 1, (value, _) => value);

    /// <summary>
    /// Numbers by intervals: of the width, then of twice the width, and so on, until one interval holds all. 20-24 are the whole numbers from 20 on and below 25; where there are fractions it is
    /// written [20, 25).
    /// </summary>
    /// <exception cref="PrivacyException">A value is no number, or the width is not above 0.</exception>
    public static Hierarchy Intervals(Column column, decimal width)
    {
        if (width <= 0)
            throw Unusable(column, null, "the width of an interval is above 0", "For ages, 5 is usual.");
        var numbers = new decimal?[column.Distinct];
        for (var code = 0; code < numbers.Length; code++)
        {
            var value = column.Values[code];
            numbers[code] = value.Length == 0 ? null : decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw Unusable(column, code, "the value is no number", "Clean it, or give the hierarchy as a file.");
        }

        var whole = width == decimal.Truncate(width) && numbers.All(one => one is null || one == decimal.Truncate(one.Value));
        var known = numbers.OfType<decimal>().ToArray();
        var levels = 1;
        for (var step = width; levels < MostLevels && known.Length > 0 && Math.Floor(known.Min() / step) != Math.Floor(known.Max() / step); step *= 2)
            levels++;
        var of = column.Values.Select((value, code) => (value, code)).ToDictionary(one => one.value, one => numbers[one.code], StringComparer.Ordinal);
        return Build(column, levels, (value, level) =>
        {
            if (level == 0 || of[value] is not { } number)
                return value;
            var step = width;
            for (var i = 1; i < level; i++)
                step *= 2;
            var from = Math.Floor(number / step) * step;
            return whole ? string.Create(CultureInfo.InvariantCulture, $"{from:0}-{from + step - 1:0}") : string.Create(CultureInfo.InvariantCulture, $"[{from:0.############}, {from + step:0.############})");
        });
    }

    /// <summary>Days by month, quarter, year and decade: 2026-03-17, 2026-03, 2026-Q1, 2026, 2020s. Reads 2026-03-17, 2026/3/17 and 20260317, each with a time behind it or without.</summary>
    /// <exception cref="PrivacyException">A value is no day.</exception>
    public static Hierarchy Dates(Column column)
    {
        var days = new Dictionary<string, DateOnly>(StringComparer.Ordinal);
        for (var code = 0; code < column.Distinct; code++)
        {
            var value = column.Values[code];
            if (value.Length == 0)
                continue;
            days[value] = DayOf(value) ?? throw Unusable(column, code, "the value is no day", "Days are written 2026-03-17.");
        }

        return Build(column, 5, (value, level) => level == 0 || !days.TryGetValue(value, out var day) ? value : level switch
        {
            1 => day.ToString("yyyy-MM", CultureInfo.InvariantCulture),
            2 => string.Create(CultureInfo.InvariantCulture, $"{day.Year:0000}-Q{((day.Month - 1) / 3) + 1}"),
            3 => day.ToString("yyyy", CultureInfo.InvariantCulture),
            _ => string.Create(CultureInfo.InvariantCulture, $"{day.Year / 10 * 10:0000}s"),
        });
    }

    /// <summary>Administrative divisions of GB/T 2260: county 110101, prefecture 110100, province 110000.</summary>
    /// <exception cref="PrivacyException">A value is no code of six digits.</exception>
    public static Hierarchy Regions(Column column)
    {
        for (var code = 0; code < column.Distinct; code++)
        {
            var value = column.Values[code];
            if (value.Length != 0 && (value.Length != 6 || !value.All(char.IsAsciiDigit)))
                throw Unusable(column, code, "the value is no code of six digits", "GB/T 2260: province, prefecture and county, two digits each.");
        }

        return Build(column, 3, (value, level) => value.Length == 0 ? value : level switch { 0 => value, 1 => value[..4] + "00", _ => value[..2] + "0000" });
    }

    /// <summary>Texts and codes from the right: 200433, 20043*, 2004**, … Shorter values are filled up with blanks first.</summary>
    public static Hierarchy Prefixes(Column column)
    {
        var longest = Math.Min(MostLevels, Math.Max(1, column.Values.Max(one => one.Length)));
        return Build(column, longest, (value, level) =>
        {
            if (level == 0 || value.Length == 0)
                return value;
            var kept = longest - level;
            return (value.Length > kept ? value[..kept] : value.PadRight(kept)) + new string('*', level);
        });
    }

    /// <summary>Ordered values in groups of so many neighbours, then groups of so many groups: low-middle. The order is that of the list, which also holds values that no row has.</summary>
    /// <exception cref="PrivacyException">A group has fewer than two, or a value of the column is not in the order.</exception>
    public static Hierarchy Ordered(Column column, IReadOnlyList<string> order, int together)
    {
        if (together < 2)
            throw Unusable(column, null, "a group has at least two values", null);
        var places = order.Select((value, place) => (value, place)).ToDictionary(one => one.value, one => one.place, StringComparer.Ordinal);
        for (var code = 0; code < column.Distinct; code++)
        {
            if (column.Values[code].Length != 0 && !places.ContainsKey(column.Values[code]))
                throw Unusable(column, code, "the value is not in the order", "Add it where it belongs.");
        }

        var levels = 1;
        for (long group = together; group < order.Count; group *= together)
            levels++;
        string Label(string value, int level)
        {
            if (level == 0 || value.Length == 0)
                return value;
            var size = 1L;
            for (var i = 0; i < level; i++)
                size *= together;
            var from = (int)(places[value] / size * size);
            return $"{order[from]}-{order[(int)Math.Min(order.Count - 1, from + size - 1)]}";
        }

        var values = order.Concat(column.Values.Where(one => one.Length == 0)).ToArray();
        return Hierarchy.Of(column.Name, [.. values.Select(value => (IReadOnlyList<string>)[.. Enumerable.Range(0, levels).Select(level => Label(value, level)), Top])]);
    }

    private static Hierarchy Build(Column column, int levels, Func<string, int, string> label)
    {
        if (column.Distinct == 0)
            throw Unusable(column, null, "the column has no value", null);
        return Hierarchy.Of(column.Name, [.. column.Values.Select(value => (IReadOnlyList<string>)[.. Enumerable.Range(0, levels).Select(level => label(value, level)), Top])]);
    }

    private static DateOnly? DayOf(string value)
    {
        var end = value.AsSpan().IndexOfAny('T', ' ');
        var text = end < 0 ? value.AsSpan() : value.AsSpan(0, end);
        ReadOnlySpan<string> forms = ["yyyy-MM-dd", "yyyy/M/d", "yyyyMMdd", "yyyy.M.d"];
        foreach (var form in forms)
        {
            if (DateOnly.TryParseExact(text, form, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                return day;
        }

        return null;
    }

    private static PrivacyException Unusable(Column column, int? code, string why, string? hint)
    {
        long? row = code is { } one ? Tables.RowOf(column, one) + 2 : null;
        return new PrivacyRefusal(
            PrivacyCodes.HierarchyUnusable, string.Create(CultureInfo.InvariantCulture, $"A hierarchy of {column.Name}{(row is null ? "" : $", row {row}")}: {why}."), hint) { Column = column.Name, Row = row }.ToException();
    }
}
