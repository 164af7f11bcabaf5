using System.Collections.Immutable;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing.Responsibilities;

namespace CityHub.Sharing.Deliveries;

/// <summary>A delivery as it was recorded.</summary>
internal sealed record Received(long Position, DateTimeOffset At, DeliveryReceived What)
{
    /// <summary>PROV and OpenLineage name a run by an id of its own.</summary>
    public string Urn => $"urn:cityhub:delivery:{Position.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
}

/// <summary>What was delivered to which dataset, oldest first: a view over the stream <c>deliveries</c>.</summary>
internal sealed class DeliveryBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, StreamName)
{
    public const string StreamName = "deliveries";

    private volatile ImmutableDictionary<string, ImmutableList<Received>> _all = ImmutableDictionary.Create<string, ImmutableList<Received>>(StringComparer.Ordinal);

    private volatile ImmutableList<DeliveryMark> _marks = [];

    public IEnumerable<string> Datasets => _all.Keys;

    public ImmutableList<Received> Of(string dataset) => _all.GetValueOrDefault(dataset) ?? [];

    /// <summary>Of all datasets, in the order of the log.</summary>
    public IReadOnlyList<DeliveryMark> Marks() => _marks;

    /// <returns>The position of the fact.</returns>
    public async ValueTask<Result<Received>> RecordAsync(DeliveryReceived received)
    {
        var recorded = await RecordAsync<Func<Received>>(_ => ((IReadOnlyList<NewFact>)[SharingJson.Said(received, DeliveryJson.Default.DeliveryReceived)], () => Of(received.Dataset)[^1]));
        // One writer for each dataset: the last is the one that was just recorded.
        return recorded.TryGet(out var last, out var problem) ? last() : problem;
    }

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        if (type != nameof(DeliveryReceived))
            return;
        var what = SharingJson.Read(payload, DeliveryJson.Default.DeliveryReceived);
        _all = _all.SetItem(what.Dataset, Of(what.Dataset).Add(new Received(Position, at, what)));
        _marks = _marks.Add(new DeliveryMark(what.Dataset, at, what.Score));
    }
}
