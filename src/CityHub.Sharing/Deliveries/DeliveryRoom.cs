using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Deliveries;

/// <summary>A delivery that comes in at this moment.</summary>
internal sealed class Arrival(string dataset, string by, DateTimeOffset began, Func<(long Rows, long Bytes)> soFar)
{
    public string Dataset { get; } = dataset;

    public string By { get; } = by;

    public DateTimeOffset Began { get; } = began;

    public (long Rows, long Bytes) SoFar => soFar();
}

/// <summary>
/// Takes rows of datasets: checked, kept, recorded, and only then seen. A crash before the fact leaves a draft that no fact names, and the store removes it; a crash behind
/// the fact leaves nothing undone, because the next start opens the table with it.
/// </summary>
internal sealed class DeliveryRoom(DeliveryBook book, ICatalogue catalogue, ITables tables, IDeliveryCheck check, TimeProvider clock) : IDeliveries, IDisposable
{
    private const int FaultsKept = 20;

    private readonly ConcurrentDictionary<string, SemaphoreSlim> _gates = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (string Name, ITable Table)> _tables = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Arrival, bool> _arrivals = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<(long Position, IReadOnlyList<RowFault> Faults)>> _faults = new(StringComparer.Ordinal);

    public DeliveryBook Book { get; } = book;

    public ICatalogue Catalogue { get; } = catalogue;

    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>What a delivery was found to be, by rule; for whoever keeps the history of quality.</summary>
    public Func<Dataset, DateTimeOffset, ICheckedRows, ValueTask>? Judged { get; init; }

    public IEnumerable<Arrival> Arrivals => _arrivals.Keys;

    /// <summary>Rows of some delivery were published; by dataset.</summary>
    public event Action<string>? Delivered;

    /// <summary>Opens every table with what the log says it holds; once, at start, behind <c>Load</c> of the book.</summary>
    public Result<int> OpenTables()
    {
        var opened = 0;
        foreach (var dataset in Book.Datasets.Order(StringComparer.Ordinal))
        {
            var last = Book.Of(dataset)[^1].What;
            if (!Open(dataset, last.Table, new TableSchema(last.Columns, last.Key, last.Version), last.Owner).TryGet(out _, out var problem))
                return problem;
            opened++;
        }

        return opened;
    }

    /// <summary>The table that holds the rows of a dataset now; null: nothing was delivered yet.</summary>
    public ITable? TableOf(string dataset) => _tables.TryGetValue(dataset, out var known) ? known.Table : null;

    public Result<TableSchema> SchemaOf(string dataset) => Taking(dataset).Map(d => d.Schema());

    public ValueTask<Result<DeliveryOutcome>> DeliverAsync(Delivery delivery, IRows rows, CancellationToken cancel = default) =>
        DeliverAsync(delivery, rows, () => delivery.Source, correction: false, cancel);

    /// <param name="source">Asked for when all rows have been read: the hash of what came is known only then. A refusal refuses the delivery.</param>
    public async ValueTask<Result<DeliveryOutcome>> DeliverAsync(Delivery delivery, IRows rows, Func<Result<string>> source, bool correction, CancellationToken cancel)
    {
        if (!Taking(delivery.Dataset).TryGet(out var dataset, out var problem))
            return problem;
        var schema = dataset.Schema();
        if (delivery.Mode == WriteMode.Upsert && schema.Key < 0)
            return DeliveryProblems.NotTaken.Because($"{dataset.Id} has no key, and rows without one cannot take the place of others.", "Deliver everything with mode=replace, or let the entry name a key.", "decree 809, art. 13");
        var gate = _gates.GetOrAdd(delivery.Dataset, _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancel);
        try
        {
            var asOf = delivery.AsOf ?? clock.GetUtcNow();
            if (!check.Check(rows, schema, new DeliveryTerms(dataset.Id, dataset.Provider, delivery.Mapping, dataset.QualityRules, asOf)).TryGet(out var checkedRows, out problem) || !TableFor(dataset, schema, delivery.Mode).TryGet(out var table, out problem))
                return problem;
            await using var taken = checkedRows;
            // Durable and in nobody's sight. A crash here leaves a draft without a fact.
            if (!(await table.Table.PrepareAsync(taken, delivery.Mode, cancel)).TryGet(out var draft, out problem))
                return problem;
            if (!source().TryGet(out var from, out problem))
            {
                table.Table.Abandon(draft);
                return problem;
            }

            if (First(delivery, from, correction) is { } first)
            {
                table.Table.Abandon(draft);
                return Outcome(first, FaultsOf(first) ?? []);
            }

            var result = taken.Result;
            var what = new DeliveryReceived(
                dataset.Id, dataset.Version, dataset.State == DatasetState.Published, table.Name, OwnerOf(dataset), schema.Columns, schema.Key, delivery.Mode, Encoding.UTF8.GetString(draft.Manifest.Span),
                Convert.ToHexStringLower(draft.Hash.Span), draft.Rows, result.Refused, result.Score, result.Scores, Count(result.Faults), from, delivery.Mapping, delivery.AsOf, delivery.By, correction);
            // It happened, or it did not: once the fact is durable a crash leaves the publishing to the next start.
            if (!(await Book.RecordAsync(what)).TryGet(out var received, out problem))
            {
                table.Table.Abandon(draft);
                return problem;
            }

            table.Table.Publish(draft);
            _tables[dataset.Id] = table;
            Keep(dataset.Id, received.Position, result.Faults);
            Delivered?.Invoke(dataset.Id);
            // The fact has the scores; what fails here is missing from the history by rule alone.
            if (Judged is { } judged)
                await judged(dataset, asOf, taken);
            return Outcome(received, result.Faults);
        }
        catch (IntakeException e)
        {
            return e.Problem;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Shown while it comes in.</summary>
    public IDisposable Arriving(Arrival arrival)
    {
        _arrivals[arrival] = true;
        return new Gone(() => _arrivals.TryRemove(arrival, out _));
    }

    /// <summary>With the values that were wrong: in memory only, because facts say nothing personal. Null: they are gone; the counts are in the fact.</summary>
    public IReadOnlyList<RowFault>? FaultsOf(Received received) =>
        _faults.TryGetValue(received.What.Dataset, out var kept) ? kept.Where(k => k.Position == received.Position).Select(k => k.Faults).FirstOrDefault() : null;

    public void Dispose()
    {
        foreach (var gate in _gates.Values)
            gate.Dispose();
    }

    private Result<Dataset> Taking(string id)
    {
        if (Catalogue.Find(id) is not { } dataset)
            return CatalogueProblems.Unknown(id);
        if (dataset.Source != DatasetSource.Table)
            return DeliveryProblems.NotTaken.Because($"{id} is made of entities.", "They come in over MQTT, NGSI-LD or an import, and not as rows.", "decree 809, art. 13");
        return dataset.State is DatasetState.Approved or DatasetState.Submitted or DatasetState.Published
            ? dataset
            : DeliveryProblems.NotTaken.Because($"{id} is {CatalogueNames.Of(dataset.State)}.", "Rows are taken when the head of the department has approved the entry.", "decree 809, art. 12");
    }

    /// <summary>A source that is known with the same date is the same delivery. Without a date only the last one can be: A, B, A again means A.</summary>
    private Received? First(Delivery delivery, string source, bool correction)
    {
        var known = Book.Of(delivery.Dataset);
        bool Same(Received r) => r.What.Source == source && r.What.Mode == delivery.Mode && r.What.Mapping == delivery.Mapping && r.What.AsOf == delivery.AsOf && r.What.Correction == correction;
        return delivery.AsOf is null ? (known.Count > 0 && Same(known[^1]) ? known[^1] : null) : known.Find(Same);
    }

    private Result<(string Name, ITable Table)> TableFor(Dataset dataset, TableSchema schema, WriteMode mode)
    {
        var owner = OwnerOf(dataset);
        var known = Book.Of(dataset.Id);
        if (known.Count == 0)
            return Open(dataset.Id, dataset.Id, schema, owner);
        var last = known[^1].What;
        if (last.Same(schema) && last.Owner == owner)
            return _tables.TryGetValue(dataset.Id, out var table) ? table : Open(dataset.Id, last.Table, schema, owner);
        // Other columns or another keeper: a new table, which has to be filled as a whole before it takes the place of the old one.
        // Named by how many deliveries there were: no two tables that a fact names have one name, and a try that no fact names is begun anew.
        var name = string.Create(CultureInfo.InvariantCulture, $"{dataset.Id}.{known.Count}");
        return mode == WriteMode.Replace
            ? Named(name, tables.Open(name, schema, owner, []))
            : DeliveryProblems.NotTaken.Because($"The columns of {dataset.Id} have changed since the last delivery.", "Deliver everything once, with mode=replace.", "decree 809, art. 17");
    }

    private Result<(string Name, ITable Table)> Open(string dataset, string name, TableSchema schema, string? owner)
    {
        var manifests = Book.Of(dataset).Where(r => r.What.Table == name).Select(r => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(r.What.Manifest)).ToList();
        var opened = Named(name, tables.Open(name, schema, owner, manifests));
        if (opened.TryGet(out var table, out _) && manifests.Count > 0)
            _tables[dataset] = table;
        return opened;
    }

    private static Result<(string Name, ITable Table)> Named(string name, Result<ITable> opened) => opened.TryGet(out var table, out var problem) ? (name, table) : problem;

    private static string? OwnerOf(Dataset dataset) => dataset.Protected ? dataset.Provider : null;

    private static DeliveryOutcome Outcome(Received received, IReadOnlyList<RowFault> faults) => new(received.Position, received.What.Rows, received.What.Refused, received.What.Score) { Faults = faults };

    private static List<FaultCount> Count(IReadOnlyList<RowFault> faults) =>
        [.. faults.GroupBy(f => (f.Field, f.Rule, f.Dimension, f.Refused)).Select(g => new FaultCount(g.Key.Field, g.Key.Rule, g.Key.Dimension, g.Key.Refused, g.Count()))];

    private void Keep(string dataset, long position, IReadOnlyList<RowFault> faults)
    {
        if (faults.Count == 0)
            return;
        var kept = _faults.GetOrAdd(dataset, _ => new ConcurrentQueue<(long, IReadOnlyList<RowFault>)>());
        kept.Enqueue((position, faults));
        while (kept.Count > FaultsKept)
            kept.TryDequeue(out _);
    }

    private sealed class Gone(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
