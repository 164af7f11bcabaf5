using System.Globalization;
using System.Text;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Import;

/// <summary>A row that was refused: where, what stood there, why.</summary>
public sealed record Reject(string File, long Row, string Column, string Value, string Reason);

/// <summary>
/// What was refused, as CSV: file, row, column, value, reason. Made with the first row that is refused. An import that goes on after an end writes on
/// in the same file, and nothing twice.
/// </summary>
public sealed class RejectsFile(string path) : IDisposable
{
    private static readonly byte[] Header = "file,row,column,value,reason\n"u8.ToArray();

    private readonly Dictionary<string, long> _last = new(StringComparer.Ordinal);
    private FileStream? _stream;
    private bool _goesOn;

    public string Path { get; } = path;

    /// <summary>Whether there is one: nothing was refused otherwise.</summary>
    public bool Exists => _stream is not null;

    /// <summary>An import goes on: what stands in the file stays, and rows of it are not written again.</summary>
    public void GoOn() => _goesOn = true;

    /// <summary>Writes rows of one file, in its order. On the disk on return.</summary>
    public Problem? Write(IReadOnlyList<Reject> rejects)
    {
        if (rejects.Count == 0)
            return null;
        try
        {
            var stream = _stream ??= Open();
            var text = new StringBuilder();
            foreach (var reject in rejects)
            {
                if (_last.TryGetValue(reject.File, out var last) && reject.Row <= last)
                    continue;
                text.Append(Field(reject.File)).Append(',').Append(CultureInfo.InvariantCulture, $"{reject.Row}").Append(',').Append(Field(reject.Column)).Append(',')
                    .Append(Field(reject.Value)).Append(',').Append(Field(reject.Reason)).Append('\n');
            }

            stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
            stream.Flush(flushToDisk: true);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ImportProblems.RejectsUnwritable.Because($"{Path}: {e.Message}", "Make room or give another place with --rejects, and run the same command again: it goes on from the last row that is recorded.");
        }
    }

    public void Dispose() => _stream?.Dispose();

    private FileStream Open()
    {
        if (!_goesOn || !File.Exists(Path))
        {
            var made = new FileStream(Path, FileMode.Create, FileAccess.Write, FileShare.Read, 1);
            made.Write(Header);
            return made;
        }

        var stream = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        // A line that a crash cut short goes; the rows before it are known.
        var whole = 0L;
        using (var reader = new StreamReader(stream, Encoding.UTF8, false, 64 << 10, leaveOpen: true))
        {
            var text = reader.ReadToEnd();
            var end = text.LastIndexOf('\n') + 1;
            whole = Encoding.UTF8.GetByteCount(text.AsSpan(0, end));
            foreach (var line in text[..end].Split('\n', StringSplitOptions.RemoveEmptyEntries))
                Remember(line);
        }

        stream.SetLength(whole);
        stream.Position = whole;
        if (whole == 0)
            stream.Write(Header);
        return stream;
    }

    private void Remember(string line)
    {
        var comma = line.StartsWith('"') ? line.IndexOf("\",", StringComparison.Ordinal) + 1 : line.IndexOf(',', StringComparison.Ordinal);
        if (comma <= 0)
            return;
        var end = line.IndexOf(',', comma + 1);
        if (end > 0 && long.TryParse(line.AsSpan(comma + 1, end - comma - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var row))
            _last[line[..comma].Trim('"').Replace("\"\"", "\"", StringComparison.Ordinal)] = row;
    }

    /// <summary>One line for one row, whatever stood in it.</summary>
    private static string Field(string text)
    {
        text = text.Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return text.AsSpan().IndexOfAny(',', '"') < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
