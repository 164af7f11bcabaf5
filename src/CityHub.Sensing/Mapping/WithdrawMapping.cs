using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Mapping;

/// <summary><c>DELETE /mappings/{id}</c>: refused while a device uses it.</summary>
internal static class WithdrawMapping
{
    public static void Map(IEndpointRouteBuilder routes, SensingRoom room) =>
        routes.MapDelete("/mappings/{id}", SensingHttp.Handle((http, tenant) => HandleAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesWrite)
            .WithName("WithdrawMapping").WithSummary("Withdraw a payload mapping that no device uses").WithTags("Mappings");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SensingRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (room.Find(tenant) is not { } city)
            return MappingBook.Unknown(id);
        if (!(await city.Mappings.WithdrawAsync(id, city.Devices.FirstThatUses)).TryGet(out _, out var problem))
            return problem;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }
}
