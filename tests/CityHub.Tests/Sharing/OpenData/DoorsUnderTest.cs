using System.Net.Http.Json;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData;
using CityHub.Sharing.OpenData.Tracker;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Sharing.OpenData;

/// <summary>The doors on a real socket over a small catalogue: open air stations, open parks with places, and a register that only its department may discover.</summary>
internal sealed class DoorsUnderTest : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 2, 1, 0, 0, TimeSpan.Zero);

    private readonly WebApplication _app;

    private DoorsUnderTest(WebApplication app, FakeCatalogue catalogue, FakeReleases releases, OpenDataRoom room)
    {
        (_app, Catalogue, Releases, Room) = (app, catalogue, releases, room);
        Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First() ?? "";
        Client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(Address) };
    }

    public string Address { get; }

    public HttpClient Client { get; }

    public FakeCatalogue Catalogue { get; }

    public FakeReleases Releases { get; }

    public OpenDataRoom Room { get; }

    public static async Task<DoorsUnderTest> StartAsync(IWhoLooked? looked = null)
    {
        var catalogue = new FakeCatalogue();
        var releases = new FakeReleases(catalogue);
        var room = new OpenDataRoom(catalogue, releases, (caller, dataset) => dataset.Open || caller.Department is not null, Ask, new FakeTimeProvider(Start))
        {
            WhoLooked = looked,
            Department = id => id == "eco" ? new Department("eco", new Words("生态环境局", "Ecology bureau"), "500000", 3, null) : null,
            Quality = dataset => dataset.Id == "air" ? [new QualityMeasure("completeness", 0.98, Start)] : [],
        };
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Services.AddAuthorization(options =>
        {
            foreach (var permission in Permissions.All.Append(Permissions.Public).Append(Permissions.Optional))
                options.AddPolicy(permission, policy => policy.RequireAssertion(_ => true));
        });
        var app = builder.Build();
        app.Use((http, next) =>
        {
            if (http.Request.Headers.TryGetValue("Test-Citizen", out var person))
                http.Features.Set(new Caller(person.ToString(), null, Roles.Citizen));
            else if (http.Request.Headers.TryGetValue("Test-Auditor", out person))
                http.Features.Set(new Caller(person.ToString(), null, Roles.Auditor));
            else if (http.Request.Headers.TryGetValue("Test-Department", out var department))
                http.Features.Set(new Caller("li", department.ToString(), Roles.DataOfficer));
            return next(http);
        });
        app.UseRouting();
        app.UseAuthorization();
        OpenDataRoom.MapOpenData(app, room);
        await app.StartAsync();
        var doors = new DoorsUnderTest(app, catalogue, releases, room);
        doors.Fill();
        return doors;

        static CityHub.Core.Problems.Result<Ask> Ask(Microsoft.AspNetCore.Http.HttpContext http, string dataset, Rights right, DeliveryModes mode) =>
            new Ask(CityHub.Sharing.SharingHttp.CallerOf(http), right, dataset, "open", mode);
    }

    public static Dataset Dataset(string id, string zh, string en, bool open, params DataField[] fields) => new()
    {
        Id = id,
        Version = 1,
        Provider = open ? "eco" : "police",
        Title = new Words(zh, en),
        Abstract = new Words($"{zh}的全部记录。\n\"引号\"", $"All records of {en}"),
        Fields = fields,
        Class = open ? SharingClass.Unconditional : SharingClass.Conditional,
        Modes = DeliveryModes.Api | DeliveryModes.File,
        Frequency = UpdateFrequency.Daily,
        Open = open,
        Licence = open ? "https://creativecommons.org/licenses/by/4.0/" : null,
        State = DatasetState.Published,
        ChangedAt = Start,
        PublishedAt = Start,
    };

    public async Task<JsonElement> GetAsync(string path, int status = 200, string? department = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (department is not null)
            request.Headers.Add("Test-Department", department);
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == (int)response.StatusCode, $"{path}: {(int)response.StatusCode} {body}");
        using var json = JsonDocument.Parse(body);
        return json.RootElement.Clone();
    }

    public async Task<JsonElement> PostAsync(string path, string json, int status = 200)
    {
        using var response = await Client.PostAsync(path, new StringContent(json, null, "application/json"), TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == (int)response.StatusCode, $"{path}: {(int)response.StatusCode} {body}");
        using var answer = JsonDocument.Parse(body);
        return answer.RootElement.Clone();
    }

    public async Task<string> TextAsync(string path, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    private void Fill()
    {
        var text = ColumnType.Text;
        Catalogue.Add(Dataset("air", "空气质量", "Air quality", true,
            new DataField("id", text, new Words("编号", "Id")), new DataField("station", text, new Words("站点", "Station"), Element: "DE-100"), new DataField("pm25", ColumnType.Number, new Words("细颗粒物", "PM2.5")),
            new DataField("level", ColumnType.Integer, new Words("级别", "Level")), new DataField("valid", ColumnType.Boolean, new Words("有效", "Valid")), new DataField("day", ColumnType.Date, new Words("日期", "Day")),
            new DataField("at", ColumnType.Instant, new Words("时刻", "Instant"))) with { Key = "id", Time = "at", Keywords = ["空气", "air"], Themes = ["环境"], ResourceCode = "307001/000001", ChangedAt = Start.AddDays(1) });
        Releases.Fill("air", [.. Enumerable.Range(0, 10).Select(i => new object?[]
        {
            $"a{i}", i % 2 == 0 ? "东,站" : "West \"station\"", i == 9 ? null : i * 1.5, (long)i, i % 3 == 0, new DateOnly(2026, 1, 1).AddDays(i), Start.AddHours(i),
        })]);
        Catalogue.Add(Dataset("parks", "公园", "Parks", true,
            new DataField("id", ColumnType.Integer, new Words("编号", "Id")), new DataField("name", text, new Words("名称", "Name")), new DataField("lon", ColumnType.Number, new Words("经度", "Longitude")),
            new DataField("lat", ColumnType.Number, new Words("纬度", "Latitude")), new DataField("opened", ColumnType.Instant, new Words("开放", "Opened")))
            with { Key = "id", Longitude = "lon", Latitude = "lat", Time = "opened", Keywords = ["绿地"], Themes = ["环境", "休闲"], DerivedFrom = ["air"] });
        Releases.Fill("parks", [.. Enumerable.Range(0, 25).Select(i => new object?[] { (long)i, $"公园{i}", i == 24 ? null : 106.0 + (i * 0.1), 29.0 + (i * 0.1), Start.AddDays(-i) })]);
        Catalogue.Add(Dataset("register", "人口登记", "Population register", false,
            new DataField("pid", text, new Words("身份证号", "Number")), new DataField("name", text, new Words("姓名", "Name")), new DataField("street", text, new Words("街道", "Street"))) with { Key = "pid", Keywords = ["人口"], LegalBasis = "户口登记条例" });
        Releases.Fill("register", [["500101", "王", "解放路"], ["500102", "李", "人民路"]], "pid", "street");
        Catalogue.Add(Dataset("ungranted", "无授权", "Ungranted", true, new DataField("x", text, new Words("甲", "X"))));
    }
}

/// <summary>A catalogue in memory.</summary>
internal sealed class FakeCatalogue : ICatalogue
{
    private readonly Dictionary<string, Dataset> _datasets = new(StringComparer.Ordinal);

    public IEnumerable<Dataset> Published => _datasets.Values;

    public long Version { get; private set; }

    public void Add(Dataset dataset)
    {
        _datasets[dataset.Id] = dataset;
        Version++;
    }

    public Dataset? Find(string id) => _datasets.GetValueOrDefault(id);

    public Dataset? OfType(string tenant, string entityType) => null;

    public bool IsNegative(string dataset) => false;
}
