using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Mapping;

namespace CityHub.Sensing.Readings;

/// <summary>A payload of a device on its way in: mapped, recorded, or put among the dead letters with the reason. Whatever door it came through.</summary>
internal sealed class Intake(IObservations observations, TimeProvider clock)
{
    /// <summary>Where a thing stands in the city's grid, beside its location.</summary>
    public const string GridCell = "https://uri.etsi.org/ngsi-ld/default-context/gridCell";

    private long _recorded;
    private long _refused;

    /// <summary>Payloads since start.</summary>
    public long Recorded => Volatile.Read(ref _recorded);

    public long Refused => Volatile.Read(ref _refused);

    /// <returns>Null when what the payload says is durable; else why it is not in the store.</returns>
    public ValueTask<Problem?> TakeAsync(TenantRoom city, DeviceState device, string topic, ReadOnlyMemory<byte> payload)
    {
        var rules = device.Current;
        if (rules.Device.Mapping is not { } name || city.Mappings.Find(name) is not { } mapping)
            return RefuseAsync(city, device, topic, payload, DeviceProblems.DeviceHasNoMapping.Because(
                $"The device {rules.Device.Id} has no mapping.", $"PATCH /devices/{rules.Device.Id} with {{\"mapping\": \"…\"}}"));
        var now = clock.GetUtcNow();
        var readings = new List<Observation>(1);
        if (mapping.Mapping.Map(payload, rules.Source(topic), now, readings, out _) is { } fault)
            return RefuseAsync(city, device, topic, payload, fault.ToProblem());
        if (readings.Count == 0)
        {
            device.Saw(now.UtcTicks);
            return default;
        }

        var tells = (rules.Device.Location is not null || rules.Device.Cell is not null) && (rules.Entity is not null || mapping.Mapping.OneThingPerDevice) && device.TakePlaceToTell();
        if (tells)
            readings[0] = WithPlace(readings[0], rules.Device);
        return RecordAsync(city, device, readings, now, tells);
    }

    private async ValueTask<Problem?> RecordAsync(TenantRoom city, DeviceState device, List<Observation> readings, DateTimeOffset now, bool tells)
    {
        // The group goes on whether or not this sender waits for it: there is nothing to cancel.
        var recorded = await observations.RecordAsync(city.Tenant, readings, CancellationToken.None);
        if (!recorded.Ok)
        {
            if (tells)
                device.TellPlaceAgain();
            return recorded.Problem;
        }

        device.Saw(now.UtcTicks);
        Interlocked.Increment(ref _recorded);
        return null;
    }

    private async ValueTask<Problem?> RefuseAsync(TenantRoom city, DeviceState device, string topic, ReadOnlyMemory<byte> payload, Problem problem)
    {
        Interlocked.Increment(ref _refused);
        var kept = await city.DeadLetters.KeepAsync(device.Device.Id, topic, problem.Detail, payload);
        return kept.Ok ? problem : kept.Problem;
    }

    private static Observation WithPlace(Observation reading, Device device)
    {
        if (device.Cell is { } cell)
        {
            byte[] quoted = [(byte)'"', .. JsonEncodedText.Encode(cell, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];
            reading = reading with { Values = [.. reading.Values, new ObservedValue(GridCell, quoted)] };
        }

        return reading.Location is null && device.Location is { } at ? reading with { Location = at.ToPoint() } : reading;
    }
}
