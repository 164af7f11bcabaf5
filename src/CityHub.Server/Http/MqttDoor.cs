using CityHub.Sensing.Mqtt;
using CityHub.Server.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CityHub.Server.Http;

/// <summary>The ports of Kestrel that speak MQTT. They are open before the rooms are: until then a client is cut off and comes again.</summary>
internal sealed class MqttDoor
{
    private readonly List<(Listener Listener, ListenOptions Options)> _ports = [];
    private volatile MqttServer? _server;

    public void Serve(Listener listener, ListenOptions options)
    {
        _ports.Add((listener, options));
        // No HTTP here, and so none is offered in the TLS handshake.
        options.Protocols = HttpProtocols.None;
        options.Run(ServeAsync);
    }

    public void Open(MqttServer server) => _server = server;

    /// <summary>Connections end before Kestrel stops: it would wait for them.</summary>
    public async Task CloseAsync()
    {
        if (_server is { } server)
            await server.CloseAsync();
    }

    public IReadOnlyList<string> Addresses() => [.. _ports.Select(p => $"{(p.Listener.Tls ? "mqtts" : "mqtt")}://{p.Listener.Host}:{Port(p)}").Distinct()];

    /// <summary>Whether one of the addresses that Kestrel names is a port of MQTT.</summary>
    public bool Owns(string address) => Uri.TryCreate(address.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://[::]", "://0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var url) && _ports.Any(p => Port(p) == url.Port);

    private static int Port((Listener Listener, ListenOptions Options) port) => port.Listener.Port > 0 ? port.Listener.Port : port.Options.IPEndPoint?.Port ?? 0;

    private Task ServeAsync(ConnectionContext connection)
    {
        if (_server is { } server)
            return server.ServeAsync(connection);
        connection.Abort();
        return Task.CompletedTask;
    }
}
