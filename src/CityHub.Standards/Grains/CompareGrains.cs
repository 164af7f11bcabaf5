using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Grains;

/// <summary><c>GET /standards/grains/compare?left&amp;right</c>: may two datasets be joined, or what has to be rolled up first?</summary>
internal static class CompareGrains
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/standards/grains/compare", RoomHttp.Handle(HandleAsync)).RequireAuthorization(Permissions.SharingRead)
            .WithName("CompareGrains").WithSummary("Whether two grains are one, or what has to be rolled up to what (query: left, right, as time/space/entity)").WithTags("Standards");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http)
    {
        if (!GrainCheck.Read(http.Request.Query["left"].ToString()).TryGet(out var left, out var problem)
            || !GrainCheck.Read(http.Request.Query["right"].ToString()).TryGet(out var right, out problem)
            || !GrainCheck.Joinable("left", left, "right", right).TryGet(out var grain, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("grain"u8, GrainCheck.Say(grain));
            json.WriteEndObject();
        });
        return null;
    }
}
