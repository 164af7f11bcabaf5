using System.Security.Cryptography;
using CityHub.Core.Ports;
using CityHub.Crypto;
using CityHub.Http;
using CityHub.Server.Doors;
using CityHub.Sharing;
using CityHub.Sharing.Parties;
using CityHub.Storage.Embedded.Tables;

namespace CityHub.Server.Sharing;

/// <summary><c>POST /departments/{id}/unlock</c> and <c>/lock</c>: a department lets the hub read its data, until the hub stops or it takes that back.</summary>
internal static class UnlockData
{
    public static IEndpointRouteBuilder MapUnlock(this IEndpointRouteBuilder routes, DataKeyBook book, DepartmentKeys keys)
    {
        routes.MapPost("/departments/{id}/unlock", RoomHttp.Handle(async http =>
        {
            var id = http.Request.RouteValues["id"]?.ToString() ?? "";
            if (Refused(http, id) is { } refused)
                return refused;
            var locks = book.LocksOf(id);
            if (!(await SharingHttp.Room.BodyAsync(http, 1024)).TryGet(out var body, out var problem))
                return problem;
            if (body.Length != SecretKeys.Size)
                return SharingProblems.BadRequest.Because($"A data key has {SecretKeys.Size} bytes; the body has {body.Length}.", "cityhub department unlock sends it.");
            var key = body.ToArray();
            try
            {
                if (!(await book.UnlockAsync(id, key, SharingHttp.CallerOf(http).Person, locks, keys)).TryGet(out _, out problem))
                    return problem;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(key);
            }

            http.Response.StatusCode = 204;
            return null;
        })).RequireAuthorization(Permissions.DataDeliver).WithName("UnlockData").WithSummary("Let the hub read the department's data, with the department's own key").WithTags("Departments");
        routes.MapPost("/departments/{id}/lock", RoomHttp.Handle(async http =>
        {
            var id = http.Request.RouteValues["id"]?.ToString() ?? "";
            if (Refused(http, id) is { } refused)
                return refused;
            if (!(await book.LockAsync(id, SharingHttp.CallerOf(http).Person, keys)).TryGet(out _, out var problem))
                return problem;
            http.Response.StatusCode = 204;
            return null;
        })).RequireAuthorization(Permissions.DataDeliver).WithName("LockData").WithSummary("From now on nobody reads the department's data here").WithTags("Departments");
        return routes;
    }

    private static CityHub.Core.Problems.Problem? Refused(HttpContext http, string department)
    {
        var caller = SharingHttp.CallerOf(http);
        return caller.IsOf(department, Roles.SharingOfficer) || caller.IsOf(department, Roles.Head)
            ? null
            : SharingProblems.NotYours.Because($"The sharing officer or the head of {department} unlocks and locks its data.", "cityhub department unlock, with a token that the department signed", "GB/T 39477: keys of the provider");
    }
}
