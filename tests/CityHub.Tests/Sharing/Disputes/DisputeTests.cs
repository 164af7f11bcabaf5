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
