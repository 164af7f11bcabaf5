using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Context.Subscriptions;
using CityHub.Context.Temporal;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Import;
using CityHub.Sensing.Mqtt;
using CityHub.Sensing.Sources;
using CityHub.Server.Doors;
using CityHub.Server.Http;
using CityHub.Server.Pages;
using CityHub.Server.Sharing;
using CityHub.Server.Sharing.Entities;

namespace CityHub.Server;

/// <summary>The rooms of this hub: how each is opened on the store, and where its routes are.</summary>
internal sealed partial class Hub
{
    private ContextRoom? _context;
    private SubscriptionRoom? _subscriptions;
    private SensingRoom? _sensing;
    private ImportRoom? _imports;
    private MqttServer? _mqtt;
    private SharingRooms? _sharing;
    private WithheldFacts? _withheld;

    /// <summary>The memory of the city, for whoever lives in the same process.</summary>
    public Broker Broker => _context?.Broker ?? throw NotStarted();

    /// <summary>Devices and what they send, for whoever lives in the same process.</summary>
    public SensingRoom Sensing => _sensing ?? throw NotStarted();

    /// <summary>Standards, catalogue, lists, requests and releases, for whoever lives in the same process.</summary>
    public SharingRooms Sharing => _sharing ?? throw NotStarted();

    /// <summary>Files on their way into the history, for whoever lives in the same process.</summary>
    public ImportRoom Imports => _imports ?? throw NotStarted();

    private async Task<Problem?> OpenRoomsAsync(CancellationToken cancel)
    {
        // Before the first entity: what waited to be told when the hub stopped is told under grants, too.
        if (!(await OpenSharingAsync(cancel)).TryGet(out var sharing, out var problem))
            return problem;
        var contexts = new ContextStore(Store.Log, Time, Ids, Config.Contexts.Fetch ? Open(new HttpClient { Timeout = TimeSpan.FromSeconds(10) }) : null);
        if (Config.Contexts.Folder is { } folder && ContextFolder.Supply(folder, contexts) is { } unusable)
            return unusable;
        var broker = new Broker(Store.Log, Store.Snapshots, Time);
        var history = new History(Store.Series, broker, Store.Views.Open("history"));
        broker.Observe(history);
        var hours = new EntityHours(Store.Views.Open("entity-hours"));
        broker.Observe(hours);
        var subscriptions = Open(new SubscriptionRoom(
            Store.Log, Store.Views, broker, contexts, Time, Ids, new Random(Ids.Next().GetHashCode()), _app.Services.GetRequiredService<ILogger<SubscriptionRoom>>(), sharing.Guard));
        var sweeper = Open(new TransientSweeper(broker, Time, _app.Services.GetRequiredService<ILogger<TransientSweeper>>()));
        contexts.Start(subscriptions.Tenants);
        await subscriptions.LoadAsync(cancel);
        await Task.Run(() => broker.Start(Math.Min(hours.Position, Math.Min(history.Position, subscriptions.Position))), cancel);
        contexts.Start(broker.Tenants.Except(subscriptions.Tenants));
        sweeper.Run();
        Open(new SnapshotTimer(broker, Time, _app.Services.GetRequiredService<ILogger<SnapshotTimer>>()));
        if (Config.Retention.Count > 0)
            Open(new RetentionTimer(history, Config.Retention, Time, _app.Services.GetRequiredService<ILogger<RetentionTimer>>()));
        _context = new ContextRoom(broker, contexts, history, new ContextLimits { TemporalInstances = Config.Limits.TemporalInstances, BatchEntities = Config.Limits.Batch, BodyBytes = (int)Math.Min(Config.Limits.Body, int.MaxValue / 2) }) { Guard = sharing.Guard };
        (sharing.Entities, sharing.EntityHours) = (broker, hours);
        _withheld = new WithheldFacts(sharing.Guard, broker, history);
        _subscriptions = subscriptions;
        _figures.Add(new Figure("entities", "entities", "实体", () => broker.Count("")) { Page = "/ngsi-ld/v1/types" });
        OpenSensing(broker, contexts);
        _figures.Add(new Figure("subscriptions", "subscriptions", "订阅", () => subscriptions.Count) { Page = "/ngsi-ld/v1/subscriptions" });
        _figures.Add(new Figure("facts", "facts in the log", "日志中的事实", () => Store.Log.Head, Counts: true) { Page = "/facts?limit=100" });
        _figures.Add(new Figure("ledgerEntries", "entries in the ledger", "账本条目", () => _ledger?.Ledger.Head.Size ?? 0, Counts: true) { Page = "/ledger" });
        _figures.Add(new Figure("witnessesMissing", "witnesses missing", "缺席的见证方", () => _ledger?.Witnesses.Outcomes.Count(o => !o.Cosigned) ?? 0) { Page = "/ledger", Worries = true });
        _figures.Add(new Figure("emergencyTokens", "emergency tokens out", "应急令牌", () => Tokens.GlassBroken) { Worries = true });
        _imports = Open(new ImportRoom(Store.Log, new Backfill(broker, Store.Series), contexts, Time));
        _figures.Add(new Figure("datasets", "datasets published", "已发布的数据资源", () => sharing.Catalogue.Published.Count()) { Page = "/catalog" });
        _figures.Add(new Figure("glassOpen", "emergency access to data", "数据应急访问", () => sharing.Glass.OpenNow) { Worries = true });
        _figures.Add(new Figure("pushesFailing", "subscriptions to tables that fail", "推送失败的数据订阅", () => sharing.Subscriptions.Book.Failing) { Worries = true });
        _figures.Add(new Figure("releasesUnclosed", "releases cut by a crash", "中断的放行", () => sharing.Releases.Unclosed.Count) { Worries = true });
        return null;
    }

    private async Task<Result<SharingRooms>> OpenSharingAsync(CancellationToken cancel)
    {
        if (!AllowedAddresses.Of(Config.Sources).TryGet(out var allowed, out var wrong) || !AllowedAddresses.Of(Config.Subscriptions).TryGet(out var receivers, out wrong))
            return wrong;
        var rooms = await SharingRooms.OpenAsync(
            Store, _dataKeys ?? throw NotStarted(), Config.Data, Config.Sharing.Profile, new LateWitnessed(() => _ledger), Open(new HttpClient(allowed.Handler()) { Timeout = TimeSpan.FromMinutes(10) }), allowed, Open(new Receivers(receivers)), Time, Ids,
            _app.Services.GetRequiredService<ILoggerFactory>(), cancel);
        if (!rooms.TryGet(out var sharing, out var problem))
            return problem;
        _sharing = Open(sharing);
        (_keyOfDepartment, _callerNamed, _takenBack) = (sharing.Parties.KeyOf, sharing.Parties.CallerOf, sharing.Revocations.IsRevoked);
        return sharing;
    }

    /// <summary>The ledger opens behind the rooms.</summary>
    private sealed class LateWitnessed(Func<Ledger.LedgerRoom?> ledger) : IWitnessed
    {
        public Problem? Unwitnessed(TimeSpan most) => ledger()?.Witnesses.Unwitnessed(most);
    }

    private void OpenSensing(Broker broker, ContextStore contexts)
    {
        var sensing = Open(new SensingRoom(Store.Log, Store.Views, broker, contexts, Time, _app.Services.GetRequiredService<ILogger<SensingRoom>>()));
        sensing.Start(broker.Tenants.Union(Config.Tenants));
        _sensing = sensing;
        sensing.Guards = (tenant, type) => Sharing.Guard.In(tenant) is { } guarded && (type is null || guarded.ContainsKey(Iris.Intern(type)));
        if (_withheld is { } withheld)
            withheld.Sends = sensing.Withholds;
        var mqtt = Open(new MqttServer(
            sensing,
            new MqttOptions { Open = Config.Open, Tokens = AdmitAsync, Limits = new MqttLimits { Connections = Config.Limits.Connections } },
            Ids,
            _app.Services.GetRequiredService<ILogger<MqttServer>>()));
        _mqtt = mqtt;
        _mqttDoor.Open(mqtt);
        _figures.Add(new Figure("mqttConnections", "MQTT connections", "MQTT 连接", () => mqtt.ConnectionCount));
        _figures.Add(new Figure("devices", "devices", "设备", () => sensing.DeviceCount));
        _figures.Add(new Figure("devicesLive", "devices in their rhythm", "正常上报的设备", () => sensing.CountOf(Liveness.Live)));
        _figures.Add(new Figure("devicesSilent", "silent devices", "失联设备", () => sensing.CountOf(Liveness.Silent)) { Page = "/devices?state=silent", Worries = true });
        _figures.Add(new Figure("readings", "readings recorded", "已记录的读数", () => sensing.ReadingsRecorded, Counts: true));
        _figures.Add(new Figure("deadLetters", "dead letters", "死信", () => sensing.ReadingsRefused, Counts: true) { Page = "/dead-letters", Worries = true });
    }

    /// <summary>A token that opens the hub for the readings of a tenant: what <c>POST /devices/{id}/readings</c> asks for.</summary>
    private async ValueTask<Result<AdmittedToken>> AdmitAsync(string token, string tenant, CancellationToken cancel)
    {
        if (!(await Door.AdmitAsync(token, cancel)).TryGet(out var bearer, out var problem))
            return problem;
        if (!bearer.Permissions.Has(PermissionSet.BitOf(Permissions.EntitiesWrite)))
            return ServerProblems.NotPermitted.Because($"MQTT asks for {Permissions.EntitiesWrite}.");
        if (!bearer.MayUse(tenant))
            return ServerProblems.TenantNotPermitted.Because("The token is for other tenants.");
        return new AdmittedToken(bearer.Subject, new DateTimeOffset(bearer.ExpiresAt, TimeSpan.Zero));
    }

    private void MapRooms(IEndpointRouteBuilder routes)
    {
        if (_context is not { } context)
            return;
        routes.MapNgsiLd(context);
        if (_subscriptions is { } subscriptions)
            routes.MapSubscriptions(context, subscriptions);
        if (_sensing is { } sensing)
            routes.MapSensing(sensing);
        if (_imports is { } imports)
            routes.MapImports(imports);
        _sharing?.Map(routes);
        if (_mqtt is { } mqtt && Config.Mqtt.WebSocket)
            routes.MapMqtt(mqtt);
    }
}
