using System.Diagnostics;
using System.Globalization;
using System.Threading.RateLimiting;
using CityHub.Core.Problems;
using CityHub.Server.Configuration;
using CityHub.Server.Doors;
using Microsoft.AspNetCore.Http.Timeouts;

namespace CityHub.Server.Http;

/// <summary>
/// The outermost step of every request: answers while the hub starts and stops, keeps the limits that Kestrel cannot put into words, turns what
/// goes wrong into a problem, writes the access log. Never logs a query string, a header or a body: tokens travel in them.
/// </summary>
internal sealed partial class Front(LimitsConfig limits, bool logRequests, ILogger<Front> log, TimeProvider time) : IAsyncDisposable
{
    private readonly PartitionedRateLimiter<string>? _rate = limits.Rate == 0 ? null : PartitionedRateLimiter.Create<string, string>(client =>
        RateLimitPartition.GetTokenBucketLimiter(client, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = limits.Rate,
            TokensPerPeriod = Math.Max(1, limits.Rate / 10),
            ReplenishmentPeriod = limits.Rate < 10 ? TimeSpan.FromSeconds(1d / limits.Rate) : TimeSpan.FromMilliseconds(100),
            QueueLimit = 0,
            AutoReplenishment = true,
        }));

    private volatile RequestDelegate? _pipeline;
    private volatile string _state = "The hub is starting.";

    /// <summary>Null while it is ready; else why it is not.</summary>
    public string? NotReady => _pipeline is null ? _state : null;

    /// <summary>From now on requests go in.</summary>
    public void Open(RequestDelegate pipeline) => _pipeline = pipeline;

    /// <summary>What a client is told while it is not open.</summary>
    public void Say(string state) => _state = state;

    /// <summary>From now on new requests are turned away; those under way go on.</summary>
    public void Close(string why) => (_state, _pipeline) = (why, null);

    public Task HandleAsync(HttpContext http)
    {
        var pipeline = _pipeline;
        if (pipeline is null)
            return NotReadyAsync(http);
        return HandleAsync(http, pipeline);
    }

    private async Task HandleAsync(HttpContext http, RequestDelegate pipeline)
    {
        var began = logRequests ? time.GetTimestamp() : 0;
        try
        {
            if (_rate is not null && !Admit(http, out var wait))
            {
                http.Response.Headers.RetryAfter = wait;
                await ProblemWriter.WriteAsync(http, ServerProblems.TooManyRequests.Because($"The hub takes {limits.Rate} requests per second from one client.", "Send batches: /ngsi-ld/v1/entityOperations.", "limits.rate"), keep: "Retry-After");
            }
            else if (HeadersTooLarge(http.Request.Headers))
            {
                await ProblemWriter.WriteAsync(http, ServerProblems.HeadersTooLarge.Because($"The headers together may have {Sizes.Text(limits.Headers)}.", null, "limits.headers"));
            }
            else
            {
                await pipeline(http);
                if (http.Response is { HasStarted: false, StatusCode: 404 or 405, ContentLength: null, ContentType: null })
                    await NothingThereAsync(http);
            }
        }
        catch (BadHttpRequestException e)
        {
            await ProblemWriter.WriteAsync(http, Malformed(e));
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: nobody is there to be told.
            http.Response.StatusCode = 499;
        }
        catch (Exception e)
        {
            var id = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
            LogMistake(e, http.Request.Method, http.Request.Path, id);
            await ProblemWriter.WriteAsync(http, ServerProblems.InternalError.Because("The hub has failed at this request.", $"The hub's log has the reason under {id}."));
        }

        if (logRequests)
        {
            var who = http.Features.Get<Bearer>()?.Subject ?? "-";
            LogRequest(http.Request.Method, http.Request.Path, http.Response.StatusCode, time.GetElapsedTime(began).TotalMilliseconds, who, http.Connection.RemoteIpAddress?.ToString());
        }
    }

    /// <summary>After routing: one request may take as long as limits.request, unless its endpoint streams.</summary>
    public RequestDelegate Hurry(RequestDelegate next) => async http =>
    {
        if (http.GetEndpoint()?.Metadata.GetMetadata<DisableRequestTimeoutAttribute>() is not null || http.WebSockets.IsWebSocketRequest)
        {
            await next(http);
            return;
        }

        var gone = http.RequestAborted;
        using var clock = Clock.Rent(limits.Request, gone);
        http.RequestAborted = clock.Token;
        try
        {
            await next(http);
        }
        catch (OperationCanceledException) when (clock.Token.IsCancellationRequested && !gone.IsCancellationRequested)
        {
            await ProblemWriter.WriteAsync(http, ServerProblems.TookTooLong.Because($"One request may take {Durations.Text(limits.Request)}.", "Ask for less: a limit, a narrower query, a smaller batch.", "limits.request"));
        }
        finally
        {
            http.RequestAborted = gone;
        }
    };

    private Task NotReadyAsync(HttpContext http)
    {
        if (http.Request.Path == "/health/live")
            return Health.LiveAsync(http);
        http.Response.Headers.RetryAfter = "1";
        return ProblemWriter.WriteAsync(http, ServerProblems.NotReady.Because(_state), keep: "Retry-After");
    }

    private static Task NothingThereAsync(HttpContext http) => http.Response.StatusCode == 405
        ? ProblemWriter.WriteAsync(http, ServerProblems.MethodNotAllowed.Because($"{http.Request.Method} is not among the methods of {http.Request.Path}.", $"It takes {http.Response.Headers.Allow}."), keep: "Allow")
        : ProblemWriter.WriteAsync(http, ServerProblems.RouteNotFound.Because($"Nothing is at {http.Request.Path}.", "/api lists every address of this hub."));

    private bool Admit(HttpContext http, out string wait)
    {
        wait = "1";
        if (_rate is null)
            return true;
        // The token tells clients behind one address apart; it is not verified yet, and only its hash is kept.
        var client = http.Request.Headers.Authorization is [{ Length: > 0 } token] ? TokenKey(token) : http.Connection.RemoteIpAddress?.ToString() ?? "";
        using var lease = _rate.AttemptAcquire(client);
        if (!lease.IsAcquired && lease.TryGetMetadata(MetadataName.RetryAfter, out var after))
            wait = Math.Max(1, (int)Math.Ceiling(after.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        return lease.IsAcquired;
    }

    private static string TokenKey(string token) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(token)).AsSpan(0, 16));

    /// <summary>Kestrel itself cuts at twice this size, without a word; up to there we can say what is wrong.</summary>
    private bool HeadersTooLarge(IHeaderDictionary headers)
    {
        var size = 0;
        foreach (var (name, values) in headers)
        {
            foreach (var value in values)
                size += name.Length + (value?.Length ?? 0) + 4;
        }

        return size > limits.Headers;
    }

    private Problem Malformed(BadHttpRequestException e) => e.StatusCode switch
    {
        413 => ServerProblems.RequestTooLarge.Because($"A request body may have {Sizes.Text(limits.Body)}.", "Send several smaller batches.", "limits.body"),
        408 => ServerProblems.RequestTimeout.Because("The body came too slowly.", null, "limits.request"),
        431 => ServerProblems.HeadersTooLarge.Because($"The headers together may have {Sizes.Text(limits.Headers)}.", null, "limits.headers"),
        _ => ServerProblems.BadRequest.Because(e.Message),
    };

    public async ValueTask DisposeAsync()
    {
        if (_rate is not null)
            await _rate.DisposeAsync();
    }

    [LoggerMessage(LogLevel.Information, "{Method} {Path} {Status} {Milliseconds:0.00} ms {Who} {Address}")]
    private partial void LogRequest(string method, string path, int status, double milliseconds, string who, string? address);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed; the client was given {Id}")]
    private partial void LogMistake(Exception e, string method, string path, string id);
}
