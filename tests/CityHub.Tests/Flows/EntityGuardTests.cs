using System.Net;
using System.Net.Sockets;
using System.Text;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Tables;
using CityHub.Server.Sharing.Entities;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;
using CityHub.Sharing.Requests;
using CityHub.Storage.Embedded;
using CityHub.Tests.Context.Subscriptions;
using CityHub.Tests.Sharing.Releases;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Flows;

/// <summary>A type that the catalogue shares under conditions, over every route that tells something of entities: to the hub's operator, to its provider, to whom something of it was granted, and to others.</summary>
public sealed class EntityGuardTests : IAsyncLifetime
{
    private const string Root = "/ngsi-ld/v1";
    private const string Interval = "timerel=after&timeAt=2026-01-01T00:00:00Z";

    private EntityCity? _city;

    private EntityCity City => _city ?? throw new InvalidOperationException();

    public async ValueTask InitializeAsync()
    {
        _city = await EntityCity.BuildAsync();
        var answer = await City.PutAsync(
            """
            [
             {"id":"urn:s:1","type":"AirStation","PM25":{"type":"Property","value":31,"observedAt":"2026-03-01T08:00:00Z"},"PM10":{"type":"Property","value":61},"district":{"type":"Property","value":"east","observedAt":"2026-02-01T00:00:00Z"},
              "contact":{"type":"Property","value":"13900000001"},"keeper":{"type":"Property","value":"person-1"},"near":{"type":"Relationship","object":"urn:p:1"},"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[106.5,29.5]}}},
             {"id":"urn:s:2","type":"AirStation","PM25":{"type":"Property","value":12,"observedAt":"2026-03-01T08:00:00Z"},"PM10":{"type":"Property","value":99},"district":{"type":"Property","value":"west","observedAt":"2026-02-01T00:00:00Z"},
              "contact":{"type":"Property","value":"13900000002"},"keeper":{"type":"Property","value":"person-2"},"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[106.6,29.6]}}},
             {"id":"urn:p:1","type":"Plant","name":{"type":"Property","value":"works"},"watchedBy":{"type":"Relationship","object":"urn:s:1"}}
            ]
            """);
        Assert.Equal(HttpStatusCode.Created, answer.Status);
    }

    public async ValueTask DisposeAsync()
    {
        if (_city is not null)
            await _city.DisposeAsync();
    }

    [Theory]
    [InlineData(Root + "/entities?type=AirStation&options=count")]
    [InlineData(Root + "/entities?local=true&options=count&limit=1")]
    [InlineData(Root + "/entities?attrs=PM25&options=count")]
    [InlineData(Root + "/entities?q=PM25%3E1")]
    [InlineData(Root + "/entities?type=AirStation,Plant&orderBy=contact")]
    [InlineData(Root + "/entities?georel=near;maxDistance==50000&geometry=Point&coordinates=[106.5,29.5]")]
    [InlineData(Root + "/entities?id=urn:s:1&type=AirStation")]
    [InlineData(Root + "/entities?type=Plant&join=inline")]
    [InlineData(Root + "/entities?type=Plant&join=flat")]
    [InlineData(Root + "/entities?type=Plant&join=inline&q=watchedBy%7BAirStation%7BPM25%7D%7D%3E1")]
    [InlineData(Root + "/entities/urn:p:1?join=inline")]
    [InlineData(Root + "/types")]
    [InlineData(Root + "/types?details=true")]
    [InlineData(Root + "/attributes?details=true")]
    [InlineData(Root + "/attributes/contact")]
    [InlineData(Root + "/types/AirStation")]
    [InlineData(Root + "/temporal/entities?type=AirStation&" + Interval)]
    [InlineData(Root + "/temporal/entities?local=true&options=count&" + Interval)]
    [InlineData(Root + "/temporal/entities/urn:s:1")]
    public async Task Who_runs_the_hub_is_answered_as_if_there_were_none(string path)
    {
        var guarded = await City.Hub.GetAsync(path);
        Assert.DoesNotContain("urn:s:2", guarded.Text);
        Assert.DoesNotContain("1390000", guarded.Text);
        Assert.DoesNotContain("person-", guarded.Text);
        // The same city without stations gives the same answer, to the byte.
        foreach (var id in new[] { "urn:s:1", "urn:s:2" })
        {
            await City.Hub.SendAsync(HttpMethod.Delete, $"{Root}/entities/{id}");
            await City.Hub.SendAsync(HttpMethod.Delete, $"{Root}/temporal/entities/{id}");
        }

        var free = await City.Hub.GetAsync(path);
        Assert.Equal(free.Status, guarded.Status);
        Assert.Equal(free.Text, guarded.Text);
        Assert.Equal(free.Headers.GetValueOrDefault("NGSILD-Results-Count"), guarded.Headers.GetValueOrDefault("NGSILD-Results-Count"));
        Assert.Equal(free.Headers.GetValueOrDefault("Link"), guarded.Headers.GetValueOrDefault("Link"));
    }

    [Fact]
    public async Task An_entity_that_is_hidden_is_not_there_in_the_same_words()
    {
        using var housing = City.As("housing");
        foreach (var path in new[] { "/entities/{0}", "/entities/{0}?type=Plant", "/temporal/entities/{0}" })
            foreach (var client in new[] { City.Hub.Http, housing })
            {
                var hidden = await EntityCity.GetAsync(client, Root + path.Replace("{0}", "urn:s:1", StringComparison.Ordinal));
                var absent = await EntityCity.GetAsync(client, Root + path.Replace("{0}", "urn:s:9", StringComparison.Ordinal));
                Assert.Equal(HttpStatusCode.NotFound, hidden.Status);
                Assert.Equal(absent.Text.Replace("urn:s:9", "urn:s:1", StringComparison.Ordinal), hidden.Text);
            }
    }

    [Fact]
    public async Task The_provider_sees_all_of_its_own_and_nothing_of_the_hubs()
    {
        using var ecology = City.As("ecology", purpose: null);
        var all = await EntityCity.GetAsync(ecology, Root + "/entities?type=AirStation&options=count");
        var one = await EntityCity.GetAsync(ecology, Root + "/entities/urn:s:2");
        var free = await EntityCity.GetAsync(ecology, Root + "/entities?type=Plant");
        var types = await EntityCity.GetAsync(ecology, Root + "/types");
        var history = await EntityCity.GetAsync(ecology, $"{Root}/temporal/entities?type=AirStation&{Interval}");

        Assert.Equal("2", all.Headers["NGSILD-Results-Count"]);
        Assert.Contains("13900000001", all.Text);
        Assert.Contains("person-2", one.Text);
        Assert.Equal("[]", free.Text);
        Assert.Contains("AirStation", types.Text);
        Assert.DoesNotContain("Plant", types.Text);
        Assert.Contains("urn:s:2", history.Text);
        Assert.Contains(ActsOf("person-2"), a => a == ReleaseActs.Own);
    }

    [Fact]
    public async Task A_receiver_sees_the_rows_and_the_attributes_of_its_grant()
    {
        await City.GrantAsync("fire-rescue", ["id", "dust", "longitude", "latitude", "observed_at"], [EntityCity.In("district", "east")]);
        using var fire = City.As("fire-rescue");
        var all = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation&options=count,sysAttrs");
        var one = await EntityCity.GetAsync(fire, Root + "/entities/urn:s:1");
        var outside = await EntityCity.GetAsync(fire, Root + "/entities/urn:s:2");
        var geo = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation", "application/geo+json");
        var type = await EntityCity.GetAsync(fire, Root + "/types/AirStation");
        var attribute = await EntityCity.GetAsync(fire, Root + "/attributes/contact");
        var batch = await EntityCity.PostAsync(fire, Root + "/entityOperations/query", """{"type":"Query","entities":[{"type":"AirStation"}],"q":"PM25>1"}""");
        var joined = await EntityCity.GetAsync(fire, Root + "/entities/urn:s:1?join=flat");

        Assert.Equal("1", all.Headers["NGSILD-Results-Count"]);
        Assert.Equal(["PM25", "createdAt", "id", "location", "modifiedAt", "type"], all.Json[0].EnumerateObject().Select(m => m.Name).Order(StringComparer.Ordinal));
        Assert.Contains("\"value\":31", one.Text);
        Assert.Equal(HttpStatusCode.NotFound, outside.Status);
        Assert.Contains("106.5", geo.Text);
        Assert.DoesNotContain("106.6", geo.Text);
        Assert.Equal(1, type.Json.GetProperty("entityCount").GetInt32());
        Assert.DoesNotContain("contact", type.Text);
        Assert.Equal(HttpStatusCode.NotFound, attribute.Status);
        Assert.Equal(["urn:s:1"], batch.Json.EnumerateArray().Select(e => e.GetProperty("id").GetString()));
        Assert.DoesNotContain("urn:p:1", joined.Text);
    }

    [Theory]
    [InlineData("q=contact")]
    [InlineData("q=PM10%3E1")]
    [InlineData("q=district==%22east%22")]
    [InlineData("q=near")]
    [InlineData("attrs=contact")]
    [InlineData("q=modifiedAt%3C2020-01-01T00:00:00Z")]
    [InlineData("scopeQ=/east")]
    public async Task A_filter_on_what_is_hidden_finds_what_a_filter_on_nothing_finds(string filter)
    {
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var fire = City.As("fire-rescue");
        var answer = await EntityCity.GetAsync(fire, $"{Root}/entities?type=AirStation&options=count&{filter}");
        Assert.Equal("[]", answer.Text);
        Assert.Equal("0", answer.Headers["NGSILD-Results-Count"]);
    }

    [Fact]
    public async Task An_order_by_what_is_hidden_is_no_order()
    {
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var fire = City.As("fire-rescue");
        var up = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation&orderBy=PM10");
        var down = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation&orderBy=PM10;desc");
        Assert.Equal(up.Text, down.Text);
    }

    [Fact]
    public async Task Whoever_names_the_type_is_told_why_not_where_the_dataset_is_no_secret()
    {
        await using var city = await EntityCity.BuildAsync(EntityCity.Dataset with { Protected = false });
        await city.PutAsync("""[{"id":"urn:s:1","type":"AirStation","PM25":{"type":"Property","value":31}}]""");
        using var housing = city.As("housing");
        var refused = await EntityCity.GetAsync(housing, Root + "/entities?type=AirStation");
        var nothing = await EntityCity.GetAsync(housing, Root + "/entities/urn:s:1");
        await city.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var other = city.As("fire-rescue", "statistics");
        var beyond = await EntityCity.GetAsync(other, Root + "/entities?type=AirStation");

        Assert.Equal("access-refused", refused.Problem);
        Assert.Equal(HttpStatusCode.NotFound, nothing.Status);
        Assert.Equal("purpose-not-covered", beyond.Problem);
        Assert.Contains("art. 25", beyond.Text);
    }

    [Fact]
    public async Task What_the_broker_cannot_keep_is_refused_with_the_way_to_a_release()
    {
        await City.GrantAsync("fire-rescue", null, change: g => g with { Obligations = g.Obligations with { Masks = g.Obligations.Masks.Add("contact", MaskKind.Partial) } });
        using var fire = City.As("fire-rescue");
        var refused = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation");
        Assert.Equal("only-as-release", refused.Problem);
        Assert.Contains("/data/air-stations", refused.Text);
    }

    [Theory]
    [InlineData(3, false)]
    [InlineData(0, true)]
    public async Task Rows_of_nobody_and_a_watermark_are_kept_by_releases_alone(int canaries, bool watermark)
    {
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"], change: g => g with { Obligations = g.Obligations with { Canaries = canaries, Watermark = watermark } });
        using var fire = City.As("fire-rescue");
        var refused = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation");
        Assert.Equal("only-as-release", refused.Problem);
        Assert.Contains("/data/air-stations", refused.Text);
        Assert.Equal(HttpStatusCode.NotFound, (await EntityCity.GetAsync(fire, Root + "/entities/urn:s:1")).Status);
        Assert.Equal("only-as-release", (await EntityCity.GetAsync(fire, $"{Root}/temporal/entities?type=AirStation&{Interval}")).Problem);
    }

    [Fact]
    public async Task A_grant_of_the_type_that_a_dataset_has_now_opens_nothing_of_the_type_that_it_had()
    {
        await City.PutAsync("""[{"id":"urn:d:1","type":"Depot","PM25":{"type":"Property","value":7}}]""");
        await City.PublishAsync(EntityCity.Dataset with { EntityType = EntityCity.Vocabulary + "Depot" });
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var fire = City.As("fire-rescue");
        foreach (var types in new[] { "Depot,AirStation", "AirStation,Depot" })
            Assert.Equal("dataset-unknown", (await EntityCity.GetAsync(fire, $"{Root}/entities?type={types}")).Problem);
        Assert.Equal(["urn:d:1"], (await EntityCity.GetAsync(fire, Root + "/entities?type=Depot")).Json.EnumerateArray().Select(e => e.GetProperty("id").GetString()));
        Assert.Equal(HttpStatusCode.NotFound, (await EntityCity.GetAsync(fire, Root + "/entities/urn:s:1")).Status);
        Assert.Equal(["urn:d:1"], (await EntityCity.GetAsync(fire, Root + "/entities?local=true")).Json.EnumerateArray().Select(e => e.GetProperty("id").GetString()));
        // The provider has both, and may subscribe to both.
        using var ecology = City.As("ecology", purpose: null);
        Assert.Equal(3, (await EntityCity.GetAsync(ecology, Root + "/entities?type=Depot,AirStation")).Json.GetArrayLength());
        await using var own = await Receiver.StartAsync();
        var subscribed = await EntityCity.PostAsync(ecology, Root + "/subscriptions", $$$"""{"id":"urn:sub:own","type":"Subscription","entities":[{"type":"AirStation"},{"type":"Depot"}],"notification":{"endpoint":{"uri":"{{{own.Url}}}/n"} } }""");
        Assert.Equal(HttpStatusCode.Created, subscribed.Status);
        await City.PutAsync("""[{"id":"urn:d:1","type":"Depot","PM25":{"type":"Property","value":8}}]""");
        await own.UntilAsync(1);
    }

    [Fact]
    public async Task A_grant_of_a_dataset_that_moved_to_another_tenant_opens_nothing_where_it_was()
    {
        await City.PublishAsync(EntityCity.Dataset with { Tenant = "north" });
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var fire = City.As("fire-rescue");
        Assert.Equal("dataset-unknown", (await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation")).Problem);
        Assert.Equal("[]", (await EntityCity.GetAsync(fire, Root + "/entities?local=true")).Text);
        Assert.Equal(HttpStatusCode.NotFound, (await EntityCity.GetAsync(fire, Root + "/entities/urn:s:1")).Status);
    }

    [Fact]
    public async Task A_period_binds_history_also_where_nothing_says_when_it_was_observed()
    {
        await City.PutAsync(
            """
            [{"id":"urn:s:3","type":"AirStation","PM25":{"type":"Property","value":3,"observedAt":"2023-05-01T00:00:00Z"},"contact":{"type":"Property","value":"of 2023"}},
             {"id":"urn:s:4","type":"AirStation","PM25":{"type":"Property","value":4,"observedAt":"2025-05-01T00:00:00Z"},"contact":{"type":"Property","value":"of 2025"}}]
            """);
        await City.GrantAsync("fire-rescue", ["id", "dust", "contact", "observed_at"], [new RowRule("observed_at", RowTest.Between, ["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"])]);
        using var fire = City.As("fire-rescue");
        City.Hub.Clock.Advance(TimeSpan.FromMinutes(1));
        await City.PutAsync("""[{"id":"urn:s:4","type":"AirStation","PM25":{"type":"Property","value":5,"observedAt":"2026-02-01T00:00:00Z"}}]""");
        City.Hub.Clock.Advance(TimeSpan.FromMinutes(1));
        await City.PutAsync("""[{"id":"urn:s:4","type":"AirStation","contact":{"type":"Property","value":"of 2026"}}]""");

        Assert.Equal(HttpStatusCode.NotFound, (await EntityCity.GetAsync(fire, Root + "/entities/urn:s:3")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await EntityCity.GetAsync(fire, Root + "/temporal/entities/urn:s:3")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await EntityCity.GetAsync(fire, Root + "/temporal/entities/urn:s:3?timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt")).Status);
        var history = await EntityCity.GetAsync(fire, Root + "/temporal/entities/urn:s:4");
        Assert.Contains("of 2025", history.Text);
        Assert.Contains("2025-05-01", history.Text);
        Assert.DoesNotContain("2026-02-01", history.Text);
        Assert.DoesNotContain("of 2026", history.Text);
        var all = await EntityCity.GetAsync(fire, Root + "/temporal/entities?type=AirStation&timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt&options=count");
        Assert.Equal("1", all.Headers["NGSILD-Results-Count"]);
        Assert.DoesNotContain("of 2026", all.Text);
    }

    [Fact]
    public async Task A_scope_of_a_time_outside_the_grant_is_not_seen()
    {
        await City.PublishAsync(EntityCity.Dataset with { Fields = [.. EntityCity.Dataset.Fields, new("place", ColumnType.Text, new("范围", "scope")) { Attribute = EntityTerms.Scope }] });
        await City.PutAsync("""[{"id":"urn:s:3","type":"AirStation","scope":"/before","PM25":{"type":"Property","value":1},"district":{"type":"Property","value":"west"}}]""");
        City.Hub.Clock.Advance(TimeSpan.FromMinutes(1));
        await City.PutAsync("""[{"id":"urn:s:3","type":"AirStation","scope":"/now","PM25":{"type":"Property","value":2},"district":{"type":"Property","value":"east"}}]""");
        await City.GrantAsync("fire-rescue", ["id", "dust", "place", "observed_at"], [EntityCity.In("district", "east")]);
        using var fire = City.As("fire-rescue");
        const string Modified = "timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt";
        Assert.Contains("/now", (await EntityCity.GetAsync(fire, $"{Root}/temporal/entities?type=AirStation&{Modified}&scopeQ=/now")).Text);
        Assert.Equal("[]", (await EntityCity.GetAsync(fire, $"{Root}/temporal/entities?type=AirStation&{Modified}&scopeQ=/before")).Text);
        Assert.DoesNotContain("/before", (await EntityCity.GetAsync(fire, $"{Root}/temporal/entities?type=AirStation&{Modified}&scopeQ=/%23")).Text);
        // A scope that was set before and is valid still is of the time at which it was set.
        await City.PutAsync("""[{"id":"urn:s:4","type":"AirStation","scope":"/before","PM25":{"type":"Property","value":1},"district":{"type":"Property","value":"west"}}]""");
        City.Hub.Clock.Advance(TimeSpan.FromMinutes(1));
        await City.Hub.SendAsync(HttpMethod.Post, Root + "/entities/urn:s:4/attrs", """{"PM25":{"type":"Property","value":2},"district":{"type":"Property","value":"east"}}""");
        Assert.Contains("\"value\":2", (await EntityCity.GetAsync(fire, Root + "/temporal/entities/urn:s:4")).Text);
        Assert.Equal("[]", (await EntityCity.GetAsync(fire, $"{Root}/temporal/entities?type=AirStation&{Modified}&scopeQ=/before")).Text);
    }

    [Fact]
    public async Task With_a_field_leaves_what_it_means_and_nothing_beside_it()
    {
        await City.PutAsync(
            """
            [{"id":"urn:s:3","type":"AirStation","PM25":[{"type":"Property","value":3,"unitCode":"GQ","observedAt":"2026-02-01T00:00:00Z","driver":{"type":"Property","value":"Zhang"}},
               {"type":"Property","value":4,"datasetId":"urn:other","driver":{"type":"Property","value":"Li"}}]}]
            """);
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var fire = City.As("fire-rescue");
        var one = (await EntityCity.GetAsync(fire, Root + "/entities/urn:s:3")).Json.GetProperty("PM25");
        Assert.Equal(["observedAt", "type", "unitCode", "value"], one.EnumerateObject().Select(m => m.Name).Order(StringComparer.Ordinal));
        Assert.Equal(3, one.GetProperty("value").GetInt32());
        Assert.Equal("[]", (await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation&q=PM25.driver==%22Zhang%22")).Text);
        Assert.Equal("[]", (await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation&q=PM25==4")).Text);
        foreach (var path in new[] { "/temporal/entities/urn:s:3?", $"/temporal/entities?type=AirStation&{Interval}&", $"/temporal/entities?type=AirStation&{Interval}&q=PM25.driver&" })
        {
            var history = await EntityCity.GetAsync(fire, Root + path + "timeproperty=modifiedAt");
            Assert.DoesNotContain("driver", history.Text);
            Assert.DoesNotContain("urn:other", history.Text);
        }

        Assert.Contains("Zhang", (await EntityCity.GetAsync(City.As("ecology", purpose: null), Root + "/entities/urn:s:3")).Text);
    }

    [Fact]
    public async Task Two_grants_are_never_put_together()
    {
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"], [EntityCity.In("district", "east")]);
        var second = await City.GrantAsync("fire-rescue", ["id", "coarse", "observed_at"], [EntityCity.In("district", "west")]);
        using var fire = City.As("fire-rescue");
        var first = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation&format=keyValues");
        var other = await EntityCity.GetAsync(fire, $"{Root}/entities?type=AirStation&format=keyValues&grant={second.Id}");

        Assert.Equal("""[{"id":"urn:s:1","type":"AirStation","PM25":31}]""", first.Text);
        Assert.Equal("""[{"id":"urn:s:2","type":"AirStation","PM10":99}]""", other.Text);
    }

    [Fact]
    public async Task A_reading_is_on_record_before_it_is_answered_and_its_person_sees_it()
    {
        var grant = await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"], [EntityCity.In("district", "east")]);
        using var fire = City.As("fire-rescue");
        var answer = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation");
        Assert.Equal(HttpStatusCode.OK, answer.Status);

        var look = Assert.Single(City.Rooms.Looks.Of("person-1", 0, 10));
        Assert.Equal(("fire-rescue", EntityCity.Purpose, EntityCity.Stations, grant.Id), (look.Receiver, look.Purpose, look.Dataset, look.Grant));
        Assert.Empty(City.Rooms.Looks.Of("person-2", 0, 10));
        // The answer has arrived before what became of it is written down.
        await Eventually.Is(() => City.Facts(ReleaseActs.Closed).Any(f => f.GetProperty("opening").GetInt64() == look.Opening));
        var closed = City.Facts(ReleaseActs.Closed).Single(f => f.GetProperty("opening").GetInt64() == look.Opening);
        Assert.Equal(1, closed.GetProperty("rows").GetInt32());
        Assert.Equal(answer.Text.Length, closed.GetProperty("bytes").GetInt32());
        Assert.Equal("complete", closed.GetProperty("how").GetString());
    }

    [Fact]
    public async Task A_quota_that_is_used_up_ends_the_reading()
    {
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"], change: g => g with { Obligations = g.Obligations with { Quota = new Quota(3, null, null) } });
        using var fire = City.As("fire-rescue");
        var first = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation");
        var second = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation&options=count");
        var smaller = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation&limit=1");

        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.Equal("quota-used-up", second.Problem);
        Assert.DoesNotContain("NGSILD-Results-Count", second.Headers.Keys);
        Assert.Equal(HttpStatusCode.OK, smaller.Status);
    }

    [Fact]
    public async Task A_grant_that_is_suspended_gives_nothing_more()
    {
        var grant = await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var fire = City.As("fire-rescue");
        Assert.NotEqual("[]", (await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation")).Text);
        Assert.Null((await City.Rooms.Grants.FollowAsync(grant with { State = GrantState.Suspended })).Problem);
        var after = await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation");
        Assert.Equal("grant-not-active", after.Problem);
        Assert.Equal(HttpStatusCode.NotFound, (await EntityCity.GetAsync(fire, Root + "/entities/urn:s:1")).Status);
    }

    [Fact]
    public async Task A_slow_reader_is_cut_off_when_his_grant_is_suspended()
    {
        var text = new string('x', 20_000);
        foreach (var half in new[] { 0, 500 })
            await City.PutAsync("[" + string.Join(',', Enumerable.Range(half, 500).Select(i => $$$"""{"id":"urn:big:{{{i}}}","type":"AirStation","district":{"type":"Property","value":"{{{text}}}"} }""")) + "]");
        var grant = await City.GrantAsync("fire-rescue", ["id", "district", "observed_at"]);
        using var fire = City.As("fire-rescue");
        using var reader = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await reader.ConnectAsync(IPAddress.Loopback, City.Hub.Address.Port, TestContext.Current.CancellationToken);
        await reader.SendAsync(
            Encoding.ASCII.GetBytes($"GET {Root}/entities?type=AirStation&limit=1000 HTTP/1.1\r\nHost: {City.Hub.Address.Authority}\r\nAuthorization: {fire.DefaultRequestHeaders.Authorization}\r\nCityHub-Purpose: {EntityCity.Purpose}\r\n\r\n"),
            TestContext.Current.CancellationToken);
        Assert.True(await reader.ReceiveAsync(new byte[2048], TestContext.Current.CancellationToken) > 0);

        // From here on he takes nothing, and the hub waits for him with a block in its hand.
        Assert.Null((await City.Rooms.Grants.FollowAsync(grant with { State = GrantState.Suspended })).Problem);
        await Eventually.Is(() => City.Facts(ReleaseActs.Closed).Any(), () => City.Hub.Clock.Advance(TimeSpan.FromMilliseconds(250)));
        Assert.Equal("ended", Assert.Single(City.Facts(ReleaseActs.Closed)).GetProperty("how").GetString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_opened_before_an_act_failed_is_closed_and_its_rows_are_given_back(bool cancelled)
    {
        // The reader has a grant of stations and depots of his own: one act each.
        var depots = EntityCity.Dataset with { Id = "depots", Provider = "fire-rescue", EntityType = EntityCity.Vocabulary + "Depot" };
        await City.PublishAsync(depots);
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"], change: g => g with { Obligations = g.Obligations with { Quota = new Quota(1, null, null) } });
        using var folder = new TestFolder();
        using var store = EmbeddedStore.Open(folder.Path, City.Hub.Clock).Value;
        var acts = new WatchedActs();
        var releases = new Releases(acts, store.Log, store.Views, store.Kept, City.Hub.Hub.Store.Tables, City.Rooms.Grants, City.Rooms.Catalogue, City.Rooms.Purposes, City.Hub.Clock, new ReleaseOptions { Secret = Bureau.Secret });
        var guard = new CatalogueGuard(City.Rooms.Catalogue, City.Rooms.Grants, City.Rooms.Parties.CallerOf, new EntityReleases(releases));
        Assert.NotNull(guard.In(""));
        int station = Iris.Intern(EntityCity.Dataset.EntityType ?? ""), depot = Iris.Intern(depots.EntityType ?? "");
        var caller = City.Rooms.Parties.CallerOf("fire-rescue.clerk");

        CatalogueReading Reading()
        {
            var reading = new CatalogueReading(guard, "", guard.In("") ?? throw new InvalidOperationException(), caller, dataset => new Ask(caller, Rights.Obtain, dataset, EntityCity.Purpose, DeliveryModes.Api), readsFree: false);
            Assert.Null(reading.Try(station));
            Assert.Null(reading.Try(depot));
            reading.Show(new Entity { Id = "urn:s:1", Types = [station], Attributes = [] });
            return reading;
        }

        acts.Fails = act => act.Type == ReleaseActs.Own && (cancelled ? throw new OperationCanceledException() : true);
        if (cancelled)
            await Assert.ThrowsAsync<OperationCanceledException>(async () => await Reading().RecordAsync("?", CancellationToken.None));
        else
            Assert.NotNull(await Reading().RecordAsync("?", CancellationToken.None));
        Assert.Equal([ReleaseActs.Opened, ReleaseActs.Closed], acts.Recorded.Select(act => act.Type));
        acts.Fails = _ => false;
        Assert.Null(await Reading().RecordAsync("?", CancellationToken.None)); // the day's one row is there again
    }

    [Fact]
    public async Task A_dataset_that_is_withdrawn_frees_nothing()
    {
        Assert.Null((await WithdrawDataset.WithdrawAsync(City.Rooms.Catalogue, City.Rooms.Parties.CallerOf("ecology.head"), EntityCity.Stations, "再议")).Problem);
        Assert.Equal("[]", (await City.Hub.GetAsync(Root + "/entities?type=AirStation")).Text);
        using var ecology = City.As("ecology", purpose: null);
        Assert.Contains("urn:s:2", (await EntityCity.GetAsync(ecology, Root + "/entities?type=AirStation")).Text);
    }

    private IEnumerable<string> ActsOf(string person) => City.Hub.Hub.Store.Acts.Of(person).Select(a => a.Type);
}
