using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Catalogue;

/// <summary><c>POST /catalogue/{id}/submission</c>: hands an approved entry to the authority, whose two working days begin (art. 17).</summary>
internal static class SubmitDataset
{
    public static void Map(IEndpointRouteBuilder routes, CatalogueRoom room) =>
        routes.MapPost("/catalogue/{id}/submission", RoomHttp.Handle(http => room.StepAsync(http, (book, caller, id, _) => SubmitAsync(book, caller, id)))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("SubmitDataset").WithSummary("Submit an approved entry to the authority").WithTags("Catalogue");

    public static ValueTask<Result<Func<CatalogueEntry>>> SubmitAsync(CatalogueBook book, Caller caller, string id) =>
        book.StepAsync(id, (_, entry, now) => Decide(id, entry, caller, book.Deadlines, now));

    public static Result<NewFact> Decide(string id, CatalogueEntry? entry, Caller caller, IDeadlines deadlines, DateTimeOffset now)
    {
        if (entry?.Working is not { } draft)
            return CatalogueProblems.NoDraft(id, entry, CatalogueStep.Submit);
        if (!caller.IsOf(draft.Provider, Roles.SharingOfficer))
            return SharingProblems.NotYours.Because($"The sharing officer of {draft.Provider} submits it.", null, "decree 809, arts 11, 12");
        if (CatalogueSteps.Find(draft.State, CatalogueStep.Submit) is null)
            return CatalogueProblems.NotPossible(id, draft.State, CatalogueStep.Submit);
        return deadlines.Start(JurisdictionProfile.Publish, now).Map(due => SharingJson.Said(new DatasetSubmitted(id, draft.Version, caller.Person, due), CatalogueJson.Default.DatasetSubmitted));
    }
}
