using CityHub.Bench.Fuzz;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Sensing.Mqtt;

public sealed class MqttFuzzTests
{
    [Fact]
    public async Task Ten_thousand_mutated_sessions_and_payloads_break_nothing()
    {
        using var folder = new TestFolder();
        var report = await MqttFuzz.RunAsync(seed: 7, count: 10_000, folder.Path);
        Assert.Empty(report.Failures);
        Assert.True(report.Accepted > 1_000, $"{report.Accepted} were accepted");
    }
}
