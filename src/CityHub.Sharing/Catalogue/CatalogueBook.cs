using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Catalogue;

/// <summary>The negative list as the catalogue sees it.</summary>
public interface INegativeList
{
    bool Contains(string dataset);

    /// <summary>Counts changes.</summary>
    long Version { get; }
}

/// <summary>政务数据目录: a view over the stream <c>catalogue</c>. Readers see one unchanging state and wait for nobody.</summary>
internal sealed class CatalogueBook(IFactLog log, TimeProvider clock, IDeadlines deadlines, IParties parties, INegativeList negative)
    : FactBook(log, clock, StreamName), ICatalogue, ICatalogueSearch, IDeadlineKeeper
{
    public const string StreamName = "catalogue";

    private volatile CatalogueState _state = CatalogueState.Empty;
    private CatalogueSearch? _search;

    public CatalogueState State => _state;

    public IDeadlines Deadlines { get; } = deadlines;

    public IParties Parties { get; } = parties;

    public IEnumerable<Dataset> Published => _state.Published;

    public long Version => _state.Version + negative.Version;

    public Dataset? Find(string id) => _state.Find(id);

    public CatalogueEntry? Entry(string id) => _state.Entries.GetValueOrDefault(id);

    public Dataset? OfType(string tenant, string entityType) =>
        _state.Holder(tenant, entityType) is { } id && Entry(id)?.Published is { } published && published.Tenant == tenant && published.EntityType == entityType ? published : null;

    public bool IsNegative(string dataset) => negative.Contains(dataset);

    public CatalogueFound Find(CatalogueQuery query, Func<Dataset, bool> visible) => (_search ??= new CatalogueSearch(() => _state.Search)).Find(query, visible);

    /// <summary>One step of one entry: decided on the newest state, one after the other.</summary>
    public ValueTask<Result<Func<CatalogueEntry>>> StepAsync(string id, Func<CatalogueState, CatalogueEntry?, DateTimeOffset, Result<NewFact>> decide) => RecordAsync<Func<CatalogueEntry>>(now =>
        decide(_state, Entry(id), now).TryGet(out var fact, out var problem)
            ? ((IReadOnlyList<NewFact>)[fact], () => _state.Entries[id])
            : problem);

    /// <summary>What concerns no single entry: lead sources, collection forms.</summary>
    public ValueTask<Result<Done>> SayAsync(Func<CatalogueState, DateTimeOffset, Result<NewFact>> decide) => RecordAsync<Done>(now =>
        decide(_state, now).TryGet(out var fact, out var problem) ? ((IReadOnlyList<NewFact>)[fact], Done.Value) : problem);

    /// <summary>Clocks of art. 17 that ran out: said once for each.</summary>
    public ValueTask<Result<int>> RecordPassedAsync() => RecordAsync<int>(now =>
    {
        var facts = new List<NewFact>();
        foreach (var entry in _state.Entries.Values.OrderBy(e => e.Id, StringComparer.Ordinal))
        {
            // What was handed in waits for the authority, whose own clock runs.
            if (entry.UpdateDue is { } update && entry.Working?.State != DatasetState.Submitted && update.Due < now && !entry.Missed.Contains(update.Article) && (entry.Published ?? entry.Newest) is { } published)
                facts.Add(Missed(entry, update, published.Provider));
            if (entry.ReviewDue is { } review && review.Due < now && !entry.Missed.Contains(review.Article))
                facts.Add(Missed(entry, review, Parties.With(Roles.Authority).Select(p => Parties.CallerOf(p).Department).FirstOrDefault() ?? ""));
        }

        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        var known = CatalogueJson.Default;
        switch (type)
        {
            case nameof(DatasetDrafted):
                var drafted = SharingJson.Read(payload, known.DatasetDrafted);
                var entry = Entry(drafted.Entry.Id) ?? new CatalogueEntry(drafted.Entry.Id);
                _state = _state.With(entry with
                {
                    Working = drafted.Entry with { State = DatasetState.Drafted, Assessments = [], ChangedAt = at, PublishedAt = null }, DraftedBy = drafted.By, ApprovedBy = null,
                    UpdateDue = drafted.UpdateDue ?? entry.UpdateDue, ReviewDue = null,
                });
                break;
            case nameof(DatasetAssessed):
                var assessed = SharingJson.Read(payload, known.DatasetAssessed);
                Working(assessed.Id, (e, d) =>
                {
                    var now = d with { Assessments = [.. d.Assessments.Where(a => a.Kind != assessed.Assessment.Kind), assessed.Assessment] };
                    return e with { Working = now with { State = AssessDataset.Missing(now).Count == 0 ? DatasetState.Assessed : DatasetState.Drafted } };
                });
                break;
            case nameof(DatasetApproved):
                var approved = SharingJson.Read(payload, known.DatasetApproved);
                Working(approved.Id, (e, d) => e with { Working = d with { State = DatasetState.Approved }, ApprovedBy = approved.By });
                break;
            case nameof(DatasetSubmitted):
                var submitted = SharingJson.Read(payload, known.DatasetSubmitted);
                Working(submitted.Id, (e, d) => e with
                {
                    Working = d with { State = DatasetState.Submitted }, ReviewDue = submitted.ReviewDue, Missed = e.Missed.Remove(submitted.ReviewDue.Article),
                });
                break;
            case nameof(DatasetReturned):
                var returned = SharingJson.Read(payload, known.DatasetReturned);
                Working(returned.Id, (e, d) => e with { Working = d with { State = DatasetState.Drafted, Assessments = [] }, ReviewDue = null, ApprovedBy = null, UpdateDue = returned.UpdateDue ?? e.UpdateDue });
                break;
            case nameof(DatasetPublished):
                var published = SharingJson.Read(payload, known.DatasetPublished);
                Working(published.Id, (e, d) =>
                {
                    var now = d with { State = DatasetState.Published, PublishedAt = at };
                    return e with
                    {
                        Published = now, Working = null, Search = new SearchEntry(now), UpdateDue = null, ReviewDue = null, Missed = [],
                        Past = e.Published is { } before ? e.Past.Add(before with { State = DatasetState.Superseded }) : e.Past,
                    };
                });
                break;
            case nameof(DatasetWithdrawn):
                var withdrawn = SharingJson.Read(payload, known.DatasetWithdrawn);
                if (Entry(withdrawn.Id) is { } found)
                    _state = _state.With(WithdrawDataset.Withdrawn(found, withdrawn.Version));
                break;
            case nameof(CatalogueChangeReported):
                var reported = SharingJson.Read(payload, known.CatalogueChangeReported);
                if (Entry(reported.Id) is { } changed)
                    _state = _state.With(changed with { UpdateDue = reported.UpdateDue, Missed = changed.Missed.Remove(reported.UpdateDue.Article) });
                break;
            case nameof(UpdateExtended):
                var extended = SharingJson.Read(payload, known.UpdateExtended);
                if (Entry(extended.Id) is { } longer)
                    _state = _state.With(longer with { UpdateDue = extended.UpdateDue, Missed = longer.Missed.Remove(extended.UpdateDue.Article) });
                break;
            case nameof(CatalogueDeadlineMissed):
                var missed = SharingJson.Read(payload, known.CatalogueDeadlineMissed);
                if (Entry(missed.Id) is { } late)
                    _state = _state.With(late with { Missed = late.Missed.Add(missed.Article) });
                break;
            case nameof(LeadSourceNamed):
                var lead = SharingJson.Read(payload, known.LeadSourceNamed);
                _state = _state with { LeadSources = _state.LeadSources.SetItem(lead.Item, lead.Department), Version = _state.Version + 1 };
                break;
            case nameof(CollectionFormDeclared):
                var form = SharingJson.Read(payload, known.CollectionFormDeclared).Form;
                _state = _state with { Forms = _state.Forms.SetItem(form.Id, form), Version = _state.Version + 1 };
                break;
            case nameof(CollectionFormEnded):
                _state = _state with { Forms = _state.Forms.Remove(SharingJson.Read(payload, known.CollectionFormEnded).Id), Version = _state.Version + 1 };
                break;
            default:
                break;
        }
    }

    private void Working(string id, Func<CatalogueEntry, Dataset, CatalogueEntry> change)
    {
        if (Entry(id) is { Working: { } working } entry)
            _state = _state.With(change(entry, working));
    }

    private static NewFact Missed(CatalogueEntry entry, Deadline deadline, string department) => SharingJson.Said(
        new CatalogueDeadlineMissed(entry.Id, entry.Newest?.Version ?? 0, deadline.Article, department, deadline.Due), CatalogueJson.Default.CatalogueDeadlineMissed);
}
