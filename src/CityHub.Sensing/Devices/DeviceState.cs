using CityHub.Sensing.Mapping;

namespace CityHub.Sensing.Devices;

/// <summary>How a device stands to its own rhythm.</summary>
public enum Liveness : byte
{
    NeverSeen,

    /// <summary>Spoke within one and a half periods (half a period is left for jitter).</summary>
    Live,

    /// <summary>Missed one.</summary>
    Late,

    /// <summary>Missed three.</summary>
    Silent,
}

/// <summary>A registered device as it lives: its description, its credential, and when it was last heard. One object from registration to retirement.</summary>
internal sealed class DeviceState(string tenant, Device device, DeviceCredential? credential, DateTimeOffset registeredAt)
{
    private readonly Lock _gate = new();
    private volatile Rules _rules = new(device);
    private long _lastSeen;
    private long _reference;
    private long _silentSince;
    private long _silentAfter;
    private int _toldPlace;

    public string Tenant { get; } = tenant;

    public DateTimeOffset RegisteredAt { get; } = registeredAt;

    public Device Device => _rules.Device;

    public Rules Current => _rules;

    public DeviceCredential? Credential { get; private set; } = credential;

    /// <summary>UTC ticks of the last reading that was recorded; 0: none yet.</summary>
    public long LastSeen => Volatile.Read(ref _lastSeen);

    /// <summary>From when its periods are counted: the last reading, moved on by the time in which the hub itself was down and could not have heard it.</summary>
    public long Reference => Volatile.Read(ref _reference);

    /// <summary>UTC ticks when it was recorded as silent; 0: it is not.</summary>
    public long SilentSince => Volatile.Read(ref _silentSince);

    public void Change(Device device)
    {
        _rules = new Rules(device);
        Volatile.Write(ref _toldPlace, 0);
    }

    public void Rotate(DeviceCredential? credential) => Credential = credential;

    /// <summary>A reading was recorded.</summary>
    public void Saw(long ticks)
    {
        lock (_gate)
        {
            if (ticks <= _lastSeen)
                return;
            Volatile.Write(ref _lastSeen, ticks);
            Volatile.Write(ref _reference, ticks);
        }
    }

    /// <summary>What the last run of the hub knew.</summary>
    public void Remember(long lastSeen, long reference)
    {
        lock (_gate)
        {
            if (lastSeen > _lastSeen)
                (_lastSeen, _reference) = (lastSeen, reference);
        }
    }

    /// <summary>It is recorded as silent and has said nothing since. Compared with what was last heard then, not with the time of the record: a reading may come in the same tick, or between the look and the record.</summary>
    public bool IsSilent => SilentSince != 0 && LastSeen <= Volatile.Read(ref _silentAfter);

    /// <param name="heard">What was last heard of it when it fell silent.</param>
    public void SetSilent(long since, long heard)
    {
        Volatile.Write(ref _silentAfter, heard);
        Volatile.Write(ref _silentSince, since);
    }

    /// <summary>True once after each start or change: the place where it stands is recorded with the first reading and not with every one.</summary>
    public bool TakePlaceToTell() => Interlocked.Exchange(ref _toldPlace, 1) == 0;

    public void TellPlaceAgain() => Volatile.Write(ref _toldPlace, 0);

    public Liveness LivenessAt(long now)
    {
        var seen = LastSeen;
        if (seen == 0)
            return Liveness.NeverSeen;
        if (_rules.Period is not { } period)
            return Liveness.Live;
        if (IsSilent)
            return Liveness.Silent;
        var quiet = now - Reference;
        return quiet > period.Ticks * 3 ? Liveness.Silent : quiet > period.Ticks * 3 / 2 ? Liveness.Late : Liveness.Live;
    }

    /// <summary>What follows from the description, worked out once.</summary>
    internal sealed class Rules
    {
        private const int MostSources = 64;

        private readonly TopicFilter[] _readings;
        private readonly TopicFilter[] _publish;
        private readonly TopicFilter[] _subscribe;
        private readonly Dictionary<string, MappingSource> _sources = new(StringComparer.Ordinal);

        public Rules(Device device)
        {
            (Device, Period) = (device, device.ExpectedPeriod);
            _readings = [.. device.Topics.Readings.Select(r => TopicFilter.Of(r, device.Id))];
            _publish = [.. device.Topics.Publish.Select(r => TopicFilter.Of(r, device.Id))];
            _subscribe = [.. device.Topics.Subscribe.Select(r => TopicFilter.Of(r, device.Id))];
            Entity = device.Entity?.Replace(TopicFilter.Device, device.Id, StringComparison.Ordinal);
        }

        public Device Device { get; }

        public TimeSpan? Period { get; }

        public string? Entity { get; }

        public bool IsReading(ReadOnlySpan<char> topic) => Any(_readings, topic);

        public bool MayPublish(ReadOnlySpan<char> topic) => Any(_readings, topic) || Any(_publish, topic);

        public bool MaySubscribe(ReadOnlySpan<char> filter) => Any(_subscribe, filter);

        /// <summary>The source for one topic; made once for each of the few topics a device has.</summary>
        public MappingSource Source(string topic)
        {
            lock (_sources)
            {
                if (_sources.TryGetValue(topic, out var source))
                    return source;
                source = new MappingSource(Device.Id, topic) { Entity = Entity };
                if (_sources.Count < MostSources)
                    _sources.Add(topic, source);
                return source;
            }
        }

        private static bool Any(TopicFilter[] rules, ReadOnlySpan<char> asked)
        {
            foreach (var rule in rules)
                if (rule.Covers(asked))
                    return true;
            return false;
        }
    }
}
