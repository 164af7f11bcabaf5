using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Requests;

/// <summary><c>POST /sharing/requests</c> drafts one (the same open one when there is one already); <c>POST /sharing/requests/{id}/{event}</c> lets something happen to it.</summary>
internal static class MoveRequest
{
    public const int MostBytes = 256 << 10;

    public static void Map(IEndpointRouteBuilder routes, RequestRoom room)
    {
        routes.MapPost("/sharing/requests", RoomHttp.Handle(http => DraftAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("DraftShareRequest").WithSummary("Draft a request for data; the same open request is answered when there is one").WithTags("Requests");
        routes.MapPost("/sharing/requests/{id}/{event}", RoomHttp.Handle(http => HappenAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("MoveShareRequest").WithSummary("Let an event happen to a request: sign-off, submit, ask-materials, supplement, grant, refuse …").WithTags("Requests");
    }

    private static async ValueTask<Problem?> DraftAsync(HttpContext http, RequestRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem) || !Read(body).TryGet(out var wanted, out problem))
            return problem;
        var caller = SharingHttp.CallerOf(http);
        if (!(await room.Requests.DraftAsync(caller, wanted)).TryGet(out var drafted, out problem))
            return problem;
        // What was just recorded is the one that lives.
        var request = room.Requests.Find(drafted.Request.Id) ?? drafted.Request;
        http.Response.Headers.Location = $"/sharing/requests/{request.Id}";
        await RoomHttp.WriteAsync(http, drafted.New ? StatusCodes.Status201Created : StatusCodes.Status200OK, json => ListRequests.Write(json, request, room, caller, whole: true));
        return null;
    }

    private static async ValueTask<Problem?> HappenAsync(HttpContext http, RequestRoom room)
    {
        var (id, name, caller) = (http.Request.RouteValues["id"] as string ?? "", http.Request.RouteValues["event"] as string ?? "", SharingHttp.CallerOf(http));
        if (RequestMachine.ByPath(name) is not { } words)
            return RequestProblems.NoEvent(name);
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem)
            || !Details.Read(body).TryGet(out var said, out problem)
            || !(await room.HappenAsync(id, words.Event, caller, said)).TryGet(out var request, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => ListRequests.Write(json, request, room, caller, whole: true));
        return null;
    }

    private static Result<Wanted> Read(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return RequestJson.ReadWanted(document.RootElement);
        }
        catch (JsonException e)
        {
            return SharingProblems.BadRequest.Because($"The body is not JSON: {e.Message}", "Send an object with dataset, fields, purpose, basis, scene, scope, necessity, modes and until.", "RFC 8259");
        }
    }
}
