using System.Text;

namespace CityHub.Standards.Mapping;

/// <summary>公民身份号码 (GB 11643-1999): 6 digits of area, 8 of the birth date, 3 of order, a check character by ISO 7064 MOD 11-2; and the older form of 15 digits.</summary>
internal static class IdNumber
{
    private static readonly byte[] Weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

    /// <summary>18 characters, a day that exists, the right check character; a small x is not right.</summary>
    public static bool IsValid(ReadOnlySpan<byte> utf8) => utf8.Length == 18 && AllDigits(utf8[..17]) && utf8[0] != '0' && Check(utf8) == utf8[17] && BirthDay(utf8) is not null;

    /// <summary>Days since 1970-01-01; null when the eight digits are no day.</summary>
    public static long? BirthDay(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length < 14 || !AllDigits(utf8[6..14]))
            return null;
        var (year, month, day) = (Number(utf8[6..10]), Number(utf8[10..12]), Number(utf8[12..14]));
        return year >= 1800 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month) ? Cell.Days(new DateOnly(year, month, day)) : null;
    }

    /// <summary>The 17th digit: odd for a man; null when it is no digit.</summary>
    public static bool? IsMale(ReadOnlySpan<byte> utf8) => utf8.Length == 18 && utf8[16] is >= (byte)'0' and <= (byte)'9' ? (utf8[16] & 1) == 1 : null;

    /// <summary>18 characters; 15 digits become 18. Null, with the reason, when it is none.</summary>
    public static string? Normalise(string text, out string? why)
    {
        why = null;
        var plain = ChineseNumbers.HalfWidth(text).Replace(" ", "", StringComparison.Ordinal).Replace("-", "", StringComparison.Ordinal).ToUpperInvariant();
        Span<byte> utf8 = stackalloc byte[18];
        if (plain.Length is not (15 or 18) || !Ascii.IsValid(plain))
            why = "an ID number has 18 characters, or 15 in its older form";
        else if (plain.Length == 18)
        {
            Encoding.ASCII.GetBytes(plain, utf8);
            if (!IsValid(utf8))
                why = "its check character or its birth date is wrong";
        }
        else
        {
            Encoding.ASCII.GetBytes(plain.AsSpan(0, 6), utf8);
            (utf8[6], utf8[7]) = ((byte)'1', (byte)'9');
            Encoding.ASCII.GetBytes(plain.AsSpan(6), utf8[8..]);
            if (!AllDigits(utf8[..17]) || utf8[0] == '0' || BirthDay(utf8) is null)
                why = "it has characters that are no digits, or its birth date is none";
            else
            {
                utf8[17] = Check(utf8);
                plain = Encoding.ASCII.GetString(utf8);
            }
        }

        return why is null ? plain : null;
    }

    public static byte Check(ReadOnlySpan<byte> utf8)
    {
        var sum = 0;
        for (var i = 0; i < 17; i++)
            sum += (utf8[i] - '0') * Weights[i];
        return "10X98765432"u8[sum % 11];
    }

    private static bool AllDigits(ReadOnlySpan<byte> utf8) => utf8.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;

    private static int Number(ReadOnlySpan<byte> digits)
    {
        var number = 0;
        foreach (var b in digits)
            number = (number * 10) + (b - '0');
        return number;
    }
}

/// <summary>统一社会信用代码 (GB 32100-2015): 18 characters without I, O, S, V, Z, the last one a check by ISO 7064-like MOD 31-3.</summary>
internal static class CreditCode
{
    public static bool IsValid(ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length != 18)
            return false;
        var characters = "0123456789ABCDEFGHJKLMNPQRTUWXY"u8;
        var (sum, weight) = (0, 1);
        for (var i = 0; i < 17; i++, weight = weight * 3 % 31)
        {
            if (characters.IndexOf(utf8[i]) is not (>= 0 and var value))
                return false;
            sum += value * weight;
        }

        return characters[(31 - (sum % 31)) % 31] == utf8[17];
    }
}
