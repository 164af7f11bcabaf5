using System.Text;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Deliveries;

/// <summary>CSV (RFC 4180) with a line of names, UTF-8. An empty field is a missing value, an empty field in quotes an empty text.</summary>
internal sealed class CsvIntake : Intake
{
    private const string Rule = "RFC 4180";
    private readonly byte _delimiter;
    private readonly int _columns;
    private byte[] _plain = new byte[256];

    private CsvIntake(IntakeBytes bytes, IReadOnlyList<string> names, byte delimiter)
        : base(bytes, new TextBatch(names)) => (_columns, _delimiter) = (names.Count, delimiter);

    /// <summary>Reads the line of names.</summary>
    public static async ValueTask<Result<CsvIntake>> OpenAsync(IntakeBytes bytes, byte delimiter, CancellationToken cancel)
    {
        while (true)
        {
            if (Names(bytes, delimiter) is { } names)
            {
                if (names.Count > bytes.Limits.MostColumns)
                    return DeliveryProblems.Unreadable.Because($"The file has {names.Count} columns; it may have {bytes.Limits.MostColumns}.", null, Rule);
                return names.FirstOrDefault(n => string.IsNullOrWhiteSpace(n) || names.Count(m => m == n) > 1) is { } odd
                    ? DeliveryProblems.Unreadable.Because($"The first line names the columns, and \"{odd}\" is empty or stands twice.", null, Rule)
                    : new CsvIntake(bytes, names, delimiter);
            }

            if (bytes.Ended)
                return DeliveryProblems.Unreadable.Because("The file is empty: its first line names the columns.", null, Rule);
            try
            {
                await bytes.FillAsync(cancel);
            }
            catch (IntakeException e)
            {
                return e.Problem;
            }
        }
    }

    protected override int Row(ReadOnlySpan<byte> here, bool ended, long number)
    {
        var at = 0;
        for (var column = 0; ; column++)
        {
            if (column == _columns)
                throw Malformed(number, $"it has more than {_columns} fields", Rule);
            bool last;
            if (at < here.Length && here[at] == (byte)'"')
            {
                var length = Quoted(here[at..], column, ended, number, out last);
                if (length == 0)
                    return 0;
                at += length;
            }
            else
            {
                var rest = here[at..];
                var length = rest.IndexOfAny(_delimiter, (byte)'\n');
                if (length < 0 && !ended)
                    return 0;
                var end = length < 0 ? rest.Length : length;
                last = length < 0 || rest[end] == (byte)'\n';
                var field = rest[..(last && end > 0 && rest[end - 1] == (byte)'\r' ? end - 1 : end)];
                at += length < 0 ? end : end + 1;
                // An empty line at the end of a file is no row of a table with several columns; of a table with one it is a missing value.
                if (last && column == 0 && field.IsEmpty && _columns > 1)
                    return at;
                if (field.IsEmpty)
                    Batch.Null(column);
                else
                    Batch.Put(column, field);
            }

            if (!last)
                continue;
            if (column != _columns - 1)
                throw Malformed(number, $"it has {column + 1} fields, and there are {_columns} names", Rule);
            Batch.EndRow();
            return at;
        }
    }

    /// <summary>A field in quotes with what ends it; 0: it has not all come yet.</summary>
    private int Quoted(ReadOnlySpan<byte> here, int column, bool ended, long number, out bool last)
    {
        last = false;
        var (at, length) = (1, 0);
        while (true)
        {
            var quote = here[at..].IndexOf((byte)'"');
            if (quote < 0)
                return ended ? throw Malformed(number, "a quote is not closed", Rule) : 0;
            if (length + quote + 1 > _plain.Length)
                Array.Resize(ref _plain, Math.Max(_plain.Length * 2, length + quote + 1));
            here.Slice(at, quote).CopyTo(_plain.AsSpan(length));
            length += quote;
            at += quote + 1;
            if (at == here.Length)
            {
                // The quote may be the first of a doubled one whose second has not come.
                if (!ended)
                    return 0;
                last = true;
                break;
            }

            if (here[at] == (byte)'"')
            {
                _plain[length++] = (byte)'"';
                at++;
                continue;
            }

            if (here[at] == (byte)'\r' && at + 1 == here.Length && !ended)
                return 0;
            if (here[at] == (byte)'\r' && (at + 1 == here.Length || here[at + 1] == (byte)'\n'))
                at++;
            if (at == here.Length || here[at] == (byte)'\n')
                last = true;
            else if (here[at] != _delimiter)
                throw Malformed(number, $"field {column + 1} goes on after its closing quote", Rule);
            at = Math.Min(at + 1, here.Length);
            break;
        }

        Batch.Put(column, _plain.AsSpan(0, length));
        return at;
    }

    private static List<string>? Names(IntakeBytes bytes, byte delimiter)
    {
        var here = bytes.Here;
        var end = here.IndexOf((byte)'\n');
        if (end < 0 && !bytes.Ended || here.IsEmpty)
            return null;
        var line = Encoding.UTF8.GetString(here[..(end < 0 ? here.Length : end)]).TrimStart('\uFEFF').TrimEnd('\r');
        bytes.Used(end < 0 ? here.Length : end + 1);
        return [.. line.Split((char)delimiter).Select(n => n.Length > 1 && n[0] == '"' && n[^1] == '"' ? n[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : n.Trim())];
    }
}
