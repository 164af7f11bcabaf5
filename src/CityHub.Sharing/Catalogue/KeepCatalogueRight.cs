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

/// <summary>
/// <c>POST /catalogue/{id}/changes</c> and <c>/extension</c>: a published entry is no longer right, so that it has to be renewed within ten working days, or five more with the
/// authority's consent (art. 17).
/// </summary>
internal static class KeepCatalogueRight
{
    public static void Map(IEndpointRouteBuilder routes, CatalogueRoom room)
    {
        routes.MapPost("/catalogue/{id}/changes", RoomHttp.Handle(http => room.StepAsync(http, (book, caller, id, body) => ReportAsync(book, caller, id, body.Text("what")))))
            .RequireAuthorization(Permissions.SharingWrite).WithName("ReportCatalogueChange").WithSummary("Say that a published entry is no longer right: the clock of art. 17 begins").WithTags("Catalogue");
        routes.MapPost("/catalogue/{id}/extension", RoomHttp.Handle(http => room.StepAsync(http, (book, caller, id, _) => ExtendAsync(book, caller, id))))
            .RequireAuthorization(Permissions.SharingWrite).WithName("ExtendCatalogueUpdate").WithSummary("Consent to five more working days, as the authority").WithTags("Catalogue");
    }

    public static ValueTask<Result<Func<CatalogueEntry>>> ReportAsync(CatalogueBook book, Caller caller, string id, string what) => book.StepAsync(id, (_, entry, now) =>
    {
        if (entry?.Published is not { } published)
            return entry?.Newest is { } newest ? CatalogueProblems.NotPossible(id, newest.State, CatalogueStep.Draft) : CatalogueProblems.Unknown(id);
        if (caller.Department != published.Provider && !caller.Is(Roles.Authority))
            return SharingProblems.NotYours.Because($"{published.Provider} or the authority says that the entry is no longer right.", null, "decree 809, art. 17");
        if (string.IsNullOrWhiteSpace(what))
            return SharingProblems.BadRequest.Because("Say what changed.", "what: the law, the duty or the system that changed.");
        if (entry.UpdateDue is { } running)
            return CatalogueProblems.StepNotPossible.Because($"An update of {id} is due on {RoomHttp.Time(running.Due)} already.", "A clock that runs is not begun again.", "decree 809, art. 17");
        return book.Deadlines.Start(JurisdictionProfile.Update, now).Map(due => SharingJson.Said(new CatalogueChangeReported(id, what, caller.Person, due), CatalogueJson.Default.CatalogueChangeReported));
    });

    public static ValueTask<Result<Func<CatalogueEntry>>> ExtendAsync(CatalogueBook book, Caller caller, string id) => book.StepAsync(id, (_, entry, now) =>
    {
        if (entry is null)
            return CatalogueProblems.Unknown(id);
        if (!caller.Is(Roles.Authority))
            return SharingProblems.NotYours.Because("The authority consents to an extension.", null, "decree 809, art. 17");
        if (entry.UpdateDue is not { } due)
            return CatalogueProblems.ClockNotRunning.Because($"No update of {id} is due.", "There is nothing to extend.", "decree 809, art. 17");
        if (due.Due < now)
            return CalendarProblems.DeadlineNotExtendable.Because($"The update of {id} was due on {RoomHttp.Time(due.Due)}.", "What has passed is not extended.", "decree 809, art. 17");
        return book.Deadlines.Extend(due).Map(later => SharingJson.Said(new UpdateExtended(id, caller.Person, later), CatalogueJson.Default.UpdateExtended));
    });
}
