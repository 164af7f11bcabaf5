using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Requests;

namespace CityHub.Server.Sharing;

/// <summary>How often, and when last, what was released under a grant and of a dataset: counted from the opening acts. What nobody uses shows on the island map, and its grants lapse.</summary>
internal sealed class ReleaseUse : IGrantUse, IDatasetUse, IFactObserver
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _last = new(StringComparer.Ordinal);

    /// <summary>Dataset and day (UTC), and how many releases.</summary>
    private readonly ConcurrentDictionary<(string Dataset, int Day), long> _days = new();

    /// <summary>Reads the acts from the beginning and follows them from there.</summary>
    public ReleaseUse(IFactLog log)
    {
        foreach (var fact in log.Read(0, Acts.Stream))
            Apply(fact);
        log.Observe(this);
    }

    public DateTimeOffset? LastUse(string grant) => _last.TryGetValue(grant, out var at) ? at : null;

    public long Uses(string dataset, DateTimeOffset since) => _days.Where(d => d.Key.Dataset == dataset && d.Key.Day >= DayOf(since)).Sum(d => d.Value);

    public void Observed(ReadOnlySpan<Fact> facts, object? state)
    {
        foreach (ref readonly var fact in facts)
            if (fact.Stream == Acts.Stream)
                Apply(fact);
    }

    private static int DayOf(DateTimeOffset at) => (int)(at.UtcTicks / TimeSpan.TicksPerDay);

    private void Apply(in Fact fact)
    {
        if (fact.Type != CityHub.Sharing.Releases.ReleaseActs.Opened)
            return;
        using var json = JsonDocument.Parse(fact.Payload);
        if (!json.RootElement.TryGetProperty("what"u8, out var what))
            return;
        if (what.TryGetProperty("grant"u8, out var grant) && grant.GetString() is { } id)
            _last[id] = fact.At;
        if (what.TryGetProperty("dataset"u8, out var dataset) && dataset.GetString() is { } name)
            _days.AddOrUpdate((name, DayOf(fact.At)), 1, (_, count) => count + 1);
    }
}
