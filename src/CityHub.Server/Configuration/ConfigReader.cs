using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Crypto;
using CityHub.Sensing.Sources;
using CityHub.Server.CommandLine;

namespace CityHub.Server.Configuration;

/// <summary>
/// Turns what was written into a <see cref="HubConfig"/>, or says everything that is wrong with it: key, value, what is allowed, where it was written.
/// Reading a key is what declares it; a key that nobody read is an error.
/// </summary>
internal sealed class ConfigReader
{
    public const string DefaultFile = "cityhub.json";

    private readonly Settings _settings;
    private readonly List<string> _errors = [];
    private readonly SortedDictionary<string, KnownKey> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly string _folder;

    private ConfigReader(Settings settings, string folder) => (_settings, _folder) = (settings, folder);

    /// <summary>A key that exists, list items as <c>#</c>.</summary>
    internal sealed record KnownKey(string Key, string Default, string Allowed);

    /// <summary>File, environment and flags of one call.</summary>
    public static Result<HubConfig> Read(VerbCall call)
    {
        var settings = new Settings();
        var named = call.Text(ConfigOptions.Config.Name);
        var file = call.Surroundings.PathOf(named ?? DefaultFile);
        if (File.Exists(file))
        {
            if (!Settings.OfFile(File.ReadAllBytes(file), Path.GetFileName(file)).TryGet(out var written, out var unreadable))
                return unreadable;
            settings.Overlay(written);
        }
        else if (named is not null)
        {
            return UsageProblems.BadConfiguration.Because($"--config is {named}; there is no such file ({file}).");
        }

        settings.Overlay(Settings.OfEnvironment(call.Surroundings.Environment));
        if (!Settings.OfOptions(call).TryGet(out var options, out var wrong))
            return wrong;
        settings.Overlay(options);
        return Read(settings, call.Surroundings.Folder);
    }

    public static Result<HubConfig> Read(Settings settings, string folder)
    {
        var reader = new ConfigReader(settings, folder);
        var config = reader.Bind();
        reader.CheckUnknown();
        if (reader._errors.Count == 0)
            return config;
        var more = reader._errors.Count > 1 ? string.Join("\n  ", reader._errors.Skip(1)) : null;
        return UsageProblems.BadConfiguration.Because(reader._errors[0], more);
    }

    /// <summary>Every key there is, with its default and what it allows: the reference page is checked against this.</summary>
    public static IReadOnlyList<KnownKey> Keys()
    {
        // One item in each list, so that the keys of items are read too.
        var settings = new Settings();
        settings.Overlay([
            new("auth.issuers.0.url", "https://id.example", ""), new("retention.0.type", "*", ""), new("retention.0.keep", "30d", ""),
            new("http.certificate.path", "/", ""),
        ]);
        var reader = new ConfigReader(settings, "/");
        reader.Bind();
        return [.. reader._known.Values];
    }

    private HubConfig Bind()
    {
        var defaults = new HubConfig { Data = "" };
        var config = new HubConfig
        {
            Data = Path.GetFullPath(Text("data", "data"), _folder),
            Open = Switch("open", false),
            Http = new HttpConfig
            {
                Listeners = [.. List("http.urls", ["http://127.0.0.1:8080"]).Select(Url).OfType<Listener>()],
                Certificate = Certificate(),
                Drain = Duration("http.drain", defaults.Http.Drain, TimeSpan.Zero, TimeSpan.FromMinutes(10)),
            },
            Mqtt = new MqttConfig
            {
                Tcp = Address("mqtt.tcp", "127.0.0.1:1883", tls: false),
                Tls = Address("mqtt.tls", "off", tls: true),
                WebSocket = Switch("mqtt.webSocket", defaults.Mqtt.WebSocket),
            },
            Limits = new LimitsConfig
            {
                Body = Size("limits.body", defaults.Limits.Body, 1 << 10, 1L << 30),
                Headers = (int)Size("limits.headers", defaults.Limits.Headers, 1 << 10, 1 << 20),
                HeadersTimeout = Duration("limits.headersTimeout", defaults.Limits.HeadersTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1)),
                KeepAlive = Duration("limits.keepAlive", defaults.Limits.KeepAlive, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24)),
                Request = Duration("limits.request", defaults.Limits.Request, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(24)),
                Connections = Number("limits.connections", defaults.Limits.Connections, 1, 1_000_000),
                Rate = Number("limits.rate", defaults.Limits.Rate, 0, 1_000_000),
                Batch = Number("limits.batch", defaults.Limits.Batch, 1, 1_000_000),
                TemporalInstances = Number("limits.temporalInstances", defaults.Limits.TemporalInstances, 1, 10_000_000),
            },
            Auth = new AuthConfig
            {
                Audience = Text("auth.audience", defaults.Auth.Audience),
                Issuers = [.. Items("auth.issuers").Select(Issuer)],
            },
            Contexts = new ContextsConfig
            {
                Fetch = Switch("contexts.fetch", defaults.Contexts.Fetch),
                Folder = OptionalPath("contexts.folder"),
            },
            Retention = [.. Items("retention").Select(item => new RetentionRule(
                Required($"{item}.type", "the IRI of an entity type, or *"),
                Duration($"{item}.keep", TimeSpan.FromDays(366), TimeSpan.FromHours(1), TimeSpan.FromDays(36600), required: true)))],
            Telemetry = new TelemetryConfig
            {
                Otlp = Service("telemetry.otlp", "the http:// or https:// address of an OTLP receiver"),
                Log = OneOf("telemetry.log", defaults.Telemetry.Log, ["trace", "debug", "information", "warning", "error"]),
                LogFormat = OneOf("telemetry.logFormat", defaults.Telemetry.LogFormat, ["text", "json"]),
                Requests = Switch("telemetry.requests", defaults.Telemetry.Requests),
            },
            Ledger = new LedgerConfig
            {
                Name = Origin(),
                Suites = Suites(),
                PostQuantum = Switch("ledger.postQuantum", defaults.Ledger.PostQuantum),
                Policy = OptionalPath("ledger.policy"),
                Every = Duration("ledger.every", defaults.Ledger.Every, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(1)),
                TimeStamps = Service("ledger.timeStamps", "the http:// or https:// address of an RFC 3161 authority"),
                StampEvery = Duration("ledger.stampEvery", defaults.Ledger.StampEvery, TimeSpan.FromSeconds(1), TimeSpan.FromDays(30)),
            },
            Sharing = new SharingConfig
            {
                Citizens = Optional("sharing.citizens", "the identifier of a department"),
                Profile = Text("sharing.profile", defaults.Sharing.Profile, "the name of a jurisdiction profile"),
            },
            Sources = [.. List("sources.allow", []).Select(AllowedAddress).OfType<string>()],
            Subscriptions = [.. List("subscriptions.allow", []).Select(AllowedAddress).OfType<string>()],
            Tenants = Tenants(),
        };
        CheckWhole(config);
        return config;
    }

    private string? AllowedAddress(Setting item)
    {
        if (AllowedAddresses.Of([item.Value]).Ok)
            return item.Value;
        _errors.Add($"{item.Key} is {item.Value} ({item.Origin}); it takes a host, an address, or a network as 10.1.0.0/16.");
        return null;
    }

    /// <summary>What no single key can say.</summary>
    private void CheckWhole(HubConfig config)
    {
        if (config.Http.Listeners.Count == 0 && _errors.Count == 0)
            _errors.Add("http.urls is empty; the hub listens on at least one address.");
        if (config.Http.Certificate is null)
        {
            if (config.Http.Listeners.FirstOrDefault(l => l.Tls) is { } tls)
                _errors.Add($"http.urls is {tls.Text} ({OriginOf("http.urls")}); https needs http.certificate.path.");
            if (config.Mqtt.Tls is not null)
                _errors.Add($"mqtt.tls is {config.Mqtt.Tls.Text} ({OriginOf("mqtt.tls")}); MQTT over TLS needs http.certificate.path.");
        }

        if (config.Open)
        {
            foreach (var listener in config.Http.Listeners.Append(config.Mqtt.Tcp).Append(config.Mqtt.Tls).OfType<Listener>().Where(l => !l.IsLoopback))
                _errors.Add($"open is true ({OriginOf("open")}) and the hub would listen on {listener.Text}: without authentication it listens on loopback addresses only (127.0.0.1, [::1], localhost).");
        }
    }

    private void CheckUnknown()
    {
        foreach (var setting in _settings.All)
        {
            var key = Pattern(setting.Key);
            if (_known.ContainsKey(key))
                continue;
            var near = _known.Keys.Where(k => k.StartsWith(key + ".", StringComparison.OrdinalIgnoreCase)).ToList();
            var hint = near.Count > 0 ? $"it has parts: {string.Join(", ", near)}"
                : Suggestion.For(key, _known.Keys) is { } nearest ? $"did you mean {nearest}?"
                : "see docs/reference/configuration.md for all keys";
            _errors.Add($"{setting.Key} is no key of the configuration ({setting.Origin}); {hint}");
        }
    }

    private Setting? Find(string key, string otherwise, string allowed)
    {
        var pattern = Pattern(key);
        _known.TryAdd(pattern, new KnownKey(pattern, otherwise, allowed));
        return _settings.Find(key);
    }

    private void Wrong(Setting setting, string key, string allowed) => _errors.Add($"{key} is {Shown(key, setting.Value)} ({setting.Origin}); it takes {allowed}.");

    private static string Shown(string key, string value) =>
        key.EndsWith("password", StringComparison.OrdinalIgnoreCase) ? "***" : value.Length == 0 ? "empty" : value;

    private string OriginOf(string key) => _settings.Find(key)?.Origin ?? _settings.Find(key + ".0")?.Origin ?? "default";

    private string Text(string key, string otherwise, string allowed = "a text")
    {
        var setting = Find(key, otherwise, allowed);
        if (setting is null)
            return otherwise;
        if (string.IsNullOrWhiteSpace(setting.Value))
            Wrong(setting, key, allowed);
        return setting.Value;
    }

    private string Required(string key, string allowed)
    {
        var setting = Find(key, "", allowed);
        if (setting is null)
            _errors.Add($"{key} is missing; it takes {allowed}.");
        return setting?.Value ?? "";
    }

    private string? Optional(string key, string allowed)
    {
        var setting = Find(key, "", allowed);
        return setting is null || setting.Value.Length == 0 ? null : setting.Value;
    }

    private string? OptionalPath(string key)
    {
        var setting = Find(key, "", "a path");
        return setting is null || setting.Value.Length == 0 ? null : Path.GetFullPath(setting.Value, _folder);
    }

    private bool Switch(string key, bool otherwise)
    {
        const string allowed = "true or false";
        var setting = Find(key, otherwise ? "true" : "false", allowed);
        if (setting is null)
            return otherwise;
        if (bool.TryParse(setting.Value, out var value))
            return value;
        Wrong(setting, key, allowed);
        return otherwise;
    }

    private int Number(string key, int otherwise, int least, int most)
    {
        var allowed = string.Create(CultureInfo.InvariantCulture, $"a whole number between {least} and {most}");
        var setting = Find(key, otherwise.ToString(CultureInfo.InvariantCulture), allowed);
        if (setting is null)
            return otherwise;
        if (int.TryParse(setting.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            return value;
        Wrong(setting, key, allowed);
        return otherwise;
    }

    private long Size(string key, long otherwise, long least, long most)
    {
        var allowed = $"{Sizes.Allowed}, between {Sizes.Text(least)} and {Sizes.Text(most)}";
        var setting = Find(key, Sizes.Text(otherwise), allowed);
        if (setting is null)
            return otherwise;
        if (Sizes.TryParse(setting.Value, out var value) && value >= least && value <= most)
            return value;
        Wrong(setting, key, allowed);
        return otherwise;
    }

    private TimeSpan Duration(string key, TimeSpan otherwise, TimeSpan least, TimeSpan most, bool required = false)
    {
        var allowed = $"{Durations.Allowed}, between {Durations.Text(least)} and {Durations.Text(most)}";
        var setting = Find(key, required ? "" : Durations.Text(otherwise), allowed);
        if (setting is null)
        {
            if (required)
                _errors.Add($"{key} is missing; it takes {allowed}.");
            return otherwise;
        }

        if (Durations.TryParse(setting.Value, out var value) && value >= least && value <= most)
            return value;
        Wrong(setting, key, allowed);
        return otherwise;
    }

    private string OneOf(string key, string otherwise, IReadOnlyList<string> values)
    {
        var allowed = "one of " + string.Join(", ", values);
        var setting = Find(key, otherwise, allowed);
        if (setting is null)
            return otherwise;
        if (values.FirstOrDefault(v => v.Equals(setting.Value, StringComparison.OrdinalIgnoreCase)) is { } value)
            return value;
        Wrong(setting, key, allowed);
        return otherwise;
    }

    /// <summary>A list of texts: items by number, or one text with semicolons between.</summary>
    private IReadOnlyList<Setting> List(string key, IReadOnlyList<string> otherwise)
    {
        _known.TryAdd(key + ".#", new KnownKey(key + ".#", "", "as the list"));
        if (Find(key, string.Join(';', otherwise), "a list; in the environment and in flags with semicolons between") is { } whole)
            return [.. whole.Value.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(v => whole with { Value = v })];
        var items = _settings.Items(key);
        return items.Count == 0
            ? [.. otherwise.Select(v => new Setting(key, v, "default"))]
            : [.. items.Select(i => _settings.Find($"{key}.{i}")).OfType<Setting>()];
    }

    private IEnumerable<string> Items(string key) => _settings.Items(key).Select(i => string.Create(CultureInfo.InvariantCulture, $"{key}.{i}"));

    private Listener? Url(Setting setting)
    {
        const string allowed = "http://ADDRESS:PORT or https://ADDRESS:PORT, where ADDRESS is an IP address, localhost or * for all";
        // Uri does not take * as a host.
        var text = setting.Value.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.PathAndQuery == "/"
            && (url.HostNameType is UriHostNameType.IPv4 or UriHostNameType.IPv6 || url.Host == "localhost"))
            return new Listener(setting.Value, text == setting.Value ? url.Host.Trim('[', ']') : "*", url.Port, url.Scheme == "https");
        _errors.Add($"http.urls is {setting.Value} ({setting.Origin}); it takes {allowed}.");
        return null;
    }

    private Listener? Address(string key, string otherwise, bool tls)
    {
        const string allowed = "ADDRESS:PORT, where ADDRESS is an IP address, localhost or * for all; or off";
        var setting = Find(key, otherwise, allowed);
        var text = setting?.Value ?? otherwise;
        if (text.Equals("off", StringComparison.OrdinalIgnoreCase) || text == "false")
            return null;
        var colon = text.LastIndexOf(':');
        if (colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            var host = text[..colon].Trim('[', ']');
            if (host is "localhost" or "*" || System.Net.IPAddress.TryParse(host, out _))
                return new Listener(text, host, port, tls);
        }

        Wrong(setting ?? new Setting(key, text, "default"), key, allowed);
        return null;
    }

    private CertificateConfig? Certificate()
    {
        var path = OptionalPath("http.certificate.path");
        var key = OptionalPath("http.certificate.key");
        var password = Find("http.certificate.password", "", "the password of a PKCS#12 file")?.Value;
        if (path is null)
            return null;
        foreach (var (name, file) in new[] { ("http.certificate.path", path), ("http.certificate.key", key) })
            if (file is not null && !File.Exists(file))
                _errors.Add($"{name} is {file} ({OriginOf(name)}); there is no such file.");
        return new CertificateConfig(path, key, password);
    }

    private IssuerConfig Issuer(string item)
    {
        const string allowed = "the https:// address of an OpenID Connect issuer (http:// on loopback only)";
        var url = Required($"{item}.url", allowed);
        if (url.Length > 0 && !(Uri.TryCreate(url, UriKind.Absolute, out var address) && (address.Scheme == "https" || (address.Scheme == "http" && address.IsLoopback))))
            _errors.Add($"{item}.url is {url} ({OriginOf(item + ".url")}); it takes {allowed}.");
        return new IssuerConfig(url, Text($"{item}.scopes", "scope", "the name of a claim"), Text($"{item}.tenants", "tenant", "the name of a claim")) { Department = Optional($"{item}.department", "the identifier of a department") };
    }

    /// <summary>A service elsewhere; none without it.</summary>
    private string? Service(string key, string allowed)
    {
        var setting = Find(key, "", allowed);
        if (setting is null || setting.Value.Length == 0)
            return null;
        if (!(Uri.TryCreate(setting.Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"))
            Wrong(setting, key, allowed);
        return setting.Value;
    }

    private string? Origin()
    {
        const string allowed = "a name without spaces and plus signs, at most 200 letters, e.g. ledger.city.example/hub";
        var setting = Find("ledger.name", "", allowed);
        if (setting is null || setting.Value.Length == 0)
            return null;
        if (setting.Value.Length > 200 || setting.Value.Any(c => c <= ' ' || c == '+' || char.IsWhiteSpace(c) || char.IsSurrogate(c)))
            Wrong(setting, "ledger.name", allowed);
        return setting.Value;
    }

    private SuiteRequirement Suites()
    {
        // The tiles of the field are SHA-256; SM3 comes beside it, never in its place.
        const string allowed = "intl or gm+intl";
        var setting = Find("ledger.suites", "intl", allowed);
        if (setting is null || setting.Value == SuiteRequirement.Intl.ToString())
            return SuiteRequirement.Intl;
        if (setting.Value == SuiteRequirement.Both.ToString())
            return SuiteRequirement.Both;
        Wrong(setting, "ledger.suites", allowed);
        return SuiteRequirement.Intl;
    }

    private List<string> Tenants()
    {
        var tenants = new List<string>();
        foreach (var setting in List("tenants", []))
        {
            if (setting.Value.Length is > 0 and <= 64 && setting.Value.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'))
                tenants.Add(setting.Value);
            else
                Wrong(setting, setting.Key, "letters, digits, - and _, at most 64");
        }

        return tenants;
    }

    private static string Pattern(string key) => string.Join('.', key.Split('.').Select(p => p.Length > 0 && p.All(char.IsAsciiDigit) ? "#" : p));
}
