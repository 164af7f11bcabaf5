using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using CityHub.Tests.Storage.Embedded;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace CityHub.Tests.Context.Subscriptions;

public sealed class MqttTests : IDisposable
{
    private readonly EmbeddedUnderTest _store = new();

    public void Dispose() => _store.Dispose();

    [Theory]
    [InlineData("", "", "")]
    [InlineData("bus:s%2Fcret@", "bus", "s/cret")]
    public async Task A_notification_is_one_message_with_metadata_and_body(string user, string name, string password)
    {
        var port = DeliveryTests.ClosedPort();
        var messages = new ConcurrentQueue<(string Topic, MqttQualityOfServiceLevel Quality, JsonElement Payload)>();
        using var server = new MqttServerFactory().CreateMqttServer(new MqttServerOptionsBuilder().WithDefaultEndpoint().WithDefaultEndpointPort(port).Build());
        server.ValidatingConnectionAsync += connection =>
        {
            if ((connection.UserName ?? "") != name || (connection.Password ?? "") != password)
                connection.ReasonCode = MqttConnectReasonCode.BadUserNameOrPassword;
            return Task.CompletedTask;
        };
        server.InterceptingPublishAsync += publish =>
        {
            using var json = JsonDocument.Parse(publish.ApplicationMessage.Payload.ToArray());
            messages.Enqueue((publish.ApplicationMessage.Topic, publish.ApplicationMessage.QualityOfServiceLevel, json.RootElement.Clone()));
            return Task.CompletedTask;
        };
        await server.StartAsync();
        await using (var hub = await Notifying.StartAsync(_store))
        {
            await hub.SubscribeAsync("urn:s", $"mqtt://{user}127.0.0.1:{port}/city/buses",
                endpoint: ",\"receiverInfo\":[{\"key\":\"X-Key\",\"value\":\"v\"}],\"notifierInfo\":[{\"key\":\"MQTT-QoS\",\"value\":\"1\"},{\"key\":\"MQTT-Version\",\"value\":\"mqtt3.1.1\"}]");
            await hub.CreateAsync("urn:v:1", DeliveryTests.Speed(1));
            await hub.ChangeAsync("urn:v:1", DeliveryTests.Speed(2));
            await Eventually.Is(() => hub.Room.Delivered == 2);
        }

        await server.StopAsync();
        Assert.Equal(2, messages.Count);
        Assert.All(messages, m => Assert.Equal(("city/buses", MqttQualityOfServiceLevel.AtLeastOnce), (m.Topic, m.Quality)));
        var first = messages.First().Payload;
        Assert.Equal("application/json", first.GetProperty("metadata").GetProperty("Content-Type").GetString());
        Assert.Equal("v", first.GetProperty("metadata").GetProperty("X-Key").GetString());
        Assert.Equal("Notification", first.GetProperty("body").GetProperty("type").GetString());
        Assert.Equal([1, 2], messages.Select(m => m.Payload.GetProperty("body").GetProperty("data")[0].GetProperty("speed").GetProperty("value").GetInt32()));
    }

    [Fact]
    public async Task A_broker_that_is_away_gets_the_notification_when_it_is_back()
    {
        var port = DeliveryTests.ClosedPort();
        await using var hub = await Notifying.StartAsync(_store);
        await hub.SubscribeAsync("urn:s", $"mqtt://127.0.0.1:{port}/t");
        await hub.CreateAsync("urn:v:1", DeliveryTests.Speed(1));
        await Eventually.Is(() => hub.Room.Failures == 1);
        using var server = new MqttServerFactory().CreateMqttServer(new MqttServerOptionsBuilder().WithDefaultEndpoint().WithDefaultEndpointPort(port).Build());
        await server.StartAsync();

        await Eventually.Is(() => hub.Room.Delivered == 1, () => hub.Clock.Advance(TimeSpan.FromMilliseconds(200)));
        await server.StopAsync();
    }
}
