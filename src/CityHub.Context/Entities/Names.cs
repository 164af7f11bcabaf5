using System.Globalization;
using System.Text;

namespace CityHub.Context.Entities;

/// <summary>The lexical rules of clauses 4.6.1–4.6.3 and 4.18.</summary>
internal static class Names
{
    /// <summary>RFC 3986: a scheme, a colon, something after it, no white space.</summary>
    public static bool IsUri(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        if (colon <= 0 || colon == text.Length - 1 || !char.IsAsciiLetter(text[0]))
            return false;
        foreach (var c in text[..colon])
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.'))
                return false;
        foreach (var c in text)
            if (!char.IsAscii(c) && !IsVisible(c) || char.IsWhiteSpace(c) || char.IsControl(c) || c is '<' or '>' or '"' or '{' or '}' or '|' or '\\' or '^' or '`')
                return false;
        return true;
    }

    /// <summary>
    /// Letters and digits of any script are let through (an IRI, RFC 3987); what cannot be seen, or changes how its neighbours are seen, is not:
    /// two ids that look the same must be the same.
    /// </summary>
    private static bool IsVisible(char c) =>
        char.IsLetterOrDigit(c) && c is not ('\u115F' or '\u1160' or '\u3164' or '\uFFA0');

    /// <summary>name = letter *(letter / digit / "_"), or prefix:name, or an IRI (4.6.2). The minus and the dot are let through inside names: Smart Data Models use them.</summary>
    public static bool IsName(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty || utf8.Length > 2048)
            return false;
        var first = true;
        var iri = utf8.IndexOf((byte)':') > 0;
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out var rune, out var used) != OperationStatusDone)
                return false;
            if (iri ? !IsIriRune(rune) : !(Rune.IsLetter(rune) || !first && (Rune.IsDigit(rune) || Rune.IsNumber(rune) || rune.Value is '_' or '-' or '.')))
                return false;
            first = false;
            utf8 = utf8[used..];
        }

        return true;
    }

    /// <summary>[/]Level*(/Level), a level being a letter and then letters, digits and _ (4.18).</summary>
    public static bool IsScope(string text)
    {
        var levels = text.StartsWith('/') ? text[1..] : text;
        if (levels.Length == 0)
            return false;
        foreach (var level in levels.Split('/'))
        {
            var first = true;
            if (level.Length == 0)
                return false;
            foreach (var rune in level.EnumerateRunes())
            {
                if (!(Rune.IsLetter(rune) || !first && (Rune.IsNumber(rune) || rune.Value == '_')))
                    return false;
                first = false;
            }
        }

        return true;
    }

    /// <summary>YYYY-MM-DDThh:mm:ss[.f]Z: UTC, no offset (4.6.3).</summary>
    public static bool TryParseTime(scoped ReadOnlySpan<char> text, out long ticks) => TryParseTime(text, out ticks, out _);

    /// <param name="digits">Decimals of the second as written: a time is told as it was given.</param>
    public static bool TryParseTime(scoped ReadOnlySpan<char> text, out long ticks, out byte digits)
    {
        (ticks, digits) = (0, 0);
        if (text.Length < 20 || text[^1] != 'Z' || text[10] != 'T')
            return false;
        // More than seven decimals are cut: ticks are what the hub keeps.
        Span<char> cut = stackalloc char[28];
        if (text.Length > 28)
        {
            if (text.Length > 40 || text[19] is not ('.' or ','))
                return false;
            text[..27].CopyTo(cut);
            cut[27] = 'Z';
            text = cut;
        }

        digits = (byte)(text.Length > 20 ? text.Length - 21 : 0);
        Span<char> dotted = stackalloc char[text.Length];
        text.CopyTo(dotted);
        if (text.Length > 19 && text[19] == ',')
            dotted[19] = '.';
        if (!DateTime.TryParse(dotted, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal, out var time))
            return false;
        ticks = time.Ticks;
        return true;
    }

    private const System.Buffers.OperationStatus OperationStatusDone = System.Buffers.OperationStatus.Done;

    private static bool IsIriRune(Rune rune) =>
        !Rune.IsWhiteSpace(rune) && !Rune.IsControl(rune) && rune.Value is not ('<' or '>' or '"' or '{' or '}' or '|' or '\\' or '^' or '`');
}
