using CityHub.Core.Problems;
using CityHub.Server.DemoCity;
using CityHub.Server.DemoCity.Registers;
using CityHub.Sharing.Requests;
using CityHub.Sharing.Responsibilities;
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

    [Fact]
    public async Task Every_fault_that_the_registers_were_given_is_fed_back_with_its_reason_and_no_other_row_is()
    {
        var registers = RegistersOf(people: 2_000);
        Assert.Null(await BuildAsync(registers));

        foreach (var register in registers.All)
        {
            var received = Hub.Hub.Sharing.Deliveries.Book.Of(register.Entry.Id)[^1];
            var found = Hub.Hub.Sharing.Deliveries.FaultsOf(received) ?? [];
            Assert.Equal(register.Seeded().Order(), found.Select(f => (f.Row, f.Rule)).Order());
            Assert.All(found, f => Assert.NotEmpty(f.Why));
            var judged = Hub.Hub.Sharing.Quality.History(register.Entry.Id)[^1];
            Assert.Equal(6, judged.Scores.Count);
            Assert.Equal(register.Seeded().Count == 0, judged.Score == 1);
        }

        var seeded = registers.All.SelectMany(r => r.Seeded().Select(s => (r.Entry.Id, s.Rule))).Distinct();
        Assert.Superset(
            new HashSet<(string, string)> { ("population", "name"), ("population", "name-blanks"), ("population", "sex"), ("population", "birth"), ("population", "town_code"), ("population", "address"), ("households", "persons"), ("clinic-visits", "chapter"), ("insurance", "base_cny"), ("building-permits", "floor_area_m2") },
            seeded.ToHashSet());
    }

    [Fact]
    public async Task After_a_month_the_lists_tell_what_was_kept_what_came_late_and_what_was_poor()
    {
        Assert.Null(await BuildAsync(RegistersOf(people: 2_000)));
        Hub.Clock.SetUtcNow(new DateTimeOffset(2026, 4, 2, 0, 0, 0, TimeSpan.Zero));

        Assert.Equal(ItemStatus.Kept, StatusOf("benefits"));
        Assert.Equal(ItemStatus.Poor, StatusOf("insurance"));
        Assert.Equal(ItemStatus.Late, StatusOf("hydrants"));
        Assert.Equal(ItemStatus.Silent, StatusOf("population")); // What came on a Sunday fills no working day.
    }

    private ItemStatus? StatusOf(string dataset) => Hub.Hub.Sharing.Lists.StatusOf(Hub.Hub.Sharing.Responsibilities.Of(dataset).Single(), 2026, 3).Value.Status;

    private IReadOnlyList<ShareRequest> Requests => [.. Hub.Hub.Sharing.Requests.Requests.All.OrderBy(r => r.Id, StringComparer.Ordinal)];

    private Registers RegistersOf(int people)
    {
        var city = new Shuzhou(1);
        return new Registers(city, new Citizens(city, people, DateOnly.FromDateTime(Hub.Clock.GetUtcNow().UtcDateTime), 1));
    }

    private async Task<Problem?> BuildAsync(Registers? registers = null) =>
        await new SharingCity(Hub.Hub.Sharing, registers ?? RegistersOf(people: 200), Hub.Clock).BuildAsync(_folder, _ => { }, CancellationToken.None);
}
