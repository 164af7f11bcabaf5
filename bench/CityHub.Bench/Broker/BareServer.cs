using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CityHub.Bench.Broker;

/// <summary>The web server alone, in a process like the hub's: reads a body, answers 204. No hub can be faster.</summary>
public static class BareServer
{
    public const string Verb = "bench-bare-server";

    public static async Task<int> RunAsync(CancellationToken cancel)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [], ApplicationName = "cityhub", EnvironmentName = "Production" });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(System.Net.IPAddress.Loopback, 0);
        });
        await using var app = builder.Build();
        app.Run(static async http =>
        {
            var body = new byte[(int)(http.Request.ContentLength ?? 0)];
            await http.Request.Body.ReadExactlyAsync(body, http.RequestAborted);
            http.Response.StatusCode = StatusCodes.Status204NoContent;
        });
        await app.StartAsync(cancel);
        Console.WriteLine($"ready on {app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First()}");
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancel);
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }

        return 0;
    }
}
