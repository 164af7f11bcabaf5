using System.Collections.Concurrent;
using System.Text;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Privacy;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;

namespace CityHub.Sharing.Releases;

/// <summary>
/// Decides, records, releases, in this order. 1 decide; 2 make the obligations into work; 3 bind the question to what is released; 4 take from the quota; 5 where one row is asked for, find it,
/// so that its person stands in the opening act; 6 record the opening act: a crash before leaves nothing, a crash after an opening without a closing act, which the next start reports;
/// 7 rows. Nobody but step 7 hands anything out.
/// </summary>
internal sealed class Releases : IReleases
{
    private const int MostPlans = 10_000, MostTotals = 10_000;

    private readonly ITables _tables;
    private readonly IGrants _grants;
    private readonly ICatalogue _catalogue;
    private readonly IPurposes _purposes;
    private readonly ReleaseOptions _options;
    private readonly ReleaseBook _book;
    private readonly CanaryBook _canaries;
    private readonly ConcurrentDictionary<PlanKey, ReleasePlan> _plans = new();
    private readonly ConcurrentDictionary<(ReleasePlan Plan, long Table, string Where), long> _totals = new();
    private long _closed;

    public Releases(IActs acts, IFactLog log, IViews views, ITables tables, IGrants grants, ICatalogue catalogue, IPurposes purposes, TimeProvider clock, ReleaseOptions options)
    {
        if (options.Secret.Length < 32)
            throw new ArgumentException("The secret has at least 32 bytes.", nameof(options));
        (Acts, _tables, _grants, _catalogue, _purposes, Clock, _options) = (acts, tables, grants, catalogue, purposes, clock, options);
        _book = new ReleaseBook(log, views.Open(ReleaseBook.ViewName), clock, options.Offset);
        _canaries = new CanaryBook(views.Open(CanaryBook.ViewName), options.Secret);
    }

    /// <summary>Releases that an earlier process opened and did not close.</summary>
    public IReadOnlyList<UnclosedRelease> Unclosed => _book.Unclosed;

    internal IActs Acts { get; }

    internal TimeProvider Clock { get; }

    internal (long Grants, long Catalogue) Versions => (_grants.Version, _catalogue.Version);

    /// <summary>To whom a leaked sample was given, where rows of nobody were put into deliveries.</summary>
    public LeakTrace Leaks => new(_canaries, _grants, _catalogue, _purposes, _options);

    /// <summary>Once, before anything is asked for.</summary>
    public ValueTask LoadAsync(CancellationToken cancel = default) => _book.LoadAsync(Acts, cancel);

    public Decision Explain(Ask ask)
    {
        ask = WithPurpose(ask);
        return Decider.Decide(ask, _grants, _catalogue, _purposes, Clock.GetUtcNow());
    }

    public Result<TableSchema> SchemaOf(Ask ask)
    {
        ask = WithPurpose(ask);
        return Permitted(ask).Map(permit => PlanOf(ask, permit, ReleaseActs.ReceiverOf(ask.By)).Released);
    }

    public async ValueTask<Result<ReleaseStream>> OpenAsync(Ask ask, ReleaseQuery query, CancellationToken cancel = default)
    {
        ask = WithPurpose(ask);
        var receiver = ReleaseActs.ReceiverOf(ask.By);
        var versions = Versions; // before the decision: what changes while it is made is noticed by the first block
        if (!Permitted(ask).TryGet(out var permit, out var problem))
            return await RefusedAsync(ask, receiver, problem, cancel);
        var plan = PlanOf(ask, permit, receiver);
        if ((BoundQuery.Refuses(ask, query, plan) ?? Witnessed(permit)) is { } refused)
            return await RefusedAsync(ask, receiver, refused, cancel);
        if (!BoundQuery.Bind(query, ask, plan, field => _options.Bounds(permit.Dataset.Id, field)).TryGet(out var question, out problem))
            return await RefusedAsync(ask, receiver, problem, cancel);
        if (_tables.Find(permit.Dataset.Id) is not { } table)
            return ReleaseProblems.NoRows.Because($"No rows of {permit.Dataset.Id} are here.", permit.Dataset.Source == DatasetSource.Entities ? "Its entities are asked for by NGSI-LD." : $"Ask {permit.Dataset.Provider} when they will come.");
        var used = _book.Of(permit.Grant.Id, receiver);
        if (!used.Request(permit.Obligations.Quota.RequestsPerDay))
            return await RefusedAsync(ask, receiver, ReleaseProblems.QuotaUsedUp.Because($"The grant gives {permit.Obligations.Quota.RequestsPerDay} requests a day, and they are used up.", "Go on tomorrow, or ask for a larger quota.", $"grant {permit.Grant.Id}"), cancel);
        RowBatch? found = null;
        List<string> subjects = [];
        if (question.Single && (problem = await question.FindAsync(table, cancel)) is null)
            (found, subjects) = (question.Found, question.Subjects);
        if (problem is null && question.Grouped is { } noisy && permit.Obligations.Epsilon is { } epsilon)
            problem = Spend(permit, receiver, noisy.Cost(epsilon));
        if (problem is not null)
        {
            used.NoRequest();
            return await RefusedAsync(ask, receiver, problem, cancel);
        }

        if (!(await Acts.RecordAsync(ReleaseActs.OpenedBy(ask, plan, receiver, QueryDigest.Of(query, _options.Secret.Span), subjects), cancel)).TryGet(out var opened, out problem))
        {
            used.NoRequest();
            return problem;
        }

        return await ReleaseAsync(new Opening(ask, receiver, permit, plan, query, question, table, used, opened.Position, versions), found, cancel);
    }

    /// <summary>Null while the release may go on: the same grant in the same version, with the same obligations.</summary>
    internal Problem? StillHolds(Ask ask, Permit permit, DateTimeOffset now) => Decider.Decide(ask with { Grant = permit.Grant.Id }, _grants, _catalogue, _purposes, now) switch
    {
        Refuse refuse => ReleaseProblems.Ended.Because(refuse.Why, refuse.WayForward, refuse.Rule),
        Permit still when still.Grant.Version == permit.Grant.Version && still.Obligations == permit.Obligations && still.Dataset.Version == permit.Dataset.Version => null,
        _ => ReleaseProblems.Ended.Because($"The grant {permit.Grant.Id} was changed while the release was running.", "Ask again: the next release is under the grant as it is now.", $"grant {permit.Grant.Id}"),
    };

    /// <summary>What left today under the grant.</summary>
    internal Used UsedBy(Permit permit, string receiver) => _book.Of(permit.Grant.Id, receiver);

    /// <summary>A question in a text of its door's own, as the ledger has it.</summary>
    internal string DigestOf(string question) => QueryDigest.Of(question, _options.Secret.Span);

    internal async ValueTask CloseAsync(Act closing)
    {
        _ = await Acts.RecordAsync(closing, CancellationToken.None); // who gets a problem here leaves an alarm
        if (Interlocked.Increment(ref _closed) % 1024 == 0)
            _book.Tidy();
    }

    private async ValueTask<Result<ReleaseStream>> ReleaseAsync(Opening opening, RowBatch? found, CancellationToken cancel)
    {
        var (plan, query, question) = (opening.Plan, opening.Query, opening.Question);
        var (schema, subject) = (plan.Released, plan.Subject < 0 ? -1 : plan.Released.Columns.Count);
        long? total = null;
        Result<RowSource> rows;
        var handedOut = false;
        RowSource? source = null;
        try
        {
            if (question.Verify)
            {
                (schema, subject, rows) = (BoundQuery.AnswerSchema, -1, question.Answer());
            }
            else if (question.Single)
            {
                (rows, subject, total) = (One(plan.Working, found), -1, query.Count ? found?.Rows ?? 0 : null);
            }
            else if (question.Grouped is { } grouped)
            {
                schema = grouped.Schema;
                subject = -1;
                rows = await GroupsAsync(opening, grouped, cancel);
            }
            else
            {
                if (query.Count)
                {
                    if (!(await TotalAsync(opening, cancel)).TryGet(out var counted, out var uncounted))
                        return await GiveUpAsync(opening, uncounted);
                    total = counted;
                }

                rows = query.Limit == 0 ? One(plan.Working, null) : await RowsAsync(opening, cancel);
            }

            if (!rows.TryGet(out source, out var problem))
                return await GiveUpAsync(opening, problem);
            handedOut = true;
            return new RunningRelease(this, opening.Ask, opening.Receiver, opening.Permit, schema, source, subject, opening.Used, opening.Receipt, total, opening.Versions);
        }
        finally
        {
            if (!handedOut && source is not null)
                await source.DisposeAsync();
        }
    }

    private async ValueTask<Result<RowSource>> GroupsAsync(Opening opening, Grouped grouped, CancellationToken cancel)
    {
        if (!PipelineSource.Over(opening.Plan, opening.Table).TryGet(out var source, out var problem))
            return problem;
        await using (source)
            problem = await grouped.CollectAsync(source, cancel);
        if (problem is not null)
            return problem;
        var answer = grouped.Answer(opening.Permit.Obligations.Epsilon is null ? null : new ExactRandom(_options.Entropy()));
        var order = opening.Question.OrderOf(grouped.Schema, opening.Query.GroupBy?.Fields.Count ?? 0);
        return order.Map(RowSource (by) => new KeptSource(answer, Sorting.Slice(Sorting.Ordered(answer, by), opening.Query.Offset, opening.Query.Limit)));
    }

    private async ValueTask<Result<RowSource>> RowsAsync(Opening opening, CancellationToken cancel)
    {
        var (plan, query, question) = (opening.Plan, opening.Query, opening.Question);
        var mixed = Mixed(opening);
        if (!PipelineSource.Over(plan, opening.Table, mixed).TryGet(out var source, out var problem))
            return problem;
        var sorted = question.Order.Length > 0 || query.Distinct;
        var filtered = question.Where is null && query.Offset == 0 && query.Limit is null ? (RowSource)source : new FilteredSource(source, question.Where, sorted ? 0 : query.Offset, sorted ? null : query.Limit);
        if (!sorted)
            return filtered;
        await using (filtered)
        {
            var seen = query.Distinct && plan.Subject >= 0 ? new HashSet<string>(StringComparer.Ordinal) : null;
            var collected = await Sorting.CollectAsync(
                filtered, plan.Working, question.Order, query.Distinct, plan.Released.Columns.Count, query.Offset, query.Limit,
                seen is null ? null : (batch, row) => seen.Add(CellText.TextOf(batch.Columns[^1], row)), cancel);
            // A row that stands for several tells of all of them.
            foreach (var part in (seen ?? []).Where(person => person.Length > 0).Chunk(ReleaseActs.MostSubjects))
                if ((await Acts.RecordAsync(ReleaseActs.SeenIn(opening.Receipt, part), cancel)).Problem is { } unrecorded)
                    return unrecorded;
            return collected;
        }
    }

    /// <summary>Exact: kept by the table where every row is released, otherwise counted once for each content of the table.</summary>
    private async ValueTask<Result<long>> TotalAsync(Opening opening, CancellationToken cancel)
    {
        var (plan, query, table) = (opening.Plan, opening.Query, opening.Table);
        if (opening.Question.Where is null && plan.EveryRow && !query.Distinct)
            return table.Rows;
        var key = (plan, table.Version, (query.Distinct ? "distinct " : "") + QueryDigest.TextOf(query.Where));
        if (_totals.TryGetValue(key, out var known))
            return known;
        if (!PipelineSource.Over(plan, table).TryGet(out var source, out var problem))
            return problem;
        var (total, told, row) = (0L, query.Distinct ? new HashSet<byte[]>(ByteArrays.Comparer) : null, new RowKey());
        await using var rows = new FilteredSource(source, opening.Question.Where, 0, null);
        while (await rows.NextAsync(cancel) is { } batch)
        {
            total += batch.Rows;
            for (var i = 0; told is not null && i < batch.Rows; i++)
                told.Add(row.Of(batch, i, plan.Released.Columns.Count));
            if (told?.Count > Sorting.MostRows)
                return ReleaseProblems.QueryTooLarge.Because($"There are more than {Sorting.MostRows} different rows.", "Count them without telling them apart.");
        }

        if (_totals.Count >= MostTotals)
            _totals.Clear();
        return _totals[key] = told?.Count ?? total;
    }

    private Func<RowBatch, RowBatch>? Mixed(Opening opening)
    {
        if (opening.Query.Count || opening.Ask.Right != Rights.Obtain || opening.Ask.Mode is not (DeliveryModes.Batch or DeliveryModes.File))
            return null;
        var count = _options.Canaries(opening.Permit.Dataset, opening.Permit.Grant);
        return count <= 0 ? null : _canaries.Mixing(opening.Plan, opening.Permit, opening.Receiver, opening.Table, count);
    }

    private async ValueTask<Result<ReleaseStream>> GiveUpAsync(Opening opening, Problem problem)
    {
        await CloseAsync(ReleaseActs.ClosedAfter(opening.Receipt, opening.Permit.Grant.Id, opening.Receiver, 0, 0, System.Security.Cryptography.SHA256.HashData([]), "refused", problem.Code));
        return problem;
    }

    /// <summary>A refusal that cannot be recorded stays a refusal.</summary>
    private async ValueTask<Result<ReleaseStream>> RefusedAsync(Ask ask, string receiver, Problem problem, CancellationToken cancel)
    {
        _ = await Acts.RecordAsync(ReleaseActs.RefusedTo(ask, receiver, problem), cancel);
        return problem;
    }

    internal Result<Permit> Permitted(Ask ask)
    {
        var decision = Decider.Decide(ask, _grants, _catalogue, _purposes, Clock.GetUtcNow());
        if (decision is not Permit permit)
            return decision is Refuse refuse ? AccessProblems.Of(refuse) : SharingProblems.AccessRefused.Because("Nothing permits it.");
        return BoundQuery.TooNarrow(ask, permit, _options.Offset) is { } problem ? problem : permit;
    }

    /// <summary>Who says none acts for that of the grant that he names; open data has one of its own.</summary>
    internal Ask WithPurpose(Ask ask)
    {
        if (ask.Purpose.Length > 0)
            return ask;
        var receiver = Decider.DepartmentOf(ask.By) ?? Decider.Public;
        if (ask.Grant is { } named)
            return _grants.Find(named) is { } grant && grant.Dataset == ask.Dataset && grant.Receiver == receiver ? ask with { Purpose = grant.Purpose } : ask;
        if (_catalogue.Find(ask.Dataset) is { Open: true })
            foreach (var open in _grants.Of(ask.Dataset, receiver))
                if (open.Receiver == Decider.Public && open.State == GrantState.Active)
                    return ask with { Purpose = open.Purpose };
        return ask;
    }

    internal ReleasePlan PlanOf(Ask ask, Permit permit, string receiver)
    {
        var key = new PlanKey(
            permit.Grant.Id, permit.Grant.Version, permit.Dataset.Version, receiver, ask.Purpose, ask.Area, ask.From, ask.To, ask.Fields is { } fields ? string.Join('\n', fields.Order(StringComparer.Ordinal)) : null);
        if (_plans.TryGetValue(key, out var known) && known.Permit.Obligations == permit.Obligations && known.Permit.Dataset == permit.Dataset)
            return known;
        if (_plans.Count >= MostPlans)
            _plans.Clear();
        return _plans[key] = ReleasePlan.Of(permit, receiver, _options.Secret.Span, _options.Offset);
    }

    internal Problem? Witnessed(Permit permit) => _options.WitnessedWithin(permit.Dataset) is { } most ? _options.Witnessed?.Unwitnessed(most) : null;

    private Problem? Spend(Permit permit, string receiver, PrivacyCost cost)
    {
        if (_options.Budget is not { } budget)
            return ReleaseProblems.NoiseUsedUp.Because("No privacy budget is kept here, and the grant asks for one.", "Have a budget granted for this dataset, purpose and receiver.", "ε of the grant");
        try
        {
            budget.Commit(budget.Reserve(new BudgetAccount(permit.Dataset.Id, permit.Grant.Purpose, receiver), cost, "grouped answer"));
            return null;
        }
        catch (PrivacyException refused)
        {
            return ReleaseProblems.NoiseUsedUp.Because(refused.Refusal.Detail, refused.Refusal.Hint, refused.Refusal.Rule);
        }
    }

    private static Result<RowSource> One(TableSchema schema, RowBatch? found)
    {
        var kept = new RowBuffer(schema);
        for (var row = 0; row < (found?.Rows ?? 0); row++)
            kept.Add(found ?? kept.Batch, row);
        return new KeptSource(kept, Sorting.Ordered(kept, []));
    }

    private readonly record struct PlanKey(string Grant, int GrantVersion, int DatasetVersion, string Receiver, string Purpose, string? Area, DateTimeOffset? From, DateTimeOffset? To, string? Fields);

    private sealed record Opening(
        Ask Ask, string Receiver, Permit Permit, ReleasePlan Plan, ReleaseQuery Query, BoundQuery Question, ITable Table, Used Used, long Receipt, (long, long) Versions);
}
