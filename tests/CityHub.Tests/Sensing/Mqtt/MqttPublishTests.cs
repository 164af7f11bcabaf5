using CityHub.Core.Facts;
using CityHub.Sensing.Mqtt;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CityHub.Tests.Sensing.Mqtt;

public sealed class MqttPublishTests
{
    private const string Topic = "devices/a/readings";

    [Fact]
    public async Task Nothing_is_acknowledged_before_it_is_durable_and_many_are_on_their_way_at_once()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret);
        var durable = new TaskCompletionSource();
        mqtt.Sensing.Observations.Durable = durable.Task;
        for (ushort i = 1; i <= 300; i++)
            await raw.SendAsync(RawClient.Publish(Topic, $$"""{"at":{{i}},"v":{{i}}}""", i));
        // A ping is answered meanwhile, before any of them.
        await raw.SendAsync(0xC0, 0);
        Assert.Equal([0xD0], await raw.ReadAsync());
        durable.SetResult();
        Assert.Equal(Enumerable.Range(1, 300).Select(i => (ushort)i), await raw.AcksAsync(300));
        Assert.Equal(300, mqtt.Sensing.Observations.All.Count);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Refused_when_the_disk_is_full_without_an_acknowledgement(byte version)
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret, version);
        await raw.SendAsync(RawClient.Publish(Topic, """{"at":1,"v":1}""", 1, version));
        Assert.Equal([1], await raw.AcksAsync(1));
        mqtt.Sensing.Observations.Refusal = FactProblems.StorageFull.Because("No room.");
        await raw.SendAsync(RawClient.Publish(Topic, """{"at":2,"v":1}""", 2, version));
        var last = await raw.ReadAsync();
        if (version == 5)
            Assert.Equal([0xE0, (byte)Reason.QuotaExceeded], last[..2]);
        else
            Assert.Empty(last);
        // The device comes again and repeats it.
        mqtt.Sensing.Observations.Refusal = null;
        using var again = await mqtt.RawAsync("a", secret, version);
        await again.SendAsync(RawClient.Publish(Topic, """{"at":2,"v":1}""", 2, version, flags: 2 | 8));
        Assert.Equal([2], await again.AcksAsync(1));
    }

    [Fact]
    public async Task A_failing_store_is_not_acknowledged_either()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret);
        mqtt.Sensing.Observations.Durable = Task.FromException(new IOException("The disk is gone."));
        await raw.SendAsync(RawClient.Publish(Topic, """{"at":2,"v":1}""", 2));
        Assert.Equal((byte)Reason.ServerBusy, await raw.ClosedAsync());
    }

    [Fact]
    public async Task A_bad_payload_is_acknowledged_with_its_reason_and_kept_among_the_dead_letters_and_good_ones_around_it_are_recorded()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        var (client, _) = await mqtt.ConnectAsync("a", secret);
        using (client)
        {
            Assert.True((await PublishAsync("""{"at":1,"v":1}""")).IsSuccess);
            var bad = await PublishAsync("""{"at":1,"v":"warm"}""");
            Assert.Equal(MqttClientPublishReasonCode.PayloadFormatInvalid, bad.ReasonCode);
            Assert.Contains("warm", bad.ReasonString, StringComparison.Ordinal);
            Assert.True((await PublishAsync("""{"at":2,"v":1}""")).IsSuccess);

            Task<MqttClientPublishResult> PublishAsync(string payload) => client.PublishStringAsync(Topic, payload, MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken: TestContext.Current.CancellationToken);
        }

        Assert.Equal(2, mqtt.Sensing.Observations.All.Count);
        var letter = Assert.Single(mqtt.Sensing.Room.Of("").DeadLetters.Page(null, long.MaxValue, 10));
        Assert.Equal(("a", Topic), (letter.Device, letter.Topic));
    }

    [Theory]
    [InlineData("99999999999999999999999999")]
    [InlineData("-9999999999999999999999")]
    [InlineData("1e28")]
    [InlineData("1e15")]
    public async Task A_time_beyond_all_times_is_a_bad_payload_and_no_mistake_of_the_hub(string time)
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret);
        await raw.SendAsync(RawClient.Publish(Topic, $$"""{"at":{{time}},"v":1}""", 1));
        Assert.Equal([0x40, 0, 1, (byte)Reason.PayloadFormatInvalid], (await raw.ReadAsync())[..4]);
    }

    [Fact]
    public async Task A_3_1_1_client_gets_a_plain_acknowledgement_for_a_bad_payload()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret, 4);
        await raw.SendAsync(RawClient.Publish(Topic, "nonsense", 9, 4));
        Assert.Equal([0x40, 0, 9], await raw.ReadAsync());
        Assert.Single(mqtt.Sensing.Room.Of("").DeadLetters.Page(null, long.MaxValue, 10));
    }

    [Fact]
    public async Task Quality_0_is_recorded_too_and_quality_2_is_refused()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret);
        await raw.SendAsync(RawClient.Publish(Topic, """{"at":1,"v":1}""", 0, flags: 0));
        await MqttUnderTest.UntilAsync(() => mqtt.Sensing.Observations.All.Count == 1);
        await raw.SendAsync(RawClient.Publish(Topic, """{"at":1,"v":1}""", 1, flags: 4));
        Assert.Equal((byte)Reason.QoSNotSupported, await raw.ClosedAsync());
        Assert.Single(mqtt.Sensing.Observations.All);
    }

    [Fact]
    public async Task A_device_publishes_to_its_own_topics_alone()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        await mqtt.DeviceAsync("b");
        using (var raw = await mqtt.RawAsync("a", secret))
        {
            await raw.SendAsync(RawClient.Publish("devices/b/readings", """{"at":1,"v":1}""", 1));
            Assert.Equal([0x40, 0, 1, (byte)Reason.NotAuthorized], (await raw.ReadAsync())[..4]);
            await raw.SendAsync(RawClient.Publish("devices/b/readings", """{"at":1,"v":1}""", 1, flags: 0));
            Assert.Equal((byte)Reason.NotAuthorized, await raw.ClosedAsync());
        }

        // 3.1.1 has no word for it.
        using (var raw = await mqtt.RawAsync("a", secret, 4))
        {
            await raw.SendAsync(RawClient.Publish("devices/b/readings", """{"at":1,"v":1}""", 1, 4));
            Assert.Empty(await raw.ReadAsync());
        }

        Assert.Empty(mqtt.Sensing.Observations.All);
        Assert.Equal(3, mqtt.Sensing.Room.Of("").DeadLetters.Page("a", long.MaxValue, 10).Count);
    }

    [Fact]
    public async Task A_connection_that_is_cut_loses_nothing_that_was_acknowledged_and_repeats_the_rest()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        var raw = await mqtt.RawAsync("a", secret, clean: false);
        var all = new List<byte>();
        for (ushort i = 1; i <= 50; i++)
            all.AddRange(RawClient.Publish(Topic, $$"""{"at":{{i}},"v":{{i}}}""", i));
        // The last one is cut in the middle.
        await raw.SendAsync([.. all[..^5]]);
        var acknowledged = await raw.AcksAsync(20);
        raw.Cut();
        await MqttUnderTest.UntilAsync(() => mqtt.Server.ConnectionCount == 0);
        var recorded = mqtt.Sensing.Observations.All.Select(o => o.ObservedAt.ToUnixTimeSeconds()).ToHashSet();
        Assert.All(acknowledged, id => Assert.Contains(id, recorded));
        Assert.DoesNotContain(50, recorded);
        raw = await mqtt.RawAsync("a", secret, clean: false);
        for (ushort i = 21; i <= 50; i++)
            await raw.SendAsync(RawClient.Publish(Topic, $$"""{"at":{{i}},"v":{{i}}}""", i, flags: 2 | 8));
        Assert.Equal(30, (await raw.AcksAsync(30)).Distinct().Count());
        raw.Dispose();
        Assert.Equal(50, mqtt.Sensing.Observations.All.Select(o => o.ObservedAt).Distinct().Count());
    }

    [Fact]
    public async Task Packets_may_come_byte_by_byte_and_many_at_once()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = mqtt.Raw();
        // Behind CONNECT at once: a client need not wait for CONNACK (3.1.4).
        foreach (var one in (byte[])[.. RawClient.Connect("a", secret), .. RawClient.Publish(Topic, """{"at":1,"v":1}""", 1)])
            await raw.SendAsync(one);
        Assert.Equal(0x20, (await raw.ReadAsync())[0]);
        Assert.Equal([1], await raw.AcksAsync(1));
        await raw.SendAsync([.. RawClient.Publish(Topic, """{"at":2,"v":1}""", 2), .. RawClient.Publish(Topic, """{"at":3,"v":1}""", 3), 0xC0, 0]);
        var types = new List<byte>();
        for (var i = 0; i < 3; i++)
            types.Add((await raw.ReadAsync())[0]);
        Assert.Equal<byte>([0x40, 0x40, 0xD0], [.. types.Order()]);
    }

    [Fact]
    public async Task A_topic_alias_stands_for_its_topic()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret);
        await raw.SendAsync(RawClient.Publish(Topic, """{"at":1,"v":1}""", 1, properties: [0x23, 0, 5]));
        await raw.SendAsync(RawClient.Publish("", """{"at":2,"v":1}""", 2, properties: [0x23, 0, 5]));
        Assert.Equal([1, 2], await raw.AcksAsync(2));
        Assert.Equal(2, mqtt.Sensing.Observations.All.Count);
        await raw.SendAsync(RawClient.Publish("", """{"at":2,"v":1}""", 3, properties: [0x23, 0, 6]));
        Assert.Equal((byte)Reason.ProtocolError, await raw.ClosedAsync());
    }

    [Fact]
    public async Task Who_sends_more_than_the_Receive_Maximum_is_sent_away_and_a_3_1_1_client_is_held_back()
    {
        await using var mqtt = await MqttUnderTest.StartAsync(new MqttOptions { Limits = MqttUnderTest.Limits with { Unacknowledged = 10 } });
        var secret = await mqtt.DeviceAsync("a");
        var durable = new TaskCompletionSource();
        mqtt.Sensing.Observations.Durable = durable.Task;
        using var five = await mqtt.RawAsync("a", secret, clientId: "5");
        using var four = await mqtt.RawAsync("a", secret, 4, clientId: "4");
        for (ushort i = 1; i <= 40; i++)
            await four.SendAsync(RawClient.Publish(Topic, $$"""{"at":{{i}},"v":1}""", i, 4));
        var all = new List<byte>();
        for (ushort i = 1; i <= 11; i++)
            all.AddRange(RawClient.Publish(Topic, $$"""{"at":{{100 + i}},"v":1}""", i));
        await five.SendAsync([.. all]);
        durable.SetResult();
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (ushort)i), await five.AcksAsync(10));
        Assert.Equal((byte)Reason.ReceiveMaximumExceeded, await five.ClosedAsync());
        Assert.Equal(Enumerable.Range(1, 40).Select(i => (ushort)i), await four.AcksAsync(40));
    }

    [Fact]
    public async Task A_reading_with_the_retain_flag_is_a_reading_and_a_message_with_it_is_refused_to_5_0()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a", """ "topics":{"readings":["devices/{device}/readings"],"publish":["notes/{device}"],"subscribe":["notes/#"]} """);
        using var raw = await mqtt.RawAsync("a", secret);
        await raw.SendAsync(RawClient.Publish(Topic, """{"at":1,"v":1}""", 1, flags: 3));
        await raw.SendAsync(RawClient.Publish(Topic, "", 2, flags: 3));
        Assert.Equal([1, 2], await raw.AcksAsync(2));
        Assert.Single(mqtt.Sensing.Observations.All);
        await raw.SendAsync(RawClient.Publish("notes/a", "x", 3, flags: 3));
        Assert.Equal((byte)Reason.RetainNotSupported, await raw.ClosedAsync());
    }
}
