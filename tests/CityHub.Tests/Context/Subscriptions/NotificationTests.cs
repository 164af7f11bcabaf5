using System.Text.Json;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Context.Subscriptions;

public sealed class NotificationTests : IDisposable
{
    private const string Sub = "urn:ngsi-ld:Subscription:1";
    private const string Entity = """
        {"speed":{"type":"Property","value":1},"owner":{"type":"Relationship","object":"urn:p:1"},"name":{"type":"LanguageProperty","languageMap":{"en":"Bus","zh":"公交"}},
         "place":{"type":"GeoProperty","value":{"type":"Point","coordinates":[1,2]}},"tags":{"type":"JsonProperty","json":{"a":[1]}},"kind":{"type":"VocabProperty","vocab":"urn:k:1"},
         "list":{"type":"ListProperty","valueList":[1,2]}}
        """;

    private readonly EmbeddedUnderTest _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData("""{"speed":{"type":"Property","value":2}}""", "speed", """{"type":"Property","value":2,"previousValue":1}""")]
    [InlineData("""{"owner":{"type":"Relationship","object":"urn:p:2"}}""", "owner", """{"type":"Relationship","object":"urn:p:2","previousObject":"urn:p:1"}""")]
    [InlineData("""{"name":{"type":"LanguageProperty","languageMap":{"en":"Tram"}}}""", "name", """{"type":"LanguageProperty","languageMap":{"en":"Tram"},"previousLanguageMap":{"en":"Bus","zh":"公交"}}""")]
    [InlineData("""{"place":{"type":"GeoProperty","value":{"type":"Point","coordinates":[3,4]}}}""", "place", """{"type":"GeoProperty","value":{"type":"Point","coordinates":[3,4]},"previousValue":{"type":"Point","coordinates":[1,2]}}""")]
    [InlineData("""{"tags":{"type":"JsonProperty","json":[7]}}""", "tags", """{"type":"JsonProperty","json":[7],"previousJson":{"a":[1]}}""")]
    [InlineData("""{"kind":{"type":"VocabProperty","vocab":"urn:k:2"}}""", "kind", """{"type":"VocabProperty","vocab":"urn:k:2","previousVocab":"urn:k:1"}""")]
    [InlineData("""{"list":{"type":"ListProperty","valueList":[3]}}""", "list", """{"type":"ListProperty","valueList":[3],"previousValueList":[1,2]}""")]
    [InlineData("""{"fresh":{"type":"Property","value":1}}""", "fresh", """{"type":"Property","value":1}""")]
    public async Task With_showChanges_a_changed_attribute_tells_what_it_was(string change, string attribute, string expected)
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.CreateAsync("urn:v:1", Entity);
        await hub.SubscribeAsync(Sub, receiver.Url, notification: ",\"showChanges\":true");
        await hub.ChangeAsync("urn:v:1", change);

        var entity = (await receiver.UntilAsync(1))[0].Entity;

        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, entity.GetProperty(attribute)), entity.GetRawText());
        Assert.Single(entity.EnumerateObject(), m => m.Name == attribute || m.Value.GetRawText().Contains("\"previous", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deleted_entity_is_told_with_the_time_and_with_showChanges_all_it_was()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.CreateAsync("urn:v:1", DeliveryTests.Speed(1));
        await hub.SubscribeAsync("urn:plain", receiver.Url, ",\"notificationTrigger\":[\"entityDeleted\"]");
        await hub.SubscribeAsync("urn:changes", receiver.Url, ",\"notificationTrigger\":[\"entityDeleted\"]", ",\"showChanges\":true");
        await hub.DeleteAsync("urn:v:1");

        var all = await receiver.UntilAsync(2);

        var plain = all.Single(r => r.Subscription == "urn:plain").Entity;
        Assert.Equal(["id", "type", "deletedAt"], plain.EnumerateObject().Select(m => m.Name));
        var changes = all.Single(r => r.Subscription == "urn:changes").Entity;
        Assert.Equal("""{"type":"Property","value":"urn:ngsi-ld:null","previousValue":1}""", changes.GetProperty("speed").GetRawText());
        Assert.True(changes.TryGetProperty("deletedAt", out _));
    }

    [Fact]
    public async Task A_deleted_attribute_is_shown_as_null_to_those_who_asked_for_deletions()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.CreateAsync("urn:v:1", Entity);
        await hub.SubscribeAsync(Sub, receiver.Url, ",\"notificationTrigger\":[\"attributeDeleted\"]", ",\"sysAttrs\":true");
        await hub.ChangeAsync("urn:v:1", """{"name":"urn:ngsi-ld:null"}""");

        var name = (await receiver.UntilAsync(1))[0].Entity.GetProperty("name");

        Assert.Equal("""{"@none":"urn:ngsi-ld:null"}""", name.GetProperty("languageMap").GetRawText());
        Assert.True(name.TryGetProperty("deletedAt", out _));
    }

    [Fact]
    public async Task Headers_say_the_context_and_what_the_subscriber_asked_to_be_told()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, receiver.Url, endpoint: ",\"receiverInfo\":[{\"key\":\"X-Key\",\"value\":\"v\"},{\"key\":\"Content-Length\",\"value\":\"1\"}]");
        await hub.CreateAsync("urn:v:1", DeliveryTests.Speed(1));

        var received = (await receiver.UntilAsync(1))[0];

        Assert.Equal("v", received.Headers["X-Key"]);
        Assert.Equal("application/json", received.Headers["Content-Type"]);
        Assert.Contains("rel=\"http://www.w3.org/ns/json-ld#context\"", received.Headers["Link"], StringComparison.Ordinal);
        Assert.False(received.Entity.TryGetProperty("@context", out _));
        Assert.True(received.Length > 1);
    }

    [Fact]
    public async Task Linked_data_carries_its_context_and_geo_json_is_a_collection_of_features()
    {
        await using var receiver = await Receiver.StartAsync();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync("urn:ld", receiver.Url, endpoint: ",\"accept\":\"application/ld+json\"");
        await hub.SubscribeAsync("urn:geo", receiver.Url, endpoint: ",\"accept\":\"application/geo+json\"");
        await hub.CreateAsync("urn:v:1", """{"location":{"type":"GeoProperty","value":{"type":"Point","coordinates":[1,2]}}}""");

        var all = await receiver.UntilAsync(2);

        var ld = all.Single(r => r.Subscription == "urn:ld");
        Assert.True(ld.Entity.TryGetProperty("@context", out _));
        Assert.False(ld.Headers.ContainsKey("Link"));
        var geo = all.Single(r => r.Subscription == "urn:geo");
        Assert.Equal("application/geo+json", geo.Headers["Content-Type"]);
        Assert.Equal("Point", geo.Body.GetProperty("data").GetProperty("features")[0].GetProperty("geometry").GetProperty("type").GetString());
    }
}
