using System.Net;
using System.Net.Sockets;
using System.Text;
using CityHub.Context.Query;
using CityHub.Server.Configuration;
using CityHub.Tests.Flows;

namespace CityHub.Tests.Server.Http;

/// <summary>Every limit answers with its problem, names the setting, and leaves nothing half-written.</summary>
public sealed class LimitsTests : IAsyncLifetime
{
    private const string Entities = "/ngsi-ld/v1/entities";
    private HubUnderTest? _hub;

    private HubUnderTest Hub => _hub ?? throw new InvalidOperationException("Not started.");

    public async ValueTask InitializeAsync() => _hub = await HubUnderTest.StartAsync(c => c with { Limits = new LimitsConfig { Body = 4096, Headers = 2048, Batch = 3, Request = TimeSpan.FromMilliseconds(700) } });

    public async ValueTask DisposeAsync() => await Hub.DisposeAsync();

    [Fact]
    public async Task A_body_that_is_too_large()
    {
        var head = Hub.Hub.Store.Log.Head;

        var refused = await Hub.PostAsync(Entities, Entity("urn:x:large", new string('x', 5000)));

        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "payload-too-large"), (refused.Status, refused.Problem));
        Assert.Equal("limits.body", refused.Json.GetProperty("rule").GetString());
        Assert.Equal(head, Hub.Hub.Store.Log.Head);
        var elsewhere = await Hub.PostAsync("/tokens", $$"""{"subject":"{{new string('x', 5000)}}","permissions":["operate"]}""");
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "request-too-large"), (elsewhere.Status, elsewhere.Problem));
        Assert.Equal("limits.body", elsewhere.Json.GetProperty("rule").GetString());
    }

    [Fact]
    public async Task A_body_without_a_length()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Entities) { Content = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes(Entity("urn:x:1", "x")))) };
        request.Headers.TransferEncodingChunked = true;
        request.Content.Headers.ContentType = new("application/json");
        using var sent = await Hub.Http.SendAsync(request, TestContext.Current.CancellationToken);

        // ETSI GS CIM 009, 6.3.4: just a 411, without a body.
        Assert.Equal(HttpStatusCode.LengthRequired, sent.StatusCode);
        Assert.Empty(await sent.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal(HttpStatusCode.NotFound, (await Hub.GetAsync(Entities + "/urn:x:1")).Status);
    }

    [Fact]
    public async Task A_value_that_nests_too_deep()
    {
        var deep = $$$"""{"id":"urn:x:deep","type":"T","a":{"type":"Property","value":{{{new string('[', 100)}}}{{{new string(']', 100)}}}} }""";

        var refused = await Hub.PostAsync(Entities, deep);

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Equal("invalid-request", refused.Problem);
        Assert.Contains("depth of 32", refused.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await Hub.GetAsync(Entities + "/urn:x:deep")).Status);
    }

    [Fact]
    public async Task A_batch_of_too_many_is_refused_as_a_whole()
    {
        var head = Hub.Hub.Store.Log.Head;
        var four = $"[{string.Join(',', Enumerable.Range(0, 4).Select(i => Entity($"urn:x:{i}", "x")))}]";

        var refused = await Hub.PostAsync("/ngsi-ld/v1/entityOperations/upsert", four);

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Equal("limits.batch", refused.Json.GetProperty("rule").GetString());
        Assert.Equal(head, Hub.Hub.Store.Log.Head);
        Assert.Equal(HttpStatusCode.NotFound, (await Hub.GetAsync(Entities + "/urn:x:0")).Status);
    }

    [Fact]
    public async Task A_query_that_costs_too_much()
    {
        var q = string.Join(';', Enumerable.Range(0, 300).Select(i => $"a{i}==1"));

        var refused = await Hub.PostAsync("/ngsi-ld/v1/entityOperations/query", $$"""{"type":"Query","entities":[{"type":"T"}],"q":"{{q}}"}""");
        Assert.Equal((HttpStatusCode.Forbidden, "too-complex-query"), (refused.Status, refused.Problem));
        var wide = await Hub.GetAsync($"{Entities}?type=T&limit=100000");
        Assert.Equal((HttpStatusCode.Forbidden, "too-many-results"), (wide.Status, wide.Problem));
    }

    [Fact]
    public async Task A_query_ends_when_its_time_is_up()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var many = $"[{string.Join(',', Enumerable.Range(0, 2000).Select(i => Entity($"urn:x:{i}", "x")))}]";
        Assert.Equal(HttpStatusCode.Created, (await hub.PostAsync("/ngsi-ld/v1/entityOperations/upsert", many)).Status);
        var table = hub.Hub.Broker.Table("") ?? throw new InvalidOperationException("No table.");

        Assert.Throws<OperationCanceledException>(() => new EntityQuery { Count = true }.Run(table, 0, new CancellationToken(canceled: true)));

        Assert.Equal(2000, new EntityQuery { Count = true }.Run(table, 0, CancellationToken.None).Total);
    }

    [Fact]
    public async Task Headers_that_are_too_large()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Entities + "?type=T");
        request.Headers.Add("X-Large", new string('x', 2100));
        using var sent = await Hub.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var refused = await Answer.OfAsync(sent);

        Assert.Equal(((HttpStatusCode)431, "headers-too-large"), (refused.Status, refused.Problem));
        Assert.Equal("limits.headers", refused.Json.GetProperty("rule").GetString());
    }

    [Fact]
    public async Task A_body_that_does_not_come_in_time()
    {
        using var connection = await Hub.ConnectAsync();
        await using var stream = connection.GetStream();
        var body = Entity("urn:x:slow", "x");
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"POST {Entities} HTTP/1.1\r\nHost: x\r\nAuthorization: {Hub.Http.DefaultRequestHeaders.Authorization}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body[..20]}"), TestContext.Current.CancellationToken);

        var answer = await ReadAsync(stream);

        Assert.Contains("503", answer, StringComparison.Ordinal);
        Assert.Contains("took-too-long", answer, StringComparison.Ordinal);
        Assert.Contains("limits.request", answer, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await Hub.GetAsync(Entities + "/urn:x:slow")).Status);
    }

    [Fact]
    public async Task More_requests_than_one_client_may_send()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Limits = new LimitsConfig { Rate = 2 } });
        var answers = new List<Answer>();
        for (var i = 0; i < 6; i++)
            answers.Add(await hub.GetAsync("/ngsi-ld/v1/types"));

        var refused = answers.First(a => a.Status == HttpStatusCode.TooManyRequests);
        Assert.Equal("too-many-requests", refused.Problem);
        Assert.True(int.Parse(refused.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture) >= 1);
        // Another client is not the one that asked too often.
        using var other = await hub.ClientAsync("entities:read");
        using var answer = await other.GetAsync(new Uri("/ngsi-ld/v1/types", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n", "404", "route-not-found")]
    [InlineData("PUT /status HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405", "method-not-allowed")]
    public async Task Addresses_and_methods_that_are_not_there(string request, string status, string problem)
    {
        using var connection = await Hub.ConnectAsync();
        await using var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);

        var answer = await ReadAsync(stream);

        Assert.StartsWith($"HTTP/1.1 {status}", answer, StringComparison.Ordinal);
        Assert.Contains($"\"code\":\"{problem}\"", answer, StringComparison.Ordinal);
    }

    /// <summary>The first answer on the connection, with its body.</summary>
    internal static async Task<string> ReadAsync(NetworkStream stream)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (true)
        {
            var got = await stream.ReadAsync(buffer, TestContext.Current.CancellationToken);
            if (got == 0)
                return text.ToString();
            text.Append(Encoding.UTF8.GetString(buffer, 0, got));
            var all = text.ToString();
            var end = all.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var length = all.Split("\r\n").FirstOrDefault(l => l.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase));
            if (end >= 0 && length is not null && Encoding.UTF8.GetByteCount(all[(end + 4)..]) >= int.Parse(length[16..], System.Globalization.CultureInfo.InvariantCulture))
                return all;
        }
    }

    private static string Entity(string id, string value) => $$$"""{"id":"{{{id}}}","type":"T","a":{"type":"Property","value":"{{{value}}}"}}""";
}
