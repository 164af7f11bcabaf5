using Microsoft.Extensions.Logging;

namespace CityHub.Sharing.Calendars;

/// <summary>
/// Looks (every minute) whether a deadline has passed. Each book records what passed under its own gate, with the mark in the log: a restart finds it there, and two
/// looks at once record it once. What passed while the hub was down is found by the first look.
/// </summary>
internal sealed class DeadlineWatch(TimeProvider clock, IReadOnlyList<IDeadlineKeeper> keepers, ILogger logger) : IAsyncDisposable
{
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public void Start() => _running = RunAsync();

    /// <returns>How many facts were recorded.</returns>
    public async Task<int> LookAsync()
    {
        var recorded = 0;
        foreach (var keeper in keepers)
        {
            if ((await keeper.RecordPassedAsync()).TryGet(out var count, out var problem))
                recorded += count;
            else
                logger.LogWarning("Deadlines that passed could not be recorded: {Problem}", problem);
        }

        return recorded;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Every, clock);
        try
        {
            do
                await LookOnceAsync();
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The room closes.
        }
    }

    private async Task LookOnceAsync()
    {
        try
        {
            await LookAsync();
        }
#pragma warning disable CA1031 // Watching goes on: the next look finds what this one could not record.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.LogError(e, "Deadlines could not be looked after");
        }
    }
}
