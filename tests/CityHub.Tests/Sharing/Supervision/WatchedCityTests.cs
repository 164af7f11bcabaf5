using CityHub.Core.Problems;
using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Corrections;
using CityHub.Sharing.Disputes;
using CityHub.Sharing.FlowBack;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using CityHub.Sharing.Responsibilities;
using CityHub.Sharing.Supervision;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Supervision;

/// <summary>Each concrete item of arts 39 to 41 from what departments do in the books to the case that supervision finds, and the story in which it finds none.</summary>
public sealed class WatchedCityTests
{
    [Fact]
    public async Task Item_39_1_An_entry_that_is_no_longer_right_is_renewed_in_ten_working_days_or_it_is_a_case_until_it_is()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.City.PublishAsync(Entry("population"));
        Ok(await KeepCatalogueRight.ReportAsync(city.City.Catalogue, city.As("police-officer"), "population", "a new law"));
        city.Days(13);
        await city.NothingAsync("39(1)");
        city.Days(3);
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(1)"));
        await city.City.PublishAsync(Entry("population"));
        Assert.Equal(("police", ViolationState.Rectified), await StandsAsync(city, "39(1)"));
    }

    [Fact]
    public async Task Item_39_1_What_was_handed_in_on_time_and_lies_with_the_authority_is_no_case_and_its_clock_goes_on_when_it_is_sent_back()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.City.PublishAsync(Entry("population"));
        var (book, id) = (city.City.Catalogue, "population");
        Ok(await DraftDataset.DraftAsync(book, city.As("police-officer"), Entry(id)));
        city.Days(7);
        Ok(await AssessDataset.AssessAsync(book, city.As("police-sharing"), id, AssessDataset.Secrecy, true, "nothing secret"));
        Ok(await ApproveDataset.ApproveAsync(book, city.As("police-head"), id));
        Ok(await SubmitDataset.SubmitAsync(book, city.As("police-sharing"), id));
        city.Days(30);
        await city.NothingAsync("39(1)");
        Ok(await book.RecordPassedAsync());
        Assert.DoesNotContain(city.Log.Read(0, CatalogueBook.StreamName), f => f.Type == nameof(CatalogueDeadlineMissed) && System.Text.Encoding.UTF8.GetString(f.Payload.Span).Contains("17-update", StringComparison.Ordinal));

        Ok(await PublishDataset.ReturnAsync(book, Director, id, "the abstract says nothing"));
        city.Days(6);
        await city.NothingAsync("39(1)");
        city.Days(8); // five of the ten working days were left
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(1)"));
    }

    [Fact]
    public async Task Item_39_1_Rows_of_an_entry_that_nobody_published_are_a_case_of_the_department_whose_they_are()
    {
        await using var city = await WatchedCity.StartAsync();
        var book = city.City.Catalogue;
        foreach (var (id, d) in new[] { ("residents", "police"), ("claims", "welfare") })
        {
            Ok(await DraftDataset.DraftAsync(book, city.As($"{d}-officer"), Entry(id, d)));
            Ok(await AssessDataset.AssessAsync(book, city.As($"{d}-sharing"), id, AssessDataset.Secrecy, true, "nothing secret"));
            Ok(await ApproveDataset.ApproveAsync(book, city.As($"{d}-head"), id));
        }

        await city.DeliverAsync("residents", "police-officer");
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(1)"));
        Ok(await SubmitDataset.SubmitAsync(book, city.As("welfare-sharing"), "claims"));
        Ok(await PublishDataset.PublishAsync(book, Director, "claims"));
        await city.DeliverAsync("claims", "welfare-officer");
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(1)")); // another dataset's publication ends nothing, and is no case
        Ok(await SubmitDataset.SubmitAsync(book, city.As("police-sharing"), "residents"));
        Ok(await PublishDataset.PublishAsync(book, Director, "residents"));
        Assert.Equal(("police", ViolationState.Rectified), await StandsAsync(city, "39(1)"));
    }

    [Fact]
    public async Task Item_39_2_A_condition_that_the_catalogue_does_not_list_is_a_case_until_that_condition_is_taken_back()
    {
        await using var city = await WatchedCity.StartAsync();
        var request = await city.SubmittedAsync();
        await city.DoAsync(request, RequestEvent.AskMaterials, "police-sharing", """{"missing":["the claim form"]}""");
        await city.NothingAsync("39(2)");
        await city.TellAsync(new Evidence.ConditionAdded(default, "police", 0, request.Id, "a letter of the minister"));
        await city.TellAsync(new Evidence.ConditionLifted(default, "police", 0, request.Id, "another condition"));
        await city.TellAsync(new Evidence.ConditionLifted(default, "welfare", 0, request.Id, "a letter of the minister"));
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(2)"));
        await city.TellAsync(new Evidence.ConditionLifted(default, "police", 0, request.Id, "a letter of the minister"));
        Assert.Equal(("police", ViolationState.Rectified), await StandsAsync(city, "39(2)"));
    }

    [Fact]
    public async Task Item_39_3_What_the_lead_source_asked_for_is_given_in_time_by_the_department_that_was_asked()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.TellAsync(new Evidence.UpdateAsked(default, "police", 0, "address", city.In(10), "population"));
        await city.TellAsync(new Evidence.UpdateAsked(default, "welfare", 0, "address", city.In(10), "claims"));
        await city.TellAsync(new Evidence.UpdateGiven(default, "welfare", 0, "address", "claims"));
        await city.TellAsync(new Evidence.UpdateGiven(default, "police", 0, "address", "vehicles"));
        city.Days(9);
        await city.NothingAsync("39(3)");
        city.Days(2);
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(3)"));
    }

    [Fact]
    public async Task Item_39_3_The_lead_source_itself_asks_and_the_profile_says_by_when_and_nobody_else_does()
    {
        await using var city = await WatchedCity.StartAsync();
        Ok(await NameLeadSource.NameAsync(city.City.Catalogue, Director, "address:text", "police", "its duty by law"));
        var asked = new Evidence.UpdateAsked(default, "welfare", 0, "address:text", city.In(1));
        Refused(await city.Room.RecordAsync(city.As("fire-officer"), asked), SharingProblems.NotYours);
        await city.TellAsync(asked, "police-officer");
        Refused(await city.Room.RecordAsync(city.As("welfare-officer"), new Evidence.UpdateGiven(default, "welfare", 0, "address:text")), SharingProblems.NotYours); // nobody ends his own case
        city.Days(13);
        await city.NothingAsync("39(3)");
        city.Days(2);
        Assert.Equal(("welfare", ViolationState.Detected), await StandsAsync(city, "39(3)"));
        await city.TellAsync(new Evidence.UpdateGiven(default, "welfare", 0, "address:text"), "police-officer");
        Assert.Equal(("welfare", ViolationState.Rectified), await StandsAsync(city, "39(3)"));
    }

    [Fact]
    public async Task Item_39_4_A_request_is_answered_and_delivered_in_time_or_the_provider_has_a_case_for_each()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.GrantedAsync();
        await city.City.PublishAsync(Entry("vehicles"));
        await city.NothingAsync("39(4)");
        var request = await city.SubmittedAsync("vehicles");
        city.Days(16);
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(4)"));
        await city.DoAsync(request, RequestEvent.Grant, "police-sharing");
        Assert.Equal(("police", ViolationState.Rectified), await StandsAsync(city, "39(4)"));
        city.Days(35);
        Assert.Equal([ViolationState.Detected, ViolationState.Rectified], (await city.LookAsync()).Where(c => c.Violation.Item == "39(4)").Select(c => c.State).Order());
    }

    [Fact]
    public async Task Item_39_5_Data_of_a_district_flow_back_to_it_when_it_asked_and_not_to_another()
    {
        await using var city = await WatchedCity.StartAsync();
        foreach (var (id, code) in new[] { ("east", "990101"), ("west", "990102") })
            Ok(await RegisterDepartment.RegisterAsync(city.City.Parties, Director, new Department(id, new Words(id, id), code, 4, "police")));
        await city.City.PublishAsync(Entry("population") with { Area = "town" });
        foreach (var receiver in new[] { "east", "west" })
            await city.TellAsync(new Evidence.FlowBackAsked(default, "police", 0, "population", receiver, city.In(20)));
        Ok(await city.Rooms.OpenFlowBackAsync(city.As("police-sharing"), new OpenFlowBack.Request("population", "west", "rescue", "decree 809, art. 24", city.In(300), Obligations.Nothing)));
        city.Days(19);
        await city.NothingAsync("39(5)");
        city.Days(2);
        Assert.Equal("population to east", (await city.FoundAsync("39(5)")).Violation.Matter);
        Ok(await city.Rooms.OpenFlowBackAsync(city.As("police-sharing"), new OpenFlowBack.Request("population", "east", "rescue", "decree 809, art. 24", city.In(300), Obligations.Nothing)));
        Assert.Equal(("police", ViolationState.Rectified), await StandsAsync(city, "39(5)"));
    }

    [Fact]
    public async Task Item_39_5_A_district_asks_for_its_own_data_and_nobody_asks_for_what_is_not_owed_to_him()
    {
        await using var city = await WatchedCity.StartAsync();
        Ok(await RegisterDepartment.RegisterAsync(city.City.Parties, Director, new Department("east", new Words("东区", "east"), "990101", 4, "police")));
        await city.City.AppointAsync("east-officer", "east", Roles.DataOfficer);
        await city.City.PublishAsync(Entry("population") with { Area = "town" });
        var asked = new Evidence.FlowBackAsked(default, "police", 0, "population", "east", city.In(1));
        Refused(await city.Room.RecordAsync(city.As("fire-officer"), asked), SharingProblems.NotYours);
        Refused(await city.Room.RecordAsync(city.As("fire-officer"), asked with { Receiver = "fire" }), FlowBackProblems.FlowBackNotBelow);
        Refused(await city.Room.RecordAsync(city.As("east-officer"), asked with { Department = "welfare" }), RequestProblems.RequestBeyondCatalogue);
        await city.TellAsync(asked, "east-officer");
        city.Days(20);
        await city.NothingAsync("39(5)"); // twenty working days, whatever it said
        city.Days(12);
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(5)"));
    }

    [Fact]
    public async Task Item_39_5_What_its_provider_cannot_open_or_has_opened_is_not_owed()
    {
        await using var city = await WatchedCity.StartAsync();
        foreach (var (id, level) in new[] { ("east", 4), ("odd", 3) }) // the second has a code below and stands no lower
            Ok(await RegisterDepartment.RegisterAsync(city.City.Parties, Director, new Department(id, new Words(id, id), "990101", level, "police")));
        await city.City.AppointAsync("east-officer", "east", Roles.DataOfficer);
        foreach (var (id, change) in new (string, Func<Dataset, Dataset>)[] { ("population", d => d with { Area = "town" }), ("placeless", d => d), ("negative", d => d with { Area = "town" }) })
            await city.City.PublishAsync(change(Entry(id)));
        Ok(await NegativeList.ListAsync(city.City.Lists, Director, "negative", "《中华人民共和国档案法》第二十八条"));
        Task<Result<long>> AskAsync(string dataset, string receiver = "east", string by = "east-officer") =>
            city.Room.RecordAsync(city.As(by), new Evidence.FlowBackAsked(default, "police", 0, dataset, receiver, default)).AsTask();
        Refused(await AskAsync("placeless"), FlowBackProblems.FlowBackNoArea);
        Refused(await AskAsync("negative"), RequestProblems.RequestDatasetWithheld);
        Refused(await AskAsync("population", "odd", "auth-1"), FlowBackProblems.FlowBackNotBelow);

        Ok(await city.Rooms.OpenFlowBackAsync(city.As("police-sharing"), new OpenFlowBack.Request("population", "east", "rescue", "decree 809, art. 24", city.In(10), Obligations.Nothing)));
        Refused(await AskAsync("population"), RequestProblems.GrantStands);
        city.Days(11);
        Ok(await AskAsync("population")); // it has run out
        city.Days(35);
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(5)"));
    }

    [Fact]
    public async Task Item_39_6_A_correction_is_answered_in_ten_working_days()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.City.PublishAsync(Entry("population"));
        async Task<string> FileAsync(string record) =>
            (await city.Rooms.Corrections.FileAsync(city.As("fire-officer"), "population", "town", new Claim(record, "990102"), [], false, null, TestContext.Current.CancellationToken)).Value.Id;
        var answered = await FileAsync("1");
        Ok(await city.Rooms.Corrections.HappenAsync(answered, CorrectionEvent.Verify, city.As("police-officer"), ""));
        Ok(await city.Rooms.Corrections.HappenAsync(answered, CorrectionEvent.Correct, city.As("police-sharing"), ""));
        var late = await FileAsync("2");
        city.Days(13);
        await city.NothingAsync("39(6)");
        city.Days(3);
        Assert.Contains(late, (await city.FoundAsync("39(6)")).Violation.Matter, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Item_39_7_A_dataset_that_is_withdrawn_under_its_receivers_is_a_case_until_it_is_back()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.GrantedAsync();
        Ok(await WithdrawDataset.WithdrawAsync(city.City.Catalogue, city.As("police-head"), "population", "we need it no more"));
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(7)"));
        await city.City.PublishAsync(Entry("population") with { Area = "town" });
        Assert.Equal(("police", ViolationState.Rectified), await StandsAsync(city, "39(7)"));
        Ok(await WithdrawDataset.WithdrawAsync(city.City.Catalogue, city.As("police-head"), "population", "once more"));
        Assert.Equal([(1, ViolationState.Rectified), (2, ViolationState.Detected)], (await city.LookAsync()).Where(c => c.Violation.Item == "39(7)").Select(c => (c.Violation.Occurrence, c.State)).Order());
    }

    [Fact]
    public async Task Item_39_7_A_service_that_was_negotiated_and_filed_before_it_ended_is_none()
    {
        await using var city = await WatchedCity.StartAsync();
        var request = await city.GrantedAsync();
        await city.DoAsync(request, RequestEvent.Negotiate, "police-sharing", """{"text":"they have another source"}""");
        await city.DoAsync(request, RequestEvent.File, "auth-1", """{"text":"filed"}""");
        await city.DoAsync(request, RequestEvent.EndService, "police-sharing");
        Ok(await WithdrawDataset.WithdrawAsync(city.City.Catalogue, city.As("police-head"), "population", "nobody is left"));
        await city.NothingAsync("39(7)");
    }

    [Fact]
    public async Task Item_39_8_A_platform_becomes_part_of_the_system_by_its_date()
    {
        await using var city = await WatchedCity.StartAsync();
        foreach (var platform in new[] { "his", "gis" })
            await city.TellAsync(new Evidence.PlatformRegistered(default, "police", 0, platform, city.In(60)));
        await city.TellAsync(new Evidence.PlatformIncorporated(default, "police", 0, "gis"));
        city.Days(59);
        await city.NothingAsync("39(8)");
        city.Days(2);
        Assert.Equal("his", (await city.FoundAsync("39(8)")).Violation.Matter);
    }

    [Fact]
    public async Task Item_39_8_A_department_has_the_time_of_the_profile_whatever_it_says()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.TellAsync(new Evidence.PlatformRegistered(default, "police", 0, "his", city.In(100_000)), "police-officer");
        city.Days(80);
        await city.NothingAsync("39(8)");
        city.Days(30);
        Assert.Equal(("police", ViolationState.Detected), await StandsAsync(city, "39(8)")); // sixty working days
    }

    [Fact]
    public async Task Item_40_1_A_form_that_asks_for_what_another_department_publishes_is_a_case_each_time_it_is_used()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.City.PublishAsync(Entry("population"));
        var book = city.City.Catalogue;
        var other = new CollectionForm("f-1", "", new Words("申报", "claim"), [Field("reason")]);
        var twice = other with { Id = "f-2", Fields = [Field("town")] };
        Ok(await DeclareCollectionForm.DeclareAsync(book, city.As("welfare-officer"), other, insist: false));
        Refused(await DeclareCollectionForm.DeclareAsync(book, city.As("welfare-officer"), twice, insist: false), CatalogueProblems.CollectedTwice);
        await city.NothingAsync("40(1)");
        for (var time = 1; time <= 2; time++)
        {
            Ok(await DeclareCollectionForm.DeclareAsync(book, city.As("welfare-officer"), twice, insist: true));
            var found = Assert.Single(await city.LookAsync(), c => c.Violation.Item == "40(1)" && c.State == ViolationState.Detected).Violation;
            Assert.Equal(("welfare", "f-2/town", time), (found.Department, found.Matter, found.Occurrence));
            Ok(await DeclareCollectionForm.EndAsync(book, city.As("welfare-officer"), "f-2"));
            Assert.DoesNotContain(await city.LookAsync(), c => c.State == ViolationState.Detected);
        }
    }

    [Fact]
    public async Task Item_40_2_and_40_3_are_the_grants_to_say_and_not_the_receivers()
    {
        await using var city = await WatchedCity.StartAsync();
        var grant = (await city.GrantedAsync()).Grant!.Id;
        Evidence.Used Use(string purpose, string? third = null) => new(default, "fire", 0, grant, purpose, WithinPurpose: true, third, OnwardPermitted: true);
        await city.TellAsync(Use("rescue"));
        await city.NothingAsync("40(2)");
        await city.NothingAsync("40(3)");
        Refused(await city.Room.RecordAsync(city.As("welfare-officer"), Use("rescue") with { Department = "welfare" }), RequestProblems.GrantUnknown);
        Refused(await city.Room.RecordAsync(city.As("welfare-officer"), Use("rescue")), SharingProblems.NotYours);

        await city.TellAsync(Use("welfare"));
        Assert.Equal(("fire", ViolationState.Detected), await StandsAsync(city, "40(2)"));
        await city.NothingAsync("40(3)");
        await city.TellAsync(Use("rescue", "an insurer"));
        Assert.Equal(("fire", ViolationState.Detected), await StandsAsync(city, "40(3)"));
    }

    [Fact]
    public async Task What_was_put_right_and_is_done_again_is_another_case()
    {
        await using var city = await WatchedCity.StartAsync();
        var grant = (await city.GrantedAsync()).Grant!.Id;
        var use = new Evidence.Used(default, "fire", 0, grant, "welfare", true, null, true);
        await city.TellAsync(use);
        await city.TellAsync(use);
        await city.FoundAsync("40(2)");
        await city.TellAsync(new Evidence.UseRectified(default, "welfare", 0, grant));
        Assert.Equal(ViolationState.Detected, (await city.FoundAsync("40(2)")).State); // another department's word about the same grant
        await city.TellAsync(new Evidence.UseRectified(default, "fire", 0, grant));
        Assert.Equal(ViolationState.Rectified, (await city.FoundAsync("40(2)")).State);
        await city.TellAsync(use);
        Assert.Equal([$"40(2)/fire/{grant}", $"40(2)/fire/{grant}~2"], (await city.LookAsync()).Where(c => c.Violation.Item == "40(2)").Select(c => c.Violation.Id));
    }

    [Fact]
    public async Task Item_40_4_What_was_received_is_destroyed_within_the_time_of_the_grant()
    {
        await using var city = await WatchedCity.StartAsync();
        var kept = await city.GrantedAsync();
        await city.City.PublishAsync(Entry("vehicles"));
        var gone = await city.GrantedAsync("vehicles");
        foreach (var request in new[] { kept, gone })
            await city.DoAsync(request, RequestEvent.Fulfil, "fire-officer");
        await city.DoAsync(gone, RequestEvent.Dispose, "fire-officer");
        await city.DoAsync(gone, RequestEvent.ProveDisposal, "fire-sharing", $$"""{"method":"overwritten","documents":[{"name":"proof","sha256":"{{new string('b', 64)}}"}]}""");
        city.Days(29);
        await city.NothingAsync("40(4)");
        city.Days(6);
        var found = (await city.FoundAsync("40(4)")).Violation;
        Assert.Equal(("fire", kept.Grant!.Id), (found.Department, found.Matter));
    }

    [Fact]
    public async Task Item_40_5_Rows_that_were_taken_are_accounted_for_within_the_month_and_the_public_owes_nothing()
    {
        await using var city = await WatchedCity.StartAsync();
        var grant = (await city.GrantedAsync()).Grant!.Id;
        await city.ReleaseAsync(grant, "fire");
        await city.ReleaseAsync("open", "public");
        await city.TellAsync(new Evidence.Used(default, "fire", 0, grant, "rescue", true, null, true));
        city.Days(40);
        await city.NothingAsync("40(5)");
        await city.ReleaseAsync(grant, "fire");
        await city.ReleaseAsync(grant, "fire");
        city.Days(32);
        Assert.Equal(("fire", ViolationState.Detected), await StandsAsync(city, "40(5)"));
        await city.TellAsync(new Evidence.Used(default, "fire", 0, grant, "rescue", true, null, true));
        Assert.Equal(("fire", ViolationState.Rectified), await StandsAsync(city, "40(5)"));
        using var again = new SupervisionBook(city.Log, city.Clock);
        again.Load();
        Assert.Equal(0, (await again.ReviewAsync(new EvidenceReader(city.Log, again).Read())).Value); // a start counts the same
    }

    [Fact]
    public async Task Item_40_6_A_duty_of_security_that_was_neglected_is_a_case_until_that_duty_is_met()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.TellAsync(new Evidence.DutyMet(default, "fire", 0, "review/2026"));
        await city.NothingAsync("40(6)");
        await city.TellAsync(new Evidence.DutyNeglected(default, "fire", 0, "account/station-4", "shared-account"));
        await city.TellAsync(new Evidence.DutyMet(default, "fire", 0, "review/2026"));
        Assert.Equal(("fire", ViolationState.Detected), await StandsAsync(city, "40(6)"));
    }

    [Fact]
    public async Task Item_41_1_Of_an_item_that_two_departments_collect_the_authority_names_the_lead_source()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.City.PublishAsync(Entry("population", "police", Field("address"), Field("plate")));
        await city.City.PublishAsync(Entry("claims", "welfare", Field("address"), Field("claim")));
        await city.NothingAsync("41(1)");
        city.Days(20);
        await city.NothingAsync("41(1)");
        city.Days(15);
        var found = (await city.FoundAsync("41(1)")).Violation;
        Assert.Equal(("data-bureau", "address:text"), (found.Department, found.Matter));
        await city.NothingAsync("40(1)"); // nobody leads yet
        Ok(await NameLeadSource.NameAsync(city.City.Catalogue, Director, "address:text", "police", "its duty by law"));
        Assert.Equal(("data-bureau", ViolationState.Rectified), await StandsAsync(city, "41(1)"));
        Assert.Equal("claims/address", (await city.FoundAsync("40(1)")).Violation.Matter); // now one leads, and the other goes on collecting
    }

    [Fact]
    public async Task Item_41_1_The_clock_goes_on_when_another_department_becomes_the_authority_too()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.City.PublishAsync(Entry("population", "police", Field("address"), Field("plate")));
        await city.City.PublishAsync(Entry("claims", "welfare", Field("address"), Field("claim")));
        await city.NothingAsync("41(1)");
        city.Days(20);
        await city.City.AppointAsync("a-director", "welfare", Roles.Authority); // before auth-1 in the order of names
        await city.NothingAsync("41(1)");
        Assert.DoesNotContain(city.Book.Evidence, e => e is Evidence.LeadSourceNamed);
        city.Days(15);
        Assert.Equal("data-bureau", (await city.FoundAsync("41(1)")).Violation.Department);
        Ok(await NameLeadSource.NameAsync(city.City.Catalogue, Director, "address:text", "police", "its duty by law"));
        Assert.Equal(("data-bureau", ViolationState.Rectified), await StandsAsync(city, "41(1)"));
    }

    [Fact]
    public async Task Item_41_2_A_dispute_that_came_to_the_authority_is_settled_or_ruled_upon_in_its_time()
    {
        await using var city = await WatchedCity.StartAsync();
        var book = city.Rooms.Disputes;
        async Task<string> BringAsync(string title)
        {
            var raised = await book.RaiseAsync(city.As("fire-sharing"), "r-1", "police", title, new Position("", "we need it", default, []));
            Ok(raised);
            Ok(await book.HappenAsync(raised.Value.Id, DisputeEvent.Escalate, city.As("fire-sharing"), "no answer", "", []));
            return raised.Value.Id;
        }

        var ruled = await BringAsync("one");
        var forgotten = await BringAsync("two");
        Ok(await book.HappenAsync(ruled, DisputeEvent.State, city.As("police-sharing"), "it is personal", "", []));
        Ok(await book.HappenAsync(ruled, DisputeEvent.Rule, Director, "by verification", "decree 809, art. 22", []));
        city.Days(41);
        await city.NothingAsync("41(2)");
        city.Days(8);
        var found = (await city.FoundAsync("41(2)")).Violation;
        Assert.Equal(("data-bureau", forgotten), (found.Department, found.Matter));
        Ok(await book.HappenAsync(forgotten, DisputeEvent.Withdraw, city.As("fire-sharing"), "", "", []));
        Assert.Equal(("data-bureau", ViolationState.Rectified), await StandsAsync(city, "41(2)"));
    }

    [Fact]
    public async Task What_was_referred_stays_referred_until_it_is_closed_by_hand()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.TellAsync(new Evidence.DutyNeglected(default, "fire", 0, "account/station-4", "shared-account"));
        var id = (await city.FoundAsync("40(6)")).Violation.Id;
        Refused(await city.Book.CloseAsync(id, "auth-1", "enough"), SupervisionProblems.NotPossible);
        Ok(await city.Book.ReferAsync(id, "auth-1", "discipline", grave: true, "a year of it"));
        await city.TellAsync(new Evidence.DutyMet(default, "fire", 0, "account/station-4"));
        var stands = await city.FoundAsync("40(6)");
        Assert.Equal(ViolationState.Referred, stands.State);
        Assert.NotNull(stands.Violation.RectifiedAt);
        Ok(await city.Book.CloseAsync(id, "auth-1", "a warning was given"));
        Assert.Equal(ViolationState.Closed, (await city.FoundAsync("40(6)")).State);
        using var again = new SupervisionBook(city.Log, city.Clock);
        again.Load();
        Assert.Equal((ViolationState.Closed, "discipline"), (again.Cases[id].State, again.Cases[id].ReferredTo));
    }

    [Fact]
    public async Task A_hub_that_starts_again_finds_the_same()
    {
        await using var city = await WatchedCity.StartAsync();
        await city.GrantedAsync();
        Ok(await WithdrawDataset.WithdrawAsync(city.City.Catalogue, city.As("police-head"), "population", "we need it no more"));
        var before = (await city.LookAsync()).Select(c => (c.Violation.Id, c.State)).ToList();
        using var book = new SupervisionBook(city.Log, city.Clock);
        book.Load();
        var found = await book.ReviewAsync(new EvidenceReader(city.Log, book).Read());
        Assert.Equal(0, found.Value);
        Assert.Equal(before, book.Cases.Values.Select(c => (c.Violation.Id, c.State)));
    }

    private static async Task<(string Department, ViolationState State)> StandsAsync(WatchedCity city, string item)
    {
        var found = await city.FoundAsync(item);
        return (found.Violation.Department, found.State);
    }
}
