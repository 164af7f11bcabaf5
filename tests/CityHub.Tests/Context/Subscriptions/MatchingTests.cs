using System.Text;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Context.Subscriptions;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Context.Subscriptions;

public sealed class MatchingTests : IDisposable
{
    private const string Sub = "urn:ngsi-ld:Subscription:1";

    private readonly EmbeddedUnderTest _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData(null, "create,update,append")]
    [InlineData("entityCreated", "create")]
    [InlineData("entityUpdated", "update,append,remove")]
    [InlineData("entityDeleted", "delete")]
    [InlineData("attributeCreated", "create,append")]
    [InlineData("attributeUpdated", "update")]
    [InlineData("attributeDeleted", "remove,delete")]
    public async Task Each_trigger_notifies_of_its_changes_and_of_no_others(string? trigger, string expected)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, receiver.Url, trigger is null ? "" : $",\"notificationTrigger\":[\"{trigger}\"]");
        await hub.SubscribeAsync("urn:all", receiver.Url, """,  "notificationTrigger":["entityCreated","entityUpdated","entityDeleted"]""");
        var steps = new (string Name, Func<Task> Do)[]
        {
            ("create", () => hub.CreateAsync("urn:v:1", DeliveryTests.Speed(1))),
            ("update", () => hub.ChangeAsync("urn:v:1", DeliveryTests.Speed(2))),
            ("append", () => hub.ChangeAsync("urn:v:1", """{"fuel":{"type":"Property","value":1}}""")),
            ("remove", () => hub.ChangeAsync("urn:v:1", """{"fuel":"urn:ngsi-ld:null"}""")),
            ("delete", () => hub.DeleteAsync("urn:v:1")),
        };
        var told = new List<string>();
        var seen = 0;
        foreach (var (name, act) in steps)
        {
            await act();
            // The other subscription hears everything; both are matched before it is queued for either.
            await Eventually.Is(() => receiver.All.Count(r => r.Subscription == "urn:all") == Array.FindIndex(steps, s => s.Name == name) + 1 && hub.Room.Pending == 0);
            var count = receiver.All.Count(r => r.Subscription == Sub);
            if (count > seen)
                told.Add(name);
            seen = count;
        }

        Assert.Equal(expected.Split(','), told);
    }

    [Fact]
    public async Task Only_changes_of_watched_attributes_notify()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, receiver.Url, ",\"watchedAttributes\":[\"speed\"]");
        await hub.CreateAsync("urn:v:1", """{"fuel":{"type":"Property","value":1}}""");
        await hub.ChangeAsync("urn:v:1", """{"fuel":{"type":"Property","value":2}}""");
        await hub.ChangeAsync("urn:v:1", DeliveryTests.Speed(3));

        var only = Assert.Single(await receiver.UntilAsync(1));

        Assert.Equal(3, DeliveryTests.SpeedOf(only));
        Assert.True(only.Entity.TryGetProperty("fuel", out _));
    }

    [Fact]
    public async Task A_filter_over_words_that_no_entity_had_yet_matches_when_one_has_them()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        var word = "neverSeenBefore" + Guid.CreateVersion7(hub.Clock.GetUtcNow()).ToString("N");
        await hub.SubscribeAsync(Sub, receiver.Url, $",\"q\":\"{word}>5\"");
        await hub.CreateAsync("urn:v:1", $$$"""{"{{{word}}}":{"type":"Property","value":4}}""");
        await hub.CreateAsync("urn:v:2", $$$"""{"{{{word}}}":{"type":"Property","value":6}}""");

        Assert.Equal("urn:v:2", Assert.Single(await receiver.UntilAsync(1)).Entity.GetProperty("id").GetString());
    }

    [Fact]
    public async Task Throttling_lets_one_notification_through_in_each_period()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, receiver.Url, ",\"throttling\":10");
        await hub.CreateAsync("urn:v:1", DeliveryTests.Speed(0));
        for (var second = 1; second <= 25; second++)
        {
            hub.Broker.Snapshot(); // Waits for the matcher: each change is matched at its own second.
            hub.Clock.Advance(TimeSpan.FromSeconds(1));
            await hub.ChangeAsync("urn:v:1", DeliveryTests.Speed(second));
        }

        await receiver.UntilAsync(3);
        hub.Broker.Snapshot();
        await Eventually.Is(() => hub.Room.Pending == 0);

        Assert.Equal([0, 10, 20], receiver.All.Select(DeliveryTests.SpeedOf));
    }

    [Fact]
    public async Task With_an_interval_the_entities_that_match_come_when_it_is_over_and_not_before()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.CreateAsync("urn:v:1", DeliveryTests.Speed(1));
        await hub.CreateAsync("urn:v:2", DeliveryTests.Speed(2));
        await hub.CreateAsync("urn:b:1", DeliveryTests.Speed(3), type: "Bus");
        await hub.SubscribeAsync(Sub, receiver.Url, ",\"timeInterval\":60");
        await hub.ChangeAsync("urn:v:1", DeliveryTests.Speed(5));
        hub.Broker.Snapshot();
        hub.Clock.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(0, hub.Room.Pending);
        Assert.Empty(receiver.All);

        hub.Clock.Advance(TimeSpan.FromSeconds(1));

        var data = (await receiver.UntilAsync(1))[0].Body.GetProperty("data");
        Assert.Equal(["urn:v:1", "urn:v:2"], data.EnumerateArray().Select(e => e.GetProperty("id").GetString()));
        Assert.Equal(5, data[0].GetProperty("speed").GetProperty("value").GetInt32());
    }

    [Fact]
    public async Task Paused_and_expired_subscriptions_are_silent_until_they_are_active_again()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync("urn:paused", receiver.Url, ",\"isActive\":false");
        await hub.SubscribeAsync("urn:expiring", receiver.Url, ",\"expiresAt\":\"2026-06-01T00:01:00Z\"");
        hub.Clock.Advance(TimeSpan.FromMinutes(1));
        await hub.CreateAsync("urn:v:1", DeliveryTests.Speed(1));
        hub.Broker.Snapshot();
        Assert.Contains("\"status\":\"paused\"", hub.Told("urn:paused"), StringComparison.Ordinal);
        Assert.Contains("\"status\":\"expired\"", hub.Told("urn:expiring"), StringComparison.Ordinal);
        Assert.Equal(0, hub.Room.Pending);

        Assert.True((await hub.PatchAsync("urn:paused", """{"isActive":true}""")).Ok);
        Assert.True((await hub.PatchAsync("urn:expiring", """{"expiresAt":"2027-01-01T00:00:00Z"}""")).Ok);
        await hub.ChangeAsync("urn:v:1", DeliveryTests.Speed(2));

        Assert.All(await receiver.UntilAsync(2), r => Assert.Equal(2, DeliveryTests.SpeedOf(r)));
        Assert.Equal(2, receiver.All.Count);
    }

    [Fact]
    public async Task A_tenant_hears_of_its_own_entities_only_also_after_a_restart()
    {
        await using var receiver = await Receiver.StartAsync();
        await using (var hub = await Notifying.StartAsync(_store))
        {
            await hub.SubscribeAsync(Sub, receiver.Url, tenant: "north");
            await hub.CreateAsync("urn:v:1", DeliveryTests.Speed(1));
        }

        _store.Reopen();
        await using var again = await Notifying.StartAsync(_store);
        Assert.True(again.Room.Find("north", Sub).Ok);
        Assert.False(again.Room.Find("", Sub).Ok);
        await again.CreateAsync("urn:v:1", DeliveryTests.Speed(2));
        await again.CreateAsync("urn:v:1", DeliveryTests.Speed(3), tenant: "north");

        var only = Assert.Single(await receiver.UntilAsync(1));
        Assert.Equal(3, DeliveryTests.SpeedOf(only));
        Assert.Equal("north", only.Headers["NGSILD-Tenant"]);
    }

    [Fact]
    public async Task Among_a_thousand_subscriptions_exactly_those_that_match_are_found()
    {
        await using var hub = await Notifying.StartAsync(_store);
        var random = new Random(11);
        var all = new List<Subscription>();
        for (var i = 0; i < 1_000; i++)
        {
            var id = $"urn:s:{i}";
            var selector = $"\"type\":\"{(random.Next(20) == 0 ? "*" : random.Next(8) == 0 ? $"(T{random.Next(30)}|T{random.Next(30)})" : $"T{random.Next(30)}")}\"";
            if (random.Next(3) == 0)
                selector += $",\"id\":[\"urn:e:{random.Next(50)}\",\"urn:e:{random.Next(50)}\"]";
            else if (random.Next(6) == 0)
                selector += $",\"idPattern\":\"^urn:e:{random.Next(10)}\"";
            var entities = random.Next(10) == 0 ? "" : $",\"entities\":[{{{selector}}}]";
            var watched = entities.Length == 0 || random.Next(2) == 0 ? $",\"watchedAttributes\":[\"a{random.Next(20)}\",\"a{random.Next(20)}\"]" : "";
            var q = random.Next(4) == 0 ? $",\"q\":\"a{random.Next(20)}>{random.Next(100)}\"" : "";
            var json = $"{{\"id\":\"{id}\",\"type\":\"Subscription\"{entities}{watched}{q},\"notification\":{{\"endpoint\":{{\"uri\":\"http://127.0.0.1:1/\"}}}}}}";
            Assert.True((await hub.TrySubscribeAsync(json)).Ok, json);
            all.Add(hub.Room.Find("", id).Value);
        }

        var index = new SubscriptionIndex();
        foreach (var subscription in all)
            index.Add(subscription);
        var (found, candidates, matched) = (new HashSet<Subscription>(), 0, 0);
        for (var i = 0; i < 500; i++)
        {
            var entity = Entity(random);
            var edit = new EntityEdit { Id = entity.Id, Kind = EditKind.Created, At = 1, Types = entity.Types, Set = entity.Attributes };
            var change = ChangeSet.Of(new EntityChange("", 1_000_000, edit, null, entity)) ?? throw new InvalidOperationException("Nothing changed.");
            found.Clear();
            index.Find("", change, found);
            var expected = all.Where(s => change.Pulls(s) && s.Selects(entity, null, 2)).ToHashSet();

            Assert.Equal(expected, found.Where(s => change.Pulls(s) && s.Selects(entity, null, 2)).ToHashSet());
            (candidates, matched) = (candidates + found.Count, matched + expected.Count);
        }

        Assert.True(matched > 1_000, "The case tests too little.");
        Assert.True(candidates < 500 * all.Count / 5, $"The index leaves {candidates / 500} candidates of {all.Count} for a change.");
        foreach (var subscription in all)
            index.Remove(subscription);
        found.Clear();
        index.Find("", ChangeSet.Of(new EntityChange("", 1, new EntityEdit { Id = "urn:e:1", Kind = EditKind.Deleted, At = 1 }, Entity(random), null)) ?? throw new InvalidOperationException(), found);
        Assert.Empty(found);
    }

    private static Entity Entity(Random random) => new()
    {
        Id = $"urn:e:{random.Next(50)}",
        Types = [LdContext.Core.Name($"T{random.Next(30)}")],
        Attributes = AttributeOrder.Sorted([.. Enumerable.Range(0, 3).Select(_ => random.Next(20)).Distinct().Select(a => new CityHub.Context.Entities.Attribute
        {
            Name = LdContext.Core.Name($"a{a}"),
            Kind = AttributeKind.Property,
            Value = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(random.Next(100))),
        })]),
    };
}
