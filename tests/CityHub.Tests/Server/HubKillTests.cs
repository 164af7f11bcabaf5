using CityHub.Bench.Kill;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Server;

/// <summary>The whole hub killed 20 times over HTTP; `cityhub bench kill` does 200.</summary>
public sealed class HubKillTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Twenty_kills_of_a_hub_under_load_lose_nothing_and_double_nothing()
    {
        using var folder = new TestFolder();
        var hub = new HubTarget(
            Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath ?? "dotnet" : "dotnet",
            [Path.Combine(AppContext.BaseDirectory, "cityhub.dll")]);
        var options = new KillOptions(20, folder.Path) { LongestLoad = TimeSpan.FromMilliseconds(250), LongestStart = TimeSpan.FromMilliseconds(600), InspectEvery = 5 };
        KillReport report = await KillRun.KillAsync(options, hub, TextWriter.Null, Cancel);
        Assert.True(report.Sound, $"{report}\n{string.Join('\n', report.Wrong)}");
        Assert.True(report.Acknowledged > 100, $"{report}");
        Assert.True(hub.CheckpointsSeen > 20, $"Only {hub.CheckpointsSeen} checkpoints were seen.");
    }
}
