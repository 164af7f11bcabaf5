namespace CityHub.Sensing;

/// <summary>Names of tenants, and the streams that carry them.</summary>
internal static class Tenants
{
    public static bool IsName(string tenant)
    {
        if (tenant.Length is 0 or > 255)
            return false;
        foreach (var c in tenant)
            if (!char.IsLetterOrDigit(c) && c is not ('_' or '-' or '.' or ':' or '/'))
                return false;
        return true;
    }

    public static string Stream(string stream, string tenant) => tenant.Length == 0 ? stream : $"{stream}@{tenant}";

    /// <summary>The tenant of a stream of this name; null when it is another stream.</summary>
    public static string? Of(string stream, string name) =>
        name == stream ? "" : name.Length > stream.Length && name[stream.Length] == '@' && name.StartsWith(stream, StringComparison.Ordinal) ? name[(stream.Length + 1)..] : null;
}
