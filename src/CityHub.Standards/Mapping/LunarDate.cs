using System.Globalization;

namespace CityHub.Standards.Mapping;

/// <summary>Dates of the Chinese calendar 农历 (GB/T 33661) of the years 1901 to 2100: 二〇二四年正月初一, 2023年闰二月十五, 2024-1-1.</summary>
internal static class LunarDate
{
    private static readonly ChineseLunisolarCalendar Calendar = new();

    /// <summary>The Gregorian day; null, with the reason, when there is no such date.</summary>
    public static DateOnly? ToGregorian(string text, out string? why)
    {
        why = null;
        var rest = ChineseNumbers.HalfWidth(text).Replace(" ", "", StringComparison.Ordinal).AsSpan();
        foreach (var prefix in (ReadOnlySpan<string>)["农历", "阴历", "旧历"])
            if (rest.StartsWith(prefix, StringComparison.Ordinal))
                rest = rest[prefix.Length..];
        if (!Cut(ref rest, "年-/.", out var year) || !ChineseNumbers.TryRead(year, out var y))
            return No("it is no date of the Chinese calendar", out why);
        var leap = rest.StartsWith("闰", StringComparison.Ordinal);
        if (leap)
            rest = rest[1..];
        if (!Cut(ref rest, "月-/.", out var month) || !Month(month, out var m))
            return No("its month is no month of the Chinese calendar", out why);
        if (rest.EndsWith("日", StringComparison.Ordinal) || rest.EndsWith("号", StringComparison.Ordinal))
            rest = rest[..^1];
        if (rest.StartsWith("初", StringComparison.Ordinal))
            rest = rest[1..];
        return ChineseNumbers.TryRead(rest, out var d) ? ToGregorian((int)Math.Min(y, 9999), (int)m, leap, (int)Math.Min(d, 99), out why) : No("its day is no day of the Chinese calendar", out why);
    }

    public static DateOnly? ToGregorian(int year, int month, bool leap, int day, out string? why)
    {
        why = null;
        if (year is < 1901 or > 2100 || month is < 1 or > 12 || day is < 1 or > 30)
            return No("it lies outside the years 1901 to 2100, or is no date", out why);
        // The calendar counts a leap month as a month of its own: 13 in the year, from the leap month on one more than the name says.
        var inserted = Calendar.GetLeapMonth(year);
        if (leap && inserted != month + 1)
            return No("the year has no such leap month", out why);
        var place = inserted > 0 && (leap || month >= inserted) ? month + 1 : month;
        return day <= Calendar.GetDaysInMonth(year, place) ? DateOnly.FromDateTime(Calendar.ToDateTime(year, place, day, 0, 0, 0, 0)) : No("the month has no 30th day", out why);
    }

    /// <summary>The other way: year, month, whether it is the leap month, day.</summary>
    public static (int Year, int Month, bool Leap, int Day) Of(DateOnly date)
    {
        var at = date.ToDateTime(TimeOnly.MinValue);
        var (year, place) = (Calendar.GetYear(at), Calendar.GetMonth(at));
        var inserted = Calendar.GetLeapMonth(year);
        return (year, inserted > 0 && place >= inserted ? place - 1 : place, inserted > 0 && place == inserted, Calendar.GetDayOfMonth(at));
    }

    private static DateOnly? No(string reason, out string? why)
    {
        why = reason;
        return null;
    }

    private static bool Cut(ref ReadOnlySpan<char> rest, string ends, out ReadOnlySpan<char> part)
    {
        var at = rest.IndexOfAny(ends);
        part = at > 0 ? rest[..at] : default;
        if (at > 0)
            rest = rest[(at + 1)..];
        return at > 0;
    }

    private static bool Month(ReadOnlySpan<char> text, out long month)
    {
        month = text switch { "正" => 1, "冬" => 11, "腊" => 12, _ => 0 };
        return month > 0 || (ChineseNumbers.TryRead(text, out month) && month is >= 1 and <= 12);
    }
}
