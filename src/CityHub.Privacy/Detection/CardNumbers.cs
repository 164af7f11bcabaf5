using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Numbers on cards with the check digit of Luhn, over digits.</summary>
internal static class CardNumbers
{
    /// <summary>
    /// Cards of mainland banks: 62 and 81 of UnionPay (ISO/IEC 7812 with JR/T 0008, 16 to 19 digits) and the older prefixes of single banks that are still in use.
    /// </summary>
    public static bool IsBank(ReadOnlySpan<byte> s) => s.Length is >= 16 and <= 19 && HasBankPrefix(s) && AllDigits(s) && Luhn(s);

    /// <summary>Visa, Mastercard, American Express, Diners, JCB, Discover.</summary>
    public static bool IsInternational(ReadOnlySpan<byte> s)
    {
        if (s.Length is < 13 or > 19 || !AllDigits(s))
            return false;
        var four = Four(s, 0);
        var known = s.Length switch
        {
            13 => s[0] == '4',
            14 => four is (>= 3000 and <= 3059) or (>= 3600 and <= 3699) or (>= 3800 and <= 3999),
            15 => four is (>= 3400 and <= 3499) or (>= 3700 and <= 3799),
            16 => s[0] == '4' || four is (>= 5100 and <= 5599) or (>= 2221 and <= 2720) or (>= 3528 and <= 3589) or 6011 or (>= 6440 and <= 6599),
            19 => s[0] == '4' || four is 6011 or (>= 6440 and <= 6599),
            _ => false,
        };
        return known && Luhn(s);
    }

    /// <summary>3GPP TS 23.003, 6.2: type allocation code of a known reporting body, serial number, check digit; or 16 digits with a software version and no check.</summary>
    public static bool IsImei(ReadOnlySpan<byte> s) => s.Length == 15 && AllDigits(s) && HasReportingBody(s) && Luhn(s);

    /// <summary>ITU-T E.118: 89, the country, the issuer, the card. Chinese cards (8986) carry no check digit that one could rely on, and letters with some issuers; all others are checked.</summary>
    public static bool IsIccid(ReadOnlySpan<byte> s)
    {
        if (s.Length is < 19 or > 20 || !s.StartsWith("89"u8))
            return false;
        if (!s.StartsWith("8986"u8))
            return AllDigits(s) && Luhn(s);
        foreach (var b in s)
        {
            if (!IsDigit(b) && b is < (byte)'A' or > (byte)'F')
                return false;
        }

        return true;
    }

    /// <summary>3GPP TS 23.003, 2.2: 460 is China, then the network and the subscriber.</summary>
    public static bool IsImsi(ReadOnlySpan<byte> s) => s.Length == 15 && s.StartsWith("460"u8) && s[3] is (byte)'0' or (byte)'1' or (byte)'2' && AllDigits(s);

    private static bool HasBankPrefix(ReadOnlySpan<byte> s) => s[0] switch
    {
        (byte)'6' => s[1] == '2' || s.StartsWith("6013"u8) || s.StartsWith("6014"u8) || s.StartsWith("6858"u8),
        (byte)'8' => s[1] == '1',
        (byte)'9' => s.StartsWith("9558"u8) || s.StartsWith("9559"u8),
        (byte)'4' => s.Length == 19 && (s.StartsWith("4367"u8) || s.StartsWith("4563"u8)) || (s.Length == 17 && s.StartsWith("4055"u8)),
        _ => false,
    };

    private static bool HasReportingBody(ReadOnlySpan<byte> s) => Two(s, 0) is 1 or 10 or 30 or 33 or 35 or 44 or 45 or 49 or 50 or 51 or 52 or 53 or 54 or 86 or 91 or 98 or 99;
}
