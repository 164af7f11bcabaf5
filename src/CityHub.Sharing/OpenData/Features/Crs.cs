using CityHub.Core.Problems;

namespace CityHub.Sharing.OpenData.Features;

/// <summary>
/// The coordinate reference systems of the door (OGC API Features part 2). CGCS2000 (EPSG:4490) and WGS 84 differ by centimetres, less than any field here says:
/// the numbers are the same, the axes as each register has them.
/// </summary>
internal sealed record Crs(string Uri, bool LatitudeFirst, bool Mercator)
{
    private const double Radius = 6378137;

    /// <summary>Web Mercator ends here: a square.</summary>
    private const double MostLatitude = 85.051128779806604;

    public static readonly Crs Crs84 = new("http://www.opengis.net/def/crs/OGC/1.3/CRS84", false, false);

    public static readonly IReadOnlyList<Crs> All =
    [
        Crs84,
        new("http://www.opengis.net/def/crs/EPSG/0/4326", true, false),
        new("http://www.opengis.net/def/crs/EPSG/0/4490", true, false),
        new("http://www.opengis.net/def/crs/EPSG/0/3857", false, true),
    ];

    public static Result<Crs> Of(string parameter, string? uri)
    {
        if (string.IsNullOrEmpty(uri))
            return Crs84;
        foreach (var crs in All)
            if (crs.Uri == uri)
                return crs;
        return FeatureProblems.BadParameter.Because($"{parameter}: {uri} is none of the systems here.", $"There are {string.Join(", ", All.Select(crs => crs.Uri))}.");
    }

    public (double First, double Second) From(double longitude, double latitude)
    {
        if (!Mercator)
            return LatitudeFirst ? (latitude, longitude) : (longitude, latitude);
        var angle = Math.Clamp(latitude, -MostLatitude, MostLatitude) * Math.PI / 180;
        return (Radius * longitude * Math.PI / 180, Radius * Math.Log(Math.Tan(Math.PI / 4 + angle / 2)));
    }

    public (double Longitude, double Latitude) Back(double first, double second)
    {
        if (!Mercator)
            return LatitudeFirst ? (second, first) : (first, second);
        return (first / Radius * 180 / Math.PI, (2 * Math.Atan(Math.Exp(second / Radius)) - Math.PI / 2) * 180 / Math.PI);
    }
}
