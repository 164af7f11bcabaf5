using System.Buffers;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Context.Query;

namespace CityHub.Context.Subscriptions;

/// <summary>The notification triggers of table 5.2.12-1.</summary>
[Flags]
internal enum Triggers
{
    None = 0,
    EntityCreated = 1,
    EntityUpdated = 2,
    EntityDeleted = 4,
    AttributeCreated = 8,
    AttributeUpdated = 16,
    AttributeDeleted = 32,
    Default = AttributeCreated | AttributeUpdated,
}

/// <summary>What is remembered of a subscription: its members as they were posted, with the words that every reader compacts anew expanded to IRIs.</summary>
internal sealed record SubscriptionDocument
{
    public required string Id { get; init; }

    /// <summary>A JSON object: types, watched attributes and projections are IRIs; q and geoQ stay in the words of <see cref="QueryContext"/>.</summary>
    public required ReadOnlyMemory<byte> Members { get; init; }

    /// <summary>The value of an <c>@context</c> member: the words in which notifications are written, unless jsonldContext says otherwise.</summary>
    public required ReadOnlyMemory<byte> Context { get; init; }

    public required ReadOnlyMemory<byte> QueryContext { get; init; }

    /// <summary>Where the hub serves a context that came inline (5.13.1, ImplicitlyCreated); null when it has a URL of its own.</summary>
    public string? HostedContext { get; init; }

    /// <summary>Who is told, as the guard of entities gave it: a JSON object; null: somebody to whom no grant gives anything.</summary>
    public ReadOnlyMemory<byte>? Subscriber { get; init; }

    /// <summary>UTC ticks.</summary>
    public required long CreatedAt { get; init; }

    public required long ModifiedAt { get; init; }

    public ReadOnlyMemory<byte> Encode()
    {
        var buffer = new ArrayBufferWriter<byte>(Members.Length + 256);
        using (var json = new Utf8JsonWriter(buffer, NgsiLdHttp.WriterOptions))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, Id);
            json.WriteString("createdAt"u8, Times.Text(CreatedAt, 7));
            json.WriteString("modifiedAt"u8, Times.Text(ModifiedAt, 7));
            json.WritePropertyName("context"u8);
            json.WriteRawValue(Context.Span);
            json.WritePropertyName("queryContext"u8);
            json.WriteRawValue(QueryContext.Span);
            if (HostedContext is { } hosted)
                json.WriteString("hostedContext"u8, hosted);
            if (Subscriber is { } subscriber)
            {
                json.WritePropertyName("subscriber"u8);
                json.WriteRawValue(subscriber.Span);
            }

            json.WritePropertyName("subscription"u8);
            json.WriteRawValue(Members.Span);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    public static SubscriptionDocument Decode(ReadOnlyMemory<byte> payload)
    {
        using var json = JsonDocument.Parse(payload);
        var root = json.RootElement;
        return new SubscriptionDocument
        {
            Id = root.GetProperty("id"u8).GetString() ?? "",
            CreatedAt = Time(root.GetProperty("createdAt"u8)),
            ModifiedAt = Time(root.GetProperty("modifiedAt"u8)),
            Context = Raw(root.GetProperty("context"u8)),
            QueryContext = Raw(root.GetProperty("queryContext"u8)),
            HostedContext = root.TryGetProperty("hostedContext"u8, out var hosted) ? hosted.GetString() : null,
            Subscriber = root.TryGetProperty("subscriber"u8, out var subscriber) ? Raw(subscriber) : default(ReadOnlyMemory<byte>?),
            Members = Raw(root.GetProperty("subscription"u8)),
        };
    }

    private static ReadOnlyMemory<byte> Raw(JsonElement value) => System.Text.Encoding.UTF8.GetBytes(value.GetRawText());

    private static long Time(JsonElement value) => Names.TryParseTime(value.GetString(), out var ticks) ? ticks : 0;
}

/// <summary>Where notifications go (Endpoint, 5.2.15).</summary>
internal sealed record NotificationEndpoint(Uri Uri, TimeSpan Timeout, TimeSpan Cooldown, IReadOnlyList<KeyValuePair<string, string>> ReceiverInfo)
{
    public bool IsMqtt => Uri.Scheme is "mqtt" or "mqtts";

    /// <summary>MQTT-QoS of notifierInfo.</summary>
    public int QualityOfService { get; init; }

    /// <summary>MQTT-Version of notifierInfo is mqtt3.1.1.</summary>
    public bool Mqtt311 { get; init; }
}

/// <summary>A subscription ready to be matched: immutable, but for the parsed q that follows the words the process has learnt.</summary>
internal sealed class Subscription
{
    private QExpression? _q;
    private SubscriptionStats? _stats;
    private int _words = -1;

    public required string Tenant { get; init; }

    public required SubscriptionDocument Document { get; init; }

    public string Id => Document.Id;

    /// <summary>From now on <see cref="IsQuiet"/> knows when it was told last.</summary>
    public void Follow(SubscriptionStats stats) => _stats = stats;

    /// <summary>Throttled, and told a moment ago. On the matcher's thread only.</summary>
    public bool IsQuiet(long now) => Throttling > TimeSpan.Zero && _stats is { } stats && now - stats.LastQueued < Throttling.Ticks;

    /// <summary>Entity selectors of which one must match; empty: every entity.</summary>
    public required IReadOnlyList<EntityQuery> Selectors { get; init; }

    /// <summary>IRI ids of watchedAttributes; null: any attribute.</summary>
    public IReadOnlySet<int>? Watched { get; init; }

    public Triggers Triggers { get; init; } = Triggers.Default;

    public string? QText { get; init; }

    public IReadOnlySet<string> ExpandValues { get; init; } = new HashSet<string>();

    public required LdContext QueryContext { get; init; }

    public GeoQuery? Geo { get; init; }

    public ScopeQuery? Scope { get; init; }

    public required Representation How { get; init; }

    /// <summary>joinLevel and join are asked: entities are looked up in the tenant's table when a notification is written.</summary>
    public bool Joins { get; init; }

    public bool ShowChanges { get; init; }

    /// <summary>The words of its notifications.</summary>
    public required LdContext Context { get; init; }

    /// <summary>For the Link header.</summary>
    public string? ContextUrl { get; init; }

    public required MediaType Media { get; init; }

    public required NotificationEndpoint Endpoint { get; init; }

    public TimeSpan Throttling { get; init; }

    /// <summary>timeInterval; null: notified of changes.</summary>
    public TimeSpan? Interval { get; init; }

    /// <summary>UTC ticks; 0: perpetual.</summary>
    public long ExpiresAt { get; init; }

    public bool IsActive { get; init; } = true;

    /// <summary>Subscriptions of one shape get the same data for the same change: it is written once for all of them.</summary>
    public required string Shape { get; init; }

    /// <summary>Log position from which it is heard: changes up to here are none of its business.</summary>
    public long Since { get; set; }

    /// <summary>Deleted attributes are shown, as NGSI-LD Null.</summary>
    public bool ShowsDeleted => ShowChanges || (Triggers & (Triggers.AttributeDeleted | Triggers.EntityUpdated)) != 0;

    public bool Watches(int name) => Watched is null || Watched.Contains(name);

    public string StatusAt(long now) => ExpiresAt != 0 && ExpiresAt <= now ? "expired" : IsActive ? "active" : "paused";

    public bool IsDueAt(long now) => IsActive && (ExpiresAt == 0 || ExpiresAt > now);

    /// <summary>Selectors, scopeQ, geoQ and q. On the matcher's thread only.</summary>
    public bool Selects(Entity entity, Func<string, Entity?>? linked, long now)
    {
        if (Selectors.Count > 0)
        {
            var any = false;
            for (var i = 0; i < Selectors.Count && !any; i++)
                any = Selectors[i].Matches(entity, null, now);
            if (!any)
                return false;
        }

        return (Scope is null || Scope.Matches(entity.Scopes)) && (Geo is null || Geo.Matches(entity)) && (Q() is not { } q || q.Matches(entity, linked));
    }

    /// <summary>
    /// The parsed q. A word that nothing used when q was parsed is not in its tree; when the process has learnt words since, q is parsed anew.
    /// </summary>
    public QExpression? Q()
    {
        if (QText is null)
            return null;
        var words = Iris.Count;
        if (words != _words)
        {
            _q = QParser.Parse(QText, QueryContext, ExpandValues).TryGet(out var parsed, out _) ? parsed : _q;
            _words = words;
        }

        return _q;
    }
}

/// <summary>How notifying has gone (table 5.2.14.2-1). Written by one delivery at a time, read by anyone.</summary>
internal sealed class SubscriptionStats
{
    private readonly Lock _gate = new();
    private long _sent;
    private long _failed;
    private long _lastNotification;
    private long _lastSuccess;
    private long _lastFailure;
    private bool _ok = true;
    private bool _dirty;

    /// <summary>UTC ticks of the last notification that was queued: what throttling measures from. On the matcher's thread only.</summary>
    public long LastQueued { get; set; }

    public void Sending(long now)
    {
        lock (_gate)
            (_sent, _lastNotification, _dirty) = (_sent + 1, now, true);
    }

    public void Succeeded(long now)
    {
        lock (_gate)
            (_lastSuccess, _ok, _dirty) = (now, true, true);
    }

    public void Failed(long now)
    {
        lock (_gate)
            (_failed, _lastFailure, _ok, _dirty) = (_failed + 1, now, false, true);
    }

    /// <summary>The members that the hub adds to NotificationParams; none before the first notification.</summary>
    public void Write(Utf8JsonWriter json)
    {
        lock (_gate)
        {
            if (_lastNotification == 0)
                return;
            json.WriteString("status"u8, _ok ? "ok"u8 : "failed"u8);
            json.WriteNumber("timesSent"u8, _sent);
            if (_failed > 0)
                json.WriteNumber("timesFailed"u8, _failed);
            EntityWriter.WriteTime(json, "lastNotification"u8, _lastNotification);
            EntityWriter.WriteTime(json, "lastSuccess"u8, _lastSuccess);
            EntityWriter.WriteTime(json, "lastFailure"u8, _lastFailure);
        }
    }

    /// <summary>Keeping it did not work: it is still to be kept.</summary>
    public void Touch()
    {
        lock (_gate)
            _dirty = _lastNotification != 0;
    }

    /// <summary>The state to keep; null when it has not changed since the last call.</summary>
    public ReadOnlyMemory<byte>? TakeDirty()
    {
        lock (_gate)
        {
            if (!_dirty)
                return null;
            _dirty = false;
            return System.Text.Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"[{_sent},{_failed},{_lastNotification},{_lastSuccess},{_lastFailure},{(_ok ? 1 : 0)}]"));
        }
    }

    public static SubscriptionStats Read(ReadOnlyMemory<byte> kept)
    {
        using var json = JsonDocument.Parse(kept);
        var v = json.RootElement;
        return new SubscriptionStats
        {
            _sent = v[0].GetInt64(), _failed = v[1].GetInt64(), _lastNotification = v[2].GetInt64(), _lastSuccess = v[3].GetInt64(), _lastFailure = v[4].GetInt64(),
            _ok = v[5].GetInt32() == 1, LastQueued = v[2].GetInt64(),
        };
    }
}
