using CityHub.Core.Ports;
using CityHub.Core.Problems;

namespace CityHub.Tests.Sensing;

/// <summary>Keeps what is recorded; can hold back or refuse.</summary>
internal sealed class RecordedObservations : IObservations
{
    private readonly Lock _gate = new();
    private readonly List<(string Tenant, Observation Observation)> _all = [];
    private long _position;

    public Problem? Refusal { get; set; }

    /// <summary>Recording waits for this.</summary>
    public Task Durable { get; set; } = Task.CompletedTask;

    public int Calls { get; private set; }

    public IReadOnlyList<Observation> All
    {
        get
        {
            lock (_gate)
                return [.. _all.Select(a => a.Observation)];
        }
    }

    public IReadOnlyList<Observation> Of(string tenant)
    {
        lock (_gate)
            return [.. _all.Where(a => a.Tenant == tenant).Select(a => a.Observation)];
    }

    public async ValueTask<Result<long>> RecordAsync(string tenant, IReadOnlyList<Observation> observations, CancellationToken cancel = default)
    {
        lock (_gate)
            Calls++;
        await Durable;
        if (Refusal is { } refusal)
            return refusal;
        lock (_gate)
        {
            _all.AddRange(observations.Select(o => (tenant, o)));
            return ++_position;
        }
    }
}

/// <summary>Every term is a word of the default context.</summary>
internal sealed class PlainVocabulary : IVocabulary
{
    public const string Default = "https://uri.etsi.org/ngsi-ld/default-context/";

    public ValueTask<Result<string>> ExpandAsync(string term, string? context, CancellationToken cancel) =>
        new(term.Contains(':', StringComparison.Ordinal) ? term : Default + term);
}
