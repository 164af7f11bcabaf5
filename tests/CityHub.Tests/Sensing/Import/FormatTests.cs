using System.IO.Compression;
using System.Text;
using CityHub.Bench.Fuzz;
using CityHub.Sensing.Import;
using CityHub.Sensing.Mapping;
using Parquet;

namespace CityHub.Tests.Sensing.Import;

public sealed class FormatTests
{
    private const string Json = """{"entity":"urn:x:{id}","type":"Thing","time":{"from":"time"},"attributes":[{"name":"v","as":"number"}]}""";

    [Fact]
    public async Task Every_format_gives_the_same_history()
    {
        await using var import = await ImportUnderTest.StartAsync();
        await Check("a.json", """ [ {"id":"json","time":"2026-01-01T00:00:00Z","v":1.5}, {"id":"json","time":"2026-01-01T01:00:00Z","v":null}, {"id":"json","time":"2026-01-01T02:00:00Z","v":2,"more":{"deep":["]"]}} ] """, Json);
        await Check("b.json", """{"meta":{"data":[1,{"data":[]}]},"data":[{"id":"each","time":"2026-01-01T00:00:00Z","v":1.5},{"id":"each","time":"2026-01-01T02:00:00Z","v":2}],"end":1}""", Json.Replace("{\"entity\"", "{\"each\":\"$.data[*]\",\"entity\"", StringComparison.Ordinal));
        await Check("c.ndjson", "{\"id\":\"ndjson\",\"time\":\"2026-01-01T00:00:00Z\",\"v\":1.5}\r\n\r\n{\"id\":\"ndjson\",\"time\":\"2026-01-01T02:00:00Z\",\"v\":2}", Json);
        await Check(
            "d.geojson",
            """{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[106.5,29.5]},"properties":{"id":"geojson","time":"2026-01-01T00:00:00Z","v":1.5}},{"type":"Feature","geometry":{"type":"Point","coordinates":[106.5,29.5]},"properties":{"id":"geojson","time":"2026-01-01T02:00:00Z","v":2}}]}""",
            """{"entity":"urn:x:{@.properties.id}","type":"Thing","time":{"from":"@.properties.time"},"location":{"geoJson":"@.geometry"},"attributes":[{"name":"v","from":"@.properties.v"}]}""");
        await Check("e.csv", "\uFEFFtime;id;v\r\n2026-01-01T00:00:00Z;\"csv\";\"1.5\"\r\n2026-01-01T02:00:00Z;csv;2", ImportUnderTest.Flat.Replace("\"entity\"", "\"delimiter\":\";\",\"entity\"", StringComparison.Ordinal));
        foreach (var thing in new[] { "json", "each", "ndjson", "geojson", "csv" })
            Assert.Equal(2, import.Instances("urn:x:" + thing));
        Assert.Equal(106.5, (await import.Hub.GetAsync("/ngsi-ld/v1/entities/urn:x:geojson")).Json.GetProperty("location").GetProperty("value").GetProperty("coordinates")[0].GetDouble());

        async Task Check(string name, string text, string mapping)
        {
            var summary = (await import.ImportAsync(import.File(name, text), ImportUnderTest.Options(mapping))).Value;
            Assert.True(summary is { Stopped: null, State.Refused: 0 }, $"{name}: {summary.Stopped}");
        }
    }

    [Fact]
    public async Task Parquet_with_its_types_and_gaps()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var bytes = await ParquetSeed.MakeAsync(3000, 1000, CompressionMethod.Snappy, TestContext.Current.CancellationToken);
        var mapping = """{"entity":"urn:x:{id}","type":"Thing","time":{"from":"time","zone":"Z"},"attributes":[{"name":"v"},{"name":"n"},{"name":"on"}]}""";
        var summary = (await import.ImportAsync(import.File("p.parquet", bytes), ImportUnderTest.Options(mapping) with { BatchValues = 1000 })).Value;
        Assert.Null(summary.Stopped);
        Assert.Equal((3000, 0), (summary.State.Rows, summary.State.Refused));
        Assert.Equal(2000, import.Instances("urn:x:p"));
        Assert.Equal(3000, import.Instances("urn:x:p", "n"));
        Assert.Equal(3000, import.Instances("urn:x:p", "on"));

        foreach (var cut in new[] { bytes.Length - 1, bytes.Length / 2, 10 })
            Assert.Equal(ImportProblems.FileUnreadable, (await import.ImportAsync(import.File("cut.parquet", bytes[..cut]), ImportUnderTest.Options(mapping))).Problem?.Kind);
    }

    [Theory]
    [InlineData("a.json", """[{"id":"a","time":"2026-01-01T00:00:00Z","v":1},{"id":"a","ti""")]
    [InlineData("a.json", """[{"id":"a","time":"2026-01-01T00:00:00Z","v":1},}]""")]
    public async Task What_comes_before_the_damage_is_recorded_and_the_damage_is_said(string name, string text)
    {
        await using var import = await ImportUnderTest.StartAsync();
        var summary = (await import.ImportAsync(import.File(name, text), ImportUnderTest.Options(Json))).Value;
        Assert.Equal(ImportProblems.FileUnreadable, summary.Stopped?.Kind);
        Assert.Contains("After 1 elements", summary.Stopped?.Detail + summary.Stopped?.Detail.Replace("after", "After", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(1, import.Instances("urn:x:a"));
        Assert.False(summary.State.Finished);
    }

    [Fact]
    public async Task A_quote_that_is_never_closed_costs_its_own_row()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var rows = ImportUnderTest.Rows(60_000).Replace(",a,5\n", ",\"a,5\n", StringComparison.Ordinal);
        var summary = (await import.ImportAsync(import.File("a.csv", rows), ImportUnderTest.Options() with { BatchValues = 20_000 })).Value;
        Assert.Equal((60_000, 59_999, 1), (summary.State.Rows, summary.State.Recorded, summary.State.Refused));
    }

    [Theory]
    [InlineData("time,id\n2026-01-01T00:00:00Z,a\n", "There is no column for v")]
    [InlineData("time,id,v,v\n2026-01-01T00:00:00Z,a,1,2\n", "There are several columns v")]
    [InlineData("", "empty")]
    public async Task A_table_that_is_not_the_mappings_is_refused_before_its_first_row(string text, string said)
    {
        await using var import = await ImportUnderTest.StartAsync();
        Assert.Contains(said, (await import.ImportAsync(import.File("a.csv", text))).Problem?.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Mutated_files_give_refusals_and_never_an_exception_or_an_endless_reading(bool parquet)
    {
        var report = await (parquet ? ImportFuzz.ParquetAsync(seed: 7, count: 10_000) : ImportFuzz.RunAsync(seed: 7, count: 10_000));
        Assert.Empty(report.Failures);
        Assert.InRange(report.Accepted, 1000, 9999);
    }

    [Theory]
    [InlineData(1, 60_000)]
    [InlineData(9, 60_000)]
    [InlineData(200_000, 1)]
    public async Task A_packed_file_that_was_cut_short_says_so_and_keeps_what_came_before(int missing, int least)
    {
        await using var import = await ImportUnderTest.StartAsync();
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            await gzip.WriteAsync(Encoding.UTF8.GetBytes(ImportUnderTest.Rows(60_000)), TestContext.Current.CancellationToken);
        var summary = (await import.ImportAsync(import.File("cut.csv.gz", packed.ToArray()[..^missing]), ImportUnderTest.Options() with { BatchValues = 1000 })).Value;
        Assert.Equal(ImportProblems.FileUnreadable, summary.Stopped?.Kind);
        Assert.InRange(summary.State.Recorded, least, 60_000);
        Assert.False(summary.State.Finished);
    }

    [Fact]
    public async Task A_mapping_is_suggested_that_works()
    {
        await using var import = await ImportUnderTest.StartAsync();
        var path = import.File("site.csv", "序号;Station ID;Date;PM2.5 (µg/m³);气温;Lon;Lat;Remark\n1;S-1;01/03/2026 13:30;12,5;3;106.5;29.5;\n2;S-2;31/03/2026 00:00;-;4.5;106.6;29.6;calm\n3;S-2;31/03/2026 01:00;7;4;106.6;29.6;\n");
        var guess = (await MappingGuess.OfAsync(path, null, null, null, TestContext.Current.CancellationToken)).Value;
        var mapping = guess.Declaration;
        Assert.Equal((";", "d/M/yyyy H:mm", "Z"), (mapping.Delimiter, mapping.Time?.Format, mapping.Time?.Zone));
        Assert.Equal(("AirQualityObserved", "urn:ngsi-ld:AirQualityObserved:{Station ID}"), (mapping.Type, mapping.Entity));
        Assert.Equal(["pm25", "temperature", "remark"], mapping.Attributes.Select(a => a.Name));
        Assert.Equal(("text", "number"), (mapping.Attributes[0].As, mapping.Attributes[1].As));
        Assert.Equal(new LocationDeclaration { Longitude = "Lon", Latitude = "Lat" }, mapping.Location);
        Assert.Equal(["-"], mapping.Missing);
        var written = MappingDeclaration.Read(Encoding.UTF8.GetBytes(mapping.ToText())).Value;
        Assert.Equal((3, 0), (await import.ImportAsync(path, new ImportOptions { Mapping = written })) is { Ok: true, Value.State: var state } ? (state.Rows, state.Refused) : default);

        var json = import.File("n.json", """{"about":"x","data":{"readings":[{"sensor":"a","ts":1772323200,"values":{"no2":21}},{"sensor":"a","ts":1772326800,"values":{"no2":22}}]}}""");
        var nested = (await MappingGuess.OfAsync(json, null, null, null, TestContext.Current.CancellationToken)).Value.Declaration;
        Assert.Equal(("$.data.readings[*]", "unix", "@.values.no2", "GQ"), (nested.Each, nested.Time?.Format, nested.Attributes[0].From, nested.Attributes[0].Unit));
        Assert.Equal(2, (await import.ImportAsync(json, new ImportOptions { Mapping = nested })).Value.State.Recorded);
    }
}
