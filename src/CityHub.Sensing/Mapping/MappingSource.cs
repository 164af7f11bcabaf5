using System.Text;
using CityHub.Core.Ports;

namespace CityHub.Sensing.Mapping;

/// <summary>Where payloads come from: one device on one topic, or a file. Kept and used again, so that what does not change is made once.</summary>
public sealed class MappingSource
{
    private readonly byte[] _device;
    private readonly byte[][] _levels;
    private (object Mapping, string Entity)? _entity;

    public MappingSource(string device = "", string topic = "")
    {
        (Device, Topic) = (device, topic);
        _device = Encoding.UTF8.GetBytes(device);
        _levels = topic.Length == 0 ? [] : [.. topic.Split('/').Select(Encoding.UTF8.GetBytes)];
    }

    public string Device { get; }

    public string Topic { get; }

    /// <summary>The device's own URI, which goes before the template of its mapping.</summary>
    public string? Entity { get; init; }

    internal ReadOnlySpan<byte> DeviceUtf8 => _device;

    internal ReadOnlySpan<byte> TopicLevel(int level) => level < _levels.Length ? _levels[level] : default;

    internal string? KnownEntity(object mapping) => _entity is { } known && ReferenceEquals(known.Mapping, mapping) ? known.Entity : null;

    internal void Know(object mapping, string entity) => _entity = (mapping, entity);
}

/// <summary>What a payload gave.</summary>
/// <param name="Observations">In the order of the payload.</param>
/// <param name="Empty">Readings in which every value was missing: nothing to record, and nothing wrong.</param>
public readonly record struct Mapped(IReadOnlyList<Observation> Observations, int Empty);
