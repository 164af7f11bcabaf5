using System.Buffers;
using System.Globalization;
using static CityHub.Privacy.CheckDigits;

namespace CityHub.Privacy;

/// <summary>Where somebody lives or is: addresses, coordinates, postcodes, the unit numbers of the land register.</summary>
internal static class Places
{
    // Levels of an address from large to small; the grammar asks for at least two of them in this order (GB/T 23705, 5).
    private static readonly SearchValues<char> Division = SearchValues.Create("省市区县旗州盟镇乡");
    private static readonly SearchValues<char> Road = SearchValues.Create("路街道巷弄里村屯庄苑园寨坊桥");
    private static readonly SearchValues<char> House = SearchValues.Create("号栋幢楼室层座单元户组队");
    private static readonly SearchValues<char> Never = SearchValues.Create("，。；！？!?;|=<>{}\t\r\n");

    /// <summary>
    /// A division and, behind it, a road or a village with a house number, or three divisions in a row: 北京市海淀区中关村大街27号, 广东省深圳市南山区, 李家村3组12号.
    /// Signs that end a sentence make it prose.
    /// </summary>
    public static bool IsAddress(ReadOnlySpan<char> s)
    {
        if (s.Length is < 6 or > 80 || s.ContainsAny(Never))
            return false;
        int divisions = 0, roads = 0, houses = 0, han = 0, since = 0;
        var digit = false;
        for (var i = 0; i < s.Length; i++)
        {
            var c = s[i];
            if (PersonNames.IsHan(c))
                han++;
            if (char.IsAsciiLetterOrDigit(c) || "一二三四五六七八九十甲乙丙丁".Contains(c, StringComparison.Ordinal))
                digit = true;
            else if (House.Contains(c) && digit && i > 0)
                houses++;
            else
                digit = false;

            // A name of one to seven characters stands before each sign.
            if (since is >= 1 and <= 9 && Road.Contains(c) && !House.Contains(c))
            {
                roads++;
                since = 0;
            }
            else if (since is >= 1 and <= 9 && Division.Contains(c) && roads == 0 && houses == 0)
            {
                divisions++;
                since = 0;
            }
            else
            {
                since = since > 9 && c is ' ' ? 0 : since + 1;
            }
        }

        if (han * 2 < s.Length)
            return false;
        return (divisions >= 1 && roads >= 1 && (houses >= 1 || divisions >= 2)) || (divisions >= 2 && houses >= 1) || (roads >= 1 && houses >= 1 && han >= 4) || divisions >= 3;
    }

    /// <summary>
    /// GB/T 37346: the parcel (county, cadastral district and zone of three digits each, two letters, five digits) and the unit on it (F house, L trees, Q other, W none, and eight digits).
    /// </summary>
    public static bool IsRealEstateUnit(ReadOnlySpan<byte> s) =>
        s.Length == 28 && AllDigits(s[..12]) && Regions.IsKnown(s) && s[12] is (byte)'G' or (byte)'J' or (byte)'Z' && IsLetter(s[13])
        && AllDigits(s[14..19]) && s[19] is (byte)'F' or (byte)'L' or (byte)'Q' or (byte)'W' && AllDigits(s[20..]);

    public static bool IsRegionCode(ReadOnlySpan<byte> s) => s.Length is 6 or 9 or 12 && AllDigits(s) && Regions.IsKnown(s);

    public static bool IsPostcode(ReadOnlySpan<byte> s) => s.Length == 6 && s[0] < '9' && AllDigits(s) && s.ContainsAnyExcept((byte)'0');

    /// <summary>Two decimal degrees with at least three decimals (some 100 m), in either order: 116.397428,39.90923.</summary>
    public static bool IsPair(ReadOnlySpan<byte> s) =>
        TryPair(s, out var one, out var two) && ((Math.Abs(one) <= 180 && Math.Abs(two) <= 90) || (Math.Abs(one) <= 90 && Math.Abs(two) <= 180));

    /// <summary>
    /// … within the rectangle around China and with nine decimals between them (some 10 m): in running text and files of measurements two decimals stand beside each other often.
    /// </summary>
    public static bool IsPairInChina(ReadOnlySpan<byte> s) =>
        Decimals(s) >= 9 && TryPair(s, out var one, out var two) && ((one is >= 73 and <= 136 && two is >= 3 and <= 54) || (two is >= 73 and <= 136 && one is >= 3 and <= 54));

    public static bool IsLatitude(ReadOnlySpan<byte> s) => Degrees(s, out var value) && Math.Abs(value) <= 90;

    public static bool IsLongitude(ReadOnlySpan<byte> s) => Degrees(s, out var value) && Math.Abs(value) <= 180;

    /// <summary>Digits behind dots.</summary>
    private static int Decimals(ReadOnlySpan<byte> s)
    {
        var count = 0;
        var behind = false;
        foreach (var b in s)
        {
            behind = b == '.' || (behind && IsDigit(b));
            count += behind && b != '.' ? 1 : 0;
        }

        return count;
    }

    private static bool TryPair(ReadOnlySpan<byte> s, out double one, out double two)
    {
        (one, two) = (0, 0);
        s = s.Trim("()[]"u8);
        var split = s.IndexOfAny(", ;/"u8);
        return split > 0 && Degrees(s[..split], out one) && Degrees(s[(split + 1)..].TrimStart(" "u8), out two);
    }

    private static bool Degrees(ReadOnlySpan<byte> s, out double value)
    {
        value = 0;
        var dot = s.IndexOf((byte)'.');
        if (dot < 1 || s.Length - dot - 1 is < 3 or > 15)
            return false;
        var start = s[0] is (byte)'-' or (byte)'+' ? 1 : 0;
        if (dot - start is < 1 or > 3 || !AllDigits(s[start..dot]) || !AllDigits(s[(dot + 1)..]))
            return false;
        return double.TryParse(s, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && value != 0;
    }
}
