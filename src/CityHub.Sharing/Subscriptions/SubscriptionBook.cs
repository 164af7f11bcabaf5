using System.Collections.Immutable;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Subscriptions;

/// <summary>订阅: a department is sent the rows of a table under its grant, whenever there are new ones.</summary>
internal sealed record TableSubscription(TableSubscribed What, DateTimeOffset At)
{
    /// <summary>Null: the receiver has had nothing yet.</summary>
    public (TablePushed What, DateTimeOffset At)? Acknowledged { get; init; }

    /// <summary>Of the last try, and since when; null: it did not fail.</summary>
    public (TablePushFailed What, DateTimeOffset Since)? Failing { get; init; }

    public (TableSubscriptionEnded What, DateTimeOffset At)? Ended { get; init; }
}

/// <summary>Subscriptions to tables and what was acknowledged: a view over the stream <c>table-subscriptions</c>.</summary>
internal sealed class SubscriptionBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, StreamName)
{
    public const string StreamName = "table-subscriptions";

    private volatile ImmutableSortedDictionary<string, TableSubscription> _all = ImmutableSortedDictionary.Create<string, TableSubscription>(StringComparer.Ordinal);

    /// <summary>By id, without those that were given up.</summary>
    public ImmutableSortedDictionary<string, TableSubscription> All => _all;

    /// <summary>For the figure that everybody who watches the hub sees.</summary>
    public int Failing => _all.Values.Count(s => s.Failing is not null && s.Ended is null);

    /// <param name="most">Of one department, at most.</param>
    public ValueTask<Result<TableSubscription>> SubscribeAsync(TableSubscribed what, int most) => RecordAsync<TableSubscription>(now =>
        _all.Values.Count(s => s.What.Department == what.Department && s.Ended is null) >= most
            ? SubscriptionProblems.NotTaken.Because($"{what.Department} has {most} subscriptions.", "Give up those that nobody needs any more.")
            : ((IReadOnlyList<NewFact>)[SharingJson.Said(what, SubscriptionJson.Default.TableSubscribed)], new TableSubscription(what, now)));

    public ValueTask<Result<Done>> UnsubscribeAsync(TableUnsubscribed what) => SayAsync(what.Id, _ => true, SharingJson.Said(what, SubscriptionJson.Default.TableUnsubscribed));

    public ValueTask<Result<Done>> PushedAsync(TablePushed what) => SayAsync(what.Id, _ => true, SharingJson.Said(what, SubscriptionJson.Default.TablePushed));

    /// <summary>The same failure again is no new fact.</summary>
    public ValueTask<Result<Done>> FailedAsync(TablePushFailed what) => SayAsync(what.Id, s => s.Failing?.What != what, SharingJson.Said(what, SubscriptionJson.Default.TablePushFailed));

    public ValueTask<Result<Done>> EndAsync(TableSubscriptionEnded what) => SayAsync(what.Id, s => s.Ended is null, SharingJson.Said(what, SubscriptionJson.Default.TableSubscriptionEnded));

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        var known = SubscriptionJson.Default;
        switch (type)
        {
            case nameof(TableSubscribed):
                var subscribed = SharingJson.Read(payload, known.TableSubscribed);
                _all = _all.SetItem(subscribed.Id, new TableSubscription(subscribed, at));
                break;
            case nameof(TablePushed):
                var pushed = SharingJson.Read(payload, known.TablePushed);
                Change(pushed.Id, s => s with { Acknowledged = (pushed, at), Failing = null });
                break;
            case nameof(TablePushFailed):
                var failed = SharingJson.Read(payload, known.TablePushFailed);
                Change(failed.Id, s => s with { Failing = (failed, s.Failing?.Since ?? at) });
                break;
            case nameof(TableSubscriptionEnded):
                var ended = SharingJson.Read(payload, known.TableSubscriptionEnded);
                Change(ended.Id, s => s with { Ended = (ended, at) });
                break;
            case nameof(TableUnsubscribed):
                _all = _all.Remove(SharingJson.Read(payload, known.TableUnsubscribed).Id);
                break;
            default:
                break;
        }
    }

    /// <summary>Of what was given up meanwhile nothing is recorded.</summary>
    private ValueTask<Result<Done>> SayAsync(string id, Func<TableSubscription, bool> isNew, NewFact fact) => RecordAsync<Done>(_ =>
        _all.TryGetValue(id, out var known) && isNew(known) ? ((IReadOnlyList<NewFact>)[fact], Done.Value) : ((IReadOnlyList<NewFact>)[], Done.Value));

    private void Change(string id, Func<TableSubscription, TableSubscription> change)
    {
        if (_all.TryGetValue(id, out var known))
            _all = _all.SetItem(id, change(known));
    }
}
