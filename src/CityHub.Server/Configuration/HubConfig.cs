using System.Net;
using CityHub.Crypto;

namespace CityHub.Server.Configuration;

/// <summary>What people write about a hub. Every key with its default is listed in docs/reference/configuration.md.</summary>
internal sealed record HubConfig
{
    /// <summary>Absolute path of the data folder.</summary>
    public required string Data { get; init; }

    /// <summary>No authentication; only on loopback addresses.</summary>
    public bool Open { get; init; }

    public HttpConfig Http { get; init; } = new();

    public MqttConfig Mqtt { get; init; } = new();

    public LimitsConfig Limits { get; init; } = new();

    public AuthConfig Auth { get; init; } = new();

    public ContextsConfig Contexts { get; init; } = new();

    public IReadOnlyList<RetentionRule> Retention { get; init; } = [];

    public TelemetryConfig Telemetry { get; init; } = new();

    public LedgerConfig Ledger { get; init; } = new();

    public SharingConfig Sharing { get; init; } = new();

    /// <summary>Hosts, addresses and networks of the inside that sources may reach.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Hosts, addresses and networks of the inside that rows of tables may be sent to.</summary>
    public IReadOnlyList<string> Subscriptions { get; init; } = [];

    /// <summary>Tenants that exist from the start, beside the default one.</summary>
    public IReadOnlyList<string> Tenants { get; init; } = [];
}

internal sealed record HttpConfig
{
    public IReadOnlyList<Listener> Listeners { get; init; } = [new Listener("http://127.0.0.1:8080", "127.0.0.1", 8080, Tls: false)];

    public CertificateConfig? Certificate { get; init; }

    /// <summary>How long requests under way may go on after the hub was asked to stop.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(10);
}

/// <param name="Text">As it was written.</param>
/// <param name="Host">An IP address, <c>localhost</c> or <c>*</c>.</param>
internal sealed record Listener(string Text, string Host, int Port, bool Tls)
{
    public bool IsLoopback => Host == "localhost" || (IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address));
}

/// <summary>PEM (certificate chain and key in one file or two) or PKCS#12 with a password.</summary>
internal sealed record CertificateConfig(string Path, string? Key, string? Password);

internal sealed record MqttConfig
{
    /// <summary>Null: off.</summary>
    public Listener? Tcp { get; init; }

    /// <summary>MQTT over TLS with the certificate of http.certificate. Null: off.</summary>
    public Listener? Tls { get; init; }

    /// <summary>MQTT over WebSocket at <c>/mqtt</c> of the HTTP listeners.</summary>
    public bool WebSocket { get; init; } = true;
}

internal sealed record LimitsConfig
{
    public long Body { get; init; } = 16L << 20;

    public int Headers { get; init; } = 32 << 10;

    public TimeSpan HeadersTimeout { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>How long one request may take; streams are exempt.</summary>
    public TimeSpan Request { get; init; } = TimeSpan.FromSeconds(60);

    public int Connections { get; init; } = 10_000;

    /// <summary>Requests per second and client (token, else address); 0: no limit.</summary>
    public int Rate { get; init; }

    /// <summary>Entities in one batch operation.</summary>
    public int Batch { get; init; } = 10_000;

    /// <summary>Attribute instances in one temporal answer; the rest is for the next page.</summary>
    public int TemporalInstances { get; init; } = 10_000;
}

internal sealed record AuthConfig
{
    /// <summary>The name of this hub in the <c>aud</c> of tokens.</summary>
    public string Audience { get; init; } = "cityhub";

    public IReadOnlyList<IssuerConfig> Issuers { get; init; } = [];
}

/// <summary>An OpenID Connect provider whose tokens open the hub.</summary>
/// <param name="Url">The issuer; its metadata is at <c>{Url}/.well-known/openid-configuration</c>.</param>
/// <param name="Scopes">The claim that carries permissions.</param>
/// <param name="Tenants">The claim that carries tenants.</param>
internal sealed record IssuerConfig(string Url, string Scopes, string Tenants)
{
    /// <summary>The department whose people sign in there; their roles in sharing are those of the register of parties. Null: none.</summary>
    public string? Department { get; init; }
}

internal sealed record SharingConfig
{
    /// <summary>The department whose tokens say who a citizen is; null: none does.</summary>
    public string? Citizens { get; init; }

    /// <summary>Deadlines and calendar: a jurisdiction profile.</summary>
    public string Profile { get; init; } = "decree-809";
}

internal sealed record ContextsConfig
{
    /// <summary>Whether the hub may fetch a remote @context that it does not know (5.13). Where it may not, or cannot, such a request is refused; nothing else needs the network.</summary>
    public bool Fetch { get; init; } = true;

    /// <summary>A folder of JSON-LD contexts (<c>*.jsonld</c> with <c>*.url</c> beside) that are known from the start.</summary>
    public string? Folder { get; init; }
}

/// <summary>History of entities of a type is forgotten after this time.</summary>
/// <param name="Type">IRI of an entity type, or <c>*</c>.</param>
internal sealed record RetentionRule(string Type, TimeSpan Keep);

internal sealed record LedgerConfig
{
    /// <summary>The origin of the log (C2SP tlog-checkpoint), e.g. <c>ledger.city.example/hub</c>; null: made from the first key. It never changes once a checkpoint was signed.</summary>
    public string? Name { get; init; }

    /// <summary>One tree and one signature for each: <c>intl</c>, or <c>gm+intl</c>.</summary>
    public SuiteRequirement Suites { get; init; } = SuiteRequirement.Intl;

    /// <summary>Whether an ML-DSA-44 key signs each checkpoint beside the Ed25519 key.</summary>
    public bool PostQuantum { get; init; }

    /// <summary>A C2SP tlog-policy: the witnesses, and how many of whom have to have seen a checkpoint. Null: nobody is asked.</summary>
    public string? Policy { get; init; }

    /// <summary>How long a checkpoint may wait for more facts before it is signed; at most a second.</summary>
    public TimeSpan Every { get; init; } = TimeSpan.FromMilliseconds(750);

    /// <summary>An RFC 3161 time stamping authority; null: checkpoints are anchored nowhere else.</summary>
    public string? TimeStamps { get; init; }

    /// <summary>How often a checkpoint is stamped, if there is a new one.</summary>
    public TimeSpan StampEvery { get; init; } = TimeSpan.FromHours(1);
}

internal sealed record TelemetryConfig
{
    /// <summary>OTLP endpoint for traces and metrics; null: none are sent and nothing of OpenTelemetry is loaded.</summary>
    public string? Otlp { get; init; }

    /// <summary>The least level that is logged: trace, debug, information, warning, error.</summary>
    public string Log { get; init; } = "information";

    /// <summary>text or json.</summary>
    public string LogFormat { get; init; } = "text";

    /// <summary>One line per request.</summary>
    public bool Requests { get; init; }
}
