using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Vocabulary;

/// <summary><c>POST /standards/elements/{id}/supersede?by=…</c>: another element, which is in force, takes the place of this one.</summary>
internal static class SupersedeElement
{
    public static void Map(IEndpointRouteBuilder routes, StandardsRoom room) =>
        routes.MapPost("/standards/elements/{id}/supersede", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("SupersedeElement").WithSummary("Let another data element take the place of this one (query: by)").WithTags("Standards");

    public static Result<DataElement> Decide(string id, IReadOnlyList<DataElement> known, string successor, IReadOnlyList<DataElement> successors)
    {
        if (known.Count == 0)
            return ShowElements.Unknown(id);
        if (successors.Count == 0)
            return ShowElements.Unknown(successor);
        if (known.LastOrDefault(e => e.State == ElementState.Published) is not { } current)
            return StandardsProblems.ElementState.Because($"No version of {id} is in force.", "Only what is published is superseded.", "ISO/IEC 11179-6 (registration status)");
        if (id == successor || !successors.Any(e => e.State == ElementState.Published))
            return StandardsProblems.ElementState.Because($"{successor} cannot take its place: {(id == successor ? "it is the same" : "no version of it is in force")}.",
                $"POST /standards/elements/{successor}/publish first.", "ISO/IEC 11179-6 (registration status)");
        return current with { State = ElementState.Superseded, SupersededBy = successor };
    }

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, StandardsRoom room)
    {
        if (!(await room.Book.SupersedeAsync(StandardsRoom.IdOf(http), http.Request.Query["by"].ToString(), StandardsRoom.By(http))).TryGet(out var element, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => ShowElements.Write(json, element));
        return null;
    }
}
