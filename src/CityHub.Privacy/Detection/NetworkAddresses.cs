using System.Buffers;
using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Addresses of machines, mailboxes and accounts in networks, over capital ASCII.</summary>
internal static class NetworkAddresses
{
    private static readonly SearchValues<byte> Local = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-'"u8);
    private static readonly SearchValues<byte> Domain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-"u8);
    private static readonly SearchValues<byte> Blank = SearchValues.Create(" \t\r\n\"<>"u8);

    public static bool IsLocalByte(byte b) => Local.Contains(b);

    public static bool IsDomainByte(byte b) => Domain.Contains(b);

    public static bool IsIPv4(ReadOnlySpan<byte> s)
    {
        var part = 0;
        var digits = 0;
        var parts = 1;
        foreach (var b in s)
        {
            if (b == '.')
            {
                if (digits == 0 || ++parts > 4)
                    return false;
                part = digits = 0;
                continue;
            }

            if (!IsDigit(b) || ++digits > 3 || (part = (part * 10) + b - '0') > 255 || (digits > 1 && part < 10))
                return false;
        }

        return parts == 4 && digits > 0;
    }

    /// <summary>RFC 4291, 2.2, all three forms; no zone, no prefix length, and not the unspecified address.</summary>
    public static bool IsIPv6(ReadOnlySpan<byte> s)
    {
        if (s.Length is < 3 or > 45)
            return false;
        var groups = 0;
        var gap = false;
        var at = 0;
        if (s[0] == ':')
        {
            if (s[1] != ':')
                return false;
            gap = true;
            at = 2;
        }

        while (at < s.Length)
        {
            var rest = s[at..];
            var length = 0;
            while (length < rest.Length && IsHex(rest[length]))
                length++;
            if (length < rest.Length && rest[length] == '.')
            {
                groups += 2;
                return IsIPv4(rest) && (gap ? groups <= 7 : groups == 8);
            }

            if (length is 0 or > 4 || ++groups > 8)
                return false;
            at += length;
            if (at == s.Length)
                break;
            if (s[at++] != ':' || at == s.Length)
                return false;
            if (s[at] != ':')
                continue;
            if (gap)
                return false;
            gap = true;
            at++;
        }

        return gap ? groups is >= 1 and <= 7 : groups == 8;
    }

    /// <summary>Six pairs of hexadecimal digits with one sign between them, or three fours with dots; not all zeros and not the broadcast.</summary>
    public static bool IsMac(ReadOnlySpan<byte> s)
    {
        if (s.Length == 14 && s[4] == '.' && s[9] == '.')
            return IsHexOnly(s[..4]) && IsHexOnly(s[5..9]) && IsHexOnly(s[10..]);
        if (s.Length != 17 || s[2] is not ((byte)':' or (byte)'-'))
            return false;
        for (var i = 0; i < 17; i++)
        {
            if (i % 3 == 2 ? s[i] != s[2] : !IsHex(s[i]))
                return false;
        }

        return s.ContainsAnyExcept((byte)'0', s[2]) && s.ContainsAnyExcept((byte)'F', s[2]);
    }

    /// <summary>RFC 5322 addr-spec without quotes and comments: a name of up to 64 bytes, a domain with a dot and letters at its end.</summary>
    public static bool IsEmail(ReadOnlySpan<byte> s)
    {
        var at = s.IndexOf((byte)'@');
        if (at is < 1 or > 64 || s.Length > 254)
            return false;
        var local = s[..at];
        var domain = s[(at + 1)..];
        var dot = domain.LastIndexOf((byte)'.');
        if (dot < 1 || domain.Length - dot is < 3 or > 25 || local[0] == '.' || local[^1] == '.')
            return false;
        if (local.ContainsAnyExcept(Local) || domain.ContainsAnyExcept(Domain) || domain[0] is (byte)'-' or (byte)'.' || domain.IndexOf(".."u8) >= 0)
            return false;
        foreach (var b in domain[(dot + 1)..])
        {
            if (!IsLetter(b))
                return false;
        }

        return true;
    }

    /// <summary>RFC 3986, 3.2.1: scheme://name:secret@host.</summary>
    public static bool IsUrlWithUser(ReadOnlySpan<byte> s)
    {
        var slashes = s.IndexOf("://"u8);
        if (slashes is < 2 or > 12 || s.ContainsAny(Blank))
            return false;
        var authority = s[(slashes + 3)..];
        var end = authority.IndexOfAny((byte)'/', (byte)'?', (byte)'#');
        authority = end < 0 ? authority : authority[..end];
        var at = authority.LastIndexOf((byte)'@');
        return at > 0 && at < authority.Length - 1 && authority[0] != ':';
    }

    /// <summary>RFC 9562, 4: 8-4-4-4-12 hexadecimal digits with a version 1 to 8 and the variant of the standard.</summary>
    public static bool IsUuid(ReadOnlySpan<byte> s)
    {
        if (s.Length != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-')
            return false;
        return s[14] is >= (byte)'1' and <= (byte)'8' && s[19] is (byte)'8' or (byte)'9' or (byte)'A' or (byte)'B' or (byte)'a' or (byte)'b'
            && IsHexOnly(s[..8]) && IsHexOnly(s[9..13]) && IsHexOnly(s[14..18]) && IsHexOnly(s[19..23]) && IsHexOnly(s[24..]);
    }

    /// <summary>ISO 13616: country, check digits, up to 30 characters.</summary>
    public static bool IsIban(ReadOnlySpan<byte> s)
    {
        if (s.Length is < 15 or > 34 || !IsLetter(s[0]) || !IsLetter(s[1]) || !IsDigit(s[2]) || !IsDigit(s[3]))
            return false;
        foreach (var b in s)
        {
            if (!IsDigit(b) && b is < (byte)'A' or > (byte)'Z')
                return false;
        }

        return Iban(s);
    }

    public static bool IsHex(byte b) => IsDigit(b) || (uint)((b | 0x20) - 'a') < 6;

    private static bool IsHexOnly(ReadOnlySpan<byte> s)
    {
        foreach (var b in s)
        {
            if (!IsHex(b))
                return false;
        }

        return true;
    }
}
