using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Import;
using CityHub.Sensing.Import.Files;
using CityHub.Sensing.Mapping;
using Parquet;

namespace CityHub.Bench.Fuzz;

/// <summary>
/// Mutated files for the readers of imports. What cannot be read is a refusal or a malformed row, never an exception; what is read gives valid JSON; no
/// reader finds more records than the file has bytes (it would go on for ever).
/// </summary>
public static class ImportFuzz
{
    private static readonly (ImportFormat Format, byte[] Bytes)[] Seeds =
    [
        (ImportFormat.Csv, "\uFEFFtime,id,v,lon,lat\r\n2026-03-01T00:00:00Z,a,1.5,106.5,29.5\r\n2026-03-01T01:00:00Z,\"b \"\"x\"\"\",NA,,\r\n\r\n2026-03-01T02:00:00Z,\"two\r\nlines\",-3e2,0,0\r\n"u8.ToArray()),
        (ImportFormat.Csv, "time,id,v\n2026-03-01 00:00,a,1\n2026-03-01 01:00,a\n2026-03-01 02:00,a,x\n,,\n"u8.ToArray()),
        (ImportFormat.Json, """[{"time":"2026-03-01T00:00:00Z","id":"a","v":1},{"time":"2026-03-01T01:00:00Z","id":"b","v":"x","deep":{"a":[1,2,{"b":null}]}},7,null,[]]"""u8.ToArray()),
        (ImportFormat.Json, """ {"time":"2026-03-01T00:00:00Z","id":"\u4e2d","v":1e5} """u8.ToArray()),
        (ImportFormat.NdJson, "{\"time\":\"2026-03-01T00:00:00Z\",\"id\":\"a\",\"v\":1}\n\n{\"time\":1,\"id\":\"b\"}\r\n{\"v\":tru\n{\"time\":\"2026-03-01T02:00:00Z\",\"id\":\"c\",\"v\":[1]}"u8.ToArray()),
        (ImportFormat.GeoJson, """{"type":"FeatureCollection","crs":{"a":["features",{"features":[]}]},"features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[106.5,29.5]},"properties":{"id":"a","v":3,"time":"2026-03-01T00:00:00Z"}},{"type":"Feature","geometry":null,"properties":{}}]}"""u8.ToArray()),
    ];

    private static readonly byte[][] Tokens = [.. new[]
    {
        "\"", "\"\"", ",", "\n", "\r", "\r\n", ";", "\t", "{", "}", "[", "]", ":", "null", "1e400", "-", "NaN", "NA", "\\u0000", "\\ud800", "\0", "\uFEFF", "PAR1", "features", "\"features\":[", "}]", "2026-13-01", "é", "中",
    }.Select(Encoding.UTF8.GetBytes), [0xff], [0xc3], [0x1f, 0x8b]];

    private static readonly MappingDeclaration Flat = Read("""{"format":"json","entity":"urn:x:{id}","type":"T","time":{"from":"time","zone":"Z"},"missing":["NA"],"attributes":[{"name":"v"}]}""");
    private static readonly MappingDeclaration Features = Read("""{"entity":"urn:x:{@.properties.id}","type":"T","each":"$.features[*]","time":{"from":"@.properties.time","zone":"Z"},"location":{"geoJson":"@.geometry"},"attributes":[{"name":"v","from":"@.properties.v"}]}""");

    /// <summary>Texts of every format.</summary>
    public static Task<FuzzReport> RunAsync(int seed, int count) => RunAsync(seed, count, Seeds);

    /// <summary>Parquet, packed in several ways.</summary>
    public static async Task<FuzzReport> ParquetAsync(int seed, int count)
    {
        var seeds = new List<(ImportFormat, byte[])>();
        foreach (var packed in new[] { CompressionMethod.None, CompressionMethod.Snappy, CompressionMethod.Gzip, CompressionMethod.Zstd })
            seeds.Add((ImportFormat.Parquet, await ParquetSeed.MakeAsync(120, 50, packed, CancellationToken.None)));
        return await RunAsync(seed, count, seeds);
    }

    private static async Task<FuzzReport> RunAsync(int seed, int count, IReadOnlyList<(ImportFormat Format, byte[] Bytes)> seeds)
    {
        var random = new Random(seed);
        var (accepted, slowest, failures) = (0, 0.0, new List<string>());
        for (var i = 0; i < count && failures.Count < 10; i++)
        {
            var (format, bytes) = seeds[random.Next(seeds.Count)];
            var mutated = Mutate(random, bytes, format);
            var began = Stopwatch.GetTimestamp();
            try
            {
                var (read, wrong) = await ReadAsync(format, mutated);
                accepted += read > 0 ? 1 : 0;
                if (wrong is not null)
                    failures.Add($"#{i} {format}: {wrong}: {Convert.ToBase64String(mutated)}");
            }
#pragma warning disable CA1031 // Whatever comes out of a reader is what is sought here.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failures.Add($"#{i} {format}: {e}: {Convert.ToBase64String(mutated)}");
            }

            slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return new FuzzReport(count, accepted, failures, slowest);
    }

    private static async Task<(int Observations, string? Wrong)> ReadAsync(ImportFormat format, byte[] bytes)
    {
        // Small windows: every record is cut somewhere.
        var stream = new MemoryStream(bytes);
        Result<RecordReader> opened = format switch
        {
            ImportFormat.Csv => (await CsvRecords.OpenAsync(new ByteWindow(stream, 16, 4096), ',', null, CancellationToken.None)).Map(r => (RecordReader)r),
            ImportFormat.Parquet => (await ParquetRecords.OpenAsync(stream, CancellationToken.None)).Map(r => (RecordReader)r),
            ImportFormat.NdJson => new LineRecords(new ByteWindow(stream, 16, 4096)),
            _ => new JsonRecords(new ByteWindow(stream, 16, 4096), format == ImportFormat.GeoJson ? ["features"] : []),
        };
        if (!opened.TryGet(out var reader, out _))
            return (0, null);
        await using (reader)
        {
            if (!(await RecordMapper.BindAsync(format == ImportFormat.GeoJson ? Features : Flat, reader, format, "file", null, new Plain(), CancellationToken.None)).TryGet(out var mapper, out _))
                return (0, null);
            var (into, records) = (new List<Observation>(), 0);
            while ((await reader.NextAsync(CancellationToken.None)).TryGet(out var more, out _) && more)
            {
                if (++records > Math.Max(bytes.Length, 100_000))
                    return (into.Count, "more records than the file can hold");
                if (mapper.Map(DateTimeOffset.UnixEpoch, into, out _) is { } fault)
                    _ = mapper.Refuse("file", fault);
            }

            foreach (var observation in into)
                foreach (var value in observation.Values)
                    if (!IsJson(value.Value))
                        return (into.Count, "a value is no JSON");
            return (into.Count, null);
        }
    }

    private static bool IsJson(ReadOnlyMemory<byte> value)
    {
        try
        {
            using var json = JsonDocument.Parse(value);
            return json.RootElement.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Null);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static byte[] Mutate(Random random, byte[] seed, ImportFormat format)
    {
        var bytes = new List<byte>(seed);
        for (var n = random.Next(1, 6); n > 0 && bytes.Count > 0; n--)
        {
            var at = random.Next(bytes.Count);
            switch (format == ImportFormat.Parquet ? random.Next(3) : random.Next(1, 7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 1 + (bytes.Count / 4)), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, Tokens[random.Next(Tokens.Length)]);
                    break;
                case 4:
                    bytes.RemoveAt(at);
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 200), bytes.Count - at)));
                    break;
                default:
                    bytes.InsertRange(at, Encoding.UTF8.GetBytes(random.NextInt64().ToString(CultureInfo.InvariantCulture)));
                    break;
            }
        }

        return [.. bytes];
    }

    private static MappingDeclaration Read(string json) => MappingDeclaration.Read(Encoding.UTF8.GetBytes(json)).Value;

    private sealed class Plain : IVocabulary
    {
        public ValueTask<Result<string>> ExpandAsync(string term, string? context, CancellationToken cancel) => new("https://example.org/" + term);
    }
}
