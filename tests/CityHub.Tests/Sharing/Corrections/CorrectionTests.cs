using System.Text;
using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Corrections;
using CityHub.Sharing.Parties;
using CityHub.Tests.Sharing.Requests;

namespace CityHub.Tests.Sharing.Corrections;

public sealed class CorrectionTests
{
    private static readonly Caller Citizen = new("500103198001011234", null, Roles.Citizen), Other = new("500103198001015678", null, Roles.Citizen);
    private static readonly Claim Wrong = new("500103198001011234", "income-is-4711");
    private static readonly CityHub.Sharing.Requests.Document Paper = new("王芳-payslip.pdf", new string('a', 64));

    [Fact]
    public async Task A_citizen_files_sees_his_own_and_nothing_of_it_stands_in_plain_text_anywhere()
    {
        using var town = new Town();
        using var book = Open(town);
        var filed = (await FileAsync(book, Citizen)).Value;
        Assert.Equal(new DateOnly(2026, 3, 16), Clock.DayOf(filed.Clock!.Deadline.Due, town.Calendars.Profile.TimeZone));
        Assert.False(filed.Clock.Deadline.Extendable);
        Assert.Equal(filed.Id, Assert.Single(book.OwnOf(Citizen.Person)).Id);
        Assert.Empty(book.OwnOf(Other.Person));
        Assert.Equal(CorrectionProblems.CorrectionUnknown, book.SeenBy(filed.Id, Other).Problem?.Kind);
        foreach (var fact in town.Store.Log.Read(0))
            foreach (var secret in new[] { Wrong.Record, Wrong.Claimed, "王芳", Paper.Sha256 })
                Assert.DoesNotContain(secret, Encoding.UTF8.GetString(fact.Payload.Span), StringComparison.Ordinal);

        // The provider opens it; that is recorded, and the citizen sees it.
        var opened = (await book.OpenAsync(filed.Id, Town.GiverClerk, CancellationToken.None)).Value;
        Assert.Equal((Wrong.Record, Wrong.Claimed), (opened.Record, opened.Claimed));
        Assert.Equal(Paper, Assert.Single(opened.Evidence));
        Assert.Equal(CorrectionBook.Commitment(Enumerable.Repeat((byte)7, 32).ToArray(), $"{Paper.Name}\n{Paper.Sha256}"), Assert.Single(filed.EvidenceCommitments));
        Assert.Equal(["CorrectionFiled", "CorrectionOpened"], town.Store.Acts.Of(Citizen.Person).Select(a => a.Type));
        Assert.Equal(SharingProblems.NotYours, (await book.OpenAsync(filed.Id, Town.Authority, CancellationToken.None)).Problem?.Kind);
        Assert.Equal(CorrectionBook.Commitment(Enumerable.Repeat((byte)7, 32).ToArray(), Wrong.Claimed), filed.ClaimCommitment);
    }

    [Fact]
    public async Task Every_holder_of_a_live_grant_is_told_when_a_record_was_corrected()
    {
        using var town = new Town();
        using var book = Open(town);
        foreach (var (id, receiver, state) in new[] { ("a", "wjw", GrantState.Active), ("b", "zjj", GrantState.Terminated), ("c", "qmz", GrantState.Suspended) })
            await town.Grants.MakeAsync(GrantBookTests.Make(id, receiver, Town.Dataset) with { State = state });
        var id1 = (await FileAsync(book, Town.Clerk)).Value.Id;
        Assert.Equal(CorrectionProblems.CorrectionEventNotPossible, (await book.HappenAsync(id1, CorrectionEvent.Correct, Town.Giver, "")).Problem?.Kind);
        await book.HappenAsync(id1, CorrectionEvent.Verify, Town.GiverClerk, "");
        Assert.Equal(CorrectionProblems.CorrectionDetailsMissing, (await book.HappenAsync(id1, CorrectionEvent.Reject, Town.Giver, "")).Problem?.Kind);
        Assert.Equal(SharingProblems.NotYours, (await book.HappenAsync(id1, CorrectionEvent.Correct, Town.Officer, "")).Problem?.Kind);
        Assert.Equal(CorrectionState.Corrected, (await book.HappenAsync(id1, CorrectionEvent.Correct, Town.Giver, "")).Value.State);
        using var again = Open(town);
        Assert.Equal(["wjw", "qmz"], again.Find(id1)?.Notified);
        Assert.Null(again.Find(id1)?.Clock);
    }

    [Fact]
    public async Task A_missed_answer_goes_to_the_head_once()
    {
        using var town = new Town();
        using var book = Open(town);
        var id = (await FileAsync(book, Town.Clerk)).Value.Id;
        town.Time.Advance(TimeSpan.FromDays(15));
        Assert.Equal(1, (await book.RecordPassedAsync()).Value);
        Assert.Equal(0, (await book.RecordPassedAsync()).Value);
        using var again = Open(town);
        Assert.Equal(0, (await again.RecordPassedAsync()).Value);
        Assert.Equal("feng", again.OwnerOf(again.Find(id)!).Person);
    }

    [Fact]
    public async Task A_correction_names_a_field_and_a_record_and_an_objection_goes_the_same_way()
    {
        using var town = new Town();
        using var book = Open(town);
        Assert.Equal(CorrectionProblems.CorrectionFieldUnknown, (await book.FileAsync(Town.Clerk, Town.Dataset, "religion", Wrong, [], false, null, CancellationToken.None)).Problem?.Kind);
        Assert.Equal(CorrectionProblems.CorrectionDetailsMissing, (await book.FileAsync(Town.Clerk, Town.Dataset, "income", new Claim("", "x"), [], false, null, CancellationToken.None)).Problem?.Kind);
        Assert.Equal(SharingProblems.NotYours, (await book.FileAsync(Caller.Anyone, Town.Dataset, "income", Wrong, [], false, null, CancellationToken.None)).Problem?.Kind);
        var first = (await FileAsync(book, Town.Clerk)).Value.Id;
        var objection = await book.FileAsync(Town.Clerk, Town.Dataset, "income", Wrong, [], true, first, CancellationToken.None);
        Assert.True(objection.Value.Objection);
        Assert.Equal((first, CorrectionState.Filed), (objection.Value.About, objection.Value.State));
    }

    [Fact]
    public void Every_pair_is_in_the_table() =>
        Assert.Equal(8, CorrectionMachine.Table.Count(c => c.Value is not null) + (CorrectionMachine.Table.Count == 36 ? 0 : 100));

    private static ValueTask<CityHub.Core.Problems.Result<CorrectionRequest>> FileAsync(CorrectionBook book, Caller caller) =>
        book.FileAsync(caller, Town.Dataset, "income", Wrong, [Paper], false, null, CancellationToken.None);

    private static CorrectionBook Open(Town town)
    {
        var book = new CorrectionBook(town.Store.Log, town.Time, town, town.Store.Acts, s => s.Fill(7), town, town, town.Calendars, town.Grants);
        book.Load();
        return book;
    }
}
