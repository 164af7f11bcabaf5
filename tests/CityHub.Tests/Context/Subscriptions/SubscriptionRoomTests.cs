using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Context.Subscriptions;

public sealed class SubscriptionRoomTests : IDisposable
{
    private const string Sub = "urn:ngsi-ld:Subscription:1";
    private const string Uri = "http://127.0.0.1:1/";

    private readonly EmbeddedUnderTest _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData("ftp://example.org/x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("javascript:alert(1)")]
    [InlineData("not a uri")]
    [InlineData("mqtt://example.org")]
    [InlineData("mqtt://example.org/a/#")]
    [InlineData("http:///nowhere")]
    public async Task Refused_when_notifications_cannot_be_sent_there(string uri)
    {
        await using var hub = await Notifying.StartAsync(_store);

        var refused = await hub.TrySubscribeAsync(Notifying.Vehicles(Sub, uri));

        Assert.Equal("bad-request-data", refused.Problem?.Code);
    }

    [Theory]
    [InlineData(",\"timeInterval\":5,\"throttling\":5", "", "")]
    [InlineData(",\"timeInterval\":5,\"watchedAttributes\":[\"a\"]", "", "")]
    [InlineData(",\"timeInterval\":0", "", "")]
    [InlineData(",\"throttling\":-1", "", "")]
    [InlineData(",\"expiresAt\":\"2020-01-01T00:00:00Z\"", "", "")]
    [InlineData(",\"expiresAt\":\"tomorrow\"", "", "")]
    [InlineData(",\"isActive\":\"yes\"", "", "")]
    [InlineData(",\"q\":\"((\"", "", "")]
    [InlineData(",\"scopeQ\":\"#/a\"", "", "")]
    [InlineData(",\"geoQ\":{\"georel\":\"near\"}", "", "")]
    [InlineData(",\"watchedAttributes\":[]", "", "")]
    [InlineData(",\"watchedAttributes\":[\"a b\"]", "", "")]
    [InlineData(",\"notificationTrigger\":[\"entityMoved\"]", "", "")]
    [InlineData(",\"datasetId\":[\"x y\"]", "", "")]
    [InlineData("", ",\"format\":\"xml\"", "")]
    [InlineData("", ",\"format\":\"simplified\",\"showChanges\":true", "")]
    [InlineData("", ",\"joinLevel\":2", "")]
    [InlineData("", ",\"pick\":[\"a\"],\"omit\":[\"a\"]", "")]
    [InlineData("", "", ",\"accept\":\"text/html\"")]
    [InlineData("", "", ",\"receiverInfo\":[{\"key\":\"A\\r\\nB\",\"value\":\"x\"}]")]
    [InlineData("", "", ",\"receiverInfo\":[{\"key\":\"A\",\"value\":\"x\\r\\nEvil: 1\"}]")]
    [InlineData("", "", ",\"notifierInfo\":[{\"key\":\"MQTT-QoS\",\"value\":\"3\"}]")]
    [InlineData("", "", ",\"timeout\":0")]
    public async Task Refused_when_a_member_is_not_as_the_standard_has_it(string more, string notification, string endpoint)
    {
        await using var hub = await Notifying.StartAsync(_store);

        var refused = await hub.TrySubscribeAsync(Notifying.Vehicles(Sub, Uri, more, notification, endpoint));

        Assert.Equal("bad-request-data", refused.Problem?.Code);
        Assert.Equal(0, hub.Room.Count);
    }

    [Fact]
    public async Task Of_two_with_one_id_the_second_is_refused()
    {
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, Uri);

        Assert.Equal("already-exists", (await hub.TrySubscribeAsync(Notifying.Vehicles(Sub, Uri))).Problem?.Code);
    }

    [Fact]
    public async Task A_subscription_is_told_in_the_readers_words_without_what_the_client_may_not_set()
    {
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, Uri, ",\"status\":\"expired\",\"strange\":1,\"watchedAttributes\":[\"speed\"]", ",\"timesSent\":42,\"attributes\":[\"speed\"]");

        Assert.Equal(
            $$$"""{"id":"{{{Sub}}}","type":"Subscription","entities":[{"type":"Vehicle"}],"watchedAttributes":["speed"],"notification":{"endpoint":{"uri":"{{{Uri}}}"},"attributes":["speed"]},"notificationTrigger":["attributeCreated","attributeUpdated"],"status":"active"}""",
            hub.Told(Sub));
    }

    [Fact]
    public async Task An_update_replaces_the_members_it_names_and_a_null_takes_one_away()
    {
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync(Sub, Uri, ",\"throttling\":5,\"description\":\"old\"");

        Assert.True((await hub.PatchAsync(Sub, """{"throttling":null,"description":"new"}""")).Ok);

        Assert.DoesNotContain("throttling", hub.Told(Sub), StringComparison.Ordinal);
        Assert.Contains("\"description\":\"new\"", hub.Told(Sub), StringComparison.Ordinal);
        Assert.Equal("bad-request-data", (await hub.PatchAsync(Sub, """{"entities":null}""")).Problem?.Code);
        Assert.Equal("bad-request-data", (await hub.PatchAsync(Sub, """{"notification":{"format":"keyValues"}}""")).Problem?.Code);
        Assert.Equal("bad-request-data", (await hub.PatchAsync(Sub, """{"expiresAt":"2020-01-01T00:00:00Z"}""")).Problem?.Code);
        Assert.Equal("resource-not-found", (await hub.PatchAsync("urn:other", """{"isActive":false}""")).Problem?.Code);
    }

    [Fact]
    public async Task Subscriptions_are_there_after_a_restart_as_they_were()
    {
        string told;
        await using (var hub = await Notifying.StartAsync(_store))
        {
            await hub.SubscribeAsync(Sub, Uri, ",\"throttling\":5");
            await hub.SubscribeAsync("urn:gone", Uri);
            await hub.PatchAsync(Sub, """{"description":"changed"}""");
            await hub.Room.DeleteAsync("", "urn:gone", CancellationToken.None);
            told = hub.Told(Sub);
        }

        _store.Reopen();
        await using var again = await Notifying.StartAsync(_store);

        Assert.Equal(told, again.Told(Sub));
        Assert.Equal(1, again.Room.Count);
    }

    [Fact]
    public async Task A_new_subscription_does_not_hear_of_what_was_before_it_also_when_the_log_is_read_again()
    {
        await using var receiver = await Receiver.StartAsync();
        var crashed = await Notifying.StartAsync(_store);
        await crashed.SubscribeAsync("urn:first", Uri);
        await crashed.CreateAsync("urn:v:1", DeliveryTests.Speed(1));
        await crashed.SubscribeAsync(Sub, receiver.Url);
        await crashed.ChangeAsync("urn:v:1", DeliveryTests.Speed(2));
        await receiver.UntilAsync(1);
        _store.Reopen();
        await using var again = await Notifying.StartAsync(_store);

        var all = await receiver.UntilAsync(2);

        Assert.All(all, r => Assert.Equal(2, DeliveryTests.SpeedOf(r)));
    }
}
