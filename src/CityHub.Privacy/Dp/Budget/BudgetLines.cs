namespace CityHub.Privacy;

/// <summary>The lines of a file that end in a line feed; what follows the last one is left.</summary>
internal sealed class BudgetLines(Stream stream)
{
    private byte[] buffer = new byte[1 << 16];
    private int from, to;

    /// <param name="line">Without its line feed; until the next call.</param>
    public bool Next(out ReadOnlySpan<byte> line)
    {
        var searched = 0;
        while (true)
        {
            var at = buffer.AsSpan((from + searched)..to).IndexOf((byte)'\n');
            if (at >= 0)
            {
                line = buffer.AsSpan(from, searched + at);
                from += searched + at + 1;
                return true;
            }

            searched = to - from;
            if (from > 0)
            {
                buffer.AsSpan(from..to).CopyTo(buffer);
                (from, to) = (0, searched);
            }
            else if (to == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);

            var read = stream.Read(buffer.AsSpan(to));
            if (read == 0)
            {
                line = default;
                return false;
            }

            to += read;
        }
    }
}
