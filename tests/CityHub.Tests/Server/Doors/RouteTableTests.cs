using Microsoft.AspNetCore.Http;
using System.Net;
using CityHub.Core.Ports;
using CityHub.Server.Description;
using CityHub.Tests.Flows;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Tests.Server.Doors;

/// <summary>Walks the route table: what is mapped is guarded.</summary>
public sealed class RouteTableTests
{
    /// <summary>What anyone may see. Opening another address is a decision: it is made here.</summary>
    private static readonly string[] OpenToAll =
    [
        "GET /", "GET /api", "GET /assets/{name}", "GET /health/live", "GET /health/ready",
        "GET /ledger", "GET /ledger/checkpoint", "GET /ledger/checkpoint.witnessed", "GET /ledger/policy", "GET /ledger/sm3/checkpoint", "GET /ledger/sm3/tile/{level}/{name}", "GET /ledger/tile/{level}/{name}",
        "GET /mqtt", "GET /openapi/v1.json", "GET /problems", "GET /problems/{code}", "GET /sign-in", "GET /status", "GET /verify",
        "POST /sign-in", "POST /sign-out",
    ];

    private static readonly string[] AnyMethod = ["DELETE", "GET", "PATCH", "POST", "PUT"];

    [Fact]
    public async Task Every_route_asks_for_exactly_one_permission_that_exists()
    {
        await using var hub = await HubUnderTest.StartAsync();
        Assert.NotEmpty(hub.Routes);
        foreach (var route in hub.Routes)
        {
            var asked = route.Metadata.OfType<IAuthorizeData>().ToList();
            Assert.True(asked.Count == 1, $"{route.RoutePattern.RawText} carries {asked.Count} policies.");
            Assert.True(asked[0].Policy is { } policy && (policy is Permissions.Public or Permissions.Optional || Permissions.All.Contains(policy)), $"{route.RoutePattern.RawText} asks for {asked[0].Policy}, which is no permission.");
            Assert.Null(route.Metadata.GetMetadata<IAllowAnonymous>());
        }
    }

    [Fact]
    public async Task Only_the_listed_addresses_are_open_to_all()
    {
        await using var hub = await HubUnderTest.StartAsync();

        var open = Operations(hub).Where(o => o.Permission == Permissions.Public).Select(o => $"{o.Method} {OpenApi.PathOf(o.Route.RoutePattern)}").Order(StringComparer.Ordinal);

        Assert.Equal(OpenToAll, open);
    }

    [Fact]
    public async Task Where_a_token_is_optional_one_that_is_no_good_is_refused_all_the_same()
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var liar = hub.With("e30.e30.e30");
        var walked = 0;
        foreach (var (route, method, _) in Operations(hub).Where(o => o.Permission == Permissions.Optional))
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), Path(route));
            using var answer = await liar.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.True(answer.StatusCode == HttpStatusCode.Unauthorized, $"{method} {route.RoutePattern.RawText}: {answer.StatusCode}");
            walked++;
        }

        Assert.True(walked > 20);
    }

    [Fact]
    public async Task Every_route_refuses_who_has_no_token_and_who_has_every_other_permission()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var clients = new Dictionary<string, HttpClient>(StringComparer.Ordinal);
        foreach (var permission in Permissions.All)
            clients[permission] = await hub.ClientAsync([.. Permissions.All.Where(p => p != permission)]);
        var head = hub.Hub.Store.Log.Head;
        var walked = 0;
        foreach (var (route, method, permission) in Operations(hub).Where(o => o.Permission is not (Permissions.Public or Permissions.Optional)))
        {
            var path = Path(route);
            var unknown = await SendAsync(hub.Stranger, method, path);
            Assert.True(unknown.Status == HttpStatusCode.Unauthorized, $"{method} {path} said {(int)unknown.Status} to a stranger.");
            Assert.Equal("not-authenticated", unknown.Problem);
            Assert.StartsWith("Bearer", unknown.Headers["WWW-Authenticate"], StringComparison.Ordinal);

            var other = await SendAsync(clients[permission], method, path);
            Assert.True(other.Status == HttpStatusCode.Forbidden, $"{method} {path} said {(int)other.Status} to who may everything but {permission}.");
            Assert.Equal("not-permitted", other.Problem);
            Assert.Contains($"scope=\"{permission}\"", other.Headers["WWW-Authenticate"], StringComparison.Ordinal);
            walked++;
        }

        Assert.True(walked > 60, $"Only {walked} operations were walked.");
        Assert.Equal(head, hub.Hub.Store.Log.Head);
        foreach (var client in clients.Values)
            client.Dispose();
    }

    [Fact]
    public async Task A_browser_without_a_token_is_sent_from_the_desk_to_where_one_signs_in()
    {
        await using var hub = await HubUnderTest.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/desk");
        request.Headers.Accept.ParseAdd("text/html,application/xhtml+xml");
        using var answer = await hub.Stranger.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("/sign-in", answer.RequestMessage?.RequestUri?.AbsolutePath);
    }

    [Fact]
    public async Task A_route_that_asks_for_nothing_is_closed_to_all_even_when_the_hub_is_open()
    {
        await using var hub = await HubUnderTest.StartAsync(c => c with { Open = true });
        // What a forgotten RequireAuthorization would leave behind.
        var forgotten = new RouteEndpoint(_ => throw new InvalidOperationException("It was let in."), Microsoft.AspNetCore.Routing.Patterns.RoutePatternFactory.Parse("/forgotten"), 0, EndpointMetadataCollection.Empty, "forgotten");
        foreach (var header in new[] { null, $"Bearer {await hub.TokenAsync(Permissions.All)}" })
        {
            var http = new DefaultHttpContext();
            http.SetEndpoint(forgotten);
            if (header is not null)
                http.Request.Headers.Authorization = header;

            await hub.Hub.Door.Guard(_ => throw new InvalidOperationException("It was let in."))(http);

            Assert.Equal(header is null ? 401 : 403, http.Response.StatusCode);
        }
    }

    [Fact]
    public async Task A_token_opens_the_tenants_that_it_names_and_no_other()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var body = """{"id":"urn:ngsi-ld:T:1","type":"T"}""";
        Assert.Equal(HttpStatusCode.Created, (await hub.SendAsync(HttpMethod.Post, "/ngsi-ld/v1/entities", body, tenant: "water")).Status);
        using var water = hub.With(await hub.TokenAsync([Permissions.EntitiesRead], ["water"]));
        using var plain = hub.With(await hub.TokenAsync([Permissions.EntitiesRead]));

        Assert.Equal(HttpStatusCode.OK, (await SendAsync(water, "GET", "/ngsi-ld/v1/entities/urn:ngsi-ld:T:1", "water")).Status);
        Assert.Equal("tenant-not-permitted", (await SendAsync(water, "GET", "/ngsi-ld/v1/entities/urn:ngsi-ld:T:1")).Problem);
        Assert.Equal("tenant-not-permitted", (await SendAsync(plain, "GET", "/ngsi-ld/v1/entities/urn:ngsi-ld:T:1", "water")).Problem);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(plain, "GET", "/ngsi-ld/v1/entities/urn:ngsi-ld:T:1")).Status);
    }

    private static IEnumerable<(RouteEndpoint Route, string Method, string Permission)> Operations(HubUnderTest hub) =>
        from route in hub.Routes
        from method in route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods ? methods : AnyMethod
        select (route, method, route.Metadata.GetMetadata<IAuthorizeData>()?.Policy ?? "");

    /// <summary>The pattern with something in each of its places.</summary>
    private static string Path(RouteEndpoint route)
    {
        var path = OpenApi.PathOf(route.RoutePattern);
        foreach (var parameter in route.RoutePattern.Parameters)
            path = path.Replace($"{{{parameter.Name}}}", parameter.Name == "id" ? "urn:x:1" : parameter.ParameterPolicies.Count > 0 ? "1" : "x", StringComparison.Ordinal);
        return path;
    }

    private static async Task<Answer> SendAsync(HttpClient client, string method, string path, string? tenant = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method is "POST" or "PUT" or "PATCH")
            request.Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        if (tenant is not null)
            request.Headers.Add("NGSILD-Tenant", tenant);
        using var answer = await client.SendAsync(request);
        return await Answer.OfAsync(answer);
    }
}
