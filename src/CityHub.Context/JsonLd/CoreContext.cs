using System.Collections.Frozen;

namespace CityHub.Context.JsonLd;

/// <summary>What a term of the core context means.</summary>
/// <param name="Iri">Expanded; a keyword (<c>@id</c>, <c>@type</c>) for the two aliases.</param>
/// <param name="Type"><c>@id</c>, <c>@vocab</c>, <c>@json</c>, an IRI, or null.</param>
/// <param name="Container"><c>@list</c>, <c>@set</c>, <c>@language</c>, <c>@index</c>, or null.</param>
internal sealed record CoreTerm(string Iri, string? Type, string? Container);

/// <summary>
/// The NGSI-LD core contexts v1.0 to v1.9 (clause 4.4, annex B) as the project's own table, so that no hub ever needs a network to know them.
/// One line a term: <c>name[=suffix or IRI] [@id|@vocab|@json|DateTime] [@list|@set|@language|@index]</c>; without <c>=</c> the IRI is ngsi-ld:name.
/// A term stands under the version that brought it: 1.0, 1.3, 1.4, 1.5 and 1.9 are checked against the published files; 1.1 and 1.2 are taken as 1.3,
/// 1.6 to 1.8 as 1.9 (their terms are subsets of it and mean the same).
/// </summary>
internal static class CoreContext
{
    public const string Namespace = "https://uri.etsi.org/ngsi-ld/";
    public const string DefaultVocabulary = "https://uri.etsi.org/ngsi-ld/default-context/";
    public const string GeoJson = "https://purl.org/geojson/vocab#";
    public const string Latest = "1.9";

    /// <summary>The URL that the hub names in what it sends.</summary>
    public const string Url = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld";

    private const string UrlStart = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context";

    private const string Since10 = """
        id=@id | type=@type | ngsi-ld=https://uri.etsi.org/ngsi-ld/ | value=hasValue | object=hasObject @id
        Property | Relationship | DateTime | Date | Time | GeoProperty | TemporalProperty | ContextSourceRegistration | Subscription | Notification | ContextSourceNotification
        title=http://purl.org/dc/terms/title | detail | idPattern | information | description=http://purl.org/dc/terms/description | location
        observationSpace | operationSpace | createdAt DateTime | modifiedAt DateTime | observedAt DateTime | datasetId @id | instanceId @id | unitCode
        entities | entityId @id | error | errors | watchedAttributes @vocab | timeInterval | q | geoQ | csf | temporalQ | notification | throttling
        attributes @vocab | attributeName @vocab | uri | accept | isActive | status | endpoint | format | timesSent | lastNotification DateTime
        lastFailure DateTime | lastSuccess DateTime | georel | geometry=https://purl.org/geojson/vocab#geometry | coordinates=https://purl.org/geojson/vocab#coordinates @list
        geoproperty | timeproperty | timerel | observationInterval | managementInterval | subscriptionId @id | notifiedAt DateTime | data | triggerReason
        updated | unchanged | success @id | reason | values=hasValues @list | objects=hasObjects @list | properties=https://purl.org/geojson/vocab#properties
        """;

    private const string Since13 = """
        Attribute | AttributeList | EntityType | EntityTypeInfo | EntityTypeList | geojson=https://purl.org/geojson/vocab#
        Feature=https://purl.org/geojson/vocab#Feature | FeatureCollection=https://purl.org/geojson/vocab#FeatureCollection
        GeometryCollection=https://purl.org/geojson/vocab#GeometryCollection | LineString=https://purl.org/geojson/vocab#LineString
        MultiLineString=https://purl.org/geojson/vocab#MultiLineString | MultiPoint=https://purl.org/geojson/vocab#MultiPoint
        MultiPolygon=https://purl.org/geojson/vocab#MultiPolygon | Point=https://purl.org/geojson/vocab#Point | Polygon=https://purl.org/geojson/vocab#Polygon
        attributeCount | attributeDetails | attributeList @vocab | attributeNames @vocab | attributeTypes @vocab
        bbox=https://purl.org/geojson/vocab#bbox @list | features=https://purl.org/geojson/vocab#features @set | endAt DateTime | endTimeAt DateTime
        entityCount | expiresAt DateTime | propertyNames @vocab | registrationName | relationshipNames @vocab | startAt DateTime | subscriptionName
        timeAt DateTime | typeList @vocab | typeName @vocab | typeNames @vocab
        """;

    private const string Since14 = "avg @list | distinctCount @list | max @list | min @list | stddev @list | sum @list | sumsq @list | totalCount @list";

    private const string Since15 = "LanguageProperty | attrs | lang | languageMap=hasLanguageMap @language | scope | scopeQ | tenant @id";

    private const string Since19 = """
        ContextSourceIdentity | EntityMap | ExecutionResultDetails | JsonProperty | ListProperty | ListRelationship | Snapshot | SnapshotNotification | VocabProperty
        aggrMethods | aggrParams | aggrPeriodDuration | cacheDuration | collation | containedBy=isContainedBy | contextSourceAlias | contextSourceExtras @json
        contextSourceInfo | contextSourceTimeAt DateTime | contextSourceUptime | cooldown | dataset=hasDataset @index | deletedAt DateTime | entity | entityList @list
        entityMap=hasEntityMap @index | entityMapLifetime=hasEntityMapLifetime | expandValues | join | joinLevel=hasJoinLevel | json=hasJSON @json | jsonKeys
        jsonldContext | jsons @list | key=hasKey | langString=http://www.w3.org/1999/02/22-rdf-syntax-ns#langString | languageMaps=hasLanguageMaps @list | lastN
        lastUsedAt DateTime | linkedMaps | localOnly | management | mode | ngsildConformance | ngsildproof | notUpdated | notificationTrigger | notifierInfo
        objectList=hasObjectList @list | objectLists=hasObjectLists @list | objectType=hasObjectType @vocab | omit | operations | orderBy @list | ordering | pick
        previousJson=hasPreviousJson @json | previousLanguageMap=hasPreviousLanguageMap @language | previousObject=hasPreviousObject @id
        previousObjectList=hasPreviousObjectList @list | previousValue=hasPreviousValue | previousValueList=hasPreviousValueList @list
        previousVocab=hasPreviousVocab @vocab | problemDetails @json | receiverInfo | refreshRate | registrationId | resultStatus | showChanges | snapshotId
        snapshotLifetime | snapshotPriority | snapshotQueries @list | snapshotQueriesDetails @list | snapshotStatus | snapshotTemporalQueries @list
        snapshotTemporalQueriesDetails @list | splitEntities=hasSplitEntities | sysAttrs | timeout | timesFailed | valueList=hasValueList @list
        valueLists=hasValueLists @list | valueType=hasValueType @vocab | vocab=hasVocab @vocab | vocabs=hasVocabs @list
        """;

    /// <summary>Terms that v1.0 had and no later version has.</summary>
    private const string Only10 = "expires DateTime | endTime DateTime | name | start DateTime | end DateTime | relationships @vocab | time DateTime";

    /// <summary>Where a term changed its meaning: v1.0 as it was.</summary>
    private const string As10 = "title | description | geometry | coordinates | attributeName | properties @vocab | objects=hasObjects @id @list";

    private static readonly FrozenDictionary<string, CoreTerm> Current = Build(Latest).ToFrozenDictionary(StringComparer.Ordinal);

    public static IReadOnlyDictionary<string, CoreTerm> Terms => Current;

    /// <summary>Any published URL of a core context, whatever its version.</summary>
    public static bool IsCoreUrl(string url)
    {
        var plain = url.StartsWith("http://", StringComparison.Ordinal) ? string.Concat("https://", url.AsSpan(7)) : url;
        if (!plain.StartsWith(UrlStart, StringComparison.Ordinal) || !plain.EndsWith(".jsonld", StringComparison.Ordinal))
            return false;
        var version = plain.AsSpan(UrlStart.Length, plain.Length - UrlStart.Length - ".jsonld".Length);
        return version.IsEmpty || (version.StartsWith("-v1.") && version.Length == 5 && char.IsAsciiDigit(version[4]));
    }

    /// <summary>The terms of one version, <c>1.0</c> to <c>1.9</c>.</summary>
    public static Dictionary<string, CoreTerm> Build(string version)
    {
        var number = version == "1.0" ? 0 : Math.Max(version[2] - '0', 3);
        var terms = new Dictionary<string, CoreTerm>(StringComparer.Ordinal);
        Add(terms, Since10);
        if (number == 0)
        {
            Add(terms, Only10);
            Add(terms, As10);
            return terms;
        }

        Add(terms, Since13);
        if (number >= 4)
            Add(terms, Since14);
        if (number >= 5)
            Add(terms, Since15);
        if (number >= 6)
            Add(terms, Since19);
        else
            Add(terms, "objects=hasObjects @id @list");
        if (number < 5)
            foreach (var relative in new[] { "attributeCount", "attributeDetails" }) // Published as bare words, which fall to @vocab.
                if (terms.ContainsKey(relative))
                    terms[relative] = new CoreTerm(DefaultVocabulary + relative, null, null);
        return terms;
    }

    private static void Add(Dictionary<string, CoreTerm> terms, string table)
    {
        foreach (var entry in table.Split(['|', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var words = entry.Split(' ');
            var equals = words[0].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? words[0] : words[0][..equals];
            var target = equals < 0 ? name : words[0][(equals + 1)..];
            var iri = target[0] == '@' || target.Contains(':', StringComparison.Ordinal) ? target : Namespace + target;
            string? type = null, container = null;
            foreach (var word in words.Skip(1))
            {
                if (word is "@list" or "@set" or "@language" or "@index")
                    container = word;
                else
                    type = word[0] == '@' ? word : Namespace + word;
            }

            terms[name] = new CoreTerm(iri, type, container);
        }
    }
}
