using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Access;

/// <summary><c>POST /sharing/purposes/changes</c>: the authority proposes a purpose, another wording of one, or to withdraw one.</summary>
internal static class ProposePurpose
{
    private const int MostBytes = 64 << 10;

    public static void Map(IEndpointRouteBuilder routes, AccessRoom room) =>
        routes.MapPost("/sharing/purposes/changes", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("ProposePurpose").WithSummary("Propose a change of the tree of purposes; another person approves it").WithTags("Purposes");

    /// <summary>Null: it may be proposed.</summary>
    public static Problem? Decide(Caller by, PurposeChangeKind kind, Purpose purpose, PurposeTree tree)
    {
        if (!by.Is(Roles.Authority))
            return SharingProblems.NotYours.Because("Only the sharing authority changes the list of purposes.", "Put the wish to the authority.", "list of purposes");
        if (kind == PurposeChangeKind.Withdraw)
            return tree.Find(purpose.Code) is { Withdrawn: false } ? null : Wrong($"there is no purpose {purpose.Code} to be withdrawn", "GET /sharing/purposes lists them.");
        if (!Purpose.IsCode(purpose.Code))
            return Wrong($"\"{purpose.Code}\" is no code of a purpose", "Parts of a-z, 0-9 and hyphens, divided by /, at most eight of them.");
        if (purpose.Name.Zh.Length == 0 || purpose.Name.En.Length == 0)
            return Wrong("it has to have a name in Chinese and in English", "Give zh and en: citizens read them.");
        if (purpose.Basis.Length == 0)
            return Wrong("a purpose stands on a law", "Name the law and its article in basis.");
        if (purpose.Parent is { } parent && !tree.IsKnown(parent))
            return Wrong($"the purpose above it, {parent}, is not listed", "Propose that one first.");
        return null;
    }

    private static Problem Wrong(string why, string hint) => AccessProblems.PurposeNotProper.Because($"The purpose cannot be listed like this: {why}.", hint, "list of purposes");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, AccessRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        PurposeChangeKind kind;
        Purpose? purpose;
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return SharingProblems.BadRequest.Because("A change is an object.");
            switch (PurposeJson.Text(document.RootElement, "kind"))
            {
                case "" or "define": kind = PurposeChangeKind.Define; break;
                case "withdraw": kind = PurposeChangeKind.Withdraw; break;
                case var other: return SharingProblems.BadRequest.Because($"There is no change {other}.", "kind is define or withdraw.");
            }

            if (!PurposeJson.Read(document.RootElement).TryGet(out purpose, out problem))
                return problem;
        }
        catch (JsonException wrong)
        {
            return SharingProblems.BadRequest.Because($"The body is not JSON: {wrong.Message}");
        }

        if (!(await room.Purposes.ProposeAsync(SharingHttp.CallerOf(http), kind, purpose)).TryGet(out var change, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status201Created, json => PurposeJson.Write(json, change));
        return null;
    }
}
