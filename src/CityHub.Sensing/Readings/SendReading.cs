using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Readings;

/// <summary><c>POST /devices/{id}/readings</c>: the door for what speaks HTTP (webhooks of network servers, gateways). 204 when it is durable.</summary>
internal static class SendReading
{
    private const int MostBytes = 1 << 20;

    public static void Map(IEndpointRouteBuilder routes, SensingRoom room) =>
        routes.MapPost("/devices/{id}/readings", SensingHttp.Handle((http, tenant) => HandleAsync(http, room, tenant))).RequireAuthorization(Permissions.EntitiesWrite)
            .WithName("SendReading").WithSummary("A payload of a device over HTTP; 204 when it is durable").WithTags("Devices");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SensingRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (room.Find(tenant) is not { } city || city.Devices.Find(id) is not { } device)
            return DeviceBook.Unknown(id);
        if (!(await SensingHttp.BodyAsync(http, MostBytes)).TryGet(out var payload, out var problem))
            return problem;
        if (await room.Intake.TakeAsync(city, device, "", payload) is { } refused)
            return refused;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }
}
