using CityHub.Sharing.OpenData.Tracker;

namespace CityHub.Tests.Sharing.OpenData;

/// <summary>Data Tracker v2: a citizen sees who looked at his data, and nobody else's.</summary>
public sealed class TrackerTests
{
    [Fact]
    public async Task A_citizen_asks_about_himself_alone()
    {
        await using var doors = await DoorsUnderTest.StartAsync(new Looks());

        var (status, body) = await AskAsync(doors, "/v2/findUsage?userCode=EE1&limit=2&periodStart=2026-11-01T00:00:00", "Test-Citizen", "EE1");
        Assert.Equal(200, status);
        Assert.Contains("\"totalUsages\":3", body, StringComparison.Ordinal);
        Assert.Contains("\"receiverCode\":\"civil\"", body, StringComparison.Ordinal);
        Assert.Contains("/ledger/receipts/17", body, StringComparison.Ordinal);
        Assert.Equal(403, (await AskAsync(doors, "/v2/findUsage?userCode=EE2", "Test-Citizen", "EE1")).Status);
        Assert.Equal(403, (await AskAsync(doors, "/v2/findUsage?userCode=EE1", "Test-Department", "civil")).Status);
        Assert.Equal(403, (await AskAsync(doors, "/v2/findUsage?userCode=EE1", "Test-Auditor", "EE1")).Status);
        Assert.Equal(403, (await AskAsync(doors, "/v2/audit/findUsage?userCode=EE2", "Test-Citizen", "EE1")).Status);
        Assert.Equal(200, (await AskAsync(doors, "/v2/audit/findUsage?userCode=EE2", "Test-Auditor", "chen")).Status);
        Assert.Equal(400, (await AskAsync(doors, "/v2/findUsage", "Test-Citizen", "EE1")).Status);
        Assert.Equal(400, (await AskAsync(doors, "/v2/findUsage?userCode=EE1&periodEnd=soon", "Test-Citizen", "EE1")).Status);
    }

    [Fact]
    public async Task The_portals_header_has_to_be_the_caller()
    {
        await using var doors = await DoorsUnderTest.StartAsync(new Looks());

        Assert.Equal(200, (await AskAsync(doors, "/v2/findUsage?userCode=EE1", "Test-Citizen", "EE1", "EE1")).Status);
        Assert.Equal(403, (await AskAsync(doors, "/v2/findUsage?userCode=EE1", "Test-Citizen", "EE1", "EE2")).Status);
    }

    [Fact]
    public async Task Period_and_heartbeat_answer()
    {
        await using var doors = await DoorsUnderTest.StartAsync(new Looks());
        await using var without = await DoorsUnderTest.StartAsync();

        Assert.Equal("2026-11-02T01:00:00Z", (await doors.GetAsync("/v2/usagePeriod")).GetProperty("periodStart").GetString());
        Assert.Equal("OK", (await doors.GetAsync("/v2/heartbeat")).GetProperty("status").GetString());
        Assert.Equal("FAIL", (await without.GetAsync("/v2/heartbeat")).GetProperty("status").GetString());
        Assert.Equal("tracker-not-kept", (await without.GetAsync("/v2/usagePeriod", 503)).GetProperty("code").GetString());
    }

    private static async Task<(int Status, string Body)> AskAsync(DoorsUnderTest doors, string path, string header, string who, string? portal = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add(header, who);
        if (portal is not null)
            request.Headers.Add("X-Road-UserId", portal);
        using var response = await doors.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private sealed class Looks : IWhoLooked
    {
        public DateTimeOffset Since => DoorsUnderTest.Start;

        public int Count(string subject, DateTimeOffset? from, DateTimeOffset? to) => 3;

        public IReadOnlyList<Usage> Of(string subject, DateTimeOffset? from, DateTimeOffset? to, int offset, int limit) =>
            [.. Enumerable.Range(0, limit).Take(3).Select(i => new Usage(DoorsUnderTest.Start.AddHours(-i), "低保核对", "civil", "民政局", "hub", 17 + i))];
    }
}
