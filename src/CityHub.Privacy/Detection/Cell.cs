using System.Buffers;

namespace CityHub.Privacy;

/// <summary>
/// The value of a cell as the rules read it: full-width letters, digits and signs made half-width, dashes made hyphens, blanks and quotes around it gone.
/// The rules for numbers see capital ASCII bytes, so that one implementation serves cells and the byte scan.
/// </summary>
internal readonly ref struct Cell
{
    /// <summary>Longer values are free text, never one datum.</summary>
    public const int Longest = 160;

    private static readonly SearchValues<char> Around = SearchValues.Create(" \t\r\n\"'`\u00A0\u3000\uFEFF\u200B");

    private Cell(ReadOnlySpan<char> text, ReadOnlySpan<byte> ascii, ReadOnlySpan<byte> compact)
    {
        Text = text;
        Ascii = ascii;
        Compact = compact;
    }

    public ReadOnlySpan<char> Text { get; }

    /// <summary>The same in capital ASCII; empty where a character is none.</summary>
    public ReadOnlySpan<byte> Ascii { get; }

    /// <summary><see cref="Ascii"/> without the blanks and hyphens that people write into numbers; empty where one stands at an end, for that is a sign and not a group.</summary>
    public ReadOnlySpan<byte> Compact { get; }

    /// <param name="room">At least <see cref="Longest"/> characters; the cell lives in it.</param>
    /// <param name="bytes">At least twice <see cref="Longest"/>.</param>
    public static Cell Of(ReadOnlySpan<char> value, Span<char> room, Span<byte> bytes)
    {
        var from = value.IndexOfAnyExcept(Around);
        if (from < 0)
            return default;
        value = value[from..(value.LastIndexOfAnyExcept(Around) + 1)];
        if (value.Length > Longest)
            return default;
        var ascii = true;
        for (var i = 0; i < value.Length; i++)
        {
            var c = Plain(value[i]);
            room[i] = c;
            ascii &= c < 0x80;
        }

        var text = room[..value.Length];
        if (!ascii)
            return new Cell(text, [], []);
        var capitals = bytes[..text.Length];
        var compact = bytes[Longest..];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var b = (byte)text[i];
            capitals[i] = b = b is >= (byte)'a' and <= (byte)'z' ? (byte)(b - 32) : b;
            if (b is not ((byte)' ' or (byte)'-'))
                compact[length++] = b;
        }

        return new Cell(text, capitals, text[0] == '-' || text[^1] == '-' ? [] : compact[..length]);
    }

    public static char Plain(char c) => c switch
    {
        < '\u00A0' => c,
        >= '\uFF01' and <= '\uFF5E' => (char)(c - 0xFEE0),
        '\u3000' or '\u00A0' or (>= '\u2000' and <= '\u200B') => ' ',
        (>= '\u2010' and <= '\u2015') or '\u2212' => '-',
        '\u2022' or '\u30FB' or '\uFF65' or '\u2027' => '\u00B7',
        _ => c,
    };
}

/// <summary>Whether a cell holds what a detector looks for.</summary>
internal delegate bool CellTest(in Cell cell);
