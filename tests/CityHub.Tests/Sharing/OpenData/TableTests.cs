using CityHub.Sharing.Access;

namespace CityHub.Tests.Sharing.OpenData;

/// <summary>Questions to tables over HTTP.</summary>
public sealed class TableTests
{
    [Fact]
    public async Task Rows_come_by_fields_condition_order_and_page()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var page = await doors.GetAsync("/data/air?fields=id,pm25&where=" + Uri.EscapeDataString("level >= 2 and valid = false") + "&sort=-pm25&limit=2&count=true");

        Assert.Equal(["a8", "a7"], page.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("id").GetString()));
        Assert.Equal(5, page.GetProperty("total").GetInt64());
        Assert.Equal(["id", "pm25"], page.GetProperty("rows")[0].EnumerateObject().Select(one => one.Name));
    }

    [Fact]
    public async Task Only_the_fields_that_a_question_touches_are_asked_for()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        await doors.GetAsync("/data/air?fields=id&where=" + Uri.EscapeDataString("level = 1") + "&sort=day");

        var (ask, _) = Assert.Single(doors.Releases.Asked);
        Assert.Equal(["day", "id", "level"], ask.Fields?.Order());
        Assert.Equal(Rights.Obtain, ask.Right);
    }

    [Fact]
    public async Task Following_next_gives_every_row_once()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        var ids = new List<long>();
        var at = "/data/parks?limit=10&sort=id";
        while (at is not null)
        {
            var page = await doors.GetAsync(at);
            ids.AddRange(page.GetProperty("rows").EnumerateArray().Select(row => row.GetProperty("id").GetInt64()));
            at = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(i => (long)i), ids);
    }

    [Fact]
    public async Task A_cursor_of_another_question_is_refused()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        var next = (await doors.GetAsync("/data/parks?limit=10")).GetProperty("next").GetString() ?? "";

        Assert.Equal("cursor-stale", (await doors.GetAsync(next + "&sort=-id", 400)).GetProperty("code").GetString());
        Assert.Equal("cursor-stale", (await doors.GetAsync("/data/parks?after=zzz", 400)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task Csv_and_lines_stream_the_whole_table_and_tell_every_byte_to_the_release()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var csv = await doors.TextAsync("/data/air", "text/csv");
        var lines = await doors.TextAsync("/data/air?format=ndjson");

        Assert.StartsWith("id,station,pm25,level,valid,day,at\r\na0,\"东,站\",0,0,true,2026-01-01,2026-11-02T01:00:00Z\r\na1,\"West \"\"station\"\"\",1.5", csv, StringComparison.Ordinal);
        Assert.Equal(10, lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal([System.Text.Encoding.UTF8.GetByteCount(csv), System.Text.Encoding.UTF8.GetByteCount(lines)], doors.Releases.Given.Select(stream => stream.Sent));
        Assert.All(doors.Releases.Given, stream => Assert.True(stream.Completed && stream.Closed && stream.Largest <= 64 << 10));
    }

    [Fact]
    public async Task Sql_is_answered_and_groups_ask_for_the_right_to_use()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        var groups = await doors.PostAsync("/data/query", """{"sql":"select station, count(*) as n, max(pm25) from \"air\" group by station order by n"}""");
        var distinct = await doors.PostAsync("/data/query", """{"sql":"select distinct station from air where level < 5"}""");

        Assert.Equal(5, groups.GetProperty("rows")[0].GetProperty("n").GetInt64());
        Assert.Equal(Rights.Use, doors.Releases.Asked[0].Ask.Right);
        Assert.Equal(["station", "pm25"], doors.Releases.Asked[0].Ask.Fields);
        Assert.Equal(2, distinct.GetProperty("rows").GetArrayLength());
        Assert.Equal(["station"], distinct.GetProperty("rows")[0].EnumerateObject().Select(one => one.Name));
    }

    [Fact]
    public async Task A_grant_that_ends_before_the_first_byte_is_a_refusal_and_later_cuts_the_connection()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        doors.Releases.EndsAfter = 0;
        Assert.Equal("access-refused", (await doors.GetAsync("/data/air?format=csv", 403)).GetProperty("code").GetString());

        doors.Releases.Fill("air", [.. Enumerable.Range(0, 3000).Select(i => new object?[] { $"a{i}", new string('x', 100), 1.0, 1L, true, null, null })]);
        doors.Releases.EndsAfter = 2;
        await Assert.ThrowsAnyAsync<Exception>(() => doors.TextAsync("/data/air?format=csv"));
        Assert.False(doors.Releases.Given[^1].Completed);
        await CityHub.Tests.Context.Subscriptions.Eventually.Is(() => doors.Releases.Given[^1].Closed); // the client sees the cut before the door has closed behind it
    }

    [Theory]
    [InlineData("/data/register", 404, "dataset-unknown")]
    [InlineData("/data/nothing", 404, "dataset-unknown")]
    [InlineData("/data/ungranted", 403, "access-refused")]
    [InlineData("/data/air?fields=secret", 400, "field-unknown")]
    [InlineData("/data/air?where=secret%3D1", 400, "field-unknown")]
    [InlineData("/data/air?where=level%3D'x'", 400, "sharing-bad-request")]
    [InlineData("/data/air?where=level", 400, "sql-not-supported")]
    [InlineData("/data/air?colour=red", 400, "sharing-bad-request")]
    [InlineData("/data/air?limit=1001", 400, "sharing-bad-request")]
    [InlineData("/data/air?format=xml", 400, "sharing-bad-request")]
    public async Task Refusals_name_what_is_wrong(string path, int status, string code)
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        Assert.Equal(code, (await doors.GetAsync(path, status)).GetProperty("code").GetString());
        Assert.Empty(doors.Releases.Given);
    }

    [Fact]
    public async Task A_field_outside_the_grant_is_unknown_to_filters_and_orders_too()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        foreach (var question in new[] { "fields=name", "where=name%3D'x'", "sort=name" })
            Assert.Equal("field-unknown", (await doors.GetAsync("/data/register?" + question, 400, "civil")).GetProperty("code").GetString());
        var rows = (await doors.GetAsync("/data/register", 200, "civil")).GetProperty("rows");
        Assert.Equal(["pid", "street"], rows[0].EnumerateObject().Select(one => one.Name));
    }
}
