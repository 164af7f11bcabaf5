using System.Net;
using CityHub.Standards.Vocabulary;

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
        Assert.Equal(HttpStatusCode.Created, (await room.SendAsync("POST", "/standards/elements?id=birth", Element)).Status);
        Assert.Equal("element-state", Code(await room.SendAsync("POST", "/standards/elements?id=birth", Element)));
        Assert.Null(room.Room.Element("birth"));
        Assert.Equal("standards-four-eyes", Code(await room.SendAsync("POST", "/standards/elements/birth/publish")));
        Assert.Equal("published", (await room.SendAsync("POST", "/standards/elements/birth/publish", by: "wang")).Body.GetProperty("state").GetString());
        Assert.Equal("element-state", Code(await room.SendAsync("POST", "/standards/elements/birth/publish", by: "wang")));

        var (_, second) = await room.SendAsync("PUT", "/standards/elements/birth", Element.Replace("the day", "the very day", StringComparison.Ordinal), "wang");
        Assert.Equal(2, second.GetProperty("version").GetInt32());
        Assert.Equal(1, room.Room.Element("birth")?.Version);
        Assert.Equal("standards-four-eyes", Code(await room.SendAsync("POST", "/standards/elements/birth/publish", by: "wang")));
        await room.SendAsync("POST", "/standards/elements/birth/publish", by: "li");
        await room.SendAsync("POST", "/standards/elements?id=born", Element);
        Assert.Equal("element-state", Code(await room.SendAsync("POST", "/standards/elements/birth/supersede?by=born")));
        await room.SendAsync("POST", "/standards/elements/born/publish", by: "wang");
        Assert.Equal("born", (await room.SendAsync("POST", "/standards/elements/birth/supersede?by=born")).Body.GetProperty("supersededBy").GetString());

        await room.ReopenAsync();
        Assert.Null(room.Room.Element("birth"));
        Assert.Equal(1, room.Room.Element("born")?.Version);
        var (_, all) = await room.SendAsync("GET", "/standards/elements/birth");
        Assert.Equal(["superseded birth/2", "superseded born"], all.GetProperty("versions").EnumerateArray().Select(v => $"{v.GetProperty("state")} {v.GetProperty("supersededBy")}"));
        Assert.Equal(2, (await room.SendAsync("GET", "/standards/elements")).Body.GetProperty("elements").GetArrayLength());
        Assert.Equal(HttpStatusCode.NotFound, (await room.SendAsync("GET", "/standards/elements/none")).Status);
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
        Assert.Equal(code, Code(await room.SendAsync("POST", "/standards/elements?id=e", Element.Replace(good, bad, StringComparison.Ordinal))));
        Assert.Empty(room.Facts);
    }

    [Fact]
    public async Task A_code_table_is_loaded_in_versions_with_levels_and_validity()
    {
        await using var room = new StandardsUnderTest();
        const string Csv = "code,zh,en,parent,validFrom,validTo\r\n50,枢州,Shuzhou,,,\r\n5001,\"滨江,区\",Riverside,50,2000-01-01,2020-12-31\r\n5002,山城区,Hill,50,,\r\n";
        var (status, head) = await room.SendAsync("PUT", "/standards/code-tables/areas?zh=%E5%8C%BA%E5%88%92&en=areas", Csv, type: "text/csv");
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal(3, head.GetProperty("codes").GetInt32());
        Assert.Equal(1, (await room.SendAsync("PUT", "/standards/code-tables/areas?zh=%E5%8C%BA%E5%88%92&en=areas", Csv, type: "text/csv")).Body.GetProperty("version").GetInt32());
        await room.SendAsync("PUT", "/standards/code-tables/areas", """{"title":{"zh":"区划","en":"areas"},"entries":[{"code":"50","zh":"枢州","en":"Shuzhou"},{"code":"5003","zh":"新区","en":"New","parent":"50"}]}""");

        await room.ReopenAsync();
        Assert.Equal(["CodeTableLoaded", "CodeTableLoaded"], room.Facts);
        var table = room.Room.CodeTables.Find("areas");
        Assert.Equal(2, table?.Version);
        Assert.True(table?.IsWithin("5003", "50"));
        var old = room.Room.Book.TablesOf("areas")[0];
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
        Assert.Equal(HttpStatusCode.Created, (await room.SendAsync("PUT", "/standards/calibres/低保人数", Calibre)).Status);
        Assert.Equal(HttpStatusCode.Created, (await room.SendAsync("PUT", "/standards/calibres/低保人数", Calibre)).Status);
        var other = Calibre.Replace("'on'", "'off'", StringComparison.Ordinal);
        Assert.Equal("calibre-differs", Code(await room.SendAsync("PUT", "/standards/calibres/低保人数", other)));
        Assert.Equal(2, (await room.SendAsync("PUT", "/standards/calibres/低保人数", other.Replace("{\"title\"", "{\"supersedes\":1,\"title\"", StringComparison.Ordinal))).Body.GetProperty("version").GetInt32());
        await room.ReopenAsync();
        Assert.Equal("count(where state = 'off')", room.Room.Calibre("低保人数")?.Declaration.Formula);
        Assert.Equal(2, (await room.SendAsync("GET", "/standards/calibres/低保人数")).Body.GetProperty("versions").GetArrayLength());
        Assert.Equal(["CalibreDefined", "CalibreDefined"], room.Facts);
    }

    [Fact]
    public async Task A_schema_is_loaded_after_those_it_refers_to_and_judges_documents()
    {
        await using var room = new StandardsUnderTest();
        const string Lamp = """{"$id":"https://city.example/lamp.json","properties":{"id":{"$ref":"common.json#/$defs/id"},"lux":{"type":"number"}},"required":["lux"]}""";
        Assert.Equal("schema-malformed", Code(await room.SendAsync("PUT", "/standards/schemas/lamp", Lamp)));
        await room.SendAsync("PUT", "/standards/schemas/common", """{"$id":"https://city.example/common.json","$defs":{"id":{"pattern":"^urn:"}}}""");
        Assert.Equal(HttpStatusCode.Created, (await room.SendAsync("PUT", "/standards/schemas/lamp", Lamp)).Status);
        await room.ReopenAsync();
        var (_, judged) = await room.SendAsync("POST", "/standards/schemas/lamp/validate", """{"id":"1","lux":"bright"}""");
        Assert.Equal(["/id pattern", "/lux type"], judged.GetProperty("faults").EnumerateArray().Select(f => $"{f.GetProperty("path")} {f.GetProperty("keyword")}"));
        (_, judged) = await room.SendAsync("POST", "/standards/schemas/lamp/validate?form=normalized", """{"id":"urn:1","type":"Lamp","lux":{"type":"Property","value":3}}""");
        Assert.True(judged.GetProperty("valid").GetBoolean());
        await room.SendAsync("PUT", "/standards/schemas/common", """{"$id":"https://city.example/common.json","$defs":{"id":{"pattern":"^[0-9]"}}}""");
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
    public void A_published_version_is_checked_once_more()
    {
        var declaration = new ElementDeclaration
        {
            Name = new("a", "a"), ObjectClass = new("a", "a"), Property = new("a", "a"), Definition = new("a", "a"), Authority = "a", Representation = new() { Type = "text", CodeTable = "gone" },
        };
        var draft = new DataElement("e", 1, ElementState.Draft, declaration, "li", default);
        Assert.Equal("code-table-unknown", PublishElement.Decide("e", [draft], new NoTables(), "wang", default).Problem?.Code);
    }

    private static string? Code((HttpStatusCode Status, System.Text.Json.JsonElement Body) answer) => answer.Body.TryGetProperty("code", out var code) ? code.GetString() : $"{answer.Status}";

    private sealed class NoTables : ICodeTables
    {
        public CodeTable? Find(string id) => null;
    }
}
