using System.Collections.Concurrent;
using CityHub.Context.Guard;
using CityHub.Core.Ports;
using Microsoft.Extensions.Logging;

namespace CityHub.Context.Subscriptions;

internal enum SendOutcome
{
    Delivered,

    /// <summary>The receiver has it and says no for good: sending it again would not help.</summary>
    Rejected,
    Failed,
}

/// <summary>Sends one notification to one endpoint. Does not throw, but for cancellation.</summary>
internal interface INotificationSender
{
    ValueTask<SendOutcome> SendAsync(Subscription subscription, Notification notification, ReadOnlyMemory<byte> body, CancellationToken cancel);
}

/// <summary>
/// Takes notifications from outboxes to endpoints: at least once, in order within a subscription, again after failures with growing pauses. Who failed last
/// shares few places with others that failed, so that dead endpoints take nothing from living ones.
/// </summary>
internal sealed class Delivery(PendingView view, INotificationSender http, INotificationSender mqtt, TimeProvider clock, Random random, ILogger log, IEntityGuard? guard = null) : IAsyncDisposable
{
    private const int MostAtOnce = 1_024;
    private const int MostSuspectsAtOnce = 64;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(24);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<(string Tenant, string Id), Outbox> _outboxes = new();
    private readonly SemaphoreSlim _places = new(MostAtOnce);
    private readonly SemaphoreSlim _suspectPlaces = new(MostSuspectsAtOnce);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly Lock _flushing = new();
    private int _running;
    private long _delivered;
    private long _failures;
    private long _givenUp;

    public long Delivered => Volatile.Read(ref _delivered);

    public long Failures => Volatile.Read(ref _failures);

    public long GivenUp => Volatile.Read(ref _givenUp);

    public int Pending => _outboxes.Values.Sum(o => o.Count);

    public void Open(Subscription subscription, SubscriptionStats stats) =>
        _outboxes.AddOrUpdate((subscription.Tenant, subscription.Id), _ => new Outbox(subscription, stats), (_, outbox) =>
        {
            if (outbox.Subscription.Endpoint != subscription.Endpoint)
                (outbox.Failures, outbox.NotBefore) = (0, 0);
            outbox.Subscription = subscription;
            return outbox;
        });

    public void Close(Subscription subscription)
    {
        if (!_outboxes.TryRemove((subscription.Tenant, subscription.Id), out var outbox))
            return;
        foreach (var left in outbox.Close())
            if (left.Stored)
                view.Later(left.Key, null);
        view.Later(PendingView.StatsKey(subscription.Tenant, subscription.Id), null);
    }

    public void Put(Notification notification)
    {
        if (!_outboxes.TryGetValue((notification.Tenant, notification.Subscription), out var outbox))
        {
            if (notification.Stored)
                view.Later(notification.Key, null);
            return;
        }

        var start = outbox.Put(notification, out var givenUp);
        if (givenUp is not null)
            GiveUp(outbox, givenUp);
        if (start)
        {
            Interlocked.Increment(ref _running);
            _ = Task.Run(() => RunAsync(outbox));
        }
    }

    /// <summary>Makes everything that is pending durable, with the position up to which changes were matched.</summary>
    public void Flush(Func<long> matched, bool always)
    {
        lock (_flushing)
        {
            // 1. The position first: whatever came of changes up to it is in an outbox by now.
            var position = matched();
            var pending = new List<KeyValuePair<Notification, ReadOnlyMemory<byte>>>();
            var changes = new List<KeyValuePair<string, ReadOnlyMemory<byte>?>>();
            foreach (var ((tenant, id), outbox) in _outboxes)
            {
                outbox.TakeUnstored(pending);
                if (outbox.Stats.TakeDirty() is { } stats)
                    changes.Add(new(PendingView.StatsKey(tenant, id), stats));
            }

            foreach (var (notification, body) in pending)
                changes.Add(new(notification.Key, notification.Encode(body)));
            if (changes.Count == 0 && !view.HasChanges && (position <= view.Position || (_outboxes.IsEmpty && !always)))
                return;
            var committed = false;
            try
            {
                // 2. A crash here: the changes are matched again from the old position, and their notifications sent again.
                view.Commit(position, changes);
                committed = true;
            }
            finally
            {
                if (!committed)
                {
                    Outbox.Unstore(pending);
                    foreach (var outbox in _outboxes.Values)
                        outbox.Stats.Touch();
                }
            }

            foreach (var outbox in _outboxes.Values)
                outbox.Trim();
        }
    }

    /// <summary>Lets what is under way finish for a moment, then stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _stopped.CancelAfter(Grace);
        while (Volatile.Read(ref _running) > 0)
            await Task.Delay(10);
        foreach (var outbox in _outboxes.Values)
            outbox.Dispose();
        _stopping.Dispose();
        _stopped.Dispose();
        _places.Dispose();
        _suspectPlaces.Dispose();
    }

    private async Task RunAsync(Outbox outbox)
    {
        try
        {
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token, outbox.Closed);
            using var stopped = CancellationTokenSource.CreateLinkedTokenSource(_stopped.Token, outbox.Closed);
            while (outbox.Next() is { } next)
            {
                stopping.Token.ThrowIfCancellationRequested();
                try
                {
                    await OneAsync(outbox, next, stopping.Token, stopped.Token);
                }
#pragma warning disable CA1031 // An outbox whose loop has died would be silent for ever: the mistake is in the log, and it is tried again.
                catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
                {
                    log.LogError(e, "A notification of {Subscription} could not be sent.", outbox.Subscription.Id);
                    outbox.Failures++;
                    outbox.NotBefore = clock.GetUtcNow().UtcTicks + Pause(outbox.Failures).Ticks;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping, or the subscription is gone: what is left is in the view, or not wanted.
            outbox.Stop();
        }
        finally
        {
            Interlocked.Decrement(ref _running);
        }
    }

    private async Task OneAsync(Outbox outbox, Notification next, CancellationToken stopping, CancellationToken stopped)
    {
        var now = clock.GetUtcNow().UtcTicks;
        if (!outbox.Subscription.IsDueAt(now))
        {
            // Paused or expired: notifications shall not be delivered (table 5.2.12-1).
            Done(outbox, next);
            return;
        }

        if (now - next.At > GiveUpAfter.Ticks)
        {
            GiveUp(outbox, next);
            return;
        }

        if (outbox.NotBefore > now)
        {
            await Task.Delay(TimeSpan.FromTicks(outbox.NotBefore - now), clock, stopping);
            return;
        }

        if ((next.Body ?? view.Body(next)) is not { } body)
        {
            Done(outbox, next);
            return;
        }

        var places = outbox.Failures == 0 ? _places : _suspectPlaces;
        await places.WaitAsync(stopping);
        var outcome = SendOutcome.Failed;
        IEntityDispatch? dispatch = null;
        try
        {
            // What is guarded goes to whom it was written for, within the grant as it is now, and on record first.
            if (next.Guarded is var (subscriber, shown))
            {
                if (guard is null || outbox.Subscription.Document.Subscriber is not { } current || !current.Span.SequenceEqual(subscriber.Span))
                {
                    Done(outbox, next);
                    return;
                }

                if (!(await guard.SendAsync(subscriber, next.Tenant, shown, body)).TryGet(out dispatch, out var refused))
                {
                    if (refused.Kind.Status < 500)
                        Done(outbox, next);
                    else
                        outbox.NotBefore = now + Pause(++outbox.Failures).Ticks;
                    return;
                }
            }

            // The count is right before the receiver can ask for it.
            outbox.Stats.Sending(clock.GetUtcNow().UtcTicks);
            var subscription = outbox.Subscription;
            outcome = await (subscription.Endpoint.IsMqtt ? mqtt : http).SendAsync(subscription, next, body, stopped);
        }
        finally
        {
            places.Release();
            if (dispatch is not null)
                await dispatch.CloseAsync(outcome == SendOutcome.Delivered);
        }

        now = clock.GetUtcNow().UtcTicks;
        if (outcome == SendOutcome.Delivered)
        {
            outbox.Stats.Succeeded(now);
            (outbox.Failures, outbox.NotBefore) = (0, 0);
            Interlocked.Increment(ref _delivered);
            Done(outbox, next);
            return;
        }

        outbox.Stats.Failed(now);
        outbox.Failures++;
        Interlocked.Increment(ref _failures);
        var pause = outcome == SendOutcome.Rejected ? TimeSpan.Zero : Pause(outbox.Failures);
        outbox.NotBefore = now + Math.Max(pause.Ticks, outbox.Subscription.Endpoint.Cooldown.Ticks);
        if (outbox.Failures == 1)
            log.LogInformation("A notification of {Subscription} to {Host} failed ({Outcome}).", outbox.Subscription.Id, outbox.Subscription.Endpoint.Uri.Host, outcome);
        if (outcome == SendOutcome.Rejected)
            Done(outbox, next);
    }

    private TimeSpan Pause(int failures)
    {
        double jitter;
        lock (random)
            jitter = 0.8 + 0.4 * random.NextDouble();
        return Math.Min(FirstPause.TotalSeconds * Math.Pow(2, Math.Min(failures - 1, 20)), LongestPause.TotalSeconds) * jitter * TimeSpan.FromSeconds(1);
    }

    private void Done(Outbox outbox, Notification notification)
    {
        if (outbox.Done(notification))
            view.Later(notification.Key, null);
    }

    private void GiveUp(Outbox outbox, Notification notification)
    {
        outbox.Stats.Failed(clock.GetUtcNow().UtcTicks);
        Interlocked.Increment(ref _givenUp);
        Done(outbox, notification);
    }
}
