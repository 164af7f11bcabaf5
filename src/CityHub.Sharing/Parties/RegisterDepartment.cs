using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Catalogue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Parties;

/// <summary><c>PUT /departments/{id}</c>: the authority registers a department, or describes it anew.</summary>
internal static class RegisterDepartment
{
    public static void Map(IEndpointRouteBuilder routes, PartyRoom room) =>
        routes.MapPut("/departments/{id}", RoomHttp.Handle(async http =>
        {
            if (!(await SharingHttp.Room.BodyAsync(http, 64 << 10)).TryGet(out var body, out var problem))
                return problem;
            var (caller, id) = (SharingHttp.CallerOf(http), http.Request.RouteValues["id"] as string ?? "");
            if (!SharingJson.Body(body, PartyJson.Default.DepartmentRegistered, ("id", id), ("by", caller.Person)).TryGet(out var read, out problem)
                || !(await RegisterAsync(room.Book, caller, new Department(id, read.Name, read.AdminCode, read.Level, read.Superior))).TryGet(out _, out problem))
                return problem;
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => PartyRoom.Write(json, room.Book.State.Departments[id]));
            return null;
        })).RequireAuthorization(Permissions.SharingWrite).WithName("RegisterDepartment").WithSummary("Register a department, as the authority").WithTags("Departments");

    public static ValueTask<Result<Done>> RegisterAsync(PartyBook book, Caller caller, Department department) => book.SayAsync((state, _) =>
    {
        if (!caller.Is(Roles.Authority))
            return SharingProblems.NotYours.Because("The authority registers departments.", null, "decree 809, art. 11");
        return Refuse(department, state.Departments.ContainsKey) is { } refused ? refused : PartyBook.Facts(Said(department, caller.Person));
    });

    public static Problem? Refuse(Department department, Func<string, bool> known)
    {
        var wrong = new List<string>();
        if (department.Id.Length is 0 or > 100 || department.Id.Any(c => c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-')))
            wrong.Add("the identifier has lower-case letters, digits and hyphens");
        if (string.IsNullOrWhiteSpace(department.Name.Zh) || string.IsNullOrWhiteSpace(department.Name.En))
            wrong.Add("the name is in both languages");
        if (string.IsNullOrEmpty(department.AdminCode) || department.AdminCode.Length is not (6 or 9 or 12) || !department.AdminCode.All(char.IsAsciiDigit))
            wrong.Add("the administrative code has six, nine or twelve digits (GB/T 2260, GB/T 10114)");
        if (department.Level is < 1 or > 5)
            wrong.Add("the level is 1 (national) to 5 (town)");
        if (department.Superior is { } superior && (superior == department.Id || !known(superior)))
            wrong.Add($"{superior} is no other registered department");
        return wrong.Count == 0 ? null : PartyProblems.DepartmentFaulty.Because($"{department.Id}: {string.Join("; ", wrong)}.", "Put all of it right and send it again.", "GB/T 2260, GB/T 10114; decree 809, art. 11");
    }

    public static NewFact Said(Department d, string by) => SharingJson.Said(new DepartmentRegistered(d.Id, d.Name, d.AdminCode, d.Level, d.Superior, by), PartyJson.Default.DepartmentRegistered);
}
