using System.Globalization;
using System.Text;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Mapping;

/// <summary>Times as they come: ISO 8601, seconds or milliseconds since 1970, a pattern, or columns that together make one.</summary>
internal sealed class TimeReader
{
    private const long TicksPerMicrosecond = TimeSpan.TicksPerMicrosecond;

    private readonly Form _form;
    private readonly string _pattern;
    private readonly TimeZoneInfo? _zone;
    private readonly TimeSpan? _offset;

    private TimeReader(Form form, string pattern, TimeZoneInfo? zone, TimeSpan? offset) => (_form, _pattern, _zone, _offset) = (form, pattern, zone, offset);

    private enum Form : byte
    {
        Iso,
        Unix,
        UnixMilliseconds,
        Pattern,
    }

    private bool HasZone => _zone is not null || _offset is not null;

    public static Result<TimeReader> Of(string format, string? zone)
    {
        TimeZoneInfo? named = null;
        TimeSpan? offset = null;
        if (zone is not null)
        {
            if (zone is "Z" or "UTC")
                offset = TimeSpan.Zero;
            else if (Offset(zone) is { } fixedOffset)
                offset = fixedOffset;
            else if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out named))
                return MappingProblems.NotAMapping.Because($"time.zone is \"{zone}\"; there is no such zone.", "It takes Z, an offset such as +08:00, or a name such as Asia/Shanghai.");
        }

        switch (format)
        {
            case "iso":
                return new TimeReader(Form.Iso, "", named, offset);
            case "unix":
                return new TimeReader(Form.Unix, "", named, offset);
            case "unixMilliseconds":
                return new TimeReader(Form.UnixMilliseconds, "", named, offset);
            default:
                if (!format.Contains("yy", StringComparison.Ordinal) || !format.Contains('d', StringComparison.Ordinal) || format.Length > 64)
                    return MappingProblems.NotAMapping.Because($"time.format is \"{format}\"; it is no format of times.", "It takes iso, unix, unixMilliseconds, arrival, or a pattern such as dd/MM/yyyy HH:mm.");
                if (!format.Contains('z', StringComparison.Ordinal) && zone is null)
                    return MappingProblems.NotAMapping.Because($"time.format is \"{format}\"; such times carry no offset, and time.zone is not given.", "time.zone takes Z, an offset such as +08:00, or a name such as Asia/Shanghai.");
                return new TimeReader(Form.Pattern, format, named, offset);
        }
    }

    /// <returns>What is wrong; null when nothing is.</returns>
    public string? Read(ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        text = text.Trim(" \t"u8);
        time = default;
        return _form switch
        {
            Form.Iso => Iso(text, out time),
            Form.Pattern => Pattern(text, out time),
            Form.Unix => Unix(text, TimeSpan.TicksPerSecond, out time),
            _ => Unix(text, TimeSpan.TicksPerMillisecond, out time),
        };
    }

    /// <summary>Parts that are not given are 1 (month, day) or 0.</summary>
    public string? Read(ReadOnlySpan<int> parts, out DateTimeOffset time)
    {
        time = default;
        var (year, month, day, hour, minute, second) = (parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]);
        if (year is < 1 or > 9999 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour is < 0 or > 24 || minute is < 0 or > 59 || second is < 0 or > 59)
            return "there is no such time";
        // Hour 24 is the midnight at the end of the day: loggers that count hours from 1 write it.
        if (hour == 24 && (minute != 0 || second != 0))
            return "there is no such time";
        return Local(new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Unspecified).Ticks + (((((hour * 60L) + minute) * 60) + second) * TimeSpan.TicksPerSecond), out time);
    }

    private static TimeSpan? Offset(string text) =>
        text.Length == 6 && text[0] is '+' or '-' && TimeSpan.TryParseExact(text.AsSpan(1), @"hh\:mm", CultureInfo.InvariantCulture, out var offset) && offset <= TimeSpan.FromHours(14)
            ? text[0] == '-' ? -offset : offset
            : null;

    private static string? Unix(ReadOnlySpan<byte> text, long unit, out DateTimeOffset time)
    {
        time = default;
        if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return "it is not a number";
        // Beyond the years 1 and 9999 there is nothing to record; milliseconds read as seconds end up there. So large a number would not even bear the product.
        if (Math.Abs(number) > 1e15m || number * unit is < -621_355_968_000_000_000m or > 2_534_023_007_999_999_999m)
            return "it lies beyond the year 9999; are these milliseconds?";
        time = new DateTimeOffset(DateTimeOffset.UnixEpoch.Ticks + ((long)(number * unit) / TicksPerMicrosecond * TicksPerMicrosecond), TimeSpan.Zero);
        return null;
    }

    /// <summary>YYYY-MM-DD, then T or a space, hh:mm[:ss[.f…]], then Z, ±hh:mm, ±hhmm, or nothing where the mapping says the zone.</summary>
    private string? Iso(ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length < 10 || text[4] != '-' || text[7] != '-' || !Digits(text[..4], out var year) || !Digits(text[5..7], out var month) || !Digits(text[8..10], out var day))
            return "it is not a time of ISO 8601";
        var (hour, minute, second, fraction) = (0, 0, 0, 0L);
        var rest = text[10..];
        if (rest.Length > 0)
        {
            if (rest[0] is not ((byte)'T' or (byte)'t' or (byte)' ') || rest.Length < 6 || rest[3] != ':' || !Digits(rest[1..3], out hour) || !Digits(rest[4..6], out minute))
                return "it is not a time of ISO 8601";
            rest = rest[6..];
            if (rest.Length > 0 && rest[0] == ':')
            {
                if (rest.Length < 3 || !Digits(rest[1..3], out second))
                    return "it is not a time of ISO 8601";
                rest = rest[3..];
                if (rest.Length > 0 && rest[0] is (byte)'.' or (byte)',')
                    rest = Fraction(rest[1..], out fraction);
            }
        }

        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 24 || minute > 59 || second > 60 || (hour == 24 && (minute | second) != 0))
            return "there is no such time";
        // A leap second is the last moment before the next minute: .NET has no 61st second.
        if (second == 60)
            (second, fraction) = (59, TimeSpan.TicksPerSecond - 1);
        var ticks = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Unspecified).Ticks + (((((hour * 60L) + minute) * 60) + second) * TimeSpan.TicksPerSecond) + fraction;
        if (rest.IsEmpty)
            return Local(ticks, out time);
        if (rest is [(byte)'Z' or (byte)'z'])
            return Utc(ticks, out time);
        var colon = rest.Length == 6 && rest[3] == ':';
        if (rest[0] is not ((byte)'+' or (byte)'-') || !(colon || rest.Length is 5 or 3) || !Digits(rest[1..3], out var hours))
            return "its end is not an offset";
        var minutes = 0;
        if (rest.Length > 3 && !Digits(rest[^2..], out minutes))
            return "its end is not an offset";
        if (hours > 14 || minutes > 59)
            return "there is no such offset";
        var offset = ((hours * 60) + minutes) * TimeSpan.TicksPerMinute;
        return Utc(rest[0] == '-' ? ticks + offset : ticks - offset, out time);
    }

    private string? Pattern(ReadOnlySpan<byte> text, out DateTimeOffset time)
    {
        time = default;
        if (text.Length > 64)
            return $"it is not {_pattern}";
        var characters = Encoding.UTF8.GetString(text);
        if (_pattern.Contains('z', StringComparison.Ordinal))
            return DateTimeOffset.TryParseExact(characters, _pattern, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out time) ? null : $"it is not {_pattern}";
        return DateTime.TryParseExact(characters, _pattern, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) ? Local(local.Ticks, out time) : $"it is not {_pattern}";
    }

    private string? Local(long ticks, out DateTimeOffset time)
    {
        time = default;
        if (!HasZone)
            return "it has no offset, and the mapping says no time.zone";
        if (ticks is < 0 or > 3_155_378_975_999_999_999)
            return "there is no such time";
        if (_offset is { } offset)
            return Utc(ticks - offset.Ticks, out time);
        if (_zone is not { } zone)
            return "it has no offset, and the mapping says no time.zone";
        var local = new DateTime(ticks, DateTimeKind.Unspecified);
        // An hour that summer time skips does not exist; one that it repeats is taken as the first of the two, standard time being the second.
        if (zone.IsInvalidTime(local))
            return $"the clocks of {zone.Id} skip that time";
        var shift = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return Utc(ticks - shift.Ticks, out time);
    }

    private static string? Utc(long ticks, out DateTimeOffset time)
    {
        time = default;
        if (ticks is < 0 or > 3_155_378_975_999_999_999)
            return "there is no such time";
        time = new DateTimeOffset(ticks, TimeSpan.Zero);
        return null;
    }

    private static ReadOnlySpan<byte> Fraction(ReadOnlySpan<byte> text, out long ticks)
    {
        ticks = 0;
        var digits = 0;
        for (; digits < text.Length && text[digits] is >= (byte)'0' and <= (byte)'9'; digits++)
            if (digits < 7)
                ticks = (ticks * 10) + (text[digits] - '0');
        for (var i = digits; i < 7; i++)
            ticks *= 10;
        return text[digits..];
    }

    private static bool Digits(ReadOnlySpan<byte> text, out int number)
    {
        number = 0;
        foreach (var b in text)
        {
            if (b is < (byte)'0' or > (byte)'9')
                return false;
            number = (number * 10) + (b - '0');
        }

        return true;
    }
}
