namespace CityHub.Standards.Mapping;

/// <summary>GCJ-02, the shifted coordinates of maps in China, to WGS 84 and back. The shift is a published approximation; the way back is found by iteration to better than a centimetre.</summary>
internal static class Gcj02
{
    private const double Axis = 6_378_245.0;
    private const double Eccentricity = 0.00669342162296594323;

    public static (double Longitude, double Latitude) ToWgs84(double longitude, double latitude)
    {
        var (x, y) = (longitude, latitude);
        for (var i = 0; i < 8; i++)
        {
            var (gx, gy) = FromWgs84(x, y);
            var (dx, dy) = (longitude - gx, latitude - gy);
            (x, y) = (x + dx, y + dy);
            if (Math.Abs(dx) < 1e-10 && Math.Abs(dy) < 1e-10)
                break;
        }

        return (x, y);
    }

    public static (double Longitude, double Latitude) FromWgs84(double longitude, double latitude)
    {
        // Outside this box nothing is shifted.
        if (longitude is < 72.004 or > 137.8347 || latitude is < 0.8293 or > 55.8271)
            return (longitude, latitude);
        var (x, y) = (longitude - 105.0, latitude - 35.0);
        var root = Math.Sqrt(Math.Abs(x));
        var waves = ((20.0 * Math.Sin(6.0 * x * Math.PI)) + (20.0 * Math.Sin(2.0 * x * Math.PI))) * 2.0 / 3.0;
        var north = -100.0 + (2.0 * x) + (3.0 * y) + (0.2 * y * y) + (0.1 * x * y) + (0.2 * root) + waves
            + (((20.0 * Math.Sin(y * Math.PI)) + (40.0 * Math.Sin(y / 3.0 * Math.PI))) * 2.0 / 3.0)
            + (((160.0 * Math.Sin(y / 12.0 * Math.PI)) + (320.0 * Math.Sin(y * Math.PI / 30.0))) * 2.0 / 3.0);
        var east = 300.0 + x + (2.0 * y) + (0.1 * x * x) + (0.1 * x * y) + (0.1 * root) + waves
            + (((20.0 * Math.Sin(x * Math.PI)) + (40.0 * Math.Sin(x / 3.0 * Math.PI))) * 2.0 / 3.0)
            + (((150.0 * Math.Sin(x / 12.0 * Math.PI)) + (300.0 * Math.Sin(x / 30.0 * Math.PI))) * 2.0 / 3.0);
        var radians = latitude / 180.0 * Math.PI;
        var magic = 1 - (Eccentricity * Math.Sin(radians) * Math.Sin(radians));
        var square = Math.Sqrt(magic);
        return (longitude + (east * 180.0 / (Axis / square * Math.Cos(radians) * Math.PI)),
            latitude + (north * 180.0 / (Axis * (1 - Eccentricity) / (magic * square) * Math.PI)));
    }
}
