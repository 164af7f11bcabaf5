using CityHub.Sharing;
using CityHub.Sharing.Disputes;
using CityHub.Sharing.Parties;
using CityHub.Tests.Sharing.Requests;

namespace CityHub.Tests.Sharing.Disputes;

public sealed class DisputeTests
{
    [Fact]
    public async Task The_two_talk_then_the_Authority_rules_after_hearing_both_and_the_ruling_is_found_in_both_languages()
    {
        using var town = new Town();
        using var book = Open(town);
        var id = (await RaiseAsync(book, "mzj")).Value.Id;
        Assert.Equal(DisputeProblems.DisputeEventNotPossible, (await Do(book, id, DisputeEvent.Rule, Town.Superior, "x", "y")).Problem?.Kind);
        Assert.Equal(DisputeState.SameLevelMediation, (await Do(book, id, DisputeEvent.Escalate, Town.Officer, "no answer")).Value.State);
        Assert.Equal(SharingProblems.NotYours, (await Do(book, id, DisputeEvent.Rule, Town.Superior, "x", "y")).Problem?.Kind);
        Assert.Equal(DisputeProblems.DisputeDetailsMissing, (await Do(book, id, DisputeEvent.Rule, Town.Authority, "x", "y")).Problem?.Kind); // the other side was not heard
        await Do(book, id, DisputeEvent.State, Town.Giver, "The field is personal.");
        var ruled = await Do(book, id, DisputeEvent.Rule, Town.Authority, "收入字段可以核验方式共享。 Income may be shared by verification.", "decree 809, art. 22");
        Assert.Equal((DisputeState.Ruled, DisputeState.SameLevelMediation), (ruled.Value.State, ruled.Value.Ruling?.Stage));
        using var again = Open(town);
        foreach (var query in new[] { "核验", "收入 verification", "INCOME", "共享" })
            Assert.Equal(id, Assert.Single(again.Precedents(query)).Id);
        foreach (var query in new[] { "验核", "incom", "死亡", "" })
            Assert.Empty(again.Precedents(query));
        Assert.Equal(DisputeProblems.DisputeEventNotPossible, (await Do(again, id, DisputeEvent.State, Town.Giver, "more")).Problem?.Kind);
    }

    [Fact]
    public async Task Across_levels_the_common_superior_has_it_and_then_the_government()
    {
        using var town = new Town();
        using var book = Open(town);
        var id = (await RaiseAsync(book, "qmz")).Value.Id;
        Assert.Equal(DisputeState.CommonSuperior, (await Do(book, id, DisputeEvent.Escalate, Town.Officer, "x")).Value.State);
        Assert.Equal("hao", book.OwnerOf(book.Find(id)!).Person);
        Assert.Equal(DisputeState.Government, (await Do(book, id, DisputeEvent.Escalate, Town.Superior, "x")).Value.State);
        Assert.Equal(SharingProblems.NotYours, (await Do(book, id, DisputeEvent.Rule, Town.Authority, "x", "y")).Problem?.Kind);
    }

    [Fact]
    public async Task A_settlement_is_taken_by_the_side_that_did_not_offer_it()
    {
        using var town = new Town();
        using var book = Open(town);
        var id = (await RaiseAsync(book, "mzj")).Value.Id;
        Assert.Equal(DisputeProblems.DisputeDetailsMissing, (await Do(book, id, DisputeEvent.Settle, Town.Giver)).Problem?.Kind);
        await Do(book, id, DisputeEvent.OfferSettlement, Town.Giver, "by verification");
        Assert.Equal(SharingProblems.NotYours, (await Do(book, id, DisputeEvent.Settle, Town.Giver)).Problem?.Kind);
        Assert.Equal(DisputeState.Settled, (await Do(book, id, DisputeEvent.Settle, Town.Officer)).Value.State);
        Assert.Equal(DisputeProblems.DisputeUnknown, book.SeenBy(id, Town.Stranger).Problem?.Kind);
    }

    [Fact]
    public async Task Who_says_nothing_in_the_time_of_the_profile_is_ruled_upon_by_what_is_on_file()
    {
        using var town = new Town();
        using var book = Open(town);
        var id = (await RaiseAsync(book, "mzj")).Value.Id;
        await Do(book, id, DisputeEvent.Escalate, Town.Officer, "no answer");
        Assert.Contains("2026-03-16", (await Do(book, id, DisputeEvent.Rule, Town.Authority, "x", "y")).Problem?.Hint); // ten working days
        town.Time.Advance(TimeSpan.FromDays(14));
        Assert.Equal(0, (await book.RecordPassedAsync()).Value);
        town.Time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, (await book.RecordPassedAsync()).Value);
        Assert.Equal(0, (await book.RecordPassedAsync()).Value);
        var ruled = await Do(book, id, DisputeEvent.Rule, Town.Authority, "Income may be shared by verification.", "decree 809, art. 22");
        Assert.True(ruled.Value.Ruling?.OnFile);
        using var again = Open(town);
        Assert.True(again.Find(id)?.Ruling?.OnFile);
        Assert.Equal(["DisputeRaised", "DisputeEscalated", "PositionMissed", "DisputeRuled"], town.Store.Log.Read(0, DisputeBook.StreamName).Select(f => f.Type));
    }

    [Fact]
    public async Task Time_that_was_given_once_is_not_given_again_at_the_next_level_and_a_late_ruling_goes_to_the_next_owner()
    {
        using var town = new Town();
        using var book = Open(town);
        var id = (await RaiseAsync(book, "mzj")).Value.Id;
        await Do(book, id, DisputeEvent.Escalate, Town.Officer, "no answer");
        town.Time.Advance(TimeSpan.FromDays(16));
        await Do(book, id, DisputeEvent.Escalate, Town.Authority, "a matter of the city");
        Assert.True((await Do(book, id, DisputeEvent.Rule, Town.Superior, "by verification", "decree 809, art. 22")).Value.Ruling?.OnFile);
        var other = (await RaiseAsync(book, "mzj")).Value.Id;
        await Do(book, other, DisputeEvent.Escalate, Town.Officer, "no answer");
        await Do(book, other, DisputeEvent.State, Town.Giver, "it is personal");
        town.Time.Advance(TimeSpan.FromDays(60));
        Assert.Equal(1, (await book.RecordPassedAsync()).Value);
        Assert.True(book.Find(other)?.Clock?.Missed);
        Assert.True((await Do(book, other, DisputeEvent.Rule, Town.Authority, "late", "decree 809, art. 22")).Ok);
    }

    [Fact]
    public async Task Where_the_calendar_lacks_the_year_the_dispute_goes_on_and_its_clocks_count_when_it_has_it()
    {
        using var town = new Town(now: new DateTimeOffset(2026, 12, 20, 1, 0, 0, TimeSpan.Zero));
        using var book = Open(town);
        var id = (await RaiseAsync(book, "mzj")).Value.Id;
        Assert.NotNull((await Do(book, id, DisputeEvent.Escalate, Town.Officer, "no answer")).Value.ClockMissing);
        Assert.Equal(0, (await book.RecordPassedAsync()).Value);
        await town.AddYearAsync(2027);
        Assert.Equal(1, (await book.RecordPassedAsync()).Value);
        Assert.NotNull(book.Find(id)?.Clock);
        Assert.Null(book.Find(id)?.ClockMissing);
    }

    private static ValueTask<CityHub.Core.Problems.Result<Dispute>> RaiseAsync(DisputeBook book, string against) =>
        book.RaiseAsync(Town.Officer, "r-1", against, "Whether income is shared", new Position("", "We need it for claims.", default, []));

    private static ValueTask<CityHub.Core.Problems.Result<Dispute>> Do(DisputeBook book, string id, DisputeEvent happened, Caller by, string text = "", string basis = "") =>
        book.HappenAsync(id, happened, by, text, basis, []);

    private static DisputeBook Open(Town town)
    {
        var book = new DisputeBook(town.Store.Log, town.Time, town, town, town.Calendars);
        book.Load();
        return book;
    }
}
