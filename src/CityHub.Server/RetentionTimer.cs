using CityHub.Context.Temporal;
using CityHub.Server.Configuration;

namespace CityHub.Server;

/// <summary>Forgets history that is older than the configuration keeps it: once after the start, then every hour.</summary>
internal sealed class RetentionTimer : IAsyncDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public RetentionTimer(History history, IReadOnlyList<RetentionRule> rules, TimeProvider time, ILogger<RetentionTimer> logger)
    {
        var keep = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        foreach (var rule in rules)
            keep[rule.Type] = rule.Keep;
        _loop = Task.Run(() => RunAsync(history, keep, time, logger));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync(History history, Dictionary<string, TimeSpan> keep, TimeProvider time, ILogger logger)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            do
            {
                var gone = history.Forget(keep, time.GetUtcNow());
                if (gone > 0)
                    logger.LogInformation("{Instances} instances of history were older than they are kept, and are gone", gone);
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
        catch (IOException failure)
        {
            logger.LogError("Old history could not be removed: {Reason}", failure.Message);
        }
    }
}
