using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Sensing.Mqtt;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CityHub.Tests.Sensing.Mqtt;

/// <summary>The MQTT server on real sockets: TCP, TLS and WebSocket, over the room with a false clock.</summary>
internal sealed class MqttUnderTest : IAsyncDisposable
{
    private static readonly X509Certificate2 s_certificate = MakeCertificate();
    private readonly WebApplication _app;
    private int _tcp, _tls, _web;

    private MqttUnderTest(WebApplication app, SensingUnderTest sensing, MqttServer server) => (_app, Sensing, Server) = (app, sensing, server);

    public SensingUnderTest Sensing { get; }

    public MqttServer Server { get; }

    public static MqttLimits Limits { get; } = new() { RefusalDelay = TimeSpan.Zero };

    public static async Task<MqttUnderTest> StartAsync(MqttOptions? options = null)
    {
        var sensing = new SensingUnderTest();
        var server = new MqttServer(sensing.Room, options ?? new MqttOptions { Limits = Limits }, new Counter());
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        var ports = new List<ListenOptions>();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, port => Mqtt(port));
            kestrel.Listen(IPAddress.Loopback, 0, port => Mqtt(port, tls: true));
            kestrel.Listen(IPAddress.Loopback, 0, ports.Add);
        });
        builder.Services.AddRoutingCore().Configure<RouteOptions>(o => o.SuppressCheckForUnhandledSecurityMetadata = true);
        var app = builder.Build();
        app.UseWebSockets();
        app.MapMqtt(server);
        await app.StartAsync();
        return new MqttUnderTest(app, sensing, server) { _tcp = Port(0), _tls = Port(1), _web = Port(2) };

        int Port(int i) => ports[i].IPEndPoint?.Port ?? 0;

        void Mqtt(ListenOptions port, bool tls = false)
        {
            ports.Add(port);
            port.Protocols = HttpProtocols.None;
            if (tls)
                port.UseHttps(s_certificate);
            port.Run(server.ServeAsync);
        }
    }

    /// <summary>A device with its mapping; the answer is its secret.</summary>
    public async Task<string> DeviceAsync(string id, string? more = null, string tenant = "")
    {
        await Sensing.MapAsync("timed", """{"type":"T","entity":"urn:x:{device}","time":{"from":"at","format":"unix"},"attributes":[{"name":"v","as":"number","required":true}]}""", tenant);
        var (_, secret) = await Sensing.RegisterAsync(id, """ "mapping":"timed","period":"PT1M" """ + (more is null ? "" : "," + more), tenant);
        return secret ?? "";
    }

    public MqttClientOptionsBuilder Options(string device, string? secret, MqttProtocolVersion version = MqttProtocolVersion.V500, string transport = "tcp", string? clientId = null)
    {
        var options = new MqttClientOptionsBuilder().WithProtocolVersion(version).WithClientId(clientId ?? device).WithTimeout(TimeSpan.FromSeconds(20));
        if (device.Length > 0)
            options.WithCredentials(device, secret);
        _ = transport switch
        {
            "tls" => options.WithTcpServer("127.0.0.1", _tls).WithTlsOptions(tls => tls.WithCertificateValidationHandler(c => c.Certificate.GetCertHashString() == s_certificate.GetCertHashString())),
            "ws" => options.WithWebSocketServer(web => web.WithUri($"ws://127.0.0.1:{_web}/mqtt")),
            _ => options.WithTcpServer("127.0.0.1", _tcp),
        };
        return options;
    }

    public async Task<(IMqttClient Client, MqttClientConnectResult Result)> ConnectAsync(
        string device, string? secret, MqttProtocolVersion version = MqttProtocolVersion.V500, string transport = "tcp", Action<MqttClientOptionsBuilder>? more = null, string? clientId = null)
    {
        var client = new MqttClientFactory().CreateMqttClient();
        var options = Options(device, secret, version, transport, clientId);
        more?.Invoke(options);
        var result = await client.ConnectAsync(options.Build(), TestContext.Current.CancellationToken);
        return (client, result);
    }

    public RawClient Raw() => new(_tcp);

    /// <summary>A raw client that is in.</summary>
    public async Task<RawClient> RawAsync(string device, string secret, byte version = 5, string? clientId = null, bool clean = true, byte[]? properties = null)
    {
        var raw = Raw();
        await raw.SendAsync(RawClient.Connect(device, secret, version, clientId ?? device, clean, properties));
        var answer = await raw.ReadAsync();
        Assert.Equal(0x20, answer[0]);
        Assert.Equal(0, answer[2]);
        return raw;
    }

    public Uri WebAddress => new($"http://127.0.0.1:{_web}/mqtt");

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _app.DisposeAsync();
        await Sensing.DisposeAsync();
    }

    /// <summary>Waits for something that another thread does.</summary>
    public static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; i < 2_000 && !holds(); i++)
            await Task.Delay(5, TestContext.Current.CancellationToken);
        Assert.True(holds());
    }

    private static X509Certificate2 MakeCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }

    private sealed class Counter : IIdSource
    {
        private int _last;

        public Guid Next() => new(Interlocked.Increment(ref _last), 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);
    }
}

/// <summary>Bytes in, packets out.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _tcp = new() { NoDelay = true };
    private readonly NetworkStream _stream;

    public RawClient(int port)
    {
        _tcp.Connect(IPAddress.Loopback, port);
        _stream = _tcp.GetStream();
    }

    public static byte[] Connect(string device, string? secret, byte version = 5, string? clientId = null, bool clean = true, byte[]? properties = null)
    {
        byte flags = (byte)((clean ? 2 : 0) | (device.Length > 0 ? 0x80 : 0) | (secret is not null ? 0x40 : 0));
        return Packet(0x10, [
            .. Text("MQTT"), version, flags, 0, 60, .. version == 5 ? [(byte)(properties?.Length ?? 0), .. properties ?? []] : (byte[])[], .. Text(clientId ?? device),
            .. device.Length > 0 ? Text(device) : [], .. secret is not null ? Text(secret) : [],
        ]);
    }

    public static byte[] Publish(string topic, string payload, ushort id, byte version = 5, byte flags = 2, byte[]? properties = null) => Packet((byte)(0x30 | flags), [
        .. Text(topic), .. (flags & 6) != 0 ? [(byte)(id >> 8), (byte)id] : (byte[])[], .. version == 5 ? [(byte)(properties?.Length ?? 0), .. properties ?? []] : (byte[])[],
        .. Encoding.UTF8.GetBytes(payload),
    ]);

    public static byte[] Text(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        return [(byte)(utf8.Length >> 8), (byte)utf8.Length, .. utf8];
    }

    public static byte[] Packet(byte first, byte[] body)
    {
        var length = new List<byte>();
        var rest = body.Length;
        do
        {
            length.Add((byte)((rest & 0x7F) | (rest > 127 ? 0x80 : 0)));
            rest >>= 7;
        }
        while (rest > 0);
        return [first, .. length, .. body];
    }

    public Task SendAsync(params byte[] bytes) => _stream.WriteAsync(bytes).AsTask();

    /// <summary>The next packet: its first byte, then its body. Empty: the server closed.</summary>
    public async Task<byte[]> ReadAsync()
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        try
        {
            var one = new byte[1];
            if (await _stream.ReadAsync(one, patience.Token) == 0)
                return [];
            var first = one[0];
            int length = 0, shift = 0;
            do
            {
                await _stream.ReadExactlyAsync(one, patience.Token);
                length |= (one[0] & 0x7F) << shift;
                shift += 7;
            }
            while ((one[0] & 0x80) != 0);
            var body = new byte[length];
            await _stream.ReadExactlyAsync(body, patience.Token);
            return [first, .. body];
        }
        catch (Exception e) when (e is IOException or EndOfStreamException)
        {
            return [];
        }
    }

    /// <summary>Reads acknowledgements; their packet identifiers.</summary>
    public async Task<ushort[]> AcksAsync(int count)
    {
        var ids = new ushort[count];
        for (var i = 0; i < count; i++)
        {
            var packet = await ReadAsync();
            Assert.Equal(0x40, packet[0]);
            ids[i] = BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan(1));
        }

        return ids;
    }

    /// <summary>Reads until the server closes; the reason of its DISCONNECT, if it said one.</summary>
    public async Task<byte?> ClosedAsync()
    {
        byte? reason = null;
        while (await ReadAsync() is { Length: > 0 } packet)
            if (packet[0] == 0xE0)
                reason = packet[1];
        return reason;
    }

    public void Cut()
    {
        _tcp.Client.LingerState = new LingerOption(true, 0);
        _tcp.Close();
    }

    public void Dispose() => _tcp.Dispose();
}
