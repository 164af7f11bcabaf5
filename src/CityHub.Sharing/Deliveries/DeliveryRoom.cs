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

    private static readonly System.Collections.Frozen.FrozenDictionary<string, double> NoScores = System.Collections.Frozen.FrozenDictionary<string, double>.Empty;

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

    /// <summary>Rows of some delivery were published; by dataset, behind the delivery.</summary>
    public event Action<string>? Delivered;

    /// <summary>Opens every table with what the log says it holds; once, at start, behind <c>Load</c> of the book.</summary>
    public Result<int> OpenTables()
    {
        var opened = 0;
        foreach (var (dataset, content) in Book.Contents.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            if (!Open(dataset, content).TryGet(out _, out var problem))
                return problem;
            opened++;
        }

        // Tables of before, and drafts of tables that no fact ever named.
        return tables.Keep([.. Book.Contents.Values.Select(c => c.Table)]).Map(_ => opened);
    }

    /// <summary>Null: the dataset is not protected. False: it is to be, and rows of before still lie in clear; the department has to unlock its data, or deliver anew.</summary>
    public bool? ProtectionInForce(Dataset dataset) =>
        OwnerOf(dataset) is not { } owner ? null : Book.ContentOf(dataset.Id) is not { } content || (content.Owner == owner && content.Superseded.All(s => s.Owner is not null));

    /// <summary>
    /// Removes tables that others took the place of, rewrites rows of protected datasets under the key of their department, and rows that lie in many segments into one. Everything of
    /// it may be stopped at any point and is done at the next look.
    /// </summary>
    /// <returns>What could not be done, by dataset.</returns>
    public async ValueTask<IReadOnlyList<(string Dataset, Problem Problem)>> TidyAsync(CancellationToken cancel)
    {
        var failed = new List<(string, Problem)>();
        foreach (var (dataset, content) in Book.Contents)
        {
            var entry = Catalogue.Find(dataset);
            var unsealed = entry is not null && OwnerOf(entry) is { } owner && content.Owner != owner;
            if (content.Superseded.IsEmpty && !unsealed && TableOf(dataset) is not { Scattered: true })
                continue;
            var gate = _gates.GetOrAdd(dataset, _ => new SemaphoreSlim(1));
            // A delivery that comes in at this moment is not waited for: the next look does it.
            if (!await gate.WaitAsync(0, cancel))
                continue;
            try
            {
                var problem = unsealed && entry is not null ? await SealAsync(entry, cancel) : null;
                problem ??= await RemoveSupersededAsync(dataset) ?? await CompactAsync(dataset, cancel);
                if (problem is not null)
                    failed.Add((dataset, problem));
            }
            finally
            {
                gate.Release();
            }
        }

        return failed;
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
        var published = false;
        try
        {
            var asOf = delivery.AsOf ?? clock.GetUtcNow();
            if (!check.Check(rows, schema, new DeliveryTerms(dataset.Id, dataset.Provider, delivery.Mapping, dataset.QualityRules, asOf)).TryGet(out var checkedRows, out problem) || !(await TableForAsync(dataset, schema, delivery.Mode, cancel)).TryGet(out var table, out problem))
                return problem;
            await using var taken = checkedRows;
            // Durable and in nobody's sight. A crash here leaves a draft without a fact.
            IRows given = delivery is { OnlyChanges: true, Mode: WriteMode.Upsert } && table.Table.Rows > 0 ? new ChangedRows(taken, table.Table) : taken;
            if (!(await table.Table.PrepareAsync(given, delivery.Mode, cancel)).TryGet(out var draft, out problem))
                return problem;
            if (!source().TryGet(out var from, out problem))
            {
                table.Table.Abandon(draft);
                return problem;
            }

            if (First(dataset, table.Name, delivery, from, taken.Terms, correction) is { } first)
            {
                table.Table.Abandon(draft);
                return Outcome(first, FaultsOf(first) ?? []) with { Known = true };
            }

            var result = taken.Result;
            if (delivery.OnlyChanges && draft is { Rows: 0, Gone: 0 } && (result.Refused == 0 || RefusedBefore(delivery, result)))
            {
                table.Table.Abandon(draft);
                return new DeliveryOutcome(0, 0, result.Refused, result.Score) { Faults = result.Faults, Known = true, Terms = taken.Terms };
            }

            // Of rows that only went nothing was judged.
            var judging = result.Rows > 0 || draft.Gone == 0;
            var what = new DeliveryReceived(
                dataset.Id, dataset.Version, dataset.State == DatasetState.Published, table.Name, OwnerOf(dataset), schema.Columns, schema.Key, delivery.Mode, Encoding.UTF8.GetString(draft.Manifest.Span),
                Convert.ToHexStringLower(draft.Hash.Span), draft.Rows, result.Refused, judging ? result.Score : null, judging ? result.Scores : NoScores, Count(result.Faults), from, delivery.Mapping,
                delivery.AsOf, delivery.By, correction, taken.Terms, draft.Gone > 0 ? draft.Gone : null);
            // It happened, or it did not: once the fact is durable a crash leaves the publishing to the next start.
            if (!(await Book.RecordAsync(what)).TryGet(out var received, out problem))
            {
                table.Table.Abandon(draft);
                return problem;
            }

            table.Table.Publish(draft);
            _tables[dataset.Id] = table;
            Keep(dataset.Id, received.Position, result.Faults);
            // It happened, whatever becomes of what was before: that is tried again.
            await RemoveSupersededAsync(dataset.Id);
            published = true;
            // The fact has the scores; what fails here is missing from the history by rule alone.
            if (judging && Judged is { } judged)
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
            if (published)
                Delivered?.Invoke(dataset.Id);
        }
    }

    /// <summary>Looks at what a dataset holds, and by which delivery, while nothing is delivered to it. Null: something is at this moment, or nothing was yet.</summary>
    public async ValueTask<T?> StillAsync<T>(string dataset, Func<Received, ITable, ValueTask<T?>> look, CancellationToken cancel)
        where T : class
    {
        var gate = _gates.GetOrAdd(dataset, _ => new SemaphoreSlim(1));
        if (!await gate.WaitAsync(0, cancel))
            return null;
        try
        {
            return Book.NewestOf(dataset) is { } newest && TableOf(dataset) is { } table ? await look(newest, table) : null;
        }
        finally
        {
            gate.Release();
        }
    }

    /// <summary>Completes when what is delivered to the dataset at this moment is over.</summary>
    public async ValueTask SettledAsync(string dataset, CancellationToken cancel)
    {
        var gate = _gates.GetOrAdd(dataset, _ => new SemaphoreSlim(1));
        await gate.WaitAsync(cancel);
        gate.Release();
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

    /// <summary>
    /// The same content into the same columns under the same mapping and rules, with the same date, is the same delivery. Without a date only the last one can be: A, B, A again means A.
    /// </summary>
    private Received? First(Dataset dataset, string table, Delivery delivery, string source, string terms, bool correction)
    {
        var identity = DeliveryReceived.IdentityOf(delivery.Mode, delivery.Mapping, delivery.AsOf, correction, table, dataset.Version, terms, source);
        return delivery.AsOf is not null ? Book.Find(dataset.Id, identity) : Book.Of(dataset.Id) is [.., var last] && last.What.Identity() == identity ? last : null;
    }

    /// <summary>A row that is refused each time it is read again is no new delivery.</summary>
    private bool RefusedBefore(Delivery delivery, QualityResult result) =>
        Book.Of(delivery.Dataset).FindLast(r => r.What.By == delivery.By) is { } last && last.What.Refused >= result.Refused && Count(result.Faults).All(f => last.What.Faults.Any(g => g with { Count = f.Count } == f));

    private async ValueTask<Result<(string Name, ITable Table)>> TableForAsync(Dataset dataset, TableSchema schema, WriteMode mode, CancellationToken cancel)
    {
        var owner = OwnerOf(dataset);
        if (Book.ContentOf(dataset.Id) is not { } content)
            return Named(dataset.Id, tables.Open(dataset.Id, schema, owner, []));
        if (content.Same(schema) && content.Owner != owner && owner is not null && mode != WriteMode.Replace)
        {
            // Rows are not put beside others that lie in clear.
            if (await SealAsync(dataset, cancel) is { } problem)
                return problem;
            content = Book.ContentOf(dataset.Id) ?? content;
        }

        if (content.Same(schema) && content.Owner == owner)
            return _tables.TryGetValue(dataset.Id, out var table) ? table : Open(dataset.Id, content);
        // Other columns or another keeper: a new table, which has to be filled as a whole before it takes the place of the old one. A try that no fact names is begun anew.
        var name = NextName(dataset.Id, content);
        return mode == WriteMode.Replace
            ? Named(name, tables.Open(name, schema, owner, []))
            : DeliveryProblems.NotTaken.Because($"The columns of {dataset.Id}, or who keeps it, have changed since the last delivery.", "Deliver everything once, with mode=replace.", "decree 809, art. 17");
    }

    /// <summary>The rows of before, under the key of the provider; then the others go. A crash before the fact leaves a draft, one behind it leaves the old table: both are gone at the next start.</summary>
    private async ValueTask<Problem?> SealAsync(Dataset dataset, CancellationToken cancel)
    {
        if (Book.ContentOf(dataset.Id) is not { } content || OwnerOf(dataset) is not { } owner || content.Owner == owner)
            return null;
        var name = NextName(dataset.Id, content);
        if (!Open(dataset.Id, content).TryGet(out var old, out var problem) || !tables.Open(name, content.Schema, owner, []).TryGet(out var table, out problem)
            || !old.Table.Scan(Enumerable.Range(0, content.Schema.Columns.Count).ToArray()).TryGet(out var rows, out problem))
            return problem;
        TableDraft? draft;
        await using (rows)
            if (!(await table.PrepareAsync(rows, WriteMode.Replace, cancel)).TryGet(out draft, out problem))
                return problem;
        return await RewrittenAsync(dataset.Id, content with { Table = name, Owner = owner }, table, draft) ?? await RemoveSupersededAsync(dataset.Id);
    }

    private async ValueTask<Problem?> CompactAsync(string dataset, CancellationToken cancel)
    {
        if (Book.ContentOf(dataset) is not { } content || !_tables.TryGetValue(dataset, out var known))
            return null;
        if (!(await known.Table.CompactAsync(cancel)).TryGet(out var draft, out var problem) || draft is null)
            return problem;
        return await RewrittenAsync(dataset, content, known.Table, draft);
    }

    private async ValueTask<Problem?> RewrittenAsync(string dataset, TableContent content, ITable table, TableDraft draft)
    {
        var fact = new RowsRewritten(
            dataset, content.Schema.Version, content.Table, content.Owner, content.Schema.Columns, content.Schema.Key, Encoding.UTF8.GetString(draft.Manifest.Span), draft.Rows);
        if ((await Book.RewrittenAsync(fact)).Problem is { } problem)
        {
            table.Abandon(draft);
            return problem;
        }

        table.Publish(draft);
        _tables[dataset] = (content.Table, table);
        return null;
    }

    private async ValueTask<Problem?> RemoveSupersededAsync(string dataset)
    {
        foreach (var (name, owner) in Book.ContentOf(dataset)?.Superseded ?? [])
            if (tables.Remove(name).Problem is { } problem || (problem = (await Book.RemovedAsync(new TableRemoved(dataset, name, owner))).Problem) is not null)
                return problem;
        return null;
    }

    /// <summary>No two tables that a fact names have one name.</summary>
    private static string NextName(string dataset, TableContent content) => string.Create(CultureInfo.InvariantCulture, $"{dataset}.{content.Named}");

    private Result<(string Name, ITable Table)> Open(string dataset, TableContent content)
    {
        var opened = Named(content.Table, tables.Open(content.Table, content.Schema, content.Owner, [.. content.Manifests.Select(m => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(m))]));
        if (opened.TryGet(out var table, out _))
            _tables[dataset] = table;
        return opened;
    }

    private static Result<(string Name, ITable Table)> Named(string name, Result<ITable> opened) => opened.TryGet(out var table, out var problem) ? (name, table) : problem;

    private static string? OwnerOf(Dataset dataset) => dataset.Protected ? dataset.Provider : null;

    private static DeliveryOutcome Outcome(Received received, IReadOnlyList<RowFault> faults) => new(received.Position, received.What.Rows, received.What.Refused, received.What.Score) { Gone = received.What.Gone ?? 0, Faults = faults, Terms = received.What.Terms };

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
