using System.Buffers;
using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Numbers of persons and their papers, over capital ASCII without blanks.</summary>
internal static class IdentityNumbers
{
    // 军, 士, 文 and the like: services, ranks, and the regions of the army as they were until 2016.
    private static readonly SearchValues<char> Services = SearchValues.Create("军兵士官文职警武政参后装海空火南北沈兰济成广");

    /// <summary>GB 11643: region, birth date, sequence, check character.</summary>
    public static bool IsResident(ReadOnlySpan<byte> s) => HasIdForm(s) && Regions.IsKnown(s) && s[0] < '8' && IsChecked(s);

    /// <summary>The residence permit of people from Hong Kong (81), Macao (82) and Taiwan (83), since 2018; the rest as in GB 11643.</summary>
    public static bool IsResidencePermit(ReadOnlySpan<byte> s) => HasIdForm(s) && s[0] == '8' && s[1] is >= (byte)'1' and <= (byte)'3' && IsChecked(s);

    /// <summary>
    /// The permanent residence card of foreigners: since 2023 18 characters (9, province, country of ISO 3166-1 as three digits, then as in GB 11643); before that
    /// three letters of the country, four digits of the region, birth date with two digits for the year, two digits.
    /// </summary>
    public static bool IsForeignPermanent(ReadOnlySpan<byte> s) =>
        HasIdForm(s) ? s[0] == '9' && Regions.IsProvince(s[1..]) && IsChecked(s)
        : s.Length == 15 && IsLetter(s[0]) && IsLetter(s[1]) && IsLetter(s[2]) && AllDigits(s[3..]) && Regions.IsProvince(s[3..]) && IsShortDate(s[7..]);

    /// <summary>The old number, until 1999: region, birth date with two digits for the year, sequence; no check digit.</summary>
    public static bool IsOldResident(ReadOnlySpan<byte> s) => s.Length == 15 && AllDigits(s) && s[0] < '8' && Regions.IsKnown(s) && IsShortDate(s[6..]);

    /// <summary>E, EA to EZ (without I and O), G, D, S, P and their successors with a second letter: ordinary, old, diplomatic, service and public affairs passports.</summary>
    public static bool IsPassport(ReadOnlySpan<byte> s)
    {
        if (s.Length != 9 || !IsDigit(s[8]))
            return false;
        return s[0] switch
        {
            (byte)'E' => IsDigit(s[1]) ? AllDigits(s[2..]) : s[1] is not ((byte)'I' or (byte)'O') && IsLetter(s[1]) && AllDigits(s[2..]),
            (byte)'D' or (byte)'S' or (byte)'P' => (IsDigit(s[1]) || s[1] == 'E') && AllDigits(s[2..]),
            (byte)'G' => AllDigits(s[1..]),
            (byte)'1' => s[1] == '4' && AllDigits(s[2..]),
            _ => false,
        };
    }

    /// <summary>Mainland travel permit of residents of Hong Kong (H) and Macao (M) with 8 or 10 digits, and the permit of mainland residents to go there (C, before that W).</summary>
    public static bool IsHongKongMacao(ReadOnlySpan<byte> s) => s.Length switch
    {
        9 => s[0] is (byte)'H' or (byte)'M' or (byte)'W' ? AllDigits(s[1..]) : s[0] == 'C' && IsWord(s[1]) && AllDigits(s[2..]),
        11 => s[0] is (byte)'H' or (byte)'M' && AllDigits(s[1..]),
        _ => false,
    };

    /// <summary>Travel permit of mainland residents to Taiwan (L, before that T), or of residents of Taiwan to the mainland: 8 digits, before that 10 and a letter.</summary>
    public static bool IsTaiwan(ReadOnlySpan<byte> s) => s.Length switch
    {
        8 => AllDigits(s),
        9 => s[0] is (byte)'L' or (byte)'T' && AllDigits(s[1..]),
        10 => AllDigits(s),
        11 => AllDigits(s[..10]) && IsLetter(s[10]),
        _ => false,
    };

    /// <summary>军字第1234567号 and its like: officers, soldiers, civil cadres, the armed police.</summary>
    public static bool IsOfficerCard(ReadOnlySpan<char> text)
    {
        var digits = text.IndexOfAnyInRange('0', '9');
        if (digits is < 1 or > 6)
            return false;
        var end = digits;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        if (end - digits is < 4 or > 8 || !(text[end..].IsEmpty || text[end..] is "号"))
            return false;
        var head = text[..digits].TrimEnd("第字");
        return head.Length is >= 1 and <= 4 && text[digits - 1] is '字' or '第' && !head.ContainsAnyExcept(Services);
    }

    /// <summary>000-00-0000 with none of its parts zero, not 666 and not from 900.</summary>
    public static bool IsSocialSecurity(ReadOnlySpan<byte> s) =>
        s.Length == 11 && s[3] == '-' && s[6] == '-' && AllDigits(s[..3]) && AllDigits(s[4..6]) && AllDigits(s[7..])
        && s[0] != '9' && !s[..3].SequenceEqual("000"u8) && !s[..3].SequenceEqual("666"u8) && !s[4..6].SequenceEqual("00"u8) && !s[7..].SequenceEqual("0000"u8);

    private static bool HasIdForm(ReadOnlySpan<byte> s) => s.Length == 18 && (IsDigit(s[17]) || s[17] == 'X') && AllDigits(s[..17]);

    private static bool IsChecked(ReadOnlySpan<byte> s) => IsDate(Four(s, 6), Two(s, 10), Two(s, 12)) && ResidentId(s) == s[17];

    private static bool IsShortDate(ReadOnlySpan<byte> s) => IsDate(1900 + Two(s, 0), Two(s, 2), Two(s, 4));
}
