using System.Text.Json;
using CityHub.Server.Doors;
using CityHub.Tests.Flows;

namespace CityHub.Tests.Server.Doors;

public sealed class BreakGlassTests
{
    private const string Reason = "pump station 4 floods, sign-in is down, told the duty lead";

    [Fact]
    public async Task An_emergency_token_is_in_the_log_with_its_reason_and_everybody_sees_that_one_is_out()
    {
        await using var hub = await HubUnderTest.StartAsync();

        var answer = await hub.PostAsync("/tokens", Request(Reason, "[\"operate\"]"));

        Assert.Equal(201, (int)answer.Status);
        var fact = hub.Hub.Store.Log.Read(0, TokenRegister.Stream).Last();
        Assert.Equal(Reason, JsonDocument.Parse(fact.Payload).RootElement.GetProperty("breakGlass").GetString());
        Assert.Equal(1, await EmergenciesAsync(hub));
        Assert.Contains(Reason, (await hub.GetAsync("/tokens")).Text, StringComparison.Ordinal);

        hub.Clock.Advance(TimeSpan.FromHours(1.1));
        Assert.Equal(0, await EmergenciesAsync(hub));
        using var late = hub.With(answer.Json.GetProperty("token").GetString() ?? "");
        Assert.Equal(401, (int)(await late.GetAsync("/tokens", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData("asap", null)]
    [InlineData(Reason, "2h")]
    public async Task Refused_without_a_reason_that_says_something_or_for_longer_than_an_hour(string reason, string? expires)
    {
        await using var hub = await HubUnderTest.StartAsync();

        var answer = await hub.PostAsync("/tokens", Request(reason, "[\"operate\"]", expires));

        Assert.Equal((400, "break-glass-refused"), ((int)answer.Status, answer.Json.GetProperty("code").GetString()));
        Assert.Equal(0, await EmergenciesAsync(hub));
    }

    private static string Request(string reason, string permissions, string? expires = null) =>
        $$"""{"subject":"wang","permissions":{{permissions}},"breakGlass":"{{reason}}"{{(expires is null ? "" : $",\"expires\":\"{expires}\"")}}}""";

    private static async Task<int> EmergenciesAsync(HubUnderTest hub) => (await hub.GetAsync("/status")).Json.GetProperty("figures").GetProperty("emergencyTokens").GetInt32();
}
