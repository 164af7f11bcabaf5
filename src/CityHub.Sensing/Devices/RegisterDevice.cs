using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using CityHub.Sensing.Mapping;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Devices;

/// <summary><c>POST /devices</c>: a device joins the city. The answer holds its secret, once.</summary>
internal static class RegisterDevice
{
    public const int MostBytes = 64 << 10;

    public static void Map(IEndpointRouteBuilder routes, SensingRoom room) =>
        routes.MapPost("/devices", SensingHttp.Handle((http, tenant) => HandleAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesWrite)
            .WithName("RegisterDevice").WithSummary("Register a device; the answer holds its secret, once").WithTags("Devices");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SensingRoom room, string tenant)
    {
        if (!(await SensingHttp.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem)
            || !Device.Read(body.Span).TryGet(out var device, out problem)
            || !(await RegisterAsync(room, tenant, device)).TryGet(out var registered, out problem))
            return problem;
        http.Response.Headers.Location = "/devices/" + device.Id;
        await SensingHttp.WriteAsync(http, StatusCodes.Status201Created, json => DeviceWriter.Write(json, registered.State, room.Clock.GetUtcNow().UtcTicks, registered.Secret));
        return null;
    }

    public static async ValueTask<Result<(DeviceState State, string? Secret)>> RegisterAsync(SensingRoom room, string tenant, Device device)
    {
        var city = room.Of(tenant);
        if (MappingOf(city, device) is { } unknown)
            return unknown;
        var issued = device.Auth == "secret" ? DeviceCredential.Issue() : default((DeviceCredential Credential, string Secret)?);
        var registered = await city.Devices.RegisterAsync(device, issued?.Credential);
        return registered.Map(state => (state, issued?.Secret));
    }

    /// <summary>A device without its mapping would fill the dead letters.</summary>
    public static Problem? MappingOf(TenantRoom city, Device device) =>
        device.Mapping is { } mapping && city.Mappings.Find(mapping) is null ? MappingBook.Unknown(mapping) : null;
}
