using CityHub.Core.Ports;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Responsibilities;
using CityHub.Standards.Quality;

namespace CityHub.Tests.Flows;

/// <summary>A dataset of entities is delivered by nobody: the lists judge it by when its entities were told anew.</summary>
public sealed class EntityListsTests : IAsyncLifetime
{
    private EntityCity? _city;

    private EntityCity City => _city ?? throw new InvalidOperationException("Not started.");

    public async ValueTask InitializeAsync()
    {
        _city = await EntityCity.BuildAsync(EntityCity.Dataset with { QualityRules = "stations" });
        var now = City.Hub.Clock.GetUtcNow();
        var item = new ResponsibilityItem(
            "stations", 1, "ecology", EntityCity.Stations, [], EntityCity.Dataset.Grain, UpdateFrequency.Hourly, 0.9, ["fire-rescue"], ["safety"], "《政务数据共享条例》第十三条", now, now.AddYears(1), "ecology.clerk");
        Assert.Null((await ListResponsibility.ListAsync(City.Rooms.Responsibilities, City.Rooms.Parties.CallerOf("ecology.officer"), item)).Problem);
    }

    public async ValueTask DisposeAsync()
    {
        if (_city is not null)
            await _city.DisposeAsync();
    }

    [Fact]
    public async Task It_is_kept_while_something_is_observed_in_every_period_and_is_so_after_a_restart()
    {
        for (var hour = 0; hour < 3; hour++)
        {
            await ObserveAsync();
            City.Hub.Clock.Advance(TimeSpan.FromHours(1));
        }

        await ExpectAsync(ItemStatus.Kept, owed: 3, delivered: 3);
        await City.Hub.RestartAsync();
        await ExpectAsync(ItemStatus.Kept, owed: 3, delivered: 3);
        City.Hub.Hub.Broker.Snapshot();
        await City.Hub.RestartAsync();
        await ExpectAsync(ItemStatus.Kept, owed: 3, delivered: 3);
        await ExpectOnDeskAsync("已履行");
    }

    [Fact]
    public async Task It_is_silent_where_there_was_never_an_entity()
    {
        City.Hub.Clock.Advance(TimeSpan.FromHours(3));

        await ExpectAsync(ItemStatus.Silent, owed: 3, delivered: 0);
        await ExpectOnDeskAsync("未交");
    }

    [Fact]
    public async Task It_is_late_where_what_is_known_grew_old()
    {
        await ObserveAsync();
        City.Hub.Clock.Advance(TimeSpan.FromHours(3));
        await ExpectAsync(ItemStatus.Late, owed: 3, delivered: 1);

        // A month later there is still an entity, and nothing new about it.
        City.Hub.Clock.Advance(TimeSpan.FromDays(45));
        Assert.Equal(ItemStatus.Late, City.Rooms.Lists.StatusOf(Item, 2026, 4).Value.Status);
    }

    [Fact]
    public async Task What_was_observed_long_before_it_came_is_not_fresh()
    {
        await ObserveAsync(City.Hub.Clock.GetUtcNow().AddDays(-2));
        City.Hub.Clock.Advance(TimeSpan.FromHours(2));

        await ExpectAsync(ItemStatus.Late, owed: 2, delivered: 0);
    }

    [Fact]
    public async Task It_has_a_score_once_there_are_rules_and_what_lacks_attributes_is_poor()
    {
        await ObserveAsync();
        City.Hub.Clock.Advance(TimeSpan.FromHours(1));
        Assert.Null(City.Rooms.Lists.StatusOf(Item, 2026, 3).Value.Quality);

        var rules = new QualityRules { Dataset = EntityCity.Stations, Rules = [new QualityRule { Id = "district", Check = "required", Field = "district" }, new QualityRule { Id = "dust", Check = "required", Field = "dust" }] };
        Assert.Null((await City.Rooms.Quality.DeclareAsync("stations", rules, "ecology.clerk")).Problem);
        Assert.Equal(1, (await City.Rooms.Arrivals.JudgeAsync(CancellationToken.None)).Value);
        Assert.Equal(0, (await City.Rooms.Arrivals.JudgeAsync(CancellationToken.None)).Value);

        var found = City.Rooms.Lists.StatusOf(Item, 2026, 3).Value;
        Assert.Equal(ItemStatus.Poor, found.Status);
        Assert.Equal(5 / 6.0, found.Quality.GetValueOrDefault(), 9);
    }

    private ResponsibilityItem Item => City.Rooms.Responsibilities.Find("stations") ?? throw new InvalidOperationException("Not listed.");

    private async Task ObserveAsync(DateTimeOffset? at = null)
    {
        var answer = await City.PutAsync($$$"""[{"id":"urn:station:1","type":"AirStation","PM25":{"type":"Property","value":{{{City.Hub.Clock.GetUtcNow().Hour}}},"observedAt":"{{{at ?? City.Hub.Clock.GetUtcNow():yyyy-MM-ddTHH:mm:ssZ}}}"}}]""");
        Assert.True((int)answer.Status is 201 or 204, answer.Text);
    }

    private async Task ExpectOnDeskAsync(string status)
    {
        using var officer = City.As("ecology", role: "officer", permission: Permissions.SharingRead);
        Assert.Contains($"<td>空气站</td><td class=\"{(status == "已履行" ? "" : "late")}\">{status}</td>", (await EntityCity.GetAsync(officer, "/desk/lists?lang=zh")).Text, StringComparison.Ordinal);
    }

    private async Task ExpectAsync(ItemStatus status, int owed, int delivered)
    {
        var item = (await City.Hub.GetAsync("/responsibilities?dataset=" + EntityCity.Stations)).Json[0];
        Assert.Equal((CatalogueNames.Of(status), owed, delivered), (item.GetProperty("status").GetString(), item.GetProperty("owed").GetInt32(), item.GetProperty("delivered").GetInt32()));
    }
}
