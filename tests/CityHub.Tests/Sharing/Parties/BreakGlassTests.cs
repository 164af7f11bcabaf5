using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Supervision;
using CityHub.Tests.Sharing.Catalogue;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Parties;

public sealed class BreakGlassTests
{
    private const string Why = "the dam is breaking, we call everybody below it";

    [Fact]
    public async Task Two_departments_open_it_for_the_persons_fields_and_purpose_that_it_names_and_it_ends_with_the_hour()
    {
        await using var city = await ReadyAsync();
        Ok(await BreakGlass.OpenAsync(city.Glass, Director, Asked()));
        Refuses(city, Ask("fire-officer"));
        Refused(await BreakGlass.ConfirmAsync(city.Glass, Deputy, "g"), CalendarProblems.FourEyes);
        Refused(await BreakGlass.ConfirmAsync(city.Glass, city.As("welfare-head"), "g"), SharingProblems.NotYours);
        Refused(await BreakGlass.ConfirmAsync(city.Glass, city.As("police-officer"), "g"), SharingProblems.NotYours);
        Ok(await BreakGlass.ConfirmAsync(city.Glass, city.As("police-head"), "g"));

        var permit = Assert.IsType<Permit>(Decide(city, Ask("fire-officer")));
        Assert.True(permit.Obligations.TellSubject);
        Assert.False(permit.Obligations.Onward);
        Assert.Equal(["no"], permit.Obligations.Fields);
        Refuses(city, Ask("fire-sharing"));
        Refuses(city, Ask("welfare-officer"));
        Refuses(city, Ask("fire-officer") with { Purpose = "marketing" });
        Refuses(city, Ask("fire-officer") with { Fields = ["no", "town"] });
        Refuses(city, Ask("fire-officer") with { Dataset = "vehicles" });
        Assert.Equal(1, city.Glass.OpenNow);
        Assert.Equal(["data-bureau", "police", "fire"], city.Glass.All["g"].Confirmed?.Notified);

        city.Clock.Advance(TimeSpan.FromMinutes(60));
        Refuses(city, Ask("fire-officer"));
        Assert.Equal(0, city.Glass.OpenNow);
        Ok(await city.Glass.RecordPassedAsync());
        Assert.Equal(GrantState.Expired, city.Grants.Find("x-emergency-g")?.State);
        Assert.Equal(0, (await city.Glass.RecordPassedAsync()).Value);
    }

    [Fact]
    public async Task Whose_data_they_are_says_the_catalogue_and_not_who_asks()
    {
        await using var city = await ReadyAsync();
        Ok(await BreakGlass.OpenAsync(city.Glass, city.As("welfare-head"), Asked() with { Owner = "welfare" }));
        Assert.Equal("police", city.Glass.All["g"].What.Owner);
        Refused(await BreakGlass.ConfirmAsync(city.Glass, Director, "g"), SharingProblems.NotYours); // welfare and the authority, and the police nowhere
        Refused(await BreakGlass.OpenAsync(city.Glass, Director, Asked() with { Id = "h", Dataset = "there-is-none" }), SharingProblems.DatasetUnknown);
    }

    [Fact]
    public async Task Nobody_opens_confirms_or_reviews_it_for_himself_and_both_have_their_office_still()
    {
        await using var city = await ReadyAsync();
        Refused(await BreakGlass.OpenAsync(city.Glass, city.As("police-head"), Asked() with { For = ["police-head"] }), CalendarProblems.FourEyes);
        Ok(await BreakGlass.OpenAsync(city.Glass, Director, Asked() with { For = ["police-sharing"] }));
        Refused(await BreakGlass.ConfirmAsync(city.Glass, city.As("police-sharing"), "g"), CalendarProblems.FourEyes);
        Ok(await BreakGlass.OpenAsync(city.Glass, city.As("police-head"), Asked() with { Id = "h" }));
        Ok(await GiveRole.ProposeAsync(city.Parties, Director, new RoleProposed("p", "police-head", "police", Roles.Head, false, "has left", "")));
        Ok(await GiveRole.ConfirmAsync(city.Parties, Deputy, "p"));
        Refused(await BreakGlass.ConfirmAsync(city.Glass, Director, "h"), SharingProblems.NotYours);
    }

    [Fact]
    public async Task Longer_than_an_hour_without_a_reason_for_strangers_or_asked_for_long_ago_it_is_refused()
    {
        await using var city = await ReadyAsync();
        Refused(await BreakGlass.OpenAsync(city.Glass, Director, Asked() with { Minutes = 61 }), PartyProblems.GlassTooLong);
        Refused(await BreakGlass.OpenAsync(city.Glass, Director, Asked() with { Reason = "because" }), SharingProblems.BadRequest);
        Refused(await BreakGlass.OpenAsync(city.Glass, Director, Asked() with { For = ["somebody"] }), SharingProblems.BadRequest);
        Refused(await BreakGlass.OpenAsync(city.Glass, Director, Asked() with { For = ["fire-officer", "welfare-officer"] }), SharingProblems.BadRequest);
        Refused(await BreakGlass.OpenAsync(city.Glass, Director, Asked() with { Fields = ["religion"] }), AccessProblems.GrantNotExecutable);
        Refused(await BreakGlass.OpenAsync(city.Glass, Director, Asked() with { Purpose = "marketing" }), AccessProblems.GrantNotExecutable);
        Ok(await BreakGlass.OpenAsync(city.Glass, Director, Asked()));
        city.Clock.Advance(TimeSpan.FromMinutes(61));
        Refused(await BreakGlass.ConfirmAsync(city.Glass, city.As("police-head"), "g"), PartyProblems.GlassNotOpen);
    }

    [Fact]
    public async Task Closed_it_permits_nothing_more_and_a_start_brings_back_what_a_crash_cut()
    {
        await using var city = await ReadyAsync();
        Ok(await BreakGlass.OpenAsync(city.Glass, city.As("police-head"), Asked()));
        // As if the process had died between the confirmation and the grant.
        Ok(await city.Glass.SayAsync((_, now) => SharingJson.Said(new GlassConfirmed("g", "auth-1", "data-bureau", now.AddMinutes(30), []), PartyJson.Default.GlassConfirmed)));
        Refuses(city, Ask("fire-officer"));
        await city.ReopenAsync();
        Ok(await city.Glass.RecordPassedAsync());
        Assert.IsType<Permit>(Decide(city, Ask("fire-officer")));

        Ok(await BreakGlass.CloseAsync(city.Glass, city.As("police-sharing"), "g"));
        Refuses(city, Ask("fire-officer"));
        Refused(await BreakGlass.CloseAsync(city.Glass, Director, "g"), PartyProblems.GlassNotOpen);
        Assert.Equal(["GlassOpened", "GlassConfirmed", "GlassClosed"], city.Store.Log.Read(0, BreakGlassBook.StreamName).Select(f => f.Type));
    }

    [Fact]
    public async Task What_the_law_withholds_stays_withheld_in_an_emergency()
    {
        await using var city = await ReadyAsync();
        Ok(await BreakGlass.OpenAsync(city.Glass, Director, Asked()));
        Ok(await BreakGlass.ConfirmAsync(city.Glass, city.As("police-head"), "g"));
        Ok(await WithdrawDataset.WithdrawAsync(city.Catalogue, city.As("police-head"), "population", "a court forbids it"));
        Refuses(city, Ask("fire-officer"));
    }

    [Fact]
    public async Task Afterwards_it_lies_with_supervision_until_somebody_without_a_part_in_it_has_looked()
    {
        await using var city = await ReadyAsync();
        using var book = new SupervisionBook(city.Store.Log, city.Clock);
        var reader = new EvidenceReader(city.Store.Log, book);
        Ok(await BreakGlass.OpenAsync(city.Glass, Director, Asked()));
        Ok(await book.ReviewAsync(reader.Read()));
        Assert.Empty(book.Cases);
        Ok(await BreakGlass.ConfirmAsync(city.Glass, city.As("police-head"), "g"));
        Ok(await book.ReviewAsync(reader.Read()));
        var opened = Assert.Single(book.Cases.Values);
        Assert.Equal(("emergency/fire/g", ViolationState.Detected), (opened.Violation.Id, opened.State));
        Refused(await BreakGlass.ReviewAsync(city.Glass, Deputy, "g", true, "in order"), PartyProblems.GlassNotOpen); // it runs
        city.Clock.Advance(TimeSpan.FromHours(2));
        Refused(await BreakGlass.ReviewAsync(city.Glass, Director, "g", true, "in order"), CalendarProblems.FourEyes);
        Refused(await BreakGlass.ReviewAsync(city.Glass, city.As("police-sharing"), "g", true, "in order"), SharingProblems.NotYours);
        Ok(await BreakGlass.ReviewAsync(city.Glass, Deputy, "g", true, "in order"));
        Ok(await book.ReviewAsync(reader.Read()));
        Assert.Equal(ViolationState.Rectified, Assert.Single(book.Cases.Values).State);
    }

    private static GlassOpened Asked() => new("g", "population", "", "", ["fire-officer"], ["no"], "rescue", 60, Why, "", "");

    private static Ask Ask(string person) => new(new Caller(person, person.Split('-')[0], Roles.DataOfficer), Rights.Obtain, "population", "rescue", DeliveryModes.Api) { Fields = ["no"] };

    private static Decision Decide(CityUnderTest city, Ask ask) => Decider.Decide(ask, city.Grants, city.Catalogue, city.Purposes.Tree, city.Clock.GetUtcNow());

    private static void Refuses(CityUnderTest city, Ask ask) => Assert.IsType<Refuse>(Decide(city, ask));

    private static async Task<CityUnderTest> ReadyAsync()
    {
        var city = await StartAsync();
        await city.PublishAsync(Entry("population"));
        await city.PublishAsync(Entry("vehicles"));
        return city;
    }
}
