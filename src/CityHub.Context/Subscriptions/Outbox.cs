namespace CityHub.Context.Subscriptions;

/// <summary>The notifications of one subscription, oldest first: one is under way at a time, so their order is kept.</summary>
internal sealed class Outbox(Subscription subscription, SubscriptionStats stats) : IDisposable
{
    /// <summary>What an endpoint that does not answer can cost: beyond this the oldest are given up.</summary>
    public const int MostPending = 10_000;

    /// <summary>Bodies kept in memory beside the view.</summary>
    private const int MostBodies = 64;

    private readonly Lock _gate = new();
    private readonly Queue<Notification> _waiting = new();
    private readonly CancellationTokenSource _closed = new();
    private bool _running;

    public Subscription Subscription { get; set; } = subscription;

    public SubscriptionStats Stats { get; } = stats;

    /// <summary>Failures in a row.</summary>
    public int Failures { get; set; }

    /// <summary>UTC ticks before which nothing is sent (back-off, cooldown).</summary>
    public long NotBefore { get; set; }

    public CancellationToken Closed => _closed.Token;

    public int Count
    {
        get
        {
            lock (_gate)
                return _waiting.Count;
        }
    }

    /// <returns>A delivery is to be started.</returns>
    public bool Put(Notification notification, out Notification? givenUp)
    {
        lock (_gate)
        {
            givenUp = _waiting.Count >= MostPending ? _waiting.Dequeue() : null;
            _waiting.Enqueue(notification);
            return !_running && (_running = true);
        }
    }

    /// <summary>The next to send; null (and no longer running) when there is none.</summary>
    public Notification? Next()
    {
        lock (_gate)
        {
            if (_waiting.TryPeek(out var next) && !_closed.IsCancellationRequested)
                return next;
            _running = false;
            return null;
        }
    }

    public void Stop()
    {
        lock (_gate)
            _running = false;
    }

    /// <summary>Done with: whether it has to leave the view.</summary>
    public bool Done(Notification notification)
    {
        lock (_gate)
        {
            // It may have been given up meanwhile.
            if (_waiting.TryPeek(out var first) && ReferenceEquals(first, notification))
                _waiting.Dequeue();
            return notification.Stored;
        }
    }

    /// <summary>Marks what is not stored yet as stored, and hands it over to be.</summary>
    public void TakeUnstored(List<KeyValuePair<Notification, ReadOnlyMemory<byte>>> into)
    {
        lock (_gate)
            foreach (var notification in _waiting)
                if (!notification.Stored && notification.Body is { } body)
                {
                    notification.Stored = true;
                    into.Add(new(notification, body));
                }
    }

    /// <summary>The commit did not happen.</summary>
    public static void Unstore(List<KeyValuePair<Notification, ReadOnlyMemory<byte>>> notifications)
    {
        foreach (var (notification, _) in notifications)
            notification.Stored = false;
    }

    /// <summary>The bodies behind the first few leave memory once they are stored.</summary>
    public void Trim()
    {
        lock (_gate)
        {
            if (_waiting.Count <= MostBodies)
                return;
            var kept = 0;
            foreach (var notification in _waiting)
                if (++kept > MostBodies && notification.Stored)
                    notification.Body = null;
        }
    }

    /// <summary>Nothing more is sent; what waited is returned.</summary>
    public IReadOnlyList<Notification> Close()
    {
        _closed.Cancel();
        lock (_gate)
        {
            Notification[] left = [.. _waiting];
            _waiting.Clear();
            return left;
        }
    }

    public void Dispose() => _closed.Dispose();
}
