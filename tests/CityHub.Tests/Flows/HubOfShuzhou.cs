using System.Net.Http.Headers;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Crypto;
using CityHub.Server.DemoCity;
using CityHub.Server.DemoCity.Registers;
using CityHub.Server.Doors;
using CityHub.Server.Sharing;
using CityHub.Sharing.Parties;

namespace CityHub.Tests.Flows;

/// <summary>The departments of 枢州 on a whole hub with closed doors: everybody comes with a token that his own department signed.</summary>
internal sealed class HubOfShuzhou : IAsyncDisposable
{
    private readonly Dictionary<string, ISigningKey> _keys = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("cityhub-keys-").FullName;
    private readonly HubUnderTest _hub;

    private HubOfShuzhou(HubUnderTest hub) => _hub = hub;

    public SharingRooms Rooms => _hub.Hub.Sharing;

    public static async Task<HubOfShuzhou> StartAsync()
    {
        var city = new HubOfShuzhou(await HubUnderTest.StartAsync());
        var shuzhou = new Shuzhou(1);
        var registers = new Registers(shuzhou, new Citizens(shuzhou, 200, new DateOnly(2026, 3, 1), 1));
        Assert.Null(await new SharingCity(city.Rooms, registers, city._hub.Clock).BuildAsync(city._folder, _ => { }, CancellationToken.None));
        var third = new RoleProposed("third", SharingCity.Authority + ".c", SharingCity.Authority, Roles.Authority, Give: true, "a third person", "");
        Assert.Null((await GiveRole.ProposeAsync(city.Rooms.Parties, city.Bureau("a"), third)).Problem);
        Assert.Null((await GiveRole.ConfirmAsync(city.Rooms.Parties, city.Bureau("b"), third.Id)).Problem);
        foreach (var department in new[] { SharingCity.Authority, "civil-affairs", "human-resources", "housing", "fire-rescue" })
        {
            var key = city._keys[department] = SigningKeys.Generate(SignatureAlgorithm.Ed25519);
            Assert.Null((await EnrolKey.ProposeAsync(city.Rooms.Parties, city.Bureau("a"), "key-" + department, department, Convert.ToBase64String(key.Public.Bytes.Span))).Problem);
            Assert.Null((await GiveRole.ConfirmAsync(city.Rooms.Parties, city.Bureau("b"), "key-" + department)).Problem);
        }

        return city;
    }

    /// <param name="person">data-bureau.a, civil-affairs.clerk …</param>
    /// <param name="fromPage">As a browser sends the form of a page of this hub, with its session.</param>
    public async Task<Answer> SendAsync(string person, string method, string path, string? body = null, string type = "application/json", bool fromPage = false)
    {
        var (department, now) = (person.Split('.')[0], _hub.Clock.GetUtcNow());
        var token = DepartmentTokens.Sign(_keys[department], department, "cityhub", new TokenClaims(HubTokens.NewId(), person, [Permissions.SharingRead, Permissions.SharingWrite, Permissions.DataDeliver], [], now, now.AddDays(1)));
        return await SendAsync(_hub.With(token), method, path, body, type, fromPage);
    }

    /// <summary>Every permission there is, by a token of the hub itself: it makes nobody an officer.</summary>
    public Task<Answer> SendAsHubAsync(string method, string path, string? body = null) => SendAsync(_hub.With(_hub.Http.DefaultRequestHeaders.Authorization?.Parameter ?? ""), method, path, body, "application/json", fromPage: false);

    public Caller Bureau(string who) => Rooms.Parties.CallerOf($"{SharingCity.Authority}.{who}") is { Roles: not Roles.None } known ? known : new Caller($"{SharingCity.Authority}.{who}", SharingCity.Authority, Roles.Authority);

    public async ValueTask DisposeAsync()
    {
        await _hub.DisposeAsync();
        foreach (var key in _keys.Values)
            key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<Answer> SendAsync(HttpClient client, string method, string path, string? body, string type, bool fromPage)
    {
        using var http = client;
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type));
        if (fromPage)
        {
            request.Headers.Add("Sec-Fetch-Site", "same-origin");
            request.Headers.Add("Cookie", $"{Session.Cookie}={http.DefaultRequestHeaders.Authorization?.Parameter}");
            http.DefaultRequestHeaders.Authorization = null;
        }

        using var answer = await http.SendAsync(request);
        return await Answer.OfAsync(answer);
    }
}
