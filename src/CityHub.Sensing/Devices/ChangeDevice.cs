using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Devices;

/// <summary><c>PATCH /devices/{id}</c>: a JSON merge patch (RFC 7396) over its description. Open connections are closed, so that new rules hold at once.</summary>
internal static class ChangeDevice
{
    public static void Map(IEndpointRouteBuilder routes, SensingRoom room) =>
        routes.MapPatch("/devices/{id}", SensingHttp.Handle((http, tenant) => HandleAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesWrite)
            .WithName("ChangeDevice").WithSummary("Change a device's description (JSON merge patch)").WithTags("Devices");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SensingRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (room.Find(tenant) is not { } city)
            return DeviceBook.Unknown(id);
        if (!(await SensingHttp.BodyAsync(http, RegisterDevice.MostBytes)).TryGet(out var body, out var problem)
            || !(await city.Devices.ChangeAsync(id, known => Decide(known, body, city))).TryGet(out var state, out problem))
            return problem;
        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json => DeviceWriter.Write(json, state, room.Clock.GetUtcNow().UtcTicks));
        return null;
    }

    public static Result<Device> Decide(Device known, ReadOnlyMemory<byte> patch, TenantRoom city)
    {
        JsonNode? merged;
        try
        {
            merged = Merge(JsonNode.Parse(known.ToJson()), JsonNode.Parse(patch.Span));
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return SensingProblems.BadRequest.Because("The body is not JSON.", rule: "RFC 7396");
        }

        if (merged is not JsonObject)
            return SensingProblems.BadRequest.Because("The body is not a JSON object.", "{\"period\": \"PT5M\"}", "RFC 7396");
        if (!Device.Read(Encoding.UTF8.GetBytes(merged.ToJsonString())).TryGet(out var device, out var problem))
            return problem;
        if (device.Id != known.Id)
            return DeviceProblems.NotADevice.Because("The id of a device cannot be changed.", "Retire it and register another.");
        return RegisterDevice.MappingOf(city, device) is { } unknown ? unknown : device;
    }

    private static JsonNode? Merge(JsonNode? target, JsonNode? patch)
    {
        if (patch is not JsonObject changes)
            return patch?.DeepClone();
        var into = target as JsonObject ?? [];
        foreach (var (name, value) in changes)
        {
            if (value is null)
            {
                into.Remove(name);
                continue;
            }

            into.TryGetPropertyValue(name, out var old);
            into.Remove(name);
            into[name] = Merge(old, value);
        }

        return into;
    }
}
