using System.Text.Json;
using CityHub.Sharing.OpenData.Ckan;
using CsCheck;

namespace CityHub.Tests.Sharing.OpenData;

/// <summary>The CKAN door: envelope, searches, the datastore, and its refusals in CKAN's shape.</summary>
public sealed class CkanTests
{
    private static readonly string[] Pieces = ["AND", "OR", "NOT", "(", ")", "[", "]", "TO", "\"", ":", "*", "name", "title", "air", "-", "+", "~", "\\", "{", "}", "空气", "*:*", "tags:"];

    [Theory]
    [InlineData("/api/action/")]
    [InlineData("/api/3/action/")]
    public async Task Both_prefixes_answer_in_the_envelope(string prefix)
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var list = await doors.GetAsync(prefix + "package_list");
        Assert.True(list.GetProperty("success").GetBoolean());
        Assert.Equal(["air", "parks", "ungranted"], Strings(list.GetProperty("result")));
        Assert.True((await doors.PostAsync(prefix + "site_read", "{}")).GetProperty("result").GetBoolean());
        Assert.Equal("307001/000001", (await doors.GetAsync(prefix + "package_show?id=air")).GetProperty("result").GetProperty("extras").EnumerateArray().Single(e => e.GetProperty("key").GetString() == "resource_code").GetProperty("value").GetString());
        Assert.Equal(3, (await doors.GetAsync("/api/3")).GetProperty("version").GetInt32());
    }

    [Theory]
    [InlineData("q=空气", "air")]
    [InlineData("q=title:parks", "parks")]
    [InlineData("fq=organization:eco", "air,parks,ungranted")]
    [InlineData("fq=groups:\"休闲\"", "parks")]
    [InlineData("fq=tags:(空气 OR 绿地)", "air,parks")]
    [InlineData("fq=name:pa*", "parks")]
    [InlineData("fq=-name:air", "parks,ungranted")]
    [InlineData("fq=NOT tags:空气 AND organization:eco", "parks,ungranted")]
    [InlineData("fq=metadata_modified:[2026-11-03T00:00:00Z TO *]", "air")]
    [InlineData("fq=metadata_modified:{2026-11-03T01:00:00Z TO *]", "")]
    [InlineData("fq=name:[a TO p]", "air")]
    [InlineData("q=*:*", "air,parks,ungranted")]
    [InlineData("q=nothing at all", "")]
    public async Task Searches_find_what_they_say(string query, string expected)
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        var (name, value) = (query[..query.IndexOf('=')], query[(query.IndexOf('=') + 1)..]);

        var result = (await doors.GetAsync($"/api/3/action/package_search?sort=name+asc&{name}={Uri.EscapeDataString(value)}")).GetProperty("result");

        var names = result.GetProperty("results").EnumerateArray().Select(one => one.GetProperty("name").GetString()).ToList();
        Assert.Equal(expected, string.Join(',', names));
        Assert.Equal(names.Count, result.GetProperty("count").GetInt32());
    }

    [Fact]
    public async Task The_next_page_is_of_the_same_question()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        const string Question = "filters=%7B%22station%22%3A%22%E4%B8%9C%2C%E7%AB%99%22%7D&fields=id,pm25&sort=pm25%20desc&records_format=lists&q=a";
        var asked = new List<string>();
        var first = (await doors.GetAsync($"/api/3/action/datastore_search?resource_id=air&{Question}&limit=2")).GetProperty("result");
        for (var page = first; page.GetProperty("records").GetArrayLength() > 0; page = (await doors.GetAsync(page.GetProperty("_links").GetProperty("next").GetString() ?? "")).GetProperty("result"))
        {
            Assert.Equal(5, page.GetProperty("total").GetInt32());
            asked.AddRange(page.GetProperty("records").EnumerateArray().Select(record => record[0].GetString() ?? ""));
        }

        Assert.Equal(["a8", "a6", "a4", "a2", "a0"], asked);
        var posted = (await doors.PostAsync("/api/action/datastore_search", """{"resource_id":"air","filters":{"station":"东,站"},"fields":["id","pm25"],"sort":"pm25 desc","records_format":"lists","limit":2}""")).GetProperty("result");
        var next = (await doors.GetAsync(posted.GetProperty("_links").GetProperty("next").GetString() ?? "")).GetProperty("result");
        Assert.Equal(["a4", "a2"], next.GetProperty("records").EnumerateArray().Select(record => record[0].GetString() ?? ""));
    }

    [Fact]
    public async Task Facets_count_all_that_was_found_and_totals_are_exact_beyond_the_page()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var result = (await doors.PostAsync("/api/action/package_search", """{"rows":1,"facet.field":["groups","organization"],"facet.limit":1}""")).GetProperty("result");

        Assert.Equal(3, result.GetProperty("count").GetInt32());
        Assert.Equal(1, result.GetProperty("results").GetArrayLength());
        Assert.Equal("""{"环境":2}""", result.GetProperty("facets").GetProperty("groups").GetRawText());
        Assert.Equal("生态环境局", result.GetProperty("search_facets").GetProperty("organization").GetProperty("items")[0].GetProperty("display_name").GetString());
    }

    [Fact]
    public async Task What_a_caller_may_not_discover_is_in_no_list_count_or_facet()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        foreach (var path in new[] { "package_list", "package_search?q=人口&facet.field=[\"tags\"]", "organization_list?all_fields=true", "tag_list", "group_list", "current_package_list_with_resources" })
        {
            var hidden = (await doors.GetAsync("/api/3/action/" + path)).GetProperty("result").GetRawText();
            Assert.DoesNotContain("register", hidden, StringComparison.Ordinal);
            Assert.DoesNotContain("police", hidden, StringComparison.Ordinal);
            Assert.DoesNotContain("人口", hidden, StringComparison.Ordinal);
        }

        var one = await doors.GetAsync("/api/3/action/package_show?id=register", 404);
        var none = await doors.GetAsync("/api/3/action/package_show?id=registes", 404);
        Assert.Equal(none.GetProperty("error").GetRawText().Replace("registes", "register", StringComparison.Ordinal), one.GetProperty("error").GetRawText());
        Assert.Contains("register", Strings((await doors.GetAsync("/api/3/action/package_list", 200, "civil")).GetProperty("result")));
        Assert.DoesNotContain("register", (await doors.GetAsync("/api/3/action/package_search?include_private=false", 200, "civil")).GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("package_show", 409, "Validation Error")]
    [InlineData("package_show?id=none", 404, "Not Found Error")]
    [InlineData("datastore_search?resource_id=ungranted", 403, "Authorization Error")]
    [InlineData("package_search?q=roam~", 409, "Validation Error")]
    [InlineData("package_search?fq=colour:red", 409, "Validation Error")]
    [InlineData("package_search?fq=name:a?r", 409, "Validation Error")]
    [InlineData("package_search?rows=x", 409, "Validation Error")]
    [InlineData("datastore_search?resource_id=air&filters={\"secret\":1}", 409, "Validation Error")]
    [InlineData("datastore_search_sql?sql=drop table air", 409, "Validation Error")]
    public async Task Refusals_have_the_shape_of_CKAN(string action, int status, string type)
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var answer = await doors.GetAsync("/api/3/action/" + action, status);

        Assert.False(answer.GetProperty("success").GetBoolean());
        Assert.Equal(type, answer.GetProperty("error").GetProperty("__type").GetString());
        Assert.NotEqual("", answer.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task Datastore_rows_come_filtered_sorted_and_with_the_exact_total()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var result = (await doors.PostAsync("/api/action/datastore_search", """{"resource_id":"air","filters":{"level":[1,2,3,4],"valid":false},"sort":"level desc","limit":2,"fields":["_id","level"]}""")).GetProperty("result");

        Assert.Equal("""[{"_id":1,"level":4},{"_id":2,"level":2}]""", result.GetProperty("records").GetRawText());
        Assert.Equal(3, result.GetProperty("total").GetInt64());
        Assert.Equal("""[{"id":"_id","type":"int"},{"id":"level","type":"int8"}]""", result.GetProperty("fields").GetRawText());
    }

    [Theory]
    [InlineData("lists", """[[1,"a0","东,站"],[2,"a2","东,站"]]""")]
    [InlineData("csv", "\"1,a0,\\\"东,站\\\"\\r\\n2,a2,\\\"东,站\\\"\\r\\n\"")]
    [InlineData("tsv", "\"1\\ta0\\t东,站\\r\\n2\\ta2\\t东,站\\r\\n\"")]
    public async Task Records_come_in_the_format_that_was_asked_for(string format, string expected)
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var result = (await doors.GetAsync($"/api/3/action/datastore_search?resource_id=air&q=东&limit=2&fields=_id,id,station&records_format={format}")).GetProperty("result");

        using var wanted = JsonDocument.Parse(expected);
        Assert.True(JsonElement.DeepEquals(wanted.RootElement, result.GetProperty("records")), result.GetProperty("records").GetRawText());
        Assert.Equal(5, result.GetProperty("total").GetInt64());
    }

    [Fact]
    public async Task Datastore_info_and_sql_and_dump_answer()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var info = (await doors.GetAsync("/api/3/action/datastore_info?id=air")).GetProperty("result");
        var sql = (await doors.GetAsync("/api/3/action/datastore_search_sql?sql=" + Uri.EscapeDataString("SELECT id, level FROM \"air\" WHERE level > 7 ORDER BY level DESC"))).GetProperty("result");
        var dump = System.Text.Encoding.UTF8.GetString(await doors.Client.GetByteArrayAsync("/datastore/dump/air?format=csv&bom=true", TestContext.Current.CancellationToken));
        var json = await doors.GetAsync("/datastore/dump/air?format=json");

        Assert.Equal(10, info.GetProperty("meta").GetProperty("count").GetInt64());
        Assert.Equal("细颗粒物", info.GetProperty("fields")[2].GetProperty("info").GetProperty("label").GetString());
        Assert.Equal("""[{"id":"a9","level":9},{"id":"a8","level":8}]""", sql.GetProperty("records").GetRawText());
        Assert.StartsWith("\uFEFF_id,id,station,", dump, StringComparison.Ordinal);
        Assert.Equal(10, json.GetProperty("records").GetArrayLength());
        Assert.Equal("register", (await doors.GetAsync("/api/3/action/datastore_search?resource_id=register&limit=0", 200, "civil")).GetProperty("result").GetProperty("resource_id").GetString());
    }

    [Fact]
    public async Task The_page_of_a_dataset_is_for_people_and_escapes_what_it_shows()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        doors.Catalogue.Add(DoorsUnderTest.Dataset("evil", "<script>alert(1)</script>", "x", true));

        Assert.DoesNotContain("<script", await doors.TextAsync("/dataset/evil?lang=zh"), StringComparison.Ordinal);
        Assert.Contains("提供部门", await doors.TextAsync("/dataset/air?lang=zh"), StringComparison.Ordinal);
    }

    [Fact]
    public void No_text_makes_the_search_language_throw()
    {
        Gen.String.Sample(text => SearchParser.Read(text) is var read && (read.Ok || read.Problem.Kind.Status == 409), iter: 5000);
        Gen.Int[0, Pieces.Length - 1].Array[0, 40].Sample(picks => SearchParser.Read(string.Join(picks.Length % 2 == 0 ? " " : "", picks.Select(i => Pieces[i]))) is var read && (read.Ok || read.Problem.Kind.Status == 409), iter: 20000);
        Assert.False(SearchParser.Read(new string('(', 4000)).Ok);
        Assert.False(SearchParser.Read(string.Concat(Enumerable.Repeat("NOT ", 900)) + "a").Ok);
    }

    private static IEnumerable<string?> Strings(JsonElement list) => list.EnumerateArray().Select(one => one.GetString());
}
