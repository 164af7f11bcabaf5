using System.Globalization;
using System.Text;

namespace CityHub.Sensing.Devices;

/// <summary>ISO 8601 durations of days, hours, minutes and seconds: <c>PT1M</c>, <c>PT0.5S</c>, <c>P1DT12H</c>. Months and years have no length.</summary>
internal static class IsoDuration
{
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text.Length is < 3 or > 40 || text[0] != 'P')
            return false;
        var (at, ofTime, last) = (1, false, -1);
        var ticks = 0m;
        while (at < text.Length)
        {
            if (text[at] == 'T')
            {
                if (ofTime || at + 1 == text.Length)
                    return false;
                ofTime = true;
                at++;
                continue;
            }

            var start = at;
            while (at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] == '.'))
                at++;
            if (at == start || at == text.Length || at - start > 12 || !decimal.TryParse(text.AsSpan(start, at - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
                return false;
            var (order, unit) = (text[at++], ofTime) switch
            {
                ('W', false) => (0, TimeSpan.TicksPerDay * 7),
                ('D', false) => (1, TimeSpan.TicksPerDay),
                ('H', true) => (2, TimeSpan.TicksPerHour),
                ('M', true) => (3, TimeSpan.TicksPerMinute),
                ('S', true) => (4, TimeSpan.TicksPerSecond),
                _ => (-1, 0L),
            };
            if (order <= last)
                return false;
            last = order;
            ticks += number * unit;
        }

        if (last < 0 || ticks > long.MaxValue)
            return false;
        duration = new TimeSpan((long)ticks);
        return true;
    }

    public static string Text(TimeSpan duration)
    {
        var text = new StringBuilder("P");
        if (duration.Days > 0)
            text.Append(CultureInfo.InvariantCulture, $"{duration.Days}D");
        var seconds = (decimal)(duration.Ticks % TimeSpan.TicksPerMinute) / TimeSpan.TicksPerSecond;
        if (duration.Hours > 0 || duration.Minutes > 0 || seconds > 0 || duration.Days == 0)
            text.Append('T');
        if (duration.Hours > 0)
            text.Append(CultureInfo.InvariantCulture, $"{duration.Hours}H");
        if (duration.Minutes > 0)
            text.Append(CultureInfo.InvariantCulture, $"{duration.Minutes}M");
        if (seconds > 0 || text[^1] == 'T')
            text.Append(CultureInfo.InvariantCulture, $"{seconds.ToString("0.#######", CultureInfo.InvariantCulture)}S");
        return text.ToString();
    }
}
