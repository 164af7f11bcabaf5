using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Devices;

namespace CityHub.Sensing.Mqtt;

/// <summary>What is to be acknowledged for one publish, when it may be.</summary>
/// <param name="PacketId">0: QoS 0, nothing.</param>
/// <param name="Letter">The dead letter that must be durable first; null: none.</param>
internal readonly record struct PublishAnswer(ushort PacketId, Reason Reason, string? Why, Task<Result<Done>>? Letter);

/// <summary>
/// The publishes that one read from a socket brought: recorded with one call and acknowledged with one write, so that a client with many publishes in
/// flight costs little more than one with a single one. Used again by its connection.
/// </summary>
internal sealed class PublishBatch
{
    public const int Most = 512;

    public List<Observation> Readings { get; } = [];

    public List<PublishAnswer> Answers { get; } = [];

    /// <summary>How many payloads of which device are in it; nearly always one device.</summary>
    public List<(DeviceState Device, int Payloads)> Heard { get; } = [];

    /// <summary>Devices whose place is told in it.</summary>
    public List<DeviceState> Told { get; } = [];

    /// <summary>Readings that others listen to: passed on when they are durable.</summary>
    public List<(TopicRoute Route, Message Message)> ToPass { get; } = [];

    public DateTimeOffset At { get; set; }

    public int Publishes { get; set; }

    /// <summary>QoS 1 among them.</summary>
    public int Acknowledgements { get; set; }

    public int Bytes { get; set; }

    public Task<Result<long>>? Recorded { get; set; }

    public void Hear(DeviceState device)
    {
        if (Heard.Count > 0 && ReferenceEquals(Heard[^1].Device, device))
            Heard[^1] = (device, Heard[^1].Payloads + 1);
        else
            Heard.Add((device, 1));
    }

    public void Clear()
    {
        Readings.Clear();
        Answers.Clear();
        Heard.Clear();
        Told.Clear();
        ToPass.Clear();
        (Publishes, Acknowledgements, Bytes) = (0, 0, 0);
        Recorded = null;
    }
}
