using System.Buffers;
using System.Text;

namespace CityHub.Privacy;

/// <summary>Writes rows of CSV (RFC 4180, UTF-8, lines that end in LF), for tables that are never in memory as a whole.</summary>
public sealed class CsvWriter
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Stream stream;
    private readonly byte separator;
    private readonly SearchValues<char> special;
    private byte[] buffer = new byte[1 << 17];
    private int used;
    private bool begun;

    /// <param name="separator"><c>,</c>, <c>;</c> or a tab.</param>
    public CsvWriter(Stream stream, char separator = ',')
    {
        if (separator is not (',' or ';' or '\t'))
            throw new ArgumentOutOfRangeException(nameof(separator), separator, "A comma, a semicolon or a tab.");
        (this.stream, this.separator) = (stream, (byte)separator);
        special = SearchValues.Create([separator, '"', '\n', '\r']);
    }

    public void Row(params ReadOnlySpan<string> values)
    {
        foreach (var value in values)
            Field(value);
        if (values is [""])
            Raw("\"\""u8); // An empty line would be none.
        EndRow();
    }

    public void Field(ReadOnlySpan<char> value)
    {
        Begin();
        if (value.IndexOfAny(special) < 0)
        {
            Room(Utf8.GetMaxByteCount(value.Length));
            used += Utf8.GetBytes(value, buffer.AsSpan(used));
            return;
        }

        Raw(Utf8.GetBytes($"\"{value.ToString().Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
    }

    public void EndRow()
    {
        Room(1);
        buffer[used++] = (byte)'\n';
        begun = false;
    }

    /// <summary>Hands to the stream what is still here; at the end, and whenever a reader waits.</summary>
    public void Flush()
    {
        stream.Write(buffer, 0, used);
        used = 0;
    }

    /// <summary>What <see cref="Encoded"/> takes, for a value that is written many times.</summary>
    internal byte[] Encode(string value) =>
        Utf8.GetBytes(value.AsSpan().IndexOfAny(special) < 0 ? value : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"");

    internal void Encoded(byte[] field)
    {
        Begin();
        Raw(field);
    }

    private void Begin()
    {
        Room(1);
        if (begun)
            buffer[used++] = separator;
        begun = true;
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        Room(bytes.Length);
        bytes.CopyTo(buffer.AsSpan(used));
        used += bytes.Length;
    }

    private void Room(int bytes)
    {
        if (used + bytes <= buffer.Length)
            return;
        Flush();
        if (bytes > buffer.Length)
            buffer = new byte[bytes * 2];
    }
}
