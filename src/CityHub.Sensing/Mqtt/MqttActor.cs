using CityHub.Core.Problems;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Mapping;

namespace CityHub.Sensing.Mqtt;

/// <summary>What a hub token says of its bearer.</summary>
public readonly record struct AdmittedToken(string Subject, DateTimeOffset ExpiresAt);

/// <summary>Whether a token opens the hub for readings of a tenant: the hub's door, seen from here.</summary>
public delegate ValueTask<Result<AdmittedToken>> AdmitToken(string token, string tenant, CancellationToken cancel);

/// <summary>Where a publish on one topic goes.</summary>
/// <param name="Device">Whose reading or message it is; null: nobody's (an open hub without a user name).</param>
internal sealed record TopicRoute(string Topic, DeviceState? Device, DeviceState.Rules? Rules, MappingSource? Source, bool IsReading, bool MayPublish)
{
    public static readonly TopicRoute Nowhere = new("", null, null, null, false, false);
}

/// <summary>Who a connection speaks for: one device, or everybody where the hub is open and no user name was given.</summary>
internal sealed class MqttActor(TenantRoom city, DeviceState? device)
{
    private const int MostRoutes = 256;

    private readonly DeviceState.Rules? _rules = device?.Current;
    private readonly DeviceCredential? _credential = device?.Credential;
    private readonly Dictionary<string, TopicRoute> _routes = new(StringComparer.Ordinal);

    public TenantRoom City { get; } = city;

    /// <summary>Null: anybody, on an open hub.</summary>
    public DeviceState? Device { get; } = device;

    /// <summary>The token it came in with, to be asked for again: tokens are revoked and expire.</summary>
    public string? Token { get; init; }

    public long TokenExpiresAt { get; init; } = long.MaxValue;

    public string Name => Device?.Device.Id ?? "";

    /// <summary>The device is as it was when it came in.</summary>
    public bool IsStill => Device is null
        || (ReferenceEquals(City.Devices.Find(Name), Device) && ReferenceEquals(Device.Current, _rules) && ReferenceEquals(Device.Credential, _credential));

    /// <summary>Under which its sessions are kept: a device cannot take over another one's.</summary>
    public string Key => $"{City.Tenant}\n{Name}";

    /// <summary>The route of a topic, worked out once for each of the few topics a connection uses.</summary>
    public TopicRoute Route(ReadOnlySpan<char> topic)
    {
        var known = _routes.GetAlternateLookup<ReadOnlySpan<char>>();
        // The connections of a device end when its rules change; an open one sees the change here.
        if (known.TryGetValue(topic, out var route) && (Device is not null || (route.Device is { } of && ReferenceEquals(of.Current, route.Rules) && ReferenceEquals(City.Devices.Find(of.Device.Id), of))))
            return route;
        route = Find(topic.ToString());
        if (_routes.Count >= MostRoutes)
            _routes.Clear();
        _routes[route.Topic] = route;
        return route;
    }

    public bool MaySubscribe(ReadOnlySpan<char> filter) => Device is null ? filter[0] != '$' : Device.Current.MaySubscribe(filter);

    private TopicRoute Find(string topic)
    {
        if (Device is not null)
            return Of(topic, Device);
        // Nobody said which device this is; the topic does, where it has the id of one as a level and that one reads there.
        foreach (var level in topic.Split('/'))
            if (City.Devices.Find(level) is { } device && device.Current.IsReading(topic))
                return Of(topic, device);
        return new TopicRoute(topic, null, null, null, IsReading: false, MayPublish: topic[0] != '$');
    }

    private static TopicRoute Of(string topic, DeviceState device)
    {
        var rules = device.Current;
        var isReading = rules.IsReading(topic);
        return new TopicRoute(topic, device, rules, isReading ? rules.Source(topic) : null, isReading, rules.MayPublish(topic));
    }
}
