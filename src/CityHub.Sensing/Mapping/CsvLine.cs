using System.Text;

namespace CityHub.Sensing.Mapping;

/// <summary>One record of CSV (RFC 4180): quotes around a field, doubled inside it.</summary>
internal static class CsvLine
{
    private static readonly byte Quote = (byte)'"';

    /// <summary>
    /// Takes the next record from the front. An empty line is a record with one empty field; a carriage return before the line feed is not part of it.
    /// </summary>
    /// <param name="final">Nothing comes after <paramref name="text"/>: what is left is the last record.</param>
    /// <returns>Bytes used, 0 when the record is not complete yet (or there is none); -1 when it is malformed.</returns>
    public static int Next(ReadOnlyMemory<byte> text, byte delimiter, bool final, List<Cell> fields, out string? wrong)
    {
        wrong = null;
        fields.Clear();
        var span = text.Span;
        if (span.IsEmpty)
            return 0;
        var at = 0;
        while (true)
        {
            if (at < span.Length && span[at] == Quote)
            {
                var close = Close(span, at + 1, out var doubled);
                // The quote that seems to close may be the first of a doubled one whose second has not come yet.
                if (close < 0 || (close == span.Length - 1 && !final))
                {
                    if (!final)
                        return 0;
                    wrong = "a quote is not closed";
                    return -1;
                }

                if (close < 0)
                    return 0;
                var field = text[(at + 1)..close];
                fields.Add(Cell.Text(doubled ? Undouble(field.Span) : field));
                at = close + 1;
                if (at < span.Length && span[at] != delimiter && span[at] is not ((byte)'\n' or (byte)'\r'))
                {
                    wrong = $"field {fields.Count} goes on after its closing quote";
                    return -1;
                }
            }
            else
            {
                var length = span[at..].IndexOfAny(delimiter, (byte)'\n');
                if (length < 0 && !final)
                    return 0;
                var end = length < 0 ? span.Length : at + length;
                var ends = end == span.Length || span[end] == '\n';
                fields.Add(Cell.Text(text[at..(ends && end > at && span[end - 1] == '\r' ? end - 1 : end)]));
                at = end;
            }

            if (at < span.Length && span[at] == '\r')
            {
                if (at + 1 == span.Length && !final)
                    return 0;
                at++;
                if (at < span.Length && span[at] != '\n')
                {
                    wrong = "a carriage return stands alone";
                    return -1;
                }
            }

            if (at == span.Length)
                return final ? at : 0;
            if (span[at++] == '\n')
                return at;
            if (at == span.Length && !final)
                return 0;
        }
    }

    /// <summary>Where the next line begins, for going on after a malformed record.</summary>
    public static int SkipLine(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\n');
        return end < 0 ? text.Length : end + 1;
    }

    private static int Close(ReadOnlySpan<byte> span, int from, out bool doubled)
    {
        doubled = false;
        var at = from;
        while (true)
        {
            var next = span[at..].IndexOf(Quote);
            if (next < 0)
                return -1;
            at += next;
            if (at + 1 >= span.Length || span[at + 1] != Quote)
                return at;
            doubled = true;
            at += 2;
        }
    }

    private static byte[] Undouble(ReadOnlySpan<byte> field) => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(field).Replace("\"\"", "\"", StringComparison.Ordinal));
}
