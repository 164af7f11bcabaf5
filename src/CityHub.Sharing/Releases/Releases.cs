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
    private const int MostPlans = 10_000, MostTotals = 10_000, MostRemembered = 1000;

    private readonly ITables _tables;
    private readonly IGrants _grants;
    private readonly ICatalogue _catalogue;
    private readonly IPurposes _purposes;
    private readonly ReleaseOptions _options;
    private readonly ReleaseBook _book;
    private readonly CanaryBook _canaries;
    private readonly ConcurrentDictionary<PlanKey, ReleasePlan> _plans = new();
    private readonly ConcurrentDictionary<(ReleasePlan Plan, long Table, UInt128 Question), Counted> _totals = new();
    private readonly MarkBook _marks;
    private readonly ShownBook _shown;
    private readonly PublicTurns _turns;
    private long _closed;

    public Releases(IActs acts, IFactLog log, IViews views, IKept kept, ITables tables, IGrants grants, ICatalogue catalogue, IPurposes purposes, TimeProvider clock, ReleaseOptions options)
    {
        if (options.Secret.Length < 32)
            throw new ArgumentException("The secret has at least 32 bytes.", nameof(options));
        (Acts, _tables, _grants, _catalogue, _purposes, Clock, _options) = (acts, tables, grants, catalogue, purposes, clock, options);
        _book = new ReleaseBook(log, views.Open(ReleaseBook.ViewName), clock, options.Offset);
        _canaries = new CanaryBook(views.Open(CanaryBook.ViewName), options.Secret);
        _shown = new ShownBook(kept);
        _marks = new MarkBook(views.Open(MarkBook.ViewName));
        _turns = new PublicTurns(options.PublicReleases);
    }

    /// <summary>Releases that an earlier process opened and did not close.</summary>
    public IReadOnlyList<UnclosedRelease> Unclosed => _book.Unclosed;

    internal IActs Acts { get; }

    internal TimeProvider Clock { get; }

    internal (long Grants, long Catalogue) Versions => (_grants.Version, _catalogue.Version);

    /// <summary>To whom a leaked sample was given, where rows of nobody were put into deliveries.</summary>
    public LeakTrace Leaks => new(_canaries, _marks, _grants, _catalogue, _purposes, _options);

    /// <summary>Once, before anything is asked for.</summary>
    public ValueTask LoadAsync(CancellationToken cancel = default)
    {
        _shown.Tidy(dataset => _catalogue.Find(dataset) is not null);
        return _book.LoadAsync(Acts, cancel);
    }

    public Decision Explain(Ask ask)
    {
        ask = WithPurpose(ask);
        return Decider.Decide(ask, _grants, _catalogue, _purposes, Clock.GetUtcNow());
    }

    public async ValueTask<Result<TableSchema>> SchemaOfAsync(Ask ask, CancellationToken cancel = default)
    {
        ask = WithPurpose(ask);
        return Permitted(ask).TryGet(out var permit, out var problem) ? PlanOf(ask, permit, ReleaseActs.ReceiverOf(ask.By)).Released : await RefusedAsync(ask, problem, cancel);
    }

    /// <summary>A refusal that cannot be recorded stays a refusal.</summary>
    public async ValueTask<Problem> RefusedAsync(Ask ask, Problem problem, CancellationToken cancel = default)
    {
        _ = await Acts.RecordAsync(ReleaseActs.RefusedTo(WithPurpose(ask), ReleaseActs.ReceiverOf(ask.By), problem), cancel);
        return problem;
    }

    public async ValueTask<Result<ReleaseStream>> OpenAsync(Ask ask, ReleaseQuery query, CancellationToken cancel = default)
    {
        ask = WithPurpose(ask);
        var receiver = ReleaseActs.ReceiverOf(ask.By);
        var versions = Versions; // before the decision: what changes while it is made is noticed by the first block
        if (!Decided(ask, receiver, query).TryGet(out var decided, out var problem))
            return await RefusedAsync(ask, problem, cancel);
        var turn = receiver == Decider.Public ? _turns.Take() : null;
        if (receiver == Decider.Public && turn is null)
            return ReleaseProblems.PublicBusy.Because($"{_options.PublicReleases} releases run for the public, and no more are begun.", "Come again in a moment; a department with a grant has no such limit.");
        try
        {
            var opened = await OpenedAsync(new Question(ask, receiver, decided.Permit, decided.Plan, query, decided.Question, turn), versions, cancel);
            turn = opened.Ok ? null : turn; // the release gives it back when it is over
            return opened;
        }
        finally
        {
            turn?.Dispose();
        }
    }

    /// <summary>What <see cref="OpenAsync"/> would decide now: nothing is released, and nothing recorded.</summary>
    internal Result<(Ask Ask, Permit Permit)> Foresee(Ask ask, ReleaseQuery query)
    {
        ask = WithPurpose(ask);
        return Decided(ask, ReleaseActs.ReceiverOf(ask.By), query).Map(decided => (ask, decided.Permit));
    }

    /// <summary>Steps 1 to 3.</summary>
    private Result<(Permit Permit, ReleasePlan Plan, BoundQuery Question)> Decided(Ask ask, string receiver, ReleaseQuery query)
    {
        if (!Permitted(ask).TryGet(out var permit, out var problem))
            return problem;
        var plan = PlanOf(ask, permit, receiver);
        if ((BoundQuery.Refuses(ask, query, plan) ?? Witnessed(permit)) is { } refused)
            return refused;
        return BoundQuery.Bind(query, ask, plan, field => _options.Bounds(permit.Dataset.Id, field)).Map(question => (permit, plan, question));
    }

    /// <summary>Steps 4 to 7.</summary>
    private async ValueTask<Result<ReleaseStream>> OpenedAsync(Question asked, (long, long) versions, CancellationToken cancel)
    {
        var (ask, receiver, permit, plan, query, question, _) = asked;
        if (_tables.Find(permit.Dataset.Id) is not { } table)
            return ReleaseProblems.NoRows.Because($"No rows of {permit.Dataset.Id} are here.", permit.Dataset.Source == DatasetSource.Entities ? "Its entities are asked for by NGSI-LD." : $"Ask {permit.Dataset.Provider} when they will come.");
        var used = _book.Of(permit.Grant.Id, receiver);
        if (!used.Request(permit.Obligations.Quota.RequestsPerDay))
            return await RefusedAsync(ask, ReleaseProblems.QuotaUsedUp.Because($"The grant gives {permit.Obligations.Quota.RequestsPerDay} requests a day, and they are used up.", "Go on tomorrow, or ask for a larger quota.", $"grant {permit.Grant.Id}"), cancel);
        RowBatch? found = null;
        List<string> subjects = [];
        Problem? problem = null;
        if (question.Single && (problem = await question.FindAsync(table, Mixed(asked, table), CanariesOf(asked, table), cancel)) is null)
            (found, subjects) = (question.Found, question.Subjects);
        if (problem is null && question.Grouped is { } noisy && permit.Obligations.Epsilon is { } epsilon)
            problem = Spend(permit, receiver, noisy.Cost(epsilon));
        if (problem is not null)
        {
            used.NoRequest();
            return await RefusedAsync(ask, problem, cancel);
        }

        _marks.Keep(permit.Grant.Id, receiver, plan.Marks);
        string[] persons = [.. subjects.Concat(Concerned.Named(query, plan)).Distinct(StringComparer.Ordinal)];
        if (!(await Acts.RecordAsync(ReleaseActs.OpenedBy(ask, plan, receiver, QueryDigest.Of(query, _options.Secret.Span), persons[..Math.Min(persons.Length, ReleaseActs.MostSubjects)]), CancellationToken.None)).TryGet(out var opened, out problem))
        {
            used.NoRequest();
            return problem;
        }

        var opening = new Opening(asked, table, used, opened.Position, versions);
        var closing = (How: "cut", Code: (string?)null);
        try
        {
            if ((persons.Length > ReleaseActs.MostSubjects ? await TellAsync(opened.Position, persons[ReleaseActs.MostSubjects..], cancel) : null) is not { } untold)
            {
                var released = await ReleaseAsync(opening, found, cancel);
                closing = (released.Ok ? "" : "refused", released.Problem?.Code);
                return released;
            }

            closing = ("refused", untold.Code);
            return untold;
        }
        finally
        {
            // A caller who has gone and a disk that fails end a release, too.
            if (closing.How.Length > 0)
                await CloseAsync(ReleaseActs.ClosedAfter(opened.Position, permit.Grant.Id, receiver, 0, 0, System.Security.Cryptography.SHA256.HashData([]), closing.How, closing.Code));
        }
    }

    /// <summary>Persons whom a release is about; all acts share one group of the log.</summary>
    internal async ValueTask<Problem?> TellAsync(long opening, IReadOnlyCollection<string> persons, CancellationToken cancel)
    {
        if (persons.Count == 0)
            return null;
        var acts = persons.Chunk(ReleaseActs.MostSubjects).Select(part => Acts.RecordAsync(ReleaseActs.SeenIn(opening, part), cancel).AsTask()).ToArray();
        foreach (var recorded in await Task.WhenAll(acts))
            if (recorded.Problem is { } problem)
                return problem;
        return null;
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
        if (Interlocked.Increment(ref _closed) % 256 == 0)
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
                (rows, subject, total) = (new OneBatch(found), -1, query.Count ? found?.Rows ?? 0 : null);
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
                        return uncounted;
                    total = counted;
                }

                rows = query.Limit == 0 ? new OneBatch(null) : await RowsAsync(opening, cancel);
            }

            if (!rows.TryGet(out source, out var problem))
                return problem;
            handedOut = true;
            return new RunningRelease(this, opening.Ask, opening.Receiver, opening.Permit, schema, source, subject, opening.Used, opening.Receipt, total, opening.Versions, opening.Asked.Turn);
        }
        finally
        {
            if (!handedOut && source is not null)
                await source.DisposeAsync();
        }
    }

    private async ValueTask<Result<RowSource>> GroupsAsync(Opening opening, Grouped grouped, CancellationToken cancel)
    {
        var plan = opening.Plan;
        if (plan.HidesGroups && plan.Permit.Dataset.Source != DatasetSource.Entities)
            return await ShownAsync(opening, grouped, cancel);
        // Entities are others at each question; what was shown of those before says nothing of these.
        return await AnswerAsync(opening, grouped, opening.Table.Content, plan.SmallestAnswer > 1 ? new Partition(plan.SmallestAnswer, plan.Subject >= 0, null, kept: false) : null, cancel);
    }

    /// <summary>Groups that tell nothing of a few, whatever the receiver was told before. What is told now is durable before it leaves.</summary>
    private async ValueTask<Result<RowSource>> ShownAsync(Opening opening, Grouped grouped, CancellationToken cancel)
    {
        var (plan, table, dataset, receiver) = (opening.Plan, opening.Table, opening.Permit.Dataset.Id, Decider.DepartmentOf(opening.Ask.By) ?? Decider.Public);
        if (table.Rows > ShownBook.MostRows)
            return ReleaseProblems.GroupsNotKept.Because($"{dataset} has more than {ShownBook.MostRows} rows: what was told of it already cannot be held against another question.", "Have the provider deliver it in parts, or ask for a grant with noise (ε).", "smallest group of the grant");
        using var turn = await _shown.EnterAsync(dataset, receiver, cancel);
        var content = table.Content;
        if (!_shown.Of(dataset, receiver, table.Name, content).TryGet(out var before, out var problem))
            return problem;
        var smallest = Math.Max(before.Smallest, _grants.Of(dataset, receiver).Where(grant => grant.State == GrantState.Active)
            .Select(grant => ReleasePlan.SmallestOf(grant.Obligations.Meet(_purposes.Of(grant.Purpose)))).Append(plan.SmallestAnswer).Max());
        var partition = new Partition(smallest, plan.Subject >= 0, before.Atoms, kept: true);
        var answer = await AnswerAsync(opening, grouped, content, partition, cancel);
        return answer.Ok && partition.Divided && _shown.Keep(dataset, receiver, table.Name, content, new Shown(partition.Atoms(), smallest)) is { } unkept ? unkept : answer;
    }

    private async ValueTask<Result<RowSource>> AnswerAsync(Opening opening, Grouped grouped, long content, Partition? partition, CancellationToken cancel)
    {
        if (!PipelineSource.Over(opening.Plan, opening.Table).TryGet(out var source, out var problem))
            return problem;
        await using (source)
            problem = opening.Table.Content != content
                ? ReleaseProblems.GroupsNotKept.Because($"{opening.Permit.Dataset.Id} was delivered anew at this moment.", "Ask again.")
                : await grouped.CollectAsync(source, partition, cancel);
        if (problem is not null)
            return problem;
        var answer = grouped.Answer(partition, opening.Permit.Obligations.Epsilon is null ? null : new ExactRandom(_options.Entropy()));
        if (!opening.Question.OrderOf(grouped.Schema, opening.Query.GroupBy?.Fields.Count ?? 0).TryGet(out var order, out problem))
            return problem;
        return await TellAsync(opening.Receipt, grouped.Few, cancel) is { } untold
            ? untold
            : new KeptSource(answer, Sorting.Slice(Sorting.Ordered(answer, order), opening.Query.Offset, opening.Query.Limit));
    }

    private async ValueTask<Result<RowSource>> RowsAsync(Opening opening, CancellationToken cancel)
    {
        var (plan, query, question) = (opening.Plan, opening.Query, opening.Question);
        if (!PipelineSource.Over(plan, opening.Table, Mixed(opening.Asked, opening.Table), query.From).TryGet(out var source, out var problem))
            return problem;
        var sorted = question.Order.Length > 0 || query.Distinct;
        var concerned = sorted || query.Offset > 0 ? Concerned.Of(plan, query.Where) : null;
        var filtered = question.Where is null && query.Offset == 0 && query.Limit is null ? (RowSource)source
            : new FilteredSource(source, question.Where, sorted ? 0 : query.Offset, sorted ? null : query.Limit, sorted ? null : concerned);
        if (!sorted)
            return filtered;
        await using (filtered)
        {
            var seen = query.Distinct && plan.Subject >= 0 ? new HashSet<string>(StringComparer.Ordinal) : null;
            var collected = await Sorting.CollectAsync(
                filtered, plan.Working, question.Order, question.Distinct, query.Offset, query.Limit,
                concerned is null ? null : seen is null ? concerned.Add : (batch, row) => seen.Add(batch.Columns[^1].IsNull(row) ? "" : CellText.TextOf(batch.Columns[^1], row)), cancel);
            // A row that stands for several tells of all of them; an order tells of those whom it leaves behind.
            IReadOnlyCollection<string> persons = seen is null ? concerned?.Persons() ?? [] : [.. seen.Where(person => person.Length > 0)];
            return await TellAsync(opening.Receipt, persons, cancel) is { } untold ? untold : collected;
        }
    }

    /// <summary>Exact: kept by the table where every row is released, otherwise counted once for each content of the table. Whom it is about is recorded each time.</summary>
    private async ValueTask<Result<long>> TotalAsync(Opening opening, CancellationToken cancel)
    {
        var (plan, query, table) = (opening.Plan, opening.Query, opening.Table);
        var mixed = Mixed(opening.Asked, table);
        var kept = query.Where is null && plan.EveryRow && !query.Distinct && mixed is null;
        if (kept && plan.Subject < 0)
            return table.Rows;
        var key = (plan, table.Version, TotalKey(query));
        if (!_totals.TryGetValue(key, out var counted))
        {
            if (!(await CountAsync(opening, mixed, kept, cancel)).TryGet(out counted, out var problem))
                return problem;
            if (_totals.Count >= MostTotals)
                _totals.Clear();
            if (counted.Persons.Count <= MostRemembered)
                _totals[key] = counted;
        }

        return await TellAsync(opening.Receipt, counted.Persons, cancel) is { } untold ? untold : counted.Rows;
    }

    /// <param name="kept">The table knows the number: rows are read only until it is sure that they are about enough persons.</param>
    private static async ValueTask<Result<Counted>> CountAsync(Opening opening, Func<RowBatch, RowBatch>? mixed, bool kept, CancellationToken cancel)
    {
        var (plan, question) = (opening.Plan, opening.Question);
        if (!PipelineSource.Over(plan, opening.Table, mixed).TryGet(out var source, out var problem))
            return problem;
        var (total, told, row) = (0L, question.Distinct is null ? null : new HashSet<byte[]>(ByteArrays.Comparer), new RowKey());
        var counted = Concerned.Of(plan, opening.Query.Where);
        var others = opening.Query.Where is null ? null : Concerned.Of(plan, null); // of nearly all the total tells of the few who are not in it
        await using (source)
        {
            while (await source.NextAsync(cancel) is { } batch)
            {
                for (var i = 0; i < batch.Rows; i++)
                {
                    if (question.Where is not null && question.Where.Of(batch, i) != Truth.True)
                    {
                        others?.Add(batch, i);
                        continue;
                    }

                    total++;
                    told?.Add(row.Of(batch, i, question.Distinct));
                    counted?.Add(batch, i);
                }

                if (told?.Count > Sorting.MostRows)
                    return ReleaseProblems.QueryTooLarge.Because($"There are more than {Sorting.MostRows} different rows.", "Count them without telling them apart.");
                if (kept && counted?.Enough != false)
                    break;
            }
        }

        return new Counted(kept ? opening.Table.Rows : told?.Count ?? total, [.. (counted?.Persons() ?? []).Concat(others?.Persons() ?? []).Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>A question may be long; its hash is not.</summary>
    private static UInt128 TotalKey(ReleaseQuery query)
    {
        var text = (query.Distinct ? $"distinct {string.Join('\n', query.DistinctBy ?? [])}\n" : "") + QueryDigest.TextOf(query.Where);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Where rows of nobody are promised they lie among the others in every form in which rows leave, by whichever door: a page, a file, a row by its key, a total. Groups do not have them.</summary>
    private Func<RowBatch, RowBatch>? Mixed(Question asked, ITable table) => Promised(asked) is var count and > 0 ? _canaries.Mixing(asked.Plan, asked.Permit, asked.Receiver, table, count) : null;

    private RowBatch? CanariesOf(Question asked, ITable table) => Promised(asked) is var count and > 0 ? _canaries.Raw(asked.Plan, asked.Permit, asked.Receiver, table, count) : null;

    private static int Promised(Question asked) => asked.Query.GroupBy is null ? asked.Permit.Obligations.Canaries : 0;

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

    private readonly record struct PlanKey(string Grant, int GrantVersion, int DatasetVersion, string Receiver, string Purpose, string? Area, DateTimeOffset? From, DateTimeOffset? To, string? Fields);

    /// <param name="Persons">Whom the number is about, where they are few.</param>
    private sealed record Counted(long Rows, IReadOnlyCollection<string> Persons);

    private sealed record Question(Ask Ask, string Receiver, Permit Permit, ReleasePlan Plan, ReleaseQuery Query, BoundQuery Bound, IDisposable? Turn);

    private sealed record Opening(Question Asked, ITable Table, Used Used, long Receipt, (long, long) Versions)
    {
        public Ask Ask => Asked.Ask;

        public string Receiver => Asked.Receiver;

        public Permit Permit => Asked.Permit;

        public ReleasePlan Plan => Asked.Plan;

        public ReleaseQuery Query => Asked.Query;

        public BoundQuery Question => Asked.Bound;
    }
}
