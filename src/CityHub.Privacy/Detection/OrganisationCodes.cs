using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Codes of organisations. They are in a list of personal data because the code of a one-person business (92…) is that of a person.</summary>
internal static class OrganisationCodes
{
    /// <summary>
    /// GB 32100: registering office and kind (table 1), region, organisation, check character. The check digit of GB 11714 within it is not asked for: whoever issued a code
    /// without it issued a code all the same, and a scan must find it.
    /// </summary>
    public static bool IsCreditCode(ReadOnlySpan<byte> s) =>
        s.Length == 18 && HasOffice(s) && AllDigits(s[2..8]) && (Regions.IsCurrent(s[2..]) || s[2..6].SequenceEqual("1000"u8)) && CreditCode(s) == s[17];

    /// <summary>GB 11714: eight characters, a hyphen that may be missing, the check character.</summary>
    public static bool IsOrganisationCode(ReadOnlySpan<byte> s)
    {
        if (s.Length == 10 && s[8] == '-')
        {
            Span<byte> joined = stackalloc byte[9];
            s[..8].CopyTo(joined);
            joined[8] = s[9];
            return IsOrganisationCode(joined);
        }

        if (s.Length != 9)
            return false;
        foreach (var b in s)
        {
            if (!IsDigit(b) && b is < (byte)'A' or > (byte)'Z')
                return false;
        }

        return Organisation(s) == s[8];
    }

    private static bool HasOffice(ReadOnlySpan<byte> s) => s[0] switch
    {
        (byte)'1' or (byte)'5' or (byte)'6' => s[1] is (byte)'1' or (byte)'2' or (byte)'3' or (byte)'9',
        (byte)'2' or (byte)'4' or (byte)'8' => s[1] is (byte)'1' or (byte)'9',
        (byte)'3' => s[1] is (>= (byte)'1' and <= (byte)'5') or (byte)'9',
        (byte)'7' => s[1] is (byte)'1' or (byte)'2' or (byte)'9',
        (byte)'9' => s[1] is >= (byte)'1' and <= (byte)'3',
        (byte)'A' or (byte)'N' or (byte)'Y' => s[1] is >= (byte)'1' and <= (byte)'9',
        _ => false,
    };
}
