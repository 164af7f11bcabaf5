using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Releases;

/// <summary>One value as conditions and row rules compare it; which part counts depends on the type of the column.</summary>
internal readonly record struct CellValue(long Integer, double Number, byte[] Text)
{
    public static readonly CellValue None = new(0, 0, []);
}

/// <summary>The text form of values: numbers in invariant notation, dates and instants in ISO 8601, true and false. What is written is read back as the same value.</summary>
internal static class CellText
{
    /// <summary>No value that is not a text is longer.</summary>
    public const int Longest = 40;

    private const int EpochDay = 719_162; // days from 0001-01-01 to 1970-01-01
    private const long MicrosecondsPerDay = 86_400_000_000;

    /// <summary>Anything but texts; returns the bytes written.</summary>
    public static int Write(ColumnBatch column, int row, Span<byte> into)
    {
        var written = 0;
        switch (column.Type)
        {
            case ColumnType.Number:
                return column.Numbers[row].TryFormat(into, out written, "R", CultureInfo.InvariantCulture) ? written : 0;
            case ColumnType.Boolean:
                var word = column.Integers[row] != 0 ? "true"u8 : "false"u8;
                word.CopyTo(into);
                return word.Length;
            case ColumnType.Date:
                return WriteDate(column.Integers[row], into);
            case ColumnType.Instant:
                return WriteInstant(column.Integers[row], into);
            case ColumnType.Integer:
            case ColumnType.Text:
            default:
                return Utf8Formatter.TryFormat(column.Integers[row], into, out written) ? written : 0;
        }
    }

    public static ReadOnlySpan<byte> Of(ColumnBatch column, int row, Span<byte> scratch) => column.Type == ColumnType.Text ? column.Utf8(row) : scratch[..Write(column, row, scratch)];

    public static string TextOf(ColumnBatch column, int row)
    {
        if (column.Type == ColumnType.Text)
            return column.Text(row);
        Span<byte> scratch = stackalloc byte[Longest];
        return Encoding.ASCII.GetString(scratch[..Write(column, row, scratch)]);
    }

    public static bool TryRead(ColumnType type, string text, out CellValue value)
    {
        value = CellValue.None;
        switch (type)
        {
            case ColumnType.Text:
                value = value with { Text = Encoding.UTF8.GetBytes(text) };
                return true;
            case ColumnType.Integer:
                if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
                    return false;
                value = value with { Integer = integer };
                return true;
            case ColumnType.Number:
                if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
                    return false;
                value = value with { Number = number };
                return true;
            case ColumnType.Boolean:
                value = value with { Integer = text == "true" ? 1 : 0 };
                return text is "true" or "false";
            case ColumnType.Date:
                if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
                    return false;
                value = value with { Integer = date.DayNumber - EpochDay };
                return true;
            case ColumnType.Instant:
                if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
                    return false;
                value = value with { Integer = (instant.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond };
                return true;
            default:
                return false;
        }
    }

    /// <summary>Null where the day is none that a calendar has.</summary>
    public static DateOnly? DateOf(long day) => day is >= -EpochDay and <= 2_932_896 ? DateOnly.FromDayNumber((int)day + EpochDay) : null;

    /// <summary>UTC; null where no calendar has it.</summary>
    public static DateTime? InstantOf(long microseconds) =>
        Math.Abs(microseconds) <= long.MaxValue / TimeSpan.TicksPerMicrosecond && DateTime.UnixEpoch.Ticks + (microseconds * TimeSpan.TicksPerMicrosecond) is var ticks && ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
            ? new DateTime(ticks, DateTimeKind.Utc)
            : null;

    public static long DayOf(DateOnly date) => date.DayNumber - EpochDay;

    private static int WriteDate(long day, Span<byte> into)
    {
        if (DateOf(day) is not { } date)
            return Utf8Formatter.TryFormat(day, into, out var written) ? written : 0;
        date.Deconstruct(out var year, out var month, out var ofMonth);
        Two(year / 100, into);
        Two(year % 100, into[2..]);
        into[4] = (byte)'-';
        Two(month, into[5..]);
        into[7] = (byte)'-';
        Two(ofMonth, into[8..]);
        return 10;
    }

    private static int WriteInstant(long microseconds, Span<byte> into)
    {
        var day = Math.DivRem(microseconds, MicrosecondsPerDay, out var ofDay);
        if (ofDay < 0)
            (day, ofDay) = (day - 1, ofDay + MicrosecondsPerDay);
        if (DateOf(day) is null)
            return Utf8Formatter.TryFormat(microseconds, into, out var written) ? written : 0;
        WriteDate(day, into);
        var (seconds, fraction) = ((int)(ofDay / 1_000_000), (int)(ofDay % 1_000_000));
        into[10] = (byte)'T';
        Two(seconds / 3600, into[11..]);
        into[13] = (byte)':';
        Two(seconds / 60 % 60, into[14..]);
        into[16] = (byte)':';
        Two(seconds % 60, into[17..]);
        var at = 19;
        if (fraction > 0)
        {
            into[at++] = (byte)'.';
            for (var unit = 100_000; fraction > 0; unit /= 10)
            {
                into[at++] = (byte)('0' + (fraction / unit));
                fraction %= unit;
            }
        }

        into[at] = (byte)'Z';
        return at + 1;
    }

    private static void Two(int number, Span<byte> into) => BinaryPrimitives.WriteUInt16LittleEndian(into, (ushort)(0x3030 + (number / 10) + (number % 10 << 8)));
}
