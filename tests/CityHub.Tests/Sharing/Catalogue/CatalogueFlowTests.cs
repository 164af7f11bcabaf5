using CityHub.Core.Facts;
using System.Text;
using CityHub.Core.Tables;
using CityHub.Sharing;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Responsibilities;
using CsCheck;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Catalogue;

public sealed class CatalogueFlowTests
{
    [Fact]
    public async Task An_entry_goes_its_way_and_a_second_version_takes_the_place_of_the_first()
    {
        await using var city = await StartAsync();
        var first = await city.PublishAsync(Entry("population"));
        Assert.Equal((1, DatasetState.Published), (first.Version, first.State));
        await city.PublishAsync(Entry("population") with { Format = "csv" });

        var entry = city.Catalogue.Entry("population");
        Assert.NotNull(entry);
        Assert.Equal((2, "csv"), (entry.Published?.Version, entry.Published?.Format));
        Assert.Equal(DatasetState.Superseded, Assert.Single(entry.Past).State);
        Assert.Single(city.Catalogue.Published);
    }

    [Fact]
    public async Task While_a_new_version_is_worked_on_the_published_one_is_what_others_find()
    {
        await using var city = await StartAsync();
        await city.PublishAsync(Entry("population"));
        Ok(await DraftDataset.DraftAsync(city.Catalogue, city.As("police-officer"), Entry("population") with { Format = "csv" }));
        Assert.Equal("table", city.Catalogue.Find("population")?.Format);
    }

    [Fact]
    public async Task Who_drafts_does_not_assess_approve_or_publish()
    {
        await using var city = await StartAsync();
        await city.AppointAsync("police-officer", "police", Roles.Head);
        Ok(await DraftDataset.DraftAsync(city.Catalogue, city.As("police-officer"), Entry("population")));
        Refused(await AssessDataset.AssessAsync(city.Catalogue, city.As("police-officer"), "population", AssessDataset.Secrecy, true, "fine"), ProposalProblems.FourEyes);
        Ok(await AssessDataset.AssessAsync(city.Catalogue, city.As("police-sharing"), "population", AssessDataset.Secrecy, true, "fine"));
        Refused(await ApproveDataset.ApproveAsync(city.Catalogue, city.As("police-officer"), "population"), ProposalProblems.FourEyes);
        Refused(await ApproveDataset.ApproveAsync(city.Catalogue, city.As("fire-head"), "population"), SharingProblems.NotYours);
        Ok(await ApproveDataset.ApproveAsync(city.Catalogue, city.As("police-head"), "population"));
        Refused(await PublishDataset.PublishAsync(city.Catalogue, Director, "population"), CatalogueProblems.StepNotPossible);
        Ok(await SubmitDataset.SubmitAsync(city.Catalogue, city.As("police-sharing"), "population"));
        Refused(await PublishDataset.PublishAsync(city.Catalogue, city.As("police-head"), "population"), SharingProblems.NotYours);
    }

    [Fact]
    public async Task What_says_something_about_people_is_not_approved_without_its_assessment()
    {
        await using var city = await StartAsync();
        var entry = Entry("population", "police", Field("name") with { Personal = true });
        Ok(await DraftDataset.DraftAsync(city.Catalogue, city.As("police-officer"), entry));
        Ok(await AssessDataset.AssessAsync(city.Catalogue, city.As("police-sharing"), "population", AssessDataset.Secrecy, true, "fine"));
        var problem = Refused(await ApproveDataset.ApproveAsync(city.Catalogue, city.As("police-head"), "population"), CatalogueProblems.NotAssessed);
        Assert.Contains(AssessDataset.PersonalInformation, problem.Detail, StringComparison.Ordinal);
        Ok(await AssessDataset.AssessAsync(city.Catalogue, city.As("police-sharing"), "population", AssessDataset.PersonalInformation, false, "too much"));
        Refused(await ApproveDataset.ApproveAsync(city.Catalogue, city.As("police-head"), "population"), CatalogueProblems.NotAssessed);
    }

    [Fact]
    public async Task A_published_entry_that_changes_is_due_in_ten_working_days_and_five_more_with_consent()
    {
        await using var city = await StartAsync();
        await city.PublishAsync(Entry("population"));
        Ok(await KeepCatalogueRight.ReportAsync(city.Catalogue, city.As("police-officer"), "population", "a new law"));
        // Wednesday 4 March 2026 is not counted; no holiday lies before the 18th.
        Assert.Equal(new DateTimeOffset(2026, 3, 18, 15, 59, 59, TimeSpan.Zero), Whole(city.Catalogue.Entry("population")?.UpdateDue?.Due));
        Refused(await KeepCatalogueRight.ExtendAsync(city.Catalogue, city.As("police-head"), "population"), SharingProblems.NotYours);
        Ok(await KeepCatalogueRight.ExtendAsync(city.Catalogue, Director, "population"));
        Assert.Equal(new DateTimeOffset(2026, 3, 25, 15, 59, 59, TimeSpan.Zero), Whole(city.Catalogue.Entry("population")?.UpdateDue?.Due));
        Refused(await KeepCatalogueRight.ExtendAsync(city.Catalogue, Director, "population"), CalendarProblems.DeadlineNotExtendable);
        await city.PublishAsync(Entry("population") with { Format = "csv" });
        Assert.Null(city.Catalogue.Entry("population")?.UpdateDue);
    }

    [Fact]
    public async Task A_clock_that_ran_out_is_a_fact_and_is_said_once()
    {
        await using var city = await StartAsync();
        await city.PublishAsync(Entry("population"));
        Ok(await KeepCatalogueRight.ReportAsync(city.Catalogue, city.As("police-officer"), "population", "a new law"));
        Assert.Equal(0, (await city.Catalogue.RecordPassedAsync()).Value);
        city.Clock.Advance(TimeSpan.FromDays(15));
        Assert.Equal(1, (await city.Catalogue.RecordPassedAsync()).Value);
        Assert.Equal(0, (await city.Catalogue.RecordPassedAsync()).Value);
        await city.ReopenAsync();
        Assert.Equal(0, (await city.Catalogue.RecordPassedAsync()).Value);
        var fact = Assert.Single(city.Store.Log.Read(0, CatalogueBook.StreamName), f => f.Type == "CatalogueDeadlineMissed");
        Assert.Contains("\"department\":\"police\"", Encoding.UTF8.GetString(fact.Payload.Span), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_authority_that_does_not_answer_within_two_days_is_late_itself()
    {
        await using var city = await StartAsync();
        Ok(await DraftDataset.DraftAsync(city.Catalogue, city.As("police-officer"), Entry("population")));
        Ok(await AssessDataset.AssessAsync(city.Catalogue, city.As("police-sharing"), "population", AssessDataset.Secrecy, true, "fine"));
        Ok(await ApproveDataset.ApproveAsync(city.Catalogue, city.As("police-head"), "population"));
        Ok(await SubmitDataset.SubmitAsync(city.Catalogue, city.As("police-sharing"), "population"));
        city.Clock.Advance(TimeSpan.FromDays(3));
        Assert.Equal(1, (await city.Catalogue.RecordPassedAsync()).Value);
        Refused(await PublishDataset.ReturnAsync(city.Catalogue, Director, "population", ""), SharingProblems.BadRequest);
        Ok(await PublishDataset.ReturnAsync(city.Catalogue, Director, "population", "the abstract is empty talk"));
        Assert.Equal(DatasetState.Drafted, city.Catalogue.Entry("population")?.Working?.State);
    }

    [Fact]
    public async Task What_is_on_the_negative_list_is_negative_and_counts_as_a_change()
    {
        await using var city = await StartAsync();
        await city.PublishAsync(Entry("population"));
        var before = city.Catalogue.Version;
        Refused(await NegativeList.ListAsync(city.Lists, Director, "population", "it is delicate"), ResponsibilityProblems.NegativeFaulty);
        Ok(await NegativeList.ListAsync(city.Lists, Director, "population", "《中华人民共和国保守国家秘密法》第二十六条"));
        Assert.True(city.Catalogue.IsNegative("population"));
        Assert.True(city.Catalogue.Version > before);
    }

    [Fact]
    public async Task A_type_of_entities_belongs_to_one_dataset_and_is_free_again_when_that_is_withdrawn()
    {
        await using var city = await StartAsync();
        var rows = Entry("a");
        var entities = rows with { Source = DatasetSource.Entities, EntityType = "https://x.example/T", Fields = [rows.Fields[0], rows.Fields[1] with { Attribute = "https://x.example/town" }] };
        await city.PublishAsync(entities);
        Assert.Equal("a", city.Catalogue.OfType("", "https://x.example/T")?.Id);
        Refused(await DraftDataset.DraftAsync(city.Catalogue, city.As("police-officer"), entities with { Id = "b" }), CatalogueProblems.EntryFaulty);
        Ok(await WithdrawDataset.WithdrawAsync(city.Catalogue, city.As("police-head"), "a", "abolished"));
        Assert.Null(city.Catalogue.OfType("", "https://x.example/T"));
        Ok(await DraftDataset.DraftAsync(city.Catalogue, city.As("police-officer"), entities with { Id = "b" }));
    }

    /// <summary>Any steps by anybody in any order: only moves of the table happen, and a restart knows the same.</summary>
    [Fact]
    public async Task Replay_gives_the_same_catalogue_and_only_moves_of_the_table_happen()
    {
        var people = new[] { "police-officer", "police-sharing", "police-head", "auth-1", "fire-head" };
        await Gen.Select(Gen.Int[0, 7], Gen.Int[0, 4], Gen.Int[0, 1]).Array[1, 60].SampleAsync(
            async steps =>
            {
                await using var city = await StartAsync();
                foreach (var (step, who, which) in steps)
                {
                    var (caller, id) = (city.As(people[who]), $"d{which}");
                    var before = city.Catalogue.Entry(id)?.Newest;
                    var result = step switch
                    {
                        0 => await DraftDataset.DraftAsync(city.Catalogue, caller, Entry(id)),
                        1 => await AssessDataset.AssessAsync(city.Catalogue, caller, id, AssessDataset.Secrecy, true, "fine"),
                        2 => await ApproveDataset.ApproveAsync(city.Catalogue, caller, id),
                        3 => await SubmitDataset.SubmitAsync(city.Catalogue, caller, id),
                        4 => await PublishDataset.PublishAsync(city.Catalogue, caller, id),
                        5 => await PublishDataset.ReturnAsync(city.Catalogue, caller, id, "why"),
                        6 => await WithdrawDataset.WithdrawAsync(city.Catalogue, caller, id, "why"),
                        _ => await KeepCatalogueRight.ReportAsync(city.Catalogue, caller, id, "why"),
                    };
                    var after = city.Catalogue.Entry(id)?.Newest;
                    if (result.Ok && step != 7 && before is not null && after is not null && !(step == 6 && after.Version != before.Version))
                        Assert.Contains(CatalogueSteps.From(before.State), m => m.To == after.State);
                }

                var (version, then) = (city.Catalogue.Version, Text(city));
                await city.ReopenAsync();
                Assert.Equal(then, Text(city));
                Assert.Equal(version, city.Catalogue.Version);
            },
            iter: 15, threads: 1);
    }

    [Fact]
    public void Every_field_of_an_entry_survives_the_log_and_what_the_hub_says_is_not_taken_from_a_body()
    {
        var entry = Entry("population") with
        {
            ResourceCode = "307", EntityType = "t", Themes = ["a"], Keywords = ["k"], Protected = true, Licence = "l", DerivedFrom = ["x"], ChangedAt = DateTimeOffset.UnixEpoch,
            Assessments = [new Assessment("secrecy", "p", DateTimeOffset.UnixEpoch, true, "c")], Obligations = new() { SmallestGroup = 5, Fields = ["no"] },
        };
        var json = System.Text.Json.JsonSerializer.Serialize(entry, CatalogueJson.Default.Dataset);
        var back = System.Text.Json.JsonSerializer.Deserialize(json, CatalogueJson.Default.Dataset);
        Assert.Equal(json, System.Text.Json.JsonSerializer.Serialize(back, CatalogueJson.Default.Dataset));
        Assert.Contains("\"modes\":[\"api\",\"file\"]", json, StringComparison.Ordinal);
        Assert.Equal(entry.Obligations, back?.Obligations);

        var body = """{"provider":"police","title":{"zh":"甲","en":"A"},"abstract":{"zh":"乙","en":"B"},"fields":[],"class":"conditional","modes":["api"],"frequency":"daily","state":"published"}""";
        Refused(DraftDataset.Read("x", Encoding.UTF8.GetBytes(body)), SharingProblems.BadRequest);
        Ok(DraftDataset.Read("x", Encoding.UTF8.GetBytes(body.Replace(",\"state\":\"published\"", "", StringComparison.Ordinal))));
        var read = DraftDataset.Read("x", Encoding.UTF8.GetBytes(body.Replace("\"fields\":[]", """
            "fields":[{"name":"a","type":"text","title":{"zh":"甲","en":"A"}}],"obligations":{"smallestGroup":3}
            """, StringComparison.Ordinal).Replace(",\"state\":\"published\"", "", StringComparison.Ordinal))).Value;
        Assert.Equal(("table", "", Sensitivity.Internal, true), (read.Format, read.Conditions, read.Fields[0].Sensitivity, read.Fields[0].Nullable));
        Assert.Equal(new CityHub.Sharing.Access.Obligations { SmallestGroup = 3 }, read.Obligations);
        Refused(DraftDataset.Read("x", Encoding.UTF8.GetBytes(body.Replace("state", "colour", StringComparison.Ordinal))), SharingProblems.BadRequest);
    }

    private static DateTimeOffset? Whole(DateTimeOffset? at) => at is { } known ? new DateTimeOffset(known.UtcTicks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero) : null;

    private static string Text(CityUnderTest city) => string.Join('\n', city.Catalogue.State.Entries.Values.OrderBy(e => e.Id, StringComparer.Ordinal).Select(e =>
    {
        using var stream = new MemoryStream();
        using (var json = new System.Text.Json.Utf8JsonWriter(stream))
            CatalogueRoom.WriteWhole(json, e);
        return Encoding.UTF8.GetString(stream.ToArray());
    }));
}
