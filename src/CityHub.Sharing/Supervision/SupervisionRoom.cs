using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Requests;

namespace CityHub.Sharing.Supervision;

/// <summary>Supervision: the book, where the evidence of the whole city comes from, and what is seen of the catalogue that is no fact by itself.</summary>
/// <param name="evidence">All of it, in the order of the log.</param>
/// <param name="city">The catalogue as it stands now.</param>
internal sealed class SupervisionRoom(
    SupervisionBook book, Func<IReadOnlyList<Evidence>> evidence, Func<CatalogueState> city, Func<string> authority, IGrants grants, IPurposes purposes, IDeadlines deadlines)
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

    /// <summary>As somebody told it; of a use, what the grant permits is the grant's to say and not the receiver's.</summary>
    public async ValueTask<Result<long>> RecordAsync(Evidence told)
    {
        if (told is not Evidence.Used used)
            return await Book.RecordAsync(told);
        // A grant of another department is answered as if there were none.
        if (grants.Find(used.Grant) is not { } grant || !(grant.Receiver == used.Department || grant.Receiver == Decider.AnyDepartment))
            return RequestProblems.NoGrant(used.Grant);
        if (used.Purpose.Length == 0)
            return SharingProblems.BadRequest.Because("A record of use names the purpose for which the data were used.", "purpose: a code of GET /sharing/purposes.", "decree 809, art. 29");
        return await Book.RecordAsync(used with
        {
            WithinPurpose = purposes.Covers(grant.Purpose, used.Purpose), OnwardPermitted = grant.Obligations.Onward, ThirdParty = string.IsNullOrWhiteSpace(used.ThirdParty) ? null : used.ThirdParty,
        });
    }

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
        authority() is { Length: > 0 } named ? Overlaps.Disputes(city()).Select(d => new Evidence.LeadSourceMissing(default, named, 0, d.Item, default)) : [];

    /// <summary>Where the calendar lacks the year, the clock begins when it has it.</summary>
    private Evidence.LeadSourceMissing? Due(Evidence.LeadSourceMissing missing, DateTimeOffset now) =>
        deadlines.Start(JurisdictionProfile.LeadSource, now).TryGet(out var due, out _) ? missing with { Due = due.Due } : null;

    private static (string, string)? KeyOf(Evidence evidence) => evidence switch
    {
        Evidence.CollectedTwice c => (c.Department, c.Field),
        Evidence.CollectionEnded c => (c.Department, c.Field),
        Evidence.LeadSourceMissing m => (m.Department, m.Item),
        Evidence.LeadSourceNamed m => (m.Department, m.Item),
        _ => null,
    };
}
