using CityHub.Server.DemoCity;
using CityHub.Server.DemoCity.Registers;
using CityHub.Sharing.Requests;
using CityHub.Tests.Flows;

namespace CityHub.Tests.Server.DemoCity;

/// <summary>The departments of 枢州 on a whole hub, as the demo builds them.</summary>
public sealed class SharingCityTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cityhub-keys-").FullName;
    private HubUnderTest? _hub;

    private HubUnderTest Hub => _hub ?? throw new InvalidOperationException("Not started.");

    public async ValueTask InitializeAsync() => _hub = await HubUnderTest.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_hub is not null)
            await _hub.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_request_stands_in_every_state_and_the_city_opens_again_as_it_was()
    {
        Assert.Null(await BuildAsync());
        // What was granted for a minute is over when the minute is.
        Hub.Clock.Advance(TimeSpan.FromMinutes(2));
        await Hub.Hub.Sharing.Requests.LookAsync();

        Assert.Empty(Enum.GetValues<RequestState>().Except(Requests.Select(r => r.State)));
        var before = Requests.Select(r => (r.Id, r.State)).ToList();
        await Hub.RestartAsync();
        Assert.Null(await BuildAsync());
        Assert.Equal(before, Requests.Select(r => (r.Id, r.State)));
    }

    [Fact]
    public async Task Where_the_calendar_lacks_the_next_year_the_demo_says_so_and_what_needs_no_clock_stands()
    {
        Hub.Clock.SetUtcNow(new DateTimeOffset(2026, 12, 21, 8, 0, 0, TimeSpan.Zero));

        Assert.Equal("calendar-year-missing", (await BuildAsync())?.Code);
        Assert.Contains(Requests, r => r.State == RequestState.Draft);
        Assert.Contains(Requests, r => r.State == RequestState.SignedOff);
    }

    private IReadOnlyList<ShareRequest> Requests => [.. Hub.Hub.Sharing.Requests.Requests.All.OrderBy(r => r.Id, StringComparer.Ordinal)];

    private async Task<CityHub.Core.Problems.Problem?> BuildAsync()
    {
        var city = new Shuzhou(1);
        var registers = new Registers(city, new Citizens(city, 200, DateOnly.FromDateTime(Hub.Clock.GetUtcNow().UtcDateTime), 1));
        return await new SharingCity(Hub.Hub.Sharing, registers, Hub.Clock).BuildAsync(_folder, _ => { }, CancellationToken.None);
    }
}
