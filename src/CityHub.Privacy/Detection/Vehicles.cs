using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Plates after GA 36-2018 and vehicle identification numbers after GB 16735-2019.</summary>
internal static class Vehicles
{
    public const string Provinces = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

    /// <summary>Province, letter of the office, five characters without I and O of which at most two are letters.</summary>
    public static bool IsPlate(ReadOnlySpan<char> text)
    {
        Span<char> s = stackalloc char[9];
        return Squeeze(text, s) == 7 && HasOffice(s) && HasPlain(s[2..7], most: 2);
    }

    /// <summary>Eight characters: small vehicles have the letter first and four digits at the end, large ones five digits and the letter.</summary>
    public static bool IsNewEnergy(ReadOnlySpan<char> text)
    {
        Span<char> s = stackalloc char[9];
        if (Squeeze(text, s) != 8 || !HasOffice(s))
            return false;
        return IsEnergyLetter(s[2]) ? IsPlain(s[3]) && HasDigits(s[4..8]) : HasDigits(s[2..7]) && s[7] is 'D' or 'F' && s[..8].Length == 8;
    }

    /// <summary>Training, police, trailer, Hong Kong, Macao and consulate plates (the sign at the end), embassies (使), the armed police (WJ), emergency vehicles and the army.</summary>
    public static bool IsSpecial(ReadOnlySpan<char> text)
    {
        Span<char> s = stackalloc char[9];
        var length = Squeeze(text, s);
        if (length < 6)
            return false;
        if (s[0] == 'W' && s[1] == 'J')
        {
            var rest = s[2..length];
            rest = rest[0] > 0x7F && Provinces.Contains(rest[0], StringComparison.Ordinal) ? rest[1..] : rest;
            return rest.Length is 5 or 6 && HasDigits(rest[..4]) && char.IsAsciiLetterOrDigit(rest[4]) && (rest.Length == 5 || char.IsAsciiLetterOrDigit(rest[5]));
        }

        if (s[0] == '使' && length == 7)
            return HasDigits(s[1..7]);
        // The army: two letters, five characters, such as VA12345 would be ambiguous with anything; only the older form with a sign is taken.
        if ("军空海北沈兰济南广成".Contains(s[0], StringComparison.Ordinal) && length == 7)
            return char.IsAsciiLetterUpper(s[1]) && HasDigits(s[2..7]);
        if (!HasOffice(s))
            return false;
        return length switch
        {
            7 => "学警挂港澳领试超使".Contains(s[6], StringComparison.Ordinal) && HasPlain(s[2..6], most: 2),
            8 => s[6] == '应' && s[7] == '急' && HasPlain(s[2..6], most: 2),
            _ => false,
        };
    }

    public static bool IsVin(ReadOnlySpan<byte> s)
    {
        if (s.Length != 17)
            return false;
        foreach (var b in s)
        {
            if (!IsDigit(b) && (b is < (byte)'A' or > (byte)'Z' or (byte)'I' or (byte)'O' or (byte)'Q'))
                return false;
        }

        // The last four are digits, GB 16735, 4.4; this also spares long words.
        return AllDigits(s[13..]) && Vin(s);
    }

    /// <summary>Without the dot, blank or hyphen after the letter, in capitals; 0 where more than nine characters are left.</summary>
    private static int Squeeze(ReadOnlySpan<char> text, Span<char> into)
    {
        var length = 0;
        foreach (var c in text)
        {
            if (c is ' ' or '-' or '·' or '.')
                continue;
            if (length == into.Length)
                return 0;
            into[length++] = char.IsAsciiLetterLower(c) ? (char)(c - 32) : c;
        }

        return length;
    }

    private static bool HasOffice(ReadOnlySpan<char> s) => Provinces.Contains(s[0], StringComparison.Ordinal) && IsLetterOfPlate(s[1]);

    private static bool IsLetterOfPlate(char c) => c is >= 'A' and <= 'Z' and not ('I' or 'O');

    private static bool IsPlain(char c) => char.IsAsciiDigit(c) || IsLetterOfPlate(c);

    private static bool IsEnergyLetter(char c) => c is (>= 'A' and <= 'H') or 'J' or 'K' && IsLetterOfPlate(c);

    private static bool HasDigits(ReadOnlySpan<char> s) => !s.ContainsAnyExceptInRange('0', '9');

    private static bool HasPlain(ReadOnlySpan<char> s, int most)
    {
        var letters = 0;
        foreach (var c in s)
        {
            if (!IsPlain(c))
                return false;
            letters += char.IsAsciiDigit(c) ? 0 : 1;
        }

        return letters <= most;
    }
}
