using CityHub.Core.Ports;
using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Parties;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Sharing.Access;

/// <summary>The list of purposes changes by two people, and is the same after a restart.</summary>
public sealed class PurposeBookTests
{
    private static readonly Caller Wang = new("wang", "data", Roles.Authority), Li = new("li", "data", Roles.Authority), Zhao = new("zhao", "civil", Roles.SharingOfficer);
    private static readonly Purpose Welfare = new("welfare", new("社会救助", "Welfare"), "Interim measures on social assistance, art. 1", new() { Fields = ["id", "name"], Onward = false });
    private static readonly Purpose Eligibility = new("welfare/eligibility", new("资格核定", "Eligibility"), "Interim measures on social assistance, art. 9", new() { Fields = ["id", "income"], SmallestGroup = 5 });

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 3, 2, 1, 0, 0, TimeSpan.Zero));
    private readonly Counting _ids = new();

    [Fact]
    public async Task A_purpose_is_listed_when_a_second_person_approves_and_still_is_after_a_restart()
    {
        using var folder = new TestFolder();
        string waiting;
        using (var store = EmbeddedStore.Open(folder.Path, _time).Value)
        {
            using var book = Open(store);
            var change = (await book.ProposeAsync(Wang, PurposeChangeKind.Define, Welfare)).Value;
            Assert.False(book.IsKnown("welfare"));
            Assert.Equal(AccessProblems.FourEyes, (await book.ApproveAsync(Wang, change.Id)).Problem?.Kind);
            Assert.Equal(AccessProblems.FourEyes, (await book.RejectAsync(Wang, change.Id, "my own")).Problem?.Kind);
            Assert.Equal(SharingProblems.NotYours, (await book.ApproveAsync(Zhao, change.Id)).Problem?.Kind);
            Assert.False(book.IsKnown("welfare"));
            Assert.Equal("li", (await book.ApproveAsync(Li, change.Id)).Value.DecidedBy);
            Assert.True(book.IsKnown("welfare"));
            Assert.Equal(AccessProblems.PurposeChangeUnknown, (await book.ApproveAsync(Li, change.Id)).Problem?.Kind);
            await List(book, Eligibility);
            waiting = (await book.ProposeAsync(Li, PurposeChangeKind.Withdraw, Welfare)).Value.Id;
        }

        using (var store = EmbeddedStore.Open(folder.Path, _time).Value)
        {
            using var book = Open(store);
            Assert.Equal(["welfare", "welfare/eligibility"], book.Tree.All.Select(purpose => purpose.Code));
            Assert.Equal(Welfare, book.Tree.Find("welfare"));
            Assert.Equal(Welfare.Obligations.Meet(Eligibility.Obligations), book.Of("welfare/eligibility"));
            Assert.True(book.Covers("welfare", "welfare/eligibility"));
            Assert.False(book.Covers("welfare/eligibility", "welfare"));
            Assert.Equal(2, book.Version);
            Assert.Equal(waiting, Assert.Single(book.Open).Id);
            Assert.Equal(AccessProblems.FourEyes, (await book.ApproveAsync(Li, waiting)).Problem?.Kind);
            Assert.True((await book.ApproveAsync(Wang, waiting)).Ok);
            Assert.False(book.IsKnown("welfare"));
            Assert.False(book.IsKnown("welfare/eligibility"));
        }

        using (var store = EmbeddedStore.Open(folder.Path, _time).Value)
        {
            using var book = Open(store);
            Assert.False(book.IsKnown("welfare/eligibility"));
            await List(book, Welfare);
            Assert.True(book.IsKnown("welfare/eligibility"));
            Assert.Equal(3, book.Tree.Find("welfare")?.Version);
        }
    }

    [Fact]
    public async Task A_rejected_change_lists_nothing_and_keeps_its_reason_after_a_restart()
    {
        using var folder = new TestFolder();
        string id;
        using (var store = EmbeddedStore.Open(folder.Path, _time).Value)
        {
            using var book = Open(store);
            id = (await book.ProposeAsync(Wang, PurposeChangeKind.Define, Welfare)).Value.Id;
            Assert.True((await book.RejectAsync(Li, id, "no law names it")).Ok);
            Assert.Equal(AccessProblems.PurposeChangeUnknown, (await book.ApproveAsync(Li, id)).Problem?.Kind);
        }

        using (var store = EmbeddedStore.Open(folder.Path, _time).Value)
        {
            using var book = Open(store);
            Assert.False(book.IsKnown("welfare"));
            Assert.Empty(book.Open);
            Assert.Equal(("no law names it", "li", PurposeChangeState.Rejected), (book.Change(id)?.Reason, book.Change(id)?.DecidedBy, book.Change(id)?.State));
        }
    }

    [Fact]
    public async Task Only_the_authority_proposes_and_only_what_can_be_listed()
    {
        using var folder = new TestFolder();
        using var store = EmbeddedStore.Open(folder.Path, _time).Value;
        using var book = Open(store);
        Assert.Equal(SharingProblems.NotYours, (await book.ProposeAsync(Zhao, PurposeChangeKind.Define, Welfare)).Problem?.Kind);
        foreach (var wrong in new[] { Welfare with { Code = "Welfare" }, Welfare with { Name = new("社会救助", "") }, Welfare with { Basis = "" }, Eligibility })
            Assert.Equal(AccessProblems.PurposeNotProper, (await book.ProposeAsync(Wang, PurposeChangeKind.Define, wrong)).Problem?.Kind);
        Assert.Equal(AccessProblems.PurposeNotProper, (await book.ProposeAsync(Wang, PurposeChangeKind.Withdraw, Welfare)).Problem?.Kind);
        Assert.Empty(store.Log.Read(0, PurposeBook.StreamName));
    }

    [Fact]
    public async Task A_purpose_is_not_approved_when_the_one_above_it_went_meanwhile()
    {
        using var folder = new TestFolder();
        using var store = EmbeddedStore.Open(folder.Path, _time).Value;
        using var book = Open(store);
        await List(book, Welfare);
        var below = (await book.ProposeAsync(Wang, PurposeChangeKind.Define, Eligibility)).Value.Id;
        var withdrawal = (await book.ProposeAsync(Wang, PurposeChangeKind.Withdraw, Welfare)).Value.Id;
        Assert.True((await book.ApproveAsync(Li, withdrawal)).Ok);
        Assert.Equal(AccessProblems.PurposeNotProper, (await book.ApproveAsync(Li, below)).Problem?.Kind);
        Assert.False(book.IsKnown("welfare/eligibility"));
    }

    private static async Task List(PurposeBook book, Purpose purpose)
    {
        var change = (await book.ProposeAsync(Wang, PurposeChangeKind.Define, purpose)).Value;
        Assert.True((await book.ApproveAsync(Li, change.Id)).Ok);
    }

    private PurposeBook Open(EmbeddedStore store)
    {
        var book = new PurposeBook(store.Log, _time, _ids);
        book.Load();
        return book;
    }

    private sealed class Counting : IIdSource
    {
        private int _next;

        public Guid Next() => new(++_next, 0, 0, new byte[8]);
    }
}
