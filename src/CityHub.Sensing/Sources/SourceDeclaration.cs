using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Sensing.Sources;

internal enum SourceKind
{
    /// <summary>Files that are put into the source's drop folder: CSV, NDJSON, XLSX, Parquet.</summary>
    Files,

    /// <summary>A table or view of a PostgreSQL database, pulled by a watermark or whole; or a table, followed by its changes.</summary>
    Postgres,

    /// <summary>Pages of JSON over HTTP.</summary>
    Rest,
}

/// <summary>Where rows of a dataset come from, and how often: an existing system is wrapped, not replaced. Data, not code; secrets are named and never held.</summary>
internal sealed record SourceDeclaration
{
    private const string SlotPrefix = "cityhub_";

    /// <summary>Of names in PostgreSQL: NAMEDATALEN - 1.</summary>
    private const int MostName = 63;

    private static readonly System.Buffers.SearchValues<char> SlotLetters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789_");
    private static readonly System.Buffers.SearchValues<char> IdLetters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    public required string Id { get; init; }

    public required string Dataset { get; init; }

    public required SourceKind Kind { get; init; }

    public WriteMode Mode { get; init; } = WriteMode.Upsert;

    /// <summary>Name of the mapping in the standards; null: the columns are the dataset's own.</summary>
    public string? Mapping { get; init; }

    public TimeSpan Every { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Files: the encoding; null: UTF-8 or what the byte order mark says. XLSX: the sheet; null: the first.</summary>
    public string? Encoding { get; init; }

    public string? Sheet { get; init; }

    /// <summary>Postgres: host, port, database, user. The password comes from the environment variable that <see cref="Secret"/> names.</summary>
    public string? Connection { get; init; }

    public string? Table { get; init; }

    /// <summary>Postgres: a column that only grows, such as the time of the last change. REST: the member of the rows that does.</summary>
    public string? Watermark { get; init; }

    /// <summary>Postgres: the publication by which the table's changes are followed (logical replication); null: they are not.</summary>
    public string? Publication { get; init; }

    /// <summary>Postgres: the replication slot; null: the one that is named after the source. See <see cref="SlotName"/>.</summary>
    public string? Slot { get; init; }

    /// <summary>REST: the address, with <c>{watermark}</c>, <c>{page}</c> and <c>{cursor}</c> where they belong.</summary>
    public string? Url { get; init; }

    /// <summary>REST: the path to the rows, e.g. <c>$.data.items[*]</c>.</summary>
    public string Each { get; init; } = "$[*]";

    /// <summary>REST: the path to the cursor of the next page; null: pages are counted, or there is one.</summary>
    public string? Next { get; init; }

    /// <summary>Name of the environment variable with the password or the bearer token.</summary>
    public string? Secret { get; init; }

    /// <summary>Columns to take, in this order; empty: all (files and tables), needed for REST.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Whether a watermark of the other one is one of this: the same rows, into the same dataset, counted by the same column.</summary>
    public bool CountsAs(SourceDeclaration other) =>
        (Dataset, Kind, Connection, Table, Url, Each, Watermark) == (other.Dataset, other.Kind, other.Connection, other.Table, other.Url, other.Each, other.Watermark)
        && (Publication is null) == (other.Publication is null) && (Publication is null || Follows(other));

    /// <summary>The hub makes and drops slots of such names, and touches no others.</summary>
    public string SlotName => Slot ?? SlotPrefix + Id.Replace('-', '_');

    /// <summary>The same slot of the same database, whatever else the connections say.</summary>
    public bool SharesSlot(SourceDeclaration other) =>
        (Publication, other.Publication) is (not null, not null) && SlotName == other.SlotName && Settings(Connection ?? "") is { } one && Settings(other.Connection ?? "") is { } two
        && string.Equals(one.Host, two.Host, StringComparison.OrdinalIgnoreCase) && (one.Port, one.Database ?? one.Username) == (two.Port, two.Database ?? two.Username);

    private bool Follows(SourceDeclaration other) => (Publication, SlotName, Mapping) == (other.Publication, other.SlotName, other.Mapping) && Columns.SequenceEqual(other.Columns);

    /// <param name="recorded">As a fact says it: what was declared stays declared, and its turns say why they do not run.</param>
    public static Result<SourceDeclaration> Read(string id, ReadOnlySpan<byte> utf8, bool recorded = false)
    {
        try
        {
            var reader = new Utf8JsonReader(utf8);
            using var json = JsonDocument.ParseValue(ref reader);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return Wrong("it is no JSON object");
            var source = new SourceDeclaration { Id = id, Dataset = "", Kind = SourceKind.Files };
            foreach (var member in root.EnumerateObject())
            {
                var value = member.Value;
                switch (member.Name)
                {
                    case "dataset": source = source with { Dataset = value.GetString() ?? "" }; break;
                    case "kind" when Enum.TryParse<SourceKind>(value.GetString(), ignoreCase: true, out var kind) && Enum.IsDefined(kind): source = source with { Kind = kind }; break;
                    case "mode" when Enum.TryParse<WriteMode>(value.GetString(), ignoreCase: true, out var mode) && Enum.IsDefined(mode): source = source with { Mode = mode }; break;
                    case "every" when value.GetString() is { } text: source = source with { Every = System.Xml.XmlConvert.ToTimeSpan(text) }; break;
                    case "mapping": source = source with { Mapping = value.GetString() }; break;
                    case "encoding": source = source with { Encoding = value.GetString() }; break;
                    case "sheet": source = source with { Sheet = value.GetString() }; break;
                    case "connection": source = source with { Connection = value.GetString() }; break;
                    case "table": source = source with { Table = value.GetString() }; break;
                    case "watermark": source = source with { Watermark = value.GetString() }; break;
                    case "publication": source = source with { Publication = value.GetString() }; break;
                    case "slot": source = source with { Slot = value.GetString() }; break;
                    case "url": source = source with { Url = value.GetString() }; break;
                    case "each": source = source with { Each = value.GetString() ?? "" }; break;
                    case "next": source = source with { Next = value.GetString() }; break;
                    case "secret": source = source with { Secret = value.GetString() }; break;
                    case "columns": source = source with { Columns = [.. value.EnumerateArray().Select(v => v.GetString() ?? "")] }; break;
                    case "id": break;
                    default: return Wrong($"{member.Name} is {value.GetRawText()}");
                }
            }

            return !recorded && source.Unusable is { } wrong ? wrong : source;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or OverflowException)
        {
            return Wrong(e.Message);
        }
    }

    /// <summary>Without a word of where the rows come from.</summary>
    public void WriteSummary(Utf8JsonWriter json)
    {
        json.WriteString("id", Id);
        json.WriteString("dataset", Dataset);
        json.WriteString("kind", Kind.ToString().ToLowerInvariant());
        json.WriteString("mode", Mode.ToString().ToLowerInvariant());
        json.WriteString("every", System.Xml.XmlConvert.ToString(Every));
    }

    public void Write(Utf8JsonWriter json)
    {
        WriteSummary(json);
        Optional(json, "mapping", Mapping);
        Optional(json, "encoding", Encoding);
        Optional(json, "sheet", Sheet);
        Optional(json, "connection", Connection);
        Optional(json, "table", Table);
        Optional(json, "watermark", Watermark);
        Optional(json, "publication", Publication);
        Optional(json, "slot", Slot);
        Optional(json, "url", Url);
        if (Kind == SourceKind.Rest)
            json.WriteString("each", Each);
        Optional(json, "next", Next);
        Optional(json, "secret", Secret);
        if (Columns.Count == 0)
            return;
        json.WriteStartArray("columns");
        foreach (var column in Columns)
            json.WriteStringValue(column);
        json.WriteEndArray();
    }

    /// <summary>Why it cannot be read from; null: it can.</summary>
    public Problem? Unusable => Check() is { } wrong ? Wrong(wrong) : null;

    /// <summary>What whoever runs the hub has set for sources, and nothing else of its environment.</summary>
    public const string SecretPrefix = "CITYHUB_SOURCE_";

    public static bool IsId(string id) => id.Length is > 0 and <= 64 && !id.AsSpan().ContainsAnyExcept(IdLetters);

    private static void Optional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
            json.WriteString(name, value);
    }

    /// <summary>Under all the names that the driver knows.</summary>
    private static bool HoldsPassword(string connection) => Settings(connection) is not { } settings || settings is { Password: { Length: > 0 } } or { Passfile: { Length: > 0 } };

    /// <summary>One host, by name or address: no list of them, no socket file, no port in it. What it leads to is looked at when it is connected to.</summary>
    private static bool NamesHost(string connection) => Settings(connection)?.Host is { } host && Uri.CheckHostName(host) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6;

    private static Npgsql.NpgsqlConnectionStringBuilder? Settings(string connection)
    {
        try
        {
            return new Npgsql.NpgsqlConnectionStringBuilder(connection);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            return null;
        }
    }

    private string? Check() => this switch
    {
        { Dataset: "" } => "dataset is missing: which rows are these?",
        { Every: var every } when every < TimeSpan.FromSeconds(10) || every > TimeSpan.FromDays(366) => "every takes ten seconds to a year (ISO 8601, PT1H)",
        { Connection: { } text } when HoldsPassword(text) => "connection holds a password, or cannot be read; secret names the environment variable that has it",
        { Secret: { } name } when !name.StartsWith(SecretPrefix, StringComparison.Ordinal) => $"secret names an environment variable that begins with {SecretPrefix}: the hub's others are not for sources",
        { Kind: SourceKind.Postgres, Connection: null or "" } => "connection is missing: Host=…;Database=…;Username=…",
        { Kind: SourceKind.Postgres, Connection: { } text } when !NamesHost(text) => "connection names no host, or more than one; Host is one name or address, Port the port",
        { Kind: not SourceKind.Files, Watermark: not null, Mode: not WriteMode.Upsert } =>
            $"mode is {Mode.ToString().ToLowerInvariant()} and there is a watermark: rows that share the last one come again, and append would have them twice, replace nothing but them; use upsert, or replace without a watermark",
        { Kind: not SourceKind.Files, Watermark: null, Mode: WriteMode.Append } => "mode is append and there is no watermark: every turn reads all rows, and they would be there once for each turn; use replace, or upsert",
        { Kind: SourceKind.Postgres, Table: null or "" } => "table is missing",
        { Kind: SourceKind.Postgres, Table: { } table } when table.Split('.').Length > 2 => "table is a name, or schema.name",
        { Kind: not SourceKind.Postgres, Publication: not null } or { Publication: null, Slot: not null } => "publication is for postgres, and slot for where there is a publication",
        { Publication: "" or { Length: > MostName } } => $"publication is a name of 1 to {MostName} letters",
        { Publication: not null, Watermark: not null } => "there is a publication and a watermark: rows come by their changes or by a column that grows",
        { Publication: not null, Mode: not WriteMode.Upsert } => "there is a publication, and changes come by key; use upsert",
        { Publication: not null, SlotName: var slot } when !slot.StartsWith(SlotPrefix, StringComparison.Ordinal) || slot.Length > MostName || slot.AsSpan().ContainsAnyExcept(SlotLetters) =>
            $"slot is {slot}; it begins with {SlotPrefix} and has at most {MostName} lower-case letters, digits and underscores",
        { Kind: SourceKind.Rest, Columns.Count: 0 } => "columns is missing: which members of a row are taken?",
        { Kind: SourceKind.Rest, Url: var url } when !IsAddress(url) => "url is an https:// address (http:// on loopback only)",
        _ => null,
    };

    private static bool IsAddress(string? url) =>
        Uri.TryCreate(url?.Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal), UriKind.Absolute, out var address) && (address.Scheme == "https" || (address.Scheme == "http" && address.IsLoopback));

    private static Problem Wrong(string why) => SourceProblems.NotASource.Because($"The declaration cannot be used: {why}.", "docs/reference/sources.md has one of each kind.");
}
