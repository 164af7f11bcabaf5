using CityHub.Core.Facts;
using System.Text;
using CityHub.Sharing;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Parties;
using CityHub.Storage.Embedded;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Sharing.Calendars;

public sealed class CalendarBookTests
{
    private static readonly Caller Wang = new("wang", "dsj", Roles.Authority), Li = new("li", "dsj", Roles.Authority), Zhao = new("zhao", "dsj", Roles.Authority);
    private static readonly byte[] Year2027 = """
        {"jurisdiction":"cn","year":2027,"source":"an invented notice for a test","daysOff":[{"name":"元旦","from":"2026-12-31","to":"2027-01-03"}],"workdays":["2026-12-27"]}
        """u8.ToArray();

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 20, 1, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task A_year_is_in_force_when_a_second_person_approves_and_still_is_after_a_restart()
    {
        using var folder = new TestFolder();
        using (var store = EmbeddedStore.Open(folder.Path, _time).Value)
        {
            using var book = Open(store);
            var late = new DateTimeOffset(2026, 12, 25, 1, 0, 0, TimeSpan.Zero);
            Assert.Equal(CalendarProblems.CalendarYearMissing, book.Start(JurisdictionProfile.AnswerConditional, late).Problem?.Kind);

            var proposed = (await book.ProposeAsync(Wang, Year2027)).Value;
            Assert.Equal("cn-2027@1", proposed.What.Name);
            Assert.False(book.Start(JurisdictionProfile.AnswerConditional, late).Ok);
            Assert.Equal(ProposalProblems.FourEyes, (await book.ApproveAsync(Wang, "cn", 2027, Read(proposed))).Problem?.Kind);
            Assert.True((await book.ApproveAsync(Li, "cn", 2027, Read(proposed))).Ok);
            Assert.Equal(CalendarProblems.CalendarUnknown, (await book.ApproveAsync(Li, "cn", 2027, Read(proposed))).Problem?.Kind);

            // The notice of 2027 speaks of the end of 2026: Sunday the 27th is worked, Thursday the 31st is off.
            Assert.True(book.Calendar.IsWorkingDay(new DateOnly(2026, 12, 27)).Value);
            Assert.False(book.Calendar.IsWorkingDay(new DateOnly(2026, 12, 31)).Value);
            Assert.Equal(new DateOnly(2027, 1, 11), Clock.DayOf(book.Start(JurisdictionProfile.AnswerConditional, late).Value.Due, book.Profile.TimeZone));
        }

        using (var store = EmbeddedStore.Open(folder.Path, _time).Value)
        {
            using var book = Open(store);
            Assert.True(book.Calendar.IsWorkingDay(new DateOnly(2027, 1, 4)).Value);
            Assert.Equal([CalendarBook.Proposed, CalendarBook.Added], store.Log.Read(0, CalendarBook.StreamName).Select(f => f.Type));
        }
    }

    [Fact]
    public async Task Local_rules_shorten_the_clocks_by_a_new_version_of_the_profile_and_what_runs_keeps_its_own()
    {
        using var folder = new TestFolder();
        using var store = EmbeddedStore.Open(folder.Path, _time).Value;
        using var book = Open(store);
        var began = new DateTimeOffset(2026, 3, 2, 1, 0, 0, TimeSpan.Zero);
        var running = book.Start(JurisdictionProfile.AnswerConditional, began).Value;
        var shorter = Encoding.UTF8.GetBytes(Profile(5));

        var proposed = (await book.ProposeProfileAsync(Wang, shorter)).Value;
        Assert.Equal("decree-809@2", proposed.What.Name);
        Assert.Equal("decree-809@1", book.Profile.Name);
        Assert.Equal(ProposalProblems.FourEyes, (await book.AdoptAsync(Wang, "decree-809", Read(proposed))).Problem?.Kind);
        Assert.True((await book.AdoptAsync(Li, "decree-809", Read(proposed))).Ok);

        Assert.Equal(new DateOnly(2026, 3, 9), Clock.DayOf(book.Start(JurisdictionProfile.AnswerConditional, began).Value.Due, book.Profile.TimeZone));
        Assert.Equal(running.Due, book.Anew(running).Value.Due);
        Assert.Equal("decree-809@1", running.Profile);
    }

    [Theory]
    [InlineData("""{"jurisdiction":"cn","year":2027,"source":"x","daysOff":[],"workdays":[]}""", "no notice")]
    [InlineData("""{"jurisdiction":"cn","year":2027,"source":"x","daysOff":[{"name":"a","from":"2027-01-01","to":"2027-01-01"}],"workdays":["2027-01-04"]}""", "worked anyway")]
    [InlineData("""{"jurisdiction":"cn","year":2027,"source":"x","daysOff":[{"name":"a","from":"2027-01-02","to":"2027-01-02"}],"workdays":["2027-01-02"]}""", "both off and worked")]
    [InlineData("""{"jurisdiction":"cn","year":2027,"source":"x","daysOff":[{"name":"a","from":"2028-01-01","to":"2028-01-01"}],"workdays":[]}""", "is not in 2027")]
    [InlineData("""{"jurisdiction":"cn","year":2027,"source":"","daysOff":[{"name":"a","from":"2027-01-01","to":"2027-01-01"}],"workdays":[]}""", "source")]
    [InlineData("""{"year":2027}""", "cannot be read")]
    public async Task A_notice_that_cannot_be_one_is_refused(string text, string why)
    {
        using var folder = new TestFolder();
        using var store = EmbeddedStore.Open(folder.Path, _time).Value;
        using var book = Open(store);
        var problem = (await book.ProposeAsync(Wang, Encoding.UTF8.GetBytes(text))).Problem;
        Assert.Equal(CalendarProblems.CalendarUnusable, problem?.Kind);
        Assert.Contains(why, problem?.Detail, StringComparison.Ordinal);
        Assert.Equal(0, store.Log.Head);
    }

    [Fact]
    public async Task Who_proposes_it_anew_makes_nobody_the_second_person_and_what_changed_since_it_was_read_is_named()
    {
        using var folder = new TestFolder();
        using var store = EmbeddedStore.Open(folder.Path, _time).Value;
        using var book = Open(store);
        var first = (await book.ProposeProfileAsync(Wang, Encoding.UTF8.GetBytes(Profile(5)))).Value;
        var second = (await book.ProposeProfileAsync(Li, Encoding.UTF8.GetBytes(Profile(6)))).Value;

        Assert.Equal(ProposalProblems.FourEyes, (await book.AdoptAsync(Wang, "decree-809", Read(second))).Problem?.Kind);
        Assert.Equal(ProposalProblems.FourEyes, (await book.AdoptAsync(Li, "decree-809", Read(second))).Problem?.Kind);
        var changed = (await book.AdoptAsync(Zhao, "decree-809", Read(first))).Problem;
        Assert.Equal(ProposalProblems.Changed, changed?.Kind);
        Assert.Contains("li changed deadlines", changed?.Detail, StringComparison.Ordinal);
        Assert.Contains("version 1, and version 2 waits", (await book.AdoptAsync(Zhao, "decree-809", Read(second) with { Version = 1 })).Problem?.Detail, StringComparison.Ordinal);

        using var again = Open(store);
        Assert.Equal(ProposalProblems.FourEyes, (await again.AdoptAsync(Wang, "decree-809", Read(second))).Problem?.Kind);
        Assert.Equal("decree-809@2", (await again.AdoptAsync(Zhao, "decree-809", Read(second))).Value.Name);
    }

    [Fact]
    public async Task Only_the_Authority_proposes_and_a_profile_without_a_deadline_of_the_decree_is_refused()
    {
        using var folder = new TestFolder();
        using var store = EmbeddedStore.Open(folder.Path, _time).Value;
        using var book = Open(store);
        Assert.Equal(SharingProblems.NotYours, (await book.ProposeAsync(new Caller("x", "mzj", Roles.Head), Year2027)).Problem?.Kind);
        Assert.Equal(CalendarProblems.ProfileUnusable, (await book.ProposeProfileAsync(Wang, Encoding.UTF8.GetBytes(Profile(10).Replace("809/26", "809/99", StringComparison.Ordinal)))).Problem?.Kind);
    }

    private static AsRead Read<T>(Proposal<T> proposal) => new(proposal.Version, proposal.Hash);

    private static string Profile(int answer) => $$$"""
        {"id":"decree-809","jurisdiction":"cn","zone":"Asia/Shanghai","source":"local rules","unusedDays":180,"deadlines":[
        {"article":"809/17-update","workingDays":10,"extensionDays":5,"what":{"zh":"a","en":"a"}},{"article":"809/17-publish","workingDays":2,"what":{"zh":"a","en":"a"}},
        {"article":"809/21-unconditional","workingDays":1,"what":{"zh":"a","en":"a"}},{"article":"809/21-conditional","workingDays":{{{answer}}},"extensionDays":10,"afterSupplement":"resume","what":{"zh":"a","en":"a"}},
        {"article":"809/22","workingDays":20,"what":{"zh":"a","en":"a"}},{"article":"809/26","workingDays":10,"what":{"zh":"a","en":"a"}}]}
        """;

    private CalendarBook Open(EmbeddedStore store)
    {
        var book = new CalendarBook(store.Log, _time);
        book.Load();
        return book;
    }
}
