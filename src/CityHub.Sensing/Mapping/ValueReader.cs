using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace CityHub.Sensing.Mapping;

internal enum ValueForm : byte
{
    /// <summary>As it came; a field without a type is a number or a boolean where it reads as one, else text.</summary>
    Auto,
    Number,
    Text,
    Boolean,
    Json,
}

/// <summary>A cell as the JSON value that is recorded: converted, scaled, checked.</summary>
internal sealed class ValueReader(ValueForm form, decimal? scale, decimal? offset)
{
    /// <summary>Longer numbers carry nothing that a double could hold.</summary>
    private const int MostNumberBytes = 64;

    /// <returns>What is wrong; null when nothing is.</returns>
    public string? Read(in Cell cell, out ReadOnlyMemory<byte> json)
    {
        json = default;
        return form switch
        {
            ValueForm.Number => Number(cell, out json),
            ValueForm.Text => Text(cell, out json),
            ValueForm.Boolean => Boolean(cell, out json),
            ValueForm.Json => Json(cell, out json),
            _ => Auto(cell, out json),
        };
    }

    private string? Auto(in Cell cell, out ReadOnlyMemory<byte> json)
    {
        switch (cell.Kind)
        {
            case CellKind.Number:
                return Number(cell, out json);
            case CellKind.True or CellKind.False:
                return Boolean(cell, out json);
            case CellKind.Json:
                return Json(cell, out json);
            case CellKind.Text:
                var text = cell.Bytes.Span.Trim(" \t"u8);
                if (IsJsonNumber(text) && Number(cell, out json) is null)
                    return null;
                return text.SequenceEqual("true"u8) || text.SequenceEqual("false"u8) ? Boolean(cell, out json) : Text(cell, out json);
            default:
                return Text(cell, out json);
        }
    }

    private string? Number(in Cell cell, out ReadOnlyMemory<byte> json)
    {
        json = default;
        if (cell.Kind is CellKind.True or CellKind.False or CellKind.Json)
            return "it is not a number";
        var text = cell.Kind == CellKind.Number ? cell.Bytes.Span : cell.Characters.Trim(" \t"u8);
        if (text.Length is 0 or > MostNumberBytes)
            return "it is not a number";
        if (text[0] == '+')
            text = text[1..];
        // NaN and Infinity are words that the parser would take.
        if (text.IsEmpty || text[^1] is not ((>= (byte)'0' and <= (byte)'9') or (byte)'.') || !Utf8Parser.TryParse(text, out double number, out var used) || used != text.Length)
            return "it is not a number";
        if (!double.IsFinite(number))
            return "it is too large a number";
        if (scale is null && offset is null)
        {
            json = cell.Kind == CellKind.Number || IsJsonNumber(text) ? text.ToArray() : Written(number);
            return null;
        }

        // Decimal first, then the nearest double: 235 × 0.1 is 23.5 and not 23.500000000000004.
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact) && Scaled(exact) is { } result)
        {
            json = Written((double)result);
            return null;
        }

        number = (number * (double)(scale ?? 1)) + (double)(offset ?? 0);
        if (!double.IsFinite(number))
            return "scaled, it is too large a number";
        json = Written(number);
        return null;
    }

    private decimal? Scaled(decimal value)
    {
        // Inside 10^14 neither the product nor the sum can overflow a decimal; tiny factors keep their digits in a double.
        if (Math.Abs(value) > 1e14m || (value != 0 && Math.Abs(value) < 1e-10m) || Math.Abs(scale ?? 1) is > 1e12m or < 1e-10m || Math.Abs(offset ?? 0) > 1e14m)
            return null;
        return (value * (scale ?? 1)) + (offset ?? 0);
    }

    private static string? Text(in Cell cell, out ReadOnlyMemory<byte> json)
    {
        json = default;
        switch (cell.Kind)
        {
            case CellKind.String:
                json = cell.Bytes.ToArray();
                return null;
            case CellKind.Json:
                return "it is not a text";
            default:
                json = Quoted(cell.Characters);
                return null;
        }
    }

    private static string? Boolean(in Cell cell, out ReadOnlyMemory<byte> json)
    {
        json = default;
        var text = cell.Characters.Trim(" \t"u8);
        if (Is(text, "true"u8) || Is(text, "1"u8) || Is(text, "on"u8) || Is(text, "yes"u8))
            json = "true"u8.ToArray();
        else if (Is(text, "false"u8) || Is(text, "0"u8) || Is(text, "off"u8) || Is(text, "no"u8))
            json = "false"u8.ToArray();
        else
            return "it is neither true nor false";
        return null;
    }

    private static string? Json(in Cell cell, out ReadOnlyMemory<byte> json)
    {
        json = default;
        if (cell.Kind is not (CellKind.Text or CellKind.Words))
        {
            json = cell.Kind switch
            {
                CellKind.True => "true"u8.ToArray(),
                CellKind.False => "false"u8.ToArray(),
                _ => cell.Bytes.ToArray(),
            };
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(cell.Bytes);
            if (document.RootElement.ValueKind == JsonValueKind.Null)
                return "it is null";
            json = cell.Bytes.ToArray();
            return null;
        }
        catch (JsonException)
        {
            return "it is not JSON";
        }
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) => Ascii.EqualsIgnoreCase(text, word);

    /// <summary>RFC 8259, 6: what may stand in JSON as it is (no leading zeros or plus, digits around the dot).</summary>
    internal static bool IsJsonNumber(ReadOnlySpan<byte> text)
    {
        var at = text is [(byte)'-', ..] ? 1 : 0;
        var whole = Run(text, at);
        if (whole == 0 || (whole > 1 && text[at] == '0'))
            return false;
        at += whole;
        if (at < text.Length && text[at] == '.')
        {
            var part = Run(text, at + 1);
            if (part == 0)
                return false;
            at += 1 + part;
        }

        if (at < text.Length && text[at] is (byte)'e' or (byte)'E')
        {
            at++;
            if (at < text.Length && text[at] is (byte)'+' or (byte)'-')
                at++;
            var exponent = Run(text, at);
            if (exponent == 0)
                return false;
            at += exponent;
        }

        return at == text.Length;
    }

    private static int Run(ReadOnlySpan<byte> text, int at)
    {
        var start = at;
        while (at < text.Length && text[at] is >= (byte)'0' and <= (byte)'9')
            at++;
        return at - start;
    }

    private static byte[] Written(double number)
    {
        Span<byte> buffer = stackalloc byte[32];
        number.TryFormat(buffer, out var written, "R", CultureInfo.InvariantCulture);
        return buffer[..written].ToArray();
    }

    private static byte[] Quoted(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IndexOfAnyInRange((byte)0, (byte)0x1f) < 0 && utf8.IndexOfAny((byte)'"', (byte)'\\') < 0)
        {
            var plain = new byte[utf8.Length + 2];
            plain[0] = plain[^1] = (byte)'"';
            utf8.CopyTo(plain.AsSpan(1));
            return plain;
        }

        var buffer = new ArrayBufferWriter<byte>(utf8.Length + 16);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            json.WriteStringValue(utf8);
        return buffer.WrittenSpan.ToArray();
    }
}
