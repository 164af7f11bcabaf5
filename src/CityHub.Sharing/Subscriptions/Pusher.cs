using System.Collections.Concurrent;
using System.Threading.Channels;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Releases;
using Microsoft.Extensions.Logging;

namespace CityHub.Sharing.Subscriptions;

/// <summary>
/// Sends each receiver what its table holds now, where that is not what he acknowledged last. What there is to do follows from the facts and the tables alone: a start goes on where a
/// stop or a crash left off, and of several contents the newest is sent. Who does not take it is tried again after growing pauses.
/// </summary>
internal sealed partial class Pusher(SubscriptionRoom room) : IAsyncDisposable
{
    private const int MostAtOnce = 8, MostOfOne = 2;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5), FirstPause = TimeSpan.FromSeconds(5), LongestPause = TimeSpan.FromHours(1);

    private readonly ILogger _logger = room.Logger;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly ConcurrentDictionary<string, Running> _running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Tries> _tries = new(StringComparer.Ordinal);

    /// <summary>Which refusals of this process are in the ledger: the same one of the same content is recorded once.</summary>
    private readonly ConcurrentDictionary<string, (long Delivery, string Code)> _refused = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private Task _looking = Task.CompletedTask;

    public void Start() => _looking = RunAsync();

    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Cuts what is under way: its closing act says so, and the next start sends it again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        await Task.WhenAll(_running.Values.Select(r => r.Task)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        await Task.Yield(); // off the thread of whoever starts it
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await LookAsync();
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                // Stopping.
            }
            catch (Exception e)
            {
                // The next look comes all the same: nobody goes without for the sake of one.
                LogFailed(e);
            }

            using var enough = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
            await Task.WhenAny(_wake.Reader.WaitToReadAsync(enough.Token).AsTask(), Task.Delay(Every, room.Clock, enough.Token));
            await enough.CancelAsync();
            _wake.Reader.TryRead(out _);
        }
    }

    private async ValueTask LookAsync()
    {
        foreach (var id in room.Book.All.Keys)
        {
            // In this order: what was acknowledged while it ran is seen.
            if (_running.ContainsKey(id) || !room.Book.All.TryGetValue(id, out var subscription) || subscription.Ended is not null)
                continue;
            var what = subscription.What;
            if (room.Over(subscription) is { } over)
            {
                await room.Book.EndAsync(over);
                continue;
            }

            if (room.Deliveries.Book.NewestOf(what.Dataset) is not { } newest || newest.Position == subscription.Acknowledged?.What.Delivery)
                continue;
            if (!room.Decide(subscription).TryGet(out var decided, out var refused))
                await RefusedAsync(what, newest.Position, refused);
            else if (IsDue(what.Id) && HasPlace(what.Department))
                Begin(subscription, decided.Ask, decided.Query, decided.Permit);
        }
    }

    private bool IsDue(string id) => !_tries.TryGetValue(id, out var tries) || tries.NotBefore <= room.Clock.GetUtcNow();

    private bool HasPlace(string department)
    {
        var sending = _running.Values.Where(r => !r.Waits).ToList();
        return sending.Count < MostAtOnce && sending.Count(r => r.Department == department) < MostOfOne;
    }

    private async ValueTask RefusedAsync(TableSubscribed what, long delivery, Problem refused)
    {
        if (_refused.TryGetValue(what.Id, out var known) && known == (delivery, refused.Code))
            return;
        _refused[what.Id] = (delivery, refused.Code);
        await room.Releases.RefusedAsync(room.AskOf(what), refused, _stop.Token);
    }

    private void Begin(TableSubscription subscription, Ask ask, ReleaseQuery query, Permit permit)
    {
        var running = _running[subscription.What.Id] = new Running(subscription.What.Department);
        running.Task = Task.Run(async () =>
        {
            try
            {
                await OneAsync(new Push(room, subscription, ask, query, permit), running);
            }
            catch (Exception) when (_stop.IsCancellationRequested)
            {
                // Stopping: the next start sends it.
            }
            catch (Exception e)
            {
                LogFailed(e);
                Failed(subscription.What.Id);
                await room.Book.FailedAsync(new TablePushFailed(subscription.What.Id, SubscriptionProblems.NotSent.Code, null));
            }
            finally
            {
                _running.TryRemove(subscription.What.Id, out _);
                Wake();
            }
        });
    }

    private async ValueTask OneAsync(Push push, Running running)
    {
        var id = push.Subscription.What.Id;
        switch (await push.RunAsync(_stop.Token))
        {
            case Push.Outcome.Acknowledged acknowledged:
                // A crash before it sends the same content once more: the receiver knows it by its delivery.
                if ((await room.Book.PushedAsync(acknowledged.What)).Problem is not { } unrecorded)
                    _tries.TryRemove(id, out _);
                else if (Failed(id) == 1)
                    LogUnrecorded(id, unrecorded.Code);
                break;
            case Push.Outcome.Failed failed:
                if (Failed(id) == 1)
                    LogNotTaken(id, push.Endpoint.Host, failed.Code);
                await room.Book.FailedAsync(new TablePushFailed(id, failed.Code, failed.Answer));
                break;
            default:
                running.Waits = true; // for what is being delivered: that is sent then
                await room.Deliveries.SettledAsync(push.Subscription.What.Dataset, _stop.Token);
                break;
        }
    }

    /// <returns>How often in a row.</returns>
    private int Failed(string id) => _tries.AddOrUpdate(id, _ => After(1), (_, tries) => After(tries.Failures + 1)).Failures;

    private Tries After(int failures) => new(failures, room.Clock.GetUtcNow() + TimeSpan.FromTicks(Math.Min(FirstPause.Ticks << Math.Min(failures - 1, 16), LongestPause.Ticks)));

    [LoggerMessage(LogLevel.Error, "Rows of a subscription could not be sent")]
    private partial void LogFailed(Exception e);

    [LoggerMessage(LogLevel.Information, "{Host} does not take the rows of subscription {Id}: {Code}")]
    private partial void LogNotTaken(string id, string host, string code);

    [LoggerMessage(LogLevel.Warning, "Subscription {Id} was acknowledged, and that could not be recorded: {Code}")]
    private partial void LogUnrecorded(string id, string code);

    private sealed class Running(string department)
    {
        public string Department { get; } = department;

        public Task Task { get; set; } = Task.CompletedTask;

        /// <summary>It sends nothing at this moment, and takes nobody's place.</summary>
        public bool Waits { get; set; }
    }

    private sealed record Tries(int Failures, DateTimeOffset NotBefore);
}
