using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Dates as people write them. That one is a birth date only a name can say.</summary>
internal static class Dates
{
    /// <summary>1990-03-07, 1990/3/7, 1990.3.7, 19900307, 1990年3月7日, with a time of day or not.</summary>
    public static bool IsDate(ReadOnlySpan<char> s)
    {
        Span<int> parts = stackalloc int[3];
        int part = 0, digits = 0, at = 0;
        for (; at < s.Length && part < 3; at++)
        {
            var c = s[at];
            if (char.IsAsciiDigit(c))
            {
                if (++digits > 8)
                    return false;
                parts[part] = (parts[part] * 10) + c - '0';
                continue;
            }

            if (digits == 0 || digits > (part == 0 ? 4 : 2))
                break;
            var sign = c is '-' or '/' or '.' || (part == 0 && c == '年') || (part == 1 && c == '月');
            if (!sign || part == 2)
                break;
            part++;
            digits = 0;
        }

        if (part == 0)
            return digits == 8 && at == s.Length && CheckDigits.IsDate(parts[0] / 10_000, parts[0] / 100 % 100, parts[0] % 100);
        if (part != 2 || digits is 0 or > 2)
            return false;
        var rest = s[at..];
        rest = rest is ['日', ..] ? rest[1..] : rest;
        if (!rest.IsEmpty && (rest[0] is not (' ' or 'T') || rest.Length > 16))
            return false;
        return CheckDigits.IsDate(parts[0], parts[1], parts[2]) || CheckDigits.IsDate(parts[2], parts[0], parts[1]) || CheckDigits.IsDate(parts[2], parts[1], parts[0]);
    }

    /// <summary>A whole number of years from 0 to 120, with 岁 or not.</summary>
    public static bool IsAge(ReadOnlySpan<char> s)
    {
        s = s.TrimEnd("岁");
        return s.Length is >= 1 and <= 3 && !s.ContainsAnyExceptInRange('0', '9') && int.Parse(s, System.Globalization.CultureInfo.InvariantCulture) <= 120;
    }

    /// <summary>A plain number with at most two decimals and separators for thousands.</summary>
    public static bool IsAmount(ReadOnlySpan<byte> s)
    {
        if (s.Length is < 1 or > 16)
            return false;
        var dot = false;
        foreach (var b in s)
        {
            if (b == '.' && !dot)
                dot = true;
            else if (!IsDigit(b) && b != ',')
                return false;
        }

        return IsDigit(s[0]);
    }
}
