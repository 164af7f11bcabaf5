using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.FlowBack;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;

namespace CityHub.Sharing.Supervision;

/// <summary>Supervision: the book, where the evidence of the whole city comes from, and what is seen of the catalogue that is no fact by itself.</summary>
/// <param name="evidence">All of it, in the order of the log.</param>
/// <param name="city">The catalogue as it stands now.</param>
internal sealed class SupervisionRoom(
    SupervisionBook book, Func<IReadOnlyList<Evidence>> evidence, Func<CatalogueState> city, ICatalogue catalogue, IDepartments departments, IGrants grants, IPurposes purposes, IDeadlines deadlines, TimeProvider clock)
{
    public SupervisionBook Book { get; } = book;

    /// <summary>How many facts it recorded: nothing new, nothing recorded.</summary>
    public async ValueTask<Result<int>> ReviewAsync()
    {
        if (!(await Book.ObserveAsync(CollectedTwice, KeyOf, (c, _) => c, c => new Evidence.CollectionEnded(default, c.Department, 0, c.Field))).TryGet(out var twice, out var problem)
            || !(await Book.ObserveAsync(LeadSourceMissing, KeyOf, Due, m => new Evidence.LeadSourceNamed(default, m.Department, 0, m.Item))).TryGet(out var missing, out problem)
            || !(await Book.ReviewAsync(evidence())).TryGet(out var found, out problem))
            return problem;
        return twice + missing + found;
    }

    /// <summary>As somebody told it who may; of a use, what the grant permits is the grant's to say, and by when something is owed the profile's, not a department's.</summary>
    public async ValueTask<Result<long>> RecordAsync(Caller caller, Evidence told)
    {
        if (!MayTell(caller, told))
            return SharingProblems.NotYours.Because($"You do not record {told.GetType().Name} of {told.Department}.", "Departments record what they did and what they asked for; the authority and auditors everything.", "decree 809, art. 29");
        return (told switch
        {
            Evidence.Used used => Permitted(used),
            Evidence.FlowBackAsked asked => Owed(caller, asked),
            Evidence.UpdateAsked asked => DueOf(caller, asked.Due, JurisdictionProfile.Contribution).Map<Evidence>(due => asked with { Due = due }),
            Evidence.PlatformRegistered platform => DueOf(caller, platform.Due, JurisdictionProfile.Platform).Map<Evidence>(due => platform with { Due = due }),
            _ => (Result<Evidence>)told,
        }).TryGet(out var evidence, out var problem) ? await Book.RecordAsync(evidence) : problem;
    }

    /// <summary>
    /// A department what it did itself; who asks for the data of its own area, that it asked; the lead source of an item, that it asked for it and was given it. What is held against
    /// a department, and that it was put right, the authority and auditors.
    /// </summary>
    private bool MayTell(Caller caller, Evidence told)
    {
        if (caller.Is(Roles.Authority | Roles.Auditor))
            return true;
        if (caller.Department is not { } own || !caller.Is(Roles.DataOfficer | Roles.SharingOfficer))
            return false;
        return told switch
        {
            Evidence.Used or Evidence.PlatformRegistered or Evidence.RecordsDestroyed => told.Department == own,
            Evidence.FlowBackAsked asked => asked.Receiver == own,
            Evidence.UpdateAsked asked => city().LeadSources.GetValueOrDefault(asked.Item) == own,
            Evidence.UpdateGiven given => city().LeadSources.GetValueOrDefault(given.Item) == own,
            _ => false,
        };
    }

    private Result<Evidence> Permitted(Evidence.Used used)
    {
        // A grant of another department is answered as if there were none.
        if (grants.Find(used.Grant) is not { } grant || !(grant.Receiver == used.Department || grant.Receiver == Decider.AnyDepartment))
            return RequestProblems.NoGrant(used.Grant);
        if (used.Purpose.Length == 0)
            return SharingProblems.BadRequest.Because("A record of use names the purpose for which the data were used.", "purpose: a code of GET /sharing/purposes.", "decree 809, art. 29");
        return used with
        {
            WithinPurpose = purposes.Covers(grant.Purpose, used.Purpose), OnwardPermitted = grant.Obligations.Onward, ThirdParty = string.IsNullOrWhiteSpace(used.ThirdParty) ? null : used.ThirdParty,
        };
    }

    /// <summary>Data of an area are owed to who stands below their provider, where they may be opened to him and are not open already: nobody has a case that he cannot end.</summary>
    private Result<Evidence> Owed(Caller caller, Evidence.FlowBackAsked asked)
    {
        if (city().Find(asked.Dataset) is not { State: DatasetState.Published } dataset || dataset.Provider != asked.Department)
            return RequestProblems.BeyondCatalogue(asked.Dataset, $"{asked.Department} publishes no dataset of that name.");
        if (OpenFlowBack.Owed(catalogue, departments, dataset, asked.Receiver).Problem is { } problem)
            return problem;
        var id = OpenFlowBack.IdOf(dataset.Id, asked.Receiver);
        if (grants.Find(id) is { } open && open.Until > clock.GetUtcNow())
            return RequestProblems.Stands(id);
        return DueOf(caller, asked.Due, JurisdictionProfile.FlowBack).Map<Evidence>(due => asked with { Due = due });
    }

    private Result<DateTimeOffset> DueOf(Caller caller, DateTimeOffset said, string article) =>
        said != default && caller.Is(Roles.Authority | Roles.Auditor) ? said : deadlines.Start(article, clock.GetUtcNow()).Map<DateTimeOffset>(d => d.Due);

    /// <summary>
    /// With a form, whatever another department publishes and may share; with a dataset of one's own, what somebody else was named the lead source of. Two datasets of which none
    /// leads are the authority's to settle first (art. 41(1)).
    /// </summary>
    private IEnumerable<Evidence.CollectedTwice> CollectedTwice()
    {
        var state = city();
        foreach (var twice in Overlaps.CollectedTwice(state))
            if (state.Find(twice.Published.Dataset) is { Class: not SharingClass.Withheld } && (twice.Again.Form || state.LeadSources.ContainsKey(twice.Item)))
                yield return new Evidence.CollectedTwice(default, twice.Again.Collector, 0, $"{twice.Again.Dataset}/{twice.Again.Field}", $"{twice.Published.Dataset}/{twice.Published.Field}");
    }

    private IEnumerable<Evidence.LeadSourceMissing> LeadSourceMissing() =>
        departments.Authority is { Length: > 0 } authority ? Overlaps.Disputes(city()).Select(d => new Evidence.LeadSourceMissing(default, authority, 0, d.Item, default)) : [];

    /// <summary>Where the calendar lacks the year, the clock begins when it has it.</summary>
    private Evidence.LeadSourceMissing? Due(Evidence.LeadSourceMissing missing, DateTimeOffset now) =>
        deadlines.Start(JurisdictionProfile.LeadSource, now).TryGet(out var due, out _) ? missing with { Due = due.Due } : null;

    /// <summary>By which it is the same when it is seen again. Whoever is the authority, an item without a lead source is one.</summary>
    private static (string, string)? KeyOf(Evidence evidence) => evidence switch
    {
        Evidence.CollectedTwice c => (c.Department, c.Field),
        Evidence.CollectionEnded c => (c.Department, c.Field),
        Evidence.LeadSourceMissing m => ("", m.Item),
        Evidence.LeadSourceNamed m => ("", m.Item),
        _ => null,
    };
}
