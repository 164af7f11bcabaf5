using System.Text;
using System.Threading.Channels;
using CityHub.Sensing.Mqtt;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CityHub.Tests.Sensing.Mqtt;

public sealed class MqttSubscribeTests
{
    private const string Talks = """ "topics":{"readings":["devices/{device}/readings"],"publish":["rooms/{device}/#"],"subscribe":["rooms/#","devices/{device}/commands/#"]} """;

    [Theory]
    [InlineData(MqttProtocolVersion.V500)]
    [InlineData(MqttProtocolVersion.V311)]
    public async Task A_device_hears_its_commands(MqttProtocolVersion version)
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        var (client, _) = await mqtt.ConnectAsync("a", secret, version);
        using (client)
        {
            var heard = Listen(client);
            var granted = await client.SubscribeAsync("devices/a/commands/#", MqttQualityOfServiceLevel.ExactlyOnce, TestContext.Current.CancellationToken);
            Assert.Equal(MqttClientSubscribeResultCode.GrantedQoS1, granted.Items.Single().ResultCode);
            Assert.Equal(1, mqtt.Server.Tell("", "devices/a/commands/open", Encoding.UTF8.GetBytes("{\"now\":true}")));
            var message = await NextAsync(heard);
            Assert.Equal("devices/a/commands/open", message.Topic);
            Assert.Equal("{\"now\":true}", message.ConvertPayloadToString());
            Assert.Equal(0, mqtt.Server.Tell("", "devices/b/commands/open", default));
            await client.UnsubscribeAsync("devices/a/commands/#", TestContext.Current.CancellationToken);
            Assert.Equal(0, mqtt.Server.Tell("", "devices/a/commands/open", default));
        }
    }

    [Fact]
    public async Task A_device_hears_nothing_that_its_rules_do_not_name()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret);
        await raw.SendAsync(RawClient.Packet(0x82, [0, 7, 0, .. Filter("devices/b/commands/#"), .. Filter("#"), .. Filter("$SYS/#"), .. Filter("devices/a/commands/x"), .. Filter("a/#/b"), .. Filter("$share/g/devices/a/commands/x")]));
        var answer = await raw.ReadAsync();
        Assert.Equal(
            [0x90, 0, 7, 0, (byte)Reason.NotAuthorized, (byte)Reason.NotAuthorized, (byte)Reason.NotAuthorized, (byte)Reason.GrantedQoS1, (byte)Reason.TopicFilterInvalid, (byte)Reason.SharedSubscriptionsNotSupported],
            answer);
        using var four = await mqtt.RawAsync("a", secret, 4, clientId: "4");
        await four.SendAsync(RawClient.Packet(0x82, [0, 7, .. Filter("#"), .. Filter("devices/a/commands/x")]));
        Assert.Equal([0x90, 0, 7, 0x80, 1], await four.ReadAsync());

        static byte[] Filter(string filter) => [.. RawClient.Text(filter), 1];
    }

    [Fact]
    public async Task Messages_pass_between_devices_with_their_properties_and_not_back_to_who_asked_for_no_local()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var (a, b) = (await mqtt.DeviceAsync("a", Talks), await mqtt.DeviceAsync("b", Talks));
        var (first, _) = await mqtt.ConnectAsync("a", a);
        var (second, _) = await mqtt.ConnectAsync("b", b);
        using (first)
        using (second)
        {
            var (mine, theirs) = (Listen(first), Listen(second));
            await first.SubscribeAsync(new MqttTopicFilterBuilder().WithTopic("rooms/#").WithNoLocal().WithAtLeastOnceQoS().Build(), TestContext.Current.CancellationToken);
            await second.SubscribeAsync(new MqttTopicFilterBuilder().WithTopic("rooms/+/door").WithAtLeastOnceQoS().Build(), TestContext.Current.CancellationToken);
            var sent = await first.PublishAsync(
                new MqttApplicationMessageBuilder().WithTopic("rooms/a/door").WithPayload("open").WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce)
                    .WithContentType("text/plain").WithUserProperty("k", Encoding.UTF8.GetBytes("枢")).WithCorrelationData([1, 2]).WithMessageExpiryInterval(100).Build(),
                TestContext.Current.CancellationToken);
            Assert.Equal(MqttClientPublishReasonCode.Success, sent.ReasonCode);
            var message = await NextAsync(theirs);
            Assert.Equal("open", message.ConvertPayloadToString());
            Assert.Equal("text/plain", message.ContentType);
            Assert.Equal("k", message.UserProperties.Single().Name);
            Assert.Equal([1, 2], message.CorrelationData);
            Assert.Equal(100u, message.MessageExpiryInterval);
            var nobody = await second.PublishStringAsync("rooms/b/window", "x", MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal(MqttClientPublishReasonCode.Success, nobody.ReasonCode);
            Assert.Equal("rooms/b/window", (await NextAsync(mine)).Topic);
        }

        using var alone = await mqtt.RawAsync("a", a);
        await alone.SendAsync(RawClient.Publish("rooms/a/x", "x", 3));
        Assert.Equal([0x40, 0, 3, (byte)Reason.NoMatchingSubscribers], await alone.ReadAsync());
    }

    [Fact]
    public async Task A_session_that_is_kept_holds_messages_until_its_client_comes_back_and_repeats_what_was_not_acknowledged()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        byte[] keep = [0x11, 0, 0, 1, 0];
        var raw = await mqtt.RawAsync("a", secret, clean: false, properties: keep);
        await raw.SendAsync(RawClient.Packet(0x82, [0, 7, 0, .. RawClient.Text("devices/a/commands/#"), 1]));
        await raw.ReadAsync();
        mqtt.Server.Tell("", "devices/a/commands/one", "1"u8.ToArray());
        Assert.Equal(0x32, (await raw.ReadAsync())[0]);
        raw.Cut();
        await MqttUnderTest.UntilAsync(() => mqtt.Server.ConnectionCount == 0);
        Assert.Equal(1, mqtt.Server.Tell("", "devices/a/commands/two", "2"u8.ToArray()));
        using (raw = mqtt.Raw())
        {
            await raw.SendAsync(RawClient.Connect("a", secret, clean: false, properties: keep));
            Assert.Equal([0x20, 1, 0], (await raw.ReadAsync())[..3]);
            var (again, two) = (await raw.ReadAsync(), await raw.ReadAsync());
            Assert.Equal(0x3A, again[0]); // duplicate, QoS 1
            Assert.EndsWith("1", Encoding.UTF8.GetString(again), StringComparison.Ordinal);
            Assert.Equal(0x32, two[0]);
            Assert.EndsWith("2", Encoding.UTF8.GetString(two), StringComparison.Ordinal);
            var at = 3 + "devices/a/commands/one".Length;
            await raw.SendAsync(0x40, 2, again[at], again[at + 1]);
            await raw.SendAsync(0x40, 2, two[at], two[at + 1]);
            await raw.SendAsync(0xC0, 0);
            Assert.Equal([0xD0], await raw.ReadAsync());
        }

        await MqttUnderTest.UntilAsync(() => mqtt.Server.ConnectionCount == 0);
        mqtt.Sensing.Clock.Advance(TimeSpan.FromSeconds(257));
        await mqtt.Server.LookAsync();
        Assert.Equal(0, mqtt.Server.Tell("", "devices/a/commands/three", "3"u8.ToArray()));
    }

    [Fact]
    public async Task A_clean_start_forgets_the_session()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        var raw = await mqtt.RawAsync("a", secret, 4, clean: false);
        await raw.SendAsync(RawClient.Packet(0x82, [0, 7, .. RawClient.Text("devices/a/commands/#"), 1]));
        await raw.ReadAsync();
        raw.Dispose();
        await MqttUnderTest.UntilAsync(() => mqtt.Server.ConnectionCount == 0);
        Assert.Equal(1, mqtt.Server.Tell("", "devices/a/commands/x", default));
        using var again = await mqtt.RawAsync("a", secret, 4);
        Assert.Equal(0, mqtt.Server.Tell("", "devices/a/commands/x", default));
    }

    [Fact]
    public async Task A_slow_reader_loses_his_connection_and_holds_nobody_else_back()
    {
        await using var mqtt = await MqttUnderTest.StartAsync(new MqttOptions { Limits = MqttUnderTest.Limits with { Waiting = 50 } });
        var (a, b) = (await mqtt.DeviceAsync("a", Talks), await mqtt.DeviceAsync("b", Talks));
        using var slow = await mqtt.RawAsync("a", a);
        await slow.SendAsync(RawClient.Packet(0x82, [0, 7, 0, .. RawClient.Text("rooms/#"), 1]));
        await slow.ReadAsync();
        var (client, _) = await mqtt.ConnectAsync("b", b);
        using (client)
        {
            for (var i = 0; i < 200; i++)
                Assert.True((await client.PublishStringAsync("rooms/b/x", new string('x', 1_000), MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken: TestContext.Current.CancellationToken)).IsSuccess);
        }

        Assert.Equal((byte)Reason.QuotaExceeded, await slow.ClosedAsync());
        Assert.True(mqtt.Server.MessagesDropped > 0);
    }

    [Fact]
    public async Task A_client_gets_no_more_messages_at_once_than_it_takes_and_none_larger()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret, properties: [0x21, 0, 1, 0x27, 0, 0, 0, 100]);
        await raw.SendAsync(RawClient.Packet(0x82, [0, 7, 0, .. RawClient.Text("devices/a/commands/#"), 1]));
        await raw.ReadAsync();
        mqtt.Server.Tell("", "devices/a/commands/x", new byte[200]);
        mqtt.Server.Tell("", "devices/a/commands/x", "1"u8.ToArray());
        mqtt.Server.Tell("", "devices/a/commands/x", "2"u8.ToArray());
        var one = await raw.ReadAsync();
        Assert.EndsWith("1", Encoding.UTF8.GetString(one), StringComparison.Ordinal);
        await raw.SendAsync(0xC0, 0);
        Assert.Equal([0xD0], await raw.ReadAsync());
        var at = 3 + "devices/a/commands/x".Length;
        await raw.SendAsync(0x40, 2, one[at], one[at + 1]);
        Assert.EndsWith("2", Encoding.UTF8.GetString(await raw.ReadAsync()), StringComparison.Ordinal);
    }

    private static Channel<MqttApplicationMessage> Listen(IMqttClient client)
    {
        var heard = Channel.CreateUnbounded<MqttApplicationMessage>();
        client.ApplicationMessageReceivedAsync += message =>
        {
            heard.Writer.TryWrite(message.ApplicationMessage);
            return Task.CompletedTask;
        };
        return heard;
    }

    private static async Task<MqttApplicationMessage> NextAsync(Channel<MqttApplicationMessage> heard)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        return await heard.Reader.ReadAsync(patience.Token);
    }
}
