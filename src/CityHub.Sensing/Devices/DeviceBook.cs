using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;

namespace CityHub.Sensing.Devices;

/// <summary>
/// The devices of one tenant: a view over the stream <c>devices</c>, whose facts are DeviceRegistered, DeviceChanged, DeviceRetired, CredentialRotated,
/// DeviceFellSilent and DeviceSpokeAgain. That a device was heard is no fact of its own: the readings are.
/// </summary>
internal sealed class DeviceBook(IFactLog log, TimeProvider clock, string tenant) : TenantBook(log, clock, StreamName, tenant)
{
    public const string StreamName = "devices";
    public const string Registered = "DeviceRegistered";
    public const string Changed = "DeviceChanged";
    public const string Retired = "DeviceRetired";
    public const string Rotated = "CredentialRotated";
    public const string FellSilent = "DeviceFellSilent";
    public const string SpokeAgain = "DeviceSpokeAgain";

    private readonly ConcurrentDictionary<string, DeviceState> _devices = new(StringComparer.Ordinal);
    private string[]? _ids;

    /// <summary>A device lost its right to a connection it may hold: retired, or its credential was replaced, or its rules changed.</summary>
    public event Action<DeviceState>? Barred;

    public int Count => _devices.Count;

    public IEnumerable<DeviceState> All => _devices.Values;

    public DeviceState? Find(string id) => _devices.GetValueOrDefault(id);

    public string? FirstThatUses(string mapping) => _devices.Values.Where(d => d.Device.Mapping == mapping).Select(d => d.Device.Id).Min(StringComparer.Ordinal);

    /// <summary>Ids in order after one of them.</summary>
    public IEnumerable<string> Ids(string? after)
    {
        var ids = _ids ??= [.. _devices.Keys.Order(StringComparer.Ordinal)];
        var start = after is null ? 0 : Array.BinarySearch(ids, after, StringComparer.Ordinal);
        start = start < 0 ? ~start : after is null ? 0 : start + 1;
        for (var i = start; i < ids.Length; i++)
            yield return ids[i];
    }

    public async ValueTask<Result<DeviceState>> RegisterAsync(Device device, DeviceCredential? credential)
    {
        var registered = await RecordAsync<Done>(_ => Find(device.Id) is null
            ? (One(Registered, device, credential), Done.Value)
            : DeviceProblems.DeviceExists.Because($"The device {device.Id} is registered already.", $"PATCH /devices/{device.Id} changes it."));
        // The state that applying the fact made is the one that lives.
        return registered.Ok ? Find(device.Id) is { } state ? state : Unknown(device.Id) : registered.Problem;
    }

    /// <summary>Those that are not there yet, in one append. They have no secret: they use tokens, or the hub is open.</summary>
    public ValueTask<Result<int>> RegisterNewAsync(IReadOnlyList<Device> devices) => RecordAsync<int>(_ =>
    {
        var facts = new List<NewFact>();
        foreach (var device in devices)
        {
            if (!device.Checked().TryGet(out var good, out var problem))
                return problem;
            if (Find(good.Id) is null)
                facts.AddRange(One(Registered, good, null));
        }

        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    /// <param name="change">The new description; it sees the old one and keeps its id.</param>
    public ValueTask<Result<DeviceState>> ChangeAsync(string id, Func<Device, Result<Device>> change) => RecordAsync<DeviceState>(_ =>
    {
        if (Find(id) is not { } known)
            return Unknown(id);
        if (!change(known.Device).TryGet(out var device, out var problem))
            return problem;
        if (device.ToJson().AsSpan().SequenceEqual(known.Device.ToJson()))
            return ((IReadOnlyList<NewFact>)[], known);
        return (One(Changed, device, null), known);
    });

    public ValueTask<Result<Done>> RetireAsync(string id) => RecordAsync<Done>(_ =>
        Find(id) is null ? Unknown(id) : ((IReadOnlyList<NewFact>)[Fact(Retired, json => json.WriteString("id"u8, id))], Done.Value));

    public ValueTask<Result<Done>> RotateAsync(string id, DeviceCredential credential) => RecordAsync<Done>(_ =>
    {
        if (Find(id) is not { } known)
            return Unknown(id);
        if (known.Device.Auth != "secret")
            return DeviceProblems.DeviceUsesTokens.Because($"The device {id} logs in with hub tokens.", "cityhub token issues one; or change auth to secret.");
        return (
            (IReadOnlyList<NewFact>)[Fact(Rotated, json =>
            {
                json.WriteString("id"u8, id);
                credential.Write(json);
            })],
            Done.Value);
    });

    /// <summary>Records which devices fell silent and which spoke again; all of a moment in one append.</summary>
    public ValueTask<Result<int>> RecordSilenceAsync() => RecordAsync<int>(now =>
    {
        var facts = new List<NewFact>();
        foreach (var state in _devices.Values)
        {
            if (state.LastSeen == 0 || state.Current.Period is not { } period)
                continue;
            if (state.SilentSince == 0)
            {
                if (now.UtcTicks - state.Reference > period.Ticks * 3)
                    facts.Add(Fact(FellSilent, json =>
                    {
                        json.WriteString("id"u8, state.Device.Id);
                        json.WriteString("lastSeen"u8, SensingHttp.Time(state.LastSeen));
                        json.WriteString("period"u8, state.Device.Period);
                    }));
            }
            else if (!state.IsSilent)
            {
                facts.Add(Fact(SpokeAgain, json =>
                {
                    json.WriteString("id"u8, state.Device.Id);
                    json.WriteString("at"u8, SensingHttp.Time(state.LastSeen));
                    json.WriteString("silentFor"u8, IsoDuration.Text(TimeSpan.FromTicks(Math.Max(0, state.LastSeen - state.SilentSince))));
                }));
            }
        }

        return ((IReadOnlyList<NewFact>)facts, facts.Count);
    });

    public static Problem Unknown(string id) => DeviceProblems.DeviceUnknown.Because($"There is no device {id}.", "GET /devices lists them; POST /devices registers one.");

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        using var document = JsonDocument.Parse(payload);
        var root = document.RootElement;
        switch (type)
        {
            case Registered:
                var described = DeviceOf(root);
                _devices[described.Id] = new DeviceState(Tenant, described, DeviceCredential.Read(root), at);
                _ids = null;
                break;
            case Changed:
                var device = DeviceOf(root);
                if (_devices.TryGetValue(device.Id, out var changed))
                {
                    changed.Change(device);
                    if (device.Auth == "token")
                        changed.Rotate(null);
                    Barred?.Invoke(changed);
                }

                break;
            case Retired:
                if (_devices.TryRemove(Id(root), out var retired))
                {
                    _ids = null;
                    Barred?.Invoke(retired);
                }

                break;
            case Rotated:
                if (_devices.TryGetValue(Id(root), out var rotated))
                {
                    rotated.Rotate(DeviceCredential.Read(root));
                    Barred?.Invoke(rotated);
                }

                break;
            case FellSilent:
                if (_devices.TryGetValue(Id(root), out var silent))
                {
                    var heard = DateTimeOffset.Parse(root.GetProperty("lastSeen"u8).GetString() ?? "", CultureInfo.InvariantCulture).UtcTicks;
                    silent.SetSilent(at.UtcTicks, heard);
                    silent.Remember(heard, heard);
                }

                break;
            case SpokeAgain:
                if (_devices.TryGetValue(Id(root), out var spoke))
                    spoke.SetSilent(0, 0);
                break;
            default:
                break;
        }
    }

    private static IReadOnlyList<NewFact> One(string type, Device device, DeviceCredential? credential) =>
    [
        Fact(type, json =>
        {
            json.WriteString("id"u8, device.Id);
            json.WritePropertyName("device"u8);
            json.WriteRawValue(device.ToJson());
            credential?.Write(json);
        }),
    ];

    private static string Id(JsonElement fact) => fact.GetProperty("id"u8).GetString() ?? "";

    private static Device DeviceOf(JsonElement fact) => Device.Read(Encoding.UTF8.GetBytes(fact.GetProperty("device"u8).GetRawText())).Value;
}
