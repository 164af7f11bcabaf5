using CityHub.Core.Ports;
using CityHub.Http;
using CityHub.Sharing;
using CityHub.Sharing.Parties;

namespace CityHub.Server.Doors;

/// <summary><c>/departments/{id}/tokens/revocations</c>: a department takes back one token or all of a person, and sees what it took back.</summary>
internal static class RevocationRoutes
{
    public static IEndpointRouteBuilder MapRevocations(this IEndpointRouteBuilder routes, RevocationBook book)
    {
        routes.MapPost("/departments/{id}/tokens/revocations", RoomHttp.Handle(async http =>
        {
            var id = http.Request.RouteValues["id"]?.ToString() ?? "";
            if (!(await StepBody.ReadAsync(http)).TryGet(out var body, out var problem)
                || !(await book.RevokeAsync(SharingHttp.CallerOf(http), id, body.Text("jti"), body.Text("person"), body.Text("reason"))).TryGet(out _, out problem))
                return problem;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return null;
        })).RequireAuthorization(Permissions.SharingWrite).WithName("RevokeDepartmentToken").WithSummary("From now on a token of the department, or all of a person, open nothing").WithTags("Departments");
        routes.MapGet("/departments/{id}/tokens/revocations", RoomHttp.Handle(async http =>
        {
            var (id, caller) = (http.Request.RouteValues["id"]?.ToString() ?? "", SharingHttp.CallerOf(http));
            if (!caller.IsOf(id, Roles.SharingOfficer | Roles.Head) && !caller.Is(Roles.Authority | Roles.Auditor))
                return SharingProblems.NotYours.Because($"The officers of {id} see what it took back.", null, "GB/T 39477: a department answers for its people");
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
            {
                json.WriteStartArray();
                foreach (var revocation in book.Of(id).Take(RoomHttp.MostPage))
                {
                    json.WriteStartObject();
                    if (revocation.IdHash is { } token)
                        json.WriteString("id", token);
                    if (revocation.Person is { } person)
                        json.WriteString("person", person);
                    json.WriteString("by", revocation.By);
                    json.WriteString("reason", revocation.Reason);
                    json.WriteString("at", RoomHttp.Time(revocation.At));
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName("ListDepartmentRevocations").WithSummary("Tokens that the department took back").WithTags("Departments");
        return routes;
    }
}
