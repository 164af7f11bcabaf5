using Microsoft.AspNetCore.Http;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CityHub.Server;
using CityHub.Server.Configuration;
using CityHub.Server.Http;
using CityHub.Tests.Flows;
using Microsoft.Extensions.Logging.Abstractions;

namespace CityHub.Tests.Server.Http;

/// <summary>Starting, running, stopping.</summary>
public sealed class LifeTests
{
    [Fact]
    public async Task It_is_alive_ready_and_counted()
    {
        await using var hub = await HubUnderTest.StartAsync();

        Assert.Equal("""{"status":"live"}""", await hub.Stranger.GetStringAsync(new Uri("/health/live", UriKind.Relative), TestContext.Current.CancellationToken));
        Assert.Equal("""{"status":"ready"}""", await hub.Stranger.GetStringAsync(new Uri("/health/ready", UriKind.Relative), TestContext.Current.CancellationToken));
        await hub.PostAsync("/ngsi-ld/v1/entities", """{"id":"urn:x:1","type":"T"}""");
        var metrics = await hub.GetAsync("/metrics");
        Assert.Equal("text/plain", metrics.ContentType);
        var lines = metrics.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, l => l.StartsWith("http_server_request_duration_seconds_count{", StringComparison.Ordinal) && l.Contains("/ngsi-ld/v1/entities", StringComparison.Ordinal) && l.EndsWith(" 1", StringComparison.Ordinal));
        // Every sample belongs to a declared family, and is a number (Prometheus text format 0.0.4).
        var families = lines.Where(l => l.StartsWith("# TYPE ", StringComparison.Ordinal)).Select(l => l.Split(' ')[2]).ToList();
        Assert.Equal(families.Count, families.Distinct().Count());
        foreach (var line in lines.Where(l => l[0] != '#'))
        {
            var name = line.Split('{', ' ')[0];
            Assert.Contains(families, f => name == f || name == f + "_bucket" || name == f + "_sum" || name == f + "_count");
            Assert.True(double.TryParse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture, out _), line);
        }
    }

    [Fact]
    public async Task While_it_starts_it_is_alive_and_says_what_it_is_doing()
    {
        await using var front = new Front(new LimitsConfig(), false, NullLogger<Front>.Instance, TimeProvider.System);
        front.Say("The hub is reading its log.");

        var (live, _, _) = await AskAsync(front, "/health/live");
        var (ready, retry, body) = await AskAsync(front, "/health/ready");
        var (entities, _, _) = await AskAsync(front, "/ngsi-ld/v1/entities");

        Assert.Equal((200, 503, 503), (live, ready, entities));
        Assert.Equal("1", retry);
        Assert.Contains("reading its log", body, StringComparison.Ordinal);
        Assert.Contains("\"not-ready\"", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_under_way_is_finished_and_kept_when_the_hub_stops()
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var connection = await hub.ConnectAsync();
        await using var stream = connection.GetStream();
        const string body = """{"id":"urn:x:last","type":"T","a":{"type":"Property","value":1}}""";
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"POST /ngsi-ld/v1/entities HTTP/1.1\r\nHost: x\r\nAuthorization: {hub.Http.DefaultRequestHeaders.Authorization}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body[..10]}"), TestContext.Current.CancellationToken);
        // It is under way when the hub counts it.
        await CityHub.Tests.Context.Subscriptions.Eventually.Is(() => hub.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative)).GetAwaiter().GetResult().Split('\n').Any(l => l.StartsWith("http_server_active_requests{", StringComparison.Ordinal) && l.Contains("POST", StringComparison.Ordinal) && l.EndsWith(" 1", StringComparison.Ordinal)));

        var stopping = hub.Hub.StopAsync();
        Assert.False(stopping.IsCompleted);
        try
        {
            Assert.Equal("not-ready", (await hub.GetAsync("/ngsi-ld/v1/types")).Problem);
        }
        catch (HttpRequestException)
        {
            // Nobody listens any more: as good.
        }

        await stream.WriteAsync(Encoding.UTF8.GetBytes(body[10..]), TestContext.Current.CancellationToken);
        Assert.StartsWith("HTTP/1.1 201", await LimitsTests.ReadAsync(stream), StringComparison.Ordinal);
        await stopping;

        await hub.RestartAsync();
        Assert.Equal(HttpStatusCode.OK, (await hub.GetAsync("/ngsi-ld/v1/entities/urn:x:last")).Status);
    }

    [Fact]
    public async Task A_client_that_hangs_does_not_hold_the_hub_longer_than_its_drain()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Http = c.Http with { Drain = TimeSpan.FromMilliseconds(300) } });
        using var connection = await hub.ConnectAsync();
        await using var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"POST /ngsi-ld/v1/entities HTTP/1.1\r\nHost: x\r\nAuthorization: {hub.Http.DefaultRequestHeaders.Authorization}\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n"), TestContext.Current.CancellationToken);

        await hub.Hub.StopAsync().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        await hub.RestartAsync();
        Assert.Equal(HttpStatusCode.OK, (await hub.GetAsync("/ngsi-ld/v1/types")).Status);
    }

    [Fact]
    public async Task A_second_hub_on_the_same_folder_or_port_is_refused_and_disturbs_nothing()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var folder = await Hub.StartAsync(hub.Hub.Config, new HubSurroundings { Time = hub.Clock, Log = hub.Log }, TestContext.Current.CancellationToken);
        Assert.Equal("storage-locked", folder.Problem?.Code);
        using var elsewhere = new Storage.Embedded.TestFolder();
        var taken = new Listener(hub.Address.ToString(), "127.0.0.1", hub.Address.Port, Tls: false);
        var port = await Hub.StartAsync(new HubConfig { Data = elsewhere.File("data"), Http = new HttpConfig { Listeners = [taken] } }, new HubSurroundings { Time = hub.Clock, Log = hub.Log }, TestContext.Current.CancellationToken);
        Assert.Equal("address-unavailable", port.Problem?.Code);

        Assert.Equal(HttpStatusCode.OK, (await hub.GetAsync("/ngsi-ld/v1/types")).Status);
    }

    [Fact]
    public async Task An_open_hub_says_so_and_asks_nobody()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Open = true });

        Assert.Contains(hub.Log.All, l => l.StartsWith("Warning", StringComparison.Ordinal) && l.Contains("no authentication", StringComparison.Ordinal));
        using var answer = await hub.Stranger.GetAsync(new Uri("/ngsi-ld/v1/types", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("\"open\":true", await hub.Stranger.GetStringAsync(new Uri("/status", UriKind.Relative), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_tells_how_many_and_never_which()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await hub.PostAsync("/ngsi-ld/v1/entities", """{"id":"urn:x:secret-place","type":"SecretKind"}""");

        var status = await hub.Stranger.GetStringAsync(new Uri("/status", UriKind.Relative), TestContext.Current.CancellationToken);
        var page = await hub.Stranger.GetStringAsync(new Uri("/", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Contains("\"entities\":1", status, StringComparison.Ordinal);
        Assert.DoesNotContain("ecret", status + page, StringComparison.Ordinal);
    }

    private static async Task<(int Status, string? Retry, string Body)> AskAsync(Front front, string path)
    {
        var http = new DefaultHttpContext();
        http.Request.Path = path;
        using var body = new MemoryStream();
        http.Response.Body = body;
        await front.HandleAsync(http);
        return (http.Response.StatusCode, http.Response.Headers.RetryAfter, Encoding.UTF8.GetString(body.ToArray()));
    }
}
