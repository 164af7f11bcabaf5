using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Server;
using CityHub.Server.Configuration;
using CityHub.Server.Doors;
using CityHub.Tests.Storage.Embedded;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Flows;

/// <summary>The whole hub in this process: real sockets, real files, a false clock; can be stopped and started again on the same folder.</summary>
internal sealed class HubUnderTest : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly HubConfig _config;
    private Hub? _hub;
    private HttpClient? _http;
    private HttpClient? _stranger;

    private HubUnderTest(Func<HubConfig, HubConfig>? change)
    {
        var config = new HubConfig { Data = _folder.File("data"), Http = new HttpConfig { Listeners = [new Listener("http://127.0.0.1:0", "127.0.0.1", 0, Tls: false)] } };
        _config = change?.Invoke(config) ?? config;
    }

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero));

    public LogLines Log { get; } = new();

    public Hub Hub => _hub ?? throw new InvalidOperationException("The hub does not run.");

    /// <summary>Carries a token for everything, all tenants.</summary>
    public HttpClient Http => _http ?? throw new InvalidOperationException("The hub does not run.");

    /// <summary>Carries no token.</summary>
    public HttpClient Stranger => _stranger ?? throw new InvalidOperationException("The hub does not run.");

    public Uri Address => new(Hub.Addresses[0]);

    public IEnumerable<RouteEndpoint> Routes => Hub.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    public static async Task<HubUnderTest> StartAsync(Func<HubConfig, HubConfig>? change = null)
    {
        var hub = new HubUnderTest(change);
        await hub.StartAsync();
        return hub;
    }

    public async Task RestartAsync()
    {
        await Hub.StopAsync();
        _http?.Dispose();
        _stranger?.Dispose();
        await StartAsync();
    }

    public async Task<string> TokenAsync(IReadOnlyList<string> permissions, IReadOnlyList<string>? tenants = null, TimeSpan? life = null) =>
        (await Hub.Tokens.IssueAsync("test", permissions, tenants ?? [], life ?? TimeSpan.FromDays(365), "test", CancellationToken.None)).Value.Token;

    public async Task<HttpClient> ClientAsync(params string[] permissions) => With(await TokenAsync(permissions));

    public HttpClient With(string token)
    {
        var client = new HttpClient { BaseAddress = Address };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, string type = "application/json", string? tenant = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(type));
        if (tenant is not null)
            request.Headers.Add("NGSILD-Tenant", tenant);
        using var answer = await Http.SendAsync(request);
        return await Answer.OfAsync(answer);
    }

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<Answer> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    /// <summary>A connection on which a test writes what a client library would not.</summary>
    public async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Address.Port);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        _stranger?.Dispose();
        if (_hub is not null)
            await _hub.DisposeAsync();
        Log.Dispose();
        _folder.Dispose();
    }

    private async Task StartAsync()
    {
        _hub = (await Hub.StartAsync(_config, new HubSurroundings { Time = Clock, Log = Log })).Value;
        _http = With(await TokenAsync(Permissions.All, [Bearer.AnyTenant]));
        _stranger = new HttpClient { BaseAddress = Address };
    }
}

internal sealed record Answer(HttpStatusCode Status, string? ContentType, string Text, IReadOnlyDictionary<string, string> Headers)
{
    public JsonElement Json
    {
        get
        {
            using var document = JsonDocument.Parse(Text);
            return document.RootElement.Clone();
        }
    }

    /// <summary>The code of the problem; null when the answer is none.</summary>
    public string? Problem => (int)Status >= 400 && Text.Length > 0 && Json.TryGetProperty("code", out var code) ? code.GetString() : null;

    public static async Task<Answer> OfAsync(HttpResponseMessage answer) => new(
        answer.StatusCode,
        answer.Content.Headers.ContentType?.MediaType,
        await answer.Content.ReadAsStringAsync(),
        answer.Headers.Concat(answer.Content.Headers).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase));
}

/// <summary>Keeps every line that was logged, at every level, with what was in it.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> All => _lines;

    public ILogger CreateLogger(string categoryName) => new Writer(categoryName, _lines);

    public void Dispose()
    {
    }

    private sealed class Writer(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            lines.Enqueue($"scope {category} {state}");
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel} {category} {formatter(state, exception)} {exception}");
    }
}
