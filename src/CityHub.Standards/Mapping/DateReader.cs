using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Standards.Mapping;

/// <summary>Reads dates and times by the first of several patterns that fits: 20240301, 2024年3月1日, 二〇二四年三月一日, 45352 (a serial number of Excel).</summary>
internal sealed class DateReader
{
    private static readonly string[] Usual = ["iso"];
    private readonly string[] _patterns;

    private DateReader(string[] patterns) => _patterns = patterns;

    public static Result<DateReader> For(IReadOnlyList<string>? patterns)
    {
        string[] all = patterns is null || patterns.Count == 0 ? Usual : [.. patterns];
        foreach (var pattern in all)
            if (pattern is not ("iso" or "excel") && !Works(pattern))
                return RowMappingProblems.Malformed.Because($"\"{pattern}\" is no pattern of a date.", "iso, excel, or for example yyyyMMdd, yyyy年M月d日, dd/MM/yyyy HH:mm.");
        return new DateReader(all);
    }

    public DateOnly? Date(Cell cell)
    {
        var text = cell.Type == ColumnType.Text ? Plain(cell.ToString()) : cell.ToString();
        foreach (var pattern in _patterns)
        {
            if (pattern == "excel" && Excel(text) is { } serial)
                return DateOnly.FromDateTime(serial);
            if (pattern == "iso" && Iso(text) is { } iso)
                return iso;
            if (pattern is not ("iso" or "excel") && DateTime.TryParseExact(text, pattern, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at))
                return DateOnly.FromDateTime(at);
        }

        return null;
    }

    /// <summary>Microseconds since 1970.</summary>
    public long? Instant(Cell cell, TimeZoneInfo? zone)
    {
        var text = cell.Type == ColumnType.Text ? Plain(cell.ToString()) : cell.ToString();
        foreach (var pattern in _patterns)
        {
            if (pattern == "iso" && Instant(text) is { } iso)
                return iso;
            if (pattern is not ("iso" or "excel") && pattern.Contains('z', StringComparison.Ordinal))
            {
                if (DateTimeOffset.TryParseExact(text, pattern, CultureInfo.InvariantCulture, DateTimeStyles.None, out var sure))
                    return Micros(sure);
                continue;
            }

            DateTime? local = pattern == "excel" ? Excel(text)
                : pattern == "iso" ? (DateTime.TryParseExact(text, LocalIso, CultureInfo.InvariantCulture, DateTimeStyles.None, out var plain) ? plain : null)
                : DateTime.TryParseExact(text, pattern, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at) ? at : null;
            if (local is { } time && zone is not null && !zone.IsInvalidTime(time) && time.Year is > 1 and < 9999)
                return Micros(new DateTimeOffset(time, zone.IsAmbiguousTime(time) ? zone.GetAmbiguousTimeOffsets(time).Max() : zone.GetUtcOffset(time)));
        }

        return null;
    }

    public static DateOnly? Iso(string text) => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private static readonly string[] LocalIso = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", "yyyy-MM-dd HH:mm:ss.FFFFFFF", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd HH:mm"];
    private static readonly string[] OffsetIso = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    /// <summary>A time of ISO 8601 with its offset; null without one.</summary>
    public static long? Instant(string text) =>
        text.Length > 10 && (text[^1] == 'Z' || text.AsSpan(10).IndexOfAny('+', '-') >= 0)
        && DateTimeOffset.TryParseExact(text, OffsetIso, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? Micros(at) : null;

    public override string ToString() => string.Join(", ", _patterns);

    private static long Micros(DateTimeOffset at) => (at.UtcTicks - DateTime.UnixEpoch.Ticks) / 10;

    // Days since 1899-12-30 with 1900 taken for a leap year: true from serial 61 (1900-03-01) on; before it the two calendars disagree.
    private static DateTime? Excel(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var serial) && serial is >= 61 and < 2_958_466
            ? new DateTime(1899, 12, 30).AddTicks((long)Math.Round(serial * 86_400_000) * TimeSpan.TicksPerMillisecond) : null;

    // Half-width; Chinese numerals before 年 月 日 as digits.
    private static string Plain(string text)
    {
        var half = ChineseNumbers.HalfWidth(text).Trim();
        if (!ChineseNumbers.HasNumeral(half))
            return half;
        var result = new System.Text.StringBuilder();
        for (var at = 0; at < half.Length;)
        {
            var end = at;
            while (end < half.Length && ChineseNumbers.IsNumeral(half[end]))
                end++;
            if (end == at)
                result.Append(half[at++]);
            else if (ChineseNumbers.TryRead(half.AsSpan(at, end - at), out var number))
            {
                result.Append(CultureInfo.InvariantCulture, $"{number}");
                at = end;
            }
            else
                return half;
        }

        return result.ToString();
    }

    private static bool Works(string pattern)
    {
        try
        {
            var at = new DateTime(2024, 3, 1, 0, 0, 0, DateTimeKind.Unspecified);
            return pattern.Length is > 0 and <= 64 && pattern.Contains('y', StringComparison.Ordinal) && pattern.Contains('M', StringComparison.Ordinal) && pattern.Contains('d', StringComparison.Ordinal)
                && DateTime.TryParseExact(at.ToString(pattern, CultureInfo.InvariantCulture), pattern, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
