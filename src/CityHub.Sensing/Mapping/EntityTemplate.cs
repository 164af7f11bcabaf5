using System.Buffers;
using System.Globalization;
using System.Text;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Mapping;

/// <summary>
/// The URI of a thing with places for what differs: <c>{device}</c>, <c>{topic[2]}</c> (the third level of the topic) and <c>{path}</c>.
/// What is put in is percent-encoded (RFC 3986, 2.1) where it could not stand in a URI, so that no payload reaches beyond its place.
/// </summary>
internal sealed class EntityTemplate
{
    private const int MostBytes = 1024;

    /// <summary>Unreserved (RFC 3986, 2.3) and the colon, which separates inside URNs and MAC addresses.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:"u8);

    private readonly Part[] _parts;

    private EntityTemplate(string text, Part[] parts)
    {
        (Text, _parts) = (text, parts);
        OfDeviceAlone = parts.All(p => p.Kind is PartKind.Literal or PartKind.Device);
    }

    public string Text { get; }

    /// <summary>One device always gives the same URI: it needs to be made only once.</summary>
    public bool OfDeviceAlone { get; }

    public bool NeedsDevice => _parts.Any(p => p.Kind is PartKind.Device or PartKind.Topic);

    public static Result<EntityTemplate> Parse(string text, PathTree? paths)
    {
        var parts = new List<Part>();
        var at = 0;
        while (at < text.Length)
        {
            var open = text.IndexOf('{', at);
            var literal = text[at..(open < 0 ? text.Length : open)];
            if (literal.Contains('}', StringComparison.Ordinal))
                return Refused(text, "a } closes nothing");
            if (literal.Length > 0)
                parts.Add(new Part(PartKind.Literal, Encoding.UTF8.GetBytes(literal)));
            if (open < 0)
                break;
            var close = Close(text, open);
            if (close < 0)
                return Refused(text, "a { is not closed");
            var inside = text[(open + 1)..close];
            at = close + 1;
            if (inside == "device")
            {
                parts.Add(new Part(PartKind.Device, []));
            }
            else if (inside.StartsWith("topic[", StringComparison.Ordinal) && inside.EndsWith(']'))
            {
                if (!int.TryParse(inside.AsSpan(6, inside.Length - 7), NumberStyles.None, CultureInfo.InvariantCulture, out var level))
                    return Refused(text, $"{{{inside}}} names no level; the first is {{topic[0]}}");
                parts.Add(new Part(PartKind.Topic, [], level));
            }
            else
            {
                if (paths is null)
                    return Refused(text, $"{{{inside}}} is a path, and here only {{device}} and {{topic[n]}} can stand");
                if (!JsonPath.Parse(inside, "entity").TryGet(out var path, out var problem))
                    return problem;
                if (!path.IsSingular)
                    return Refused(text, $"{{{inside}}} may give many values");
                parts.Add(new Part(PartKind.Path, [], 0, paths.Add(path)));
            }
        }

        var probe = string.Concat(parts.Select(p => p.Kind == PartKind.Literal ? Encoding.UTF8.GetString(p.Literal) : "x"));
        if (!IsUri(probe))
            return Refused(text, "what it makes is no URI");
        return new EntityTemplate(text, [.. parts]);
    }

    /// <returns>What is wrong; null when nothing is.</returns>
    public MappingFault? Render(MappingSource source, Cells cells, int reading, out string uri)
    {
        uri = "";
        Span<byte> buffer = stackalloc byte[MostBytes];
        var length = 0;
        foreach (var part in _parts)
        {
            if (part.Kind == PartKind.Literal)
            {
                if (part.Literal.Length > buffer.Length - length)
                    return TooLong();
                part.Literal.CopyTo(buffer[length..]);
                length += part.Literal.Length;
                continue;
            }

            var value = part.Kind switch
            {
                PartKind.Device => source.DeviceUtf8,
                PartKind.Topic => source.TopicLevel(part.Level),
                _ => Trimmed(cells.Of(reading, part.Place)),
            };
            if (value.IsEmpty)
                return new MappingFault(Say(part), $"it is empty or not a simple value, and the thing is named by it: {Text}");
            if (!Put(value, buffer, ref length))
                return TooLong();
        }

        uri = Encoding.UTF8.GetString(buffer[..length]);
        return null;
    }

    /// <summary>RFC 3986: a scheme, a colon, something after it, nothing that cannot stand in a URI.</summary>
    public static bool IsUri(ReadOnlySpan<char> text)
    {
        var colon = text.IndexOf(':');
        if (colon <= 0 || colon == text.Length - 1 || text.Length > MostBytes || !char.IsAsciiLetter(text[0]))
            return false;
        foreach (var c in text[..colon])
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('+' or '-' or '.'))
                return false;
        foreach (var c in text)
            if (c is <= ' ' or >= '\x7f' or '<' or '>' or '"' or '{' or '}' or '|' or '\\' or '^' or '`')
                return false;
        return true;
    }

    private static ReadOnlySpan<byte> Trimmed(in Cell cell) => cell.Characters.Trim(" \t"u8);

    private static bool Put(ReadOnlySpan<byte> value, Span<byte> buffer, ref int length)
    {
        if (!value.ContainsAnyExcept(Plain))
        {
            if (value.Length > buffer.Length - length)
                return false;
            value.CopyTo(buffer[length..]);
            length += value.Length;
            return true;
        }

        foreach (var b in value)
        {
            if (buffer.Length - length < 3)
                return false;
            if (Plain.Contains(b))
            {
                buffer[length++] = b;
                continue;
            }

            buffer[length++] = (byte)'%';
            buffer[length++] = (byte)"0123456789ABCDEF"[b >> 4];
            buffer[length++] = (byte)"0123456789ABCDEF"[b & 15];
        }

        return true;
    }

    /// <summary>The } that closes a place: not one inside a quoted name.</summary>
    private static int Close(string text, int open)
    {
        var quote = '\0';
        for (var i = open + 1; i < text.Length; i++)
        {
            var c = text[i];
            if (quote != '\0')
            {
                if (c == '\\')
                    i++;
                else if (c == quote)
                    quote = '\0';
            }
            else if (c is '\'' or '"')
            {
                quote = c;
            }
            else if (c == '}')
            {
                return i;
            }
        }

        return -1;
    }

    private MappingFault TooLong() => new("", $"the thing's URI would be longer than {MostBytes} characters: {Text}");

    private static string Say(in Part part) => part.Kind switch
    {
        PartKind.Device => "the device",
        PartKind.Topic => $"topic[{part.Level}]",
        _ => part.Place.Path,
    };

    private static Problem Refused(string text, string wrong) =>
        MappingProblems.NotAMapping.Because($"entity is \"{text}\"; {wrong}.", "For example urn:ngsi-ld:WeatherObserved:{device}");

    private enum PartKind : byte
    {
        Literal,
        Device,
        Topic,
        Path,
    }

    private readonly record struct Part(PartKind Kind, byte[] Literal, int Level = 0, CellPlace Place = default);
}
