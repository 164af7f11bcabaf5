using System.Globalization;

namespace CityHub.Server.Configuration;

/// <summary>Lengths of time as people write them: <c>500ms</c>, <c>90s</c>, <c>15m</c>, <c>12h</c>, <c>30d</c>.</summary>
internal static class Durations
{
    public const string Allowed = "a number with a unit: ms, s, m, h or d (90s, 15m, 30d)";

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        var digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.'))
            digits++;
        if (!double.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;
        var seconds = text[digits..] switch
        {
            "ms" => 0.001,
            "s" => 1d,
            "m" => 60d,
            "h" => 3600d,
            "d" => 86400d,
            _ => double.NaN,
        };
        if (double.IsNaN(seconds) || number * seconds > 100 * 366 * 86400d)
            return false;
        duration = TimeSpan.FromSeconds(number * seconds);
        return true;
    }

    public static string Text(TimeSpan duration) => duration switch
    {
        { Ticks: 0 } => "0s",
        { Ticks: var t } when t % TimeSpan.TicksPerDay == 0 => string.Create(CultureInfo.InvariantCulture, $"{t / TimeSpan.TicksPerDay}d"),
        { Ticks: var t } when t % TimeSpan.TicksPerHour == 0 => string.Create(CultureInfo.InvariantCulture, $"{t / TimeSpan.TicksPerHour}h"),
        { Ticks: var t } when t % TimeSpan.TicksPerMinute == 0 => string.Create(CultureInfo.InvariantCulture, $"{t / TimeSpan.TicksPerMinute}m"),
        { Ticks: var t } when t % TimeSpan.TicksPerSecond == 0 => string.Create(CultureInfo.InvariantCulture, $"{t / TimeSpan.TicksPerSecond}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMilliseconds}ms"),
    };
}

/// <summary>Sizes as people write them: <c>512</c>, <c>64KiB</c>, <c>16MiB</c>, <c>1GiB</c>.</summary>
internal static class Sizes
{
    public const string Allowed = "a number of bytes, or with a unit: KiB, MiB or GiB (64KiB, 16MiB)";

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        var digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            digits++;
        if (!long.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return false;
        var unit = text[digits..] switch { "" or "B" => 1L, "KiB" => 1L << 10, "MiB" => 1L << 20, "GiB" => 1L << 30, _ => 0L };
        if (unit == 0 || number > (1L << 50) / unit)
            return false;
        bytes = number * unit;
        return true;
    }

    public static string Text(long bytes)
    {
        foreach (var (size, unit) in new[] { (1L << 30, "GiB"), (1L << 20, "MiB"), (1L << 10, "KiB") })
            if (bytes >= size && bytes % size == 0)
                return string.Create(CultureInfo.InvariantCulture, $"{bytes / size}{unit}");
        return bytes.ToString(CultureInfo.InvariantCulture);
    }
}
