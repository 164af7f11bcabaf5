namespace CityHub.Sharing.Catalogue;

/// <summary>How the words of the catalogue are written in addresses, files and facets: lower case.</summary>
public static class CatalogueNames
{
    private static readonly DeliveryModes[] AllModes = Enum.GetValues<DeliveryModes>().Where(m => m != DeliveryModes.None).ToArray();

    /// <summary>One word, its first letter small: what JSON has, too.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum
    {
        var name = value.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    public static IEnumerable<string> Of(DeliveryModes modes)
    {
        foreach (var mode in AllModes)
            if ((modes & mode) != 0)
                yield return Of<DeliveryModes>(mode);
    }
}
