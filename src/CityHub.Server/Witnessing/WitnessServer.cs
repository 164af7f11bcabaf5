using System.Globalization;
using System.Net;
using System.Text;
using System.Threading.RateLimiting;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Ledger;
using CityHub.Server.Configuration;
using CityHub.Server.Http;
using CityHub.Server.Pages;
using CityHub.Server.Telemetry;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection.Extensions;
using WitnessLogic = CityHub.Ledger.Witness;

namespace CityHub.Server.Witnessing;

/// <summary>
/// A witness on the network: <c>POST /add-checkpoint</c> and <c>GET /HASH/checkpoint</c> of c2sp.org/tlog-witness, a page for people, health; a mirror also
/// serves the files of its log. It needs nothing of a hub. Whoever asks is not authenticated: what counts is who signed the checkpoint.
/// </summary>
internal sealed class WitnessServer : IAsyncDisposable
{
    private static readonly Resource Style = Resource.Folder("assets/")["cityhub.css"];

    private readonly WebApplication app;
    private readonly WitnessLogic? witness;
    private readonly MirrorService? mirror;
    private readonly IReadOnlyList<VerifierKey> keys;
    private readonly PartitionedRateLimiter<IPAddress> rate;
    private readonly TimeProvider time;

    private WitnessServer(WebApplication app, WitnessLogic? witness, MirrorService? mirror, IReadOnlyList<VerifierKey> keys, int perSecond, TimeProvider time)
    {
        (this.app, this.witness, this.mirror, this.keys, this.time) = (app, witness, mirror, keys, time);
        rate = PartitionedRateLimiter.Create<IPAddress, IPAddress>(address => RateLimitPartition.GetTokenBucketLimiter(address, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = 2 * perSecond,
            TokensPerPeriod = Math.Max(1, perSecond / 10),
            ReplenishmentPeriod = TimeSpan.FromMilliseconds(100),
            QueueLimit = 0,
        }));
        app.Run(HandleAsync);
    }

    public string Address { get; private set; } = "";

    /// <param name="perSecond">Requests of one address; twice as many at once.</param>
    /// <param name="mirror">With it the witness signs only what the mirror keeps.</param>
    public static async Task<Result<WitnessServer>> StartAsync(
        Listener listener, WitnessLogic? witness, MirrorService? mirror, IReadOnlyList<VerifierKey> keys, int perSecond, TimeProvider time, CancellationToken cancel)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [], ApplicationName = "cityhub", EnvironmentName = "Production" });
        Logging.Add(builder.Logging, new TelemetryConfig(), null);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Listening.Limit(kestrel.Limits, new LimitsConfig { Body = WitnessRequest.MaxBytes, Headers = 8 << 10, Connections = 512, HeadersTimeout = TimeSpan.FromSeconds(10) });
            Listening.Listen(kestrel, listener, null);
        });
        builder.Services.RemoveAll<IHostLifetime>();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(5));
        var server = new WitnessServer(builder.Build(), witness, mirror, keys, perSecond, time);
        try
        {
            await server.app.StartAsync(cancel);
        }
        catch (IOException e)
        {
            await server.DisposeAsync();
            return HubProblems.AddressUnavailable.Because($"The witness cannot listen on {listener.Text}: {e.Message}", "Stop what uses the address, or give another: --listen 127.0.0.1:8092");
        }

        server.Address = server.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First() ?? "";
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
        await rate.DisposeAsync();
    }

    private Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        var reads = HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);
        if (path == "/add-checkpoint")
            return HttpMethods.IsPost(http.Request.Method) ? AddAsync(http) : TextAsync(http, 405, "POST a checkpoint here (c2sp.org/tlog-witness).\n");
        if (!reads)
            return TextAsync(http, 404, "There is nothing at this address.\n");
        return path switch
        {
            "/" => PageAsync(http),
            "/health" => HealthAsync(http),
            "/vkeys" => TextAsync(http, 200, string.Concat(keys.Select(key => key + "\n"))),
            "/assets/cityhub.css" => Style.WriteAsync(http, "text/css; charset=utf-8"),
            _ => FileAsync(http, path),
        };
    }

    private async Task AddAsync(HttpContext http)
    {
        using var lease = rate.AttemptAcquire(http.Connection.RemoteIpAddress ?? IPAddress.None);
        if (!lease.IsAcquired)
        {
            http.Response.Headers.RetryAfter = "1";
            await TextAsync(http, 429, "More requests than this witness takes from one address.\n");
            return;
        }

        var body = new byte[WitnessRequest.MaxBytes + 1];
        int length;
        try
        {
            length = await http.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, http.RequestAborted);
        }
        catch (BadHttpRequestException e)
        {
            await TextAsync(http, e.StatusCode, e.StatusCode == 413 ? $"A request has at most {WitnessRequest.MaxBytes} bytes.\n" : "The request is not valid HTTP.\n");
            return;
        }

        var answer = mirror is not null ? await mirror.AddAsync(body[..length], http.RequestAborted)
            : witness is not null ? witness.Add(body.AsSpan(0, length))
            : new WitnessAnswer(404, "text/plain; charset=utf-8", "There is no witness here.\n");
        await TextAsync(http, answer.Status, answer.Body, answer.ContentType);
    }

    /// <summary>What a witness saw last, and of a mirror the whole log, with and without the log's hash before it.</summary>
    private Task FileAsync(HttpContext http, string path)
    {
        const string tail = "/checkpoint";
        if (mirror is null)
        {
            var latest = path.EndsWith(tail, StringComparison.Ordinal) ? witness?.Find(path[1..^tail.Length])?.Latest : null;
            http.Response.Headers.CacheControl = "no-cache";
            return latest is null ? NothingAsync(http) : TextAsync(http, 200, latest.ToString());
        }

        var prefix = $"/{WitnessState.NameOf(mirror.Mirror.Follower.Origin)}/";
        var file = path.StartsWith(prefix, StringComparison.Ordinal) ? path[prefix.Length..] : path[1..];
        if (file == "checkpoint")
        {
            http.Response.Headers.CacheControl = "no-cache";
            return mirror.Mirror.Follower.Last is { } last ? TextAsync(http, 200, last.ToString()) : NothingAsync(http);
        }

        if (!TilePath.TryParse(file, out var tile) || mirror.Mirror.Read(tile) is not { } bytes)
            return NothingAsync(http);
        http.Response.Headers.CacheControl = "public, max-age=604800, immutable";
        return BytesAsync(http, 200, bytes, "application/octet-stream");
    }

    private static Task NothingAsync(HttpContext http) => TextAsync(http, 404, "There is nothing at this address.\n");

    /// <summary>503 with the reasons where this witness does not sign for one of its logs, or the mirror does not follow.</summary>
    private Task HealthAsync(HttpContext http)
    {
        var faults = new StringBuilder();
        foreach (var log in witness?.Logs ?? [])
        {
            if (log.Fault is { } fault)
                faults.Append(CultureInfo.InvariantCulture, $"{log.Origin}: {fault}\n");
        }

        if (mirror?.Trouble is { } trouble)
            faults.Append(CultureInfo.InvariantCulture, $"{mirror.Mirror.Follower.Origin}: {trouble}\n");
        return faults.Length == 0 ? TextAsync(http, 200, "ok\n") : TextAsync(http, 503, faults.ToString());
    }

    private Task PageAsync(HttpContext http)
    {
        var language = PageWriter.LanguageOf(http);
        return PageWriter.HtmlAsync(http, WitnessPage.Write(keys, witness?.Logs ?? [], mirror, time.GetUtcNow(), language), language);
    }

    private static Task TextAsync(HttpContext http, int status, string text, string type = "text/plain; charset=utf-8") =>
        BytesAsync(http, status, Encoding.UTF8.GetBytes(text), type);

    private static Task BytesAsync(HttpContext http, int status, byte[] bytes, string type)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        http.Response.ContentLength = bytes.Length;
        http.Response.Headers.XContentTypeOptions = "nosniff";
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : http.Response.Body.WriteAsync(bytes, http.RequestAborted).AsTask();
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
