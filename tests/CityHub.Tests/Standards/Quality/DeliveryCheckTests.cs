using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Tables;
using CityHub.Standards.Mapping;
using CityHub.Standards.Quality;
using CityHub.Storage.Embedded;
using CityHub.Tests.Standards.Mapping;
using CityHub.Tests.Storage.Embedded;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Standards.Quality;

public sealed class DeliveryCheckTests
{
    private static readonly DateTimeOffset AsOf = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly TableSchema Permits = new([
        new("no", ColumnType.Text, false), new("district", ColumnType.Text), new("area", ColumnType.Number), new("issued", ColumnType.Date)], 0);

    [Fact]
    public async Task Rows_that_break_the_schema_or_a_refusing_rule_do_not_pass_and_the_others_do()
    {
        var (rows, result) = await JudgeAsync(
            """{"rules":[{"id":"area","check":"range","field":"area","min":1,"refuse":true},{"id":"district","check":"required","field":"district"}]}""",
            "no,district,area,issued\nA1,500101,10,2026-01-01\nA2,500101,0,2026-01-01\n,500101,10,2026-01-01\nA1,500101,10,2026-01-01\nA5,500101,ten,2026-01-01\nA6,,10,2026-01-01\n");

        Assert.Equal(["A1|500101|10|2026-01-01", "A6||10|2026-01-01"], rows);
        Assert.Equal((6, 4), (result.Rows, result.Refused));
        Assert.Equal([(2, "area", true), (3, "schema:required", true), (4, "schema:key", true), (5, "schema:type", true), (6, "district", false)],
            result.Faults.OrderBy(f => f.Row).Select(f => ((int)f.Row, f.Rule, f.Refused)));
        Assert.Equal(5.0 / 6, result.Scores["normative"], 1e-12);
        Assert.Equal(4.0 / 6, result.Scores["complete"], 1e-12);
        Assert.Equal(4.0 / 6, result.Scores["accurate"], 1e-12);
        Assert.Equal((1 + 1 + 1 + (5.0 / 6) + (4.0 / 6) + (4.0 / 6)) / 6, result.Score ?? 0, 1e-12);
    }

    [Fact]
    public async Task Without_rules_only_the_schema_is_asked_and_there_is_no_score()
    {
        var (rows, result) = await JudgeAsync(null, "no,area\nA1,1\nA1,1\n");

        Assert.Equal(["A1||1|"], rows);
        Assert.Null(result.Score);
        Assert.Equal("schema:key", Assert.Single(result.Faults).Rule);
    }

    [Fact]
    public async Task A_value_that_cannot_be_made_is_not_counted_as_missing_too()
    {
        var (_, result) = await JudgeAsync("""{"rules":[{"id":"area","check":"required","field":"area"}]}""", "no,area\nA1,ten\nA2,\n");

        Assert.Equal([(1, "schema:type"), (2, "area")], result.Faults.OrderBy(f => f.Row).Select(f => ((int)f.Row, f.Rule)));
    }

    [Fact]
    public async Task Weights_are_data()
    {
        var (_, result) = await JudgeAsync("""{"weights":{"normative":0,"accurate":0,"consistent":0,"timely":0,"accessible":0,"complete":2},"rules":[{"id":"d","check":"required","field":"district"}]}""", "no,district\nA1,5\nA2,\n");

        Assert.Equal(0.5, result.Score);
    }

    [Theory]
    [InlineData("""{"id":"x","check":"rows","min":4}""", "complete", 0.5)]
    [InlineData("""{"id":"x","check":"rows","max":1}""", "complete", 0.5)]
    [InlineData("""{"id":"x","check":"coverage","field":"district","values":["500101","500102","500103","500104"],"share":0.9}""", "complete", 0.25)]
    [InlineData("""{"id":"x","check":"coverage","field":"district","share":0.9}""", "complete", 0.5)]
    [InlineData("""{"id":"x","check":"fresh","field":"issued","days":7}""", "timely", 0)]
    [InlineData("""{"id":"x","check":"onTime","days":1}""", "timely", 0)]
    [InlineData("""{"id":"x","check":"columns"}""", "accessible", 0.75)]
    [InlineData("""{"id":"x","check":"reachable","dataset":"permits","share":0.99}""", "accessible", 0.8)]
    public async Task A_delivery_as_a_whole_is_judged(string rule, string dimension, double score)
    {
        var (rows, result) = await JudgeAsync($$"""{"rules":[{{rule}}]}""", "no,district,issued\nA1,500101,2026-01-01\nA2,,2026-02-01\n", AsOf.AddDays(2), new Town(new Dictionary<UInt128, string>()) { Reach = 0.8 });

        Assert.Equal(2, rows.Count);
        Assert.Equal(score, result.Scores[dimension], 1e-12);
        Assert.Equal((0, "x", false), (Assert.Single(result.Faults).Row, result.Faults[0].Rule, result.Faults[0].Refused));
    }

    [Theory]
    [InlineData("""{"id":"x","check":"rows","min":2,"max":2}""")]
    [InlineData("""{"id":"x","check":"coverage","field":"district","values":["500101"]}""")]
    [InlineData("""{"id":"x","check":"fresh","field":"issued","days":28}""")]
    [InlineData("""{"id":"x","check":"onTime","days":2}""")]
    [InlineData("""{"id":"x","check":"columns","fields":["no","issued"]}""")]
    [InlineData("""{"id":"x","check":"reachable","dataset":"permits","share":0.8}""")]
    public async Task A_delivery_that_is_as_it_should_be_loses_nothing(string rule)
    {
        var (_, result) = await JudgeAsync($$"""{"rules":[{{rule}}]}""", "no,district,issued\nA1,500101,2026-01-01\nA2,,2026-02-01\n", AsOf.AddDays(2), new Town(new Dictionary<UInt128, string>()) { Reach = 0.8 });

        Assert.Empty(result.Faults);
        Assert.Equal(1, result.Score);
    }

    [Fact]
    public async Task What_another_dataset_does_not_give_is_said_and_costs_nothing()
    {
        var (_, result) = await JudgeAsync("""{"rules":[{"id":"d","check":"reference","field":"district","dataset":"districts"}]}""", "no,district\nA1,7\n", AsOf, new Town(new Dictionary<UInt128, string>()) { Closed = true });

        Assert.Equal(0, Assert.Single(result.Faults).Row);
        Assert.Equal(1, result.Score);
    }

    [Theory]
    [InlineData("""{"id":"x","check":"dance","field":"no"}""", "quality-rules-malformed")]
    [InlineData("""{"id":"x","check":"range","field":"no","min":1}""", "quality-rules-malformed")]
    [InlineData("""{"id":"x","check":"pattern","field":"no","pattern":"("}""", "quality-rules-malformed")]
    [InlineData("""{"id":"x","check":"pattern","field":"no","pattern":"(?<=a)b"}""", "quality-rules-malformed")]
    [InlineData("""{"id":"x","check":"outlier","field":"area","refuse":true}""", "quality-rules-malformed")]
    [InlineData("""{"id":"x","check":"required","field":"colour"}""", "quality-rules-other-schema")]
    [InlineData("""{"id":"x","check":"codes","field":"no","table":"nowhere"}""", "quality-rules-malformed")]
    [InlineData("""{"id":"x","check":"required","field":"no","when":{"in":["A"]}}""", "quality-rules-malformed")]
    public void Rules_that_cannot_work_are_refused_before_a_row_is_read(string rule, string code)
    {
        var rules = QualityRules.Read(Encoding.UTF8.GetBytes($$"""{"rules":[{{rule}}]}""")).Value;
        Assert.Equal(code, Check(rules).Check(Given.Csv("no\nA1\n"), Permits, Terms("r")).Problem?.Code);
    }

    [Fact]
    public void A_name_that_nobody_knows_is_refused()
    {
        Assert.Equal("row-mapping-unknown", Check(null).Check(Given.Csv("no\nA1\n"), Permits, Terms(null, "m")).Problem?.Code);
        Assert.Equal("quality-rules-unknown", new DeliveryCheck(_ => null, _ => null, TownTables.All, new Town(new Dictionary<UInt128, string>()), TimeProvider.System).Check(Given.Csv("no\nA1\n"), Permits, Terms("r")).Problem?.Code);
        Assert.Equal("row-mapping-other-schema", Check(null).Check(Given.Csv("district\n5\n"), Permits, Terms(null)).Problem?.Code);
    }

    [Fact]
    public void Whatever_stands_in_rules_is_a_refusal_and_never_an_exception()
    {
        var bytes = """{"weights":{"timely":2},"rules":[{"id":"a","check":"codes","field":"district","values":["1","2"],"refuse":true,"when":{"field":"no","in":["A"]}},{"id":"b","check":"range","field":"issued","from":"2020-01-01"},{"id":"c","check":"sum","field":"area","fields":["area"]}]}"""u8.ToArray();
        Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte, Gen.Int[0, 3], Gen.Int[0, 30]).Sample((at, with, kind, length) =>
        {
            byte[] broken = kind switch
            {
                0 => [.. bytes.AsSpan(0, at), with, .. bytes.AsSpan(at + 1)],
                1 => bytes.AsSpan(0, at).ToArray(),
                2 => [.. bytes.AsSpan(0, at), .. bytes.AsSpan(Math.Min(bytes.Length, at + length))],
                _ => [.. bytes.AsSpan(0, at), .. "null"u8, .. bytes.AsSpan(Math.Min(bytes.Length, at + length))],
            };
            if (QualityRules.Read(broken).TryGet(out var rules, out _))
                _ = Check(rules).Check(Given.Csv("no\nA1\n"), Permits, Terms("r")).Ok;
        }, iter: 5000);
    }

    [Fact]
    public async Task The_source_hears_which_row_and_why_in_both_languages_and_never_a_value()
    {
        const string Rules = """{"rules":[{"id":"d","check":"codes","field":"district","values":["500101"],"zh":"区划代码不存在, 请核对","en":"no such district"}]}""";
        var (_, result) = await JudgeAsync(Rules, "no,district,area\nA1,secret-value,1\nA2,500101,secret-number\n");
        var feedback = QualityFeedback.Of(result.Faults, QualityRules.Read(Encoding.UTF8.GetBytes(Rules)).Value);
        var csv = Encoding.UTF8.GetString(feedback.ToCsv());

        Assert.Contains("1,district,d,normative,规范性,false,\"区划代码不存在, 请核对\",no such district\r\n", csv, StringComparison.Ordinal);
        Assert.Contains("2,area,schema:type,normative,规范性,true,数据类型不正确,it is no number\r\n", csv, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", csv, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(feedback.ToJson());
        Assert.Equal("区划代码不存在, 请核对", json.RootElement.GetProperty("faults")[0].GetProperty("why").GetProperty("zh").GetString());
        Assert.DoesNotContain("secret", json.RootElement.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_and_results_are_there_again_after_a_start_and_hold_no_value()
    {
        using var folder = new TestFolder();
        var clock = new FakeTimeProvider(AsOf);
        var store = EmbeddedStore.Open(folder.Path, clock).Value;
        var rules = QualityRules.Read("""{"rules":[{"id":"d","check":"codes","field":"district","values":["500101"]}]}"""u8).Value;
        using (var book = new QualityBook(store.Log, clock))
        {
            book.Load();
            Assert.Equal(1, (await book.DeclareAsync("permits", rules, "zhang")).Value.Version);
            Assert.Equal(1, (await book.DeclareAsync("permits", rules, "zhang")).Value.Version);
            Assert.Equal(2, (await book.DeclareAsync("permits", rules with { Description = "x" }, "zhang")).Value.Version);
            await using var rows = Check(rules).Check(Given.Csv("no,district\nA1,secret\nA2,500101\n"), Permits, Terms("permits")).Value;
            await Given.TextsAsync(rows);
            Assert.True((await book.RecordAsync("permits", "permits", AsOf, rows)).Ok);
        }

        using var again = new QualityBook(store.Log, clock);
        again.Load();
        var judged = Assert.Single(again.History("permits"));
        Assert.Equal((2, 0, 2, 0.5), ((int)judged.Rows, (int)judged.Refused, judged.RulesVersion, judged.Scores["normative"]));
        Assert.Equal(1, judged.Counts["d"]);
        Assert.All(store.Log.Read(0, QualityBook.StreamName), f => Assert.DoesNotContain("secret", Encoding.UTF8.GetString(f.Payload.Span), StringComparison.Ordinal));

        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
            DqvWriter.Write(json, "urn:x:permits", judged);
        using var dqv = JsonDocument.Parse(stream.ToArray());
        var measured = dqv.RootElement.GetProperty("@graph")[0].GetProperty("dqv:hasQualityMeasurement");
        Assert.Equal(7, measured.GetArrayLength());
        var metrics = dqv.RootElement.GetProperty("@graph").EnumerateArray().Skip(1).Select(m => m.GetProperty("@id").GetString()).ToHashSet();
        Assert.All(measured.EnumerateArray(), m => Assert.Contains(m.GetProperty("dqv:isMeasurementOf").GetProperty("@id").GetString(), metrics));
        await store.DisposeAsync();
    }

    private static DeliveryTerms Terms(string? rules, string? mapping = null) => new("permits", "housing", mapping, rules, AsOf);

    private static DeliveryCheck Check(QualityRules? rules, DateTimeOffset? now = null, Town? town = null) =>
        new(_ => null, _ => rules, TownTables.All, town ?? new Town(new Dictionary<UInt128, string>()), new FakeTimeProvider(now ?? AsOf));

    private static async Task<(List<string> Rows, QualityResult Result)> JudgeAsync(string? rules, string csv, DateTimeOffset? now = null, Town? town = null)
    {
        var read = rules is null ? null : QualityRules.Read(Encoding.UTF8.GetBytes(rules)).Value;
        await using var rows = Check(read, now, town).Check(Given.Csv(csv), Permits, Terms(rules is null ? null : "r")).Value;
        var texts = await Given.TextsAsync(rows);
        return (texts, rows.Result);
    }
}
