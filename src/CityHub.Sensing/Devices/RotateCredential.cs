using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Devices;

/// <summary><c>POST /devices/{id}/credential</c>: a new secret. The old one and the connections made with it end at once.</summary>
internal static class RotateCredential
{
    public static void Map(IEndpointRouteBuilder routes, SensingRoom room) =>
        routes.MapPost("/devices/{id}/credential", SensingHttp.Handle((http, tenant) => HandleAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesWrite)
            .WithName("RotateCredential").WithSummary("Give a device a new secret; the old one ends at once").WithTags("Devices");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SensingRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (room.Find(tenant) is not { } city)
            return DeviceBook.Unknown(id);
        var (credential, secret) = DeviceCredential.Issue();
        if (!(await city.Devices.RotateAsync(id, credential)).TryGet(out _, out var problem))
            return problem;
        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("secret"u8, secret);
            json.WriteEndObject();
        });
        return null;
    }
}
