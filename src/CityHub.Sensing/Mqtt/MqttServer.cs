using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Readings;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace CityHub.Sensing.Mqtt;

public sealed record MqttOptions
{
    /// <summary>The hub is open: clients on loopback need no password, and no user name.</summary>
    public bool Open { get; init; }

    /// <summary>The hub's door for tokens; null: devices that use tokens are refused.</summary>
    public AdmitToken? Tokens { get; init; }

    public MqttLimits Limits { get; init; } = new();
}

/// <summary>
/// The MQTT server of a hub, 5.0 and 3.1.1, for devices. Whatever brings bytes can serve it: TCP, TLS, WebSocket. It knows every connection and session,
/// looks once a second whether each keeps its promises, and carries messages to those who listen.
/// </summary>
public sealed class MqttServer : IAsyncDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TokensEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SensingRoom _room;
    private readonly IIdSource _ids;
    private readonly ConcurrentDictionary<MqttConnection, byte> _connections = new();
    private readonly Lock _gate = new();

    /// <summary>By tenant and device, then by client identifier. Under <see cref="_gate"/>.</summary>
    private readonly Dictionary<string, Dictionary<string, MqttSession>> _sessions = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private long _unacknowledgedBytes;
    private long _dropped;
    private long _tokensLooked;
    private volatile bool _closed;

    public MqttServer(SensingRoom room, MqttOptions options, IIdSource ids, ILogger? logger = null)
    {
        (_room, Options, _ids, Logger) = (room, options, ids, logger ?? NullLogger.Instance);
        _tokensLooked = Clock.GetTimestamp();
        room.Barred += Bar;
        _running = RunAsync();
    }

    /// <summary>Connections, admitted or not yet.</summary>
    public int ConnectionCount => _connections.Count;

    /// <summary>Messages that found no room in the session of a slow reader.</summary>
    public long MessagesDropped => Volatile.Read(ref _dropped);

    internal MqttOptions Options { get; }

    internal ILogger Logger { get; }

    internal TimeProvider Clock => _room.Clock;

    internal Intake Intake => _room.Intake;

    internal bool IsFull => Volatile.Read(ref _unacknowledgedBytes) >= Options.Limits.AllUnacknowledgedBytes;

    /// <summary>Serves a connection of Kestrel until it ends.</summary>
    public Task ServeAsync(ConnectionContext connection) =>
        ServeAsync(connection.Transport.Input, connection.Transport.Output, () => connection.Abort(), connection.RemoteEndPoint is IPEndPoint at && IPAddress.IsLoopback(at.Address));

    /// <summary>Serves whatever brings bytes until it ends.</summary>
    public async Task ServeAsync(PipeReader input, PipeWriter output, Action abort, bool isLoopback)
    {
        if (_closed || _connections.Count >= Options.Limits.Connections)
        {
            abort();
            return;
        }

        var connection = new MqttConnection(this, input, output, abort, isLoopback);
        _connections[connection] = 0;
        try
        {
            if (_closed)
                connection.Close(Reason.ServerShuttingDown);
            await connection.RunAsync();
        }
        finally
        {
            _connections.TryRemove(connection, out _);
        }
    }

    /// <summary>A message of the hub to the devices that listen.</summary>
    /// <returns>How many sessions took it.</returns>
    public int Tell(string tenant, string topic, ReadOnlyMemory<byte> payload) => _room.Find(tenant) is { } city && Topics.IsName(topic) ? Tell(city, Message.Of(topic, payload), null) : 0;

    /// <summary>Ends every connection: what was read is recorded and acknowledged first. New ones are turned away.</summary>
    public async Task CloseAsync()
    {
        _closed = true;
        var all = _connections.Keys.ToArray();
        foreach (var connection in all)
            connection.Close(Reason.ServerShuttingDown, "The hub is stopping.");
        await WaitAsync(Task.WhenAll(all.Select(c => c.Completion)));
        foreach (var connection in _connections.Keys)
            connection.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _room.Barred -= Bar;
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    internal void AddUnacknowledged(int bytes) => Interlocked.Add(ref _unacknowledgedBytes, bytes);

    internal string NewClientId() => "hub-" + _ids.Next().ToString("N");

    /// <summary>Who is it, and may it come in?</summary>
    internal async ValueTask<(MqttActor? Actor, Reason Reason, string? Why)> AdmitAsync(MqttConnection connection, ConnectPacket connect, CancellationToken cancel)
    {
        var (actor, reason, why) = await ActorAsync(connection, connect, cancel);
        if (actor is null || connect.Will is not { } will)
            return (actor, reason, why);
        if (will.QoS > 1)
            return (null, Reason.QoSNotSupported, "This server takes QoS 0 and 1.");
        var route = actor.Route(will.Topic);
        if (!route.MayPublish)
            return (null, Reason.NotAuthorized, $"The rules of {actor.Name} do not let its will be published to {will.Topic}.");
        return will.Retain && !route.IsReading && connect.Version == 5 ? (null, Reason.RetainNotSupported, "Messages are not retained.") : (actor, Reason.Success, null);
    }

    /// <summary>Gives the connection the session of its client identifier: the old one, or a new one. Who holds it is sent away first (3.1.4).</summary>
    internal async ValueTask<(MqttSession? Session, bool Present, Reason Refused)> EnterAsync(MqttConnection connection, MqttActor actor, ConnectPacket connect, string clientId)
    {
        while (true)
        {
            MqttConnection holder;
            (Will, MqttActor)? will = null;
            lock (_gate)
            {
                var ofDevice = _sessions.TryGetValue(actor.Key, out var known) ? known : _sessions[actor.Key] = new Dictionary<string, MqttSession>(StringComparer.Ordinal);
                var session = ofDevice.GetValueOrDefault(clientId);
                if (session?.Connection is not { } other)
                {
                    var present = session is not null && !connect.CleanStart;
                    if (session is not null && connect.CleanStart)
                    {
                        will = session.WillToCome is { } due ? (due.Will, due.Actor) : null;
                        session.End();
                        ofDevice.Remove(clientId);
                    }

                    // Anybody is many clients; a device is few.
                    if (!present && ofDevice.Count >= (actor.Device is null ? Options.Limits.Connections : Options.Limits.SessionsOfDevice))
                        return (null, false, Reason.QuotaExceeded);
                    session = present && session is not null ? session : ofDevice[clientId] = new MqttSession(actor.Key, clientId, actor.City.Listeners, Options.Limits);
                    session.WillToCome = null;
                    session.Connection = connection;
                    session.Expiry = Math.Min(connect.SessionExpiry, (uint)Options.Limits.Session.TotalSeconds);
                    // A device that was barred between the door and here: whoever bars looks under this lock, too.
                    if (!actor.IsStill)
                    {
                        session.Connection = null;
                        Remove(session);
                        return (null, false, Reason.NotAuthorized);
                    }

                    if (will is { } said)
                        _ = SayAsync(said.Item1, said.Item2);
                    return (session, present, Reason.Success);
                }

                holder = other;
            }

            holder.Close(Reason.SessionTakenOver, "Another connection has come with this client identifier.");
            if (!await WaitAsync(holder.Completion))
            {
                holder.Abort();
                await holder.Completion;
            }
        }
    }

    /// <summary>The connection has ended. Its session waits for the client, or ends with it.</summary>
    internal void Leave(MqttConnection connection, MqttSession session, Will? will)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(session.Connection, connection))
                return;
            session.Connection = null;
            var now = Clock.GetUtcNow().UtcTicks;
            session.ExpiresAt = now + session.Expiry * TimeSpan.TicksPerSecond;
            if (session.Expiry == 0)
                Remove(session);
            var delay = will is null ? 0 : Math.Min(will.Delay, session.Expiry);
            if (will is not null && delay > 0 && connection.Actor is { } later)
            {
                session.WillToCome = (will, later, now + delay * TimeSpan.TicksPerSecond);
                return;
            }
        }

        if (will is not null && connection.Actor is { } actor)
            _ = SayAsync(will, actor);
    }

    /// <summary>Hands a message to every session that listens.</summary>
    /// <returns>How many took it.</returns>
    internal int Tell(TenantRoom city, Message message, MqttSession? from)
    {
        if (city.Listeners.Count == 0)
            return 0;
        var matches = new List<(MqttSession Session, SubscriptionOptions Options)>();
        city.Listeners.Match(Encoding.UTF8.GetString(message.Topic), matches);
        var reached = 0;
        foreach (var (session, options) in matches)
        {
            if (options.NoLocal && ReferenceEquals(session, from))
                continue;
            if (session.Offer(message, options))
            {
                reached++;
                continue;
            }

            Interlocked.Increment(ref _dropped);
            // Who was promised every message and does not read them is sent away: his session keeps what it holds.
            if (Math.Min(message.QoS, options.QoS) > 0)
                session.Connection?.Close(Reason.QuotaExceeded, "The messages for this client are not read.");
        }

        return reached;
    }

    /// <summary>One look at everybody: the timer's, and the tests'.</summary>
    internal async Task LookAsync()
    {
        var (now, utc) = (Clock.GetTimestamp(), Clock.GetUtcNow().UtcTicks);
        foreach (var connection in _connections.Keys)
            connection.Look(now);
        var wills = new List<(Will Will, MqttActor Actor)>();
        lock (_gate)
        {
            foreach (var session in _sessions.Values.SelectMany(s => s.Values).Where(s => s.Connection is null).ToList())
            {
                if (session.WillToCome is { } will && (will.At <= utc || session.ExpiresAt <= utc))
                {
                    wills.Add((will.Will, will.Actor));
                    session.WillToCome = null;
                }

                if (session.ExpiresAt <= utc)
                    Remove(session);
            }
        }

        foreach (var (will, actor) in wills)
            await SayAsync(will, actor);
        if (Options.Tokens is not { } tokens || Clock.GetElapsedTime(_tokensLooked, now) < TokensEvery)
            return;
        _tokensLooked = now;
        foreach (var connection in _connections.Keys)
            if (connection.Actor is { Token: { } token } actor && !(await tokens(token, actor.City.Tenant, _stop.Token)).Ok)
                connection.Close(Reason.NotAuthorized, "The token does not open the hub any more.");
    }

    private async ValueTask<(MqttActor? Actor, Reason Reason, string? Why)> ActorAsync(MqttConnection connection, ConnectPacket connect, CancellationToken cancel)
    {
        var open = Options.Open && connection.IsLoopback;
        var (user, at) = (connect.UserName ?? "", (connect.UserName ?? "").LastIndexOf('@'));
        var (id, tenant) = at < 0 ? (user, "") : (user[..at], user[(at + 1)..]);
        if (id.Length == 0)
            return open && (tenant.Length == 0 ? _room.Of("") : _room.Find(tenant)) is { } anywhere
                ? (new MqttActor(anywhere, null), Reason.Success, null)
                : (null, Reason.NotAuthorized, "The user name is the id of the device (id@tenant in a tenant), the password its secret or a token of the hub.");
        if ((tenant.Length == 0 || Tenants.IsName(tenant)) && _room.Find(tenant) is { } city && city.Devices.Find(id) is { } device)
        {
            if (open)
                return (new MqttActor(city, device), Reason.Success, null);
            if (device.Device.Auth == "token" && connect.Password is { Length: > 0 } bytes && Options.Tokens is { } tokens)
            {
                var token = Encoding.UTF8.GetString(bytes);
                if (!(await tokens(token, tenant, cancel)).TryGet(out var admitted, out var problem))
                    return (null, Reason.NotAuthorized, problem.Detail);
                return admitted.Subject == id
                    ? (new MqttActor(city, device) { Token = token, TokenExpiresAt = admitted.ExpiresAt.UtcTicks }, Reason.Success, null)
                    : (null, Reason.NotAuthorized, "The token is for somebody else.");
            }

            if (device.Device.Auth == "secret" && device.Credential is { } credential && credential.Fits(connect.Password))
                return (new MqttActor(city, device), Reason.Success, null);
        }

        return (null, Reason.BadUserNameOrPassword, null);
    }

    /// <summary>A device was retired, or its credential or rules changed: its connections end, and what its sessions subscribed under the old rules with them.</summary>
    private void Bar(DeviceState device)
    {
        List<MqttConnection> holders = [];
        lock (_gate)
        {
            if (!_sessions.TryGetValue($"{device.Tenant}\n{device.Device.Id}", out var ofDevice))
                return;
            foreach (var session in ofDevice.Values.ToList())
            {
                session.Expiry = 0;
                session.End();
                if (session.Connection is { } holder)
                    holders.Add(holder);
                else
                    Remove(session);
            }
        }

        foreach (var holder in holders)
            holder.Close(Reason.AdministrativeAction, "The device was changed; connect again.");
    }

    /// <summary>Under <see cref="_gate"/>.</summary>
    private void Remove(MqttSession session)
    {
        session.End();
        if (_sessions.TryGetValue(session.Device, out var ofDevice) && ofDevice.Remove(session.ClientId) && ofDevice.Count == 0)
            _sessions.Remove(session.Device);
    }

    private async Task SayAsync(Will will, MqttActor actor)
    {
        try
        {
            var route = actor.Route(will.Topic);
            if (route is { IsReading: true, Device: { } device } && await Intake.TakeAsync(actor.City, device, will.Topic, will.Payload) is { } problem)
                Logger.LogWarning("The will of {Device} was not recorded: {Problem}", actor.Name, problem);
            var expires = will.Expiry is { } seconds ? Clock.GetUtcNow().UtcTicks + seconds * TimeSpan.TicksPerSecond : 0;
            Tell(actor.City, new Message(Encoding.UTF8.GetBytes(will.Topic), will.Payload, will.QoS, will.Retain, will.Properties ?? [], expires), null);
        }
#pragma warning disable CA1031 // Nobody is there to be told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Logger.LogError(e, "The will of {Device} could not be said", actor.Name);
        }
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Tick, Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                try
                {
                    await LookAsync();
                }
#pragma warning disable CA1031 // The next look goes on.
                catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
                {
                    Logger.LogError(e, "MQTT connections could not be looked after");
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The server closes.
        }
    }

    /// <summary>False when it takes longer than is decent. On the system's clock: the work behind it is real.</summary>
    private static async Task<bool> WaitAsync(Task task)
    {
        try
        {
            await task.WaitAsync(Patience);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
