using System.Collections.Immutable;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Tables;
using CityHub.Crypto;
using CityHub.Server.Configuration;
using CityHub.Server.Doors;
using CityHub.Server.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Tests.Flows;

/// <summary>Three departments on a whole hub; ecology's stations are entities, and a dataset of its own. The brigade may be granted some of it; housing has nothing.</summary>
internal sealed class EntityCity : IAsyncDisposable
{
    public const string Stations = "air-stations";
    public const string Purpose = "safety/fire";
    public const string Vocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

    private readonly Dictionary<string, ISigningKey> _keys = [];
    private int _grants;

    private EntityCity(HubUnderTest hub) => Hub = hub;

    public HubUnderTest Hub { get; }

    public SharingRooms Rooms => Hub.Hub.Sharing;

    public static Dataset Dataset { get; } = new()
    {
        Id = Stations, Version = 1, Provider = "ecology", Title = new Words("空气站", "Air stations"), Abstract = new Words("空气站现状", "Air stations as they are"), Class = SharingClass.Conditional,
        Modes = DeliveryModes.Api | DeliveryModes.File | DeliveryModes.Subscription, Conditions = "范围：本市；用途：公共安全", Frequency = UpdateFrequency.Continuous, Source = DatasetSource.Entities,
        EntityType = Vocabulary + "AirStation", Key = "id", Subject = "keeper", Longitude = "longitude", Latitude = "latitude", Time = "observed_at", Protected = true,
        Fields =
        [
            new("id", ColumnType.Text, new Words("标识", "id")) { Nullable = false }, Field("dust", "PM25", ColumnType.Number), Field("coarse", "PM10", ColumnType.Number), Field("district", "district", ColumnType.Text),
            Field("contact", "contact", ColumnType.Text), Field("keeper", "keeper", ColumnType.Text) with { Personal = true }, Field("plant", "near", ColumnType.Text),
            Place("longitude"), Place("latitude"), new("observed_at", ColumnType.Instant, new Words("观测时间", "observed at")) { Attribute = EntityTerms.ObservedAt },
        ],
    };

    public static async Task<EntityCity> BuildAsync(Dataset? dataset = null, Func<HubConfig, HubConfig>? configured = null)
    {
        var city = new EntityCity(await HubUnderTest.StartAsync(configured));
        var rooms = city.Rooms;
        var authority = new Department("bureau", new Words("数据局", "Bureau"), "990100", 3, null) { SharingOfficer = "bureau.a", Head = "bureau.b" };
        Assert.Null((await rooms.Parties.FoundAsync(authority, ["bureau.a", "bureau.b"])).Problem);
        Caller a = rooms.Parties.CallerOf("bureau.a"), b = rooms.Parties.CallerOf("bureau.b");
        foreach (var id in new[] { "ecology", "fire-rescue", "housing" })
        {
            Assert.Null((await RegisterDepartment.RegisterAsync(rooms.Parties, a, new Department(id, new Words(id, id), "990100", 3, "bureau"))).Problem);
            foreach (var (role, roles) in new[] { ("clerk", Roles.DataOfficer), ("second", Roles.DataOfficer), ("officer", Roles.SharingOfficer), ("head", Roles.Head) })
            {
                Assert.Null((await GiveRole.ProposeAsync(rooms.Parties, a, new RoleProposed($"{id}-{role}", $"{id}.{role}", id, roles, Give: true, "test", ""))).Problem);
                Assert.Null((await GiveRole.ConfirmAsync(rooms.Parties, b, $"{id}-{role}")).Problem);
            }

            var key = city._keys[id] = SigningKeys.Generate(SignatureAlgorithm.Ed25519);
            Assert.Null((await EnrolKey.ProposeAsync(rooms.Parties, a, "key-" + id, id, Convert.ToBase64String(key.Public.Bytes.Span))).Problem);
            Assert.Null((await GiveRole.ConfirmAsync(rooms.Parties, b, "key-" + id)).Problem);
        }

        foreach (var code in new[] { "safety", Purpose, "statistics" })
        {
            var change = (await rooms.Purposes.ProposeAsync(a, PurposeChangeKind.Define, new Purpose(code, new Words(code, code), "《政务数据共享条例》第二十条", Obligations.Nothing))).Value;
            Assert.Null((await rooms.Purposes.ApproveAsync(b, change.Id)).Problem);
        }

        await city.PublishAsync(dataset ?? Dataset);
        return city;
    }

    public async Task PublishAsync(Dataset dataset)
    {
        var (book, of) = (Rooms.Catalogue, dataset.Provider);
        Assert.Null((await DraftDataset.DraftAsync(book, Rooms.Parties.CallerOf($"{of}.clerk"), dataset)).Problem);
        foreach (var kind in new[] { AssessDataset.Secrecy, AssessDataset.PersonalInformation })
            Assert.Null((await AssessDataset.AssessAsync(book, Rooms.Parties.CallerOf($"{of}.second"), dataset.Id, kind, passed: true, "无")).Problem);
        Assert.Null((await ApproveDataset.ApproveAsync(book, Rooms.Parties.CallerOf($"{of}.head"), dataset.Id)).Problem);
        Assert.Null((await SubmitDataset.SubmitAsync(book, Rooms.Parties.CallerOf($"{of}.officer"), dataset.Id)).Problem);
        Assert.Null((await PublishDataset.PublishAsync(book, Rooms.Parties.CallerOf("bureau.a"), dataset.Id)).Problem);
    }

    public async Task<Grant> GrantAsync(string receiver, IReadOnlyList<string>? fields, IReadOnlyList<RowRule>? rows = null, Func<Grant, Grant>? change = null)
    {
        var now = Hub.Clock.GetUtcNow();
        var grant = new Grant
        {
            Id = $"grant-{(++_grants).ToString("D4", CultureInfo.InvariantCulture)}", Version = 1, Dataset = Stations, Provider = "ecology", Receiver = receiver, Rights = Rights.Obtain, Purpose = Purpose,
            Modes = DeliveryModes.Api | DeliveryModes.File | DeliveryModes.Subscription, From = now, Until = now.AddYears(1), Basis = "《政务数据共享条例》第二十条", SignedBy = "ecology.officer",
            Obligations = new Obligations { Fields = fields is null ? null : [.. fields], Rows = [.. rows ?? []] },
        };
        grant = change?.Invoke(grant) ?? grant;
        Assert.Null((await Rooms.Grants.MakeAsync(grant)).Problem);
        return grant;
    }

    public static RowRule In(string field, params string[] values) => new(field, RowTest.In, [.. values]);

    /// <summary>A clerk of a department, with a token that the department signed.</summary>
    public HttpClient As(string department, string? purpose = Purpose, string role = "clerk", string permission = Permissions.DataUse)
    {
        var now = Hub.Clock.GetUtcNow();
        var client = Hub.With(DepartmentTokens.Sign(_keys[department], department, "cityhub", new TokenClaims(HubTokens.NewId(), $"{department}.{role}", [permission, Permissions.DataDeliver], [], now, now.AddDays(1))));
        if (purpose is not null)
            client.DefaultRequestHeaders.Add("CityHub-Purpose", purpose);
        return client;
    }

    public Task<Answer> PutAsync(string body, string? tenant = null) => Hub.SendAsync(HttpMethod.Post, "/ngsi-ld/v1/entityOperations/upsert", body, tenant: tenant);

    public static async Task<Answer> GetAsync(HttpClient client, string path, string? accept = null, string? tenant = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        if (tenant is not null)
            request.Headers.Add("NGSILD-Tenant", tenant);
        using var answer = await client.SendAsync(request);
        return await Answer.OfAsync(answer);
    }

    public static async Task<Answer> PostAsync(HttpClient client, string path, string body, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        using var answer = await client.SendAsync(request);
        return await Answer.OfAsync(answer);
    }

    /// <summary>What acts of one type say, oldest first.</summary>
    public IEnumerable<JsonElement> Facts(string type)
    {
        foreach (var fact in Hub.Hub.Store.Log.Read(0, Acts.Stream))
            if (fact.Type == type)
            {
                using var json = JsonDocument.Parse(fact.Payload);
                yield return json.RootElement.GetProperty("what").Clone();
            }
    }

    public async ValueTask DisposeAsync()
    {
        await Hub.DisposeAsync();
        foreach (var key in _keys.Values)
            key.Dispose();
    }

    private static DataField Place(string name) => new(name, ColumnType.Number, new Words(name, name)) { Attribute = "https://uri.etsi.org/ngsi-ld/location" };

    private static DataField Field(string name, string attribute, ColumnType type) => new(name, type, new Words(name, name)) { Attribute = Vocabulary + attribute };
}
