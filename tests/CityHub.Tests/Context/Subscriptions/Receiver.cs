using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CityHub.Tests.Context.Subscriptions;

internal sealed record Received(JsonElement Body, IReadOnlyDictionary<string, string> Headers, long? Length)
{
    public string Subscription => Body.GetProperty("subscriptionId").GetString() ?? "";

    public JsonElement Entity => Body.GetProperty("data")[0];
}

/// <summary>A place on the network that notifications are sent to.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<Received> _received = new();

    private Receiver(WebApplication app) => _app = app;

    /// <summary>The status to answer with.</summary>
    public Func<Received, Task<int>> Answer { get; set; } = _ => Task.FromResult(200);

    public string Url { get; private set; } = "";

    public IReadOnlyList<Received> All => [.. _received];

    public static async Task<Receiver> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{port}");
        var app = builder.Build();
        var receiver = new Receiver(app);
        app.Run(receiver.HandleAsync);
        await app.StartAsync();
        receiver.Url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First() ?? "";
        return receiver;
    }

    public int Port => new Uri(Url).Port;

    public async Task<IReadOnlyList<Received>> UntilAsync(int count, Action? meanwhile = null)
    {
        await Eventually.Is(() => _received.Count >= count, meanwhile);
        return All;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task HandleAsync(HttpContext http)
    {
        using var json = await JsonDocument.ParseAsync(http.Request.Body);
        var received = new Received(json.RootElement.Clone(), http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), http.Request.ContentLength);
        _received.Enqueue(received);
        http.Response.StatusCode = await Answer(received);
    }
}

internal static class Eventually
{
    /// <summary>Waits for something that happens on another thread; gives up when it surely does not.</summary>
    public static async Task Is(Func<bool> condition, Action? meanwhile = null)
    {
        for (var i = 0; i < 3_000; i++)
        {
            if (condition())
                return;
            meanwhile?.Invoke();
            await Task.Delay(10);
        }

        Assert.Fail("It did not happen within half a minute.");
    }
}
