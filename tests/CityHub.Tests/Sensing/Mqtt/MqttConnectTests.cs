using System.Net;
using CityHub.Core.Problems;
using CityHub.Sensing;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Mqtt;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CityHub.Tests.Sensing.Mqtt;

public sealed class MqttConnectTests
{
    [Theory]
    [InlineData(MqttProtocolVersion.V500, "tcp")]
    [InlineData(MqttProtocolVersion.V500, "tls")]
    [InlineData(MqttProtocolVersion.V500, "ws")]
    [InlineData(MqttProtocolVersion.V311, "tcp")]
    [InlineData(MqttProtocolVersion.V311, "tls")]
    [InlineData(MqttProtocolVersion.V311, "ws")]
    public async Task An_unmodified_client_connects_and_its_reading_is_recorded(MqttProtocolVersion version, string transport)
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        var (client, result) = await mqtt.ConnectAsync("a", secret, version, transport);
        using (client)
        {
            Assert.Equal(MqttClientConnectResultCode.Success, result.ResultCode);
            for (var i = 1; i <= 20; i++)
                Assert.True((await client.PublishStringAsync("devices/a/readings", $$"""{"at":{{1_770_000_000 + i}},"v":{{i}}}""", MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken: TestContext.Current.CancellationToken)).IsSuccess);
            Assert.Equal(20, mqtt.Sensing.Observations.All.Count);
            Assert.Equal("urn:x:a", mqtt.Sensing.Observations.All[0].Entity);
            await client.PingAsync(TestContext.Current.CancellationToken);
            await client.DisconnectAsync(cancellationToken: TestContext.Current.CancellationToken);
        }

        await MqttUnderTest.UntilAsync(() => mqtt.Server.ConnectionCount == 0);
    }

    [Theory]
    [InlineData(MqttProtocolVersion.V500)]
    [InlineData(MqttProtocolVersion.V311)]
    public async Task Refused_with_a_wrong_secret_an_unknown_device_and_no_name(MqttProtocolVersion version)
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        await mqtt.DeviceAsync("a");
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, await CodeAsync("a", "wrong"));
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, await CodeAsync("a", null));
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, await CodeAsync("b", "x"));
        Assert.Equal(MqttClientConnectResultCode.BadUserNameOrPassword, await CodeAsync("a@elsewhere", "x"));
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, await CodeAsync("", null));

        async Task<MqttClientConnectResultCode> CodeAsync(string device, string? secret)
        {
            var (client, result) = await mqtt.ConnectAsync(device, secret, version);
            client.Dispose();
            return result.ResultCode;
        }
    }

    [Fact]
    public async Task A_device_of_a_tenant_says_so_in_its_user_name_and_records_there()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a", tenant: "harbour");
        var (client, result) = await mqtt.ConnectAsync("a@harbour", secret);
        using (client)
        {
            Assert.Equal(MqttClientConnectResultCode.Success, result.ResultCode);
            await client.PublishStringAsync("devices/a/readings", """{"at":1,"v":2}""", MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken: TestContext.Current.CancellationToken);
        }

        Assert.Single(mqtt.Sensing.Observations.Of("harbour"));
        Assert.Empty(mqtt.Sensing.Observations.Of(""));
    }

    [Fact]
    public async Task A_token_opens_the_door_for_the_device_it_names_until_it_is_revoked()
    {
        var revoked = false;
        await using var mqtt = await MqttUnderTest.StartAsync(new MqttOptions
        {
            Limits = MqttUnderTest.Limits,
            Tokens = (token, tenant, _) => new(
                revoked || token != "good" || tenant.Length > 0 ? SensingProblems.BadRequest.Because("No.") : (Result<AdmittedToken>)new AdmittedToken("a", new DateTimeOffset(2026, 3, 1, 9, 0, 0, TimeSpan.Zero))),
        });
        await mqtt.DeviceAsync("a", """ "auth":"token" """);
        await mqtt.DeviceAsync("b", """ "auth":"token" """);
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, (await mqtt.ConnectAsync("a", "bad")).Result.ResultCode);
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, (await mqtt.ConnectAsync("b", "good")).Result.ResultCode);
        using (var raw = await mqtt.RawAsync("a", "good"))
        {
            revoked = true;
            mqtt.Sensing.Clock.Advance(TimeSpan.FromSeconds(31));
            Assert.Equal((byte)Reason.NotAuthorized, await raw.ClosedAsync());
        }

        revoked = false;
        using var other = await mqtt.RawAsync("a", "good");
        for (var i = 0; i < 90; i++)
        {
            // It keeps alive, and its token ends all the same.
            mqtt.Sensing.Clock.Advance(TimeSpan.FromSeconds(50));
            await other.SendAsync(0xC0, 0);
            if (await other.ReadAsync() is not [0xD0])
                break;
        }

        Assert.True(mqtt.Sensing.Clock.GetUtcNow() > new DateTimeOffset(2026, 3, 1, 9, 0, 0, TimeSpan.Zero));
        await MqttUnderTest.UntilAsync(() => mqtt.Server.ConnectionCount == 0);
    }

    [Fact]
    public async Task On_an_open_hub_anybody_on_this_machine_may_speak_for_any_device_and_listen()
    {
        await using var mqtt = await MqttUnderTest.StartAsync(new MqttOptions { Limits = MqttUnderTest.Limits, Open = true });
        await mqtt.DeviceAsync("a");
        var (client, result) = await mqtt.ConnectAsync("", null, clientId: "");
        using (client)
        {
            Assert.StartsWith("hub-", result.AssignedClientIdentifier, StringComparison.Ordinal);
            var heard = new TaskCompletionSource<string>();
            client.ApplicationMessageReceivedAsync += message =>
            {
                heard.TrySetResult(message.ApplicationMessage.Topic);
                return Task.CompletedTask;
            };
            await client.SubscribeAsync("#", cancellationToken: TestContext.Current.CancellationToken);
            await client.PublishStringAsync("devices/a/readings", """{"at":1,"v":2}""", MqttQualityOfServiceLevel.AtLeastOnce, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Single(mqtt.Sensing.Observations.All);
            Assert.Equal("devices/a/readings", await heard.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task A_5_0_client_is_told_what_the_server_does()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        var (client, result) = await mqtt.ConnectAsync("a", secret, more: o => o.WithKeepAlivePeriod(TimeSpan.FromHours(10)).WithSessionExpiryInterval(uint.MaxValue));
        client.Dispose();
        Assert.Equal(MqttQualityOfServiceLevel.AtLeastOnce, result.MaximumQoS);
        Assert.False(result.RetainAvailable);
        Assert.Equal((ushort)1_000, result.ReceiveMaximum);
        Assert.Equal(1u << 20, result.MaximumPacketSize);
        Assert.Equal((ushort)3_600, result.ServerKeepAlive);
        Assert.Equal(7u * 86_400, result.SessionExpiryInterval);
        Assert.False(result.SharedSubscriptionAvailable);
    }

    [Fact]
    public async Task A_second_connection_with_the_same_client_identifier_takes_over_and_the_first_is_told()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var first = await mqtt.RawAsync("a", secret);
        using var second = await mqtt.RawAsync("a", secret);
        Assert.Equal((byte)Reason.SessionTakenOver, await first.ClosedAsync());
        await second.SendAsync(RawClient.Publish("devices/a/readings", """{"at":1,"v":2}""", 1));
        Assert.Equal([1], await second.AcksAsync(1));
        Assert.Equal(1, mqtt.Server.ConnectionCount);
    }

    [Fact]
    public async Task A_client_identifier_of_another_device_is_another_session()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var (a, b) = (await mqtt.DeviceAsync("a"), await mqtt.DeviceAsync("b"));
        using var first = await mqtt.RawAsync("a", a, clientId: "same");
        using var second = await mqtt.RawAsync("b", b, clientId: "same");
        await first.SendAsync(0xC0, 0);
        Assert.Equal([0xD0], await first.ReadAsync());
    }

    [Fact]
    public async Task A_device_has_as_many_sessions_as_it_may()
    {
        await using var mqtt = await MqttUnderTest.StartAsync(new MqttOptions { Limits = MqttUnderTest.Limits with { SessionsOfDevice = 2 } });
        var secret = await mqtt.DeviceAsync("a");
        using var one = await mqtt.RawAsync("a", secret, clientId: "1");
        using var two = await mqtt.RawAsync("a", secret, clientId: "2");
        using var three = mqtt.Raw();
        await three.SendAsync(RawClient.Connect("a", secret, clientId: "3"));
        Assert.Equal([0x20, 0, (byte)Reason.QuotaExceeded], (await three.ReadAsync())[..3]);
        Assert.Empty(await three.ReadAsync());
    }

    [Theory]
    [InlineData("retire")]
    [InlineData("rotate")]
    [InlineData("change")]
    public async Task A_device_that_is_changed_or_retired_loses_its_connection(string how)
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret);
        var book = mqtt.Sensing.Room.Of("").Devices;
        if (how == "retire")
            Assert.True((await book.RetireAsync("a")).Ok);
        else if (how == "rotate")
            Assert.True((await book.RotateAsync("a", DeviceCredential.Of("new"))).Ok);
        else
            Assert.True((await book.ChangeAsync("a", known => known with { Name = "new" })).Ok);
        Assert.Equal((byte)Reason.AdministrativeAction, await raw.ClosedAsync());
        var (client, result) = await mqtt.ConnectAsync("a", secret);
        client.Dispose();
        Assert.Equal(how == "change" ? MqttClientConnectResultCode.Success : MqttClientConnectResultCode.BadUserNameOrPassword, result.ResultCode);
    }

    [Fact]
    public async Task Who_is_not_heard_for_one_and_a_half_keep_alives_is_sent_away_and_his_will_is_said()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = mqtt.Raw();
        await raw.SendAsync(RawClient.Packet(0x10, [
            .. RawClient.Text("MQTT"), 5, 0xC6 | 0x08, 0, 60, 0, .. RawClient.Text("a"), 0, .. RawClient.Text("devices/a/readings"), .. RawClient.Text("""{"at":5,"v":-1}"""), .. RawClient.Text("a"), .. RawClient.Text(secret),
        ]));
        Assert.Equal(0, (await raw.ReadAsync())[2]);
        mqtt.Sensing.Clock.Advance(TimeSpan.FromSeconds(89));
        await raw.SendAsync(0xC0, 0);
        Assert.Equal([0xD0], await raw.ReadAsync());
        // The server reads again, and from then on the time runs.
        await Task.Delay(50, TestContext.Current.CancellationToken);
        mqtt.Sensing.Clock.Advance(TimeSpan.FromSeconds(60));
        mqtt.Sensing.Clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal((byte)Reason.KeepAliveTimeout, await raw.ClosedAsync());
        await MqttUnderTest.UntilAsync(() => mqtt.Sensing.Observations.All.Count == 1);
    }

    [Fact]
    public async Task Who_leaves_politely_leaves_no_will()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        var (client, _) = await mqtt.ConnectAsync("a", secret, more: o => o.WithWillTopic("devices/a/readings").WithWillPayload("""{"at":5,"v":-1}"""));
        await client.DisconnectAsync(cancellationToken: TestContext.Current.CancellationToken);
        client.Dispose();
        await MqttUnderTest.UntilAsync(() => mqtt.Server.ConnectionCount == 0);
        Assert.Empty(mqtt.Sensing.Observations.All);
    }

    [Fact]
    public async Task Refused_when_the_will_is_for_a_topic_of_others_or_of_quality_2()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        var (client, result) = await mqtt.ConnectAsync("a", secret, more: o => o.WithWillTopic("devices/b/readings").WithWillPayload("x"));
        client.Dispose();
        Assert.Equal(MqttClientConnectResultCode.NotAuthorized, result.ResultCode);
        (client, result) = await mqtt.ConnectAsync("a", secret, more: o => o.WithWillTopic("devices/a/readings").WithWillPayload("x").WithWillQualityOfServiceLevel(MqttQualityOfServiceLevel.ExactlyOnce));
        client.Dispose();
        Assert.Equal(MqttClientConnectResultCode.QoSNotSupported, result.ResultCode);
    }

    [Fact]
    public async Task Who_says_nothing_is_cut_off()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        using var raw = mqtt.Raw();
        await raw.SendAsync(0x10);
        await MqttUnderTest.UntilAsync(() => mqtt.Server.ConnectionCount == 1);
        mqtt.Sensing.Clock.Advance(TimeSpan.FromSeconds(11));
        Assert.Null(await raw.ClosedAsync());
    }

    [Fact]
    public async Task A_server_that_closes_acknowledges_what_it_read_and_says_that_it_closes()
    {
        await using var mqtt = await MqttUnderTest.StartAsync();
        var secret = await mqtt.DeviceAsync("a");
        using var raw = await mqtt.RawAsync("a", secret);
        var durable = new TaskCompletionSource();
        mqtt.Sensing.Observations.Durable = durable.Task;
        await raw.SendAsync(RawClient.Publish("devices/a/readings", """{"at":1,"v":2}""", 7));
        await MqttUnderTest.UntilAsync(() => mqtt.Sensing.Observations.Calls == 1);
        var closing = mqtt.Server.CloseAsync();
        durable.SetResult();
        Assert.Equal([7], await raw.AcksAsync(1));
        Assert.Equal((byte)Reason.ServerShuttingDown, await raw.ClosedAsync());
        await closing;
    }

    [Fact]
    public async Task A_page_of_another_site_and_a_client_of_another_protocol_are_refused_at_the_web_socket()
    {
        await using var mqtt = await MqttUnderTest.StartAsync(new MqttOptions { Open = true });
        using var http = new HttpClient();
        using var plain = await http.GetAsync(mqtt.WebAddress, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, plain.StatusCode);
        using var request = new HttpRequestMessage(HttpMethod.Get, mqtt.WebAddress);
        request.Headers.Add("Connection", "Upgrade");
        request.Headers.Add("Upgrade", "websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        request.Headers.Add("Sec-WebSocket-Protocol", "mqtt");
        request.Headers.Add("Origin", "https://evil.example");
        using var foreign = await http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
    }
}
