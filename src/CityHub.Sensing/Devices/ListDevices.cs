using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Devices;

/// <summary><c>GET /devices</c> by id, a page at a time, with filters; <c>GET /devices/{id}</c>. Both say how each device is and how old that is.</summary>
internal static class ListDevices
{
    public static void Map(IEndpointRouteBuilder routes, SensingRoom room)
    {
        routes.MapGet("/devices", SensingHttp.Handle((http, tenant) => ListAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesRead)
            .WithName("ListDevices").WithSummary("Devices with their state, a page at a time (limit, after, state, kind, cell, mapping)").WithTags("Devices");
        routes.MapGet("/devices/{id}", SensingHttp.Handle((http, tenant) => GetAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesRead)
            .WithName("GetDevice").WithSummary("One device with its state and the age of what it last said").WithTags("Devices");
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, SensingRoom room, string tenant)
    {
        if (!SensingHttp.Page(http, "state", "kind", "cell", "mapping").TryGet(out var page, out var problem))
            return problem;
        var query = http.Request.Query;
        Liveness? state = null;
        if (query.TryGetValue("state", out var text))
        {
            if (!DeviceWriter.TryParse(text.ToString(), out var liveness))
                return SensingProblems.BadRequest.Because($"state is {text}; it is never-seen, live, late or silent.");
            state = liveness;
        }

        string? kind = query["kind"], cell = query["cell"], mapping = query["mapping"];
        var now = room.Clock.GetUtcNow().UtcTicks;
        var found = new List<DeviceState>();
        if (room.Find(tenant) is { } city)
        {
            foreach (var id in city.Devices.Ids(page.After))
            {
                if (city.Devices.Find(id) is not { } device || (state is { } wanted && device.LivenessAt(now) != wanted)
                    || (kind is not null && device.Device.Kind != kind) || (cell is not null && device.Device.Cell != cell) || (mapping is not null && device.Device.Mapping != mapping))
                    continue;
                found.Add(device);
                if (found.Count == page.Limit)
                    break;
            }
        }

        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("devices"u8);
            foreach (var device in found)
                DeviceWriter.Write(json, device, now);
            json.WriteEndArray();
            if (found.Count == page.Limit)
            {
                var next = QueryString.Create("limit", page.Limit.ToString(System.Globalization.CultureInfo.InvariantCulture)).Add("after", found[^1].Device.Id);
                foreach (var (name, value) in query)
                    if (name is not ("limit" or "after"))
                        next = next.Add(name, value.ToString());
                json.WriteString("next"u8, "/devices" + next.Value);
            }

            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, SensingRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (room.Find(tenant)?.Devices.Find(id) is not { } state)
            return DeviceBook.Unknown(id);
        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json => DeviceWriter.Write(json, state, room.Clock.GetUtcNow().UtcTicks));
        return null;
    }
}
