using System.Buffers;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text.Json;
using CityHub.Context.Http;
using CityHub.Core.Ports;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Protocol;

namespace CityHub.Context.Subscriptions;

/// <summary>
/// Clause 7 (MQTT binding): metadata and body in one message to the topic of the endpoint's path. Subscriptions of one broker and user share a connection.
/// </summary>
internal sealed class MqttSender(TimeProvider clock, IIdSource ids) : INotificationSender, IAsyncDisposable
{
    private static readonly TimeSpan IdleFor = TimeSpan.FromMinutes(1);

    private readonly MqttClientFactory _factory = new();
    private readonly ConcurrentDictionary<string, Connection> _connections = new(StringComparer.Ordinal);

    public async ValueTask<SendOutcome> SendAsync(Subscription subscription, Notification notification, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        var endpoint = subscription.Endpoint;
        using var timeout = new CancellationTokenSource(endpoint.Timeout, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            var connection = _connections.GetOrAdd($"{endpoint.Uri.GetLeftPart(UriPartial.Authority)} {endpoint.Mqtt311}", _ => new Connection(_factory.CreateMqttClient()));
            connection.UsedAt = clock.GetUtcNow().UtcTicks;
            await ConnectAsync(connection, endpoint, both.Token);
            var message = new MqttApplicationMessageBuilder()
                .WithTopic(Uri.UnescapeDataString(endpoint.Uri.AbsolutePath).TrimStart('/'))
                .WithPayload(Message(endpoint, notification, body))
                .WithQualityOfServiceLevel((MqttQualityOfServiceLevel)endpoint.QualityOfService)
                .Build();
            var published = await connection.Client.PublishAsync(message, both.Token);
            return published.IsSuccess ? SendOutcome.Delivered : SendOutcome.Failed;
        }
        catch (MqttCommunicationException)
        {
            return SendOutcome.Failed;
        }
        catch (MqttProtocolViolationException)
        {
            return SendOutcome.Failed;
        }
        catch (SocketException)
        {
            return SendOutcome.Failed;
        }
        catch (IOException)
        {
            return SendOutcome.Failed;
        }
        catch (InvalidOperationException)
        {
            // The client lost its connection between connecting and publishing.
            return SendOutcome.Failed;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return SendOutcome.Failed;
        }
    }

    /// <summary>Closes connections that nothing was sent over for a minute.</summary>
    public void CloseIdle()
    {
        var before = clock.GetUtcNow().UtcTicks - IdleFor.Ticks;
        foreach (var (key, connection) in _connections)
            if (connection.UsedAt < before && _connections.TryRemove(key, out var idle))
                idle.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        foreach (var connection in _connections.Values)
            connection.Dispose();
        _connections.Clear();
        return default;
    }

    private async Task ConnectAsync(Connection connection, NotificationEndpoint endpoint, CancellationToken cancel)
    {
        if (connection.Client.IsConnected)
            return;
        await connection.Connecting.WaitAsync(cancel);
        try
        {
            if (connection.Client.IsConnected)
                return;
            var uri = endpoint.Uri;
            var tls = uri.Scheme == "mqtts";
            var options = new MqttClientOptionsBuilder()
                .WithTcpServer(uri.Host, uri.Port > 0 ? uri.Port : tls ? 8883 : 1883)
                .WithProtocolVersion(endpoint.Mqtt311 ? MqttProtocolVersion.V311 : MqttProtocolVersion.V500)
                // 23 characters: what every server of MQTT 3.1.1 takes.
                .WithClientId("ch" + ids.Next().ToString("N")[11..])
                .WithCleanSession()
                .WithTimeout(endpoint.Timeout);
            if (uri.UserInfo.Length > 0)
            {
                var parts = uri.UserInfo.Split(':', 2);
                options = options.WithCredentials(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
            }

            if (tls)
                options = options.WithTlsOptions(o => o.UseTls());
            await connection.Client.ConnectAsync(options.Build(), cancel);
        }
        finally
        {
            connection.Connecting.Release();
        }
    }

    private static byte[] Message(NotificationEndpoint endpoint, Notification notification, ReadOnlyMemory<byte> body)
    {
        var buffer = new ArrayBufferWriter<byte>(body.Length + 256);
        using (var json = new Utf8JsonWriter(buffer, NgsiLdHttp.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata"u8);
            json.WriteString("Content-Type"u8, HttpSender.TypeOf(notification.Media));
            if (HttpSender.LinkOf(notification) is { } link)
                json.WriteString("Link"u8, link);
            if (notification.Tenant.Length > 0)
                json.WriteString(NgsiLdHttp.TenantHeader, notification.Tenant);
            foreach (var (key, value) in endpoint.ReceiverInfo)
                json.WriteString(key, value);
            json.WriteEndObject();
            json.WritePropertyName("body"u8);
            json.WriteRawValue(body.Span, skipInputValidation: true);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory.ToArray();
    }

    private sealed class Connection(IMqttClient client) : IDisposable
    {
        public IMqttClient Client { get; } = client;

        public SemaphoreSlim Connecting { get; } = new(1);

        public long UsedAt { get; set; }

        public void Dispose()
        {
            Client.Dispose();
            Connecting.Dispose();
        }
    }
}
