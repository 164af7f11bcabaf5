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
        using var walk = new PiiWalk(null);
        return walk.Run(utf8, 0, utf8.Length, counts);
    }

    /// <summary>Counts what is in a stream, in one megabyte of memory.</summary>
    public static long Scan(Stream utf8, Span<long> counts)
    {
        using var walk = new PiiWalk(null);
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
        using var walk = new PiiWalk(found);
        walk.Run(utf8, 0, utf8.Length, new long[Detectors.All.Count]);
        return found;
    }

    /// <summary>Bytes that the rules looked at, the quick pass over all of them not counted: the measure of the linear bound.</summary>
    internal static long Work(ReadOnlySpan<byte> utf8)
    {
        using var walk = new PiiWalk(null);
        walk.Run(utf8, 0, utf8.Length, new long[Detectors.All.Count]);
        return walk.Work;
    }
}
