using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace CityHub.Ledger;

/// <summary>The small forms that every text here is made of. Each value has one form, and only that form is read.</summary>
internal static class NoteText
{
    /// <summary>The em dash and the space that begin a signature line.</summary>
    public const string Dash = "\u2014 ";

    /// <summary>What a person could have meant by a name is not our question: not empty, no Unicode space, no plus, no control character.</summary>
    public static bool IsKeyName(string name)
    {
        if (name.Length == 0)
            return false;
        foreach (var c in name)
        {
            if (c < ' ' || c == '+' || char.IsWhiteSpace(c))
                return false;
        }

        return true;
    }

    /// <summary>UTF-8 without control characters other than the newline.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out string? text, [NotNullWhen(false)] out string? why)
    {
        text = null;
        if (!Utf8.IsValid(bytes))
        {
            why = "This text is not valid UTF-8.";
            return false;
        }

        foreach (var b in bytes)
        {
            if (b < 0x20 && b != (byte)'\n')
            {
                why = string.Create(CultureInfo.InvariantCulture, $"This text has the control character U+{(int)b:X4}; only newlines are allowed.");
                return false;
            }
        }

        text = Encoding.UTF8.GetString(bytes);
        why = null;
        return true;
    }

    /// <summary>RFC 4648, section 4, with padding and with zero bits at the end, so that each value has one form.</summary>
    public static bool TryBase64(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (text.IsEmpty || text.Length % 4 != 0)
            return false;
        var room = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64Chars(text, room, out var length))
            return false;
        var again = new char[text.Length];
        if (!Convert.TryToBase64Chars(room.AsSpan(0, length), again, out var written) || !text.SequenceEqual(again.AsSpan(0, written)))
            return false;
        bytes = length == room.Length ? room : room[..length];
        return true;
    }

    public static bool TryHash(ReadOnlySpan<char> text, [NotNullWhen(true)] out byte[]? hash)
    {
        hash = null;
        return text.Length == 44 && TryBase64(text, out hash) && hash.Length == 32;
    }

    /// <summary>0 … 2^63 − 1, without sign and without leading zeroes.</summary>
    public static bool TryNumber(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        if (text.IsEmpty || text.Length > 19 || text.ContainsAnyExceptInRange('0', '9') || (text[0] == '0' && text.Length > 1))
            return false;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>What may stand in a message: a line that somebody sent, cut to a bearable length.</summary>
    public static string Shown(string text) => text.Length <= 80 ? $"\"{text}\"" : $"\"{text.AsSpan(0, char.IsHighSurrogate(text[79]) ? 79 : 80)}…\"";
}
