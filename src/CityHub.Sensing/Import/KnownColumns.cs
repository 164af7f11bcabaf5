namespace CityHub.Sensing.Import;

/// <summary>What columns of city data are usually called, and what they then are.</summary>
internal static class KnownColumns
{
    /// <summary>Name of the attribute, UN/CEFACT unit, and the type of thing that has it.</summary>
    public readonly record struct Known(string Attribute, string? Unit, string? Type);

    private const string Air = "AirQualityObserved";
    private const string Weather = "WeatherObserved";
    private const string Water = "WaterQualityObserved";
    private const string Traffic = "TrafficFlowObserved";

    private static readonly Dictionary<string, Known> ByName = new(StringComparer.Ordinal)
    {
        ["pm25"] = new("pm25", "GQ", Air), ["pm10"] = new("pm10", "GQ", Air), ["pm1"] = new("pm1", "GQ", Air),
        ["so2"] = new("so2", "GQ", Air), ["no2"] = new("no2", "GQ", Air), ["no"] = new("no", "GQ", Air), ["nox"] = new("nox", "GQ", Air),
        ["co"] = new("co", "GQ", Air), ["o3"] = new("o3", "GQ", Air), ["ozone"] = new("o3", "GQ", Air), ["co2"] = new("co2", "59", Air), ["aqi"] = new("airQualityIndex", null, Air),
        ["temp"] = new("temperature", "CEL", Weather), ["temperature"] = new("temperature", "CEL", Weather), ["airtemperature"] = new("temperature", "CEL", Weather), ["气温"] = new("temperature", "CEL", Weather),
        ["pres"] = new("atmosphericPressure", "A97", Weather), ["pressure"] = new("atmosphericPressure", "A97", Weather), ["气压"] = new("atmosphericPressure", "A97", Weather),
        ["dewp"] = new("dewPoint", "CEL", Weather), ["dewpoint"] = new("dewPoint", "CEL", Weather),
        ["rain"] = new("precipitation", "MMT", Weather), ["rainfall"] = new("precipitation", "MMT", Weather), ["precipitation"] = new("precipitation", "MMT", Weather), ["降水量"] = new("precipitation", "MMT", Weather),
        ["humidity"] = new("relativeHumidity", "P1", Weather), ["rh"] = new("relativeHumidity", "P1", Weather), ["湿度"] = new("relativeHumidity", "P1", Weather),
        ["wd"] = new("windDirection", null, Weather), ["winddirection"] = new("windDirection", null, Weather), ["风向"] = new("windDirection", null, Weather),
        ["wspm"] = new("windSpeed", "MTS", Weather), ["windspeed"] = new("windSpeed", "MTS", Weather), ["ws"] = new("windSpeed", "MTS", Weather), ["风速"] = new("windSpeed", "MTS", Weather),
        ["ph"] = new("pH", null, Water), ["dissolvedoxygen"] = new("O2", "M1", Water), ["turbidity"] = new("turbidity", null, Water), ["waterlevel"] = new("level", "MTR", Water), ["水位"] = new("level", "MTR", Water),
        ["speed"] = new("averageVehicleSpeed", "KMH", Traffic), ["occupancy"] = new("occupancy", null, Traffic), ["intensity"] = new("intensity", null, Traffic), ["flow"] = new("intensity", null, Traffic),
        ["traveltime"] = new("travelTime", "SEC", Traffic), ["noise"] = new("noiseLevel", "2N", "NoiseLevelObserved"), ["power"] = new("activePower", "KWT", "ACMeasurement"), ["energy"] = new("totalActiveEnergyImport", "KWH", "ACMeasurement"),
    };

    private static readonly string[] Times = ["time", "timestamp", "datetime", "date", "observedat", "dateobserved", "ts", "recordedat", "measuredat", "samplingtime", "时间", "日期", "监测时间"];
    private static readonly string[] Ids = ["id", "station", "stationid", "stationcode", "stationname", "sensor", "sensorid", "device", "deviceid", "site", "siteid", "sitename", "location", "name", "code", "meter", "meterid", "站点", "站名", "设备编号", "编号"];
    private static readonly string[] Longitudes = ["lon", "lng", "long", "longitude", "x", "经度"];
    private static readonly string[] Latitudes = ["lat", "latitude", "y", "纬度"];

    /// <summary>Texts that stand for a missing value wherever they are seen.</summary>
    public static readonly string[] Missing = ["NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none", "-", "--", "—", "#N/A", "\\N", "无"];

    public static Known? Find(string column) => ByName.TryGetValue(Plain(column), out var known) ? known : null;

    public static bool IsTime(string column) => Times.Contains(Plain(column));

    /// <summary>The lower, the better a name for a thing; -1: none.</summary>
    public static int IdRank(string column) => Array.IndexOf(Ids, Plain(column));

    public static bool IsLongitude(string column) => Longitudes.Contains(Plain(column));

    public static bool IsLatitude(string column) => Latitudes.Contains(Plain(column));

    /// <summary>A term for a column that nobody knows: letters and digits, each word after the first with a capital.</summary>
    public static string Term(string column)
    {
        var term = new System.Text.StringBuilder();
        var capital = false;
        foreach (var c in column)
        {
            if (!char.IsLetterOrDigit(c))
                capital = term.Length > 0;
            else
            {
                term.Append(capital ? char.ToUpperInvariant(c) : c);
                capital = false;
            }
        }

        if (term.Length == 0)
            return "value";
        var text = term.ToString();
        text = !text.Any(char.IsLower) ? text.ToLowerInvariant() : char.ToLowerInvariant(text[0]) + text[1..];
        return char.IsDigit(text[0]) || text is "id" or "type" or "scope" or "location" ? "value" + char.ToUpperInvariant(text[0]) + text[1..] : text;
    }

    /// <summary>Without case, blanks, units in brackets and punctuation: PM2.5 (µg/m³) is pm25.</summary>
    private static string Plain(string column)
    {
        var bracket = column.IndexOfAny(['(', '[', '（']);
        return string.Concat((bracket > 0 ? column[..bracket] : column).Where(char.IsLetterOrDigit)).ToLowerInvariant();
    }
}
