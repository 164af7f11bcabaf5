using System.Net;

namespace CityHub.Tests.Standards.Vocabulary;

public sealed class StandardsRoutesTests
{
    private const string Element = """
        {"name":{"zh":"出生日期","en":"date of birth"},"objectClass":{"zh":"人员","en":"person"},"property":{"zh":"出生日期","en":"date of birth"},
         "definition":{"zh":"出生的日期","en":"the day of birth"},"representation":{"type":"date"},"authority":"枢州市数据局"}
        """;

    private const string Calibre = """
        {"title":{"zh":"低保人数","en":"people on benefits"},"formula":"count(where state = 'on')","period":"P1M","grain":"month/district/all","unit":"{people}","owner":"民政局"}
        """;

    [Fact]
    public async Task An_element_goes_from_draft_to_published_to_superseded_and_a_restart_knows_it()
    {
        await using var room = new StandardsUnderTest();
        var (status, draft) = await room.SendAsync("PUT", "/standards/elements/birth", Element);
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Null(room.Room.Element("birth"));
        Assert.Equal("four-eyes", Code(await room.SendAsync("POST", "/standards/elements/birth/publish", StandardsUnderTest.AsRead(draft))));
        Assert.Equal("standards-bad-request", Code(await room.SendAsync("POST", "/standards/elements/birth/publish", "{}", "wang")));
        Assert.Equal(HttpStatusCode.OK, (await room.SendAsync("POST", "/standards/elements/birth/publish", StandardsUnderTest.AsRead(draft), "wang")).Status);
        Assert.Equal("nothing-drafted", Code(await room.SendAsync("POST", "/standards/elements/birth/publish", StandardsUnderTest.AsRead(draft), "wang")));

        (_, draft) = await room.SendAsync("PUT", "/standards/elements/birth", Element.Replace("the day", "the very day", StringComparison.Ordinal), "wang");
        Assert.Equal(2, draft.GetProperty("version").GetInt32());
        Assert.Equal(1, room.Room.Element("birth")?.Version);
        await room.SendAsync("POST", "/standards/elements/birth/publish", StandardsUnderTest.AsRead(draft), "li");
        Assert.Equal(HttpStatusCode.OK, (await room.SendAsync("PUT", "/standards/elements/birth", Element.Replace("the day", "the very day", StringComparison.Ordinal))).Status);
        var other = Element.Replace("{\"name\"", "{\"supersedes\":\"birth\",\"name\"", StringComparison.Ordinal);
        Assert.Equal("element-malformed", Code(await room.SendAsync("PUT", "/standards/elements/birth", other)));
        await room.PublishAsync("/standards/elements/born", other);

        await room.ReopenAsync();
        Assert.Null(room.Room.Element("birth"));
        Assert.Equal(1, room.Room.Element("born")?.Version);
        var (_, all) = await room.SendAsync("GET", "/standards/elements/birth");
        Assert.Equal(["superseded birth/2", "superseded born"], all.GetProperty("versions").EnumerateArray().Select(v => $"{v.GetProperty("state")} {v.GetProperty("supersededBy")}"));
        Assert.Equal(2, (await room.SendAsync("GET", "/standards/elements")).Body.GetProperty("elements").GetArrayLength());
        Assert.Equal(HttpStatusCode.NotFound, (await room.SendAsync("GET", "/standards/elements/none")).Status);
    }

    [Fact]
    public async Task Who_had_a_hand_in_a_draft_does_not_publish_it_and_who_read_another_text_hears_what_changed()
    {
        await using var room = new StandardsUnderTest();
        var (_, first) = await room.SendAsync("PUT", "/standards/elements/birth", Element);
        var (_, second) = await room.SendAsync("PUT", "/standards/elements/birth", Element.Replace("the day", "the very day", StringComparison.Ordinal), "wang");

        Assert.Equal("four-eyes", Code(await room.SendAsync("POST", "/standards/elements/birth/publish", StandardsUnderTest.AsRead(second), "li")));
        Assert.Equal("four-eyes", Code(await room.SendAsync("POST", "/standards/elements/birth/publish", StandardsUnderTest.AsRead(second), "wang")));
        var stale = await room.SendAsync("POST", "/standards/elements/birth/publish", StandardsUnderTest.AsRead(first), "zhao");
        Assert.Equal("proposal-changed", Code(stale));
        Assert.Contains("wang changed definition.en", stale.Body.GetProperty("detail").GetString(), StringComparison.Ordinal);

        await room.ReopenAsync();
        var (_, waits) = await room.SendAsync("GET", "/standards/elements/birth/draft");
        Assert.Equal(["li", "wang"], waits.GetProperty("authors").EnumerateArray().Select(a => a.GetString()));
        Assert.Equal(1, (await room.SendAsync("GET", "/standards/drafts")).Body.GetProperty("drafts").GetArrayLength());
        Assert.Equal("four-eyes", Code(await room.SendAsync("POST", "/standards/elements/birth/publish", StandardsUnderTest.AsRead(waits), "li")));
        Assert.Equal(HttpStatusCode.OK, (await room.SendAsync("POST", "/standards/elements/birth/publish", StandardsUnderTest.AsRead(waits), "zhao")).Status);
        Assert.Equal("the very day of birth", room.Room.Element("birth")?.Declaration.Definition.En);
    }

    [Theory]
    [InlineData("\"type\":\"date\"", "\"type\":\"day\"", "element-malformed")]
    [InlineData("\"type\":\"date\"", "\"type\":\"date\",\"unit\":\"m\"", "element-malformed")]
    [InlineData("\"type\":\"date\"", "\"type\":\"date\",\"pattern\":\"x\"", "element-malformed")]
    [InlineData("\"type\":\"date\"", "\"type\":\"text\",\"pattern\":\"(\"", "element-malformed")]
    [InlineData("\"type\":\"date\"", "\"type\":\"number\",\"unit\":\"metre\"", "unit-malformed")]
    [InlineData("\"type\":\"date\"", "\"type\":\"text\",\"codeTable\":\"none\"", "code-table-unknown")]
    [InlineData("\"zh\":\"人员\"", "\"zh\":\"\"", "element-malformed")]
    [InlineData("\"authority\"", "\"authorty\"", "element-malformed")]
    public async Task Refused_when_an_element_cannot_stand(string good, string bad, string code)
    {
        await using var room = new StandardsUnderTest();
        Assert.Equal(code, Code(await room.SendAsync("PUT", "/standards/elements/e", Element.Replace(good, bad, StringComparison.Ordinal))));
        Assert.Empty(room.Facts);
    }

    [Fact]
    public async Task A_code_table_is_loaded_in_versions_with_levels_and_validity()
    {
        await using var room = new StandardsUnderTest();
        const string Csv = "code,zh,en,parent,validFrom,validTo\r\n50,枢州,Shuzhou,,,\r\n5001,\"滨江,区\",Riverside,50,2000-01-01,2020-12-31\r\n5002,山城区,Hill,50,,\r\n";
        const string Query = "?zh=%E5%8C%BA%E5%88%92&en=areas";
        Assert.Equal(HttpStatusCode.OK, (await room.PublishAsync("/standards/code-tables/areas", Csv, "text/csv", Query)).Status);
        var (status, same) = await room.SendAsync("PUT", "/standards/code-tables/areas" + Query, Csv, type: "text/csv");
        Assert.Equal((HttpStatusCode.OK, 1), (status, same.GetProperty("version").GetInt32()));
        await room.PublishAsync("/standards/code-tables/areas", """{"title":{"zh":"区划","en":"areas"},"entries":[{"code":"50","zh":"枢州","en":"Shuzhou"},{"code":"5003","zh":"新区","en":"New","parent":"50"}]}""");

        await room.ReopenAsync();
        Assert.Equal(["CodeTableDrafted", "CodeTablePublished", "CodeTableDrafted", "CodeTablePublished"], room.Facts);
        var table = room.Room.CodeTables.Find("areas");
        Assert.Equal(2, table?.Version);
        Assert.True(table?.IsWithin("5003", "50"));
        var old = room.Room.Book.Tables.Of("areas")[0];
        Assert.Equal("滨江,区", old.Find("5001")?.Zh);
        Assert.True(old.Holds("5001", new DateOnly(2020, 12, 31)));
        Assert.False(old.Holds("5001", new DateOnly(2021, 1, 1)));
        Assert.Equal(["5001", "50"], old.PathOf("5001").Select(e => e.Code));
        Assert.Equal(["5002"], (await room.SendAsync("GET", "/standards/code-tables/areas?version=1&on=2026-01-01&parent=50")).Body.GetProperty("declaration").GetProperty("entries").EnumerateArray().Select(e => e.GetProperty("code").GetString()));
        Assert.Equal("code-table-unknown", Code(await room.SendAsync("GET", "/standards/code-tables/areas?version=9")));
    }

    [Theory]
    [InlineData("code,zh\na,甲\na,乙")]
    [InlineData("code,zh,parent\na,甲,b")]
    [InlineData("code,zh,parent\na,甲,b\nb,乙,a")]
    [InlineData("code,zh\n,甲")]
    [InlineData("code,zh\na,")]
    [InlineData("code,zh\na")]
    [InlineData("code,zh\na,\"甲")]
    [InlineData("code,zh,colour\na,甲,red")]
    [InlineData("code,zh,validFrom,validTo\na,甲,2026-01-02,2026-01-01")]
    [InlineData("code,zh,validFrom\na,甲,2026-1-2")]
    [InlineData("code,zh")]
    public async Task Refused_when_a_code_table_cannot_be_used(string csv)
    {
        await using var room = new StandardsUnderTest();
        Assert.Equal("code-table-malformed", Code(await room.SendAsync("PUT", "/standards/code-tables/t?zh=a&en=a", csv, type: "text/csv")));
    }

    [Fact]
    public async Task A_calibre_is_defined_once_and_superseded_by_saying_so()
    {
        await using var room = new StandardsUnderTest();
        Assert.Equal(HttpStatusCode.OK, (await room.PublishAsync("/standards/calibres/低保人数", Calibre)).Status);
        Assert.Equal(HttpStatusCode.OK, (await room.SendAsync("PUT", "/standards/calibres/低保人数", Calibre)).Status);
        var other = Calibre.Replace("'on'", "'off'", StringComparison.Ordinal);
        Assert.Equal("calibre-differs", Code(await room.SendAsync("PUT", "/standards/calibres/低保人数", other)));
        Assert.Equal(2, (await room.PublishAsync("/standards/calibres/低保人数", other.Replace("{\"title\"", "{\"supersedes\":1,\"title\"", StringComparison.Ordinal))).Body.GetProperty("version").GetInt32());
        await room.ReopenAsync();
        Assert.Equal("count(where state = 'off')", room.Room.Calibre("低保人数")?.Declaration.Formula);
        Assert.Equal(2, (await room.SendAsync("GET", "/standards/calibres/低保人数")).Body.GetProperty("versions").GetArrayLength());
        Assert.Equal(["CalibreDrafted", "CalibrePublished", "CalibreDrafted", "CalibrePublished"], room.Facts);
    }

    [Fact]
    public async Task A_schema_is_loaded_after_those_it_refers_to_and_judges_documents()
    {
        await using var room = new StandardsUnderTest();
        const string Lamp = """{"$id":"https://city.example/lamp.json","properties":{"id":{"$ref":"common.json#/$defs/id"},"lux":{"type":"number"}},"required":["lux"]}""";
        Assert.Equal("schema-malformed", Code(await room.SendAsync("PUT", "/standards/schemas/lamp", Lamp)));
        await room.PublishAsync("/standards/schemas/common", """{"$id":"https://city.example/common.json","$defs":{"id":{"pattern":"^urn:"}}}""");
        Assert.Equal(HttpStatusCode.OK, (await room.PublishAsync("/standards/schemas/lamp", Lamp)).Status);
        await room.ReopenAsync();
        var (_, judged) = await room.SendAsync("POST", "/standards/schemas/lamp/validate", """{"id":"1","lux":"bright"}""");
        Assert.Equal(["/id pattern", "/lux type"], judged.GetProperty("faults").EnumerateArray().Select(f => $"{f.GetProperty("path")} {f.GetProperty("keyword")}"));
        (_, judged) = await room.SendAsync("POST", "/standards/schemas/lamp/validate?form=normalized", """{"id":"urn:1","type":"Lamp","lux":{"type":"Property","value":3}}""");
        Assert.True(judged.GetProperty("valid").GetBoolean());
        await room.PublishAsync("/standards/schemas/common", """{"$id":"https://city.example/common.json","$defs":{"id":{"pattern":"^[0-9]"}}}""");
        Assert.True((await room.SendAsync("POST", "/standards/schemas/lamp/validate", """{"id":"1","lux":3}""")).Body.GetProperty("valid").GetBoolean());
        Assert.Equal("schema-unknown", Code(await room.SendAsync("POST", "/standards/schemas/none/validate", "{}")));
        Assert.Equal("standards-bad-request", Code(await room.SendAsync("POST", "/standards/schemas/lamp/validate", "{")));
    }

    [Fact]
    public async Task Units_are_converted_and_grains_compared()
    {
        await using var room = new StandardsUnderTest();
        var (_, converted) = await room.SendAsync("GET", "/standards/units/convert?value=21.5&from=unece:CEL&to=%5BdegF%5D");
        Assert.Equal(70.7, converted.GetProperty("value").GetDouble(), 10);
        Assert.Equal("FAH", converted.GetProperty("unitCode").GetString());
        Assert.Equal("units-differ", Code(await room.SendAsync("GET", "/standards/units/convert?value=1&from=m&to=s")));
        Assert.Equal("standards-bad-request", Code(await room.SendAsync("GET", "/standards/units/convert?value=x&from=m&to=s")));
        Assert.Equal("grain-mismatch", Code(await room.SendAsync("GET", "/standards/grains/compare?left=day/town/individual&right=month/town/individual")));
        Assert.Equal("day/town/all", (await room.SendAsync("GET", "/standards/grains/compare?left=day/town/all&right=day/town/all")).Body.GetProperty("grain").GetString());
        Assert.True((await room.SendAsync("GET", "/standards/units")).Body.GetProperty("units").GetArrayLength() >= 100);
    }

    [Fact]
    public async Task What_a_draft_stands_on_is_looked_at_once_more_when_it_is_published()
    {
        await using var room = new StandardsUnderTest();
        await room.PublishAsync("/standards/elements/birth", Element);
        var taking = Element.Replace("{\"name\"", "{\"supersedes\":\"birth\",\"name\"", StringComparison.Ordinal);
        var (_, late) = await room.SendAsync("PUT", "/standards/elements/born-late", taking);
        await room.PublishAsync("/standards/elements/born", taking);
        Assert.Equal("element-malformed", Code(await room.SendAsync("POST", "/standards/elements/born-late/publish", StandardsUnderTest.AsRead(late), "wang")));
        Assert.Null(room.Room.Element("born-late"));
    }

    private static string? Code((HttpStatusCode Status, System.Text.Json.JsonElement Body) answer) => answer.Body.TryGetProperty("code", out var code) ? code.GetString() : $"{answer.Status}";
}
