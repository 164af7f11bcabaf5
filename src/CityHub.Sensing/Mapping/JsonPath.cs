using System.Globalization;
using System.Text;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Mapping;

/// <summary>
/// A path of RFC 9535, in the part of it that one pass over a document can answer: <c>$</c> or <c>@</c>, then <c>.name</c>, <c>['name']</c>,
/// <c>[n]</c>, and <c>.*</c> or <c>[*]</c>. A bare word is the member of that name. <c>@</c> is the reading at hand, <c>$</c> the whole payload.
/// What needs a second look at the document (filters, descendants, slices, indexes from the end, unions) is refused by name.
/// </summary>
internal sealed class JsonPath
{
    public const int MostSegments = 32;
    public const int MostCharacters = 512;

    private JsonPath(string text, bool fromReading, IReadOnlyList<Segment> segments) => (Text, FromReading, Segments) = (text, fromReading, segments);

    public string Text { get; }

    /// <summary>Begins at the reading (<c>@</c> or a bare word) rather than at the payload.</summary>
    public bool FromReading { get; }

    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>Selects at most one value: a singular query (RFC 9535, 2.3.5.1).</summary>
    public bool IsSingular
    {
        get
        {
            foreach (var segment in Segments)
                if (segment.Kind == SegmentKind.Wildcard)
                    return false;
            return true;
        }
    }

    public static bool IsPath(ReadOnlySpan<char> text) => text.Length > 0 && text[0] is '$' or '@' && (text.Length == 1 || text[1] is '.' or '[' or ' ');

    /// <param name="where">Names the place in the declaration, for the refusal.</param>
    public static Result<JsonPath> Parse(string text, string where)
    {
        if (text.Length is 0 or > MostCharacters)
            return Refused(text, where, 0, $"it has {text.Length} characters; a path has 1 to {MostCharacters}");
        if (!IsPath(text))
            return new JsonPath(text, true, [Segment.Of(text)]);
        var segments = new List<Segment>(4);
        var at = 1;
        while (at < text.Length)
        {
            if (segments.Count == MostSegments)
                return Refused(text, where, at, $"it is longer than {MostSegments} steps");
            var next = Step(text, ref at);
            if (next.Wrong is { } wrong)
                return Refused(text, where, at, wrong);
            segments.Add(next.Segment);
        }

        return new JsonPath(text, text[0] == '@', segments);
    }

    public override string ToString() => Text;

    private static (Segment Segment, string? Wrong) Step(string text, ref int at)
    {
        SkipBlanks(text, ref at);
        if (at == text.Length)
            return (default, "it ends in blank space");
        if (text[at] == '.')
        {
            at++;
            if (at < text.Length && text[at] == '.')
                return (default, "descendants (..) are not offered; name the way down");
            if (at < text.Length && text[at] == '*')
            {
                at++;
                return (Segment.Any, null);
            }

            var start = at;
            while (at < text.Length && IsNameCharacter(text[at], at > start))
                at++;
            return at == start ? (default, "a name is missing after the dot; one with other characters is written ['name']") : (Segment.Of(text[start..at]), null);
        }

        if (text[at] != '[')
            return (default, $"\"{text[at]}\" does not begin a step; it is .name, ['name'], [n] or [*]");
        at++;
        SkipBlanks(text, ref at);
        if (at == text.Length)
            return (default, "a bracket is not closed");
        var (segment, wrong) = text[at] switch
        {
            '*' => Star(ref at),
            '\'' or '"' => Quoted(text, ref at),
            '?' => (default, "filters (?) are not offered"),
            ':' => (default, "slices (:) are not offered"),
            _ => Index(text, ref at),
        };
        if (wrong is not null)
            return (default, wrong);
        SkipBlanks(text, ref at);
        if (at == text.Length)
            return (default, "a bracket is not closed");
        switch (text[at])
        {
            case ']':
                at++;
                return (segment, null);
            case ',':
                return (default, "several selectors in one bracket are not offered");
            case ':':
                return (default, "slices (:) are not offered");
            default:
                return (default, $"\"{text[at]}\" stands where the bracket should close");
        }
    }

    private static (Segment, string?) Star(ref int at)
    {
        at++;
        return (Segment.Any, null);
    }

    /// <summary>RFC 9535, 2.3.2: digits without a leading zero; the part from the end (negative) would need the length beforehand.</summary>
    private static (Segment, string?) Index(string text, ref int at)
    {
        if (text[at] == '-')
            return (default, "indexes from the end are not offered");
        var start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        var digits = text.AsSpan(start, at - start);
        if (digits.Length == 0 || digits is ['0', _, ..] || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
            return (default, "a bracket holds 'name', a number or *");
        return (Segment.At(index), null);
    }

    /// <summary>RFC 9535, 2.3.1: either quote, and JSON's escapes plus the quote itself.</summary>
    private static (Segment, string?) Quoted(string text, ref int at)
    {
        var quote = text[at++];
        var name = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            var c = text[at++];
            if (c < ' ')
                return (default, "a control character stands in a name");
            if (c != '\\')
            {
                name.Append(c);
                continue;
            }

            if (at == text.Length)
                return (default, "a name is not closed");
            c = text[at++];
            switch (c)
            {
                case 'b': name.Append('\b'); break;
                case 'f': name.Append('\f'); break;
                case 'n': name.Append('\n'); break;
                case 'r': name.Append('\r'); break;
                case 't': name.Append('\t'); break;
                case '/' or '\\': name.Append(c); break;
                case 'u' when at + 4 <= text.Length && ushort.TryParse(text.AsSpan(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit):
                    name.Append((char)unit);
                    at += 4;
                    break;
                default:
                    if (c != quote)
                        return (default, $"\\{c} is no escape");
                    name.Append(c);
                    break;
            }
        }

        if (at == text.Length)
            return (default, "a name is not closed");
        at++;
        var found = name.ToString();
        foreach (var rune in found.EnumerateRunes())
            if (rune == Rune.ReplacementChar && !found.Contains('\uFFFD', StringComparison.Ordinal))
                return (default, "half of a surrogate pair stands in a name");
        return (Segment.Of(found), null);
    }

    private static bool IsNameCharacter(char c, bool after) => char.IsAsciiLetter(c) || c == '_' || c >= 0x80 || (after && char.IsAsciiDigit(c));

    private static void SkipBlanks(string text, ref int at)
    {
        while (at < text.Length && text[at] is ' ' or '\t' or '\n' or '\r')
            at++;
    }

    private static Problem Refused(string text, string where, int at, string wrong) =>
        MappingProblems.NotAMapping.Because($"{where} is \"{(text.Length > 80 ? text[..80] + "…" : text)}\"; at character {at + 1}, {wrong}.", "A path is $ or @, then .name, ['name'], [n] or [*].", "RFC 9535");
}

internal enum SegmentKind : byte
{
    Name,
    Index,
    Wildcard,
}

/// <summary>One step of a path.</summary>
internal readonly record struct Segment(SegmentKind Kind, string Name, int Index)
{
    public static readonly Segment Any = new(SegmentKind.Wildcard, "", 0);

    public static Segment Of(string name) => new(SegmentKind.Name, name, 0);

    public static Segment At(int index) => new(SegmentKind.Index, "", index);
}
