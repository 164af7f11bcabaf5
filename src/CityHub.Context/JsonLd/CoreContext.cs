using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using CityHub.Context.JsonLd.Processing;

namespace CityHub.Context.JsonLd;

/// <summary>
/// The NGSI-LD core contexts v1.0 to v1.9 (clause 4.4, annex B) as the project's own table, so that no hub ever needs a network to know them.
/// </summary>
/// <remarks>
/// How sure the table is: 1.0, 1.3, 1.4, 1.5 and 1.9 are compared with the published files in the tests, term by term. 1.6, 1.7 and 1.8 were read off
/// copies that other brokers ship. 1.1 and 1.2 have no copy at hand and are taken as 1.0: the renaming of start, end, expires, time and endTime came with API 1.3.1.
/// </remarks>
internal static class CoreContext
{
    public const string Namespace = "https://uri.etsi.org/ngsi-ld/";
    public const string DefaultVocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";

    /// <summary>The URL that the hub names in what it sends.</summary>
    public const string Url = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld";

    /// <summary>The newest version of the table: 1.9.</summary>
    public const int Latest = 9;

    private const string UrlStart = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context";

    /// <summary>
    /// A line "1.3-1.4" or "1.5" says in which versions the terms below it stand. A term is <c>name[=place] [@id|@vocab|@json|DateTime] [@list|@set|@language|@index]</c>.
    /// Its IRI is ngsi-ld:name, or with a place: <c>:x</c> ngsi-ld:x, <c>geojson:</c>, <c>dcterms:</c> and <c>default:</c> with its own name behind, anything else as it is.
    /// </summary>
    private const string Table = """
        1.0
        ContextSourceNotification | ContextSourceRegistration | Date | DateTime | GeoProperty | Notification | Property | Relationship
        Subscription | TemporalProperty | Time | accept | attributes @vocab | createdAt DateTime | csf | data | datasetId @id | detail | endpoint
        entities | entityId @id | error | errors | format | geoQ | geoproperty | georel | id=@id | idPattern | information | instanceId @id
        isActive | lastFailure DateTime | lastNotification DateTime | lastSuccess DateTime | location | managementInterval | modifiedAt DateTime
        ngsi-ld=https://uri.etsi.org/ngsi-ld/ | notification | notifiedAt DateTime | object=:hasObject @id | observationInterval | observationSpace
        observedAt DateTime | operationSpace | q | reason | status | subscriptionId @id | success @id | temporalQ | throttling | timeInterval
        timeproperty | timerel | timesSent | triggerReason | type=@type | unchanged | unitCode | updated | uri | value=:hasValue
        values=:hasValues @list | watchedAttributes @vocab
        1.0-1.2
        attributeName | coordinates | description | end DateTime | endTime DateTime | expires DateTime | geometry | name | properties @vocab
        relationships @vocab | start DateTime | time DateTime | title
        1.0-1.5
        objects=:hasObjects @id @list
        1.3
        Attribute | AttributeList | EntityType | EntityTypeInfo | EntityTypeList | Feature=geojson: | FeatureCollection=geojson:
        GeometryCollection=geojson: | LineString=geojson: | MultiLineString=geojson: | MultiPoint=geojson: | MultiPolygon=geojson: | Point=geojson:
        Polygon=geojson: | attributeList @vocab | attributeName @vocab | attributeNames @vocab | attributeTypes @vocab | bbox=geojson: @list
        coordinates=geojson: @list | description=dcterms: | endAt DateTime | endTimeAt DateTime | entityCount | expiresAt DateTime
        features=geojson: @set | geojson=https://purl.org/geojson/vocab# | geometry=geojson: | properties=geojson: | propertyNames @vocab
        registrationName | relationshipNames @vocab | startAt DateTime | subscriptionName | timeAt DateTime | title=dcterms: | typeList @vocab
        typeName @vocab | typeNames @vocab
        1.3-1.4
        attributeCount=default: | attributeDetails=default:
        1.4
        avg @list | distinctCount @list | max @list | min @list | stddev @list | sum @list | sumsq @list | totalCount @list
        1.5
        LanguageProperty | attrs | lang | languageMap=:hasLanguageMap @language | scope | scopeQ | tenant @id
        1.5-1.7
        attributeCount | attributeDetails
        1.6
        cacheDuration | contextSourceInfo | cooldown | deletedAt DateTime | key=:hasKey | languageMaps=:hasLanguageMaps @list | localOnly
        management | mode | notUpdated | notificationTrigger | notifierInfo | objects=:hasObjects @list | operations
        previousLanguageMap=:hasPreviousLanguageMap @language | previousObject=:hasPreviousObject @id | previousValue=:hasPreviousValue
        receiverInfo | refreshRate | registrationId | showChanges | sysAttrs | timeout | timesFailed
        1.7
        dataset=:hasDataset @index | previousVocab=:hasPreviousVocab @vocab | vocab=:hasVocab @vocab | vocabs=:hasVocabs @list
        1.7-1.7
        VocabularyProperty
        1.8
        ContextSourceIdentity | JsonProperty | ListProperty | ListRelationship | VocabProperty | containedBy=:isContainedBy | contextSourceAlias
        contextSourceExtras @json | contextSourceTimeAt DateTime | contextSourceUptime | entity | entityList @list | expandValues | join
        joinLevel=:hasJoinLevel | json=:hasJSON @json | jsonKeys | jsons @list | linkedMaps | objectList=:hasObjectList @list
        objectType=:hasObjectType @vocab | omit | pick | previousJson=:hasPreviousJson @json | previousObjectList=:hasPreviousObjectList @list
        previousValueList=:hasPreviousValueList @list | valueList=:hasValueList @list | valueLists=:hasValueLists @list
        1.8-1.8
        attributeCount=default: | attributeDetails=default: | entityMap=:hasEntityMap | geometryProperty=geojson:
        objectsLists=:hasObjectsLists @list
        1.9
        EntityMap | ExecutionResultDetails | Snapshot | SnapshotNotification | aggrMethods | aggrParams | aggrPeriodDuration | attributeCount
        attributeDetails | collation | entityMap=:hasEntityMap @index | entityMapLifetime=:hasEntityMapLifetime | jsonldContext
        langString=http://www.w3.org/1999/02/22-rdf-syntax-ns#langString | lastN | lastUsedAt DateTime | ngsildConformance | ngsildproof
        objectLists=:hasObjectLists @list | orderBy @list | ordering | problemDetails @json | resultStatus | snapshotId | snapshotLifetime
        snapshotPriority | snapshotQueries @list | snapshotQueriesDetails @list | snapshotStatus | snapshotTemporalQueries @list
        snapshotTemporalQueriesDetails @list | splitEntities=:hasSplitEntities | valueType=:hasValueType @vocab
        """;

    private static readonly Dictionary<string, string> Places = new(StringComparer.Ordinal)
    {
        ["geojson:"] = "https://purl.org/geojson/vocab#",
        ["dcterms:"] = "http://purl.org/dc/terms/",
        ["default:"] = DefaultVocabulary,
    };

    private static readonly byte[]?[] Documents = new byte[Latest + 1][];

    /// <summary>The terms of v1.9 as compiled definitions.</summary>
    public static FrozenDictionary<string, TermDefinition> Terms { get; } = Compile(Latest).Terms.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The names of the core's words: they win over whatever a user calls the same IRI.</summary>
    public static FrozenDictionary<string, string> ByIri { get; } = Terms.Where(t => !LdKeywords.Is(t.Value.Iri)).ToFrozenDictionary(t => t.Value.Iri ?? "", t => t.Key, StringComparer.Ordinal);

    /// <summary>Any published URL of a core context, whatever its version.</summary>
    public static bool IsCoreUrl(string url) => VersionOf(url) is not null;

    /// <summary>0 to 9 for v1.0 to v1.9; 9 for the URL without a version; null for any other URL.</summary>
    public static int? VersionOf(string url)
    {
        var plain = url.StartsWith("http://", StringComparison.Ordinal) ? string.Concat("https://", url.AsSpan(7)) : url;
        if (!plain.StartsWith(UrlStart, StringComparison.Ordinal) || !plain.EndsWith(".jsonld", StringComparison.Ordinal))
            return null;
        var version = plain.AsSpan(UrlStart.Length, Math.Max(0, plain.Length - UrlStart.Length - ".jsonld".Length));
        return version.IsEmpty ? Latest
            : version.StartsWith("-v1.") && version.Length == 5 && char.IsAsciiDigit(version[4]) ? version[4] - '0'
            : null;
    }

    /// <summary>The context document of a version, written from the table.</summary>
    public static ReadOnlyMemory<byte> Document(int version) => Documents[version] ??= Write(version);

    /// <summary>What the table means when it is processed like any other context.</summary>
    public static ActiveContext Compile(int version)
    {
        // The one scoped context of the core (ngsildproof) names a context of the W3C that NGSI-LD never reads: proofs are kept as they come.
        var processor = new ContextProcessor(static _ => new LdObject { ["@context"] = new LdObject() });
        var document = (LdObject?)LdJson.Parse(Document(version).Span);
        return processor.Process(new ActiveContext(null), document?["@context"], Url);
    }

    private static byte[] Write(int version)
    {
        var buffer = new ArrayBufferWriter<byte>(16 << 10);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteStartObject("@context"u8);
            if (version >= 8)
            {
                json.WritePropertyName("@version"u8);
                json.WriteRawValue("1.1"u8);
                json.WriteBoolean("@protected"u8, true);
            }

            foreach (var (name, iri, type, container) in Entries(version))
                Write(json, name, iri, type, container);
            json.WriteString("@vocab"u8, DefaultVocabulary);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(Utf8JsonWriter json, string name, string iri, string? type, string? container)
    {
        if (type is null && container is null && name != "ngsildproof")
        {
            json.WriteString(name, iri);
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("@id"u8, iri);
        if (type is not null)
            json.WriteString("@type"u8, type);
        if (container is not null)
            json.WriteString("@container"u8, container);
        if (name == "ngsildproof")
        {
            json.WriteStartArray("@context"u8);
            json.WriteStartObject();
            json.WriteString("entityIdSealed"u8, "ngsi-ld:entityIdSealed");
            json.WriteStartObject("entityTypeSealed"u8);
            json.WriteString("@id"u8, "ngsi-ld:entityTypeSealed");
            json.WriteString("@type"u8, "@vocab");
            json.WriteEndObject();
            json.WriteEndObject();
            json.WriteStringValue("https://w3id.org/security/data-integrity/v2");
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static IEnumerable<(string Name, string Iri, string? Type, string? Container)> Entries(int version)
    {
        var stands = false;
        foreach (var line in Table.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("1.", StringComparison.Ordinal))
            {
                var until = line.Length > 3 ? line[^1] - '0' : Latest;
                stands = version >= line[2] - '0' && version <= until;
                continue;
            }

            if (!stands)
                continue;
            foreach (var entry in line.Split('|', StringSplitOptions.TrimEntries))
                yield return Read(entry);
        }
    }

    private static (string Name, string Iri, string? Type, string? Container) Read(string entry)
    {
        var words = entry.Split(' ');
        var equals = words[0].IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? words[0] : words[0][..equals];
        var place = equals < 0 ? ":" + name : words[0][(equals + 1)..];
        var iri = place[0] == ':' ? Namespace + place[1..] : Places.TryGetValue(place, out var start) ? start + name : place;
        string? type = null, container = null;
        foreach (var word in words.AsSpan(1))
        {
            if (word is "@list" or "@set" or "@language" or "@index")
                container = word;
            else
                type = word[0] == '@' ? word : Namespace + word;
        }

        return (name, iri, type, container);
    }
}
