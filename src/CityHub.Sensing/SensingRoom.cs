using System.Collections.Concurrent;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.DeadLetters;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Mapping;
using CityHub.Sensing.Mqtt;
using CityHub.Sensing.Readings;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CityHub.Sensing;

/// <summary>What one tenant has in this room.</summary>
internal sealed record TenantRoom(string Tenant, MappingBook Mappings, DeviceBook Devices, DeadLetterBook DeadLetters)
{
    /// <summary>Who listens to which topics.</summary>
    public TopicTree Listeners { get; } = new();
}

/// <summary>The room between the world and the hub: devices, what they send and how it is read. Stands on the log and the ports of Core alone.</summary>
public sealed class SensingRoom : IAsyncDisposable
{
    /// <summary>The fact of a payload that did not become observations.</summary>
    public const string PayloadRefused = DeadLetterBook.Kept;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CountEvery = TimeSpan.FromMinutes(1);

    private readonly IFactLog _log;
    private readonly ConcurrentDictionary<string, Lazy<TenantRoom>> _tenants = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly ILogger _logger;
    private Task _running = Task.CompletedTask;
    private DateTimeOffset _counted;

    public SensingRoom(IFactLog log, IViews views, IObservations observations, IVocabulary vocabulary, TimeProvider clock, ILogger? logger = null)
    {
        (_log, Vocabulary, Clock, _logger) = (log, vocabulary, clock, logger ?? NullLogger.Instance);
        Intake = new Intake(observations, clock);
        Watch = new SilenceWatch(log, views, clock, () => Loaded.Select(t => t.Devices), _logger);
        _counted = clock.GetUtcNow();
    }

    /// <summary>A device of a tenant may no longer hold its connection.</summary>
    internal event Action<DeviceState>? Barred;

    /// <summary>Whether not everybody may read things of a type (IRI) of a tenant; of no type: whether there is any such type in the tenant.</summary>
    public Func<string, string?, bool> Guards { get; set; } = (_, _) => false;

    internal IVocabulary Vocabulary { get; }

    internal TimeProvider Clock { get; }

    internal Intake Intake { get; }

    internal SilenceWatch Watch { get; }

    /// <summary>Devices of the tenants known so far.</summary>
    public int DeviceCount => Loaded.Sum(t => t.Devices.Count);

    /// <summary>How many devices stand like this to their own rhythm.</summary>
    public int CountOf(Liveness liveness)
    {
        var (now, count) = (Clock.GetUtcNow().UtcTicks, 0);
        foreach (var tenant in Loaded)
            foreach (var device in tenant.Devices.All)
                if (device.LivenessAt(now) == liveness)
                    count++;
        return count;
    }

    /// <summary>Payloads recorded since start.</summary>
    public long ReadingsRecorded => Intake.Recorded;

    /// <summary>Payloads refused since start.</summary>
    public long ReadingsRefused => Intake.Refused;

    /// <summary>What the device sends becomes things that not everybody may read. Of a device that is gone it is not known any more what it sent.</summary>
    public bool Withholds(string tenant, string device)
    {
        var city = Find(tenant);
        var known = city?.Devices.Find(device);
        return known is null ? Guards(tenant, null) : known.Device.Mapping is { } mapping && Guards(tenant, city?.Mappings.Find(mapping)?.Names.Type);
    }

    private IEnumerable<TenantRoom> Loaded => _tenants.Values.Where(t => t.IsValueCreated).Select(t => t.Value);

    /// <summary>Reads the tenants' books and begins to watch for silence.</summary>
    /// <param name="tenants">Those known to have anything; others are read when they are first asked for.</param>
    public void Start(IEnumerable<string> tenants)
    {
        foreach (var tenant in tenants.Append("").Distinct(StringComparer.Ordinal))
            Find(tenant);
        _running = RunAsync();
    }

    /// <summary>A tenant's room; null when nothing was ever recorded there, so that asking does not make one.</summary>
    internal TenantRoom? Find(string tenant)
    {
        if (_tenants.TryGetValue(tenant, out var known))
            return known.Value;
        foreach (var stream in (ReadOnlySpan<string>)[DeviceBook.StreamName, MappingBook.StreamName, DeadLetterBook.StreamName])
            if (_log.VersionOf(Tenants.Stream(stream, tenant)) > 0)
                return Of(tenant);
        return null;
    }

    /// <summary>A tenant's room, made when it is new.</summary>
    internal TenantRoom Of(string tenant) => _tenants.GetOrAdd(tenant, static (name, room) => new Lazy<TenantRoom>(() => room.Load(name)), this).Value;

    /// <summary>Declares mappings and registers devices, all in one go, for whoever lives in the same process. Devices that are there already stay as they are.</summary>
    /// <returns>How many devices are new.</returns>
    public async ValueTask<Result<int>> ProvideAsync(string tenant, IReadOnlyList<(string Id, MappingDeclaration Declaration)> mappings, IReadOnlyList<Device> devices, CancellationToken cancel)
    {
        foreach (var (id, declaration) in mappings)
            if ((await DeclareMapping.DeclareAsync(this, tenant, id, declaration, cancel)).Problem is { } problem)
                return problem;
        return await Of(tenant).Devices.RegisterNewAsync(devices);
    }

    /// <summary>One look at silence and overflow: the timer's, and the tests'.</summary>
    internal async Task LookAsync()
    {
        await Watch.LookAsync();
        if (Clock.GetUtcNow() - _counted < CountEvery)
            return;
        _counted = Clock.GetUtcNow();
        foreach (var tenant in Loaded)
            await tenant.DeadLetters.CountAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        foreach (var tenant in Loaded)
            await tenant.DeadLetters.CountAsync();
        Watch.KeepNow();
        foreach (var tenant in Loaded)
        {
            tenant.Mappings.Dispose();
            tenant.Devices.Dispose();
            tenant.DeadLetters.Dispose();
        }

        _stop.Dispose();
    }

    private TenantRoom Load(string tenant)
    {
        var room = new TenantRoom(tenant, new MappingBook(_log, Clock, tenant), new DeviceBook(_log, Clock, tenant), new DeadLetterBook(_log, Clock, tenant));
        room.Mappings.Load();
        room.Devices.Load();
        room.DeadLetters.Load();
        Watch.Remind(room.Devices);
        room.Devices.Barred += device => Barred?.Invoke(device);
        return room;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Look, Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                await LookOnceAsync();
        }
        catch (OperationCanceledException)
        {
            // The room closes.
        }
    }

    private async Task LookOnceAsync()
    {
        try
        {
            await LookAsync();
        }
#pragma warning disable CA1031 // Watching goes on: the next look finds what this one could not record.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.LogError(e, "Devices could not be looked after");
        }
    }
}

public static class SensingRoutes
{
    /// <summary>/devices, /mappings and /dead-letters.</summary>
    public static IEndpointRouteBuilder MapSensing(this IEndpointRouteBuilder routes, SensingRoom room)
    {
        RegisterDevice.Map(routes, room);
        ListDevices.Map(routes, room);
        ChangeDevice.Map(routes, room);
        RetireDevice.Map(routes, room);
        RotateCredential.Map(routes, room);
        SendReading.Map(routes, room);
        ListMappings.Map(routes, room);
        DeclareMapping.Map(routes, room);
        WithdrawMapping.Map(routes, room);
        TestMapping.Map(routes, room);
        ListDeadLetters.Map(routes, room);
        return routes;
    }
}
