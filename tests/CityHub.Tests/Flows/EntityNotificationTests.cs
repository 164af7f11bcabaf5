using System.Net;
using System.Text;
using CityHub.Ledger;
using CityHub.Sharing.Access;
using CityHub.Sharing.Releases;
using CityHub.Tests.Context.Subscriptions;

namespace CityHub.Tests.Flows;

/// <summary>Changes of guarded entities are told within a grant, and no longer than it holds; writes that fail tell nothing; the log withholds what they say; and the same entities are rows of a release.</summary>
public sealed class EntityNotificationTests : IAsyncLifetime
{
    private const string Root = "/ngsi-ld/v1";

    private EntityCity? _city;

    private EntityCity City => _city ?? throw new InvalidOperationException();

    public async ValueTask InitializeAsync()
    {
        _city = await EntityCity.BuildAsync();
        await PutAsync(1, 31, "east", "13900000001");
        await PutAsync(2, 12, "west", "13900000002");
    }

    public async ValueTask DisposeAsync()
    {
        if (_city is not null)
            await _city.DisposeAsync();
    }

    [Fact]
    public async Task A_subscriber_is_told_of_what_was_granted_and_nothing_after_the_grant_ends()
    {
        await using var brigade = await Receiver.StartAsync();
        await using var own = await Receiver.StartAsync();
        await using var hub = await Receiver.StartAsync();
        var grant = await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"], [EntityCity.In("district", "east")]);
        using var fire = City.As("fire-rescue");
        using var ecology = City.As("ecology", purpose: null);
        using var housing = City.As("housing");
        Assert.Equal(HttpStatusCode.Created, (await EntityCity.PostAsync(fire, Root + "/subscriptions", Wanted(brigade, "urn:sub:fire"))).Status);
        Assert.Equal(HttpStatusCode.Created, (await EntityCity.PostAsync(ecology, Root + "/subscriptions", Wanted(own, "urn:sub:own"))).Status);
        Assert.Equal(HttpStatusCode.Created, (await EntityCity.PostAsync(City.Hub.Http, Root + "/subscriptions", Wanted(hub, "urn:sub:hub"))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await EntityCity.GetAsync(housing, Root + "/subscriptions/urn:sub:fire")).Status);
        Assert.Equal("[]", (await EntityCity.GetAsync(housing, Root + "/subscriptions")).Text);

        await PutAsync(1, 77, "east", "13911111111"); // seen in part
        await PutAsync(2, 78, "west", "13922222222"); // outside the rows
        await City.Hub.SendAsync(HttpMethod.Patch, Root + "/entities/urn:s:1/attrs", """{"contact":{"type":"Property","value":"13933333333"}}"""); // hidden attribute alone
        await PutAsync(1, 79, "east", "13911111111");
        await own.UntilAsync(4);
        await brigade.UntilAsync(2);
        Assert.All(brigade.All, n => Assert.DoesNotContain("139", n.Body.GetRawText()));
        Assert.Contains("77", brigade.All[0].Body.GetRawText());
        Assert.Contains("79", brigade.All[1].Body.GetRawText());
        Assert.Contains("13933333333", string.Concat(own.All.Select(n => n.Body.GetRawText())));
        Assert.Equal(2, City.Rooms.Looks.Of("person-1", 0, 100).Count(l => l.Grant == grant.Id && l.Mode == "subscription"));

        Assert.Null((await City.Rooms.Grants.FollowAsync(grant with { State = GrantState.Suspended })).Problem);
        await PutAsync(1, 80, "east", "13911111111");
        await own.UntilAsync(5);
        Assert.Equal(2, brigade.All.Count);
        Assert.Empty(hub.All);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_notification_that_waits_leaves_under_the_terms_under_which_it_was_written_or_not_at_all(bool narrower)
    {
        await using var brigade = await Receiver.StartAsync();
        var well = false;
        brigade.Answer = _ => Task.FromResult(Volatile.Read(ref well) ? 200 : 503);
        var grant = await City.GrantAsync("fire-rescue", ["id", "dust", "contact", "observed_at"]);
        using var fire = City.As("fire-rescue");
        await EntityCity.PostAsync(fire, Root + "/subscriptions", Wanted(brigade, "urn:sub:fire"));
        await PutAsync(1, 77, "east", "13911111111");
        await brigade.UntilAsync(1);
        var before = brigade.All.Count;
        if (narrower)
            Assert.Null((await City.Rooms.Grants.FollowAsync(grant with { Version = 2, Obligations = grant.Obligations with { Fields = ["id", "dust", "observed_at"] } })).Problem);
        Volatile.Write(ref well, true);
        await PutAsync(1, 78, "east", "13922222222");
        await Eventually.Is(() => brigade.All.Skip(before).Any(n => n.Body.GetRawText().Contains("78", StringComparison.Ordinal)), () => City.Hub.Clock.Advance(TimeSpan.FromSeconds(1)));
        Assert.Equal(!narrower, brigade.All.Skip(before).Any(n => n.Body.GetRawText().Contains("13911111111", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_notification_that_the_quota_does_not_let_leave_is_closed()
    {
        await using var brigade = await Receiver.StartAsync();
        await using var own = await Receiver.StartAsync();
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"], change: g => g with { Obligations = g.Obligations with { Quota = new Quota(null, null, 10) } });
        using var fire = City.As("fire-rescue");
        using var ecology = City.As("ecology", purpose: null);
        await EntityCity.PostAsync(fire, Root + "/subscriptions", Wanted(brigade, "urn:sub:fire"));
        await PutAsync(1, 77, "east", "13911111111");
        await Eventually.Is(() => City.Facts(ReleaseActs.Opened).Any());
        await Eventually.Is(() => City.Facts(ReleaseActs.Closed).Any());
        Assert.Equal("ended", Assert.Single(City.Facts(ReleaseActs.Closed)).GetProperty("how").GetString());
        Assert.Empty(brigade.All);
    }

    [Fact]
    public async Task A_change_of_nothing_that_is_seen_is_no_change()
    {
        await using var brigade = await Receiver.StartAsync();
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var fire = City.As("fire-rescue");
        var wanted = Wanted(brigade, "urn:sub:fire").Replace("\"entities\"", "\"notificationTrigger\":[\"entityUpdated\"],\"entities\"", StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Created, (await EntityCity.PostAsync(fire, Root + "/subscriptions", wanted)).Status);
        foreach (var hidden in new[] { """{"scope":["/secret"]}""", """{"type":["AirStation","Plant"]}""", """{"contact":{"type":"Property","value":"13933333333"}}""", """{"PM25":{"type":"Property","value":31,"observedAt":"2026-03-01T08:00:00Z","driver":{"type":"Property","value":"Zhang"}}}""" })
            Assert.Equal(HttpStatusCode.NoContent, (await City.Hub.SendAsync(HttpMethod.Post, Root + "/entities/urn:s:1/attrs", hidden)).Status);
        await PutAsync(1, 77, "east", "13911111111");
        await brigade.UntilAsync(1);
        Assert.Contains("77", Assert.Single(brigade.All).Body.GetRawText());
    }

    [Fact]
    public async Task Who_turns_a_subscription_to_himself_is_not_told_what_another_was_granted()
    {
        await using var brigade = await Receiver.StartAsync();
        await using var own = await Receiver.StartAsync();
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var fire = City.As("fire-rescue");
        using var ecology = City.As("ecology", purpose: null);
        await EntityCity.PostAsync(fire, Root + "/subscriptions", Wanted(brigade, "urn:sub:fire"));
        await EntityCity.PostAsync(ecology, Root + "/subscriptions", Wanted(own, "urn:sub:own"));
        var turned = await EntityCity.PostAsync(City.Hub.Http, Root + "/subscriptions/urn:sub:fire", $$$"""{"notification":{"endpoint":{"uri":"{{{brigade.Url}}}/stolen","accept":"application/json"} } }""", HttpMethod.Patch);
        Assert.Equal(HttpStatusCode.NoContent, turned.Status);
        await PutAsync(1, 77, "east", "13911111111");
        await own.UntilAsync(1);
        Assert.Empty(brigade.All);
    }

    [Fact]
    public async Task A_department_without_a_grant_cannot_subscribe_where_it_may_know_of_the_dataset()
    {
        await using var city = await EntityCity.BuildAsync(EntityCity.Dataset with { Protected = false });
        await using var receiver = await Receiver.StartAsync();
        using var housing = city.As("housing");
        Assert.Equal("access-refused", (await EntityCity.PostAsync(housing, Root + "/subscriptions", Wanted(receiver, "urn:sub:h"))).Problem);
    }

    [Fact]
    public async Task A_write_that_fails_says_nothing_of_a_hidden_entity()
    {
        foreach (var (method, path, body) in new (HttpMethod, string, string?)[]
                 {
                     (HttpMethod.Delete, "/entities/{0}/attrs/nothing", null), (HttpMethod.Patch, "/entities/{0}/attrs/nothing", """{"value":1}"""), (HttpMethod.Delete, "/entities/{0}?type=Plant", null),
                     (HttpMethod.Patch, "/entities/{0}?type=Plant", """{"PM25":{"type":"Property","value":1}}"""),
                 })
        {
            var hidden = await City.Hub.SendAsync(method, Root + path.Replace("{0}", "urn:s:1", StringComparison.Ordinal), body);
            var absent = await City.Hub.SendAsync(method, Root + path.Replace("{0}", "urn:s:9", StringComparison.Ordinal), body);
            Assert.Equal(HttpStatusCode.NotFound, hidden.Status);
            Assert.Equal(absent.Text.Replace("urn:s:9", "urn:s:1", StringComparison.Ordinal), hidden.Text);
        }

        // What became of each attribute is told only to who sees the entity.
        var blind = await City.Hub.SendAsync(HttpMethod.Post, Root + "/entities/urn:s:1/attrs?options=noOverwrite", """{"contact":{"type":"Property","value":"x"}}""");
        Assert.Equal(HttpStatusCode.NoContent, blind.Status);
        // An id that is taken is taken, by whatever it is.
        var taken = await City.Hub.PostAsync(Root + "/entities", """{"id":"urn:s:1","type":"Plant"}""");
        Assert.Equal("already-exists", taken.Problem);
        Assert.DoesNotContain("AirStation", taken.Text);
        // A purge finds what a query finds.
        await City.Hub.SendAsync(HttpMethod.Delete, Root + "/entities?type=AirStation");
        using var ecology = City.As("ecology", purpose: null);
        Assert.Contains("urn:s:2", (await EntityCity.GetAsync(ecology, Root + "/entities?type=AirStation")).Text);
    }

    [Fact]
    public async Task Who_reads_the_log_sees_that_they_changed_and_not_how()
    {
        await City.PutAsync("""[{"id":"urn:p:1","type":"Plant","name":{"type":"Property","value":"works"}}]""");
        var facts = await City.Hub.GetAsync("/facts?stream=entities");
        Assert.DoesNotContain("1390000", facts.Text);
        Assert.DoesNotContain("urn:s:1", facts.Text);
        Assert.Contains("withheld", facts.Text);
        Assert.Contains("works", facts.Text);
    }

    [Fact]
    public async Task Evidence_proves_that_they_changed_and_does_not_say_how()
    {
        await City.PutAsync("""[{"id":"urn:p:1","type":"Plant","name":{"type":"Property","value":"works"}}]""");
        var facts = City.Hub.Hub.Store.Log.Read(0, "entities").Select(f => f.Position).ToList();
        var zip = await City.Hub.Http.GetByteArrayAsync(new Uri($"/ledger/evidence?facts={string.Join(',', facts)}&content=true", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.True(EvidenceBundle.TryRead(zip, out var bundle, out var why), why);
        Assert.Equal(facts.Count, bundle.Facts.Count);
        var said = string.Concat(bundle.Facts.Select(f => Encoding.UTF8.GetString(f.Content ?? []))) + bundle.FactsEnglish + bundle.FactsChinese;
        Assert.DoesNotContain("1390000", said);
        Assert.Contains("works", said);
    }

    [Theory]
    [InlineData("AirStation", false)]
    [InlineData("Plant", true)]
    public async Task What_a_device_of_a_guarded_type_sent_in_vain_is_not_told_either(string type, bool told)
    {
        Assert.Equal(HttpStatusCode.Created, (await City.Hub.SendAsync(HttpMethod.Put, "/mappings/m", $$$"""{"type":"{{{type}}}","entity":"urn:s:{device}","attributes":[{"name":"PM25","as":"number"}]}""")).Status);
        Assert.Equal(HttpStatusCode.Created, (await City.Hub.PostAsync("/devices", """{"id":"a","kind":"station","mapping":"m"}""")).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await City.Hub.PostAsync("/devices/a/readings", """{"PM25":"is 13900000001"}""")).Status);
        foreach (var path in new[] { "/dead-letters", "/facts?stream=dead-letters" })
            Assert.Equal(told, (await City.Hub.GetAsync(path)).Text.Contains("13900000001", StringComparison.Ordinal));
        Assert.Contains("\"a\"", (await City.Hub.GetAsync("/dead-letters")).Text);
        // A device that is gone may have sent anything.
        await City.Hub.SendAsync(HttpMethod.Delete, "/devices/a");
        Assert.DoesNotContain("13900000001", (await City.Hub.GetAsync("/dead-letters")).Text);
    }

    [Fact]
    public async Task The_same_entities_are_rows_of_a_release_with_every_obligation()
    {
        await City.GrantAsync("fire-rescue", ["id", "dust", "district", "contact", "longitude", "latitude", "observed_at"], [EntityCity.In("district", "east")],
            g => g with { Obligations = g.Obligations with { Masks = g.Obligations.Masks.Add("contact", MaskKind.Partial) } });
        using var fire = City.As("fire-rescue");
        var rows = await EntityCity.GetAsync(fire, "/data/air-stations?count=true");
        var filtered = await EntityCity.GetAsync(fire, "/data/air-stations?where=dust%20%3E%20100");
        var row = await EntityCity.GetAsync(fire, "/data/air-stations/rows/urn:s:1");
        var outside = await EntityCity.GetAsync(fire, "/data/air-stations/rows/urn:s:2");
        var ckan = await EntityCity.GetAsync(fire, "/api/3/action/datastore_search?resource_id=air-stations");
        var features = await EntityCity.GetAsync(fire, "/ogc/collections/air-stations/items");
        var file = await EntityCity.GetAsync(fire, "/datastore/dump/air-stations?format=csv");
        using var housing = City.As("housing");
        var refused = await EntityCity.GetAsync(housing, "/data/air-stations");

        Assert.Contains("urn:s:1", rows.Text);
        Assert.Contains("106.5", rows.Text);
        Assert.Contains("2026-03-01T08:00:00Z", rows.Text);
        Assert.DoesNotContain("13900000001", rows.Text);
        Assert.DoesNotContain("urn:s:2", rows.Text);
        Assert.DoesNotContain("urn:s:1", filtered.Text);
        Assert.Contains("\"dust\"", row.Text);
        Assert.Equal(HttpStatusCode.NotFound, outside.Status);
        Assert.Contains("\"total\":1", ckan.Text.Replace(" ", "", StringComparison.Ordinal));
        Assert.Contains("\"Point\"", features.Text);
        Assert.Contains("urn:s:1", file.Text);
        Assert.DoesNotContain("13900000001", ckan.Text + features.Text + file.Text);
        Assert.Equal(HttpStatusCode.NotFound, refused.Status);
        Assert.Contains(City.Rooms.Looks.Of("person-1", 0, 10), l => l.Dataset == EntityCity.Stations);
        // A change is there with the next question.
        await PutAsync(3, 5, "east", "13900000003");
        Assert.Contains("\"total\":2", (await EntityCity.GetAsync(fire, "/api/3/action/datastore_search?resource_id=air-stations")).Text.Replace(" ", "", StringComparison.Ordinal));
    }

    private async Task PutAsync(int number, int dust, string district, string contact) => await City.PutAsync(
        $$$"""
        [{"id":"urn:s:{{{number}}}","type":"AirStation","PM25":{"type":"Property","value":{{{dust}}},"observedAt":"2026-03-01T08:00:00Z"},"district":{"type":"Property","value":"{{{district}}}"},
          "contact":{"type":"Property","value":"{{{contact}}}"},"keeper":{"type":"Property","value":"person-{{{number}}}"},"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[106.5,29.5]} } }]
        """);

    private static string Wanted(Receiver receiver, string id) =>
        $$$"""{"id":"{{{id}}}","type":"Subscription","entities":[{"type":"AirStation"}],"notification":{"endpoint":{"uri":"{{{receiver.Url}}}/n","accept":"application/json"} } }""";
}
