using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Responsibilities;

/// <summary>需求清单: <c>POST /demands</c>, <c>/demands/{id}/match</c>, <c>/demands/{id}/decline</c>. That a demand is met is said by the first data, not by a person.</summary>
internal static class DemandList
{
    private const string Rule = "decree 809, arts 11, 19";

    public static ValueTask<Result<Done>> FileAsync(ResponsibilityBook book, Caller caller, string id, Words what, string purpose, string basis) => book.SayAsync((_, _) =>
        caller.Department is not { } department || !caller.Is(Roles.DataOfficer | Roles.SharingOfficer)
            ? SharingProblems.NotYours.Because("Officers of a department say what it needs.", null, Rule)
            : string.IsNullOrWhiteSpace(what.Zh) || string.IsNullOrWhiteSpace(purpose) || !DatasetRules.IsCitation(basis)
                ? SharingProblems.BadRequest.Because("A demand says what, for which purpose, and cites the duty it serves.", "basis: e.g. 《中华人民共和国消防法》第四条")
                : SharingJson.Said(new DemandFiled(id, department, new Words(what.Zh, what.En ?? ""), purpose, basis, caller.Person), ResponsibilityJson.Default.DemandFiled));

    public static ValueTask<Result<Done>> MatchAsync(ResponsibilityBook book, Caller caller, string id, string dataset) => book.SayAsync((state, _) =>
    {
        if (!state.Demands.TryGetValue(id, out var demand))
            return ResponsibilityProblems.NoDemand(id);
        if (book.Catalogue?.Find(dataset) is not { } found)
            return CatalogueProblems.Unknown(dataset);
        if (!caller.Is(Roles.Authority) && !caller.IsOf(found.Provider, Roles.SharingOfficer))
            return SharingProblems.NotYours.Because($"The authority or the sharing officer of {found.Provider} says that a dataset answers a demand.", null, Rule);
        return demand.State is DemandState.Open or DemandState.Matched
            ? SharingJson.Said(new DemandMatched(id, dataset, caller.Person), ResponsibilityJson.Default.DemandMatched)
            : NotPossible(demand);
    });

    /// <param name="reason">With the law that stands against it.</param>
    public static ValueTask<Result<Done>> DeclineAsync(ResponsibilityBook book, Caller caller, string id, string reason) => book.SayAsync((state, _) =>
    {
        if (!state.Demands.TryGetValue(id, out var demand))
            return ResponsibilityProblems.NoDemand(id);
        if (!caller.Is(Roles.Authority))
            return SharingProblems.NotYours.Because("The authority declines demands.", null, Rule);
        if (!DatasetRules.IsCitation(reason))
            return CatalogueProblems.WithheldWithoutLaw.Because("A demand is declined by a law, and the reason cites none.", "Cite the law and its article.", "decree 809, art. 15");
        return demand.State is DemandState.Open or DemandState.Matched
            ? SharingJson.Said(new DemandDeclined(id, reason, caller.Person), ResponsibilityJson.Default.DemandDeclined)
            : NotPossible(demand);
    });

    /// <summary>The department had the first data of a dataset: every demand of it that this dataset answers is met. Idempotent.</summary>
    /// <param name="position">Of the release.</param>
    public static async ValueTask<Result<int>> MetAsync(ResponsibilityBook book, string department, string dataset, long position)
    {
        var met = 0;
        foreach (var demand in book.State.Demands.Values.Where(d => d.Department == department && d.Dataset == dataset && d.State == DemandState.Matched))
        {
            if (!(await book.SayAsync((state, _) => state.Demands[demand.Id].State == DemandState.Matched
                    ? SharingJson.Said(new DemandMet(demand.Id, position), ResponsibilityJson.Default.DemandMet)
                    : NotPossible(state.Demands[demand.Id]))).TryGet(out _, out var problem))
            {
                if (problem.Kind == ResponsibilityProblems.DemandNotPossible)
                    continue;
                return problem;
            }

            met++;
        }

        return met;
    }

    private static Problem NotPossible(Demand demand) => ResponsibilityProblems.DemandNotPossible.Because($"The demand {demand.Id} is {CatalogueNames.Of(demand.State)}.", "File a new one.", Rule);
}

/// <summary>负面清单: <c>PUT</c> and <c>DELETE /negative-list/{dataset}</c>. Listed by the authority, with the law that forbids sharing.</summary>
internal static class NegativeList
{
    private const string Rule = "decree 809, art. 15";

    public static ValueTask<Result<Done>> ListAsync(ResponsibilityBook book, Caller caller, string dataset, string law) => book.SayAsync((_, _) =>
        !caller.Is(Roles.Authority)
            ? SharingProblems.NotYours.Because("The authority keeps the negative list.", null, Rule)
            : book.Catalogue?.Find(dataset) is null
                ? CatalogueProblems.Unknown(dataset)
                : DatasetRules.IsCitation(law)
                    ? SharingJson.Said(new NegativeListed(dataset, law, caller.Person), ResponsibilityJson.Default.NegativeListed)
                    : ResponsibilityProblems.NegativeFaulty.Because($"\"{law}\" cites no article of a law.", "Cite the law and its article, e.g. 《中华人民共和国档案法》第二十八条.", Rule));

    public static ValueTask<Result<Done>> LiftAsync(ResponsibilityBook book, Caller caller, string dataset, string reason) => book.SayAsync((state, _) =>
        !caller.Is(Roles.Authority)
            ? SharingProblems.NotYours.Because("The authority keeps the negative list.", null, Rule)
            : !state.Negative.ContainsKey(dataset)
                ? ResponsibilityProblems.NegativeFaulty.Because($"{dataset} is not on the negative list.", "GET /negative-list shows it.", Rule)
                : string.IsNullOrWhiteSpace(reason)
                    ? SharingProblems.BadRequest.Because("It is lifted with a reason.")
                    : SharingJson.Said(new NegativeLifted(dataset, reason, caller.Person), ResponsibilityJson.Default.NegativeLifted));
}
