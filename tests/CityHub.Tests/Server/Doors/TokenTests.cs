using System.Net;
using System.Security.Cryptography;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Server.Configuration;
using CityHub.Tests.Flows;

namespace CityHub.Tests.Server.Doors;

/// <summary>Tokens of an OpenID Connect provider and of the hub itself, at the door of the whole hub.</summary>
public sealed class TokenTests
{
    private const string Path = "/ngsi-ld/v1/types";

    [Fact]
    public async Task A_token_of_a_configured_issuer_opens_what_its_scope_says()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var hub = await WithIssuer(issuer.Url);

        Assert.Equal(200, await Status(hub, issuer.Token(hub.Clock.GetUtcNow(), "openid profile entities:read")));
        Assert.Equal(403, await Status(hub, issuer.Token(hub.Clock.GetUtcNow(), "openid profile entities:write")));
        Assert.Equal(403, await Status(hub, issuer.Token(hub.Clock.GetUtcNow(), "entities:read", "\"tenant\":[\"water\"]")));
        Assert.Equal(1, issuer.Asked);
    }

    [Fact]
    public async Task Permissions_may_stand_in_another_claim_and_as_a_list()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var hub = await HubUnderTest.StartAsync(c => c with { Auth = new AuthConfig { Issuers = [new IssuerConfig(issuer.Url, "roles", "tenant")] } });

        Assert.Equal(200, await Status(hub, issuer.Token(hub.Clock.GetUtcNow(), "", "\"roles\":[\"entities:read\"]")));
        Assert.Equal(403, await Status(hub, issuer.Token(hub.Clock.GetUtcNow(), "entities:read")));
    }

    [Fact]
    public async Task Refused_when_anything_about_the_token_is_not_right()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var hub = await WithIssuer(issuer.Url);
        var now = hub.Clock.GetUtcNow();
        var good = issuer.Token(now, "entities:read");
        Assert.Equal(200, await Status(hub, good));
        var (header, payload) = (good.Split('.')[0], good.Split('.')[1]);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var text = Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(payload));
        var shared = issuer.Key.ExportSubjectPublicKeyInfoPem();
        var symmetric = $"{TestIssuer.Encode("""{"alg":"HS256","typ":"JWT","kid":"first"}""")}.{payload}";

        var bad = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["expired"] = issuer.Token(now, "entities:read", life: TimeSpan.FromMinutes(-1)),
            ["not yet valid"] = issuer.Token(now, "entities:read", $"\"nbf\":{now.AddMinutes(5).ToUnixTimeSeconds()}"),
            ["for another audience"] = issuer.Token(now, "entities:read", audience: "another-hub"),
            ["of an unknown issuer"] = issuer.Token(now, "entities:read", issuer: "https://elsewhere.example"),
            ["signed by another key under the same name"] = issuer.Sign($$"""{"alg":"ES256","typ":"JWT","kid":"first"}""", text, other),
            ["without a signature"] = $"{TestIssuer.Encode("""{"alg":"none","typ":"JWT"}""")}.{payload}.",
            ["signed with the public key as a shared secret"] = $"{symmetric}.{System.Buffers.Text.Base64Url.EncodeToString(HMACSHA256.HashData(Encoding.UTF8.GetBytes(shared), Encoding.ASCII.GetBytes(symmetric)))}",
            ["with another content under the same signature"] = $"{header}.{TestIssuer.Encode(text.Replace("entities:read", "operate", StringComparison.Ordinal))}.{good.Split('.')[2]}",
            ["that never ends"] = issuer.Sign($$"""{"alg":"ES256","typ":"JWT","kid":"first"}""", $$"""{"iss":"{{issuer.Url}}","aud":"cityhub","sub":"x","scope":"entities:read"}"""),
            ["no token at all"] = "abc",
        };
        foreach (var (what, token) in bad)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Path);
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
            using var sent = await hub.Stranger.SendAsync(request, TestContext.Current.CancellationToken);
            var answer = await Answer.OfAsync(sent);
            Assert.True(answer.Problem == "token-refused", $"A token {what} got {(int)answer.Status} {answer.Text}");
            Assert.Contains("invalid_token", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_token_ends_at_its_time_although_the_hub_knew_it()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var hub = await WithIssuer(issuer.Url);
        var token = issuer.Token(hub.Clock.GetUtcNow(), "entities:read");
        Assert.Equal(200, await Status(hub, token));

        hub.Clock.Advance(TimeSpan.FromMinutes(62));

        Assert.Equal(401, await Status(hub, token));
    }

    [Fact]
    public async Task A_provider_that_is_away_closes_its_own_tokens_only()
    {
        string url, token;
        await using (var issuer = await TestIssuer.StartAsync())
            (url, token) = (issuer.Url, issuer.Token(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero), "entities:read"));
        await using var hub = await WithIssuer(url);
        using var client = hub.With(token);

        var answer = await Answer.OfAsync(await client.GetAsync(new Uri(Path, UriKind.Relative), TestContext.Current.CancellationToken));

        Assert.Equal("issuer-unreachable", answer.Problem);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Equal(HttpStatusCode.OK, (await hub.GetAsync(Path)).Status);
    }

    [Fact]
    public async Task New_keys_of_a_provider_are_taken_up()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var hub = await WithIssuer(issuer.Url);
        Assert.Equal(200, await Status(hub, issuer.Token(hub.Clock.GetUtcNow(), "entities:read")));

        issuer.Rotate();

        var renewed = issuer.Token(hub.Clock.GetUtcNow(), "entities:read");
        // Not at once, or forged names of keys would make the hub ask without end.
        Assert.Equal(401, await Status(hub, renewed));
        Assert.Equal(1, issuer.Asked);
        hub.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(200, await Status(hub, renewed));
        Assert.Equal(2, issuer.Asked);
    }

    [Fact]
    public async Task A_token_of_the_hub_is_issued_used_listed_by_its_hash_and_revoked_for_good()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var issued = await hub.PostAsync("/tokens", """{"subject":"pump-17","permissions":["entities:read"],"expires":"30d"}""");
        Assert.Equal(HttpStatusCode.Created, issued.Status);
        Assert.Equal("no-store", issued.Headers["Cache-Control"]);
        var (token, id) = (issued.Json.GetProperty("token").GetString() ?? "", issued.Json.GetProperty("id").GetString() ?? "");
        Assert.Equal(200, await Status(hub, token));

        var listed = await hub.GetAsync("/tokens");
        Assert.Contains("pump-17", listed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(id, listed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(token, listed.Text, StringComparison.Ordinal);

        Assert.True((int)(await hub.SendAsync(HttpMethod.Delete, "/tokens/" + id)).Status is 200 or 204);
        Assert.Equal(401, await Status(hub, token));
        await hub.RestartAsync();
        Assert.Equal(401, await Status(hub, token));
    }

    [Theory]
    [InlineData("""{"permissions":["entities:read"]}""", "bad-request-body")]
    [InlineData("""{"subject":"x","permissions":["entities:raed"]}""", "unknown-permission")]
    [InlineData("""{"subject":"x","permissions":[]}""", "unknown-permission")]
    [InlineData("""{"subject":"x","permissions":["operate"],"expires":"9999d"}""", "token-lifetime")]
    [InlineData("""{"subject":"x","permissions":["operate"],"admin":true}""", "bad-request-body")]
    [InlineData("{", "bad-request-body")]
    public async Task Refused_when_a_token_is_asked_for_wrongly(string body, string problem)
    {
        await using var hub = await HubUnderTest.StartAsync();
        var head = hub.Hub.Store.Log.Head;

        Assert.Equal(problem, (await hub.PostAsync("/tokens", body)).Problem);

        Assert.Equal(head, hub.Hub.Store.Log.Head);
    }

    [Fact]
    public async Task A_token_of_another_hub_opens_nothing()
    {
        await using var hub = await HubUnderTest.StartAsync();
        await using var other = await HubUnderTest.StartAsync();

        Assert.Equal(401, await Status(hub, await other.TokenAsync(Permissions.All)));
    }

    [Fact]
    public async Task No_token_is_ever_logged_or_kept_in_the_log_of_facts()
    {
        await using var issuer = await TestIssuer.StartAsync();
        await using var hub = await HubUnderTest.StartAsync(c => c with
        {
            Auth = new AuthConfig { Issuers = [new IssuerConfig(issuer.Url, "scope", "tenant")] },
            Telemetry = new TelemetryConfig { Log = "trace", Requests = true },
        });
        var own = (await hub.PostAsync("/tokens", """{"subject":"pump-17","permissions":["entities:read"]}""")).Json;
        var tokens = new[] { own.GetProperty("token").GetString() ?? "", issuer.Token(hub.Clock.GetUtcNow(), "entities:read"), issuer.Token(hub.Clock.GetUtcNow(), "entities:read", life: TimeSpan.FromHours(-1)) };
        foreach (var token in tokens)
        {
            await Status(hub, token);
            using var inQuery = await hub.Stranger.GetAsync(new Uri($"{Path}?access_token={token}", UriKind.Relative), TestContext.Current.CancellationToken);
        }

        var secrets = tokens.SelectMany(t => t.Split('.').Skip(1)).Append(own.GetProperty("id").GetString() ?? "").Where(s => s.Length > 8).ToList();
        Assert.Contains(hub.Log.All, l => l.Contains("GET /ngsi-ld/v1/types 200", StringComparison.Ordinal));
        foreach (var secret in secrets)
        {
            Assert.DoesNotContain(hub.Log.All, l => l.Contains(secret, StringComparison.Ordinal));
            Assert.DoesNotContain(hub.Hub.Store.Log.Read(0), f => Encoding.UTF8.GetString(f.Payload.Span).Contains(secret, StringComparison.Ordinal));
        }
    }

    private static Task<HubUnderTest> WithIssuer(string url) => HubUnderTest.StartAsync(c => c with { Auth = new AuthConfig { Issuers = [new IssuerConfig(url, "scope", "tenant")] } });

    private static async Task<int> Status(HubUnderTest hub, string token)
    {
        using var client = hub.With(token);
        using var answer = await client.GetAsync(new Uri(Path, UriKind.Relative));
        return (int)answer.StatusCode;
    }
}
