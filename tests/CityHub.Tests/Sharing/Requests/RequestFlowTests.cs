using System.Text;
using System.Text.Json;
using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using CsCheck;

namespace CityHub.Tests.Sharing.Requests;

public sealed class RequestFlowTests
{
    [Fact]
    public async Task A_request_goes_from_draft_to_the_proof_of_disposal_and_each_step_is_one_fact()
    {
        using var town = new Town();
        var id = (await town.DraftAsync()).Id;
        var request = await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit);
        Assert.Equal(new DateOnly(2026, 3, 16), town.DueDay(request));
        Assert.Equal("decree-809@1", request.Clock?.Deadline.Profile);

        request = await town.DoAsync(id, RequestEvent.Grant);
        Assert.Equal(new DateOnly(2026, 3, 30), town.DueDay(request));
        Assert.Equal((GrantState.Delivering, "sun", "wjw"), (request.Grant?.State, request.Grant?.SignedBy, request.Grant?.Receiver));
        Assert.Equal(["id", "income"], request.Grant?.Obligations.Fields);
        Assert.Equal(new RowRule("area", RowTest.Under, ["500103"]), Assert.Single(request.Grant?.Obligations.Rows ?? []));
        Assert.False(request.Grant?.Obligations.Onward);
        Assert.Equal(MaskKind.Pseudonym, request.Grant?.Obligations.Masks["id"]);

        request = await town.DoAsync(id, RequestEvent.Acknowledge, RequestEvent.Deliver, RequestEvent.Fulfil);
        Assert.Equal(new DateOnly(2026, 4, 1), town.DueDay(request)); // 30 days, not on a rest day
        request = await town.DoAsync(id, RequestEvent.Dispose, RequestEvent.ProveDisposal);
        Assert.Equal(RequestState.Disposed, request.State);
        Assert.Equal(
            ["ShareRequested", "ShareSignedOff", "ShareSubmitted", "ShareGranted", "GrantAcknowledged", "ServiceDelivered", "PurposeFulfilled", "DisposalBegun", "DisposalProved"],
            town.Store.Log.Read(0, RequestBook.StreamName).Select(f => f.Type));
        Assert.Equal(9, request.History.Count);
    }

    [Fact]
    public async Task An_unconditional_dataset_is_answered_the_next_working_day()
    {
        using var town = new Town(now: new DateTimeOffset(2026, 2, 14, 4, 0, 0, TimeSpan.Zero)); // the worked Saturday before Spring Festival
        var request = await town.DraftAsync(Town.Free);
        Assert.Equal(new DateOnly(2026, 2, 24), town.DueDay(await town.DoAsync(request.Id, RequestEvent.SignOff, RequestEvent.Submit)));
    }

    [Fact]
    public async Task What_is_missing_is_asked_once_in_one_list_and_the_clock_starts_again()
    {
        using var town = new Town();
        var id = (await town.DraftAsync()).Id;
        await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit);
        Assert.Equal(RequestProblems.RequestDetailsMissing, (await town.TryAsync(id, RequestEvent.AskMaterials, Town.Giver, """{"missing":[]}""")).Problem?.Kind);
        town.Time.Advance(TimeSpan.FromDays(2));
        var asked = await town.DoAsync(id, RequestEvent.AskMaterials);
        Assert.Null(asked.Clock);
        Assert.Equal(["the claim form", "the decision of the head"], asked.Missing);
        Assert.Equal("chen", Owners.Of(asked, town).Person);
        Assert.Equal(RequestProblems.RequestMaterialsAlreadyAsked, (await town.TryAsync(id, RequestEvent.AskMaterials, Town.Giver)).Problem?.Kind);
        Assert.Equal(RequestProblems.RequestEventNotPossible, (await town.TryAsync(id, RequestEvent.Refuse, Town.Giver)).Problem?.Kind); // refusing outright is impossible

        town.Time.Advance(TimeSpan.FromDays(5));
        var again = await town.DoAsync(id, RequestEvent.Supplement);
        Assert.Equal(new DateOnly(2026, 3, 23), town.DueDay(again));
        Assert.Equal(RequestProblems.RequestMaterialsAlreadyAsked, (await town.TryAsync(id, RequestEvent.AskMaterials, Town.Giver)).Problem?.Kind);
    }

    [Fact]
    public async Task An_answer_is_extended_once_with_the_Authoritys_consent_before_it_is_late()
    {
        using var town = new Town();
        var id = (await town.DraftAsync()).Id;
        await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit);
        Assert.Equal(RequestProblems.RequestExtensionNotAsked, (await town.TryAsync(id, RequestEvent.Extend, Town.Authority)).Problem?.Kind);
        Assert.Equal(SharingProblems.NotYours, (await town.TryAsync(id, RequestEvent.Extend, Town.Giver)).Problem?.Kind);
        var extended = await town.DoAsync(id, RequestEvent.AskExtension, RequestEvent.Extend);
        Assert.Equal(new DateOnly(2026, 3, 30), town.DueDay(extended));
        using (var fact = JsonDocument.Parse(extended.History[^1].Details))
            Assert.Equal("wjw", fact.RootElement.GetProperty("notified").GetString());
        Assert.Equal(RequestProblems.RequestExtendedAlready, (await town.TryAsync(id, RequestEvent.AskExtension, Town.Giver)).Problem?.Kind);
        Assert.Equal(RequestProblems.RequestExtendedAlready, (await town.TryAsync(id, RequestEvent.Extend, Town.Authority)).Problem?.Kind);

        using var late = new Town();
        var second = (await late.DraftAsync()).Id;
        await late.DoAsync(second, RequestEvent.SignOff, RequestEvent.Submit);
        late.Time.Advance(TimeSpan.FromDays(20));
        Assert.Equal(RequestProblems.RequestTooLateToExtend, (await late.TryAsync(second, RequestEvent.AskExtension, Town.Giver)).Problem?.Kind);
    }

    [Theory]
    [InlineData("code")]
    [InlineData("text")]
    [InlineData("basis")]
    [InlineData("wayForward")]
    public async Task A_refusal_without_code_text_basis_or_way_forward_is_none(string without)
    {
        using var town = new Town();
        var id = (await town.DraftAsync()).Id;
        await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit);
        var problem = (await town.TryAsync(id, RequestEvent.Refuse, Town.Giver, Town.Body(RequestEvent.Refuse).Replace($"\"{without}\":", "\"item\":", StringComparison.Ordinal))).Problem;
        Assert.Equal(RequestProblems.RequestRefusalIncomplete, problem?.Kind);
        Assert.Contains(without, problem?.Detail, StringComparison.Ordinal);
        Assert.Equal(RequestState.Refused, (await town.DoAsync(id, RequestEvent.Refuse)).State);
    }

    [Fact]
    public async Task Overdue_goes_to_a_named_head_once_also_over_a_restart_and_grants_nothing()
    {
        using var town = new Town();
        var id = (await town.DraftAsync()).Id;
        await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit);
        town.Time.SetUtcNow(new DateTimeOffset(2026, 3, 16, 15, 59, 59, TimeSpan.Zero)); // 23:59:59 in Shanghai
        Assert.Equal(0, (await town.Requests.RecordPassedAsync()).Value);
        town.Time.Advance(TimeSpan.FromSeconds(1));
        var looks = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => town.Requests.RecordPassedAsync().AsTask()));
        Assert.Equal(1, looks.Sum(l => l.Value));
        town.Open();
        Assert.Equal(0, (await town.Requests.RecordPassedAsync()).Value);
        var request = town.Requests.Find(id);
        Assert.NotNull(request);
        Assert.Equal((RequestState.Submitted, true), (request.State, request.Clock?.Missed));
        Assert.Null(request.Grant);
        Assert.Equal(new Owner("mzj", Roles.Head, "feng"), Owners.Of(request, town));
        // Answered late it goes on; the delay stays in its history.
        var granted = await town.DoAsync(id, RequestEvent.Grant);
        Assert.Equal("sun", Owners.Of(granted, town).Person);
        Assert.Contains(granted.History, s => s.Fact == "DeadlineMissed");
    }

    [Fact]
    public async Task The_watch_finds_by_itself_what_passed_while_the_hub_was_down()
    {
        using var town = new Town();
        var id = (await town.DraftAsync()).Id;
        await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit);
        town.Time.Advance(TimeSpan.FromDays(30));
        town.Open();
        await using var watch = new DeadlineWatch(town.Time, [town.Requests], Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Assert.Equal(1, await watch.LookAsync());
        Assert.Equal(0, await watch.LookAsync());
        Assert.True(town.Requests.Find(id)?.Clock?.Missed);
    }

    [Fact]
    public async Task A_service_is_changed_or_ended_only_after_negotiation_and_filing()
    {
        using var town = new Town();
        var id = (await town.ActiveAsync()).Id;
        Assert.Equal(RequestProblems.RequestNotNegotiated, (await town.TryAsync(id, RequestEvent.EndService, Town.Giver)).Problem?.Kind);
        await town.DoAsync(id, RequestEvent.Negotiate);
        Assert.Equal(RequestProblems.RequestNotNegotiated, (await town.TryAsync(id, RequestEvent.ChangeService, Town.Giver)).Problem?.Kind);
        await town.DoAsync(id, RequestEvent.File);
        var changed = await town.TryAsync(id, RequestEvent.ChangeService, Town.Giver, """{"obligations":{"fields":["income"]}}""");
        Assert.Equal((2, GrantState.Active), (changed.Value.Grant?.Version, changed.Value.Grant?.State));
        Assert.Equal(["income"], changed.Value.Grant?.Obligations.Fields);
        Assert.Equal(RequestProblems.RequestNotNegotiated, (await town.TryAsync(id, RequestEvent.EndService, Town.Giver)).Problem?.Kind); // each change needs its own
        Assert.Equal(RequestState.Terminated, (await town.DoAsync(id, RequestEvent.Negotiate, RequestEvent.File, RequestEvent.EndService)).State);
    }

    [Theory]
    [InlineData("""{"obligations":{"fields":["id","phone"]}}""", "grant-beyond-request")]
    [InlineData("""{"modes":["file"]}""", "grant-beyond-request")]
    [InlineData("""{"rights":["collect"]}""", "grant-beyond-request")]
    [InlineData("""{"until":"2026-12-31T00:00:00Z"}""", "grant-beyond-request")]
    [InlineData("""{"until":"2026-01-01T00:00:00Z"}""", "grant-unusable")]
    [InlineData("""{"obligations":{"fields":[]}}""", "grant-unusable")]
    [InlineData("""{"obligations":{"smallestGroupp":5}}""", "sharing-bad-request")]
    [InlineData("""{"obligations":{"masks":{"income":"partial"}}}""", "grant-not-executable")]
    public async Task A_grant_gives_at_most_what_was_asked_and_what_can_be_executed(string said, string code)
    {
        using var town = new Town();
        var id = (await town.DraftAsync()).Id;
        await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit);
        Assert.Equal(code, (await town.TryAsync(id, RequestEvent.Grant, Town.Giver, said)).Problem?.Code);
        Assert.Equal(RequestState.Submitted, town.Requests.Find(id)?.State);
    }

    [Fact]
    public async Task A_grant_beyond_the_responsibility_list_is_refused_by_the_list()
    {
        using var town = new Town { Responsibility = g => SharingProblems.AccessRefused.Because($"{g.Dataset} is not owed to {g.Receiver}", "x", "item 7") };
        var id = (await town.DraftAsync()).Id;
        await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit);
        Assert.Equal("item 7", (await town.TryAsync(id, RequestEvent.Grant, Town.Giver)).Problem?.Rule);
    }

    [Fact]
    public async Task Who_is_not_meant_does_not_sign_and_a_stranger_does_not_even_see_it()
    {
        using var town = new Town();
        var id = (await town.DraftAsync()).Id;
        Assert.Equal(SharingProblems.NotYours, (await town.TryAsync(id, RequestEvent.SignOff, Town.Clerk)).Problem?.Kind);
        Assert.Equal(SharingProblems.NotYours, (await town.TryAsync(id, RequestEvent.SignOff, Town.Giver)).Problem?.Kind);
        Assert.Equal(RequestProblems.RequestUnknown, (await town.TryAsync(id, RequestEvent.SignOff, Town.Stranger)).Problem?.Kind);
        await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit);
        Assert.Equal(SharingProblems.NotYours, (await town.TryAsync(id, RequestEvent.Grant, Town.GiverClerk)).Problem?.Kind);
        Assert.Equal(SharingProblems.NotYours, (await town.TryAsync(id, RequestEvent.Grant, Town.Officer)).Problem?.Kind);
        Assert.Equal(SharingProblems.NotYours, (await town.TryAsync(id, RequestEvent.DeadlinePassed, Town.Authority)).Problem?.Kind);
    }

    [Fact]
    public async Task Asking_twice_makes_one_request_and_a_new_one_after_the_end_of_the_first()
    {
        using var town = new Town();
        var first = await town.Requests.DraftAsync(Town.Clerk, Town.Wanted());
        var many = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => town.Requests.DraftAsync(Town.Officer, Town.Wanted()).AsTask()));
        Assert.All(many, m => Assert.Equal((first.Value.Request.Id, false), (m.Value.Request.Id, m.Value.New)));
        Assert.NotEqual(first.Value.Request.Id, (await town.Requests.DraftAsync(Town.Clerk, Town.Wanted() with { Purpose = "health/statistics" })).Value.Request.Id);
        await town.DoAsync(first.Value.Request.Id, RequestEvent.Withdraw);
        town.Open();
        Assert.True((await town.Requests.DraftAsync(Town.Clerk, Town.Wanted())).Value.New);
    }

    [Fact]
    public async Task Another_scope_is_a_new_request_on_the_old_grant()
    {
        using var town = new Town();
        var active = await town.ActiveAsync();
        Assert.Equal(RequestProblems.GrantUnknown, (await town.Requests.DraftAsync(Town.Clerk, Town.Wanted() with { OnGrant = "g-nothing" })).Problem?.Kind);
        var wider = await town.Requests.DraftAsync(Town.Clerk, Town.Wanted() with { Area = null, OnGrant = active.Grant?.Id });
        Assert.True(wider.Value.New);
        Assert.Equal(RequestState.Active, town.Requests.Find(active.Id)?.State);
    }

    [Theory]
    [InlineData(Town.Secret, "id", "request-dataset-withheld")]
    [InlineData("nothing", "id", "request-beyond-catalogue")]
    [InlineData(Town.Dataset, "religion", "request-beyond-catalogue")]
    public async Task What_the_catalogue_does_not_offer_is_not_asked_for(string dataset, string field, string code)
    {
        using var town = new Town();
        Assert.Equal(code, (await town.Requests.DraftAsync(Town.Clerk, Town.Wanted(dataset) with { Fields = [field] })).Problem?.Code);
        Assert.Equal(SharingProblems.NotYours, (await town.Requests.DraftAsync(new Caller("x", null, Roles.Citizen), Town.Wanted())).Problem?.Kind);
        Assert.Equal("request-beyond-catalogue", (await town.Requests.DraftAsync(Town.GiverClerk, Town.Wanted())).Problem?.Code);
    }

    [Fact]
    public async Task The_negative_list_stops_a_grant_that_was_asked_for_before()
    {
        using var town = new Town();
        var id = (await town.DraftAsync()).Id;
        await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit);
        town.Negative.Add(Town.Dataset);
        Assert.Equal(RequestProblems.RequestDatasetWithheld, (await town.TryAsync(id, RequestEvent.Grant, Town.Giver)).Problem?.Kind);
    }

    [Fact]
    public async Task A_grant_expires_by_the_clock_and_one_that_nobody_uses_lapses()
    {
        using var town = new Town(now: new DateTimeOffset(2025, 1, 6, 1, 0, 0, TimeSpan.Zero));
        var (used, unused) = ((await town.ActiveAsync()).Id, (await town.Requests.DraftAsync(Town.Clerk, Town.Wanted(Town.Free))).Value.Request.Id);
        await town.DoAsync(unused, RequestEvent.SignOff, RequestEvent.Submit, RequestEvent.Grant, RequestEvent.Deliver);
        town.Time.Advance(TimeSpan.FromDays(364));
        town.Used[RequestRules.GrantId(used)] = town.Time.GetUtcNow();
        town.Time.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, (await town.Requests.RecordPassedAsync()).Value);
        Assert.Equal((RequestState.Active, RequestState.Unnecessary), (town.Requests.Find(used)?.State, town.Requests.Find(unused)?.State));
        Assert.Equal("GrantLapsed", town.Requests.Find(unused)?.History[^1].Fact);
        town.Time.SetUtcNow(new DateTimeOffset(2026, 12, 1, 0, 0, 1, TimeSpan.Zero));
        town.Used[RequestRules.GrantId(used)] = town.Time.GetUtcNow();
        Assert.True((await town.Requests.RecordPassedAsync()).Value >= 1);
        Assert.Equal(RequestState.Expired, town.Requests.Find(used)?.State);
    }

    [Fact]
    public async Task A_new_calendar_moves_a_deadline_only_by_an_explicit_fact()
    {
        using var town = new Town(now: new DateTimeOffset(2026, 9, 21, 1, 0, 0, TimeSpan.Zero));
        var id = (await town.DraftAsync()).Id;
        var before = town.DueDay(await town.DoAsync(id, RequestEvent.SignOff, RequestEvent.Submit));
        Assert.Equal(new DateOnly(2026, 10, 12), before);
        var text = """{"jurisdiction":"cn","year":2026,"source":"a corrected notice","daysOff":[{"name":"国庆节","from":"2026-10-01","to":"2026-10-09"}],"workdays":["2026-09-20"]}""";
        Assert.True((await town.Calendars.ProposeAsync(Town.Authority, Encoding.UTF8.GetBytes(text))).Ok);
        Assert.Equal("cn-2026@2", (await town.Calendars.ApproveAsync(Town.Authority2, "cn", 2026)).Value.Name);
        Assert.Equal(before, town.DueDay(town.Requests.Find(id)!));
        town.Open();
        Assert.Equal(before, town.DueDay(town.Requests.Find(id)!));
        Assert.Equal(SharingProblems.NotYours, (await town.Requests.MoveDeadlinesAsync(Town.Giver, "x")).Problem?.Kind);
        Assert.Equal(1, (await town.Requests.MoveDeadlinesAsync(Town.Authority, "a corrected notice")).Value);
        Assert.Equal(0, (await town.Requests.MoveDeadlinesAsync(Town.Authority, "a corrected notice")).Value);
        Assert.Equal(new DateOnly(2026, 10, 14), town.DueDay(town.Requests.Find(id)!)); // 22–25 and 28–30 September, 12–14 October
        Assert.Equal(RequestBook.Moved, town.Requests.Find(id)!.History[^1].Fact);
    }

    [Fact]
    public async Task Without_the_calendar_of_the_year_nothing_is_submitted()
    {
        using var town = new Town(now: new DateTimeOffset(2026, 12, 28, 1, 0, 0, TimeSpan.Zero));
        var draft = await town.Requests.DraftAsync(Town.Clerk, Town.Wanted() with { Until = new DateTimeOffset(2027, 12, 1, 0, 0, 0, TimeSpan.Zero) });
        await town.DoAsync(draft.Value.Request.Id, RequestEvent.SignOff);
        Assert.Equal(CalendarProblems.CalendarYearMissing, (await town.TryAsync(draft.Value.Request.Id, RequestEvent.Submit, Town.Officer)).Problem?.Kind);
        Assert.Equal(RequestState.SignedOff, town.Requests.Find(draft.Value.Request.Id)?.State);
    }

    [Fact]
    public void A_request_is_never_without_an_owner_whatever_happens_and_its_deadline_never_rests_nor_moves_by_itself() =>
        Gen.Int[0, (Enum.GetValues<RequestEvent>().Length * 4) - 1].Array[5, 60].Sample(
            Walk, iter: 60, threads: 1);

    private static void Walk(int[] choices)
    {
        using var town = new Town();
        // The provider loses its officer, the applicant its head: the owner has to be somebody all the same.
        town.Put(new Department("mzj", new("民政局", "civil affairs"), "500100", 3, "sf"));
        var id = town.DraftAsync().GetAwaiter().GetResult().Id;
        foreach (var choice in choices)
        {
            var before = town.Requests.Find(id)!;
            var happened = (RequestEvent)(choice / 4);
            if (choice % 4 == 3)
                town.Time.Advance(TimeSpan.FromHours(choice));
            var facts = town.Store.Log.Head;
            if (happened == RequestEvent.DeadlinePassed || happened == RequestEvent.Expire || happened == RequestEvent.Lapse)
                Assert.True(town.Requests.RecordPassedAsync().AsTask().GetAwaiter().GetResult().Ok);
            else
                _ = town.TryAsync(id, happened, Town.WhoMay(happened)).AsTask().GetAwaiter().GetResult();
            var after = town.Requests.Find(id)!;
            Assert.InRange(town.Store.Log.Head - facts, 0, 1);
            if (town.Store.Log.Head == facts)
                Assert.Equal((before.State, before.Clock), (after.State, after.Clock));
            var owner = Owners.Of(after, town);
            Assert.True(owner.Department.Length > 0 && owner.Person.Length > 0 && owner.Role != Roles.None && town.Find(owner.Department) is not null, $"{after.State}: {owner}");
            if (after.Clock is { } clock)
                Assert.True(town.Calendars.Calendar.IsWorkingDay(Clock.DayOf(clock.Deadline.Due, town.Calendars.Profile.TimeZone)).Value);
        }

        var live = town.Requests.Find(id)!;
        town.Open();
        var again = town.Requests.Find(id)!;
        Assert.Equal((live.State, live.Clock, live.Extended, live.Negotiated, live.Filed, live.History.Count, live.EscalatedTo), (again.State, again.Clock, again.Extended, again.Negotiated, again.Filed, again.History.Count, again.EscalatedTo));
    }
}
