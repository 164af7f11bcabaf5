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
/// <c>POST /catalogue/{id}/publication</c> and <c>/return</c>: the authority publishes what was submitted, or sends it back and says why. A published version takes the place
/// of the one before.
/// </summary>
internal static class PublishDataset
{
    public static void Map(IEndpointRouteBuilder routes, CatalogueRoom room)
    {
        routes.MapPost("/catalogue/{id}/publication", RoomHttp.Handle(http => room.StepAsync(http, (book, caller, id, _) => PublishAsync(book, caller, id)))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("PublishDataset").WithSummary("Publish a submitted entry, as the authority").WithTags("Catalogue");
        routes.MapPost("/catalogue/{id}/return", RoomHttp.Handle(http => room.StepAsync(http, (book, caller, id, body) => ReturnAsync(book, caller, id, body.Text("reason")))))
            .RequireAuthorization(Permissions.SharingWrite).WithName("ReturnDataset").WithSummary("Send a submitted entry back, as the authority").WithTags("Catalogue");
    }

    public static ValueTask<Result<Func<CatalogueEntry>>> PublishAsync(CatalogueBook book, Caller caller, string id) => book.StepAsync(id, (state, entry, _) => Decide(id, state, entry, caller));

    public static ValueTask<Result<Func<CatalogueEntry>>> ReturnAsync(CatalogueBook book, Caller caller, string id, string reason) =>
        book.StepAsync(id, (_, entry, now) => DecideReturn(id, entry, caller, reason, book.Deadlines, now));

    public static Result<NewFact> Decide(string id, CatalogueState state, CatalogueEntry? entry, Caller caller)
    {
        if (Refused(id, entry, caller, CatalogueStep.Publish, out var draft) is { } refused)
            return refused;
        if (caller.Person == entry?.DraftedBy || caller.Person == entry?.ApprovedBy)
            return ProposalProblems.FourEyes.Because($"{caller.Person} drafted or approved it.", "Let another person of the authority publish it.", "decree 809, art. 12");
        if (draft is { Source: DatasetSource.Entities, EntityType: { } type } && state.Holder(draft.Tenant, type) is { } holder && holder != id)
            return CatalogueProblems.EntryFaulty.Because($"entityType: {type} is the type of {holder} already.", "Send it back.", "decree 809, art. 19: one source for one item");
        return SharingJson.Said(new DatasetPublished(id, draft.Version, caller.Person), CatalogueJson.Default.DatasetPublished);
    }

    public static Result<NewFact> DecideReturn(string id, CatalogueEntry? entry, Caller caller, string reason, IDeadlines deadlines, DateTimeOffset now)
    {
        if (Refused(id, entry, caller, CatalogueStep.Return, out var draft) is { } refused)
            return refused;
        if (string.IsNullOrWhiteSpace(reason))
            return SharingProblems.BadRequest.Because("An entry is sent back with a reason.", "Say everything that is to be put right, at once.");
        // Where the calendar lacks the year, the clock keeps its date: sending back waits for nothing.
        var due = entry is { UpdateDue: { } update, ReviewDue: { } review } && deadlines.Supplemented(update, review.Began, now).TryGet(out var goesOn, out _) ? goesOn : null;
        return SharingJson.Said(new DatasetReturned(id, draft.Version, caller.Person, reason, due), CatalogueJson.Default.DatasetReturned);
    }

    private static Problem? Refused(string id, CatalogueEntry? entry, Caller caller, CatalogueStep step, out Dataset draft)
    {
        draft = entry?.Working ?? entry?.Newest ?? Nothing;
        if (entry?.Newest is null)
            return CatalogueProblems.Unknown(id);
        if (!caller.Is(Roles.Authority))
            return SharingProblems.NotYours.Because("The authority publishes and returns entries.", null, "decree 809, arts 12, 17");
        return CatalogueSteps.Find(draft.State, step) is null ? CatalogueProblems.NotPossible(id, draft.State, step) : null;
    }

    private static readonly Dataset Nothing = new()
    {
        Id = "", Version = 0, Provider = "", Title = default, Abstract = default, Fields = [], Class = SharingClass.Withheld, Modes = DeliveryModes.None, Frequency = UpdateFrequency.Irregular,
    };
}
