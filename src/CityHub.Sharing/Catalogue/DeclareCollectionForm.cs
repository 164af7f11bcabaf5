using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Catalogue;

/// <summary>
/// <c>PUT</c> and <c>DELETE /catalogue/forms/{id}</c>, <c>POST /catalogue/forms/{id}/check</c>: what a department asks people for. What another department has published already
/// is refused (art. 19): it is had by sharing.
/// </summary>
internal static class DeclareCollectionForm
{
    private const int MostBytes = 1 << 20;

    public static void Map(IEndpointRouteBuilder routes, CatalogueRoom room)
    {
        routes.MapPut("/catalogue/forms/{id}", RoomHttp.Handle(async http =>
        {
            if (!(await ReadAsync(http)).TryGet(out var form, out var problem))
                return problem;
            var insist = http.Request.Query["despite"].ToString() == "duplicates";
            if (!(await DeclareAsync(room.Book, SharingHttp.CallerOf(http), form, insist)).TryGet(out _, out problem))
                return problem;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return null;
        })).RequireAuthorization(Permissions.SharingWrite).WithName("DeclareCollectionForm").WithSummary("Declare a form by which data are collected").WithTags("Catalogue");
        routes.MapPost("/catalogue/forms/{id}/check", RoomHttp.Handle(async http =>
        {
            if (!(await ReadAsync(http)).TryGet(out var form, out var problem))
                return problem;
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
            {
                json.WriteStartArray();
                foreach (var twice in Overlaps.OfForm(room.Book.State, form))
                    Overlaps.Write(json, twice);
                json.WriteEndArray();
            });
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName("CheckCollectionForm").WithSummary("What of a form is published by another department already").WithTags("Catalogue");
        routes.MapDelete("/catalogue/forms/{id}", RoomHttp.Handle(async http =>
        {
            if (!(await EndAsync(room.Book, SharingHttp.CallerOf(http), http.Request.RouteValues["id"] as string ?? "")).TryGet(out _, out var problem))
                return problem;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return null;
        })).RequireAuthorization(Permissions.SharingWrite).WithName("EndCollectionForm").WithSummary("Say that a form is not used any more").WithTags("Catalogue");
    }

    /// <param name="insist">Declared all the same: it is collected twice, and is found as such.</param>
    public static ValueTask<Result<Done>> DeclareAsync(CatalogueBook book, Caller caller, CollectionForm form, bool insist) => book.SayAsync((state, _) =>
    {
        if (caller.Department is not { } own || !caller.Is(Roles.DataOfficer | Roles.SharingOfficer) || (state.Forms.TryGetValue(form.Id, out var known) && known.DeclaredBy != own))
            return SharingProblems.NotYours.Because("Officers of a department declare its own forms.", null, "decree 809, art. 19");
        form = form with { DeclaredBy = own };
        if (form.Fields.Count == 0 || string.IsNullOrWhiteSpace(form.Title.Zh))
            return SharingProblems.BadRequest.Because("A form has a title and fields.");
        if (!insist && Overlaps.OfForm(state, form) is { Count: > 0 } twice)
            return CatalogueProblems.CollectedTwice.Because(
                string.Join(" ", twice.Select(t => $"{t.Again.Field} is {t.Published.Field} of {t.Published.Dataset} ({t.Published.Collector}).")),
                "Request these fields by sharing. Where the law makes you collect them, declare the form with ?despite=duplicates: it is then found as collected twice.",
                "decree 809, art. 19");
        return SharingJson.Said(new CollectionFormDeclared(form, caller.Person), CatalogueJson.Default.CollectionFormDeclared);
    });

    public static ValueTask<Result<Done>> EndAsync(CatalogueBook book, Caller caller, string id) => book.SayAsync((state, _) =>
        !state.Forms.TryGetValue(id, out var form) || form.DeclaredBy != caller.Department
            ? SharingProblems.NotYours.Because($"Your department has no form {id}.", null, "decree 809, art. 19")
            : SharingJson.Said(new CollectionFormEnded(id, caller.Person), CatalogueJson.Default.CollectionFormEnded));

    private static async ValueTask<Result<CollectionForm>> ReadAsync(HttpContext http)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        return SharingJson.Body(body, CatalogueJson.Default.CollectionForm, EntryBody.Fields, ("id", http.Request.RouteValues["id"] as string ?? ""), ("declaredBy", SharingHttp.CallerOf(http).Department ?? ""));
    }
}
