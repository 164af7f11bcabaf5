using System.Net;
using CityHub.Tests.Context.Subscriptions;

namespace CityHub.Tests.Flows;

/// <summary>What somebody does with a hub in the first hour, on the whole hub.</summary>
public sealed class StrangerTests
{
    private const string Station = "urn:ngsi-ld:AirQualityObserved:bridge";

    [Fact]
    public async Task A_stranger_tells_of_a_thing_is_told_of_its_changes_and_finds_all_of_it_after_a_restart()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await HubUnderTest.StartAsync(c => c with { Open = true });
        hub.Http.DefaultRequestHeaders.Authorization = null;

        var created = await hub.PostAsync("/ngsi-ld/v1/entities", Entity(10, "08:00"));
        Assert.Equal(HttpStatusCode.Created, created.Status);
        Assert.Equal("/ngsi-ld/v1/entities/" + Station, created.Headers["Location"]);

        var subscribed = await hub.PostAsync("/ngsi-ld/v1/subscriptions", $$$"""
            {"id":"urn:ngsi-ld:Subscription:s","type":"Subscription","entities":[{"type":"AirQualityObserved"}],"q":"pm25>30",
             "notification":{"endpoint":{"uri":"{{{receiver.Url}}}/told","accept":"application/json"} } }
            """);
        Assert.Equal(HttpStatusCode.Created, subscribed.Status);

        // 20 is below the threshold, 40 is not: one notification.
        Assert.Equal(HttpStatusCode.NoContent, (await ChangeAsync(hub, 20, "08:20")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await ChangeAsync(hub, 40, "08:40")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await ChangeAsync(hub, 60, "09:10")).Status);
        var told = await receiver.UntilAsync(2);
        Assert.Equal([40, 60], told.Select(t => t.Entity.GetProperty("pm25").GetProperty("value").GetInt32()));

        await Everything_is_there(hub);
        var before = hub.Hub.Store.Log.Head;
        await hub.RestartAsync();
        hub.Http.DefaultRequestHeaders.Authorization = null;
        Assert.True(hub.Hub.Store.Log.Head >= before);
        await Everything_is_there(hub);

        // The subscription has outlived the restart, and says nothing twice.
        Assert.Equal(HttpStatusCode.NoContent, (await ChangeAsync(hub, 80, "09:30")).Status);
        told = await receiver.UntilAsync(3);
        Assert.Equal([40, 60, 80], told.Select(t => t.Entity.GetProperty("pm25").GetProperty("value").GetInt32()));
    }

    private static async Task Everything_is_there(HubUnderTest hub)
    {
        var now = await hub.GetAsync($"/ngsi-ld/v1/entities/{Station}?options=keyValues");
        Assert.Equal(60, now.Json.GetProperty("pm25").GetInt32());

        var found = await hub.GetAsync("/ngsi-ld/v1/entities?type=AirQualityObserved&q=pm25>50&georel=near;maxDistance==500&geometry=Point&coordinates=[106.5,29.5]&count=true");
        Assert.Equal("1", found.Headers["NGSILD-Results-Count"]);

        var history = await hub.GetAsync($"/ngsi-ld/v1/temporal/entities/{Station}?timerel=after&timeAt=2026-03-01T00:00:00Z&options=temporalValues&attrs=pm25");
        Assert.Equal([10, 20, 40, 60], history.Json.GetProperty("pm25").GetProperty("values").EnumerateArray().Select(v => v[0].GetInt32()).Order());

        var hourly = await hub.GetAsync($"/ngsi-ld/v1/temporal/entities/{Station}?timerel=between&timeAt=2026-03-01T08:00:00Z&endTimeAt=2026-03-01T10:00:00Z&aggrMethods=avg&aggrPeriodDuration=PT1H&options=aggregatedValues&attrs=pm25");
        Assert.Equal([70 / 3d, 60], hourly.Json.GetProperty("pm25").GetProperty("avg").EnumerateArray().Select(v => v[0].GetDouble()));

        var facts = await hub.GetAsync("/facts?stream=entities&limit=2");
        Assert.Equal(2, facts.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static Task<Answer> ChangeAsync(HubUnderTest hub, int value, string time) => hub.SendAsync(
        HttpMethod.Patch, $"/ngsi-ld/v1/entities/{Station}/attrs", $$$"""{"pm25":{"type":"Property","value":{{{value}}},"unitCode":"GQ","observedAt":"2026-03-01T{{{time}}}:00Z"}}""");

    private static string Entity(int value, string time) => $$$"""
        {"id":"{{{Station}}}","type":"AirQualityObserved","location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[106.5,29.5]}},
         "pm25":{"type":"Property","value":{{{value}}},"unitCode":"GQ","observedAt":"2026-03-01T{{{time}}}:00Z"}}
        """;
}
