using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CityHub.Crypto;
using CityHub.Server.DemoCity;
using CityHub.Server.DemoCity.Registers;
using CityHub.Server.Doors;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using CityHub.Core.Ports;

namespace CityHub.Tests.Flows;

/// <summary>The city's departments on a whole hub: what is built the way a city builds it is seen from outside by the right people, and by nobody else.</summary>
public sealed class SharingFlowTests : IAsyncLifetime
{
    private const string Grant = "CityHub-Purpose";

    private readonly Dictionary<string, ISigningKey> _keys = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("cityhub-keys-").FullName;
    private HubUnderTest? _hub;
    private Registers? _registers;
    private Citizens? _people;

    private HubUnderTest Hub => _hub ?? throw new InvalidOperationException();

    private Citizens People => _people ?? throw new InvalidOperationException();

    public async ValueTask InitializeAsync()
    {
        _hub = await HubUnderTest.StartAsync(c => c with { Sharing = c.Sharing with { Citizens = "public-security" } });
        var city = new Shuzhou(1);
        _people = new Citizens(city, 400, new DateOnly(2026, 3, 1), 1);
        _registers = new Registers(city, _people);
        Assert.Null(await new SharingCity(_hub.Hub.Sharing, _registers, _hub.Clock).BuildAsync(_folder, _ => { }, CancellationToken.None));
        foreach (var department in new[] { "fire-rescue", "civil-affairs", "ecology", "public-security", "housing" })
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
    public async Task The_fire_brigade_reads_the_pressure_of_hydrants_and_nothing_beside_its_grant()
    {
        using var fire = As("fire-rescue", "clerk", Permissions.DataUse, Permissions.SharingRead);
        var answer = await GetAsync(fire, "/data/hydrants?limit=5", "safety/fire");
        var beyond = await GetAsync(fire, "/data/hydrants?fields=hydrant_no,measured_at", "safety/fire");
        var others = await GetAsync(fire, "/data/insurance", "safety/fire");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Contains("pressure_kpa", answer.Text);
        Assert.DoesNotContain("measured_at", answer.Text);
        Assert.True((int)beyond.Status is >= 400 and < 500, beyond.Text);
        Assert.True((int)others.Status is 403 or 404, others.Text);
    }

    [Fact]
    public async Task The_fire_brigade_sees_as_entities_what_a_plant_draws_and_who_runs_the_hub_does_not()
    {
        await Hub.PostAsync("/ngsi-ld/v1/entities", """{"id":"urn:meter:1","type":"ThreePhaseAcMeasurement","totalActivePower":{"type":"Property","value":412.5,"observedAt":"2026-03-01T08:00:00Z"},"owner":{"type":"Property","value":"No. 3 Plant"} }""");
        using var fire = As("fire-rescue", "clerk", Permissions.DataUse);
        var seen = await GetAsync(fire, "/ngsi-ld/v1/entities?type=ThreePhaseAcMeasurement", "safety/fire");
        var rows = await GetAsync(fire, "/data/plant-power", "safety/fire");
        var hub = await Hub.GetAsync("/ngsi-ld/v1/entities?type=ThreePhaseAcMeasurement");

        Assert.Contains("412.5", seen.Text);
        Assert.DoesNotContain("No. 3 Plant", seen.Text);
        Assert.Contains("412.5", rows.Text);
        Assert.Equal("[]", hub.Text);
    }

    [Fact]
    public async Task Who_was_looked_at_sees_it_within_a_second_with_the_purpose_and_a_receipt()
    {
        var person = People[7];
        using var civil = As("civil-affairs", "clerk", Permissions.DataUse);
        var read = await GetAsync(civil, $"/data/insurance/rows/{Adult().Id}", "welfare/double-claims");
        Assert.Equal(HttpStatusCode.OK, read.Status);

        using var citizen = Hub.With(Token("public-security", Adult().Id, Permissions.Citizen, Permissions.LedgerRead));
        var looks = await GetAsync(citizen, "/my/looks");
        var page = await GetAsync(citizen, "/me?lang=zh");
        using var neighbour = Hub.With(Token("public-security", person.Id == Adult().Id ? People[9].Id : person.Id, Permissions.Citizen));

        Assert.Contains("welfare/double-claims", looks.Text);
        Assert.Contains("\"civil-affairs\"", looks.Text);
        Assert.Contains("/ledger/receipts/", looks.Text);
        Assert.Contains("枢州市民政局", page.Text);
        Assert.Contains("核查重复领取", page.Text);
        Assert.Equal("[]", (await GetAsync(neighbour, "/my/looks")).Text);
    }

    [Fact]
    public async Task Whoever_runs_the_hub_reads_no_row_of_a_protected_dataset()
    {
        // Every permission there is, signed by the hub itself, and named like an officer.
        var token = (await Hub.Hub.Tokens.IssueAsync("civil-affairs.clerk", Permissions.All, [Bearer.AnyTenant], TimeSpan.FromDays(1), "test", CancellationToken.None)).Value.Token;
        using var operatorClient = Hub.With(token);
        foreach (var path in new[] { "/data/insurance", "/data/population", $"/data/insurance/rows/{Adult().Id}", "/api/3/action/datastore_search?resource_id=population", "/ogc/collections/population/items", "/datastore/dump/population" })
        {
            var answer = await GetAsync(operatorClient, path, "welfare/double-claims");
            Assert.True((int)answer.Status is >= 400 and < 500, $"{path}: {answer.Status} {answer.Text[..Math.Min(300, answer.Text.Length)]}");
            Assert.DoesNotContain(Adult().Id, path.Contains(Adult().Id, StringComparison.Ordinal) ? "" : answer.Text);
        }
    }

    [Fact]
    public async Task The_disk_of_the_hub_holds_no_number_of_a_person()
    {
        var person = Adult();
        using var civil = As("civil-affairs", "clerk", Permissions.DataUse);
        await GetAsync(civil, $"/data/insurance/rows/{person.Id}", "welfare/double-claims");
        var number = Encoding.UTF8.GetBytes(person.Id);
        foreach (var file in Directory.EnumerateFiles(Hub.Hub.Config.Data, "*", SearchOption.AllDirectories).Where(f => Path.GetFileName(f) is not ("hub.lock" or "lock")))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[stream.Length];
            await stream.ReadExactlyAsync(bytes, TestContext.Current.CancellationToken);
            Assert.True(bytes.AsSpan().IndexOf(number) < 0, file);
        }
    }

    [Fact]
    public async Task Anybody_reads_what_is_open_and_does_not_learn_what_is_not()
    {
        var open = await GetAsync(Hub.Stranger, "/api/3/action/package_list");
        var rows = await GetAsync(Hub.Stranger, "/api/3/action/datastore_search?resource_id=clinics&limit=3");
        var features = await GetAsync(Hub.Stranger, "/ogc/collections/clinics/items?limit=2");
        var hidden = await GetAsync(Hub.Stranger, "/api/3/action/package_show?id=population");
        var nothing = await GetAsync(Hub.Stranger, "/api/3/action/package_show?id=there-is-none");

        Assert.Contains("clinics", open.Text);
        Assert.DoesNotContain("population", open.Text);
        Assert.Contains("\"total\":240", rows.Text.Replace(" ", "", StringComparison.Ordinal));
        Assert.Contains("\"FeatureCollection\"", features.Text);
        Assert.Equal(nothing.Status, hidden.Status);
    }

    [Fact]
    public async Task A_locked_department_is_silent_and_unlocks_with_its_own_key_alone()
    {
        using var officer = As("housing", "officer", Permissions.DataDeliver);
        using var fire = As("fire-rescue", "clerk", Permissions.DataUse);
        using var civil = As("civil-affairs", "officer", Permissions.DataDeliver);
        var key = await File.ReadAllBytesAsync(Path.Combine(_folder, "housing.data"), TestContext.Current.CancellationToken);
        async Task<HttpStatusCode> Post(HttpClient client, string what, byte[]? body = null)
        {
            using var answer = await client.PostAsync($"/departments/housing/{what}", new ByteArrayContent(body ?? []), TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.Forbidden, await Post(civil, "unlock", key));
        Assert.Equal(HttpStatusCode.NoContent, await Post(officer, "unlock", key));
        Assert.Equal(HttpStatusCode.Forbidden, await Post(officer, "unlock", new byte[32]));
        Assert.Equal(HttpStatusCode.NoContent, await Post(officer, "lock"));
    }

    [Fact]
    public async Task What_was_built_is_there_after_a_restart()
    {
        var before = (Hub.Hub.Sharing.Catalogue.Published.Count(), Hub.Hub.Sharing.Requests.Requests.All.Select(r => (r.Id, r.State)).Order().ToList(), Hub.Hub.Sharing.Deliveries.TableOf("population")?.Rows);
        await Hub.RestartAsync();
        Assert.Null(await new SharingCity(Hub.Hub.Sharing, _registers ?? throw new InvalidOperationException(), Hub.Clock).BuildAsync(_folder, _ => { }, CancellationToken.None));
        var after = (Hub.Hub.Sharing.Catalogue.Published.Count(), Hub.Hub.Sharing.Requests.Requests.All.Select(r => (r.Id, r.State)).Order().ToList(), Hub.Hub.Sharing.Deliveries.TableOf("population")?.Rows);

        Assert.Equal(before.Item1, after.Item1);
        Assert.Equal(before.Item2, after.Item2);
        Assert.Equal(before.Item3, after.Item3);
        Assert.Equal(4, before.Item2.Select(r => r.State).Distinct().Count(s => s is RequestState.Active or RequestState.Draft or RequestState.Submitted or RequestState.Incomplete));
    }

    /// <summary>Somebody whom the register of insurance has.</summary>
    private Citizen Adult() => Enumerable.Range(0, People.Count).Select(n => People[n]).First(p => (People.Today.DayNumber - p.Born.DayNumber) / 365 is >= 25 and <= 50);

    private async Task EnrolAsync(string department)
    {
        var key = _keys[department] = SigningKeys.Generate(SignatureAlgorithm.Ed25519);
        var (parties, id) = (Hub.Hub.Sharing.Parties, "key-" + department);
        var (a, b) = (parties.CallerOf(SharingCity.Authority + ".a"), parties.CallerOf(SharingCity.Authority + ".b"));
        Assert.Null((await EnrolKey.ProposeAsync(parties, a, id, department, Convert.ToBase64String(key.Public.Bytes.Span))).Problem);
        Assert.Null((await GiveRole.ConfirmAsync(parties, b, id)).Problem);
    }

    private HttpClient As(string department, string role, params string[] permissions) => Hub.With(Token(department, SharingCity.Person(department, role).Person, permissions));

    private string Token(string department, string subject, params string[] permissions)
    {
        var now = Hub.Clock.GetUtcNow();
        return DepartmentTokens.Sign(_keys[department], department, "cityhub", new TokenClaims(HubTokens.NewId(), subject, permissions, [], now, now.AddDays(1)));
    }

    private static async Task<Answer> GetAsync(HttpClient client, string path, string? purpose = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(path.StartsWith("/me", StringComparison.Ordinal) ? "text/html" : "application/json"));
        if (purpose is not null)
            request.Headers.Add(Grant, purpose);
        using var answer = await client.SendAsync(request);
        return await Answer.OfAsync(answer);
    }
}
