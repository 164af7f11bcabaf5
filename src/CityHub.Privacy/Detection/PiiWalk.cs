using System.Runtime.CompilerServices;

namespace CityHub.Privacy;

/// <summary>Goes through a text in chunks; those with full-width forms are scanned in a plain copy.</summary>
internal sealed class PiiWalk(List<ByteFinding>? list) : IDisposable
{
    private FullWidth? plain;
    private ScanState state;

    public int At { get; private set; }

    public long Work { get; private set; }

    public void Shift(int by) => state = state.Less(by);

    /// <summary>Another text.</summary>
    public void Restart() => state = default;

    public void Dispose() => plain?.Dispose();

    /// <summary>Scans from <paramref name="from"/> to <see cref="At"/>, which is <paramref name="to"/> or, where a datum reaches further, its end.</summary>
    [SkipLocalsInit]
    public long Run(ReadOnlySpan<byte> text, int from, int to, Span<long> counts)
    {
        Span<char> chars = stackalloc char[2 * Cell.Longest];
        Span<byte> bytes = stackalloc byte[3 * Cell.Longest];
        long found = 0;
        for (At = from; At < to;)
        {
            var end = Math.Min(At + PiiScanner.Chunk, to);
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
        var from = Whole(text, Math.Max(0, At - PiiScanner.Before));
        var to = Whole(text, Math.Min(text.Length, end + PiiScanner.After - 4));
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
