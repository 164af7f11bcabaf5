using System.Net;
using CityHub.Sharing.Releases;

namespace CityHub.Tests.Flows;

/// <summary>Who looked: each person whom an answer of the broker is about finds it in his record, whether an entity was shown, counted, passed over, or said not to be there.</summary>
public sealed class EntityPersonsTests : IAsyncLifetime
{
    private const string Root = "/ngsi-ld/v1";
    private const string Interval = "timerel=after&timeAt=2020-01-01T00:00:00Z&timeproperty=modifiedAt";

    private EntityCity? _city;

    private EntityCity City => _city ?? throw new InvalidOperationException();

    public async ValueTask InitializeAsync()
    {
        _city = await EntityCity.BuildAsync();
        await City.PutAsync("[" + string.Join(',', Enumerable.Range(1, 8).Select(i => $$$"""
            {"id":"urn:s:{{{i}}}","type":"AirStation","PM25":{"type":"Property","value":{{{i * 10}}},"observedAt":"2026-02-01T00:00:00Z"},"district":{"type":"Property","value":"{{{(i <= 6 ? "east" : "west")}}}"},"keeper":{"type":"Property","value":"person-{{{i}}}"} }
            """)) + "]");
    }

    public async ValueTask DisposeAsync()
    {
        if (_city is not null)
            await _city.DisposeAsync();
    }

    [Theory]
    [InlineData("/entities?type=AirStation&q=keeper==%22nobody-yet%22&count=true&limit=0", "nobody-yet")]
    [InlineData("/entities?local=true&q=keeper!=%22nobody-yet%22&limit=1", "nobody-yet")]
    [InlineData("/entities?type=AirStation&q=PM25%3E1;keeper~=%22%5Enobody-yet$%22", "nobody-yet")]
    [InlineData("/entities?type=AirStation&q=keeper==%22person-3%22&count=true&limit=0", "person-3")]
    [InlineData("/entities?type=AirStation&q=PM25==30&count=true&limit=0", "person-3")]
    [InlineData("/entities?type=AirStation&q=district==%22west%22&count=true&limit=0", "person-7,person-8")]
    [InlineData("/entities?type=AirStation&q=district==%22east%22&count=true&limit=0", "person-7,person-8")]
    [InlineData("/entities?type=AirStation&q=district==%22west%22&offset=1", "person-7,person-8")]
    [InlineData("/entities?type=AirStation&idPattern=urn:s:3&count=true&limit=0", "person-3")]
    [InlineData("/entities?type=AirStation&count=true&limit=0", "")]
    [InlineData("/entities?type=Plant&join=inline&q=near%7Bkeeper%7D==%22nobody-yet%22", "nobody-yet")]
    [InlineData("/entities/urn:s:3?attrs=nothing", "person-3")]
    [InlineData("/temporal/entities/urn:s:3?attrs=nothing", "person-3")]
    [InlineData("/temporal/entities?type=AirStation&q=keeper==%22nobody-yet%22&count=true&" + Interval, "nobody-yet")]
    [InlineData("/temporal/entities?type=AirStation&q=PM25==30&count=true&limit=0&" + Interval, "person-3")]
    [InlineData("/types", "person-9")]
    [InlineData("/types/AirStation", "person-9")]
    [InlineData("/attributes/PM10", "person-9")]
    public async Task Whom_an_answer_is_about_without_showing_him_finds_it_in_his_record(string path, string persons)
    {
        if (persons == "person-9") // he alone has another attribute
            await City.PutAsync("""[{"id":"urn:s:9","type":"AirStation","PM10":{"type":"Property","value":1},"keeper":{"type":"Property","value":"person-9"} }]""");
        var grant = await City.GrantAsync("fire-rescue", ["id", "dust", "coarse", "district", "keeper", "observed_at"]);
        using var fire = City.As("fire-rescue");
        using var ecology = City.As("ecology", purpose: null);
        foreach (var client in new[] { fire, ecology })
            _ = await EntityCity.GetAsync(client, Root + path);
        var all = Enumerable.Range(1, 9).Select(i => $"person-{i}").Append("nobody-yet").ToList();
        var named = persons.Split(',', StringSplitOptions.RemoveEmptyEntries);
        foreach (var person in named)
        {
            Assert.Contains(City.Rooms.Looks.Of(person, 0, 10), l => l.Grant == grant.Id);
            Assert.Contains(City.Hub.Hub.Store.Acts.Of(person), a => a.Type == ReleaseActs.Own);
        }

        if (!path.Contains("limit=1", StringComparison.Ordinal) && !path.Contains("offset", StringComparison.Ordinal) && !path.Contains("keeper==%22nobody", StringComparison.Ordinal))
            Assert.DoesNotContain(all.Except(named), person => City.Rooms.Looks.Of(person, 0, 10).Any());
    }

    [Fact]
    public async Task A_question_for_a_person_who_is_not_there_is_in_the_record_of_who_has_that_id()
    {
        await using var city = await EntityCity.BuildAsync(EntityCity.Dataset with { Subject = "id" });
        var grant = await city.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var fire = city.As("fire-rescue");
        Assert.Equal(HttpStatusCode.NotFound, (await EntityCity.GetAsync(fire, Root + "/entities/urn:person:1")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await EntityCity.GetAsync(fire, Root + "/temporal/entities/urn:person:2")).Status);
        Assert.Equal("[]", (await EntityCity.GetAsync(fire, Root + "/entities?type=AirStation&id=urn:person:3")).Text);
        foreach (var person in new[] { "urn:person:1", "urn:person:2", "urn:person:3" })
            Assert.Equal(grant.Id, Assert.Single(city.Rooms.Looks.Of(person, 0, 10)).Grant);
    }

    [Fact]
    public async Task An_entity_without_what_is_asked_for_is_absent_in_the_same_words()
    {
        await City.GrantAsync("fire-rescue", ["id", "dust", "observed_at"]);
        using var fire = City.As("fire-rescue");
        foreach (var path in new[] { "/entities/{0}?attrs=contact", "/entities/{0}?pick=keeper", "/temporal/entities/{0}?attrs=contact" })
        {
            var there = await EntityCity.GetAsync(fire, Root + path.Replace("{0}", "urn:s:1", StringComparison.Ordinal));
            var absent = await EntityCity.GetAsync(fire, Root + path.Replace("{0}", "urn:s:99", StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.NotFound, there.Status);
            Assert.Equal(absent.Text.Replace("urn:s:99", "urn:s:1", StringComparison.Ordinal), there.Text);
        }
    }

    [Fact]
    public async Task A_history_is_about_everybody_whom_it_has_named_whoever_reads_it_and_however_many_types_it_has()
    {
        await City.PublishAsync(EntityCity.Dataset with { Id = "depots", Version = 1, EntityType = EntityCity.Vocabulary + "Depot" });
        await City.PutAsync("""[{"id":"urn:b:1","type":["AirStation","Depot"],"PM25":{"type":"Property","value":1},"keeper":{"type":"Property","value":"first"}}]""");
        await City.PutAsync("""[{"id":"urn:b:1","type":["AirStation","Depot"],"PM25":{"type":"Property","value":2},"keeper":{"type":"Property","value":"second"}}]""");
        string[] fields = ["id", "dust", "observed_at"];
        await City.GrantAsync("fire-rescue", fields);
        var depots = await City.GrantAsync("fire-rescue", fields, change: g => g with { Dataset = "depots" });
        using var fire = City.As("fire-rescue");
        using var ecology = City.As("ecology", purpose: null);
        Assert.Contains("urn:b:1", (await EntityCity.GetAsync(fire, Root + "/temporal/entities/urn:b:1")).Text);
        Assert.Contains("urn:b:1", (await EntityCity.GetAsync(ecology, $"{Root}/temporal/entities?type=Depot&{Interval}")).Text);
        foreach (var person in new[] { "first", "second" })
        {
            Assert.Contains(City.Rooms.Looks.Of(person, 0, 10), l => l.Grant == depots.Id);
            Assert.Contains(City.Hub.Hub.Store.Acts.Of(person), a => a.Type == ReleaseActs.Own);
        }
    }
}
