using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;

namespace CityHub.Sharing.FlowBack;

/// <summary>What flow-back refuses, each with its rule and its way forward.</summary>
public static class FlowBackProblems
{
    public static readonly ProblemKind FlowBackNotBelow = new("flow-back-not-below", "Data flow back to a lower level only", 422);
    public static readonly ProblemKind FlowBackNoArea = new("flow-back-no-area", "The dataset does not say where a row belongs", 422);
    public static readonly ProblemKind FlowBackConditionAdded = new("flow-back-condition-added", "Flow-back takes no added condition", 422);

    public static Problem NotBelow(string receiver, string provider) => FlowBackNotBelow.Because(
        $"{receiver} does not stand below {provider}.", "Name a department of a lower level whose administrative code lies within the provider's; others make a request.", "decree 809, art. 24");

    public static Problem NoArea(string dataset) => FlowBackNoArea.Because(
        $"{dataset} names no field with the administrative code of a row.", "Let the provider name it in the catalogue entry (area).", "decree 809, art. 24");

    public static Problem ConditionAdded(string what) => FlowBackConditionAdded.Because(
        $"The condition \"{what}\" was added.", "Leave it out: what was collected from an area goes back to it as it is. A mask or a quota belongs to no flow-back.", "decree 809, art. 24: no added conditions");
}

/// <summary>回流 (art. 24): a standing grant from a dataset of an upper level to a department below, of the rows of its own area, with no condition beside.</summary>
internal static class OpenFlowBack
{
    /// <param name="Added">Conditions that somebody wants to add; any is refused.</param>
    public sealed record Request(string Dataset, string Receiver, string Purpose, string Basis, DateTimeOffset Until, Obligations Added);

    public static async ValueTask<Result<Grant>> OpenAsync(GrantBook grants, RequestWorld world, Caller caller, Request request, DateTimeOffset now) =>
        Decide(world, caller, request, now).TryGet(out var grant, out var problem) ? await grants.MakeAsync(grant, GrantBook.FlowBackOpened) : problem;

    public static Result<Grant> Decide(RequestWorld world, Caller caller, Request request, DateTimeOffset now)
    {
        if (world.Catalogue.Find(request.Dataset) is not { State: DatasetState.Published } dataset)
            return RequestProblems.BeyondCatalogue(request.Dataset, "there is no published entry of that name.");
        if (!caller.IsOf(dataset.Provider, Roles.SharingOfficer))
            return RequestProblems.NotSigned(dataset.Provider);
        if (!Owed(world.Catalogue, world.Departments, dataset, request.Receiver).TryGet(out var owed, out var problem))
            return problem;
        var (receiver, area) = owed;
        if (AddedBy(request.Added) is { } added)
            return FlowBackProblems.ConditionAdded(added);
        if (request.Until <= now || request.Basis.Length == 0)
            return RequestProblems.Missing("until (in the future) and basis", "decree 809, art. 24");
        var grant = new Grant
        {
            Id = IdOf(dataset.Id, receiver.Id),
            Version = 1,
            Dataset = dataset.Id,
            Provider = dataset.Provider,
            Receiver = receiver.Id,
            Rights = Rights.Obtain | Rights.Use,
            Purpose = request.Purpose,
            Modes = dataset.Modes,
            Obligations = new Obligations { Rows = [new RowRule(area, RowTest.Under, [AdminCodes.Prefix(receiver.AdminCode)])], Onward = false },
            From = now,
            Until = request.Until,
            Basis = request.Basis,
            SignedBy = caller.Person,
        };
        return GrantCheck.Executable(grant, dataset, world.Catalogue, world.Purposes) is { } cannot ? cannot : grant;
    }

    public static string IdOf(string dataset, string receiver) => $"g-flow-back-{dataset}-{receiver}";

    /// <summary>Whether the rows of its own area flow back to the receiver: its department, and the field that says where a row belongs.</summary>
    public static Result<(Department Receiver, string Area)> Owed(ICatalogue catalogue, IDepartments departments, Dataset dataset, string receiver)
    {
        if (dataset.Class == SharingClass.Withheld || catalogue.IsNegative(dataset.Id))
            return RequestProblems.Withheld(dataset.Id, dataset.LegalBasis);
        if (departments.Find(receiver) is not { } lower || departments.Find(dataset.Provider) is not { } provider || lower.Level <= provider.Level || !IsBelow(lower.AdminCode, provider.AdminCode))
            return FlowBackProblems.NotBelow(receiver, dataset.Provider);
        return dataset.Area is { } area ? (lower, area) : FlowBackProblems.NoArea(dataset.Id);
    }

    /// <summary>Really below: not the same area.</summary>
    private static bool IsBelow(string code, string above) =>
        AdminCodes.Prefix(code) is var lower && AdminCodes.Prefix(above) is var upper && lower.Length > upper.Length && lower.StartsWith(upper, StringComparison.Ordinal);

    private static string? AddedBy(Obligations added) =>
        added.Fields is not null ? "fields" : added.Rows.Count > 0 ? "rows" : added.Masks.Count > 0 ? "masks" : added.Grain != default ? "grain" : added.SmallestGroup > 0 ? "smallestGroup"
        : added.Epsilon is not null ? "epsilon" : added.Quota != Quota.None ? "quota" : added.Expires is not null ? "expires" : added.DestroyWithin is not null ? "destroyWithin"
        : added.TellSubject ? "tellSubject" : added.Canaries > 0 ? "canaries" : added.Watermark ? "watermark" : null;
}
