using CityHub.Context.Entities;

namespace CityHub.Server;

/// <summary>Snapshots the entities now and then, and once more when the hub stops, so that the next start replays little.</summary>
internal sealed class SnapshotTimer : IAsyncDisposable
{
    private const long FactsBetween = 200_000;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private readonly Broker _broker;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public SnapshotTimer(Broker broker, TimeProvider time)
    {
        _broker = broker;
        _loop = RunAsync(time);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _broker.Snapshot();
    }

    private async Task RunAsync(TimeProvider time)
    {
        using var timer = new PeriodicTimer(Period, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                if (_broker.FactsSinceSnapshot >= FactsBetween)
                    await Task.Run(_broker.Snapshot, CancellationToken.None);
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }
}
