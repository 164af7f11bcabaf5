namespace CityHub.Sharing.Access;

/// <summary>行政区划代码 as prefixes: what lies in an area has a code that begins with the area's (GB/T 2260 two digits a level, GB/T 10114 three digits a level below).</summary>
public static class AdminCodes
{
    /// <summary>The part of the code that all codes within it begin with: 500000 → 50, 500100 → 5001, 500103 → 500103, 500103000 → 500103.</summary>
    public static string Prefix(string code)
    {
        var length = code.Length;
        foreach (var c in code)
            if (!char.IsAsciiDigit(c))
                return code;
        while (length is 9 or 12 && code.AsSpan(length - 3, 3) is "000")
            length -= 3;
        while (length is 4 or 6 && code.AsSpan(length - 2, 2) is "00")
            length -= 2;
        return length == code.Length ? code : code[..length];
    }

    /// <summary>How many digits tell places apart at this grain; 0: none does.</summary>
    public static int Digits(Core.Grains.SpaceGrain grain) => grain switch
    {
        Core.Grains.SpaceGrain.Everywhere => 0,
        Core.Grains.SpaceGrain.Province => 2,
        Core.Grains.SpaceGrain.City => 4,
        Core.Grains.SpaceGrain.District => 6,
        Core.Grains.SpaceGrain.Town => 9,
        _ => 12,
    };
}
