using System.Text;
using System.Text.Unicode;

namespace CityHub.Privacy;

/// <summary>Cuts the bytes of a CSV file into rows and fields, a buffer at a time. What it hands out is valid until the next row.</summary>
internal sealed class CsvScanner
{
    /// <summary>A row that is longer is none: a quote that is never closed would take in the rest of the file.</summary>
    private const int LongestRow = 64 << 20;
    private const string SaveAsUtf8 = "Save the file as UTF-8; GBK, GB 18030 and Latin-1 are not read.";
    private const int Slack = 8; // behind the last byte, so that short fields can be read as one word
    private const byte Quote = (byte)'"';

    private readonly Stream stream;
    private readonly CancellationToken cancel;
    private readonly IProgress<double>? progress;
    private readonly long length;
    private readonly byte separator;
    private byte[] buffer = new byte[(1 << 18) + Slack];
    private int at, end;
    private bool last;
    private long read, told;
    private long row;
    private Field[] fields = new Field[16];
    private int count;
    private bool anyDoubled;

    private struct Field
    {
        public int Start, Length;
        public bool Doubled;
    }

    public CsvScanner(Stream stream, CsvOptions options, CancellationToken cancel)
        : this(stream, options, header: true, cancel)
    {
    }

    private CsvScanner(Stream stream, CsvOptions options, bool header, CancellationToken cancel)
    {
        (this.stream, this.cancel, progress) = (stream, cancel, options.Progress);
        length = stream.CanSeek ? stream.Length - stream.Position : 0;
        Fill();
        if (end >= 2 && (buffer[0], buffer[1]) is (0xFF, 0xFE) or (0xFE, 0xFF))
            throw Unreadable("The file is UTF-16.", 1, null, "Save it as UTF-8.");
        if (end >= 3 && buffer.AsSpan(0, 3).SequenceEqual("\uFEFF"u8))
            at = 3;
        separator = Separate(options.Separator);
        Names = header ? ReadHeader() : [];
    }

    /// <summary>The lines of a file without a header, which need not be of one length.</summary>
    public static IEnumerable<string[]> Headless(Stream stream, CsvOptions options)
    {
        var scanner = new CsvScanner(stream, options, header: false, CancellationToken.None);
        while (scanner.Cut())
        {
            if (scanner.IsBlank)
                continue;
            var line = new string[scanner.count];
            for (var i = 0; i < line.Length; i++)
            {
                var bytes = scanner.From(i)[..scanner.Length(i)];
                line[i] = Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Unreadable("The bytes are not UTF-8.", scanner.row, null, SaveAsUtf8);
            }

            yield return line;
        }
    }

    public string[] Names { get; }

    public char Separator => (char)separator;

    /// <summary>Counted from 1, the header being 1.</summary>
    public long Row => row;

    /// <summary>The field, with at least eight bytes of whatever behind its length.</summary>
    public ReadOnlySpan<byte> From(int field) => buffer.AsSpan(fields[field].Start);

    public int Length(int field) => fields[field].Length;

    /// <exception cref="PrivacyException">The row has more or fewer fields than the header, or a quote is not closed.</exception>
    public bool Next()
    {
        if (!Cut())
            return false;
        if (count == Names.Length)
            return true;
        if (IsBlank)
        {
            // Empty lines are tolerated behind the last row and nowhere else.
            var blank = row;
            while (Cut())
            {
                if (!IsBlank)
                    throw Unreadable("The line is empty.", blank, null, "Take it out; empty lines may stand only at the end.");
            }

            return false;
        }

        var column = count < Names.Length ? Names[count] : null;
        throw Unreadable(
            FormattableString.Invariant($"The row has {count} fields, the header {Names.Length}."), row, column,
            "A field that contains the separator or a line break has to stand in quotes.");
    }

    public PrivacyException NotUtf8(int field) => Unreadable("The bytes are not UTF-8.", row, Names[field], SaveAsUtf8);

    private bool IsBlank => count == 1 && fields[0].Length == 0;

    private string[] ReadHeader()
    {
        if (!Cut() || IsBlank)
            throw Unreadable("The file is empty.", 1, null, "The first line has the names of the columns.");
        var names = new string[count];
        var known = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var bytes = From(i)[..Length(i)];
            if (!Utf8.IsValid(bytes))
                throw Unreadable("The bytes are not UTF-8.", 1, null, SaveAsUtf8);
            names[i] = Encoding.UTF8.GetString(bytes);
            if (names[i].Length == 0)
                throw Unreadable(FormattableString.Invariant($"Column {i + 1} has no name."), 1, null, "The first line has the names of the columns.");
            if (!known.Add(names[i]))
                throw Unreadable($"Two columns are called {names[i]}.", 1, names[i], "Give each column a name of its own.");
        }

        return names;
    }

    private byte Separate(char? given)
    {
        if (given is { } one)
        {
            return one is ',' or ';' or '\t' ? (byte)one : throw new PrivacyRefusal(
                PrivacyCodes.TableUnreadable, $"{one} is no separator.", "It is a comma, a semicolon or a tab.").ToException();
        }

        Span<int> counts = stackalloc int[128];
        var quoted = false;
        for (var i = at; i < end && (quoted || buffer[i] != '\n'); i++)
        {
            if (buffer[i] == Quote)
                quoted = !quoted;
            else if (!quoted && buffer[i] < 128)
                counts[buffer[i]]++;
        }

        return (byte)(counts['\t'] > counts[','] && counts['\t'] > counts[';'] ? '\t' : counts[';'] > counts[','] ? ';' : ',');
    }

    /// <summary>The next row into <see cref="fields"/>; false at the end.</summary>
    private bool Cut()
    {
        while (true)
        {
            if (at == end && last)
                return false;
            row++;
            if (TryCut())
                return true;
            row--;
            Fill();
        }
    }

    /// <summary>Nothing is consumed where the row does not end in the buffer.</summary>
    private bool TryCut()
    {
        var bytes = buffer.AsSpan(0, end);
        var from = at;
        anyDoubled = false;
        for (count = 0; ; count++)
        {
            if (count == fields.Length)
                Array.Resize(ref fields, count * 2);
            ref var field = ref fields[count];
            field.Doubled = false;
            if (from < end && bytes[from] == Quote)
            {
                if (!TryUnquote(ref field, ref from))
                    return false;
            }
            else
            {
                var size = bytes[from..].IndexOfAny(separator, (byte)'\n');
                if (size < 0)
                {
                    if (!last)
                        return false;
                    size = end - from;
                }

                field.Start = from;
                field.Length = size;
                from += size;
            }

            if (from < end && bytes[from] == separator)
            {
                from++;
                continue;
            }

            if (field.Length > 0 && from > at && bytes[from - 1] == '\r' && field.Start + field.Length == from)
                field.Length--;
            at = Math.Min(from + 1, end);
            count++;
            if (anyDoubled)
                Undouble();
            return true;
        }
    }

    /// <summary>A field in quotes; it is handed out without them.</summary>
    private bool TryUnquote(ref Field field, ref int from)
    {
        var bytes = buffer.AsSpan(0, end);
        var (close, doubled) = (from + 1, false);
        while (true)
        {
            var size = bytes[close..].IndexOf(Quote);
            if (size < 0)
            {
                return last ? throw Unreadable("A quote is not closed.", row, Names is not null && count < Names.Length ? Names[count] : null, "A quote inside of quotes is written twice.") : false;
            }

            close += size;
            if (close + 1 >= end && !last)
                return false;
            if (close + 1 < end && bytes[close + 1] == Quote)
            {
                (close, doubled) = (close + 2, true);
                continue;
            }

            break;
        }

        var after = close + 1;
        if (after < end && bytes[after] == '\r')
        {
            if (after + 1 >= end && !last)
                return false;
            if (after + 1 >= end || bytes[after + 1] == '\n')
                after++;
        }

        if (after < end && bytes[after] != separator && bytes[after] != '\n')
            throw Unreadable("There is text behind a closing quote.", row, Names is not null && count < Names.Length ? Names[count] : null, "A quote inside of quotes is written twice.");
        field.Start = from + 1;
        field.Length = close - from - 1;
        if (doubled)
            (field.Doubled, anyDoubled) = (true, true);
        from = after;
        return true;
    }

    /// <summary>Doubled quotes are moved together in place, once the whole row is there: until then it may be cut again from its start.</summary>
    private void Undouble()
    {
        foreach (ref var field in fields.AsSpan(0, count))
        {
            if (!field.Doubled)
                continue;
            var (to, close) = (field.Start, field.Start + field.Length);
            for (var inside = field.Start; inside < close; inside += buffer[inside] == Quote ? 2 : 1)
                buffer[to++] = buffer[inside];
            field.Length = to - field.Start;
        }
    }

    private void Fill()
    {
        cancel.ThrowIfCancellationRequested();
        buffer.AsSpan(at, end - at).CopyTo(buffer);
        (at, end) = (0, end - at);
        if (end == buffer.Length - Slack)
        {
            if (end >= LongestRow)
                throw Unreadable("The row is longer than 64 MiB.", row + 1, null, "Is a quote not closed?");
            Array.Resize(ref buffer, end * 2 + Slack);
        }

        var got = stream.Read(buffer, end, buffer.Length - Slack - end);
        (end, read, last) = (end + got, read + got, got == 0);
        if (progress is not null && length > 0 && (read - told > 1 << 22 || last))
        {
            told = read;
            progress.Report(Math.Min(1, (double)read / length));
        }
    }

    private static PrivacyException Unreadable(string detail, long row, string? column, string hint) =>
        new PrivacyRefusal(PrivacyCodes.TableUnreadable, FormattableString.Invariant($"Row {row}: {detail}"), hint, "RFC 4180") { Row = row, Column = column }.ToException();
}
