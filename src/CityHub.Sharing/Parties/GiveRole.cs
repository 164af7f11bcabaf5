using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Catalogue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Parties;

/// <summary>
/// <c>POST /departments/roles</c>, <c>/departments/proposals/{id}/confirmation</c> and <c>/refusal</c>: a role is given and taken by two people, and neither of them is the one
/// who gets it.
/// </summary>
internal static class GiveRole
{
    private const string Rule = "GB/T 39477: four eyes, and separate roles";

    public static void Map(IEndpointRouteBuilder routes, PartyRoom room)
    {
        routes.MapPost("/departments/roles", RoomHttp.Handle(async http =>
        {
            var caller = SharingHttp.CallerOf(http);
            var id = room.Ids.Next().ToString();
            if (!(await SharingHttp.Room.BodyAsync(http, 64 << 10)).TryGet(out var body, out var problem)
                || !SharingJson.Body(body, PartyJson.Default.RoleProposed, ("id", id), ("by", caller.Person)).TryGet(out var proposal, out problem)
                || !(await ProposeAsync(room.Book, caller, proposal)).TryGet(out _, out problem))
                return problem;
            await RoomHttp.WriteAsync(http, StatusCodes.Status202Accepted, json => PartyRoom.Write(json, room.Book.State.Proposals[id]));
            return null;
        })).RequireAuthorization(Permissions.SharingWrite).WithName("ProposeRole").WithSummary("Propose that somebody gets a role, or loses it").WithTags("Departments");
        routes.MapPost("/departments/proposals/{id}/confirmation", RoomHttp.Handle(http => SettleAsync(http, room, confirm: true)))
            .RequireAuthorization(Permissions.SharingWrite).WithName("ConfirmPartyProposal").WithSummary("Confirm a role or a key, as the second person").WithTags("Departments");
        routes.MapPost("/departments/proposals/{id}/refusal", RoomHttp.Handle(http => SettleAsync(http, room, confirm: false)))
            .RequireAuthorization(Permissions.SharingWrite).WithName("RefusePartyProposal").WithSummary("Refuse a role or a key").WithTags("Departments");
    }

    public static ValueTask<Result<Done>> ProposeAsync(PartyBook book, Caller caller, RoleProposed proposal) => book.SayAsync((state, _) => Decide(state, caller, proposal));

    public static ValueTask<Result<Done>> ConfirmAsync(PartyBook book, Caller caller, string id) => book.SayAsync((state, _) => DecideConfirm(state, caller, id));

    public static ValueTask<Result<Done>> RefuseAsync(PartyBook book, Caller caller, string id, string reason) => book.SayAsync((state, _) =>
    {
        if (!state.Proposals.TryGetValue(id, out var proposal))
            return Unknown(id);
        return MayPropose(caller, proposal.Department, proposal.Roles) || proposal.By == caller.Person
            ? PartyBook.Facts(SharingJson.Said(new ProposalRefused(id, caller.Person, reason), PartyJson.Default.ProposalRefused))
            : NotYours(proposal.Department);
    });

    public static Result<IReadOnlyList<NewFact>> Decide(PartyState state, Caller caller, RoleProposed proposal)
    {
        if (!MayPropose(caller, proposal.Department, proposal.Roles))
            return NotYours(proposal.Department);
        if (proposal.Roles == Roles.None || (proposal.Roles & ~RoleRules.Given) != 0)
            return PartyProblems.RoleNotPossible.Because("The register gives dataOfficer, sharingOfficer, head, authority, superiorAuthority, auditor and operator.", null, Rule);
        if (string.IsNullOrWhiteSpace(proposal.Person) || string.IsNullOrWhiteSpace(proposal.Reason))
            return SharingProblems.BadRequest.Because("A person and a reason are needed.", "The reason names the decision by which the person is appointed.");
        if (proposal.Give && proposal.Person == caller.Person)
            return ProposalProblems.FourEyes.Because("Nobody proposes himself.", "Let another person propose it, and a third confirm.", Rule);
        return Check(state, proposal.Person, proposal.Department, proposal.Roles, proposal.Give) is { } refused
            ? refused
            : PartyBook.Facts(SharingJson.Said(proposal with { By = caller.Person }, PartyJson.Default.RoleProposed));
    }

    public static Result<IReadOnlyList<NewFact>> DecideConfirm(PartyState state, Caller caller, string id)
    {
        if (!state.Proposals.TryGetValue(id, out var proposal))
            return Unknown(id);
        if (!MayPropose(caller, proposal.Department, proposal.Roles))
            return NotYours(proposal.Department);
        if (caller.Person == proposal.By || caller.Person == proposal.Person)
            return ProposalProblems.FourEyes.Because($"{caller.Person} {(caller.Person == proposal.By ? "proposed it" : "is the one it is about")}.", "Let another person confirm it.", Rule);
        if (proposal.PublicKey is { } key && proposal.Department is { } department)
            return EnrolKey.Taken(state, key) is { } taken ? taken : PartyBook.Facts(SharingJson.Said(new KeyEnrolled(id, department, key, proposal.By, caller.Person), PartyJson.Default.KeyEnrolled));
        var person = proposal.Person ?? "";
        // Looked at again: since it was proposed the person may have got another role.
        if (Check(state, person, proposal.Department, proposal.Roles, proposal.Give) is { } refused)
            return refused;
        return PartyBook.Facts(proposal.Give
            ? SharingJson.Said(new RoleGiven(id, person, proposal.Department, proposal.Roles, proposal.By, caller.Person), PartyJson.Default.RoleGiven)
            : SharingJson.Said(new RoleWithdrawn(id, person, proposal.Department, proposal.Roles, proposal.By, caller.Person), PartyJson.Default.RoleWithdrawn));
    }

    /// <summary>The authority everything; the head and the sharing officer of a department its data officers.</summary>
    public static bool MayPropose(Caller caller, string? department, Roles roles) =>
        caller.Is(Roles.Authority) || (department is not null && (roles & ~Roles.DataOfficer) == 0 && (caller.IsOf(department, Roles.Head) || caller.IsOf(department, Roles.SharingOfficer)));

    private static Problem? Check(PartyState state, string person, string? department, Roles roles, bool give)
    {
        var held = state.CallerOf(person);
        if (!give)
        {
            if (held.Department != department)
                return PartyProblems.RoleNotPossible.Because($"{person} is of {held.Department ?? "no department"}.", "Name the department in which the roles are held.", Rule);
            if ((held.Roles & roles) != roles)
                return PartyProblems.RoleNotPossible.Because($"{person} has not all of these roles.", "GET /departments lists who has which.", Rule);
            // Nobody could give a role any more.
            return (roles & Roles.Authority) != 0 && state.With(Roles.Authority, null).Count() <= 2
                ? PartyProblems.RoleNotPossible.Because("The authority would be one person, and every role takes two.", "Give the role to another person first.", Rule)
                : null;
        }

        if (roles == Roles.Operator ? department is not null : department is null)
            return PartyProblems.RoleNotPossible.Because(roles == Roles.Operator ? "The operator is of no department." : "These roles are held in a department.", null, Rule);
        if (department is not null && !state.Departments.ContainsKey(department))
            return PartyProblems.DepartmentUnknown.Because($"{department} is no registered department.", "PUT /departments/{id} registers it.", "decree 809, art. 11");
        return RoleRules.Exclude(person, held.Roles | roles)
            ?? (held.Roles != Roles.None && held.Department != department
                ? PartyProblems.RoleNotPossible.Because($"{person} is of {held.Department ?? "no department"} already.", "Take the roles there back first.", Rule)
                : null);
    }

    private static async ValueTask<Problem?> SettleAsync(HttpContext http, PartyRoom room, bool confirm)
    {
        var (caller, id) = (SharingHttp.CallerOf(http), http.Request.RouteValues["id"] as string ?? "");
        if (!(await StepBody.ReadAsync(http)).TryGet(out var body, out var problem)
            || !(confirm ? await ConfirmAsync(room.Book, caller, id) : await RefuseAsync(room.Book, caller, id, body.Text("reason"))).TryGet(out _, out problem))
            return problem;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }

    private static Problem NotYours(string? department) => SharingProblems.NotYours.Because(
        department is null ? "The authority proposes and confirms this." : $"The authority does it; for data officers the head and the sharing officer of {department}, too.", null, Rule);

    private static Problem Unknown(string id) => PartyProblems.ProposalUnknown.Because($"No proposal {id} waits.", "GET /departments/proposals lists them.", Rule);
}
