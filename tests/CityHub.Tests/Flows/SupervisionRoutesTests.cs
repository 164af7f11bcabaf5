using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Crypto;
using CityHub.Server.DemoCity;
using CityHub.Server.DemoCity.Registers;
using CityHub.Server.Doors;
using CityHub.Sharing.Parties;

namespace CityHub.Tests.Flows;

/// <summary>Supervision, emergencies and revoked tokens on a whole hub, over its own sockets.</summary>
public sealed class SupervisionRoutesTests : IAsyncLifetime
{
    private const string Emergency = "/departments/emergencies";

    private readonly Dictionary<string, ISigningKey> _keys = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("cityhub-keys-").FullName;
    private HubUnderTest? _hub;
    private Citizens? _people;

    private HubUnderTest Hub => _hub ?? throw new InvalidOperationException();

    private string Somebody => _people is { } people
        ? Enumerable.Range(0, people.Count).Select(n => people[n]).First(p => (people.Today.DayNumber - p.Born.DayNumber) / 365 is >= 25 and <= 50).Id
        : throw new InvalidOperationException();

    public async ValueTask InitializeAsync()
    {
        _hub = await HubUnderTest.StartAsync(c => c with { Sharing = c.Sharing with { Citizens = "public-security" } });
        var city = new Shuzhou(1);
        _people = new Citizens(city, 400, new DateOnly(2026, 3, 1), 1);
        Assert.Null(await new SharingCity(_hub.Hub.Sharing, new Registers(city, _people), _hub.Clock).BuildAsync(_folder, _ => { }, CancellationToken.None));
        foreach (var department in new[] { SharingCity.Authority, "fire-rescue", "civil-affairs", "human-resources", "public-security" })
            await EnrolAsync(department);
    }

    public async ValueTask DisposeAsync()
    {
        if (_hub is not null)
            await _hub.DisposeAsync();
        foreach (var key in _keys.Values)
            key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_token_that_its_department_took_back_opens_nothing_from_that_moment_on()
    {
        var (lost, lostId) = Token("fire-rescue.clerk");
        using var loser = Hub.With(lost);
        using var clerk = As("fire-rescue.clerk");
        using var officer = As("fire-rescue.officer");
        using var stranger = As("civil-affairs.officer");
        var hub = (await Hub.Hub.Tokens.IssueAsync("fire-rescue.clerk", Permissions.All, [Bearer.AnyTenant], TimeSpan.FromDays(1), "test", CancellationToken.None)).Value.Token;
        using var hubs = Hub.With(hub);
        const string Path = "/departments/fire-rescue/tokens/revocations";
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(loser, "/departments")).Status);

        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(stranger, Path, $$"""{"jti":"{{lostId}}","reason":"lost"}""")).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(clerk, Path, $$"""{"jti":"{{lostId}}","reason":"lost"}""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(officer, Path, """{"reason":"lost"}""")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(officer, Path, $$"""{"jti":"{{lostId}}","reason":"lost"}""")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(loser, "/departments")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(clerk, "/departments")).Status);

        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(officer, Path, """{"person":"fire-rescue.clerk","reason":"has left"}""")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(clerk, "/departments")).Status);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(hubs, "/departments")).Status); // a token of the hub is the hub's
        Assert.Equal(2, (await GetAsync(officer, Path)).Json.GetArrayLength());
        await Hub.RestartAsync();
        using var again = Hub.With(lost);
        Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(again, "/departments")).Status);
        Hub.Clock.Advance(RevocationBook.Skew + TimeSpan.FromSeconds(1));
        using var back = As("fire-rescue.clerk");
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(back, "/departments")).Status); // another one, from then on
    }

    [Fact]
    public async Task A_token_is_taken_back_whatever_its_id_looks_like()
    {
        using var officer = As("fire-rescue.officer");
        var uuid = Guid.CreateVersion7(Hub.Clock.GetUtcNow()).ToString("N");
        var (token, hash) = (Signed("fire-rescue", "fire-rescue.clerk", uuid, Permissions.SharingRead), HubTokens.HashOf("another"));
        var other = Signed("fire-rescue", "fire-rescue.clerk", "another", Permissions.SharingRead);
        foreach (var (lost, named) in new[] { (token, uuid), (other, hash) })
        {
            using var loser = Hub.With(lost);
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(loser, "/departments")).Status);
            Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(officer, "/departments/fire-rescue/tokens/revocations", $$"""{"jti":"{{named}}","reason":"lost"}""")).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await GetAsync(loser, "/departments")).Status);
        }

        Assert.Equal(2, (await GetAsync(officer, "/departments/fire-rescue/tokens/revocations")).Json.GetArrayLength());
    }

    [Fact]
    public async Task An_emergency_gives_one_person_what_it_names_for_an_hour_and_everybody_hears_of_it()
    {
        using var clerk = As("fire-rescue.clerk");
        using var colleague = As("fire-rescue.second");
        using var bureau = As(SharingCity.Authority + ".a");
        using var provider = As("human-resources.head");
        var row = $"/data/insurance/rows/{Somebody}";
        async Task<HttpStatusCode> Read(HttpClient client) => (await GetAsync(client, row, "safety/fire")).Status;
        Assert.NotEqual(HttpStatusCode.OK, await Read(clerk));

        var asked = await PostAsync(
            bureau, Emergency, """{"dataset":"insurance","owner":"fire-rescue","for":["fire-rescue.clerk"],"fields":["id_no","status"],"purpose":"safety/fire","minutes":30,"reason":"the works are on fire: who is inside?"}""");
        Assert.True(asked.Status == HttpStatusCode.Accepted, asked.Text);
        var id = asked.Json.GetProperty("id").GetString();
        Assert.Equal("human-resources", asked.Json.GetProperty("owner").GetString());
        Assert.NotEqual(HttpStatusCode.OK, await Read(clerk));
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(clerk, $"{Emergency}/{id}/confirmation", "")).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(provider, $"{Emergency}/{id}/confirmation", "")).Status);

        var read = await GetAsync(clerk, row, "safety/fire");
        Assert.True(read.Status == HttpStatusCode.OK, read.Text);
        Assert.Contains("status", read.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("unemployment", read.Text, StringComparison.Ordinal);
        Assert.NotEqual(HttpStatusCode.OK, await Read(colleague));
        using var citizen = Hub.With(Token("public-security", Somebody, Permissions.Citizen).Token);
        Assert.Contains($"emergency-{id}", (await GetAsync(citizen, "/my/looks")).Text, StringComparison.Ordinal);
        Assert.Equal(1, Hub.Hub.Sharing.Glass.OpenNow);
        Assert.Contains(Hub.Log.All, line => line.StartsWith("Warning", StringComparison.Ordinal) && line.Contains($"Emergency access {id}", StringComparison.Ordinal));

        // It opens no key: what its provider locks is locked for it, too.
        using var deliverer = Hub.With(Token("human-resources", "human-resources.officer", Permissions.DataDeliver).Token);
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(deliverer, "/departments/human-resources/lock", "")).Status);
        Assert.NotEqual(HttpStatusCode.OK, await Read(clerk));
        using (var key = new ByteArrayContent(await File.ReadAllBytesAsync(Path.Combine(_folder, "human-resources.data"), TestContext.Current.CancellationToken)))
        using (var unlocked = await deliverer.PostAsync("/departments/human-resources/unlock", key, TestContext.Current.CancellationToken))
            Assert.Equal(HttpStatusCode.NoContent, unlocked.StatusCode);
        Assert.Equal(HttpStatusCode.OK, await Read(clerk));

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(bureau, "/sharing/violations/review", "")).Status);
        var cases = await GetAsync(clerk, "/sharing/violations");
        Assert.Equal("emergency", Assert.Single(cases.Json.EnumerateArray()).GetProperty("item").GetString());
        Hub.Clock.Advance(TimeSpan.FromMinutes(31));
        Assert.NotEqual(HttpStatusCode.OK, await Read(clerk));
        using var reviewer = As(SharingCity.Authority + ".b");
        var reviewed = await PostAsync(reviewer, $"{Emergency}/{id}/review", """{"justified":true,"text":"three were found"}""");
        Assert.True(reviewed.Status == HttpStatusCode.OK, reviewed.Text);
        await PostAsync(bureau, "/sharing/violations/review", "");
        Assert.Equal("rectified", Assert.Single((await GetAsync(clerk, "/sharing/violations")).Json.EnumerateArray()).GetProperty("state").GetString());
        Assert.Equal(0.5, (await GetAsync(bureau, "/scorecards/fire-rescue?month=2026-03")).Json.GetProperty("safety").GetDouble());
    }

    [Fact]
    public async Task A_receiver_that_says_it_kept_to_its_purpose_is_believed_what_it_did_and_not_that_it_may()
    {
        using var clerk = As("civil-affairs.clerk");
        using var bureau = As(SharingCity.Authority + ".a");
        var grant = Hub.Hub.Sharing.Grants.Of("insurance", "civil-affairs")[0].Id;
        string Used(string of, string purpose) => JsonSerializer.Serialize(new Dictionary<string, object> { ["department"] = "civil-affairs", ["grant"] = of, ["purpose"] = purpose, ["withinPurpose"] = true, ["onwardPermitted"] = true });
        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync(clerk, "/sharing/evidence/Used", Used("g-of-nobody", "statistics"))).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(clerk, "/sharing/evidence/Used", Used(grant, "welfare/double-claims"))).Status);
        await PostAsync(bureau, "/sharing/violations/review", "");
        Assert.Equal(0, (await GetAsync(clerk, "/sharing/violations")).Json.GetArrayLength());

        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(clerk, "/sharing/evidence/Used", Used(grant, "statistics"))).Status);
        await PostAsync(bureau, "/sharing/violations/review", "");
        Assert.Equal("40(2)", Assert.Single((await GetAsync(clerk, "/sharing/violations")).Json.EnumerateArray()).GetProperty("item").GetString());
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(clerk, "/sharing/evidence/UseRectified", $$"""{"department":"civil-affairs","grant":"{{grant}}"}""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(bureau, "/sharing/evidence/CollectedTwice", """{"department":"civil-affairs","field":"f/x","publishedItem":"p/x"}""")).Status);
        var id = $"40(2)/civil-affairs/{grant}";
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(bureau, "/sharing/violations/close", $$"""{"id":"{{id}}","reason":"enough"}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(bureau, "/sharing/violations/refer", $$"""{"id":"{{id}}","to":"discipline","grave":true,"reason":"marketing"}""")).Status);
        Assert.Equal("closed", (await PostAsync(bureau, "/sharing/violations/close", $$"""{"id":"{{id}}","reason":"a warning was given"}""")).Json.GetProperty("state").GetString());
    }

    private async Task EnrolAsync(string department)
    {
        var key = _keys[department] = SigningKeys.Generate(SignatureAlgorithm.Ed25519);
        var (parties, id) = (Hub.Hub.Sharing.Parties, "key-" + department);
        var (a, b) = (parties.CallerOf(SharingCity.Authority + ".a"), parties.CallerOf(SharingCity.Authority + ".b"));
        Assert.Null((await EnrolKey.ProposeAsync(parties, a, id, department, Convert.ToBase64String(key.Public.Bytes.Span))).Problem);
        Assert.Null((await GiveRole.ConfirmAsync(parties, b, id)).Problem);
    }

    private HttpClient As(string person) => Hub.With(Token(person).Token);

    private (string Token, string Id) Token(string person) => Token(person.Split('.')[0], person, Permissions.SharingRead, Permissions.SharingWrite, Permissions.DataUse);

    private (string Token, string Id) Token(string department, string subject, params string[] permissions)
    {
        var id = HubTokens.NewId();
        return (Signed(department, subject, id, permissions), id);
    }

    private string Signed(string department, string subject, string id, params string[] permissions)
    {
        var now = Hub.Clock.GetUtcNow();
        return DepartmentTokens.Sign(_keys[department], department, "cityhub", new TokenClaims(id, subject, permissions, [], now, now.AddDays(1)));
    }

    private static async Task<Answer> GetAsync(HttpClient client, string path, string? purpose = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (purpose is not null)
            request.Headers.Add("CityHub-Purpose", purpose);
        using var answer = await client.SendAsync(request);
        return await Answer.OfAsync(answer);
    }

    private static async Task<Answer> PostAsync(HttpClient client, string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var answer = await client.PostAsync(path, content, TestContext.Current.CancellationToken);
        return await Answer.OfAsync(answer);
    }
}
