using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using CityHub.Core.Tables;

namespace CityHub.Storage.Embedded.Tables;

/// <summary>A key as it is written, and as it is compared: UTF-8 for texts, eight bytes for all else.</summary>
internal static class KeyText
{
    public static ReadOnlySpan<byte> Of(ColumnBatch column, int row, Span<byte> eight)
    {
        if (column.Type == ColumnType.Text)
        {
            return column.Utf8(row);
        }

        BinaryPrimitives.WriteInt64LittleEndian(eight, column.Type == ColumnType.Number ? BitConverter.DoubleToInt64Bits(column.Numbers[row]) : column.Integers[row]);
        return eight;
    }

    /// <summary>False: no row has a key like this.</summary>
    public static bool TryRead(ReadOnlySpan<byte> written, ColumnType type, Span<byte> eight)
    {
        long value;
        switch (type)
        {
            case ColumnType.Integer:
                if (!Utf8Parser.TryParse(written, out value, out int used) || used != written.Length)
                {
                    return false;
                }

                break;
            case ColumnType.Number:
                if (!double.TryParse(written, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
                {
                    return false;
                }

                value = BitConverter.DoubleToInt64Bits(number);
                break;
            case ColumnType.Boolean:
                value = written.SequenceEqual("true"u8) ? 1 : 0;
                if (value == 0 && !written.SequenceEqual("false"u8))
                {
                    return false;
                }

                break;
            case ColumnType.Date:
                if (!DateOnly.TryParseExact(Encoding.UTF8.GetString(written), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day))
                {
                    return false;
                }

                value = day.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber;
                break;
            case ColumnType.Instant:
                if (!DateTimeOffset.TryParse(Encoding.UTF8.GetString(written), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
                {
                    return false;
                }

                value = (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;
                break;
            default:
                return false;
        }

        BinaryPrimitives.WriteInt64LittleEndian(eight, value);
        return true;
    }
}
