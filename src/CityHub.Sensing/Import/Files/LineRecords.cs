using CityHub.Core.Problems;

namespace CityHub.Sensing.Import.Files;

/// <summary>NDJSON: a document a line. A line that cannot be read is malformed alone.</summary>
internal sealed class LineRecords(ByteWindow window) : RecordReader
{
    public override async ValueTask<Result<bool>> NextAsync(CancellationToken cancel)
    {
        while (true)
        {
            Malformed = null;
            var end = window.Span.IndexOf((byte)'\n');
            while (end < 0 && await FillAsync(cancel) is var before and >= 0)
            {
                var next = window.Span[before..].IndexOf((byte)'\n');
                end = next < 0 ? -1 : before + next;
            }

            if (end < 0 && !window.Final)
            {
                Malformed = $"it is longer than {ByteWindow.MostRecord} bytes";
                Row++;
                await SkipAsync(cancel);
                return true;
            }

            var line = window.Memory[..(end < 0 ? window.Span.Length : end)];
            if (end < 0 && line.IsEmpty)
                return false;
            Row++;
            window.Consume(end < 0 ? line.Length : end + 1);
            Document = line.Trim(" \t\r"u8);
            if (!Document.IsEmpty)
                return true;
        }
    }

    public override ValueTask DisposeAsync() => window.DisposeAsync();

    /// <returns>How long the window was before; -1 when nothing came.</returns>
    private async ValueTask<int> FillAsync(CancellationToken cancel)
    {
        var before = window.Span.Length;
        return await window.FillAsync(cancel) ? before : -1;
    }

    private async ValueTask SkipAsync(CancellationToken cancel)
    {
        int end;
        while ((end = window.Span.IndexOf((byte)'\n')) < 0)
        {
            window.Consume(window.Span.Length);
            if (!await window.FillAsync(cancel))
                return;
        }

        window.Consume(end + 1);
    }
}
