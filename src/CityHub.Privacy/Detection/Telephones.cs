using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Numbers of the telephone plan of mainland China, over ASCII.</summary>
internal static class Telephones
{
    /// <summary>11 digits from 13 to 19, with +86, 0086 or 86 before them.</summary>
    public static bool IsMobile(ReadOnlySpan<byte> compact)
    {
        var s = WithoutCountry(compact, 11);
        return s.Length == 11 && s[0] == '1' && s[1] is >= (byte)'3' and <= (byte)'9' && AllDigits(s[2..]);
    }

    /// <summary>Machine cards of 13 digits: 1064x, 10648 and 140 to 149.</summary>
    public static bool IsMachine(ReadOnlySpan<byte> s) =>
        s.Length == 13 && s[0] == '1' && (s[1] == '4' || s[1..4].SequenceEqual("064"u8)) && AllDigits(s);

    /// <summary>0 and an area code (10, 2x, or three digits from 3 to 9), a number of 7 or 8 digits that starts with 2 to 8, an extension of up to six digits. Parentheses or separators may stand around the code.</summary>
    public static bool IsLandline(ReadOnlySpan<byte> s)
    {
        Span<byte> digits = stackalloc byte[12];
        var length = 0;
        var extension = -1;
        var abroad = s.StartsWith("+86"u8) ? 3 : s.StartsWith("0086"u8) ? 4 : 0;
        s = s[abroad..].TrimStart(" -"u8);
        if (abroad > 0 && !s.IsEmpty && s[0] != '0')
            digits[length++] = (byte)'0';
        for (var i = 0; i < s.Length; i++)
        {
            var b = s[i];
            if (extension >= 0)
            {
                if (!IsDigit(b) || ++extension > 6)
                    return false;
            }
            else if (IsDigit(b))
            {
                if (length == 12)
                    return false;
                digits[length++] = b;
            }
            else if (b is (byte)'-' or (byte)' ' && length >= 10 && IsLocal(digits[..length]))
            {
                extension = 0;
            }
            else if (b is not ((byte)'-' or (byte)' ' or (byte)'(' or (byte)')'))
            {
                return false;
            }
        }

        return extension != 0 && IsLocal(digits[..length]);
    }

    /// <summary>400 or 800 and seven digits.</summary>
    public static bool IsService(ReadOnlySpan<byte> s) => s.Length == 10 && s[0] is (byte)'4' or (byte)'8' && s[1] == '0' && s[2] == '0' && AllDigits(s);

    /// <summary>Area code and number without separators.</summary>
    public static bool IsLocal(ReadOnlySpan<byte> s)
    {
        if (s.Length is < 10 or > 12 || s[0] != '0')
            return false;
        var code = s[1] is (byte)'1' ? (s[2] == '0' ? 3 : 0) : s[1] == '2' ? 3 : s[1] is >= (byte)'3' and <= (byte)'9' ? 4 : 0;
        return code > 0 && s.Length - code is 7 or 8 && s[code] is >= (byte)'2' and <= (byte)'8' && AllDigits(s);
    }

    private static ReadOnlySpan<byte> WithoutCountry(ReadOnlySpan<byte> s, int length)
    {
        if (s.Length == length)
            return s;
        if (s.Length == length + 3 && s.StartsWith("+86"u8))
            return s[3..];
        if (s.Length == length + 4 && s.StartsWith("0086"u8))
            return s[4..];
        if (s.Length == length + 2 && s.StartsWith("86"u8))
            return s[2..];
        return s.Length == length + 5 && s.StartsWith("(+86)"u8) ? s[5..] : s;
    }
}
