using System.Globalization;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Server.Configuration;
using CityHub.Server.Description;
using CityHub.Server.Doors;
using CityHub.Server.FactLog;
using CityHub.Server.Http;
using CityHub.Server.Ledger;
using CityHub.Server.Pages;
using CityHub.Server.Pages.Desk;
using CityHub.Server.Telemetry;
using CityHub.Sharing.Parties;
using CityHub.Storage.Embedded;
using CityHub.Storage.Embedded.Tables;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace CityHub.Server;

/// <summary>What a hub takes from outside beside its configuration.</summary>
internal sealed record HubSurroundings
{
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public IIdSource? Ids { get; init; }

    /// <summary>Where log lines go; null: standard error.</summary>
    public ILoggerProvider? Log { get; init; }

    /// <summary>Only to measure what the ledger costs: no configuration turns it off.</summary>
    public bool WithoutLedger { get; init; }
}

/// <summary>
/// The composition root: the only place that knows every room. Start: listen (so that /health tells how far it is), open the store, replay,
/// let requests in. Stop: turn new requests away, let those under way finish, then flush and close from the outside in.
/// </summary>
internal sealed partial class Hub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Front _front;
    private readonly MqttDoor _mqttDoor;
    private readonly ILogger<Hub> _log;

    /// <summary>What was opened, in the order in which it was; closed in reverse.</summary>
    private readonly Stack<object> _opened = new();
    private readonly List<Figure> _figures = [];
    private EmbeddedStore? _store;
    private Door? _door;
    private TokenRegister? _tokens;
    private LedgerRoom? _ledger;
    private DepartmentKeys? _dataKeys;
    private readonly bool _withoutLedger;

    /// <summary>The register of parties, once it is open: the doors stand before the rooms.</summary>
    private Func<string, string?> _keyOfDepartment = _ => null;
    private Func<string, Caller> _callerNamed = _ => Caller.Anyone;
    private Func<Bearer, bool> _takenBack = _ => false;
    private bool _stopped;

    private Hub(HubConfig config, WebApplication app, MqttDoor mqttDoor, HubSurroundings surroundings)
    {
        (Config, _app, _mqttDoor) = (config, app, mqttDoor);
        Time = surroundings.Time;
        Ids = surroundings.Ids ?? new TimeOrderedIds(Time);
        Started = Time.GetUtcNow();
        _withoutLedger = surroundings.WithoutLedger;
        _log = app.Services.GetRequiredService<ILogger<Hub>>();
        _front = Open(new Front(config.Limits, config.Telemetry.Requests, app.Services.GetRequiredService<ILogger<Front>>(), Time));
    }

    public HubConfig Config { get; }

    public TimeProvider Time { get; }

    public IIdSource Ids { get; }

    public DateTimeOffset Started { get; }

    /// <summary>From the call to start until requests were let in.</summary>
    public TimeSpan ReadyAfter { get; private set; }

    /// <summary>Where it listens for HTTP, with the port that was given for port 0.</summary>
    public IReadOnlyList<string> Addresses { get; private set; } = [];

    /// <summary>Where it listens for MQTT: <c>mqtt://HOST:PORT</c>, <c>mqtts://HOST:PORT</c>.</summary>
    public IReadOnlyList<string> MqttAddresses { get; private set; } = [];

    public EmbeddedStore Store => _store ?? throw NotStarted();

    public Door Door => _door ?? throw NotStarted();

    public TokenRegister Tokens => _tokens ?? throw NotStarted();

    public LedgerRoom Ledger => _ledger ?? throw NotStarted();

    /// <summary>The live numbers of the start page.</summary>
    public IReadOnlyList<Figure> Figures => _figures;

    public IServiceProvider Services => _app.Services;

    /// <summary>Starts a hub and returns when it is ready. A refusal has left nothing running.</summary>
    public static async Task<Result<Hub>> StartAsync(HubConfig config, HubSurroundings? surroundings = null, CancellationToken cancel = default)
    {
        surroundings ??= new HubSurroundings();
        var began = surroundings.Time.GetTimestamp();
        Certificates? certificates = null;
        if (config.Http.Certificate is { } certificate && !Certificates.Load(certificate, surroundings.Time).TryGet(out certificates, out var unusable))
            return unusable;
        var mqtt = new MqttDoor();
        var hub = new Hub(config, Build(config, surroundings, certificates, mqtt), mqtt, surroundings);
        if (certificates is not null)
            hub.Open(certificates);
        Problem? problem;
        try
        {
            problem = await hub.GoAsync(cancel);
        }
        catch
        {
            await hub.DisposeAsync();
            throw;
        }

        if (problem is not null)
        {
            await hub.DisposeAsync();
            return problem;
        }

        hub.ReadyAfter = surroundings.Time.GetElapsedTime(began);
        hub.LogReady(string.Join(' ', hub.Addresses.Concat(hub.MqttAddresses)), hub.Store.Log.Head, hub.ReadyAfter.TotalMilliseconds);
        if (config.Open)
            hub.LogOpen();
        return hub;
    }

    /// <summary>Turns new requests away, lets those under way finish for http.drain, then closes everything in reverse order of opening.</summary>
    public async Task StopAsync()
    {
        if (_stopped)
            return;
        _stopped = true;
        _front.Close("The hub is stopping.");
        if (_store is not null)
            Presence.Remove(Config.Data);
        await _mqttDoor.CloseAsync();
        using (var drain = new CancellationTokenSource(Config.Http.Drain))
            await _app.StopAsync(drain.Token);
        while (_opened.TryPop(out var opened))
        {
            if (opened is IAsyncDisposable later)
                await later.DisposeAsync();
            else
                (opened as IDisposable)?.Dispose();
        }

        await _app.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private static WebApplication Build(HubConfig config, HubSurroundings surroundings, Certificates? certificates, MqttDoor mqtt)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = [], ApplicationName = "cityhub", EnvironmentName = "Production" });
        Logging.Add(builder.Logging, config.Telemetry, surroundings.Log);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Listening.Limit(kestrel.Limits, config.Limits);
            foreach (var listener in config.Http.Listeners)
                Listening.Listen(kestrel, listener, certificates);
            foreach (var listener in new[] { config.Mqtt.Tcp, config.Mqtt.Tls }.OfType<Listener>())
                Listening.Listen(kestrel, listener, certificates, options => mqtt.Serve(listener, options));
        });
        // The Door reads the routes' policies itself.
        builder.Services.AddRoutingCore().Configure<RouteOptions>(o => o.SuppressCheckForUnhandledSecurityMetadata = true);
        // Signals are the business of the executable, not of each hub in it.
        builder.Services.RemoveAll<IHostLifetime>();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = config.Http.Drain);
        return builder.Build();
    }

    private async Task<Problem?> GoAsync(CancellationToken cancel)
    {
        // 1. Listen. From here /health/live answers, and everything else says that the hub is starting.
        _app.Run(_front.HandleAsync);
        var metrics = Open(new Metrics(_app.Services.GetService<System.Diagnostics.Metrics.IMeterFactory>()));
        try
        {
            await _app.StartAsync(cancel);
        }
        catch (IOException e)
        {
            return HubProblems.AddressUnavailable.Because($"The hub cannot listen on {string.Join(' ', Config.Http.Listeners.Concat([Config.Mqtt.Tcp, Config.Mqtt.Tls]).OfType<Listener>().Select(l => l.Text))}: {e.Message}", "Stop what uses the address, or give another: --urls http://127.0.0.1:8081, --mqtt 127.0.0.1:1884 (or --mqtt off)");
        }

        MqttAddresses = _mqttDoor.Addresses();
        Addresses = [.. (_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? []).Where(a => !_mqttDoor.Owns(a))];

        // 2. Open the store: recovery is part of it.
        _front.Say("The hub is opening its data folder.");
        _dataKeys = Open(new DepartmentKeys());
        var opened = await Task.Run(() => EmbeddedStore.Open(Config.Data, Time, new EmbeddedOptions { Tables = new TablesOptions { Keys = _dataKeys } }), cancel);
        if (!opened.TryGet(out var store, out var problem))
            return problem;
        _store = Open(store);

        // 3. The doors.
        if (!HubKey.LoadOrCreate(Config.Data).TryGet(out var key, out problem))
            return problem;
        Open(key);
        var hubTokens = new HubTokens(key, Config.Auth.Audience);
        _tokens = new TokenRegister(store.Log, hubTokens, Time);
        var client = Open(new HttpClient { Timeout = TimeSpan.FromSeconds(10) });
        _door = new Door(
            Config.Open, hubTokens, new DepartmentTokens(id => _keyOfDepartment(id), Config.Auth.Audience), _tokens,
            Open(new OidcIssuers(Config.Auth, client, Time)), new Callers(person => _callerNamed(person), Config.Sharing.Citizens), bearer => _takenBack(bearer), Time);

        // 4. Replay into the rooms.
        _front.Say("The hub is reading its log.");
        if (await OpenRoomsAsync(cancel) is { } refused)
            return refused;

        // 5. Say so, and let the ledger have it, then let requests in. The ledger closes after the hub's stop was recorded.
        var acts = new HubActs(store.Acts, Time, _app.Services.GetRequiredService<ILogger<HubActs>>());
        if (await acts.StartAsync(Config, cancel) is { } unrecorded)
            return unrecorded;
        var unopened = _withoutLedger ? null : await OpenLedgerAsync(store, client, cancel);
        Open(acts);
        if (unopened is not null)
            return unopened;
        // What is pushed waits for witnesses like any release, and stops before the ledger does.
        Open(Sharing.Subscriptions).Start();
        _front.Open(Pipeline(_door, metrics));
        Presence.Write(Config.Data, Addresses, Config.Http.Certificate is null ? null : _opened.OfType<Certificates>().First().Current);
        return null;
    }

    private RequestDelegate Pipeline(Door door, Metrics metrics)
    {
        var pipeline = new ApplicationBuilder(_app.Services);
        pipeline.UseWebSockets();
        pipeline.UseRouting();
        pipeline.Use(door.Guard);
        pipeline.Use(_front.Hurry);
        pipeline.UseEndpoints(routes =>
        {
            routes.MapHealth();
            routes.MapMetrics(metrics);
            Func<Fact, bool> withheld = fact => _withheld?.Holds(fact) == true;
            routes.MapFacts(Store.Log, Store.Acts, withheld);
            if (_ledger is { } ledger)
                routes.MapLedger(ledger, Store.Log).MapEvidence(ledger, Store.Log, Store.Acts, withheld);
            routes.MapTokens(Tokens);
            routes.MapStatus(this);
            routes.MapPages(this);
            routes.MapSignIn(this);
            routes.MapMyData(this);
            routes.MapDesk(this);
            routes.MapProblemPages();
            routes.MapDescription();
            MapRooms(routes);
        });
        return pipeline.Build();
    }

    private async Task<Problem?> OpenLedgerAsync(EmbeddedStore store, HttpClient client, CancellationToken cancel)
    {
        if (!(await LedgerRoom.OpenAsync(store, Config.Ledger, client, Time, _app.Services.GetRequiredService<ILoggerFactory>(), cancel)).TryGet(out var ledger, out var problem))
            return problem;
        _ledger = Open(ledger);
        return null;
    }

    private T Open<T>(T closes)
        where T : class
    {
        _opened.Push(closes);
        return closes;
    }

    private static InvalidOperationException NotStarted() => new("The hub has not started.");

    [LoggerMessage(LogLevel.Information, "CityHub listens on {Addresses}; {Facts} facts; ready after {Milliseconds:0} ms")]
    private partial void LogReady(string addresses, long facts, double milliseconds);

    [LoggerMessage(LogLevel.Warning, "OPEN: no authentication. Everybody who reaches this machine's loopback addresses may read and change everything.")]
    private partial void LogOpen();

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

internal static class HubProblems
{
    public static readonly ProblemKind AddressUnavailable = new("address-unavailable", "The hub cannot listen on that address", 503);
}
