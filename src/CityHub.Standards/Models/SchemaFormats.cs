using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace CityHub.Standards.Models;

/// <summary>The values of <c>format</c> that are checked (JSON Schema validation, §7.3); any other is a remark and passes.</summary>
internal static partial class SchemaFormats
{
    private static readonly SearchValues<char> NotInUris = SearchValues.Create(" \"<>\\^`{|}");

    /// <summary>True when the text has the format, or the format is not one of those that are checked.</summary>
    public static bool Holds(string format, string text) => format switch
    {
        "date-time" => DateTime().Match(text) is { Success: true } m && IsDate(m.Groups[1].Value) && IsTime(m.Groups[2].Value),
        "date" => IsDate(text),
        "time" => IsTime(text),
        "duration" => text.Length > 1 && !text.EndsWith('T') && Duration().IsMatch(text),
        "uri" or "iri" => UriStart().IsMatch(text) && IsUriText(text, format == "iri"),
        "uri-reference" or "iri-reference" => IsUriText(text, format == "iri-reference"),
        "email" => Email().IsMatch(text) && text.All(char.IsAscii),
        "idn-email" => Email().IsMatch(text),
        "hostname" => text.Length <= 253 && Hostname().IsMatch(text),
        "ipv4" => Ipv4().IsMatch(text),
        "ipv6" => text.Contains(':', StringComparison.Ordinal) && !text.Contains('%', StringComparison.Ordinal) && !text.Contains('[', StringComparison.Ordinal)
            && IPAddress.TryParse(text, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6,
        "uuid" => Uuid().IsMatch(text),
        _ => true,
    };

    private static bool IsDate(string text) => text.Length == 10 && text.All(c => char.IsAsciiDigit(c) || c == '-')
        && DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    /// <summary>RFC 3339, 5.6: full-time, so with an offset; a leap second is at 23:59:60Z.</summary>
    private static bool IsTime(string text)
    {
        if (Time().Match(text) is not { Success: true } m)
            return false;
        var (hour, minute, second) = (Number(m, 1), Number(m, 2), Number(m, 3));
        var (offsetHour, offsetMinute) = m.Groups[5].Success ? (Number(m, 5), Number(m, 6)) : (0, 0);
        if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59)
            return false;
        if (second < 60)
            return true;
        var sign = m.Groups[4].Value.StartsWith('-') ? -1 : 1;
        return ((hour * 60 + minute - sign * (offsetHour * 60 + offsetMinute)) % 1440 + 1440) % 1440 == 1439;
    }

    private static int Number(Match m, int group) => int.Parse(m.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    private static bool IsUriText(string text, bool international) =>
        !text.AsSpan().ContainsAny(NotInUris) && text.All(c => c > ' ' && (international || c < 127)) && !BadEscape().IsMatch(text);

    [GeneratedRegex(@"^([0-9-]{10})[Tt](.+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex DateTime();

    [GeneratedRegex(@"^([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?([Zz]|[+-]([0-9]{2}):([0-9]{2}))\z", RegexOptions.CultureInvariant)]
    private static partial Regex Time();

    [GeneratedRegex(@"^P(?:[0-9]+W|(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:T(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+(?:\.[0-9]+)?S)?)?)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Duration();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9+.-]*:", RegexOptions.CultureInvariant)]
    private static partial Regex UriStart();

    [GeneratedRegex(@"%(?![0-9A-Fa-f]{2})", RegexOptions.CultureInvariant)]
    private static partial Regex BadEscape();

    [GeneratedRegex(@"^[^@\s.]+(?:\.[^@\s.]+)*@[^@\s.]+(?:\.[^@\s.]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Email();

    [GeneratedRegex(@"^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Hostname();

    [GeneratedRegex(@"^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!\z)|\z)){4}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Ipv4();

    [GeneratedRegex(@"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Uuid();
}
