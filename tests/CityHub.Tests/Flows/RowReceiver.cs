using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CityHub.Tests.Flows;

/// <summary>What a department was sent, whole.</summary>
internal sealed record SentRows(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(Body));

    public string Change => Headers["CityHub-Change"];

    public long Delivery => long.Parse(Headers["CityHub-Delivery"], System.Globalization.CultureInfo.InvariantCulture);

    public long Receipt => long.Parse(Headers["CityHub-Receipt"], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>As the reference tells a receiver to check it.</summary>
    public bool IsSigned(string secret)
    {
        var said = string.Join('.', Headers["CityHub-Subscription"], Headers["CityHub-Delivery"], Headers["CityHub-Change"], Headers["CityHub-Receipt"], Headers["CityHub-Timestamp"]);
        return Headers["CityHub-Signature"] == "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Convert.FromHexString(secret), Encoding.UTF8.GetBytes(said)));
    }
}

/// <summary>A server of a department that takes rows, on a real socket.</summary>
internal sealed class RowReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<SentRows> _sent = new();

    private RowReceiver(WebApplication app) => _app = app;

    /// <summary>Looked at when the headers are there, and nothing of the body was asked for.</summary>
    public Action<HttpContext> Before { get; set; } = _ => { };

    /// <summary>The status to answer with.</summary>
    public Func<SentRows, Task<int>> Answer { get; set; } = _ => Task.FromResult(204);

    public string Url { get; private set; } = "";

    public int Port => new Uri(Url).Port;

    public IReadOnlyList<SentRows> All => [.. _sent];

    public static async Task<RowReceiver> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{port}").ConfigureKestrel(k => k.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var receiver = new RowReceiver(app);
        app.Run(receiver.HandleAsync);
        await app.StartAsync();
        receiver.Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First() ?? "";
        return receiver;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task HandleAsync(HttpContext http)
    {
        Before(http);
        if (http.Response.StatusCode != (int)HttpStatusCode.OK)
            return;
        var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var sent = new SentRows(http.Request.Path, http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), body.ToArray());
        _sent.Enqueue(sent);
        http.Response.StatusCode = await Answer(sent);
    }
}
