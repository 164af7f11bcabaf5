using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Catalogue;

/// <summary><c>POST /catalogue/{id}/approval</c>: the head of the department stands for the entry (art. 12). Never who drafted it.</summary>
internal static class ApproveDataset
{
    public static void Map(IEndpointRouteBuilder routes, CatalogueRoom room) =>
        routes.MapPost("/catalogue/{id}/approval", RoomHttp.Handle(http => room.StepAsync(http, (book, caller, id, _) => ApproveAsync(book, caller, id)))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("ApproveDataset").WithSummary("Approve an entry, as the head of the department").WithTags("Catalogue");

    public static ValueTask<Result<Func<CatalogueEntry>>> ApproveAsync(CatalogueBook book, Caller caller, string id) => book.StepAsync(id, (_, entry, _) => Decide(id, entry, caller));

    public static Result<NewFact> Decide(string id, CatalogueEntry? entry, Caller caller)
    {
        if (entry?.Working is not { } draft)
            return CatalogueProblems.NoDraft(id, entry, CatalogueStep.Approve);
        if (!caller.IsOf(draft.Provider, Roles.Head))
            return SharingProblems.NotYours.Because($"The head of {draft.Provider} approves it.", null, "decree 809, art. 12");
        if (caller.Person == entry.DraftedBy)
            return ProposalProblems.FourEyes.Because($"{entry.DraftedBy} drafted it.", "Who drafts does not approve: let an officer draft it.", "decree 809, art. 12");
        if (draft.State == DatasetState.Drafted)
            return CatalogueProblems.NotAssessed.Because($"{id} was not assessed: {string.Join(" and ", AssessDataset.Missing(draft))}.", $"POST /catalogue/{id}/assessments", "decree 809, art. 12; Personal Information Protection Law, art. 55");
        return CatalogueSteps.Find(draft.State, CatalogueStep.Approve) is null
            ? CatalogueProblems.NotPossible(id, draft.State, CatalogueStep.Approve)
            : SharingJson.Said(new DatasetApproved(id, draft.Version, caller.Person), CatalogueJson.Default.DatasetApproved);
    }
}
