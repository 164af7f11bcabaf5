namespace CityHub.Sensing.Devices;

/// <summary>
/// Ids of devices and mappings: characters that stand as they are in a URL, a URN, a topic level and an MQTT user name. No <c>@</c> (it separates the
/// tenant), no <c>/ + #</c> (topics).
/// </summary>
internal static class DeviceId
{
    public const string Rule = "Letters, digits and . _ : -, 1 to 64 of them, beginning with a letter or digit.";

    public static bool IsValid(string id)
    {
        if (id.Length is 0 or > 64 || !char.IsAsciiLetterOrDigit(id[0]))
            return false;
        foreach (var c in id)
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or ':' or '-'))
                return false;
        return true;
    }
}
