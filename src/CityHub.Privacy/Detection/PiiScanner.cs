namespace CityHub.Privacy;

/// <summary>
/// Finds personal data in the bytes of a text (UTF-8: prose, logs, CSV, JSON). One pass, no back-tracking: whatever the input, each byte is looked at a bounded number of times.
/// Full-width letters and digits count as half-width ones. What has no form of its own is found behind a label: 姓名：张三, "name": "张三".
/// </summary>
public static class PiiScanner
{
    /// <summary>Bytes that are looked at for full-width forms at a time.</summary>
    internal const int Chunk = 16 * 1024;

    /// <summary>No datum begins more than this before the byte by which it is found.</summary>
    internal const int Before = 320;

    /// <summary>… and none ends more than this behind it.</summary>
    internal const int After = 1024;

    /// <summary>Counts what is there.</summary>
    /// <param name="counts">For each detector, at its <see cref="Detector.Index"/>, what was found is added; as long as <see cref="Detectors.All"/>.</param>
    /// <returns>How much was found in all.</returns>
    public static long Scan(ReadOnlySpan<byte> utf8, Span<long> counts)
    {
        using var walk = new Walk(null);
        return walk.Run(utf8, 0, utf8.Length, counts);
    }

    /// <summary>Counts what is in a stream, in one megabyte of memory.</summary>
    public static long Scan(Stream utf8, Span<long> counts)
    {
        using var walk = new Walk(null);
        var buffer = new byte[1 << 20];
        long found = 0;
        int length = 0, from = 0;
        while (true)
        {
            var read = utf8.ReadAtLeast(buffer.AsSpan(length), 1, throwOnEndOfStream: false);
            length += read;
            var end = read == 0;
            if (!end && length < buffer.Length)
                continue;
            var to = end ? length : length - After;
            while (!end && (buffer[to] & 0xC0) == 0x80)
                to--;
            found += walk.Run(buffer.AsSpan(0, length), from, to, counts);
            if (end)
                return found;
            // What is before a datum stays for the look back: a number that begins before the edge is found once, behind it.
            var kept = Math.Max(0, Math.Min(walk.At, length) - Before);
            while (kept > 0 && (buffer[kept] & 0xC0) == 0x80)
                kept--;
            buffer.AsSpan(kept, length - kept).CopyTo(buffer);
            length -= kept;
            from = walk.At - kept;
            walk.Shift(kept);
        }
    }

    /// <summary>What is there, from the beginning to the end, without overlaps.</summary>
    public static IReadOnlyList<ByteFinding> Find(ReadOnlySpan<byte> utf8)
    {
        var found = new List<ByteFinding>();
        using var walk = new Walk(found);
        walk.Run(utf8, 0, utf8.Length, new long[Detectors.All.Count]);
        return found;
    }

    /// <summary>Bytes that the rules looked at, the quick pass over all of them not counted: the measure of the linear bound.</summary>
    internal static long Work(ReadOnlySpan<byte> utf8)
    {
        using var walk = new Walk(null);
        walk.Run(utf8, 0, utf8.Length, new long[Detectors.All.Count]);
        return walk.Work;
    }

    /// <summary>Goes through a text in chunks; those with full-width forms are scanned in a plain copy.</summary>
    private sealed class Walk(List<ByteFinding>? list) : IDisposable
    {
        private FullWidth? plain;
        private ScanState state;

        public int At { get; private set; }

        public long Work { get; private set; }

        public void Shift(int by) => state = state.Less(by);

        public void Dispose() => plain?.Dispose();

        public long Run(ReadOnlySpan<byte> text, int from, int to, Span<long> counts)
        {
            Span<char> chars = stackalloc char[2 * Cell.Longest];
            Span<byte> bytes = stackalloc byte[3 * Cell.Longest];
            long found = 0;
            for (At = from; At < to;)
            {
                var end = Math.Min(At + Chunk, to);
                if (FullWidth.IsIn(text[At..Math.Min(end + 64, text.Length)]))
                {
                    found += RunPlain(text, end, counts, chars, bytes);
                    continue;
                }

                var scan = new ByteScan(text, counts, list, chars, bytes) { State = state };
                scan.Run(At, end);
                found += scan.Found;
                Work += scan.Work;
                state = scan.State;
                At = Math.Max(end, state.Consumed);
            }

            return found;
        }

        private long RunPlain(ReadOnlySpan<byte> text, int end, Span<long> counts, Span<char> chars, Span<byte> bytes)
        {
            plain ??= new FullWidth();
            var from = Whole(text, Math.Max(0, At - Before));
            var to = Whole(text, Math.Min(text.Length, end + After - 4));
            plain.Read(text, from, to);
            var before = list?.Count ?? 0;
            var scan = new ByteScan(plain.Bytes, counts, list, chars, bytes) { State = state.Map(plain.FromOriginal) };
            scan.Run(plain.FromOriginal(At), plain.FromOriginal(end));
            Work += scan.Work;
            state = scan.State.Map(plain.ToOriginal);
            for (var i = before; i < (list?.Count ?? 0); i++)
            {
                var (detector, start, length) = list![i];
                var there = plain.ToOriginal(start);
                list[i] = new ByteFinding(detector, there, plain.ToOriginal(start + length) - there);
            }

            At = Math.Max(end, state.Consumed);
            return scan.Found;
        }

        /// <summary>Back to the first byte of a character.</summary>
        private static int Whole(ReadOnlySpan<byte> text, int at)
        {
            for (var steps = 0; steps < 3 && at > 0 && at < text.Length && (text[at] & 0xC0) == 0x80; steps++)
                at--;
            return at;
        }
    }
}

/// <summary>How far a scan has come.</summary>
/// <param name="Consumed">No candidate before it is looked at again.</param>
/// <param name="Taken">The end of the last datum: none begins before it.</param>
/// <param name="At">The end of the last @ that was looked at.</param>
/// <param name="House">The end of the last stretch that was tried as an address.</param>
internal readonly record struct ScanState(int Consumed, int Taken, int At, int House)
{
    public ScanState Less(int by) => new(Math.Max(0, Consumed - by), Math.Max(0, Taken - by), Math.Max(0, At - by), Math.Max(0, House - by));

    public ScanState Map(Func<int, int> place) => new(place(Consumed), place(Taken), place(At), place(House));
}
