using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CityHub.Sensing;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Mapping;
using CityHub.Tests.Storage.Embedded;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Sensing;

/// <summary>The room on a real store with a false clock; can be closed and opened again on the same folder.</summary>
internal sealed class SensingUnderTest : IAsyncDisposable
{
    public const string Plain = """{"type":"T","entity":"urn:x:{device}","attributes":[{"name":"v"}]}""";

    private readonly EmbeddedUnderTest _store = new();

    public SensingUnderTest() => Room = Open();

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero));

    public RecordedObservations Observations { get; } = new();

    public SensingRoom Room { get; private set; }

    public EmbeddedUnderTest Store => _store;

    /// <summary>Closes and opens again.</summary>
    /// <param name="crash">The room's own closing does not happen.</param>
    public async Task ReopenAsync(TimeSpan downFor = default, bool crash = false)
    {
        if (!crash)
            await Room.DisposeAsync();
        _store.Reopen();
        Clock.Advance(downFor);
        Room = Open();
    }

    public async Task<StoredMapping> MapAsync(string id = "plain", string declaration = Plain, string tenant = "") =>
        (await DeclareMapping.DeclareAsync(Room, tenant, id, MappingDeclaration.Read(Encoding.UTF8.GetBytes(declaration)).Value, CancellationToken.None)).Value;

    public async Task<(DeviceState State, string? Secret)> RegisterAsync(string id, string? more = null, string tenant = "") =>
        (await RegisterDevice.RegisterAsync(Room, tenant, Device.Read(Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","kind":"sensor"{{(more is null ? "" : "," + more)}}}""")).Value)).Value;

    public async Task<Core.Problems.Problem?> SendAsync(string device, string payload, string tenant = "") =>
        Room.Find(tenant) is { } city && city.Devices.Find(device) is { } state ? await Room.Intake.TakeAsync(city, state, $"devices/{device}/readings", Encoding.UTF8.GetBytes(payload)) : throw new InvalidOperationException($"No {device}");

    public IReadOnlyList<string> Facts(string stream) => [.. _store.Log.Read(0, stream).Select(f => f.Type)];

    public JsonElement Fact(string stream, int index)
    {
        using var document = JsonDocument.Parse(_store.Log.Read(0, stream).ElementAt(index).Payload);
        return document.RootElement.Clone();
    }

    /// <summary>The routes on a real socket, without the hub's doors.</summary>
    public async Task<Routes> ServeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore().Configure<RouteOptions>(o => o.SuppressCheckForUnhandledSecurityMetadata = true);
        var app = builder.Build();
        app.MapSensing(Room);
        await app.StartAsync();
        var address = app.Urls.First();
        return new Routes(app, new HttpClient { BaseAddress = new Uri(address) });
    }

    public async ValueTask DisposeAsync()
    {
        await Room.DisposeAsync();
        _store.Dispose();
    }

    private SensingRoom Open()
    {
        var room = new SensingRoom(_store.Log, _store.Views, Observations, new PlainVocabulary(), Clock);
        room.Start([]);
        return room;
    }

    internal sealed class Routes(WebApplication app, HttpClient http) : IAsyncDisposable
    {
        public HttpClient Http { get; } = http;

        public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(HttpMethod method, string path, string? body = null, string? tenant = null)
        {
            using var request = new HttpRequestMessage(method, path);
            if (body is not null)
                request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
            if (tenant is not null)
                request.Headers.Add("NGSILD-Tenant", tenant);
            using var answer = await Http.SendAsync(request);
            var text = await answer.Content.ReadAsStringAsync();
            if (text.Length == 0)
                return (answer.StatusCode, default);
            using var document = JsonDocument.Parse(text);
            return (answer.StatusCode, document.RootElement.Clone());
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await app.DisposeAsync();
        }
    }
}
