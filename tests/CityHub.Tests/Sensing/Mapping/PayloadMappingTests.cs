using System.Globalization;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Mapping;

namespace CityHub.Tests.Sensing.Mapping;

public sealed class PayloadMappingTests
{
    private static readonly DateTimeOffset Arrival = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    private const string Weather = """
        {
          "entity": "urn:ngsi-ld:WeatherObserved:{device}",
          "type": "WeatherObserved",
          "time": { "from": "$.ts" },
          "attributes": [
            { "name": "temperature", "from": "$.t", "unit": "CEL" },
            { "name": "humidity", "from": "$.env.h", "scale": 0.01 },
            { "name": "wind", "from": "$.wind[1]", "as": "text" },
            { "name": "raining", "from": "$.rain", "as": "boolean" }
          ]
        }
        """;

    [Fact]
    public async Task Reads_values_from_paths_with_units_and_scales()
    {
        var observation = Assert.Single(await Map(Weather, """{"ts":"2026-03-01T10:00:00+08:00","t":21.50,"env":{"h":45},"wind":[3,"NNW"],"rain":0,"other":{"t":99}}"""));
        Assert.Equal("urn:ngsi-ld:WeatherObserved:a-7", observation.Entity);
        Assert.Equal(PlainVocabulary.Default + "WeatherObserved", observation.Type);
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 2, 0, 0, TimeSpan.Zero), observation.ObservedAt);
        Assert.Equal(["temperature=21.50 CEL", "humidity=0.45", "wind=\"NNW\"", "raining=false"], Values(observation));
    }

    [Fact]
    public async Task Values_that_are_missing_or_null_stay_missing()
    {
        var observation = Assert.Single(await Map(Weather, """{"ts":"2026-03-01T10:00:00Z","t":null,"env":{"h":45}}"""));
        Assert.Equal(["humidity=0.45"], Values(observation));
    }

    [Fact]
    public async Task A_payload_in_which_everything_is_missing_gives_nothing_and_is_not_wrong()
    {
        var mapped = (await Compile(Weather)).Map("""{"ts":"2026-03-01T10:00:00Z"}"""u8.ToArray(), Device(), Arrival).Value;
        Assert.Empty(mapped.Observations);
        Assert.Equal(1, mapped.Empty);
    }

    [Fact]
    public async Task Reads_an_array_of_readings_with_what_stands_around_it()
    {
        const string Mapping = """
            {
              "each": "$.nodes[*].readings[*]",
              "entity": "urn:ngsi-ld:Meter:{$.site}:{@.id}",
              "type": "Meter",
              "time": { "from": "@.t", "format": "unix" },
              "attributes": [ { "name": "energy", "from": "@.kwh" }, { "name": "site", "from": "$.site" }, { "name": "firmware", "from": "$.nodes[0].fw" } ]
            }
            """;
        var observations = await Map(Mapping, """
            {"nodes":[{"readings":[{"id":"x","t":1700000000,"kwh":1},{"id":"y","t":1700000060.5,"kwh":2}],"fw":"1.2"},{"readings":[{"t":1700000000,"kwh":3,"id":"z"}]}],"site":"north 1"}
            """);
        Assert.Equal(["urn:ngsi-ld:Meter:north%201:x", "urn:ngsi-ld:Meter:north%201:y", "urn:ngsi-ld:Meter:north%201:z"], observations.Select(o => o.Entity));
        Assert.Equal(["energy=2", "site=\"north 1\"", "firmware=\"1.2\""], Values(observations[1]));
        Assert.Equal(DateTimeOffset.FromUnixTimeMilliseconds(1700000060500), observations[1].ObservedAt);
    }

    [Fact]
    public async Task Wildcards_go_over_the_members_of_an_object_too()
    {
        var observations = await Map(
            """{"each":"$.*","entity":"urn:x:{@.id}","type":"T","attributes":[{"name":"v"}]}""", """{"a":{"id":1,"v":2},"b":{"id":2,"v":3}}""");
        Assert.Equal(["urn:x:1", "urn:x:2"], observations.Select(o => o.Entity));
    }

    [Fact]
    public async Task One_bad_reading_refuses_the_whole_payload_and_names_itself()
    {
        const string Mapping = """{"each":"$[*]","entity":"urn:x:{device}","type":"T","attributes":[{"name":"v","from":"@.v","as":"number"}]}""";
        var mapping = await Compile(Mapping);
        var into = new List<Observation>();
        var fault = mapping.Map("""[{"v":1},{"v":"high"}]"""u8.ToArray(), Device(), Arrival, into, out _);
        Assert.Empty(into);
        Assert.Equal(new MappingFault("@.v", "it is not a number (reading 2 of 2)") { Value = "\"high\"" }, fault);
    }

    [Theory]
    [InlineData("{\"t\":1", "not JSON")]
    [InlineData("", "not JSON")]
    [InlineData("{\"t\":1}{", "not JSON")]
    [InlineData("{\"t\":NaN}", "not JSON")]
    [InlineData("{\"t\":1e999}", "too large")]
    [InlineData("{\"t\":true}", "not a number")]
    [InlineData("{\"t\":[1]}", "not a number")]
    [InlineData("{\"t\":\"NaN\"}", "not a number")]
    [InlineData("{\"t\":\"Infinity\"}", "not a number")]
    [InlineData("{\"t\":\"12 C\"}", "not a number")]
    [InlineData("{\"x\":\"\\ud800\",\"t\":1}", "surrogate")]
    [InlineData("{\"t\":1,\"ts\":\"yesterday\"}", "not a time")]
    [InlineData("{\"t\":1,\"ts\":\"2026-02-30T00:00:00Z\"}", "no such time")]
    [InlineData("{\"t\":1,\"ts\":\"2026-03-01T00:00:00\"}", "time.zone")]
    [InlineData("{\"t\":1}", "time is missing")]
    public async Task A_payload_that_does_not_fit_is_refused_with_the_reason(string payload, string because)
    {
        var problem = (await Compile(Weather)).Map(Encoding.UTF8.GetBytes(payload), Device(), Arrival).Problem;
        Assert.NotNull(problem);
        Assert.Same(MappingProblems.PayloadUnreadable, problem.Kind);
        Assert.Contains(because, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_UTF8_never_gets_through()
    {
        var problem = (await Compile(Weather)).Map(new byte[] { (byte)'{', (byte)'"', 0xff, (byte)'"', (byte)':', (byte)'1', (byte)'}' }, Device(), Arrival).Problem;
        Assert.Contains("UTF-8", problem?.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nesting_beyond_what_the_reader_takes_is_refused_and_not_a_crash()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 10_000)) + string.Concat(Enumerable.Repeat("]", 10_000));
        Assert.False((await Compile(Weather)).Map(Encoding.UTF8.GetBytes(deep), Device(), Arrival).Ok);
    }

    [Fact]
    public async Task Reads_a_line_of_csv_by_its_columns()
    {
        const string Mapping = """
            {"format":"csv","columns":["t","h","note","when"],"delimiter":";","entity":"urn:x:{device}","type":"T",
             "time":{"from":"when","format":"dd/MM/yyyy HH:mm","zone":"+08:00"},"missing":["NA","-999"],
             "attributes":[{"name":"temperature","from":"t"},{"name":"humidity","from":"$[1]"},{"name":"note"}]}
            """;
        var observations = await Map(Mapping, "21.5;NA;\"wet; \"\"very\"\"\";01/03/2026 08:30\r\n-999;44;;01/03/2026 08:31\n");
        Assert.Equal(2, observations.Count);
        Assert.Equal(["temperature=21.5", "note=\"wet; \\\"very\\\"\""], Values(observations[0]));
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 0, 30, 0, TimeSpan.Zero), observations[0].ObservedAt);
        Assert.Equal(["humidity=44"], Values(observations[1]));
    }

    [Theory]
    [InlineData("1;2", "2 fields")]
    [InlineData("1;2;3;4;5", "5 fields")]
    [InlineData("1;2;\"3;4", "not closed")]
    [InlineData("1;2;\"3\"x;4", "after its closing quote")]
    [InlineData("\n\n", "no reading")]
    public async Task A_line_that_does_not_fit_is_refused(string line, string because)
    {
        const string Mapping = """{"format":"csv","columns":["a","b","c","d"],"delimiter":";","entity":"urn:x:{device}","type":"T","attributes":[{"name":"a"}]}""";
        Assert.Contains(because, (await Compile(Mapping)).Map(Encoding.UTF8.GetBytes(line), Device(), Arrival).Problem?.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("number", " 21.5\n", "21.5")]
    [InlineData("number", "+21.50", "21.50")]
    [InlineData("number", "007", "7")]
    [InlineData("number", ".5", "0.5")]
    [InlineData("auto", "21.5", "21.5")]
    [InlineData("auto", "true", "true")]
    [InlineData("auto", "open", "\"open\"")]
    [InlineData("boolean", "ON", "true")]
    [InlineData("text", "21.5", "\"21.5\"")]
    [InlineData("json", "{\"a\":1}", "{\"a\":1}")]
    public async Task Reads_a_payload_that_is_one_value(string kind, string payload, string recorded)
    {
        var mapping = $$"""{"format":"value","entity":"urn:x:{topic[1]}","type":"T","attributes":[{"name":"v","as":"{{kind}}"}]}""";
        var observation = Assert.Single(await Map(mapping, payload, "city/north/door"));
        Assert.Equal("urn:x:north", observation.Entity);
        Assert.Equal(Arrival, observation.ObservedAt);
        Assert.Equal([$"v={recorded}"], Values(observation));
    }

    [Theory]
    [InlineData("235", "0.1", null, "23.5")]
    [InlineData("0.1", "3", null, "0.3")]
    [InlineData("68", "0.5555555555555555555555555556", "-17.777777777777777777777777778", "20")]
    [InlineData("1e300", "10", null, "1E+301")]
    public async Task Scales_without_the_noise_of_binary_fractions(string value, string scale, string? offset, string recorded)
    {
        var mapping = $$"""{"format":"value","entity":"urn:x:y","type":"T","attributes":[{"name":"v","scale":{{scale}}{{(offset is null ? "" : $",\"offset\":{offset}")}}}]}""";
        var text = Values(Assert.Single(await Map(mapping, value)))[0][2..];
        Assert.Equal(double.Parse(recorded, CultureInfo.InvariantCulture), double.Parse(text, CultureInfo.InvariantCulture), 12);
        Assert.True(text.Length < 26, text);
    }

    [Fact]
    public async Task Sets_the_location_from_two_numbers_or_a_point()
    {
        var numbers = await Map("""{"entity":"urn:x:y","type":"T","location":{"longitude":"$.lon","latitude":"$.lat"},"attributes":[{"name":"v"}]}""", """{"lon":106.5,"lat":"29.5","v":1}""");
        Assert.Equal(new GeoPoint(106.5, 29.5), numbers[0].Location);
        var point = await Map("""{"entity":"urn:x:y","type":"T","location":{"geoJson":"$.geometry"},"attributes":[{"name":"v"}]}""", """{"geometry":{"coordinates":[106.5,29.5,200],"type":"Point"},"v":1}""");
        Assert.Equal(new GeoPoint(106.5, 29.5), point[0].Location);
    }

    [Theory]
    [InlineData("""{"lon":190,"lat":29,"v":1}""", "no longitude")]
    [InlineData("""{"lon":19,"lat":"north","v":1}""", "no latitude")]
    [InlineData("""{"lon":19,"v":1}""", "no latitude")]
    public async Task A_place_that_is_not_on_earth_is_refused(string payload, string because) =>
        Assert.Contains(because, (await Compile("""{"entity":"urn:x:y","type":"T","location":{"longitude":"$.lon","latitude":"$.lat"},"attributes":[{"name":"v"}]}"""))
            .Map(Encoding.UTF8.GetBytes(payload), Device(), Arrival).Problem?.Detail, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"Polygon","coordinates":[]}""", "Polygon")]
    [InlineData("""{"type":"Point","coordinates":[1]}""", "[longitude, latitude]")]
    [InlineData("""{"type":"Point","coordinates":[1,"2"]}""", "[longitude, latitude]")]
    [InlineData("""{"type":"Point","coordinates":[1,91]}""", "outside")]
    [InlineData("[1,2]", "no GeoJSON")]
    [InlineData("7", "no GeoJSON")]
    public async Task Only_a_point_says_where_something_was_observed(string geometry, string because) =>
        Assert.Contains(because, (await Compile("""{"entity":"urn:x:y","type":"T","location":{"geoJson":"$.g"},"attributes":[{"name":"v"}]}"""))
            .Map(Encoding.UTF8.GetBytes($$"""{"g":{{geometry}},"v":1}"""), Device(), Arrival).Problem?.Detail, StringComparison.Ordinal);

    [Fact]
    public async Task Nothing_in_a_payload_reaches_beyond_its_place_in_the_entity()
    {
        var observation = Assert.Single(await Map("""{"entity":"urn:x:{$.id}:end","type":"T","attributes":[{"name":"v"}]}""", """{"id":"a/../{b}\n{\"}<\u6e29>","v":1}"""));
        Assert.Equal("urn:x:a%2F..%2F%7Bb%7D%0A%7B%22%7D%3C%E6%B8%A9%3E:end", observation.Entity);
    }

    [Theory]
    [InlineData("""{"v":1}""", "named by it")]
    [InlineData("""{"id":"","v":1}""", "named by it")]
    [InlineData("""{"id":{"a":1},"v":1}""", "named by it")]
    public async Task A_thing_without_a_name_is_refused(string payload, string because) =>
        Assert.Contains(because, (await Compile("""{"entity":"urn:x:{$.id}","type":"T","attributes":[{"name":"v"}]}""")).Map(Encoding.UTF8.GetBytes(payload), Device(), Arrival).Problem?.Detail, StringComparison.Ordinal);

    [Theory]
    [InlineData("2026-03-01T08:00:00Z", "2026-03-01T08:00:00.0000000Z")]
    [InlineData("2026-03-01 08:00", "2026-03-01T00:00:00.0000000Z")]
    [InlineData("2026-03-01", "2026-02-28T16:00:00.0000000Z")]
    [InlineData("2026-03-01T08:00:00.123456789+0530", "2026-03-01T02:30:00.1234567Z")]
    [InlineData("2026-03-01T24:00:00Z", "2026-03-02T00:00:00.0000000Z")]
    [InlineData("2026-12-31T23:59:60Z", "2026-12-31T23:59:59.9999999Z")]
    [InlineData("2026-03-01T08:00:00-10", "2026-03-01T18:00:00.0000000Z")]
    public async Task Reads_times_of_ISO_8601_as_they_are_written(string text, string utc)
    {
        var observation = Assert.Single(await Map("""{"entity":"urn:x:y","type":"T","time":{"from":"ts","zone":"Asia/Shanghai"},"attributes":[{"name":"v"}]}""", $$"""{"ts":"{{text}}","v":1}"""));
        Assert.Equal(utc, observation.ObservedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task An_hour_that_the_clocks_skip_is_refused_and_one_that_they_repeat_is_the_first()
    {
        const string Mapping = """{"entity":"urn:x:y","type":"T","time":{"from":"ts","zone":"Europe/Berlin"},"attributes":[{"name":"v"}]}""";
        Assert.Contains("skip", (await Compile(Mapping)).Map("""{"ts":"2026-03-29 02:30","v":1}"""u8.ToArray(), Device(), Arrival).Problem?.Detail, StringComparison.Ordinal);
        Assert.Equal(new DateTimeOffset(2026, 10, 25, 0, 30, 0, TimeSpan.Zero), (await Map(Mapping, """{"ts":"2026-10-25 02:30","v":1}"""))[0].ObservedAt);
    }

    [Theory]
    [InlineData("1700000000", "unix", 1700000000000)]
    [InlineData("1700000000123", "unixMilliseconds", 1700000000123)]
    [InlineData("1.7e9", "unix", 1700000000000)]
    [InlineData("-1", "unix", -1000)]
    public async Task Reads_times_since_1970(string number, string format, long milliseconds) => Assert.Equal(
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds),
        (await Map($$"""{"entity":"urn:x:y","type":"T","time":{"from":"ts","format":"{{format}}"},"attributes":[{"name":"v"}]}""", $$"""{"ts":{{number}},"v":1}"""))[0].ObservedAt);

    [Fact]
    public async Task Milliseconds_taken_for_seconds_are_refused_with_a_guess() => Assert.Contains(
        "milliseconds?",
        (await Compile("""{"entity":"urn:x:y","type":"T","time":{"from":"ts","format":"unix"},"attributes":[{"name":"v"}]}""")).Map("""{"ts":1700000000000,"v":1}"""u8.ToArray(), Device(), Arrival).Problem?.Detail,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"type":"T"}""", "attributes")]
    [InlineData("""{"type":"T","attributes":[]}""", "0 entries")]
    [InlineData("""{"type":"T","attributes":[{"name":"v"}],"entitty":"x"}""", "entitty")]
    [InlineData("""{"type":"T","attributes":[{"name":"v","unti":"CEL"}]}""", "unti")]
    [InlineData("""{"type":"T","attributes":[{"name":"v"},{"name":"v","from":"w"}]}""", "the same as attributes[0]")]
    [InlineData("""{"type":"T","attributes":[{"name":"id"}]}""", "no name of an attribute")]
    [InlineData("""{"type":"T","attributes":[{"name":"v","from":"$[*]"}]}""", "many values")]
    [InlineData("""{"type":"T","attributes":[{"name":"v","as":"float"}]}""", "as is \"float\"")]
    [InlineData("""{"type":"T","attributes":[{"name":"v","as":"text","scale":2}]}""", "only a number")]
    [InlineData("""{"type":"T","attributes":[{"name":"v","scale":0}]}""", "scale is 0")]
    [InlineData("""{"format":"xml","type":"T","attributes":[{"name":"v"}]}""", "format is")]
    [InlineData("""{"type":"T","each":"@.a","attributes":[{"name":"v"}]}""", "begins with $")]
    [InlineData("""{"type":"T","each":"$","attributes":[{"name":"v"}]}""", "Leave it out")]
    [InlineData("""{"type":"T","entity":"no uri","attributes":[{"name":"v"}]}""", "no URI")]
    [InlineData("""{"type":"T","entity":"urn:x:{device","attributes":[{"name":"v"}]}""", "not closed")]
    [InlineData("""{"type":"T","entity":"urn:x:{topic[a]}","attributes":[{"name":"v"}]}""", "no level")]
    [InlineData("""{"type":"T","time":{"from":"t","zone":"Mars/Base"},"attributes":[{"name":"v"}]}""", "no such zone")]
    [InlineData("""{"type":"T","time":{"from":"t","format":"dd.MM.yyyy"},"attributes":[{"name":"v"}]}""", "time.zone")]
    [InlineData("""{"type":"T","time":{"year":"y"},"attributes":[{"name":"v"}]}""", "time.zone")]
    [InlineData("""{"type":"T","time":{"from":"t","year":"y"},"attributes":[{"name":"v"}]}""", "one or the other")]
    [InlineData("""{"type":"T","time":{},"attributes":[{"name":"v"}]}""", "neither from nor year")]
    [InlineData("""{"type":"T","location":{"longitude":"x"},"attributes":[{"name":"v"}]}""", "location takes")]
    [InlineData("""{"format":"value","type":"T","attributes":[{"name":"v"},{"name":"w"}]}""", "one attribute")]
    [InlineData("""{"format":"csv","columns":["a","a"],"type":"T","attributes":[{"name":"a"}]}""", "twice")]
    [InlineData("""{"format":"csv","columns":["a"],"type":"T","attributes":[{"name":"v"}]}""", "no column for v")]
    [InlineData("""{"type":7,"attributes":[{"name":"v"}]}""", "$.type")]
    [InlineData("""{"type":"T","attributes":[{"name":null}]}""", "name")]
    [InlineData("[]", "not of the kind")]
    [InlineData("nonsense", "not the JSON")]
    public async Task A_declaration_that_is_wrong_is_refused_with_the_member_that_is(string declaration, string because)
    {
        var read = MappingDeclaration.Read(Encoding.UTF8.GetBytes(declaration));
        var problem = read.Ok ? (await MappingCompiler.CompileAsync(read.Value, new PlainVocabulary(), TestContext.Current.CancellationToken)).Problem : read.Problem;
        Assert.NotNull(problem);
        Assert.Same(MappingProblems.NotAMapping, problem.Kind);
        Assert.True((problem.Detail + problem.Hint).Contains(because, StringComparison.Ordinal), problem.Detail);
        Assert.DoesNotContain("CityHub", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_declaration_written_and_read_again_is_the_same()
    {
        var declaration = MappingDeclaration.Read(Encoding.UTF8.GetBytes(Weather)).Value;
        Assert.Equal(declaration.ToJson(), MappingDeclaration.Read(declaration.ToJson()).Value.ToJson());
        Assert.Equal(declaration.ToJson(), MappingDeclaration.Read(Encoding.UTF8.GetBytes(declaration.ToText())).Value.ToJson());
    }

    internal static async Task<PayloadMapping> Compile(string declaration) =>
        (await MappingCompiler.CompileAsync(MappingDeclaration.Read(Encoding.UTF8.GetBytes(declaration)).Value, new PlainVocabulary(), TestContext.Current.CancellationToken)).Value.Mapping;

    internal static IReadOnlyList<string> Values(Observation observation) =>
        [.. observation.Values.Select(v => $"{v.Attribute[PlainVocabulary.Default.Length..]}={Encoding.UTF8.GetString(v.Value.Span)}{(v.Unit is null ? "" : " " + v.Unit)}")];

    private static MappingSource Device(string topic = "") => new("a-7", topic);

    private static async Task<IReadOnlyList<Observation>> Map(string declaration, string payload, string topic = "")
    {
        Result<Mapped> mapped = (await Compile(declaration)).Map(Encoding.UTF8.GetBytes(payload), Device(topic), Arrival);
        Assert.True(mapped.Ok, mapped.Problem?.ToString());
        return mapped.Value.Observations;
    }
}
