using CityHub.Server.Sharing.Entities;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Responsibilities;
using CityHub.Sharing.Supervision;

namespace CityHub.Server.Sharing;

/// <summary>What is looked at by the clock and not when somebody asks: deadlines of the catalogue, the quality of entities, the month of the responsibility lists, violations. Every hour; a second look records nothing.</summary>
internal sealed partial class BooksWatch(IReadOnlyList<IDeadlineKeeper> keepers, Arrivals arrivals, ResponsibilityRoom lists, SupervisionRoom supervision, TimeProvider time, ILogger<BooksWatch> logger) : IAsyncDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    private readonly CancellationTokenSource _stop = new();
    private Task _running = Task.CompletedTask;

    public void Start() => _running = RunAsync();

    public async Task LookAsync()
    {
        foreach (var keeper in keepers)
            if ((await keeper.RecordPassedAsync()).Problem is { } late)
                LogFailed(late.Detail);
        if ((await arrivals.JudgeAsync(_stop.Token)).Problem is { } unscored)
            LogFailed(unscored.Detail);
        if ((await lists.LookAsync()).Problem is { } unjudged)
            LogFailed(unjudged.Detail);
        if ((await supervision.ReviewAsync()).Problem is { } unseen)
            LogFailed(unseen.Detail);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await LookAsync();
                }
                catch (Exception e) when (e is not OperationCanceledException)
                {
                    // The next look comes all the same: supervision is not switched off by one odd fact.
                    LogFailed(e.ToString());
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    [LoggerMessage(LogLevel.Warning, "A look at the clocks of sharing could not be recorded: {Why}")]
    private partial void LogFailed(string why);
}
