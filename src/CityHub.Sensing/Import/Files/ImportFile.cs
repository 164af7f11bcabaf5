using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Sensing.Mapping;

namespace CityHub.Sensing.Import.Files;

public enum ImportFormat
{
    Csv,
    Json,
    NdJson,
    GeoJson,
    Parquet,
}

/// <summary>A file (or standard input) on its way in: opened, unpacked, turned into UTF-8, its format known.</summary>
public sealed class ImportFile : IAsyncDisposable
{
    public const string StandardInput = "-";

    /// <summary>The names that <c>--encoding</c> takes beside utf-8.</summary>
    public static readonly IReadOnlyList<string> Encodings = ["utf-8", "gb18030", "gbk", "big5", "utf-16", "iso-8859-1", "windows-1252"];

    private readonly CountedStream _counted;

    private ImportFile(CountedStream counted, Stream content, ImportFormat format, bool packed) => (_counted, Content, Format, IsPacked) = (counted, content, format, packed);

    public ImportFormat Format { get; }

    /// <summary>UTF-8 without a byte order mark; for Parquet the file as it is.</summary>
    public Stream Content { get; }

    public bool IsPacked { get; }

    /// <summary>How much of the file has been read; null when nobody knows how long it is.</summary>
    public double? Fraction => _counted.Length > 0 ? Math.Min(1, (double)_counted.Taken / _counted.Length) : null;

    /// <param name="input">Standard input, read when the path is <c>-</c>.</param>
    public static async ValueTask<Result<ImportFile>> OpenAsync(string path, ImportFormat? format, string? encoding, Stream? input, CancellationToken cancel)
    {
        var name = Path.GetFileName(path);
        Stream raw;
        try
        {
            raw = path == StandardInput
                ? input ?? Stream.Null
                : new FileStream(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 1, Options = FileOptions.SequentialScan });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ImportProblems.FileUnreadable.Because($"{name}: {e.Message}", e is FileNotFoundException or DirectoryNotFoundException ? "The path is relative to the current folder." : null);
        }

        var counted = new CountedStream(raw, path == StandardInput ? 0 : raw.Length);
        try
        {
            var (content, head) = await PeekAsync(counted, cancel);
            var packed = head is [0x1f, 0x8b, ..];
            if (packed)
                (content, head) = await PeekAsync(new GZipStream(content, CompressionMode.Decompress), cancel);
            var known = format ?? OfName(path) ?? OfContent(head);
            if (known == ImportFormat.Parquet)
            {
                if (packed || path == StandardInput)
                {
                    await content.DisposeAsync();
                    return ImportProblems.FileUnreadable.Because($"{name}: Parquet is read from its end, which a {(packed ? "packed file" : "pipe")} does not allow.", "Give the file itself; its columns are packed already.");
                }

                raw.Position = 0;
                return new ImportFile(counted, counted, ImportFormat.Parquet, false);
            }

            if (!Unicode(content, head, encoding, name).TryGet(out var text, out var problem))
            {
                await content.DisposeAsync();
                return problem;
            }

            return new ImportFile(counted, text, known, packed);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            await counted.DisposeAsync();
            return ImportProblems.FileUnreadable.Because($"{name}: {e.Message}");
        }
    }

    /// <summary>The records of the file.</summary>
    /// <param name="declaration">Says columns, delimiter and where the readings are; null: as the file itself shows.</param>
    internal async ValueTask<Result<RecordReader>> ReadAsync(MappingDeclaration? declaration, CancellationToken cancel)
    {
        switch (Format)
        {
            case ImportFormat.Csv:
                var delimiter = declaration?.Delimiter is [var c] ? c : declaration is null ? (char?)null : ',';
                return (await CsvRecords.OpenAsync(new ByteWindow(Content), delimiter, declaration?.Columns, cancel)).Map(r => (RecordReader)r);
            case ImportFormat.Parquet:
                return (await ParquetRecords.OpenAsync(Content, cancel)).Map(r => (RecordReader)r);
            case ImportFormat.NdJson:
                return new LineRecords(new ByteWindow(Content));
            default:
                return Way(declaration?.Each ?? (Format == ImportFormat.GeoJson ? "$.features[*]" : "$[*]")).Map(way => (RecordReader)new JsonRecords(new ByteWindow(Content), way));
        }
    }

    /// <summary>SHA-256 of the file as it lies there.</summary>
    public static async ValueTask<Result<byte[]>> HashAsync(string path, CancellationToken cancel)
    {
        try
        {
            await using var file = new FileStream(path, new FileStreamOptions { Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 1, Options = FileOptions.SequentialScan });
            return await SHA256.HashDataAsync(file, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ImportProblems.FileUnreadable.Because($"{Path.GetFileName(path)}: {e.Message}", e is FileNotFoundException or DirectoryNotFoundException ? "The path is relative to the current folder." : null);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Content.DisposeAsync();
        await _counted.DisposeAsync();
    }

    /// <summary>The names on the way to an array whose elements are read one by one: <c>$.data.items[*]</c>.</summary>
    private static Result<string[]> Way(string each)
    {
        if (!JsonPath.Parse(each, "each").TryGet(out var path, out var problem))
            return problem;
        var segments = path.Segments;
        if (segments.Count == 0 || segments[^1].Kind != SegmentKind.Wildcard || segments.Take(segments.Count - 1).Any(s => s.Kind != SegmentKind.Name))
            return MappingProblems.NotAMapping.Because($"each is \"{each}\"; in a file it leads over names to one array, whose elements are read one by one.", "For example $.data.readings[*]");
        return segments.Take(segments.Count - 1).Select(s => s.Name).ToArray();
    }

    private static ImportFormat? OfName(string path)
    {
        var name = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
        return Path.GetExtension(name).ToLowerInvariant() switch
        {
            ".csv" or ".tsv" or ".txt" => ImportFormat.Csv,
            ".json" => ImportFormat.Json,
            ".ndjson" or ".jsonl" or ".geojsonl" => ImportFormat.NdJson,
            ".geojson" => ImportFormat.GeoJson,
            ".parquet" or ".pq" => ImportFormat.Parquet,
            _ => null,
        };
    }

    private static ImportFormat OfContent(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("PAR1"u8))
            return ImportFormat.Parquet;
        var text = head.StartsWith(Encoding.UTF8.Preamble) ? head[3..] : head;
        return text.TrimStart(" \t\r\n"u8) switch
        {
            [(byte)'[', ..] => ImportFormat.Json,
            [(byte)'{', ..] => ImportFormat.NdJson,
            _ => ImportFormat.Csv,
        };
    }

    private static Result<Stream> Unicode(Stream content, ReadOnlySpan<byte> head, string? encoding, string name)
    {
        if (encoding is null or "utf-8")
        {
            if (head is [0xff, 0xfe, ..] or [0xfe, 0xff, ..])
                encoding = "utf-16";
            else if (head.StartsWith(Encoding.UTF8.Preamble))
                return new Tail(content, 3);
            else
                return content;
        }

        Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);
        var from = encoding == "utf-16" && head is [0xfe, 0xff, ..] ? "utf-16BE" : encoding;
        Encoding known;
        try
        {
            known = Encoding.GetEncoding(from, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
        }
        catch (ArgumentException)
        {
            return ImportProblems.FileUnreadable.Because($"{name}: there is no encoding {encoding}.", $"There are {string.Join(", ", Encodings)}.");
        }

        var skip = encoding == "utf-16" && head is [0xff, 0xfe, ..] or [0xfe, 0xff, ..] ? 2 : 0;
        return Encoding.CreateTranscodingStream(skip == 0 ? content : new Tail(content, skip), known, new UTF8Encoding(false));
    }

    /// <summary>The first bytes, and a stream that begins with them.</summary>
    private static async ValueTask<(Stream Content, byte[] Head)> PeekAsync(Stream stream, CancellationToken cancel)
    {
        var head = new byte[64];
        var read = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancel);
        Array.Resize(ref head, read);
        return (new Prefixed(head, stream), head);
    }
}
