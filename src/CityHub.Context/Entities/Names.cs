using System.Buffers;
using System.Text;

namespace CityHub.Context.Entities;

/// <summary>The lexical rules of clauses 4.6.1–4.6.3 and 4.18.</summary>
internal static class Names
{
    private const int Longest = 2048;

    private static readonly SearchValues<byte> UriBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:/?#[]@!$&'()*+,;=%"u8);

    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."u8);

    /// <summary>RFC 3986: a scheme, a colon, something after it, no white space.</summary>
    public static bool IsUri(ReadOnlySpan<char> text)
    {
        if (!BeginsWithScheme(text))
            return false;
        foreach (var rune in text.EnumerateRunes())
            if (rune.IsAscii ? rune.Value <= ' ' || rune.Value == 127 || "<>\"{}|\\^`".Contains((char)rune.Value, StringComparison.Ordinal) : !IsVisible(rune))
                return false;
        return true;
    }

    public static bool IsUri(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IndexOfAnyExcept(UriBytes) >= 0)
            return IsUri(Encoding.UTF8.GetString(utf8)); // Beyond RFC 3986: the rarer case decides by runes.
        var colon = utf8.IndexOf((byte)':');
        if (colon <= 0 || colon == utf8.Length - 1 || !char.IsAsciiLetter((char)utf8[0]))
            return false;
        foreach (var c in utf8[1..colon])
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'+' or (byte)'-' or (byte)'.'))
                return false;
        return true;
    }

    /// <summary>name = letter *(letter / digit / "_"), or prefix:name, or an IRI (4.6.2). The minus and the dot are let through inside names: Smart Data Models use them.</summary>
    public static bool IsName(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IsEmpty || utf8.Length > Longest)
            return false;
        if (char.IsAsciiLetter((char)utf8[0]) && utf8.IndexOfAnyExcept(NameBytes) < 0)
            return true;
        var first = true;
        var iri = utf8.IndexOf((byte)':') > 0;
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out var rune, out var used) != OperationStatus.Done)
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
    public static bool TryParseTime(ReadOnlySpan<char> text, out long ticks) => Times.TryParse(text, out ticks, out _);

    /// <summary>Every surrogate has its other half: what JSON escapes can spell and UTF-8 cannot.</summary>
    public static bool IsUnicode(ReadOnlySpan<char> text)
    {
        for (var at = text.IndexOfAnyInRange('\ud800', '\udfff'); at >= 0 && at < text.Length; at++)
            if (char.IsSurrogate(text[at]) && !(char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[++at])))
                return false;
        return true;
    }

    private static bool BeginsWithScheme(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        if (colon <= 0 || colon == text.Length - 1 || !char.IsAsciiLetter(text[0]))
            return false;
        foreach (var c in text[..colon])
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.'))
                return false;
        return true;
    }

    /// <summary>
    /// Letters and digits of any script are let through (an IRI, RFC 3987); what cannot be seen, or changes how its neighbours are seen, is not:
    /// two ids that look the same must be the same.
    /// </summary>
    private static bool IsVisible(Rune rune) =>
        Rune.IsLetterOrDigit(rune) && rune.Value is not (0x115F or 0x1160 or 0x3164 or 0xFFA0);

    private static bool IsIriRune(Rune rune) =>
        !Rune.IsWhiteSpace(rune) && !Rune.IsControl(rune) && rune.Value is not ('<' or '>' or '"' or '{' or '}' or '|' or '\\' or '^' or '`');
}
