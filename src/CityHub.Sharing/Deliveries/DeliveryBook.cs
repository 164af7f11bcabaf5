using System.Collections.Concurrent;
using System.Collections.Immutable;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Responsibilities;

namespace CityHub.Sharing.Deliveries;

/// <summary>A delivery as it was recorded, but for its manifest: that is the table's.</summary>
internal sealed record Received(long Position, DateTimeOffset At, DeliveryReceived What)
{
    /// <summary>PROV and OpenLineage name a run by an id of its own.</summary>
    public string Urn => $"urn:cityhub:delivery:{Position.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
}

/// <summary>
/// What was delivered to which dataset, oldest first: a view over the stream <c>deliveries</c>. The last thousand of a dataset are at hand; of those before there is a digest and the
/// position, and the rest stands in the log.
/// </summary>
internal sealed class DeliveryBook(IFactLog log, TimeProvider clock) : FactBook(log, clock, StreamName), IArrivals
{
    public const string StreamName = "deliveries";

    /// <summary>Of each dataset so many deliveries are kept at hand.</summary>
    public const int MostKept = 1000;

    private volatile ImmutableDictionary<string, ImmutableList<Received>> _all = ImmutableDictionary.Create<string, ImmutableList<Received>>(StringComparer.Ordinal);

    private readonly IFactLog _facts = log;

    /// <summary>Written for a dataset only while its delivery is recorded, of which there is one at a time.</summary>
    private readonly ConcurrentDictionary<string, Dictionary<UInt128, long>> _known = new(StringComparer.Ordinal);

    private volatile ImmutableDictionary<string, TableContent> _contents = ImmutableDictionary.Create<string, TableContent>(StringComparer.Ordinal);

    private volatile ImmutableList<DeliveryMark> _marks = [];

    /// <summary>Where the rows of each dataset lie.</summary>
    public ImmutableDictionary<string, TableContent> Contents => _contents;

    /// <summary>Null: nothing was delivered yet.</summary>
    public TableContent? ContentOf(string dataset) => _contents.GetValueOrDefault(dataset);

    /// <summary>Deliveries of the dataset that stand before those at hand.</summary>
    public int Before(string dataset) => (ContentOf(dataset)?.Deliveries ?? 0) - Of(dataset).Count;

    /// <summary>The delivery that is this one in everything that makes it one (<see cref="DeliveryReceived.Identity"/>); null: there is none.</summary>
    public Received? Find(string dataset, UInt128 identity)
    {
        if (!_known.TryGetValue(dataset, out var known) || !known.TryGetValue(identity, out var position))
            return null;
        foreach (var fact in _facts.Read(position - 1, StreamName))
            return fact.Position == position ? new Received(position, fact.At, SharingJson.Read(fact.Payload, DeliveryJson.Default.DeliveryReceived)) : null;
        return null;
    }

    public ImmutableList<Received> Of(string dataset) => _all.GetValueOrDefault(dataset) ?? [];

    /// <summary>The delivery that made the rows what they are; null: there is none at hand.</summary>
    public Received? NewestOf(string dataset) => Of(dataset).FindLast(r => r.What.Mode == WriteMode.Replace || r.What.Changed);

    /// <summary>Whether since that delivery rows were only put behind those that were there: these keep their places, whatever is written anew meanwhile. False where it is not at hand any more.</summary>
    public bool OnlyAppendedSince(string dataset, long delivery)
    {
        var kept = Of(dataset);
        var at = kept.FindLastIndex(r => r.Position == delivery);
        return at >= 0 && kept.FindIndex(at + 1, r => r.What.Mode == WriteMode.Replace || (r.What.Mode == WriteMode.Upsert && r.What.Changed)) < 0;
    }

    /// <summary>Of all datasets, in the order of the log.</summary>
    public IReadOnlyList<DeliveryMark> Marks() => _marks;

    IEnumerable<DeliveryMark> IArrivals.Of(string dataset) => _marks.Where(m => m.Dataset == dataset);

    /// <returns>The position of the fact.</returns>
    public async ValueTask<Result<Received>> RecordAsync(DeliveryReceived received)
    {
        var recorded = await RecordAsync<Func<Received>>(_ => ((IReadOnlyList<NewFact>)[SharingJson.Said(received, DeliveryJson.Default.DeliveryReceived)], () => Of(received.Dataset)[^1]));
        // One writer for each dataset: the last is the one that was just recorded.
        return recorded.TryGet(out var last, out var problem) ? last() : problem;
    }

    public ValueTask<Result<Done>> RewrittenAsync(RowsRewritten rewritten) =>
        RecordAsync<Done>(_ => ((IReadOnlyList<NewFact>)[SharingJson.Said(rewritten, DeliveryJson.Default.RowsRewritten)], Done.Value));

    public ValueTask<Result<Done>> RemovedAsync(TableRemoved removed) =>
        RecordAsync<Done>(_ => ((IReadOnlyList<NewFact>)[SharingJson.Said(removed, DeliveryJson.Default.TableRemoved)], Done.Value));

    public ValueTask<Result<Done>> NothingAsync(NothingToDeliver nothing) =>
        RecordAsync<Done>(_ => ((IReadOnlyList<NewFact>)[SharingJson.Said(nothing, DeliveryJson.Default.NothingToDeliver)], Done.Value));

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        switch (type)
        {
            case nameof(DeliveryReceived):
                var what = SharingJson.Read(payload, DeliveryJson.Default.DeliveryReceived);
                Lies(what.Dataset, what.Table, what.Owner, new TableSchema(what.Columns, what.Key, what.Version), what.Manifest, whole: what.Mode == WriteMode.Replace, delivery: true);
                _known.GetOrAdd(what.Dataset, _ => []).TryAdd(what.Identity(), Position);
                var kept = Of(what.Dataset).Add(new Received(Position, at, what with { Manifest = "", Columns = _contents[what.Dataset].Schema.Columns }));
                _all = _all.SetItem(what.Dataset, kept.Count > MostKept ? kept.RemoveAt(0) : kept);
                // What has nothing in it keeps no promise: all refused is poor, empty is silent.
                if (what.Changed || what.Refused > 0)
                    _marks = _marks.Add(new DeliveryMark(what.Dataset, at, what.Score, AllRefused: !what.Changed));
                break;
            case nameof(RowsRewritten):
                var rewritten = SharingJson.Read(payload, DeliveryJson.Default.RowsRewritten);
                Lies(rewritten.Dataset, rewritten.Table, rewritten.Owner, new TableSchema(rewritten.Columns, rewritten.Key, rewritten.Version), rewritten.Manifest, whole: true);
                break;
            case nameof(TableRemoved):
                var removed = SharingJson.Read(payload, DeliveryJson.Default.TableRemoved);
                if (ContentOf(removed.Dataset) is { } content)
                    _contents = _contents.SetItem(removed.Dataset, content with { Superseded = content.Superseded.RemoveAll(s => s.Table == removed.Table) });
                break;
            case nameof(NothingToDeliver):
                _marks = _marks.Add(new DeliveryMark(SharingJson.Read(payload, DeliveryJson.Default.NothingToDeliver).Dataset, at, null));
                break;
            default:
                break;
        }
    }

    /// <param name="whole">The manifest says everything: those before it are not needed any more.</param>
    private void Lies(string dataset, string table, string? owner, TableSchema schema, string manifest, bool whole, bool delivery = false)
    {
        var before = ContentOf(dataset);
        var same = before?.Table == table;
        _contents = _contents.SetItem(dataset, new TableContent(
            table, owner, same && before is not null && before.Same(schema) ? before.Schema : schema, same && !whole && before is not null ? before.Manifests.Add(manifest) : [manifest], (before?.Named ?? 0) + 1,
            before is null ? [] : same ? before.Superseded : before.Superseded.Add((before.Table, before.Owner)))
        {
            Deliveries = (before?.Deliveries ?? 0) + (delivery ? 1 : 0),
        });
    }
}
