namespace CityHub.Context.JsonLd;

/// <summary>The kinds of clause 5.13.1.</summary>
public enum ContextKind
{
    Hosted,
    Cached,
    ImplicitlyCreated,
}

/// <summary>A context that the hub keeps (clause 5.2.36-like details: see 5.13.3).</summary>
/// <param name="Id">Local identifier, the last segment of its URL here.</param>
/// <param name="Url">Where a cached one came from; null for one that is served here.</param>
/// <param name="Body">The JSON document with its <c>@context</c> member.</param>
/// <param name="CreatedAt">UTC ticks.</param>
public sealed record StoredContext(string Id, ContextKind Kind, string? Url, ReadOnlyMemory<byte> Body, long CreatedAt)
{
    private long _hits;
    private long _lastUsed;

    public long Hits => Volatile.Read(ref _hits);

    /// <summary>UTC ticks; 0 when never.</summary>
    public long LastUsed => Volatile.Read(ref _lastUsed);

    internal void Use(long now)
    {
        Interlocked.Increment(ref _hits);
        Volatile.Write(ref _lastUsed, now);
    }
}
