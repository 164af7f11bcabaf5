using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Catalogue;

/// <summary><c>PUT /catalogue/lead-sources/{item}</c>: the authority names the one department that collects an item (art. 19).</summary>
internal static class NameLeadSource
{
    public static void Map(IEndpointRouteBuilder routes, CatalogueRoom room) =>
        routes.MapPut("/catalogue/lead-sources/{item}", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("NameLeadSource").WithSummary("Name the department that collects an item, as the authority").WithTags("Catalogue");

    public static ValueTask<Result<Done>> NameAsync(CatalogueBook book, Caller caller, string item, string department, string reason) => book.SayAsync((_, _) =>
        !caller.Is(Roles.Authority)
            ? SharingProblems.NotYours.Because("The authority names lead sources.", null, "decree 809, art. 19")
            : book.Parties.Find(department) is null
                ? PartyProblems.DepartmentUnknown.Because($"{department} is no registered department.", "GET /departments lists them.", "decree 809, art. 19")
                : string.IsNullOrWhiteSpace(item) || string.IsNullOrWhiteSpace(reason)
                    ? SharingProblems.BadRequest.Because("An item and a reason are needed.", "The reason says from which duty it follows that this department collects it.")
                    : SharingJson.Said(new LeadSourceNamed(item, department, caller.Person, reason), CatalogueJson.Default.LeadSourceNamed));

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, CatalogueRoom room)
    {
        var item = http.Request.RouteValues["item"] as string ?? "";
        if (!(await StepBody.ReadAsync(http)).TryGet(out var body, out var problem)
            || !(await NameAsync(room.Book, SharingHttp.CallerOf(http), item, body.Text("department"), body.Text("reason"))).TryGet(out _, out problem))
            return problem;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }
}
