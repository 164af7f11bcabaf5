using CityHub.Sharing.Access;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;

namespace CityHub.Tests.Sharing.Requests;

/// <summary>A grant ends when it ends, whatever the calendar knows.</summary>
public sealed class EndingTests
{
    [Theory]
    [InlineData(RequestEvent.Fulfil)]
    [InlineData(RequestEvent.Unneeded)]
    public async Task A_receiver_ends_its_grant_and_the_clock_counts_where_the_calendar_has_the_year(RequestEvent ending)
    {
        using var town = new Town(now: new DateTimeOffset(2026, 9, 1, 1, 0, 0, TimeSpan.Zero));
        var ended = await town.DoAsync((await town.ActiveAsync()).Id, ending);
        Assert.Equal(new DateOnly(2026, 10, 8), town.DueDay(ended)); // thirty days later is a holiday
        Assert.Null(ended.UncountedSince);
    }

    [Fact]
    public async Task A_grant_that_runs_out_where_the_calendar_lacks_the_year_ends_and_its_clock_is_an_open_matter_with_an_owner()
    {
        using var town = new Town(now: new DateTimeOffset(2026, 9, 1, 1, 0, 0, TimeSpan.Zero));
        var drafted = await town.Requests.DraftAsync(Town.Clerk, Town.Wanted() with { Until = new DateTimeOffset(2026, 12, 20, 0, 0, 0, TimeSpan.Zero) });
        var request = await town.DoAsync(drafted.Value.Request.Id, RequestEvent.SignOff, RequestEvent.Submit, RequestEvent.Grant, RequestEvent.Deliver);
        town.Time.SetUtcNow(new DateTimeOffset(2026, 12, 21, 1, 0, 0, TimeSpan.Zero));
        Assert.Equal(1, (await town.Requests.RecordPassedAsync()).Value);
        var ended = Assert.IsType<ShareRequest>(town.Requests.Find(request.Id));
        Assert.Equal((RequestState.Expired, GrantState.Expired), (ended.State, RequestRules.StateOf(ended.State)));
        Assert.Equal(town.Time.GetUtcNow(), ended.UncountedSince);
        Assert.Equal(("qian", Roles.Authority, "wang"), (Owners.Of(ended, town).Person, Owners.OfCalendar(town).Role, Owners.OfCalendar(town).Person));
        Assert.Equal(0, (await town.Requests.RecordPassedAsync()).Value);
        await town.DoAsync(request.Id, RequestEvent.Dispose);
        town.Open(); // a start knows it, too
        Assert.NotNull(town.Requests.Find(request.Id)?.UncountedSince);

        await town.AddYearAsync(2027);
        Assert.Equal(1, (await town.Requests.RecordPassedAsync()).Value);
        var counted = Assert.IsType<ShareRequest>(town.Requests.Find(request.Id));
        Assert.Null(counted.UncountedSince);
        Assert.Equal(new DateOnly(2027, 1, 20), town.DueDay(counted)); // thirty days after the end, and a working day
        town.Time.SetUtcNow(new DateTimeOffset(2027, 1, 21, 1, 0, 0, TimeSpan.Zero));
        Assert.Equal(1, (await town.Requests.RecordPassedAsync()).Value);
        Assert.True(town.Requests.Find(request.Id)?.Clock?.Missed);
    }

    [Fact]
    public async Task A_provider_ends_its_service_on_the_day_it_agreed_although_the_calendar_lacks_the_year()
    {
        using var town = new Town(now: new DateTimeOffset(2026, 9, 1, 1, 0, 0, TimeSpan.Zero));
        var drafted = await town.Requests.DraftAsync(Town.Clerk, Town.Wanted() with { Until = new DateTimeOffset(2027, 6, 1, 0, 0, 0, TimeSpan.Zero) });
        var request = await town.DoAsync(drafted.Value.Request.Id, RequestEvent.SignOff, RequestEvent.Submit, RequestEvent.Grant, RequestEvent.Deliver, RequestEvent.Negotiate, RequestEvent.File);
        town.Time.SetUtcNow(new DateTimeOffset(2026, 12, 15, 1, 0, 0, TimeSpan.Zero));
        var ended = await town.DoAsync(request.Id, RequestEvent.EndService);
        Assert.Equal(RequestState.Terminated, ended.State);
        Assert.NotNull(ended.UncountedSince);
    }
}
