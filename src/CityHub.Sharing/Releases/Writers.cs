using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using CityHub.Core.Tables;

namespace CityHub.Sharing.Releases;

/// <summary>Collects bytes into blocks of at most 64 kB, says each to the release before it goes to the wire, and keeps nothing behind it.</summary>
internal sealed class ReleaseBlocks(ReleaseStream release, Stream wire) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(RunningRelease.MostBlock);

    public int Used { get; private set; }

    /// <summary>Where so much still fits.</summary>
    public Span<byte> Free => _buffer.AsSpan(Used, RunningRelease.MostBlock - Used);

    public void Advance(int bytes) => Used += bytes;

    public async ValueTask SendAsync(CancellationToken cancel)
    {
        if (Used == 0)
            return;
        await release.SendAsync(wire, _buffer.AsMemory(0, Used), cancel);
        Used = 0;
    }

    /// <summary>Something that does not fit into what is free, in as many blocks as it takes.</summary>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> large, CancellationToken cancel)
    {
        while (large.Length > 0)
        {
            if (Free.Length == 0)
                await SendAsync(cancel);
            var part = large[..Math.Min(large.Length, Free.Length)];
            part.Span.CopyTo(Free);
            Advance(part.Length);
            large = large[part.Length..];
        }
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}

/// <summary>Rows as CSV (RFC 4180, UTF-8, a header, \r\n): a missing value is empty, an empty text is <c>""</c>.</summary>
internal static class ReleaseCsv
{
    private static readonly SearchValues<byte> Special = SearchValues.Create("\",\r\n"u8);

    public static async Task WriteAsync(ReleaseStream release, Stream wire, CancellationToken cancel, byte delimiter = (byte)',', bool header = true)
    {
        using var blocks = new ReleaseBlocks(release, wire);
        if (header)
            await blocks.SendAsync(Header(release.Schema, delimiter), cancel);
        while (await release.NextAsync(cancel) is { } batch)
            for (var row = 0; row < batch.Rows;)
            {
                row = Rows(batch, row, blocks, delimiter);
                if (row == batch.Rows)
                    break;
                if (blocks.Used > 0)
                    await blocks.SendAsync(cancel);
                else
                    await blocks.SendAsync(Large(batch, row++, delimiter), cancel);
            }

        await blocks.SendAsync(cancel);
        release.Complete();
    }

    public static byte[] Header(TableSchema schema, byte delimiter = (byte)',') =>
        Encoding.UTF8.GetBytes(string.Join((char)delimiter, schema.Columns.Select(column => Quoted(column.Name))) + "\r\n");

    private static string Quoted(string name) => name.AsSpan().ContainsAny("\",\r\n\t") ? $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : name;

    /// <summary>As many rows as fit into the block; returns the first that does not.</summary>
    private static int Rows(RowBatch batch, int row, ReleaseBlocks blocks, byte delimiter)
    {
        for (; row < batch.Rows; row++)
        {
            var length = Row(batch, row, blocks.Free, delimiter);
            if (length < 0)
                return row;
            blocks.Advance(length);
        }

        return row;
    }

    private static byte[] Large(RowBatch batch, int row, byte delimiter)
    {
        for (var size = RunningRelease.MostBlock * 2; ; size *= 2)
        {
            var buffer = new byte[size];
            if (Row(batch, row, buffer, delimiter) is var length and >= 0)
                return buffer[..length];
        }
    }

    /// <summary>−1: it does not fit.</summary>
    public static int Row(RowBatch batch, int row, Span<byte> into, byte delimiter = (byte)',')
    {
        var used = 0;
        var columns = batch.Columns;
        for (var i = 0; i < columns.Length; i++)
        {
            if (i > 0)
            {
                if (used >= into.Length)
                    return -1;
                into[used++] = delimiter;
            }

            var column = columns[i];
            if (column.IsNull(row))
                continue;
            var rest = into[used..];
            if (column.Type == ColumnType.Text)
            {
                var written = Text(column.Utf8(row), rest, delimiter);
                if (written < 0)
                    return -1;
                used += written;
            }
            else
            {
                if (rest.Length < CellText.Longest)
                    return -1;
                used += CellText.Write(column, row, rest);
            }
        }

        if (into.Length - used < 2)
            return -1;
        into[used] = (byte)'\r';
        into[used + 1] = (byte)'\n';
        return used + 2;
    }

    private static int Text(ReadOnlySpan<byte> text, Span<byte> into, byte delimiter)
    {
        if (text.Length > 0 && !text.ContainsAny(Special) && (delimiter == ',' || !text.Contains(delimiter)))
            return text.TryCopyTo(into) ? text.Length : -1;
        var length = text.Length + 2 + text.Count((byte)'"');
        if (length > into.Length)
            return -1;
        var used = 0;
        into[used++] = (byte)'"';
        foreach (var letter in text)
        {
            if (letter == '"')
                into[used++] = letter;
            into[used++] = letter;
        }

        into[used] = (byte)'"';
        return length;
    }
}

/// <summary>Rows as JSON: an array of objects, or one object a line (NDJSON).</summary>
internal static class ReleaseJson
{
    public static Task WriteAsync(ReleaseStream release, Stream wire, CancellationToken cancel) => WriteAsync(release, wire, lines: false, cancel);

    public static Task WriteLinesAsync(ReleaseStream release, Stream wire, CancellationToken cancel) => WriteAsync(release, wire, lines: true, cancel);

    /// <summary>One row as an object.</summary>
    public static void Row(System.Text.Json.Utf8JsonWriter json, TableSchema schema, RowBatch batch, int row)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        Row(batch, row, Names(schema), buffer);
        json.WriteRawValue(buffer.WrittenSpan);
    }

    private static async Task WriteAsync(ReleaseStream release, Stream wire, bool lines, CancellationToken cancel)
    {
        using var blocks = new ReleaseBlocks(release, wire);
        var (names, buffer, first) = (Names(release.Schema), new ArrayBufferWriter<byte>(4096), true);
        if (!lines)
            buffer.Write("["u8);
        while (await release.NextAsync(cancel) is { } batch)
        {
            for (var row = 0; row < batch.Rows; row++)
            {
                if (!first && !lines)
                    buffer.Write(",\n"u8);
                first = false;
                Row(batch, row, names, buffer);
                if (lines)
                    buffer.Write("\n"u8);
                await TakeAsync(blocks, buffer, cancel);
            }
        }

        if (!lines)
            buffer.Write("]\n"u8);
        await TakeAsync(blocks, buffer, cancel);
        await blocks.SendAsync(cancel);
        release.Complete();
    }

    private static ValueTask TakeAsync(ReleaseBlocks blocks, ArrayBufferWriter<byte> buffer, CancellationToken cancel)
    {
        if (buffer.WrittenCount > blocks.Free.Length)
            return LargeAsync(blocks, buffer, cancel);
        buffer.WrittenSpan.CopyTo(blocks.Free);
        blocks.Advance(buffer.WrittenCount);
        buffer.ResetWrittenCount();
        return default;
    }

    private static async ValueTask LargeAsync(ReleaseBlocks blocks, ArrayBufferWriter<byte> buffer, CancellationToken cancel)
    {
        await blocks.SendAsync(cancel);
        await blocks.SendAsync(buffer.WrittenMemory, cancel);
        buffer.ResetWrittenCount();
    }

    private static byte[][] Names(TableSchema schema) => [.. schema.Columns.Select((column, i) => Encoding.UTF8.GetBytes($"{(i == 0 ? "" : ",")}\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(column.Name)}\":"))];

    private static void Row(RowBatch batch, int row, byte[][] names, ArrayBufferWriter<byte> into)
    {
        into.Write("{"u8);
        for (var i = 0; i < names.Length; i++)
        {
            into.Write(names[i]);
            Value(batch.Columns[i], row, into);
        }

        into.Write("}"u8);
    }

    private static void Value(ColumnBatch column, int row, ArrayBufferWriter<byte> into)
    {
        if (column.IsNull(row) || (column.Type == ColumnType.Number && !double.IsFinite(column.Numbers[row])))
        {
            into.Write("null"u8);
            return;
        }

        var quoted = column.Type is ColumnType.Text or ColumnType.Date or ColumnType.Instant;
        if (quoted)
            into.Write("\""u8);
        if (column.Type == ColumnType.Text)
            Escaped(column.Utf8(row), into);
        else
            into.Advance(CellText.Write(column, row, into.GetSpan(CellText.Longest)));
        if (quoted)
            into.Write("\""u8);
    }

    private static void Escaped(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> into)
    {
        while (true)
        {
            var at = JavaScriptEncoder.UnsafeRelaxedJsonEscaping.FindFirstCharacterToEncodeUtf8(text);
            into.Write(at < 0 ? text : text[..at]);
            if (at < 0)
                return;
            JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text[at..], into.GetSpan(12 * Math.Min(16, text.Length - at)), out var used, out var written, isFinalBlock: text.Length - at <= 16);
            into.Advance(written);
            text = text[(at + used)..];
        }
    }
}
