using System.Net.Http.Headers;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Server.Configuration;
using CityHub.Server.Doors;

namespace CityHub.Server;

/// <summary>
/// A verb's connection to the hub that runs on a data folder. Whoever can read the folder's key is its operator: the verb signs itself a token for
/// one minute that never leaves this machine.
/// </summary>
internal sealed class HubClient : IDisposable
{
    private readonly HttpClient _http;

    private HubClient(HttpClient http) => _http = http;

    public HttpClient Http => _http;

    /// <summary>Null when no hub answers on the folder.</summary>
    public static async Task<HubClient?> ConnectAsync(HubConfig config, TimeProvider time, CancellationToken cancel)
    {
        if (Presence.Read(config.Data) is not { } presence || !HubKey.Load(config.Data).TryGet(out var key, out _))
            return null;
        using (key)
        {
            var http = presence.Client();
            try
            {
                using var answer = await http.GetAsync("/health/live", cancel);
            }
            catch (HttpRequestException)
            {
                http.Dispose();
                return null;
            }

            var now = time.GetUtcNow();
            var claims = new TokenClaims(HubTokens.NewId(), "cityhub", Permissions.All, [Bearer.AnyTenant], now, now + TimeSpan.FromMinutes(1));
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", new HubTokens(key, config.Auth.Audience).Sign(claims));
            return new HubClient(http);
        }
    }

    public async Task<Result<string>> SendAsync(HttpRequestMessage request, Func<JsonElement, string> read, CancellationToken cancel)
    {
        using var answer = await _http.SendAsync(request, cancel);
        if (!answer.IsSuccessStatusCode)
            return await ProblemOfAsync(answer, cancel);
        var body = await answer.Content.ReadAsByteArrayAsync(cancel);
        if (body.Length == 0)
            return "";
        using var json = JsonDocument.Parse(body);
        return read(json.RootElement);
    }

    /// <summary>The problem that the hub answered with, as our own value again.</summary>
    public static async Task<Problem> ProblemOfAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        var status = (int)answer.StatusCode;
        try
        {
            using var json = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancel));
            var root = json.RootElement;
            string? Text(string name) => root.TryGetProperty(name, out var value) ? value.GetString() : null;
            return new ProblemKind(Text("code") ?? "internal-error", Text("title") ?? "", status).Because(Text("detail") ?? "", Text("hint"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return DoorProblems.NoHub.Because($"What answers there is no hub: it said {status}.");
        }
    }

    public void Dispose() => _http.Dispose();
}
