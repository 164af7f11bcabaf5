using System.Text;

namespace CityHub.Context.Entities;

/// <summary>
/// Times on the wire: <c>YYYY-MM-DDThh:mm:ss[.f…]Z</c>, UTC, no offset (4.6.3). By hand, both ways: the platform's parser and formatter are five times
/// slower, and every attribute has a time (cityhub bench codec).
/// </summary>
internal static class Times
{
    private const int MostDigits = 7;

    /// <param name="digits">Decimals of the second as written, at most seven: a time is told as it was given.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out long ticks, out byte digits)
    {
        (ticks, digits) = (0, 0);
        if (text.Length is < 20 or > 40 || text[^1] != 'Z' || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':')
            return false;
        int year = Two(text, 0) * 100 + Two(text, 2), month = Two(text, 5), day = Two(text, 8), hour = Two(text, 11), minute = Two(text, 14), second = Two(text, 17);
        // A part that is no number is so far below zero that no bound below holds.
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour is < 0 or > 23 || minute is < 0 or > 59 || second is < 0 or > 59)
            return false;
        var fraction = 0L;
        if (text.Length > 20)
        {
            if (text[19] is not ((byte)'.' or (byte)',') || text.Length == 21)
                return false;
            for (var i = 20; i < text.Length - 1; i++)
            {
                if (!char.IsAsciiDigit((char)text[i]))
                    return false;
                // Ticks are what the hub keeps: decimals past the seventh are cut.
                if (digits == MostDigits)
                    continue;
                fraction = fraction * 10 + text[i] - '0';
                digits++;
            }

            for (var i = digits; i < MostDigits; i++)
                fraction *= 10;
        }

        ticks = new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc).Ticks + fraction;
        return ticks != 0;
    }

    public static bool TryParse(ReadOnlySpan<char> text, out long ticks, out byte digits)
    {
        Span<byte> utf8 = stackalloc byte[40];
        if (text.Length <= utf8.Length && Ascii.FromUtf16(text, utf8, out var length) == System.Buffers.OperationStatus.Done)
            return TryParse(utf8[..length], out ticks, out digits);
        (ticks, digits) = (0, 0);
        return false;
    }

    public static string Format(long ticks)
    {
        Span<byte> text = stackalloc byte[28];
        return Encoding.ASCII.GetString(text[..Format(ticks, text)]);
    }

    /// <summary>Milliseconds unless there is more.</summary>
    public static int Format(long ticks, Span<byte> into) => Format(ticks, ticks % TimeSpan.TicksPerMillisecond != 0 ? 7 : 3, into);

    /// <summary>The fewest decimals that say it: none for whole seconds.</summary>
    public static int Fewest(long ticks) => ticks % TimeSpan.TicksPerSecond == 0 ? 0 : ticks % TimeSpan.TicksPerMillisecond == 0 ? 3 : 7;

    public static string Text(long ticks, int digits)
    {
        Span<byte> text = stackalloc byte[28];
        return Encoding.ASCII.GetString(text[..Format(ticks, digits, text)]);
    }

    public static int Format(long ticks, int digits, Span<byte> into)
    {
        var time = new DateTime(ticks, DateTimeKind.Utc);
        time.Deconstruct(out DateOnly date, out TimeOnly clock);
        Put(into, 0, date.Year, 4);
        into[4] = (byte)'-';
        Put(into, 5, date.Month, 2);
        into[7] = (byte)'-';
        Put(into, 8, date.Day, 2);
        into[10] = (byte)'T';
        Put(into, 11, clock.Hour, 2);
        into[13] = (byte)':';
        Put(into, 14, clock.Minute, 2);
        into[16] = (byte)':';
        Put(into, 17, clock.Second, 2);
        var at = 19;
        if (digits > 0)
        {
            into[at++] = (byte)'.';
            var fraction = ticks % TimeSpan.TicksPerSecond;
            for (var i = 0; i < digits; i++)
            {
                fraction *= 10;
                into[at++] = (byte)('0' + fraction / TimeSpan.TicksPerSecond);
                fraction %= TimeSpan.TicksPerSecond;
            }
        }

        into[at++] = (byte)'Z';
        return at;
    }

    private static int Two(ReadOnlySpan<byte> text, int at)
    {
        int tens = text[at] - '0', ones = text[at + 1] - '0';
        return (uint)tens <= 9 && (uint)ones <= 9 ? tens * 10 + ones : -100_000;
    }

    private static void Put(Span<byte> into, int at, int number, int width)
    {
        for (var i = width - 1; i >= 0; i--, number /= 10)
            into[at + i] = (byte)('0' + number % 10);
    }
}
