using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Server;
using CityHub.Server.Configuration;
using CityHub.Storage.Embedded;
using CityHub.Tests.Flows;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server;

public sealed class HubActsTests
{
    [Fact]
    public async Task Start_with_its_settings_and_stop_are_acts()
    {
        using var folder = new TestFolder();
        await using (await HubUnderTest.StartAsync(config => config with
        {
            Data = folder.File("data"),
            Retention = [new RetentionRule("*", TimeSpan.FromDays(30))],
            Auth = config.Auth with { Issuers = [new IssuerConfig("https://login.example.cn", "scope", "tenants")] },
        }))
        {
        }

        using var store = EmbeddedStore.Open(folder.File("data"), TimeProvider.System).Value;
        var acts = store.Log.Read(0, Acts.Stream).ToList();
        Assert.Equal([HubActs.Started, HubActs.Stopped], acts.Select(a => a.Type));
        var what = JsonDocument.Parse(acts[0].Payload).RootElement.GetProperty("what");
        Assert.Equal(("P30D", "https://login.example.cn"), (what.GetProperty("retention")[0].GetProperty("keep").GetString(), what.GetProperty("issuers")[0].GetString()));
        Assert.True(acts[0].Position < acts[1].Position);
    }

    [Fact]
    public async Task Who_reads_the_log_is_in_the_log_before_he_reads()
    {
        await using var hub = await HubUnderTest.StartAsync();

        var read = (await hub.GetAsync("/facts?stream=acts")).Text;

        Assert.Contains("\"FactsRead\"", read, StringComparison.Ordinal);
        Assert.Contains("\"by\":\"test\"", read, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_is_in_the_log_before_anybody_is_let_in()
    {
        await using var hub = await HubUnderTest.StartAsync();
        var first = (await hub.GetAsync("/facts?limit=1")).Text;
        Assert.Contains(HubActs.Started, first, StringComparison.Ordinal);
    }
}
