using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CityHub.Tests.Ledger.Witnesses;

/// <summary>A socket that answers bodies posted to it as it is told: an honest witness, or one that is not.</summary>
internal sealed class Door(WebApplication app, string url) : IAsyncDisposable
{
    private int asked;

    public string Url => url;

    public int Asked => asked;

    /// <summary>Files, by their path without the first slash.</summary>
    public static Task<Door> OpenAsync(Func<string, byte[]?> file) => OpenAsync(async http =>
    {
        var bytes = file((http.Request.Path.Value ?? "/")[1..]);
        http.Response.StatusCode = bytes is null ? 404 : 200;
        if (bytes is not null)
            await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    });

    public static Task<Door> OpenAsync(Func<byte[], Task<(int Status, string Type, string Body)>> answer) => OpenAsync(async http =>
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var (status, type, text) = http.Request is { Method: "POST", Path.Value: "/add-checkpoint" } ? await answer(body.ToArray()) : (404, "text/plain", "");
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        await http.Response.WriteAsync(text, http.RequestAborted);
    });

    public static async Task<Door> OpenAsync(RequestDelegate handle)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        Door? door = null;
        app.Run(async http =>
        {
            if (door is not null)
                Interlocked.Increment(ref door.asked);
            await handle(http);
        });
        await app.StartAsync();
        door = new Door(app, app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First() ?? "");
        return door;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
