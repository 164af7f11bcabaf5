using System.Net;

namespace CityHub.Tests.Sensing.Devices;

public sealed class DeviceRoutesTests
{
    [Fact]
    public async Task A_device_is_registered_shown_changed_and_retired()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        Assert.Equal(HttpStatusCode.Created, (await routes.SendAsync(HttpMethod.Put, "/mappings/plain", SensingUnderTest.Plain)).Status);
        var (status, body) = await routes.SendAsync(HttpMethod.Post, "/devices", """{"id":"air-1","kind":"air-station","mapping":"plain","period":"PT1M","location":{"longitude":106.5,"latitude":29.5},"cell":"C-17"}""");
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.Equal("never-seen", body.GetProperty("state").GetString());
        Assert.True(body.GetProperty("secret").GetString()?.Length > 40);
        Assert.Equal(HttpStatusCode.NoContent, (await routes.SendAsync(HttpMethod.Post, "/devices/air-1/readings", """{"v":4}""")).Status);
        sensing.Clock.Advance(TimeSpan.FromSeconds(12.5));
        (status, body) = await routes.SendAsync(HttpMethod.Get, "/devices/air-1");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("live", body.GetProperty("state").GetString());
        Assert.Equal(12.5, body.GetProperty("ageSeconds").GetDouble());
        Assert.False(body.TryGetProperty("secret", out _));
        (status, body) = await routes.SendAsync(HttpMethod.Patch, "/devices/air-1", """{"period":"PT5S","cell":null,"topics":{"publish":["a/{device}/#"]}}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("late", body.GetProperty("state").GetString());
        Assert.False(body.GetProperty("device").TryGetProperty("cell", out _));
        Assert.Equal("devices/{device}/readings", body.GetProperty("device").GetProperty("topics").GetProperty("readings")[0].GetString());
        Assert.Equal(HttpStatusCode.NoContent, (await routes.SendAsync(HttpMethod.Delete, "/devices/air-1")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await routes.SendAsync(HttpMethod.Get, "/devices/air-1")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await routes.SendAsync(HttpMethod.Delete, "/devices/air-1")).Status);
        Assert.Equal(["DeviceRegistered", "DeviceChanged", "DeviceRetired"], sensing.Facts("devices"));
    }

    [Fact]
    public async Task The_secret_is_nowhere_in_the_log()
    {
        await using var sensing = new SensingUnderTest();
        var (state, secret) = await sensing.RegisterAsync("a");
        Assert.NotNull(secret);
        Assert.True(state.Credential?.Fits(System.Text.Encoding.UTF8.GetBytes(secret)));
        Assert.False(state.Credential?.Fits("another"u8));
        Assert.DoesNotContain(secret, sensing.Fact("devices", 0).GetRawText(), StringComparison.Ordinal);
        await sensing.ReopenAsync();
        Assert.True(sensing.Room.Of("").Devices.Find("a")?.Credential?.Fits(System.Text.Encoding.UTF8.GetBytes(secret)));
    }

    [Fact]
    public async Task A_new_secret_ends_the_old_one_also_after_a_restart()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        var (_, old) = await sensing.RegisterAsync("a");
        var fresh = (await routes.SendAsync(HttpMethod.Post, "/devices/a/credential")).Body.GetProperty("secret").GetString() ?? "";
        await sensing.ReopenAsync();
        var credential = sensing.Room.Of("").Devices.Find("a")?.Credential;
        Assert.True(credential?.Fits(System.Text.Encoding.UTF8.GetBytes(fresh)));
        Assert.False(credential?.Fits(System.Text.Encoding.UTF8.GetBytes(old ?? "")));
    }

    [Fact]
    public async Task A_device_that_logs_in_with_tokens_has_no_secret_to_change()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        var (status, body) = await routes.SendAsync(HttpMethod.Post, "/devices", """{"id":"a","kind":"k","auth":"token"}""");
        Assert.Equal(HttpStatusCode.Created, status);
        Assert.False(body.TryGetProperty("secret", out _));
        (status, body) = await routes.SendAsync(HttpMethod.Post, "/devices/a/credential");
        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal("device-uses-tokens", body.GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("""{"id":"a b","kind":"k"}""", "id is")]
    [InlineData("""{"id":"a@b","kind":"k"}""", "id is")]
    [InlineData("""{"id":"a"}""", "kind")]
    [InlineData("""{"id":"a","kind":""}""", "kind")]
    [InlineData("""{"id":"a","kind":"k","period":"1m"}""", "period")]
    [InlineData("""{"id":"a","kind":"k","period":"PT0S"}""", "period")]
    [InlineData("""{"id":"a","kind":"k","colour":"red"}""", "colour")]
    [InlineData("""{"id":"a","kind":"k","topics":{"publish":["a/#/b"]}}""", "topics.publish[0]")]
    [InlineData("""{"id":"a","kind":"k","topics":{"publish":["a+"]}}""", "whole level")]
    [InlineData("""{"id":"a","kind":"k","topics":{"subscribe":["$SYS/#"]}}""", "belong to the broker")]
    [InlineData("""{"id":"a","kind":"k","topics":{"subscribe":["{tenant}/x"]}}""", "{device}")]
    [InlineData("""{"id":"a","kind":"k","entity":"nope"}""", "no URI")]
    [InlineData("""{"id":"a","kind":"k","entity":"urn:x:{$.id}"}""", "only {device}")]
    [InlineData("""{"id":"a","kind":"k","location":{"longitude":500,"latitude":1}}""", "location")]
    [InlineData("""{"id":"a","kind":"k","auth":"none"}""", "auth")]
    [InlineData("""{"id":"a","kind":"k","mapping":"nowhere"}""", "nowhere")]
    [InlineData("nonsense", "JSON")]
    public async Task A_description_that_is_wrong_is_refused_with_the_member_that_is(string description, string because)
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        var (status, body) = await routes.SendAsync(HttpMethod.Post, "/devices", description);
        Assert.True(status is HttpStatusCode.BadRequest or HttpStatusCode.NotFound);
        Assert.Contains(because, body.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("/problems/", body.GetProperty("type").GetString(), StringComparison.Ordinal);
        Assert.Empty(sensing.Facts("devices"));
    }

    [Fact]
    public async Task Registering_twice_is_refused_and_changes_nothing()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => routes.SendAsync(HttpMethod.Post, "/devices", """{"id":"a","kind":"k"}""")));
        Assert.Single(answers, a => a.Status == HttpStatusCode.Created);
        Assert.Equal(7, answers.Count(a => a.Status == HttpStatusCode.Conflict && a.Body.GetProperty("code").GetString() == "device-exists"));
        Assert.Equal(["DeviceRegistered"], sensing.Facts("devices"));
    }

    [Fact]
    public async Task The_list_comes_a_page_at_a_time_and_filtered()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        await sensing.MapAsync();
        for (var i = 0; i < 25; i++)
            await sensing.RegisterAsync($"d{i:00}", $""" "mapping":"plain","cell":"{(i % 2 == 0 ? "east" : "west 1")}" """);
        await sensing.SendAsync("d03", """{"v":1}""");
        var (seen, url) = (new List<string?>(), (string?)"/devices?limit=10");
        while (url is not null)
        {
            var (_, page) = await routes.SendAsync(HttpMethod.Get, url);
            seen.AddRange(page.GetProperty("devices").EnumerateArray().Select(d => d.GetProperty("device").GetProperty("id").GetString()));
            url = page.TryGetProperty("next", out var next) ? next.GetString() : null;
        }

        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"d{i:00}"), seen);
        Assert.Equal(1, (await routes.SendAsync(HttpMethod.Get, "/devices?state=live")).Body.GetProperty("devices").GetArrayLength());
        var west = (await routes.SendAsync(HttpMethod.Get, "/devices?cell=west%201&limit=5")).Body;
        Assert.Equal(5, west.GetProperty("devices").GetArrayLength());
        Assert.Equal(7, (await routes.SendAsync(HttpMethod.Get, west.GetProperty("next").GetString()?.Replace("limit=5", "limit=50", StringComparison.Ordinal) ?? "")).Body.GetProperty("devices").GetArrayLength());
        foreach (var wrong in new[] { "limit=0", "limit=1001", "limit=x", "state=happy", "colour=red" })
            Assert.Equal(HttpStatusCode.BadRequest, (await routes.SendAsync(HttpMethod.Get, "/devices?" + wrong)).Status);
    }

    [Fact]
    public async Task Tenants_do_not_see_each_others_devices()
    {
        await using var sensing = new SensingUnderTest();
        await using var routes = await sensing.ServeAsync();
        await routes.SendAsync(HttpMethod.Put, "/mappings/plain", SensingUnderTest.Plain, "north");
        Assert.Equal(HttpStatusCode.Created, (await routes.SendAsync(HttpMethod.Post, "/devices", """{"id":"a","kind":"k","mapping":"plain"}""", "north")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await routes.SendAsync(HttpMethod.Get, "/devices/a")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await routes.SendAsync(HttpMethod.Get, "/devices/a", tenant: "south")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await routes.SendAsync(HttpMethod.Post, "/devices/a/readings", """{"v":1}""", "north")).Status);
        Assert.Single(sensing.Observations.Of("north"));
        Assert.Equal(["DeviceRegistered"], sensing.Facts("devices@north"));
        Assert.Equal(HttpStatusCode.BadRequest, (await routes.SendAsync(HttpMethod.Get, "/devices", tenant: "a@b")).Status);
        // The tenant is read when it is first asked for.
        await sensing.ReopenAsync();
        await using var again = await sensing.ServeAsync();
        Assert.Equal(HttpStatusCode.OK, (await again.SendAsync(HttpMethod.Get, "/devices/a", tenant: "north")).Status);
    }

    [Fact]
    public async Task A_device_tells_where_it_stands_with_its_first_reading_only()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        await sensing.RegisterAsync("a", """ "mapping":"plain","cell":"东一","location":{"longitude":106.5,"latitude":29.5} """);
        await sensing.SendAsync("a", """{"v":1}""");
        await sensing.SendAsync("a", """{"v":2}""");
        Assert.Equal([true, false], sensing.Observations.All.Select(o => o.Location is not null));
        Assert.Equal("\"东一\"", System.Text.Encoding.UTF8.GetString(sensing.Observations.All[0].Values[1].Value.Span));
        Assert.Single(sensing.Observations.All[1].Values);
    }

    [Fact]
    public async Task A_device_keeps_its_own_entity()
    {
        await using var sensing = new SensingUnderTest();
        await sensing.MapAsync();
        await sensing.RegisterAsync("a", """ "mapping":"plain","entity":"urn:ngsi-ld:Bridge:{device}:7" """);
        await sensing.SendAsync("a", """{"v":1}""");
        Assert.Equal("urn:ngsi-ld:Bridge:a:7", Assert.Single(sensing.Observations.All).Entity);
    }
}
