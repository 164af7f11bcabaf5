using CityHub.Context.Entities;

namespace CityHub.Server;

/// <summary>Snapshots the entities now and then, and once more when the hub stops, so that the next start replays little.</summary>
internal sealed class SnapshotTimer : IAsyncDisposable
{
    private const long FactsBetween = 200_000;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private readonly Broker _broker;
    private readonly ILogger<SnapshotTimer> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public SnapshotTimer(Broker broker, TimeProvider time, ILogger<SnapshotTimer> logger)
    {
        (_broker, _logger) = (broker, logger);
        _loop = RunAsync(time);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        SnapshotOnce();
    }

    private void SnapshotOnce()
    {
        try
        {
            _broker.Snapshot();
        }
        catch (IOException failure)
        {
            // Nothing is lost: the facts are in the log, and the next start reads more of them.
            _logger.LogWarning("No snapshot could be written: {Reason}", failure.Message);
        }
    }

    private async Task RunAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                if (_broker.FactsSinceSnapshot >= FactsBetween)
                    await Task.Run(SnapshotOnce, CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
