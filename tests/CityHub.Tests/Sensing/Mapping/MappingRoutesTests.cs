using System.Net;

namespace CityHub.Tests.Sensing.Mapping;

public sealed class MappingRoutesTests
{
    [Fact]
    public async Task A_mapping_is_declared_in_versions_and_the_newest_reads()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        Assert.Equal(HttpStatusCode.Created, (await routes.SendAsync(HttpMethod.Put, "/mappings/m", SensingUnderTest.Plain)).Status);
        Assert.Equal(1, (await routes.SendAsync(HttpMethod.Put, "/mappings/m", SensingUnderTest.Plain)).Body.GetProperty("version").GetInt32());
        var (status, body) = await routes.SendAsync(HttpMethod.Put, "/mappings/m", SensingUnderTest.Plain.Replace("\"v\"", "\"w\"", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(2, body.GetProperty("version").GetInt32());
        await sensing.RegisterAsync("a", """ "mapping":"m" """);
        await sensing.SendAsync("a", """{"v":1,"w":2}""");
        Assert.Equal(["w=2"], PayloadMappingTests.Values(Assert.Single(sensing.Observations.All)));
        Assert.Equal(["MappingDeclared", "MappingDeclared"], sensing.Facts("mappings"));
    }

    [Fact]
    public async Task A_restart_knows_the_mappings_without_any_context()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync("m", """{"type":"T","context":"http://example.org/not-there.jsonld","entity":"urn:x:{device}","time":{"from":"t","zone":"+08:00"},"attributes":[{"name":"v","as":"number"}]}""");
        await sensing.RegisterAsync("a", """ "mapping":"m" """);
        await sensing.ReopenAsync();
        Assert.Null(await sensing.SendAsync("a", """{"v":1,"t":"2026-03-01 08:00"}"""));
        Assert.Equal(PlainVocabulary.Default + "v", Assert.Single(sensing.Observations.All).Values[0].Attribute);
    }

    [Fact]
    public async Task A_mapping_that_a_device_uses_cannot_be_withdrawn()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        await sensing.MapAsync("m");
        await sensing.RegisterAsync("a", """ "mapping":"m" """);
        var (status, body) = await routes.SendAsync(HttpMethod.Delete, "/mappings/m");
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Contains("The device a", body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await routes.SendAsync(HttpMethod.Delete, "/devices/a");
        Assert.Equal(HttpStatusCode.NoContent, (await routes.SendAsync(HttpMethod.Delete, "/mappings/m")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await routes.SendAsync(HttpMethod.Get, "/mappings/m")).Status);
    }

    [Fact]
    public async Task A_trial_shows_what_would_come_and_records_nothing()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        await sensing.MapAsync("m");
        var (status, body) = await routes.SendAsync(HttpMethod.Post, "/mappings/m/test?device=a", """{"v":21.5}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("urn:x:a", body.GetProperty("observations")[0].GetProperty("entity").GetString());
        (status, body) = await routes.SendAsync(HttpMethod.Post, "/mappings/m/test", """{"v":21.5}""");
        Assert.Contains("named by it", body.GetProperty("refused").GetString(), StringComparison.Ordinal);
        (status, body) = await routes.SendAsync(HttpMethod.Post, "/mappings/test?device=a", $$"""{"mapping":{{SensingUnderTest.Plain}},"payload":"{\"v\":7}"}""");
        Assert.Equal(7, body.GetProperty("observations")[0].GetProperty("values")[0].GetProperty("value").GetInt32());
        Assert.Empty(sensing.Observations.All);
        Assert.Empty(sensing.Facts("dead-letters"));
    }

    [Fact]
    public async Task The_list_comes_a_page_at_a_time()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        foreach (var id in new[] { "c", "a", "b" })
            await sensing.MapAsync(id);
        var page = (await routes.SendAsync(HttpMethod.Get, "/mappings?limit=2")).Body;
        Assert.Equal(["a", "b"], page.GetProperty("mappings").EnumerateArray().Select(m => m.GetProperty("id").GetString()));
        page = (await routes.SendAsync(HttpMethod.Get, page.GetProperty("next").GetString() ?? "")).Body;
        Assert.Equal(["c"], page.GetProperty("mappings").EnumerateArray().Select(m => m.GetProperty("id").GetString()));
    }
}
