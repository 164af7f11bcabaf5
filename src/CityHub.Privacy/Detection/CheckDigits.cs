using System.Buffers;

namespace CityHub.Privacy;

/// <summary>The check characters of the numbers, over capital ASCII. The callers have looked at length and letters.</summary>
internal static class CheckDigits
{
    public static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789"u8);

    public static bool AllDigits(ReadOnlySpan<byte> s)
    {
        foreach (var b in s)
        {
            if (b is < (byte)'0' or > (byte)'9')
                return false;
        }

        return s.Length > 0;
    }

    public static bool IsDigit(byte b) => (uint)(b - '0') < 10;

    public static bool IsLetter(byte b) => (uint)((b | 0x20) - 'a') < 26;

    public static bool IsWord(byte b) => IsDigit(b) || IsLetter(b);

    public static int Two(ReadOnlySpan<byte> s, int at) => ((s[at] - '0') * 10) + s[at + 1] - '0';

    public static int Four(ReadOnlySpan<byte> s, int at) => (Two(s, at) * 100) + Two(s, at + 2);

    /// <summary>GB 11643, 4.2.4 (ISO 7064 MOD 11-2): the character after 17 digits.</summary>
    public static byte ResidentId(ReadOnlySpan<byte> s)
    {
        ReadOnlySpan<byte> weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
            sum += (s[i] - '0') * weights[i];
        return "10X98765432"u8[sum % 11];
    }

    /// <summary>GB 32100, 5.5: the character after 17 of its 31 letters; 0 where another letter is among them.</summary>
    public static byte CreditCode(ReadOnlySpan<byte> s)
    {
        ReadOnlySpan<byte> weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            var value = CreditLetters.IndexOf(s[i]);
            if (value < 0)
                return 0;
            sum += value * weights[i];
        }

        return CreditLetters[(31 - (sum % 31)) % 31];
    }

    /// <summary>Digits and capitals without I, O, S, V, Z.</summary>
    public static ReadOnlySpan<byte> CreditLetters => "0123456789ABCDEFGHJKLMNPQRTUWXY"u8;

    /// <summary>GB 11714, 4.2: the character after eight digits or capitals.</summary>
    public static byte Organisation(ReadOnlySpan<byte> s)
    {
        ReadOnlySpan<byte> weights = [3, 7, 9, 10, 5, 8, 4, 2];
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
            sum += (s[i] <= '9' ? s[i] - '0' : s[i] - 'A' + 10) * weights[i];
        return (11 - (sum % 11)) switch
        {
            10 => (byte)'X',
            11 => (byte)'0',
            var digit => (byte)('0' + digit),
        };
    }

    /// <summary>ISO/IEC 7812-1, annex B.</summary>
    public static bool Luhn(ReadOnlySpan<byte> s)
    {
        var sum = 0;
        var twice = false;
        for (var i = s.Length - 1; i >= 0; i--, twice = !twice)
        {
            var digit = s[i] - '0';
            digit = twice ? digit * 2 : digit;
            sum += digit > 9 ? digit - 9 : digit;
        }

        return sum % 10 == 0;
    }

    /// <summary>ISO 7064 MOD 97-10 as ISO 13616 uses it: the first four characters go behind, letters count from 10.</summary>
    public static bool Iban(ReadOnlySpan<byte> s)
    {
        var rest = 0;
        for (var i = 0; i < s.Length; i++)
        {
            var b = s[(i + 4) % s.Length];
            rest = b <= '9' ? ((rest * 10) + b - '0') % 97 : ((rest * 100) + b - 'A' + 10) % 97;
        }

        return rest == 1;
    }

    /// <summary>GB 16735, annex A (ISO 3779, 49 CFR 565): the ninth of 17 characters.</summary>
    public static bool Vin(ReadOnlySpan<byte> s)
    {
        ReadOnlySpan<byte> weights = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
        // A to Z; 0 for I, O and Q, which no VIN has.
        ReadOnlySpan<byte> letters = [1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 0, 7, 0, 9, 2, 3, 4, 5, 6, 7, 8, 9];
        var sum = 0;
        for (var i = 0; i < weights.Length; i++)
            sum += (s[i] <= '9' ? s[i] - '0' : letters[s[i] - 'A']) * weights[i];
        return s[8] == "0123456789X"u8[sum % 11];
    }

    /// <summary>A day of the Gregorian calendar in the years 1850 to 2099: wide, because the specimen of GB 11643 is from 1880 and no clock is asked.</summary>
    public static bool IsDate(int year, int month, int day) =>
        year is >= 1850 and <= 2099 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month);
}
