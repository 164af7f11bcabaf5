using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.FlowBack;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Requests;

/// <summary><c>GET /sharing/grants</c>, a page at a time; <c>GET /sharing/grants/{id}</c>; <c>POST /sharing/flow-back</c> opens a standing grant to a level below.</summary>
internal static class ListGrants
{
    public static void Map(IEndpointRouteBuilder routes, RequestRoom room)
    {
        routes.MapGet("/sharing/grants", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListGrants").WithSummary("Grants that you gave, hold or supervise, a page at a time (limit, after, dataset, receiver, state)").WithTags("Grants");
        routes.MapGet("/sharing/grants/{id}", RoomHttp.Handle(http => GetAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetGrant").WithSummary("One grant as it stands").WithTags("Grants");
        routes.MapPost("/sharing/flow-back", RoomHttp.Handle(http => FlowBackAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("OpenFlowBack").WithSummary("Give back to a lower level what was collected from it").WithTags("Grants");
    }

    public static bool IsSeenBy(Grant grant, Caller caller) =>
        caller.Is(Roles.Authority | Roles.SuperiorAuthority | Roles.Auditor) || grant.Receiver == GrantBook.Public
        || (caller.Department is { } own && (own == grant.Provider || own == grant.Receiver || grant.Receiver == GrantBook.Everybody));

    private static async ValueTask<Problem?> ListAsync(HttpContext http, RequestRoom room)
    {
        if (!SharingHttp.Room.Page(http, "dataset", "receiver", "state").TryGet(out var page, out var problem))
            return problem;
        var (caller, query) = (SharingHttp.CallerOf(http), http.Request.Query);
        var (dataset, receiver, state) = (query["dataset"].ToString(), query["receiver"].ToString(), query["state"].ToString());
        var found = room.Grants.All
            .Where(g => IsSeenBy(g, caller) && (dataset.Length == 0 || dataset == g.Dataset) && (receiver.Length == 0 || receiver == g.Receiver)
                && (state.Length == 0 || state == GrantJson.Word(g.State)) && (page.After is null || string.CompareOrdinal(g.Id, page.After) > 0))
            .OrderBy(g => g.Id, StringComparer.Ordinal).Take(page.Limit).ToList();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("grants"u8);
            foreach (var grant in found)
                GrantJson.Write(json, grant);
            json.WriteEndArray();
            if (found.Count == page.Limit)
                json.WriteString("next"u8, ListRequests.Next(http, page.Limit, found[^1].Id));
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, RequestRoom room)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (room.Grants.Find(id) is not { } grant || !IsSeenBy(grant, SharingHttp.CallerOf(http)))
            return RequestProblems.NoGrant(id);
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => GrantJson.Write(json, grant));
        return null;
    }

    private static async ValueTask<Problem?> FlowBackAsync(HttpContext http, RequestRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MoveRequest.MostBytes)).TryGet(out var body, out var problem) || !Read(body).TryGet(out var request, out problem)
            || !(await room.OpenFlowBackAsync(SharingHttp.CallerOf(http), request)).TryGet(out var grant, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status201Created, json => GrantJson.Write(json, grant));
        return null;
    }

    private static Result<OpenFlowBack.Request> Read(ReadOnlyMemory<byte> body)
    {
        if (!BodyJson.Read(body).TryGet(out var json, out var problem))
            return problem;
        var added = Obligations.Nothing;
        if (json.TryGetProperty("obligations"u8, out var some) && !ObligationsJson.Read(some).TryGet(out added, out problem))
            return problem;
        if (!json.TryGetProperty("until"u8, out var end) || end.ValueKind != JsonValueKind.String || !end.TryGetDateTimeOffset(out var until))
            return RequestProblems.Missing("until", "decree 809, art. 24");
        return new OpenFlowBack.Request(BodyJson.Text(json, "dataset"), BodyJson.Text(json, "receiver"), BodyJson.Text(json, "purpose"), BodyJson.Text(json, "basis"), until, added);
    }
}
