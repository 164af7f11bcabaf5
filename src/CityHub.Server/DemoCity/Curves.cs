namespace CityHub.Server.DemoCity;

/// <summary>
/// What things in a city read, as functions of place and time: daily and weekly rhythm, one weather for all, noise of their own. Pure: the same seed and
/// time give the same reading, whatever was asked before, so that history and live values fit together.
/// </summary>
internal sealed class Curves(int seed)
{
    /// <summary>Local time of the city.</summary>
    private static readonly TimeSpan Offset = TimeSpan.FromHours(8);

    public double Temperature(DateTimeOffset at)
    {
        var local = at.ToOffset(Offset);
        var season = -9 * Math.Cos(2 * Math.PI * (local.DayOfYear - 20) / 365.25);
        var day = 4 * Math.Sin(2 * Math.PI * (Hour(local) - 9) / 24);
        return 17 + season + day + 3 * Slow(1, at, 36) - 3 * Rain(at);
    }

    /// <summary>0 none … 1 pouring.</summary>
    public double Rain(DateTimeOffset at) => Math.Max(0, (Slow(2, at, 18) - 0.35) / 0.65);

    /// <summary>Metres per second.</summary>
    public double Wind(DateTimeOffset at) => 1.5 + 3.5 * Math.Abs(Slow(3, at, 12));

    public double Humidity(DateTimeOffset at) => Math.Clamp(62 + 30 * Rain(at) - 0.8 * (Temperature(at) - 17), 20, 100);

    /// <summary>Share of a street's capacity: two peaks on working days, one long hump at the weekend.</summary>
    public static double Traffic(DateTimeOffset at)
    {
        var local = at.ToOffset(Offset);
        var hour = Hour(local);
        var night = 0.06;
        if (local.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday)
            return night + 0.55 * Bell(hour, 15, 5);
        return night + 0.8 * Bell(hour, 8.2, 1.3) + 0.5 * Bell(hour, 13, 4) + 0.85 * Bell(hour, 18.1, 1.7);
    }

    /// <summary>Micrograms per cubic metre: traffic makes it, wind and rain take it away.</summary>
    public double FineDust(DateTimeOffset at) => Math.Max(4, (28 + 45 * Traffic(at)) * (1.35 - 0.12 * Wind(at)) * (1 - 0.5 * Rain(at)) + 15 * Slow(4, at, 60));

    /// <summary>Share of the evening's full load.</summary>
    public double Power(DateTimeOffset at)
    {
        var hour = Hour(at.ToOffset(Offset));
        return 0.3 + 0.35 * Bell(hour, 11, 4) + 0.6 * Bell(hour, 20, 2.5) + 0.015 * Math.Abs(Temperature(at) - 19);
    }

    /// <summary>Metres above the gauge's zero.</summary>
    public double River(DateTimeOffset at) => 2.2 + 0.5 * Slow(5, at, 120) + 1.2 * Rain(at.AddHours(-6));

    public static bool IsDark(DateTimeOffset at) => Hour(at.ToOffset(Offset)) is < 6.3 or > 18.6;

    /// <summary>Noise of one device in −1 … 1, the same for the same minute.</summary>
    public double Noise(int device, DateTimeOffset at) => Unit(device, at.ToUnixTimeSeconds() / 60) * 2 - 1;

    /// <summary>0 … 1 from whole numbers (SplitMix64).</summary>
    public double Unit(long a, long b)
    {
        var z = unchecked((ulong)(a * 0x1F123BB5 + b * 0x5851F42D4C957F2D + seed * 0x14057B7EF767814F));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>Smooth noise in −1 … 1 that turns every so many hours.</summary>
    private double Slow(int kind, DateTimeOffset at, double hours)
    {
        var t = at.ToUnixTimeSeconds() / 3600.0 / hours;
        var cell = (long)Math.Floor(t);
        var share = t - cell;
        share = share * share * (3 - 2 * share);
        return 2 * (Unit(-kind, cell) * (1 - share) + Unit(-kind, cell + 1) * share) - 1;
    }

    private static double Hour(DateTimeOffset local) => local.TimeOfDay.TotalHours;

    private static double Bell(double hour, double at, double width) => Math.Exp(-Math.Pow((hour - at) / width, 2));
}
