using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Tables;

namespace CityHub.Sharing.OpenData;

/// <summary>Values of released rows as JSON, as text and as lines of CSV (RFC 4180).</summary>
internal static class Cells
{
    private static readonly DateOnly Epoch = new(1970, 1, 1);

    public static void Json(Utf8JsonWriter json, ColumnBatch column, int row)
    {
        if (column.IsNull(row))
        {
            json.WriteNullValue();
            return;
        }

        switch (column.Type)
        {
            case ColumnType.Text:
                json.WriteStringValue(column.Utf8(row));
                break;
            case ColumnType.Integer:
                json.WriteNumberValue(column.Integers[row]);
                break;
            case ColumnType.Number when double.IsFinite(column.Numbers[row]):
                json.WriteNumberValue(column.Numbers[row]);
                break;
            case ColumnType.Number:
                json.WriteNullValue();
                break;
            case ColumnType.Boolean:
                json.WriteBooleanValue(column.Integers[row] != 0);
                break;
            default:
                json.WriteStringValue(Text(column, row));
                break;
        }
    }

    /// <summary>Empty where there is no value.</summary>
    public static string Text(ColumnBatch column, int row) => column.IsNull(row) ? "" : column.Type switch
    {
        ColumnType.Text => column.Text(row),
        ColumnType.Integer => column.Integers[row].ToString(CultureInfo.InvariantCulture),
        ColumnType.Number => column.Numbers[row].ToString("R", CultureInfo.InvariantCulture),
        ColumnType.Boolean => column.Integers[row] != 0 ? "true" : "false",
        ColumnType.Date => Epoch.AddDays((int)column.Integers[row]).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        ColumnType.Instant => DateTime.UnixEpoch.AddTicks(column.Integers[row] * TimeSpan.TicksPerMicrosecond).ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'", CultureInfo.InvariantCulture),
        _ => throw new ArgumentOutOfRangeException(nameof(column)),
    };

    public static void Separated(IBufferWriter<byte> buffer, string text, char separator)
    {
        if (text.AsSpan().IndexOfAny("\"\r\n") >= 0 || text.Contains(separator, StringComparison.Ordinal))
            text = $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        Encoding.UTF8.GetBytes(text, buffer);
    }

    public static void Line(IBufferWriter<byte> buffer, IEnumerable<string> cells, char separator)
    {
        var first = true;
        foreach (var cell in cells)
        {
            if (!first)
                buffer.Write([(byte)separator]);
            first = false;
            Separated(buffer, cell, separator);
        }

        buffer.Write("\r\n"u8);
    }
}
