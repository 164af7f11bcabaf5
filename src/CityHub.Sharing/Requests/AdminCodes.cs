namespace CityHub.Sharing.Requests;

/// <summary>Administrative codes (GB/T 2260 six digits, GB/T 10114 three more for each level below): what is under what.</summary>
public static class AdminCodes
{
    /// <summary>What the codes of all areas below begin with: 500100 → 5001, 500103 → 500103, 500103001000 → 500103001.</summary>
    public static string Prefix(string code)
    {
        while (code.Length > 6 && code.EndsWith("000", StringComparison.Ordinal))
            code = code[..^3];
        while (code.Length is > 2 and <= 6 && code.EndsWith("00", StringComparison.Ordinal))
            code = code[..^2];
        return code;
    }

    /// <summary>Really below: not the same area.</summary>
    public static bool IsBelow(string code, string above) =>
        Prefix(code) is var lower && Prefix(above) is var upper && lower.Length > upper.Length && lower.StartsWith(upper, StringComparison.Ordinal);
}
