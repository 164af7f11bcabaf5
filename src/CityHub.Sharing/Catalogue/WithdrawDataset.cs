using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Catalogue;

/// <summary><c>POST /catalogue/{id}/withdrawal</c>: takes back the version that is being worked on; where there is none, the published one.</summary>
internal static class WithdrawDataset
{
    public static void Map(IEndpointRouteBuilder routes, CatalogueRoom room) =>
        routes.MapPost("/catalogue/{id}/withdrawal", RoomHttp.Handle(http => room.StepAsync(http, (book, caller, id, body) => WithdrawAsync(book, caller, id, body.Text("reason")))))
            .RequireAuthorization(Permissions.SharingWrite).WithName("WithdrawDataset").WithSummary("Withdraw an entry, or a version that is being worked on").WithTags("Catalogue");

    public static ValueTask<Result<Func<CatalogueEntry>>> WithdrawAsync(CatalogueBook book, Caller caller, string id, string reason) =>
        book.StepAsync(id, (_, entry, _) => Decide(id, entry, caller, reason));

    public static Result<NewFact> Decide(string id, CatalogueEntry? entry, Caller caller, string reason)
    {
        if (entry?.Newest is not { } newest)
            return CatalogueProblems.Unknown(id);
        if (!caller.IsOf(newest.Provider, Roles.Head) && !caller.IsOf(newest.Provider, Roles.SharingOfficer))
            return SharingProblems.NotYours.Because($"The head or the sharing officer of {newest.Provider} withdraws it.", null, "decree 809, art. 12");
        if (CatalogueSteps.Find(newest.State, CatalogueStep.Withdraw) is null)
            return CatalogueProblems.NotPossible(id, newest.State, CatalogueStep.Withdraw);
        return string.IsNullOrWhiteSpace(reason)
            ? SharingProblems.BadRequest.Because("An entry is withdrawn with a reason.", "Receivers read it.")
            : SharingJson.Said(new DatasetWithdrawn(id, newest.Version, caller.Person, reason), CatalogueJson.Default.DatasetWithdrawn);
    }

    public static CatalogueEntry Withdrawn(CatalogueEntry entry, int version)
    {
        if (entry.Working is { } working && working.Version == version)
            return entry with { Working = null, Past = entry.Past.Add(working with { State = DatasetState.Withdrawn }), ReviewDue = null };
        return entry.Published is { } published && published.Version == version
            ? entry with { Published = null, Search = null, Past = entry.Past.Add(published with { State = DatasetState.Withdrawn }), UpdateDue = null, Missed = [] }
            : entry;
    }
}
