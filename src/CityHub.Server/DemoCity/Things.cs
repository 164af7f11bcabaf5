using System.Globalization;
using System.Text;
using CityHub.Core.Ports;

namespace CityHub.Server.DemoCity;

/// <summary>One device of the demo city. What it reads is a pure function of the time (<see cref="Things.Read"/>); faults and silences are part of it.</summary>
/// <param name="Number">Its number in the city; the seed of its own noise.</param>
/// <param name="Period">How often it reports, in the city's time.</param>
internal sealed record Thing(int Number, string Kind, string EntityId, string Type, Place Town, (double X, double Y) Where, TimeSpan Period, double Character)
{
    public string DeviceId => $"{Kind}-{Number.ToString("D4", CultureInfo.InvariantCulture)}";
}

/// <summary>At least 2,000 devices of eight kinds over the sixty towns.</summary>
internal sealed class Things
{
    private const string Vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

    private static readonly (string Kind, string Type, int PerTown, double Minutes)[] Kinds =
    [
        ("air", "AirQualityObserved", 3, 5), ("traffic", "TrafficFlowObserved", 7, 1), ("light", "Streetlight", 9, 15), ("parking", "OffStreetParking", 4, 2),
        ("bin", "WasteContainer", 6, 30), ("meter", "ThreePhaseAcMeasurement", 4, 5), ("weather", "WeatherObserved", 1, 10),
    ];

    private readonly Curves _curves;
    private readonly Incident _incident;

    public Things(Shuzhou city, Curves curves, Incident incident, int seed, int most)
    {
        (_curves, _incident) = (curves, incident);
        var random = new Random(seed + 1);
        var all = new List<Thing>();
        foreach (var town in city.Towns)
            foreach (var (kind, type, perTown, minutes) in Kinds)
                for (var i = 0; i < perTown; i++)
                    Add(kind, type, town, Shuzhou.PointIn(town, random), TimeSpan.FromMinutes(minutes));
        // The river's gauges stand along it, not in towns.
        for (var i = 0; i < 24; i++)
        {
            var share = (i + 0.5) / 24;
            var at = Shuzhou.River(share);
            var town = city.Towns.MinBy(t => Math.Pow(t.Centre.X - at.X, 2) + Math.Pow(t.Centre.Y - at.Y, 2)) ?? city.Towns[0];
            Add("water", "WaterQualityObserved", town, at, TimeSpan.FromMinutes(5), share);
        }

        All = most < all.Count ? [.. all.OrderBy(t => curves.Unit(t.Number, 17)).Take(most).OrderBy(t => t.Number)] : all;

        void Add(string kind, string type, Place town, (double X, double Y) where, TimeSpan period, double? character = null)
        {
            var number = all.Count + 1;
            all.Add(new Thing(number, kind, $"urn:ngsi-ld:{type}:shuzhou:{number.ToString("D4", CultureInfo.InvariantCulture)}", Vocabulary + type, town, where, period, character ?? random.NextDouble()));
        }
    }

    public IReadOnlyList<Thing> All { get; }

    /// <summary>What a device says at a time; null when it is silent then (a flat battery, a cut line).</summary>
    public Observation? Read(Thing thing, DateTimeOffset at)
    {
        // Two in a hundred devices fall silent for a day now and then.
        var day = at.ToUnixTimeSeconds() / 86_400;
        if (_curves.Unit(thing.Number, day) < 0.02)
            return null;
        return new Observation(thing.EntityId, thing.Type, at, Values(thing, at)) { Location = new GeoPoint(thing.Where.X, thing.Where.Y) };
    }

    private List<ObservedValue> Values(Thing thing, DateTimeOffset at)
    {
        var noise = _curves.Noise(thing.Number, at);
        var own = thing.Character;
        switch (thing.Kind)
        {
            case "air":
                var dust = _curves.FineDust(at) * (0.7 + 0.6 * own) + 2 * noise;
                return [Of("PM2.5", dust, 1, "GQ"), Of("PM10", dust * 1.6 + 5, 1, "GQ"), Of("NO2", 12 + 40 * Curves.Traffic(at) * (0.5 + own) + noise, 1, "GQ")];
            case "traffic":
                var load = Math.Clamp(Curves.Traffic(at) * (0.5 + own) + 0.04 * noise, 0, 1.1);
                return [Of("intensity", 60 + 1_700 * load, 0, "VH"), Of("averageVehicleSpeed", 62 - 45 * load * load, 1, "KMH"), Of("occupancy", Math.Min(1, load * 0.8), 3, null)];
            case "light":
                var on = Curves.IsDark(at);
                return [Text("powerState", on ? "on" : "off"), Of("powerConsumption", on ? 85 + 30 * own + noise : 0.4, 1, "WTT")];
            case "parking":
                var spots = 80 + Math.Round(220 * own);
                return [Of("totalSpotNumber", spots, 0, null), Of("availableSpotNumber", Math.Round(spots * Math.Clamp(1 - Curves.Traffic(at.AddHours(-1)) * 1.05 + 0.03 * noise, 0, 1)), 0, null)];
            case "bin":
                var hours = (at.ToUnixTimeSeconds() / 3600.0 + own * 48) % 48;
                return [Of("fillingLevel", Math.Min(1, hours / (30 + 30 * own)), 2, null)];
            case "meter":
                return [Of("totalActivePower", 900 * (0.5 + own) * _curves.Power(at) + 10 * noise, 1, "KWT")];
            case "weather":
                return
                [
                    Of("temperature", _curves.Temperature(at) + own - 0.5 + 0.2 * noise, 1, "CEL"), Of("relativeHumidity", _curves.Humidity(at) / 100, 2, null),
                    Of("windSpeed", _curves.Wind(at) + 0.3 * noise, 1, "MTS"), Of("precipitation", 12 * Math.Pow(_curves.Rain(at), 2), 1, "MMT"),
                ];
            default:
                var oxygen = _incident.Oxygen(own, at, 8.4 - 0.12 * (_curves.Temperature(at) - 15) + 0.3 * noise);
                return [Of("O2", oxygen, 2, "M1"), Of("pH", 7.6 + 0.1 * noise - 0.05 * (8.4 - oxygen), 2, null), Of("waterLevel", _curves.River(at) + 0.01 * noise, 2, "MTR")];
        }
    }

    private static ObservedValue Of(string name, double value, int decimals, string? unit) =>
        new(Vocabulary + Escape(name), Encoding.ASCII.GetBytes(Math.Round(value, decimals).ToString("R", CultureInfo.InvariantCulture)), unit);

    private static ObservedValue Text(string name, string value) => new(Vocabulary + name, Encoding.UTF8.GetBytes($"\"{value}\""));

    /// <summary>A dot in a name would be a path in q.</summary>
    private static string Escape(string name) => name.Replace(".", "", StringComparison.Ordinal);
}

/// <summary>
/// The river story: at night two plants upstream let waste water go, one after the other; oxygen falls, the dip travels downstream and fills up again.
/// Three days of the city, told in five minutes when it starts live.
/// </summary>
/// <param name="Start">When the first plant begins, in the city's time.</param>
internal sealed record Incident(DateTimeOffset Start, double Hours = 72)
{
    /// <summary>Dissolved oxygen in mg/l at a share of the river (0 upstream).</summary>
    public double Oxygen(double share, DateTimeOffset at, double normal)
    {
        var hours = (at - Start).TotalHours * 72 / Hours;
        var dip = Plume(hours, share, 0.12, 5.2) + Plume(hours - 20, share, 0.30, 3.4);
        return Math.Max(0.3, normal - dip);
    }

    /// <summary>What a release at <paramref name="source"/> takes away: it drifts a fiftieth of the river an hour, widens and thins.</summary>
    private static double Plume(double hours, double share, double source, double strength)
    {
        if (hours <= 0 || share < source)
            return 0;
        var front = source + hours / 50;
        var width = 0.05 + hours / 300;
        var thinning = 1 / (1 + Math.Max(0, hours - 12) / 24);
        return strength * thinning * Math.Exp(-Math.Pow((share - front) / width, 2)) + (hours < 12 ? strength * Math.Exp(-Math.Pow((share - source) / 0.04, 2)) : 0);
    }
}
