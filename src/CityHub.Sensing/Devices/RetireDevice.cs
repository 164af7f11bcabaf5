using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Devices;

/// <summary><c>DELETE /devices/{id}</c>: the device loses its credential and its connection. What it observed stays.</summary>
internal static class RetireDevice
{
    public static void Map(IEndpointRouteBuilder routes, SensingRoom room) =>
        routes.MapDelete("/devices/{id}", SensingHttp.Handle((http, tenant) => HandleAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesWrite)
            .WithName("RetireDevice").WithSummary("Retire a device; what it observed stays").WithTags("Devices");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SensingRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (room.Find(tenant) is not { } city)
            return DeviceBook.Unknown(id);
        if (!(await city.Devices.RetireAsync(id)).TryGet(out _, out var problem))
            return problem;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }
}
