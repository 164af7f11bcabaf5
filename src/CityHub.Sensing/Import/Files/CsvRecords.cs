using System.Text;
using System.Text.Unicode;
using CityHub.Core.Problems;
using CityHub.Sensing.Mapping;

namespace CityHub.Sensing.Import.Files;

/// <summary>Rows of CSV (RFC 4180; other delimiters; quotes, also over several lines). A row that does not fit the header is malformed alone.</summary>
internal sealed class CsvRecords : RecordReader
{
    /// <summary>A record that has not ended by then has lost its closing quote.</summary>
    private const int MostBytes = 1 << 20;

    private readonly ByteWindow _window;
    private readonly byte _delimiter;
    private IReadOnlyList<string> _columns = [];
    private bool _first;

    private CsvRecords(ByteWindow window, byte delimiter) => (_window, _delimiter) = (window, delimiter);

    public override IReadOnlyList<string> Columns => _columns;

    public char Delimiter => (char)_delimiter;

    /// <param name="delimiter">Null: what the first line has most of.</param>
    /// <param name="columns">Their names where the file does not begin with them (a first line that repeats them is passed over).</param>
    public static async ValueTask<Result<CsvRecords>> OpenAsync(ByteWindow window, char? delimiter, IReadOnlyList<string>? columns, CancellationToken cancel)
    {
        while (window.Span.IndexOf((byte)'\n') < 0 && window.Span.Length < MostBytes && await window.FillAsync(cancel))
        {
            // The first line, or as much of it as is reasonable.
        }

        var reader = new CsvRecords(window, (byte)(delimiter ?? Guess(window.Span)));
        if (columns is not null)
        {
            (reader._columns, reader._first) = (columns, true);
            return reader;
        }

        if (!(await reader.ReadAsync(cancel)).TryGet(out var any, out var problem))
            return problem;
        if (!any)
            return Unreadable("The file is empty.", "Its first line names the columns.");
        if (reader.Malformed is { } wrong)
            return Unreadable($"The first line, which names the columns: {wrong}.", "Another encoding? For example --encoding gb18030");
        reader._columns = [.. reader.Cells.Select(c => Encoding.UTF8.GetString(c.Bytes.Span).Trim())];
        return reader;
    }

    public override async ValueTask<Result<bool>> NextAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (!(await ReadAsync(cancel)).TryGet(out var any, out var problem))
                return problem;
            if (!any)
                return false;
            if (Malformed is not null)
                return true;
            if (Cells is [{ Bytes.IsEmpty: true }] && _columns.Count != 1)
                continue;
            if (_first)
            {
                _first = false;
                if (IsHeader())
                    continue;
            }

            if (Cells.Count != _columns.Count)
                Malformed = $"it has {Cells.Count} fields, and there are {_columns.Count} columns";
            return true;
        }
    }

    public override ValueTask DisposeAsync() => _window.DisposeAsync();

    private async ValueTask<Result<bool>> ReadAsync(CancellationToken cancel)
    {
        Malformed = null;
        while (true)
        {
            var used = CsvLine.Next(_window.Memory, _delimiter, _window.Final, Cells, out var wrong);
            if (used > 0)
            {
                Row++;
                if (!Utf8.IsValid(_window.Span[..used]))
                    Malformed = "it is not UTF-8";
                _window.Consume(used);
                return true;
            }

            if (used == 0 && _window.Final)
                return false;
            if (used < 0 || _window.Span.Length >= MostBytes || _window.IsFull)
            {
                Malformed = wrong ?? $"it is longer than {MostBytes} bytes, or a quote is not closed";
                Row++;
                // Only this line is lost: what a quote has swallowed may be rows.
                await SkipLineAsync(cancel);
                return true;
            }

            await _window.FillAsync(cancel);
        }
    }

    private async ValueTask SkipLineAsync(CancellationToken cancel)
    {
        Cells.Clear();
        while (_window.Span.IndexOf((byte)'\n') < 0)
        {
            _window.Consume(_window.Span.Length);
            if (!await _window.FillAsync(cancel))
                return;
        }

        _window.Consume(CsvLine.SkipLine(_window.Span));
    }

    private bool IsHeader()
    {
        if (Cells.Count != _columns.Count)
            return false;
        for (var i = 0; i < _columns.Count; i++)
            if (Encoding.UTF8.GetString(Cells[i].Bytes.Span).Trim() != _columns[i])
                return false;
        return true;
    }

    private static char Guess(ReadOnlySpan<byte> text)
    {
        var (best, most) = (',', 0);
        foreach (var candidate in ",;\t|")
        {
            var (count, quoted) = (0, false);
            foreach (var b in text)
            {
                if (b == '"')
                    quoted = !quoted;
                else if (b == '\n' && !quoted)
                    break;
                else if (b == candidate && !quoted)
                    count++;
            }

            if (count > most)
                (best, most) = (candidate, count);
        }

        return best;
    }
}
