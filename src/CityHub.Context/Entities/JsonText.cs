using System.Buffers;
using System.Text.Unicode;

namespace CityHub.Context.Entities;

/// <summary>JSON as bytes.</summary>
internal static class JsonText
{
    private static readonly SearchValues<byte> WhiteSpace = SearchValues.Create(" \t\r\n"u8);

    /// <summary>
    /// What is wrong with the text inside a body: null when every string in it can be read. The platform's reader looks only at what it is asked for,
    /// and what the hub copies as bytes it must be able to hand out again.
    /// </summary>
    public static string? Wrong(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
            return "The body is not UTF-8.";
        for (var at = json.IndexOf((byte)'\\'); at >= 0 && at + 1 < json.Length;)
        {
            var after = at + 2;
            if (json[at + 1] == 'u' && Surrogate(json, at) is { } first)
            {
                if (first >= 0xDC00 || Surrogate(json, at + 6) is not >= 0xDC00)
                    return "The body has half of a surrogate pair.";
                after = at + 12;
            }

            var next = json[after..].IndexOf((byte)'\\');
            at = next < 0 ? -1 : after + next;
        }

        return null;
    }

    /// <summary>The value without the white space around its tokens: a slice of what was given where there is none, else new.</summary>
    public static ReadOnlyMemory<byte> Compact(ReadOnlyMemory<byte> given)
    {
        var value = given.Span;
        if (value[0] is not ((byte)'{' or (byte)'[') || value.IndexOfAny(WhiteSpace) < 0)
            return given;
        var rented = ArrayPool<byte>.Shared.Rent(value.Length);
        var length = 0;
        for (var i = 0; i < value.Length; i++)
        {
            var c = value[i];
            if (c == '"')
            {
                var end = StringEnd(value, i);
                value[i..end].CopyTo(rented.AsSpan(length));
                length += end - i;
                i = end - 1;
            }
            else if (c is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
                rented[length++] = c;
        }

        var compact = rented.AsSpan(0, length).ToArray();
        ArrayPool<byte>.Shared.Return(rented);
        return compact;
    }

    /// <summary>The index behind the closing quote of the string that begins here.</summary>
    private static int StringEnd(ReadOnlySpan<byte> json, int start)
    {
        var i = start + 1;
        while (true)
        {
            i += json[i..].IndexOfAny((byte)'"', (byte)'\\');
            if (json[i] == '"')
                return i + 1;
            i += 2;
        }
    }

    /// <summary>The code unit of an escape <c>\uD800</c>–<c>\uDFFF</c> at that place, else null.</summary>
    private static int? Surrogate(ReadOnlySpan<byte> json, int at)
    {
        if (at + 6 > json.Length || json[at] != '\\' || json[at + 1] != 'u' || !System.Buffers.Text.Utf8Parser.TryParse(json.Slice(at + 2, 4), out int unit, out var used, 'x') || used != 4)
            return null;
        return unit is >= 0xD800 and <= 0xDFFF ? unit : null;
    }
}
