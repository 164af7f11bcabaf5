using System.Collections.Concurrent;
using CityHub.Core.Facts;
using CityHub.Core.Problems;

namespace CityHub.Context.JsonLd;

/// <summary>The contexts of one tenant: a view over its stream of facts, and what was compiled from them.</summary>
internal sealed class TenantContexts
{
    /// <summary>Downloaded contexts that a tenant keeps; past this many the one that was used longest ago is given up.</summary>
    public const int MostCached = 1_000;

    private readonly ConcurrentDictionary<string, StoredContext> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StoredContext> _byUrl = new(StringComparer.Ordinal);

    /// <param name="name">Empty for the default tenant.</param>
    public TenantContexts(string name, IFactLog log)
    {
        Stream = StreamOf(name);
        if (log.VersionOf(Stream) == 0)
            return;
        foreach (var fact in log.Read(0, Stream))
        {
            if (fact.Type is ContextFacts.Added or ContextFacts.Downloaded)
                Keep(ContextFacts.Read(fact));
            else if (fact.Type == ContextFacts.Deleted && Find(ContextFacts.Read(fact).Id) is { } gone)
                Forget(gone);
        }
    }

    public string Stream { get; }

    /// <summary>Counts the changes that what was compiled before does not know of.</summary>
    public int Version { get; private set; }

    public static string StreamOf(string tenant) => tenant.Length == 0 ? ContextStore.StreamName : $"{ContextStore.StreamName}@{tenant}";

    /// <summary>Held while facts are appended and applied: the view changes in the order of the log.</summary>
    public SemaphoreSlim Gate { get; } = new(1);

    /// <summary>Compiled contexts by the bytes of the @context value that named them.</summary>
    public RecentCache<Resolved> Resolved { get; } = new(mostEntries: 1_024, mostBytes: 8 << 20);

    /// <summary>One download per URL, however many requests ask for it at once.</summary>
    public ConcurrentDictionary<string, Lazy<Task<Result<StoredContext>>>> Downloads { get; } = new(StringComparer.Ordinal);

    public ICollection<StoredContext> All => _byId.Values;

    public StoredContext? Find(string id) => _byId.GetValueOrDefault(id);

    public StoredContext? FindUrl(string url) => _byUrl.GetValueOrDefault(url);

    public StoredContext? FindBody(ContextKind kind, ReadOnlySpan<byte> body)
    {
        foreach (var (_, stored) in _byId)
            if (stored.Kind == kind && stored.Body.Span.SequenceEqual(body))
                return stored;
        return null;
    }

    /// <summary>The downloaded context that nobody asked for longest, when there is no room for another.</summary>
    public StoredContext? Surplus() =>
        _byUrl.Count < MostCached ? null : _byUrl.Values.MinBy(s => Math.Max(s.LastUsed, s.CreatedAt));

    public void Keep(StoredContext stored)
    {
        var replaces = _byId.ContainsKey(stored.Id);
        _byId[stored.Id] = stored;
        if (stored.Url is { } url)
            _byUrl[url] = stored;
        if (replaces)
            Changed();
    }

    public void Forget(StoredContext stored)
    {
        _byId.TryRemove(stored.Id, out _);
        if (stored.Url is { } url)
            _byUrl.TryRemove(url, out _);
        Changed();
    }

    private void Changed()
    {
        Version++;
        Resolved.Clear();
    }
}

/// <summary>A compiled context, and the kept documents that went into it: each use of it is a use of theirs.</summary>
internal sealed class Resolved(LdContext context, StoredContext[] documents)
{
    public LdContext Context { get; } = context;

    public LdContext Use(long now)
    {
        foreach (var document in documents)
            document.Use(now);
        return Context;
    }
}
