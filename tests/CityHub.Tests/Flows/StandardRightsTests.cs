using System.Net;
using CityHub.Server.DemoCity;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Requests;
using CityHub.Tests.Standards;

namespace CityHub.Tests.Flows;

/// <summary>Who may change words, mappings and rules, and what rules may look into: on a whole hub, over HTTP, each by the token of his own department.</summary>
public sealed class StandardRightsTests : IAsyncLifetime
{
    private const string Element = """
        {"name":{"zh":"水压","en":"pressure"},"objectClass":{"zh":"消火栓","en":"hydrant"},"property":{"zh":"水压","en":"pressure"},
         "definition":{"zh":"静水压","en":"static pressure"},"representation":{"type":"number","unit":"kPa"},"authority":"枢州市数据局"}
        """;

    private const string Mapping = """{"dataset":"benefits","columns":[{"to":"payment_no","from":"编号"},{"to":"id_no","from":"身份证号"}]}""";

    private const string Year2027 = """{"jurisdiction":"cn","year":2027,"source":"an invented notice","daysOff":[{"name":"元旦","from":"2027-01-01","to":"2027-01-03"}],"workdays":[]}""";

    private HubOfShuzhou? _city;

    private HubOfShuzhou City => _city ?? throw new InvalidOperationException();

    public async ValueTask InitializeAsync() => _city = await HubOfShuzhou.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_city is not null)
            await _city.DisposeAsync();
    }

    [Theory]
    [InlineData("elements/pressure", Element)]
    [InlineData("code-tables/yes-no", """{"title":{"zh":"是否","en":"yes or no"},"entries":[{"code":"1","zh":"是","en":"yes"},{"code":"0","zh":"否","en":"no"}]}""")]
    [InlineData("calibres/hydrants", """{"title":{"zh":"消火栓数","en":"hydrants"},"formula":"count()","period":"P1M","grain":"month/district/all","unit":"{hydrants}","owner":"housing"}""")]
    [InlineData("schemas/hydrant", """{"$id":"https://city.example/hydrant.json","required":["pressure"]}""")]
    public async Task Words_are_drafted_and_published_by_two_people_of_the_authority_and_by_nobody_else(string word, string declaration)
    {
        foreach (var person in new[] { "civil-affairs.clerk", "civil-affairs.head", "housing.officer" })
            Assert.Equal("sharing-not-yours", (await City.SendAsync(person, "PUT", "/standards/" + word, declaration)).Problem);
        Assert.Equal("sharing-not-yours", (await City.SendAsHubAsync("PUT", "/standards/" + word, declaration)).Problem);

        var drafted = await City.SendAsync("data-bureau.a", "PUT", "/standards/" + word, declaration);
        Assert.Equal(HttpStatusCode.Accepted, drafted.Status);
        var read = StandardsUnderTest.AsRead(drafted.Json);
        Assert.Equal("sharing-not-yours", (await City.SendAsync("housing.head", "POST", $"/standards/{word}/publish", read)).Problem);
        Assert.Equal("four-eyes", (await City.SendAsync("data-bureau.a", "POST", $"/standards/{word}/publish", read)).Problem);
        Assert.Equal("proposal-changed", (await City.SendAsync("data-bureau.b", "POST", $"/standards/{word}/publish", """{"version":1,"hash":"00"}""")).Problem);
        Assert.Equal(HttpStatusCode.NotFound, (await City.SendAsync("housing.clerk", "GET", "/standards/" + word)).Status);
        Assert.Equal(HttpStatusCode.OK, (await City.SendAsync("data-bureau.b", "POST", $"/standards/{word}/publish", read)).Status);
        Assert.Equal(HttpStatusCode.OK, (await City.SendAsync("housing.clerk", "GET", "/standards/" + word)).Status);
    }

    [Fact]
    public async Task A_draft_that_was_drafted_anew_is_published_by_a_third_person_who_read_the_new_text()
    {
        var first = await City.SendAsync("data-bureau.a", "PUT", "/standards/elements/pressure", Element);
        var second = await City.SendAsync("data-bureau.b", "PUT", "/standards/elements/pressure", Element.Replace("kPa", "MPa", StringComparison.Ordinal));

        foreach (var author in new[] { "data-bureau.a", "data-bureau.b" })
            Assert.Equal("four-eyes", (await City.SendAsync(author, "POST", "/standards/elements/pressure/publish", StandardsUnderTest.AsRead(second.Json))).Problem);
        var stale = await City.SendAsync("data-bureau.c", "POST", "/standards/elements/pressure/publish", StandardsUnderTest.AsRead(first.Json));
        Assert.Equal("proposal-changed", stale.Problem);
        Assert.Contains("data-bureau.b changed representation.unit", stale.Text);
        Assert.Equal(HttpStatusCode.OK, (await City.SendAsync("data-bureau.c", "POST", "/standards/elements/pressure/publish", StandardsUnderTest.AsRead(second.Json))).Status);
    }

    [Fact]
    public async Task A_calendar_is_proposed_and_approved_as_it_was_read_by_two_people_of_the_authority()
    {
        Assert.Equal("sharing-not-yours", (await City.SendAsync("civil-affairs.officer", "POST", "/sharing/calendars", Year2027)).Problem);
        var proposed = await City.SendAsync("data-bureau.a", "POST", "/sharing/calendars", Year2027);
        Assert.Equal(HttpStatusCode.Accepted, proposed.Status);
        var again = await City.SendAsync("data-bureau.b", "POST", "/sharing/calendars", Year2027.Replace("2027-01-03", "2027-01-02", StringComparison.Ordinal));
        const string Approve = "/sharing/calendars/cn/2027/approve";

        Assert.Equal("sharing-not-yours", (await City.SendAsync("civil-affairs.head", "POST", Approve, StandardsUnderTest.AsRead(again.Json))).Problem);
        Assert.Equal("four-eyes", (await City.SendAsync("data-bureau.a", "POST", Approve, StandardsUnderTest.AsRead(again.Json))).Problem);
        Assert.Equal("sharing-bad-request", (await City.SendAsync("data-bureau.c", "POST", Approve, "{}")).Problem);
        var stale = await City.SendAsync("data-bureau.c", "POST", Approve, StandardsUnderTest.AsRead(proposed.Json));
        Assert.Equal("proposal-changed", stale.Problem);
        Assert.Contains("data-bureau.b changed daysOff", stale.Text);
        Assert.Equal(HttpStatusCode.OK, (await City.SendAsync("data-bureau.c", "POST", Approve, StandardsUnderTest.AsRead(again.Json))).Status);
    }

    [Fact]
    public async Task A_profile_of_deadlines_is_adopted_as_it_was_read_and_not_by_who_had_a_hand_in_it()
    {
        var known = (await City.SendAsync("data-bureau.a", "GET", "/sharing/profiles")).Json.GetProperty("profiles")[0].GetRawText();
        Assert.Equal("sharing-not-yours", (await City.SendAsync("housing.head", "POST", "/sharing/profiles", known)).Problem);
        var proposed = await City.SendAsync("data-bureau.a", "POST", "/sharing/profiles", known);
        var read = StandardsUnderTest.AsRead(proposed.Json);

        Assert.Equal("four-eyes", (await City.SendAsync("data-bureau.a", "POST", "/sharing/profiles/decree-809/adopt", read)).Problem);
        Assert.Equal("proposal-changed", (await City.SendAsync("data-bureau.b", "POST", "/sharing/profiles/decree-809/adopt", read.Replace("\"version\":2", "\"version\":1", StringComparison.Ordinal))).Problem);
        Assert.Equal(HttpStatusCode.OK, (await City.SendAsync("data-bureau.b", "POST", "/sharing/profiles/decree-809/adopt", read)).Status);
    }

    [Fact]
    public async Task A_mapping_is_changed_by_the_data_officers_of_its_department_and_seen_by_whoever_may_know_of_its_dataset()
    {
        const string Path = "/standards/mappings/benefits";
        Assert.Equal("dataset-unknown", (await City.SendAsync("housing.clerk", "PUT", Path, Mapping)).Problem);
        Assert.Equal("sharing-not-yours", (await City.SendAsync("civil-affairs.head", "PUT", Path, Mapping)).Problem);
        Assert.Equal("sharing-not-yours", (await City.SendAsync("data-bureau.a", "PUT", Path, Mapping)).Problem);
        Assert.Equal("dataset-unknown", (await City.SendAsHubAsync("PUT", Path, Mapping)).Problem);
        Assert.Equal("standards-no-owner", (await City.SendAsync("civil-affairs.clerk", "PUT", Path, Mapping.Replace("{\"dataset\"", "{\"department\":\"civil-affairs\",\"dataset\"", StringComparison.Ordinal))).Problem);
        Assert.Equal(HttpStatusCode.Created, (await City.SendAsync("civil-affairs.clerk", "PUT", Path, Mapping)).Status);

        // Nobody takes it over by its name, and who may not know of the dataset hears nothing of it.
        var own = """{"dataset":"hydrants","columns":[{"to":"hydrant_no","from":"编号"}]}""";
        Assert.Equal("standards-name-taken", (await City.SendAsync("housing.clerk", "PUT", Path, own)).Problem);
        Assert.Equal("row-mapping-unknown", (await City.SendAsync("housing.clerk", "GET", Path)).Problem);
        Assert.Equal("row-mapping-unknown", (await City.SendAsync("housing.clerk", "POST", Path + "/preview", "编号\n1\n", "text/csv")).Problem);
        Assert.Equal("row-mapping-unknown", (await City.SendAsync("housing.clerk", "POST", Path + "/test")).Problem);
        Assert.Equal("dataset-unknown", (await City.SendAsync("housing.clerk", "POST", Path + "/test", Mapping)).Problem);
        Assert.DoesNotContain("benefits", (await City.SendAsync("housing.clerk", "GET", "/standards/mappings")).Text);
        Assert.Contains("benefits", (await City.SendAsync("civil-affairs.officer", "GET", "/standards/mappings")).Text);
        Assert.Equal(HttpStatusCode.OK, (await City.SendAsync("data-bureau.a", "GET", Path)).Status);

        // The mapping of another dataset serves no delivery.
        Assert.Equal(HttpStatusCode.Created, (await City.SendAsync("housing.clerk", "PUT", "/standards/mappings/hydrants", own)).Status);
        Assert.Equal("row-mapping-unknown", (await City.SendAsync("civil-affairs.clerk", "PUT", "/datasets/benefits/deliveries?mapping=hydrants&mode=upsert", "编号\n1\n", "text/csv")).Problem);
    }

    [Fact]
    public async Task Of_two_departments_that_declare_one_name_at_once_one_gets_it()
    {
        foreach (var round in Enumerable.Range(0, 20))
        {
            var answers = await Task.WhenAll(
                City.SendAsync("civil-affairs.clerk", "PUT", $"/standards/quality-rules/r{round}", """{"department":"civil-affairs","rules":[]}"""),
                City.SendAsync("housing.clerk", "PUT", $"/standards/quality-rules/r{round}", """{"department":"housing","rules":[]}"""));
            Assert.Equal([HttpStatusCode.Created, HttpStatusCode.Conflict], answers.Select(a => a.Status).Order());
        }
    }

    [Fact]
    public async Task Rules_are_changed_by_the_data_officers_of_their_department_and_its_quality_is_seen_by_whoever_may_know_of_the_dataset()
    {
        const string Path = "/standards/quality-rules/benefits";
        const string Rules = """{"dataset":"benefits","rules":[{"id":"id","check":"idNumber","field":"id_no"}]}""";
        Assert.Equal("dataset-unknown", (await City.SendAsync("housing.clerk", "PUT", Path, Rules)).Problem);
        Assert.Equal("sharing-not-yours", (await City.SendAsync("civil-affairs.officer", "PUT", Path, Rules)).Problem);
        Assert.Equal("standards-no-owner", (await City.SendAsync("civil-affairs.clerk", "PUT", Path, """{"rules":[]}""")).Problem);
        Assert.Equal("sharing-not-yours", (await City.SendAsync("housing.clerk", "PUT", Path, """{"department":"civil-affairs","rules":[]}""")).Problem);
        Assert.Equal(HttpStatusCode.Created, (await City.SendAsync("civil-affairs.second", "PUT", Path, Rules)).Status);

        Assert.Equal("quality-rules-unknown", (await City.SendAsync("housing.clerk", "GET", Path)).Problem);
        Assert.Equal("dataset-unknown", (await City.SendAsync("housing.clerk", "GET", "/standards/quality/benefits")).Problem);
        Assert.Equal("dataset-unknown", (await City.SendAsync("housing.clerk", "GET", "/standards/quality/benefits/dqv")).Problem);
        Assert.Equal(HttpStatusCode.OK, (await City.SendAsync("civil-affairs.clerk", "GET", "/standards/quality/benefits")).Status);
    }

    [Theory]
    [InlineData("population", "id_no", "welfare/double-claims")] // another department's, and nothing of it was granted
    [InlineData("insurance", "id_no", null)] // granted, and the rule says not for what
    [InlineData("insurance", "id_no", "statistics")] // granted for another purpose
    [InlineData("insurance", "employer", "welfare/double-claims")] // granted without this field
    public async Task A_rule_that_looks_further_than_its_own_department_and_its_grants_is_refused(string dataset, string key, string? purpose) =>
        Assert.Equal("quality-rules-beyond-grant", (await City.SendAsync("civil-affairs.clerk", "PUT", "/standards/quality-rules/benefits", Reference(dataset, key, purpose))).Problem);

    [Fact]
    public async Task A_rule_looks_into_its_own_department_without_a_grant() =>
        Assert.Equal(HttpStatusCode.Created, (await City.SendAsync("civil-affairs.clerk", "PUT", "/standards/quality-rules/benefits", Reference("benefits", "id_no", null))).Status);

    [Fact]
    public async Task A_rule_answers_while_its_grant_lasts_and_says_that_it_was_not_looked_up_when_it_has_ended()
    {
        Assert.Equal(HttpStatusCode.Created, (await City.SendAsync("civil-affairs.clerk", "PUT", "/standards/quality-rules/benefits", Reference("insurance", "id_no", "welfare/double-claims"))).Status);
        await UseAsync("benefits", "benefits");

        var granted = await DeliverAsync("P-1");
        Assert.Contains("is not insured", granted);
        Assert.DoesNotContain("not looked up", granted);

        var request = City.Rooms.Requests.Requests.All.Single(r => r is { Applicant: "civil-affairs", State: RequestState.Active });
        var suspended = await City.SendAsync("data-bureau.a", "POST", $"/sharing/requests/{request.Id}/suspend", """{"reason":"beyond the scope that was granted","basis":"decree 809, art. 27"}""");
        Assert.Equal(HttpStatusCode.OK, suspended.Status);
        var ended = await DeliverAsync("P-2");
        Assert.Contains("not looked up", ended);
        Assert.DoesNotContain("is not insured", ended);
        Assert.Equal("quality-rules-beyond-grant", (await City.SendAsync("civil-affairs.clerk", "PUT", "/standards/quality-rules/again", Reference("insurance", "id_no", "welfare/double-claims"))).Problem);
    }

    private static string Reference(string dataset, string key, string? purpose) =>
        $$"""{"dataset":"benefits","rules":[{"id":"insured","check":"reference","field":"id_no","dataset":"{{dataset}}","key":"{{key}}",{{(purpose is null ? "" : $"\"purpose\":\"{purpose}\",")}}"en":"who is paid is not insured"}]}""";

    /// <summary>One row of somebody whom no register has.</summary>
    private async Task<string> DeliverAsync(string number)
    {
        var taken = await City.SendAsync("civil-affairs.clerk", "PUT", "/datasets/benefits/deliveries?mode=upsert", $"payment_no,id_no,kind,monthly_cny,from_date,to_date,town_code\n{number},990101200001010017,低保,600,2026-01-01,,990101\n", "text/csv");
        Assert.Equal(HttpStatusCode.OK, taken.Status);
        return taken.Text;
    }

    /// <summary>A new version of the entry that names its rules, by the hands that it takes.</summary>
    private async Task UseAsync(string dataset, string rules)
    {
        var (book, of) = (City.Rooms.Catalogue, City.Rooms.Catalogue.Find(dataset)?.Provider ?? "");
        Assert.Null((await DraftDataset.DraftAsync(book, SharingCity.Person(of, "clerk"), (book.Find(dataset) ?? throw new InvalidOperationException()) with { QualityRules = rules })).Problem);
        foreach (var kind in new[] { AssessDataset.Secrecy, AssessDataset.PersonalInformation })
            Assert.Null((await AssessDataset.AssessAsync(book, SharingCity.Person(of, "second"), dataset, kind, passed: true, "无国家秘密；按最小必要共享")).Problem);
        Assert.Null((await ApproveDataset.ApproveAsync(book, SharingCity.Person(of, "head"), dataset)).Problem);
        Assert.Null((await SubmitDataset.SubmitAsync(book, SharingCity.Person(of, "officer"), dataset)).Problem);
        Assert.Null((await PublishDataset.PublishAsync(book, City.Bureau("a"), dataset)).Problem);
    }
}
