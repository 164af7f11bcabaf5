using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using CityHub.Standards;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Embedded;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Standards;

/// <summary>The room on a real store with a false clock and its routes on a real socket; who asks is said in a header.</summary>
internal sealed class StandardsUnderTest : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private EmbeddedStore _store;
    private WebApplication? _app;
    private HttpClient? _http;

    public StandardsUnderTest()
    {
        _store = EmbeddedStore.Open(_folder.Path, Clock).Value;
        Room = Open();
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero));

    public StandardsRoom Room { get; private set; }

    public IReadOnlyList<string> Facts => [.. _store.Log.Read(0, "standards").Select(f => f.Type)];

    public async Task ReopenAsync()
    {
        await CloseAsync();
        _store = EmbeddedStore.Open(_folder.Path, Clock).Value;
        Room = Open();
    }

    public async Task<(HttpStatusCode Status, JsonElement Body)> SendAsync(string method, string path, string? body = null, string by = "li", string type = "application/json")
    {
        if (_http is null)
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
            builder.Services.AddRoutingCore().Configure<RouteOptions>(o => o.SuppressCheckForUnhandledSecurityMetadata = true);
            _app = builder.Build();
            Room.MapStandards(_app);
            await _app.StartAsync();
            _http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
        }

        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(path, UriKind.Relative));
        request.Headers.Add("X-By", by);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type));
        using var answer = await _http.SendAsync(request);
        using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return (answer.StatusCode, document.RootElement.Clone());
    }

    /// <summary>Drafted by one and published, as it was read, by another.</summary>
    public async Task<(HttpStatusCode Status, JsonElement Body)> PublishAsync(string path, string body, string type = "application/json", string query = "")
    {
        var (status, draft) = await SendAsync("PUT", path + query, body, "li", type);
        return status == HttpStatusCode.Accepted ? await SendAsync("POST", path + "/publish", AsRead(draft), "wang") : (status, draft);
    }

    public static string AsRead(JsonElement draft) => $$"""{"version":{{draft.GetProperty("version")}},"hash":"{{draft.GetProperty("hash")}}"}""";

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    private StandardsRoom Open()
    {
        var room = new StandardsRoom(_store.Log, Clock, http => http.Request.Headers["X-By"].ToString());
        room.Start();
        return room;
    }

    private async Task CloseAsync()
    {
        _http?.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        (_http, _app) = (null, null);
        Room.Dispose();
        _store.Dispose();
    }
}
