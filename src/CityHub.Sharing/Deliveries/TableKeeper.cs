using CityHub.Core.Problems;
using Microsoft.Extensions.Logging;

namespace CityHub.Sharing.Deliveries;

/// <summary>Looks after the tables in the background: superseded ones go, what has become protected gets its key, what lies in many pieces is written anew.</summary>
internal sealed partial class TableKeeper(DeliveryRoom room, TimeProvider clock, ILogger<TableKeeper> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<string, string> _said = new(StringComparer.Ordinal);
    private Task _running = Task.CompletedTask;

    public void Start() => _running = RunAsync();

    /// <summary>Stops a rewriting that is under way: its draft goes.</summary>
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
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    Say(await room.TidyAsync(_stop.Token));
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    LogFailed("all", $"{e.GetType().Name} {e.StackTrace}");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    /// <summary>Each once: a department that has not unlocked its data is no news every ten seconds.</summary>
    private void Say(IReadOnlyList<(string Dataset, Problem Problem)> failed)
    {
        foreach (var (dataset, problem) in failed)
            if (_said.GetValueOrDefault(dataset) != problem.Code)
                LogFailed(dataset, problem.Detail);
        _said.Clear();
        foreach (var (dataset, problem) in failed)
            _said[dataset] = problem.Code;
    }

    [LoggerMessage(LogLevel.Warning, "The table of {Dataset} cannot be put in order: {Why}")]
    private partial void LogFailed(string dataset, string why);
}
