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

    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>One payload alone.</summary>
    /// <returns>Null when what the payload says is durable; else why it is not in the store.</returns>
    public async ValueTask<Problem?> TakeAsync(TenantRoom city, DeviceState device, string topic, ReadOnlyMemory<byte> payload)
    {
        var rules = device.Current;
        var (now, readings) = (Now, new List<Observation>(1));
        if (Read(city, device, rules, rules.Source(topic), payload, now, readings, out var tells) is { } problem)
        {
            var kept = await KeepAsync(city, device, topic, payload, problem);
            return kept.Ok ? problem : kept.Problem;
        }

        if (readings.Count > 0)
        {
            var recorded = await RecordAsync(city, readings);
            if (!recorded.Ok)
            {
                if (tells)
                    device.TellPlaceAgain();
                return recorded.Problem;
            }
        }

        Durable(device, now);
        return null;
    }

    /// <summary>Reads a payload into observations; nothing is recorded yet.</summary>
    /// <param name="tellsPlace">The observations carry where the device stands: if they are not recorded, <see cref="DeviceState.TellPlaceAgain"/>.</param>
    public static Problem? Read(
        TenantRoom city, DeviceState device, DeviceState.Rules rules, MappingSource source, ReadOnlyMemory<byte> payload, DateTimeOffset now, List<Observation> into, out bool tellsPlace)
    {
        tellsPlace = false;
        if (rules.Device.Mapping is not { } name || city.Mappings.Find(name) is not { } mapping)
            return DeviceProblems.DeviceHasNoMapping.Because($"The device {rules.Device.Id} has no mapping.", $"PATCH /devices/{rules.Device.Id} with {{\"mapping\": \"…\"}}");
        var first = into.Count;
        if (mapping.Mapping.Map(payload, source, now, into, out _) is { } fault)
            return fault.ToProblem();
        if (into.Count == first || (rules.Device.Location is null && rules.Device.Cell is null) || (rules.Entity is null && !mapping.Mapping.OneThingPerDevice) || !device.TakePlaceToTell())
            return null;
        tellsPlace = true;
        into[first] = WithPlace(into[first], rules.Device);
        return null;
    }

    /// <summary>Durable on return. The group goes on whether or not this sender waits for it: there is nothing to cancel.</summary>
    public ValueTask<Result<long>> RecordAsync(TenantRoom city, IReadOnlyList<Observation> readings) => observations.RecordAsync(city.Tenant, readings, CancellationToken.None);

    /// <summary>A payload of the device is durable.</summary>
    public void Durable(DeviceState device, DateTimeOffset at, int payloads = 1)
    {
        device.Saw(at.UtcTicks);
        Interlocked.Add(ref _recorded, payloads);
    }

    /// <summary>Puts a payload among the dead letters. Durable on return.</summary>
    public ValueTask<Result<Done>> KeepAsync(TenantRoom city, DeviceState device, string topic, ReadOnlyMemory<byte> payload, Problem problem)
    {
        Interlocked.Increment(ref _refused);
        return city.DeadLetters.KeepAsync(device.Device.Id, topic, problem.Detail, payload);
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
