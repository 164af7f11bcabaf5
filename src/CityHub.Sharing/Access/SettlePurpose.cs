using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Access;

/// <summary><c>POST /sharing/purposes/changes/{id}/approve</c> and <c>…/reject</c>: the second pair of eyes.</summary>
internal static class SettlePurpose
{
    private const int MostBytes = 16 << 10;

    public static void Map(IEndpointRouteBuilder routes, AccessRoom room)
    {
        routes.MapPost("/sharing/purposes/changes/{id}/approve", RoomHttp.Handle(http => ApproveAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("ApprovePurpose").WithSummary("Approve a change of the tree of purposes that another proposed").WithTags("Purposes");
        routes.MapPost("/sharing/purposes/changes/{id}/reject", RoomHttp.Handle(http => RejectAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("RejectPurpose").WithSummary("Reject a change of the tree of purposes, with the reason").WithTags("Purposes");
    }

    /// <summary>Null: it may be settled so.</summary>
    public static Problem? Decide(Caller by, string id, PurposeChange? change, PurposeChangeState state, PurposeTree tree)
    {
        if (!by.Is(Roles.Authority))
            return SharingProblems.NotYours.Because("Only the sharing authority changes the list of purposes.", "Put the wish to the authority.", "list of purposes");
        if (change is not { State: PurposeChangeState.Proposed })
            return AccessProblems.PurposeChangeUnknown.Because($"No change {id} waits for a decision.", "GET /sharing/purposes lists those that wait.", "list of purposes");
        if (change.ProposedBy == by.Person)
            return AccessProblems.FourEyes.Because("Who proposed a change does not decide on it.", "Another person of the authority decides.", "GB/T 39477, four eyes");
        if (state == PurposeChangeState.Rejected)
            return null;
        return ProposePurpose.Decide(by, change.Kind, change.Purpose, tree);
    }

    private static async ValueTask<Problem?> ApproveAsync(HttpContext http, AccessRoom room) =>
        await AnswerAsync(http, await room.Purposes.ApproveAsync(SharingHttp.CallerOf(http), http.Request.RouteValues["id"] as string ?? ""));

    private static async ValueTask<Problem?> RejectAsync(HttpContext http, AccessRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        string reason;
        try
        {
            using var document = JsonDocument.Parse(body);
            reason = document.RootElement.ValueKind == JsonValueKind.Object ? PurposeJson.Text(document.RootElement, "reason") : "";
        }
        catch (JsonException wrong)
        {
            return SharingProblems.BadRequest.Because($"The body is not JSON: {wrong.Message}");
        }

        if (reason.Length == 0)
            return SharingProblems.BadRequest.Because("A rejection has a reason.", "Say it in reason.");
        return await AnswerAsync(http, await room.Purposes.RejectAsync(SharingHttp.CallerOf(http), http.Request.RouteValues["id"] as string ?? "", reason));
    }

    private static async ValueTask<Problem?> AnswerAsync(HttpContext http, Result<PurposeChange> settled)
    {
        if (!settled.TryGet(out var change, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => PurposeJson.Write(json, change));
        return null;
    }
}
