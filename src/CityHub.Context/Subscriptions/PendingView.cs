using System.Collections.Concurrent;
using CityHub.Core.Facts;

namespace CityHub.Context.Subscriptions;

/// <summary>
/// What survives a restart beside the facts: notifications that are not delivered yet, how delivering has gone, and which tenants have subscriptions.
/// Its position says: every change up to here was matched, and what came of it is delivered or in here.
/// </summary>
internal sealed class PendingView(IViews views)
{
    public const string NotificationPrefix = "n/";
    public const string StatsPrefix = "s/";
    public const string TenantPrefix = "t/";

    private readonly IView _view = views.Open("notifications");
    private readonly ConcurrentQueue<KeyValuePair<string, ReadOnlyMemory<byte>?>> _changes = new();

    public long Position => _view.Position;

    public IEnumerable<string> Tenants() => _view.Scan(TenantPrefix, TenantPrefix).Select(e => e.Key[TenantPrefix.Length..]);

    public IEnumerable<Notification> Notifications() => _view.Scan(NotificationPrefix, NotificationPrefix).Select(e => Notification.Decode(e.Key, e.Value));

    public SubscriptionStats Stats(string tenant, string id) => _view.Get(StatsKey(tenant, id)) is { } kept ? SubscriptionStats.Read(kept) : new SubscriptionStats();

    /// <summary>Null: it is no longer there.</summary>
    public ReadOnlyMemory<byte>? Body(Notification notification) => _view.Get(notification.Key) is { } stored ? Notification.BodyOf(stored) : default(ReadOnlyMemory<byte>?);

    /// <summary>Takes part in the next commit.</summary>
    public void Later(string key, ReadOnlyMemory<byte>? value) => _changes.Enqueue(new(key, value));

    public bool HasChanges => !_changes.IsEmpty;

    public static string StatsKey(string tenant, string id) => $"{StatsPrefix}{tenant} {id}";

    /// <summary>One commit of effect and position. One caller at a time. What was to be written later waits for the next commit where this one fails.</summary>
    public void Commit(long position, List<KeyValuePair<string, ReadOnlyMemory<byte>?>> changes)
    {
        var own = changes.Count;
        for (var left = _changes.Count; left > 0 && _changes.TryDequeue(out var change); left--)
            changes.Add(change);
        var committed = false;
        try
        {
            _view.Commit(Math.Max(position, _view.Position), changes);
            committed = true;
        }
        finally
        {
            for (var i = own; !committed && i < changes.Count; i++)
                _changes.Enqueue(changes[i]);
        }
    }
}
