using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.Responsibilities;

/// <summary><c>PUT /responsibilities/{id}</c>, <c>…/{id}/owner</c>, <c>…/{id}/end</c>: a department says what it owes, who answers for it, and when it owes it no more.</summary>
internal static class ListResponsibility
{
    private const string Rule = "decree 809, arts 11, 13, 18";

    public static ValueTask<Result<Done>> ListAsync(ResponsibilityBook book, Caller caller, ResponsibilityItem item) => book.SayAsync((state, _) =>
    {
        if (state.Items.TryGetValue(item.Id, out var known) && known.Provider != item.Provider)
            return NotYours(known.Provider);
        if (!caller.IsOf(item.Provider, Roles.SharingOfficer) && !caller.IsOf(item.Provider, Roles.Head))
            return NotYours(item.Provider);
        var wrong = Faults(item, book.Catalogue?.Find(item.Dataset), book.Parties);
        if (wrong.Count > 0)
            return ResponsibilityProblems.ItemFaulty.Because($"{item.Id}: {string.Join("; ", wrong)}.", "Put all of it right and send the item again.", Rule);
        var version = Math.Max(known?.Version ?? 0, state.Ended.GetValueOrDefault(item.Id)?.Version ?? 0) + 1;
        return SharingJson.Said(new ResponsibilityListed(item with { Version = version }, caller.Person), ResponsibilityJson.Default.ResponsibilityListed);
    });

    public static ValueTask<Result<Done>> NameOwnerAsync(ResponsibilityBook book, Caller caller, string id, string owner) => book.SayAsync((state, _) =>
    {
        if (!state.Items.TryGetValue(id, out var item))
            return ResponsibilityProblems.Unknown(id);
        if (!caller.IsOf(item.Provider, Roles.SharingOfficer) && !caller.IsOf(item.Provider, Roles.Head) && !caller.Is(Roles.Authority))
            return NotYours(item.Provider);
        return book.Parties.CallerOf(owner).Department == item.Provider
            ? SharingJson.Said(new OwnerNamed(id, owner, caller.Person), ResponsibilityJson.Default.OwnerNamed)
            : ResponsibilityProblems.ItemFaulty.Because($"{owner} is not of {item.Provider}.", "The owner is a person of the provider who has a role.", Rule);
    });

    public static ValueTask<Result<Done>> EndAsync(ResponsibilityBook book, Caller caller, string id, string reason) => book.SayAsync((state, _) =>
    {
        if (!state.Items.TryGetValue(id, out var item))
            return ResponsibilityProblems.Unknown(id);
        if (!caller.IsOf(item.Provider, Roles.Head) && !caller.Is(Roles.Authority))
            return SharingProblems.NotYours.Because($"The head of {item.Provider}, or the authority, ends an item.", null, Rule);
        return string.IsNullOrWhiteSpace(reason)
            ? SharingProblems.BadRequest.Because("An item ends with a reason.", "Receivers read it.")
            : SharingJson.Said(new ResponsibilityEnded(id, caller.Person, reason), ResponsibilityJson.Default.ResponsibilityEnded);
    });

    private static List<string> Faults(ResponsibilityItem item, Dataset? dataset, IParties parties)
    {
        var wrong = new List<string>();
        if (item.Id.Length is 0 or > 100 || item.Id.Any(c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')))
            wrong.Add("the identifier has lower-case letters, digits and hyphens");
        if (dataset is null || dataset.Provider != item.Provider || dataset.State == DatasetState.Withdrawn)
            wrong.Add($"{item.Dataset} is no dataset of {item.Provider}");
        else
        {
            if (item.Fields.Where(f => !dataset.Fields.Any(d => d.Name == f)).ToList() is { Count: > 0 } unknown)
                wrong.Add($"the dataset has no {string.Join(", ", unknown)}");
            if (!dataset.Grain.RollsUpTo(item.Grain))
                wrong.Add("the dataset is coarser than the item promises");
            if (item.Receivers.Contains("public", StringComparer.Ordinal) && !dataset.Open)
                wrong.Add("the dataset is not open, and public is no receiver of it");
        }

        if (item.QualityTarget is not (>= 0 and <= 1))
            wrong.Add("the quality target is 0 to 1");
        if (item.Receivers.Count == 0 || item.Receivers.Where(r => r is not ("*" or "public") && parties.Find(r) is null).ToList() is { Count: > 0 })
            wrong.Add("receivers are registered departments, * or public");
        if (item.Purposes.Count == 0 || item.Purposes.Any(string.IsNullOrWhiteSpace))
            wrong.Add("there are purposes");
        if (!DatasetRules.IsCitation(item.LegalBasis))
            wrong.Add("the legal basis cites a law and its article");
        if (item.From >= item.Until)
            wrong.Add("it ends before it begins");
        if (item.Owner is { } owner && parties.CallerOf(owner).Department != item.Provider)
            wrong.Add($"{owner} is not of {item.Provider}");
        return wrong;
    }

    private static Problem NotYours(string provider) => SharingProblems.NotYours.Because($"The sharing officer or the head of {provider} lists what it owes.", null, Rule);
}
