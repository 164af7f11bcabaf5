using CityHub.Sensing.Mqtt;

namespace CityHub.Tests.Sensing.Mqtt;

/// <summary>Bytes that no honest client sends. Each ends one connection and nothing else.</summary>
public sealed class MalformedPacketTests
{
    private static readonly byte[] s_ok = RawClient.Text("devices/a/readings");

    public static TheoryData<string, byte[], byte> AfterConnect { get; } = new()
    {
        { "type 0", [0x00, 0], 0x81 },
        { "a length of five bytes", [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], 0x81 },
        { "larger than the server takes", [0x32, 0xFF, 0xFF, 0x7F], 0x95 },
        { "a second CONNECT", RawClient.Connect("a", "x"), 0x82 },
        { "CONNACK from a client", [0x20, 2, 0, 0], 0x82 },
        { "PUBREL of a QoS 2 that never was", [0x62, 2, 0, 1], 0x82 },
        { "AUTH without a method", [0xF0, 0], 0x82 },
        { "QoS 3", [0x36, 4, 0, 1, (byte)'x', 0], 0x81 },
        { "duplicate of QoS 0", [0x38, 4, 0, 1, (byte)'x', 0], 0x81 },
        { "packet identifier 0", RawClient.Packet(0x32, [.. s_ok, 0, 0, 0]), 0x81 },
        { "no packet identifier", RawClient.Packet(0x32, s_ok), 0x81 },
        { "a topic longer than its packet", RawClient.Packet(0x30, [0, 200, (byte)'x']), 0x81 },
        { "a topic that is not UTF-8", RawClient.Packet(0x30, [0, 2, 0xC3, 0x28, 0]), 0x81 },
        { "a topic with U+0000", RawClient.Packet(0x30, [0, 2, (byte)'x', 0, 0]), 0x81 },
        { "a topic with a surrogate", RawClient.Packet(0x30, [0, 3, 0xED, 0xA0, 0x80, 0]), 0x81 },
        { "a wildcard in a topic", RawClient.Packet(0x30, [.. RawClient.Text("devices/+/readings"), 0]), 0x90 },
        { "an empty topic without alias", RawClient.Packet(0x30, [0, 0, 0]), 0x82 },
        { "alias 0", RawClient.Packet(0x30, [.. s_ok, 3, 0x23, 0, 0]), 0x94 },
        { "an alias beyond the maximum", RawClient.Packet(0x30, [.. s_ok, 3, 0x23, 1, 0]), 0x94 },
        { "an alias twice", RawClient.Packet(0x30, [.. s_ok, 6, 0x23, 0, 1, 0x23, 0, 1]), 0x82 },
        { "a property of another packet", RawClient.Packet(0x30, [.. s_ok, 3, 0x21, 0, 1]), 0x82 },
        { "a property that does not exist", RawClient.Packet(0x30, [.. s_ok, 2, 0x7F, 0]), 0x81 },
        { "properties longer than the packet", RawClient.Packet(0x30, [.. s_ok, 100, 0x23]), 0x81 },
        { "a property cut short", RawClient.Packet(0x30, [.. s_ok, 2, 0x02, 0]), 0x81 },
        { "a flag that is none", RawClient.Packet(0x30, [.. s_ok, 2, 0x01, 2]), 0x82 },
        { "a response topic with a wildcard", RawClient.Packet(0x30, [.. s_ok, 4, 0x08, 0, 1, (byte)'#']), 0x82 },
        { "SUBSCRIBE with wrong flags", [0x80, 2, 0, 1], 0x81 },
        { "SUBSCRIBE without filters", [0x82, 3, 0, 1, 0], 0x81 },
        { "SUBSCRIBE with identifier 0", RawClient.Packet(0x82, [0, 0, 0, .. RawClient.Text("x"), 0]), 0x81 },
        { "SUBSCRIBE with reserved bits", RawClient.Packet(0x82, [0, 1, 0, .. RawClient.Text("x"), 0x40]), 0x81 },
        { "SUBSCRIBE with retain handling 3", RawClient.Packet(0x82, [0, 1, 0, .. RawClient.Text("x"), 0x30]), 0x81 },
        { "SUBSCRIBE with a subscription identifier", RawClient.Packet(0x82, [0, 1, 2, 0x0B, 1, .. RawClient.Text("x"), 0]), 0xA1 },
        { "UNSUBSCRIBE without filters", [0xA2, 3, 0, 1, 0], 0x81 },
        { "PINGREQ with a body", [0xC0, 1, 0], 0x81 },
        { "PUBACK cut short", [0x40, 1, 0], 0x81 },
        { "DISCONNECT with trailing bytes", [0xE0, 3, 0, 0, 0], 0x81 },
        { "DISCONNECT that prolongs a session that never was", [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 9], 0x82 },
    };

    public static TheoryData<string, byte[]> InsteadOfConnect { get; } = new()
    {
        { "HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray() },
        { "TLS", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01] },
        { "PUBLISH first", RawClient.Publish("devices/a/readings", "{}", 1) },
        { "another protocol", RawClient.Packet(0x10, [.. RawClient.Text("AMQP"), 4, 2, 0, 0, 0, 0]) },
        { "MQTT 3.1", RawClient.Packet(0x10, [.. RawClient.Text("MQIsdp"), 3, 2, 0, 0, 0, 0]) },
        { "a first packet without end", [0x10, 0xFF, 0xFF, 0x7F] },
        { "nothing in it", [0x10, 0] },
    };

    [Theory]
    [MemberData(nameof(AfterConnect))]
    public async Task A_malformed_packet_ends_the_connection_with_its_reason(string what, byte[] bytes, byte reason)
    {
        await using var mqtt = await MqttUnderTest.StartAsync(new MqttOptions { Limits = MqttUnderTest.Limits with { Packet = 64 << 10 } });
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret);
        // A good reading before it is recorded and acknowledged all the same.
        await raw.SendAsync([.. RawClient.Publish("devices/a/readings", """{"at":1,"v":1}""", 1), .. bytes]);
        Assert.Equal([1], await raw.AcksAsync(1));
        Assert.True(await raw.ClosedAsync() is { } said && said == reason, what);
        Assert.Single(mqtt.Sensing.Observations.All);
    }

    [Theory]
    [MemberData(nameof(InsteadOfConnect))]
    public async Task What_is_no_CONNECT_is_closed_without_a_word(string what, byte[] bytes)
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        using var raw = mqtt.Raw();
        await raw.SendAsync(bytes);
        Assert.True(await raw.ClosedAsync() is null, what);
    }

    [Theory]
    [InlineData(3, 0x01)]
    [InlineData(6, 0x84)]
    public async Task A_version_that_is_not_spoken_is_refused_in_words_of_the_nearest(byte version, byte code)
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        using var raw = mqtt.Raw();
        await raw.SendAsync(RawClient.Packet(0x10, [.. RawClient.Text("MQTT"), version, 2, 0, 0, 0, 0]));
        Assert.Equal([0x20, 0, code], (await raw.ReadAsync())[..3]);
        Assert.Empty(await raw.ReadAsync());
    }

    [Theory]
    [InlineData("reserved flag", 0x03, new byte[0], 0x81)]
    [InlineData("will QoS 3", 0x1E, new byte[0], 0x81)]
    [InlineData("will QoS without a will", 0x0A, new byte[0], 0x81)]
    [InlineData("Receive Maximum 0", 0x02, new byte[] { 0x21, 0, 0 }, 0x82)]
    [InlineData("Maximum Packet Size 0", 0x02, new byte[] { 0x27, 0, 0, 0, 0 }, 0x82)]
    [InlineData("session expiry twice", 0x02, new byte[] { 0x11, 0, 0, 0, 1, 0x11, 0, 0, 0, 1 }, 0x82)]
    [InlineData("data without a method", 0x02, new byte[] { 0x16, 0, 0 }, 0x82)]
    [InlineData("a method", 0x02, new byte[] { 0x15, 0, 1, (byte)'x' }, 0x8C)]
    public async Task A_malformed_CONNECT_is_refused_with_its_reason(string what, byte flags, byte[] properties, byte reason)
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        using var raw = mqtt.Raw();
        await raw.SendAsync(RawClient.Packet(0x10, [.. RawClient.Text("MQTT"), 5, flags, 0, 0, (byte)properties.Length, .. properties, 0, 0]));
        var answer = await raw.ReadAsync();
        Assert.True(answer.Length > 2 && answer[2] == reason, what);
        Assert.Empty(await raw.ReadAsync());
    }
}
