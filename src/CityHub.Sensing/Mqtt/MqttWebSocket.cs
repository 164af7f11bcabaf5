using System.IO.Pipelines;
using System.Net;
using System.Net.WebSockets;
using CityHub.Core.Ports;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Mqtt;

/// <summary><c>GET /mqtt</c>: MQTT over WebSocket (MQTT 5.0, 6): binary frames, subprotocol mqtt; a packet may lie across frames. CONNECT asks who it is.</summary>
public static class MqttWebSocket
{
    private const int Chunk = 16 << 10;

    public static IEndpointRouteBuilder MapMqtt(this IEndpointRouteBuilder routes, MqttServer server)
    {
        routes.MapGet("/mqtt", (RequestDelegate)(http => HandleAsync(http, server))).RequireAuthorization(Permissions.Public)
            .WithName("Mqtt").WithSummary("MQTT 5.0 and 3.1.1 over WebSocket").WithTags("Devices");
        return routes;
    }

    private static async Task HandleAsync(HttpContext http, MqttServer server)
    {
        if (!http.WebSockets.IsWebSocketRequest || !http.WebSockets.WebSocketRequestedProtocols.Contains("mqtt"))
        {
            await Http.SensingHttp.WriteProblemAsync(http, SensingProblems.BadRequest.Because("This address speaks MQTT over WebSocket, subprotocol mqtt.", "MQTT clients connect to ws://…/mqtt; docs/reference/mqtt.md has examples."));
            return;
        }

        // A page of another site in somebody's browser must not speak to an open hub on his machine.
        if (http.Request.Headers.Origin.ToString() is { Length: > 0 } origin && (!Uri.TryCreate(origin, UriKind.Absolute, out var from) || from.Authority != http.Request.Host.Value))
        {
            await Http.SensingHttp.WriteProblemAsync(http, MqttProblems.OriginNotPermitted.Because($"The request comes from a page of {origin}, and this hub is {http.Request.Host}."));
            return;
        }

        var isLoopback = http.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);
        using var socket = await http.WebSockets.AcceptWebSocketAsync("mqtt");
        await ServeAsync(socket, server, http.Abort, isLoopback);
    }

    private static async Task ServeAsync(WebSocket socket, MqttServer server, Action abort, bool isLoopback)
    {
        var (incoming, outgoing) = (new Pipe(), new Pipe());
        var reading = ReadAsync(socket, incoming.Writer);
        var writing = WriteAsync(socket, outgoing.Reader);
        // An abort ends both directions, whatever they are waiting for.
        await server.ServeAsync(incoming.Reader, outgoing.Writer, abort, isLoopback);
        await outgoing.Writer.CompleteAsync();
        await writing;
        await incoming.Reader.CompleteAsync();
        await reading;
    }

    private static async Task ReadAsync(WebSocket socket, PipeWriter to)
    {
        try
        {
            while (true)
            {
                var got = await socket.ReceiveAsync(to.GetMemory(Chunk), CancellationToken.None);
                // 6.0.0-1: only binary frames.
                if (got.MessageType != WebSocketMessageType.Binary)
                    break;
                to.Advance(got.Count);
                if ((await to.FlushAsync()).IsCompleted)
                    break;
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The client has gone.
        }

        await to.CompleteAsync();
    }

    private static async Task WriteAsync(WebSocket socket, PipeReader from)
    {
        try
        {
            while (true)
            {
                var read = await from.ReadAsync();
                foreach (var part in read.Buffer)
                    await socket.SendAsync(part, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None);
                from.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    break;
            }

            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or InvalidOperationException or ObjectDisposedException)
        {
            // The client has gone.
        }

        await from.CompleteAsync();
    }
}
