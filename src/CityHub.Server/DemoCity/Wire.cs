using System.Globalization;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Mapping;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace CityHub.Server.DemoCity;

/// <summary>
/// How the demo's devices reach the hub: over MQTT on loopback with QoS 1, through one gateway a district, with a client library that knows nothing of
/// CityHub. Each device is registered; what it sends is read by the mapping of its kind.
/// </summary>
internal sealed class Wire(string host, int port, TimeProvider time) : IAsyncDisposable
{
    private const int AtOnce = 100;

    private readonly MqttClientFactory _factory = new();
    private readonly Dictionary<string, IMqttClient> _gateways = new(StringComparer.Ordinal);

    /// <summary>What each kind of device sends, as data. Two of them speak CSV, and one counts in per cent.</summary>
    public static readonly IReadOnlyDictionary<string, string> Mappings = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["air"] = Json("AirQualityObserved", """{"name":"PM25","unit":"GQ"},{"name":"PM10","unit":"GQ"},{"name":"NO2","unit":"GQ"}"""),
        ["traffic"] = Csv("TrafficFlowObserved", "intensity averageVehicleSpeed occupancy", """{"name":"intensity","unit":"VH"},{"name":"averageVehicleSpeed","unit":"KMH"},{"name":"occupancy"}"""),
        ["light"] = Json("Streetlight", """{"name":"powerState"},{"name":"powerConsumption","unit":"WTT"}"""),
        ["parking"] = Json("OffStreetParking", """{"name":"totalSpotNumber"},{"name":"availableSpotNumber"}"""),
        ["bin"] = Json("WasteContainer", """{"name":"fillingLevel","from":"percent","as":"number","scale":0.01}"""),
        ["meter"] = Csv("ThreePhaseAcMeasurement", "totalActivePower", """{"name":"totalActivePower","unit":"KWT"}"""),
        ["weather"] = Json("WeatherObserved", """{"name":"temperature","unit":"CEL"},{"name":"relativeHumidity"},{"name":"windSpeed","unit":"MTS"},{"name":"precipitation","unit":"MMT"}"""),
        ["water"] = Json("WaterQualityObserved", """{"name":"O2","unit":"M1"},{"name":"pH"},{"name":"waterLevel","unit":"MTR"}"""),
    };

    public int Gateways => _gateways.Count;

    /// <summary>The mappings and devices of the city, where they are not there yet.</summary>
    public static async Task<Problem?> ProvideAsync(SensingRoom room, Things things, CancellationToken cancel)
    {
        var mappings = new List<(string, MappingDeclaration)>();
        foreach (var (kind, json) in Mappings)
        {
            if (!MappingDeclaration.Read(Encoding.UTF8.GetBytes(json)).TryGet(out var declaration, out var problem))
                return problem;
            mappings.Add((MappingOf(kind), declaration));
        }

        return (await room.ProvideAsync("", mappings, [.. things.All.Select(Describe)], cancel)).Problem;
    }

    /// <summary>One connection for each district that has devices.</summary>
    public async Task OpenAsync(Things things, CancellationToken cancel)
    {
        foreach (var district in things.All.Select(District).Distinct(StringComparer.Ordinal))
            await ConnectAsync(_gateways[district] = _factory.CreateMqttClient(), district, cancel);
    }

    /// <summary>Sends readings and waits until the hub has acknowledged them.</summary>
    /// <returns>How many it acknowledged.</returns>
    public async Task<int> SendAsync(IReadOnlyList<(Thing Thing, Observation Reading)> readings, CancellationToken cancel)
    {
        var sent = 0;
        foreach (var some in readings.Chunk(AtOnce))
            sent += (await Task.WhenAll(some.Select(r => SendAsync(r.Thing, r.Reading, cancel)))).Count(good => good);
        return sent;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways.Values)
        {
            try
            {
                await gateway.DisconnectAsync();
            }
            catch (Exception e) when (e is MqttCommunicationException or InvalidOperationException or OperationCanceledException)
            {
                // It was not connected.
            }

            gateway.Dispose();
        }
    }

    /// <summary>The bytes that a device sends for a reading.</summary>
    public static byte[] Payload(Thing thing, Observation reading)
    {
        var seconds = reading.ObservedAt.ToUnixTimeSeconds();
        var text = new StringBuilder();
        if (thing.Kind is "traffic" or "meter")
        {
            text.Append(CultureInfo.InvariantCulture, $"{seconds}");
            foreach (var value in reading.Values)
                text.Append(',').Append(Encoding.UTF8.GetString(value.Value.Span));
            return Encoding.UTF8.GetBytes(text.ToString());
        }

        text.Append(CultureInfo.InvariantCulture, $"{{\"t\":{seconds}");
        foreach (var value in reading.Values)
        {
            var json = Encoding.UTF8.GetString(value.Value.Span);
            if (thing.Kind == "bin")
                text.Append(CultureInfo.InvariantCulture, $",\"percent\":{decimal.Parse(json, NumberStyles.Float, CultureInfo.InvariantCulture) * 100:0}");
            else
                text.Append(",\"").Append(value.Attribute.AsSpan(value.Attribute.LastIndexOf('/') + 1)).Append("\":").Append(json);
        }

        return Encoding.UTF8.GetBytes(text.Append('}').ToString());
    }

    private async Task<bool> SendAsync(Thing thing, Observation reading, CancellationToken cancel)
    {
        var district = District(thing);
        var message = new MqttApplicationMessageBuilder().WithTopic($"devices/{thing.DeviceId}/readings").WithPayload(Payload(thing, reading))
            .WithQualityOfServiceLevel(MqttQualityOfServiceLevel.AtLeastOnce).Build();
        while (true)
        {
            try
            {
                return (await _gateways[district].PublishAsync(message, cancel)).IsSuccess;
            }
            catch (Exception e) when (e is MqttCommunicationException or MqttClientNotConnectedException or MqttClientDisconnectedException)
            {
                // What was not acknowledged is sent again: the hub records it once.
                await Task.Delay(TimeSpan.FromSeconds(1), time, cancel);
                await ConnectAsync(_gateways[district], district, cancel);
            }
        }
    }

    private async Task ConnectAsync(IMqttClient gateway, string district, CancellationToken cancel)
    {
        lock (gateway)
            if (gateway.IsConnected)
                return;
        try
        {
            await gateway.ConnectAsync(
                _factory.CreateClientOptionsBuilder().WithTcpServer(host, port).WithClientId($"gateway-{district}").WithProtocolVersion(MQTTnet.Formatter.MqttProtocolVersion.V500).Build(), cancel);
        }
        catch (Exception e) when (e is MqttCommunicationException or InvalidOperationException)
        {
            // Another reading of the same gateway connects already, or the hub is away: the next round sees.
        }
    }

    private static Device Describe(Thing thing) => new()
    {
        Id = thing.DeviceId,
        Kind = thing.Kind,
        Mapping = MappingOf(thing.Kind),
        Entity = thing.EntityId,
        Period = string.Create(CultureInfo.InvariantCulture, $"PT{thing.Period.TotalMinutes:0}M"),
        Location = new DeviceLocation { Longitude = thing.Where.X, Latitude = thing.Where.Y },
        Cell = Shuzhou.CellOf(thing.Where),
        Auth = "token",
    };

    private static string MappingOf(string kind) => "demo-" + kind;

    /// <summary>/枢州/滨江区/柳堤镇 → 滨江区</summary>
    private static string District(Thing thing) => thing.Town.Scope.Split('/')[2];

    private static string Json(string type, string attributes) => $$"""{"type":"{{type}}","time":{"from":"t","format":"unix"},"attributes":[{{attributes}}]}""";

    private static string Csv(string type, string columns, string attributes) =>
        $$"""{"format":"csv","columns":["t","{{columns.Replace(" ", "\",\"", StringComparison.Ordinal)}}"],"type":"{{type}}","time":{"from":"t","format":"unix"},"attributes":[{{attributes}}]}""";
}
