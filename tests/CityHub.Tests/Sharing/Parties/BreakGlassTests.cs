using CityHub.Core.Facts;
using CityHub.Sharing;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Parties;
using CityHub.Tests.Sharing.Catalogue;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Parties;

public sealed class BreakGlassTests
{
    private const string Why = "the dam is breaking, we call everybody below it";

    [Fact]
    public async Task Two_departments_open_it_and_it_ends_with_the_hour()
    {
        await using var city = await StartAsync();
        Ok(await BreakGlass.OpenAsync(city.Glass, Director, "g", "population", "police", "rescuer", 60, Why));
        Assert.False(city.Glass.IsOpen("population", "rescuer", city.Clock.GetUtcNow()));
        Refused(await BreakGlass.ConfirmAsync(city.Glass, Deputy, "g"), ProposalProblems.FourEyes);
        Refused(await BreakGlass.ConfirmAsync(city.Glass, city.As("fire-head"), "g"), SharingProblems.NotYours);
        Refused(await BreakGlass.ConfirmAsync(city.Glass, city.As("police-officer"), "g"), SharingProblems.NotYours);
        Ok(await BreakGlass.ConfirmAsync(city.Glass, city.As("police-head"), "g"));

        Assert.True(city.Glass.IsOpen("population", "rescuer", city.Clock.GetUtcNow()));
        Assert.False(city.Glass.IsOpen("population", "somebody else", city.Clock.GetUtcNow()));
        Assert.False(city.Glass.IsOpen("other", "rescuer", city.Clock.GetUtcNow()));
        Ok(await city.Glass.UseAsync("population", "rescuer", "all of town 990101001"));
        Assert.Equal((1, 1L), (city.Glass.OpenNow, city.Glass.UsedEver));
        await city.ReopenAsync();
        Assert.True(city.Glass.IsOpen("population", "rescuer", city.Clock.GetUtcNow()));

        city.Clock.Advance(TimeSpan.FromMinutes(60));
        Assert.False(city.Glass.IsOpen("population", "rescuer", city.Clock.GetUtcNow()));
        Refused(await city.Glass.UseAsync("population", "rescuer", "more"), PartyProblems.GlassNotOpen);
    }

    [Fact]
    public async Task Longer_than_an_hour_without_a_reason_or_asked_for_long_ago_it_is_refused()
    {
        await using var city = await StartAsync();
        Refused(await BreakGlass.OpenAsync(city.Glass, Director, "g", "population", "police", "x", 61, Why), PartyProblems.GlassTooLong);
        Refused(await BreakGlass.OpenAsync(city.Glass, Director, "g", "population", "police", "x", 60, "because"), SharingProblems.BadRequest);
        Ok(await BreakGlass.OpenAsync(city.Glass, Director, "g", "population", "police", "x", 60, Why));
        city.Clock.Advance(TimeSpan.FromMinutes(61));
        Refused(await BreakGlass.ConfirmAsync(city.Glass, city.As("police-head"), "g"), PartyProblems.GlassNotOpen);
    }

    [Fact]
    public async Task Closed_it_stays_closed()
    {
        await using var city = await StartAsync();
        Ok(await BreakGlass.OpenAsync(city.Glass, city.As("police-head"), "g", "population", "police", "x", 30, Why));
        Ok(await BreakGlass.ConfirmAsync(city.Glass, Director, "g"));
        Ok(await BreakGlass.CloseAsync(city.Glass, city.As("police-sharing"), "g"));
        Assert.False(city.Glass.IsOpen("population", "x", city.Clock.GetUtcNow()));
        Refused(await BreakGlass.CloseAsync(city.Glass, Director, "g"), PartyProblems.GlassNotOpen);
        Assert.Equal(["GlassOpened", "GlassConfirmed", "GlassClosed"], city.Store.Log.Read(0, BreakGlassBook.StreamName).Select(f => f.Type));
    }
}
