using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using System.Text.Json;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;

namespace CityHub.Context.Entities;

/// <summary>
/// One reading of one body, in one pass of the reader: expansion and validation happen on the way. Methods return false (or null) once
/// <see cref="Failure"/> is set. An attribute that begins with its type is read straight on; others are looked at first (<see cref="Shape"/>).
/// </summary>
internal ref partial struct EntityPass
{
    public const string ScopeIri = "https://uri.etsi.org/ngsi-ld/scope";

    private readonly ReadOnlyMemory<byte> _json;
    private readonly LdContext _context;
    private readonly ReadMode _mode;
    private readonly bool _simplified;
    private readonly ReadLimits _limits;
    private Utf8JsonReader _reader;
    private AttributePath _path;
    private int _depth = -1;
    private int _instances;

    public EntityPass(ReadOnlyMemory<byte> json, LdContext context, ReadMode mode, bool simplified, ReadLimits limits)
    {
        (_json, _context, _mode, _simplified, _limits) = (json, context, mode, simplified, limits);
        _reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = limits.MostDepth });
    }

    public Problem? Failure { get; private set; }

    private readonly bool IsTemporal => _mode is ReadMode.Temporal or ReadMode.TemporalFragment;

    private readonly bool NullsRemove => _mode is ReadMode.Update or ReadMode.Merge or ReadMode.BatchFragment;

    /// <summary>The whole body as one entity or fragment.</summary>
    public EntityFragment? ReadEntity()
    {
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.StartObject)
        {
            Fail("The body is not a JSON object.");
            return null;
        }

        string? id = null;
        int[] types = [];
        string[]? scopes = null;
        long? expiresAt = null;
        var attributes = new List<Attribute>(8);
        var seen = 0u;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var word = Words.Of(ref _reader);
            if (word == Word.None)
            {
                if (!ReadName("an attribute's name", out var name))
                    return null;
                _reader.Read();
                if (!ReadInstances(name, attributes, partial: false))
                    return null;
                continue;
            }

            if (!Once(word, ref seen))
                return null;
            switch (word)
            {
                case Word.Id:
                    _reader.Read();
                    if (!ReadUri("id", out id))
                        return null;
                    break;
                case Word.Type:
                    _reader.Read();
                    if (!ReadTypes("type", out types))
                        return null;
                    break;
                case Word.Scope:
                    _reader.Read();
                    // 4.18: over time a scope is told in instances, like a Property.
                    if (IsTemporal && (_reader.TokenType == JsonTokenType.StartObject || _reader.TokenType == JsonTokenType.StartArray && IsInstanceArray())
                        ? !ReadInstances(CoreNames.Scope, attributes, partial: false)
                        : !ReadScopes(out scopes))
                        return null;
                    break;
                case Word.ExpiresAt:
                    _reader.Read();
                    if (!ReadTimeOrNull("expiresAt", out var ticks, out _))
                        return null;
                    expiresAt = Math.Max(ticks, 0);
                    break;
                case Word.Context or Word.CreatedAt or Word.ModifiedAt or Word.DeletedAt:
                    _reader.Read();
                    _reader.Skip();
                    break;
                case Word.ObservedAt or Word.DatasetId or Word.InstanceId:
                    Fail($"\"{_reader.GetString()}\" is a non-reified word of NGSI-LD itself and cannot be an attribute's name.", "4.5.1");
                    return null;
                default:
                    // Words that mean something inside an attribute are names outside: the Device of Smart Data Models has a "value".
                    var own = _context.Name(_reader.GetString() ?? "");
                    _reader.Read();
                    if (!ReadInstances(own, attributes, partial: false))
                        return null;
                    break;
            }
        }

        if (_reader.Read())
        {
            Fail("There is more than one JSON value in the body.");
            return null;
        }

        if (id is null && _mode is ReadMode.Entity or ReadMode.BatchFragment or ReadMode.Temporal)
        {
            Fail("The entity has no id.", "4.5.1");
            return null;
        }

        if (types.Length == 0 && _mode is ReadMode.Entity or ReadMode.Temporal)
        {
            Fail("The entity has no type.", "4.5.1");
            return null;
        }

        return Order(attributes)
            ? new EntityFragment { Id = id, Types = types, Scopes = scopes, ExpiresAt = expiresAt, Attributes = attributes, Simplified = _simplified }
            : null;
    }

    /// <summary>The whole body as one attribute: an instance or an array of them.</summary>
    public List<Attribute>? ReadAttribute(int name)
    {
        _reader.Read();
        var instances = new List<Attribute>(1);
        if (!ReadInstances(name, instances, partial: true))
            return null;
        if (_reader.Read())
        {
            Fail("There is more than one JSON value in the body.");
            return null;
        }

        return Order(instances) ? instances : null;
    }

    /// <summary>The value of one attribute member: an instance, an array of instances, or a bare value.</summary>
    private bool ReadInstances(int name, List<Attribute> into, bool partial)
    {
        var depth = ++_depth;
        if (depth >= AttributePath.Length)
            return Fail("Attributes nest too deeply here.", "4.5.1");
        _path[depth] = name;
        var read = _reader.TokenType switch
        {
            JsonTokenType.StartArray when IsTemporal && depth == 0 || IsInstanceArray() => ReadArray(name, into, partial, depth),
            JsonTokenType.StartObject when _simplified && IsDatasets() => ReadDatasets(name, into),
            _ => ReadInstance(name, into, partial, depth),
        };
        if (read)
            _depth--;
        return read;
    }

    private bool ReadArray(int name, List<Attribute> into, bool partial, int depth)
    {
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
            if (!ReadInstance(name, into, partial, depth))
                return false;
        return true;
    }

    private bool ReadInstance(int name, List<Attribute> into, bool partial, int depth)
    {
        if (++_instances > _limits.MostAttributes)
            return Fail($"The body has more than {_limits.MostAttributes} attribute instances.");
        if ((_reader.TokenType == JsonTokenType.StartObject ? ReadObject(name, partial, depth) : ReadBare(name)) is not { } attribute)
            return false;
        into.Add(attribute);
        return true;
    }

    /// <summary>A scalar or an array as the whole attribute (concise and simplified).</summary>
    private Attribute? ReadBare(int name)
    {
        if (IsNull())
            return NullsRemove ? Removal(name, null, AttributeKind.Property) : Refuse("it is null; only updates and merges can ask for a removal.", "5.5.4");
        return ReadValue(name, out var value) ? Checked(new Attribute { Name = name, Kind = AttributeKind.Property, Value = value }) : null;
    }

    /// <summary>4.5.5, simplified: <c>{"dataset": {"@none": value, "urn:…": value}}</c>.</summary>
    private bool ReadDatasets(int name, List<Attribute> into)
    {
        _reader.Read();
        _reader.Read();
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            string? dataset = null;
            if (!_reader.ValueTextEquals("@none"u8) && !ReadUri("datasetId", out dataset))
                return false;
            _reader.Read();
            if (!ReadInstance(name, into, partial: false, _depth))
                return false;
            into[^1] = into[^1] with { Dataset = dataset };
        }

        return _reader.Read();
    }

    private Attribute? ReadObject(int name, bool partial, int depth)
    {
        if (Shape.TakeKind(ref _reader, out var kind))
            return ReadMembers(name, kind, typeTaken: true, partial);
        var shape = Shape.Of(_reader);
        if (shape.UnknownType is { } unknown && (shape.HasValue || !_simplified))
            return Refuse($"\"{unknown}\" is no type of attribute.", "4.5.1",
                "One of Property, Relationship, GeoProperty, LanguageProperty, VocabProperty, JsonProperty, ListProperty, ListRelationship.");
        // Concise and simplified: a bare GeoJSON geometry is a GeoProperty (4.5.2.3).
        if (shape.IsGeometry)
            return ReadGeometry(out var geometry) ? Checked(new Attribute { Name = name, Kind = AttributeKind.GeoProperty, Value = geometry }) : null;
        if (!shape.IsAttribute && !partial && (_simplified || depth == 0 && !shape.HasMetadata && !shape.HasSub))
            return ReadValue(name, out var bare) ? Checked(new Attribute { Name = name, Kind = AttributeKind.Property, Value = bare }) : null;
        return ReadMembers(name, shape.Kind, typeTaken: false, partial);
    }

    private Attribute? ReadMembers(int name, AttributeKind kind, bool typeTaken, bool partial)
    {
        var valueWord = Words.Of(kind);
        var seen = typeTaken ? 1u << (int)Word.Type : 0;
        string? dataset = null, unit = null, instanceId = null;
        var (observedAt, expiresAt, observedDigits) = (0L, 0L, (byte)0);
        ReadOnlyMemory<byte> value = default;
        int[] objectType = [];
        List<Attribute>? sub = null;
        var isNull = false;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var word = Words.Of(ref _reader);
            if (word is Word.None or Word.Scope)
            {
                if (!ReadSub(ref sub))
                    return null;
                continue;
            }

            if (!Once(word, ref seen))
                return null;
            if (word == valueWord)
            {
                _reader.Read();
                if (_reader.TokenType == JsonTokenType.String && _reader.ValueTextEquals("urn:ngsi-ld:null"u8))
                    isNull = true;
                else if (!ReadValueOf(kind, name, out value, ref isNull))
                    return null;
                continue;
            }

            switch (word)
            {
                case Word.Type:
                    _reader.Read();
                    _reader.Skip();
                    break;
                case Word.ObservedAt:
                    _reader.Read();
                    if (!ReadTimeOrNull("observedAt", out observedAt, out observedDigits))
                        return null;
                    break;
                case Word.ExpiresAt:
                    _reader.Read();
                    if (!ReadTimeOrNull("expiresAt", out expiresAt, out _))
                        return null;
                    break;
                case Word.UnitCode:
                    _reader.Read();
                    if (kind is not AttributeKind.Property and not AttributeKind.ListProperty)
                        return Refuse($"a {kind} has no unitCode.", "4.5.24.2");
                    if (!ReadUnit(out unit))
                        return null;
                    break;
                case Word.DatasetId:
                    _reader.Read();
                    // The default instance may be named, too (4.5.5).
                    if (!(_reader.TokenType == JsonTokenType.String && _reader.ValueTextEquals("@none"u8)) && !ReadUri("datasetId", out dataset))
                        return null;
                    break;
                case Word.InstanceId:
                    _reader.Read();
                    if (IsTemporal && _depth == 0 && !ReadUri("instanceId", out instanceId))
                        return null;
                    _reader.Skip();
                    break;
                case Word.ObjectType when kind is AttributeKind.Relationship or AttributeKind.ListRelationship:
                    _reader.Read();
                    if (!ReadTypes("objectType", out objectType))
                        return null;
                    break;
                case Word.ValueType when kind == AttributeKind.LanguageProperty:
                    _reader.Read();
                    if (_reader.TokenType != JsonTokenType.String || !_reader.ValueTextEquals("langString"u8))
                        return Refuse("valueType of a LanguageProperty is langString.", "5.2.32");
                    break;
                case Word.ValueType or Word.Lang or Word.EntityIdSealed or Word.EntityTypeSealed:
                    if (!ReadBareMember(word, name, ref sub))
                        return null;
                    break;
                case Word.Context when !partial:
                    return Refuse("an attribute carries no @context; only the whole body has one.", "5.5.7");
                // System attributes and results of joins are the hub's to say: what was read may be sent back.
                case Word.Context or Word.Id or Word.CreatedAt or Word.ModifiedAt or Word.DeletedAt or Word.Entity or Word.EntityList:
                    _reader.Read();
                    _reader.Skip();
                    break;
                default:
                    return Refuse($"a {kind} has no member \"{_reader.GetString()}\".", "4.5.1");
            }
        }

        if (isNull && NullsRemove)
            return Removal(name, dataset, kind);
        if (isNull && !IsTemporal)
            return Refuse("it is null; only updates and merges can ask for a removal.", "5.5.4");
        if (isNull)
            value = NgsiLdNull.Json; // 4.5.7: a deleted instance.
        if (value.IsEmpty && !partial && _mode != ReadMode.Merge)
            return Refuse($"a {kind} needs the member \"{Name(valueWord)}\".", "4.5.1");
        if (sub is not null && !Order(sub))
            return null;
        // Only where members are merged one by one can a time be taken away; elsewhere what is not given is not there.
        if (!partial && _mode != ReadMode.Merge)
            (observedAt, expiresAt, unit) = (Math.Max(observedAt, 0), Math.Max(expiresAt, 0), unit == NgsiLdNull.Uri ? null : unit);
        return Checked(new Attribute
        {
            Name = name, Kind = kind, Dataset = dataset, Value = value, ObservedAt = observedAt, ObservedDigits = observedDigits, UnitCode = unit, ObjectType = objectType,
            ExpiresAt = expiresAt, InstanceId = instanceId, Sub = sub is null ? [] : sub,
        });
    }

    private bool ReadSub(ref List<Attribute>? sub)
    {
        if (!ReadName("a sub-attribute's name", out var name))
            return false;
        _reader.Read();
        sub ??= [];
        return ReadInstances(name, sub, partial: false);
    }

    /// <summary>A sub-attribute that is a text under a fixed word, and no object (<see cref="BareMembers"/>).</summary>
    private bool ReadBareMember(Word word, int of, ref List<Attribute>? sub)
    {
        if (word is Word.EntityIdSealed or Word.EntityTypeSealed && of != CoreNames.Proof)
            return Fail($"only an ngsildproof has the member \"{_reader.GetString()}\".", "4.5.2.2");
        _reader.Read();
        if (_reader.TokenType != JsonTokenType.String)
            return Fail($"{Name(word)} is not text.", "4.5.2.2");
        sub ??= [];
        if (IsNull())
        {
            if (!NullsRemove)
                return Fail($"{Name(word)} is null; only updates and merges can ask for a removal.", "5.5.4");
            sub.Add(Removal(BareMembers.Name(word), null, AttributeKind.Property));
            return true;
        }

        var isName = word is Word.ValueType or Word.EntityTypeSealed;
        ReadOnlyMemory<byte> value = isName ? ValueWriter.Quote(_context.ExpandVocab(_reader.GetString() ?? "")) : Raw();
        sub.Add(new Attribute { Name = BareMembers.Name(word), Kind = isName ? AttributeKind.VocabProperty : AttributeKind.Property, Value = value });
        return true;
    }

    /// <summary>What the names of the core context ask of their attributes whatever their form.</summary>
    private Attribute? Checked(Attribute attribute)
    {
        if (attribute.Value.IsEmpty)
            return attribute;
        if (attribute.Kind != AttributeKind.GeoProperty && CoreNames.IsGeo(attribute.Name) && !NgsiLdNull.Is(attribute.Value))
            return Refuse($"it is a GeoProperty, not a {attribute.Kind}.", "4.7.1");
        if (attribute.Name == CoreNames.Proof && (attribute.Kind != AttributeKind.Property || attribute.Value.Span[0] != '{'))
            return Refuse("it is a Property with a proof, an object, as its value.", "4.5.2.2");
        return attribute;
    }

    private static Attribute Removal(int name, string? dataset, AttributeKind kind) => new() { Name = name, Kind = kind, Dataset = dataset, Value = NgsiLdNull.Json };

    /// <summary>Puts instances in their order and checks clause 4.5.5: one default instance, each datasetId once. A temporal representation repeats them over time.</summary>
    private bool Order(List<Attribute> attributes)
    {
        if (IsTemporal && _depth < 0)
        {
            AttributeOrder.StableSort(attributes);
            return true;
        }

        if (attributes.Count < 2)
            return true;
        attributes.Sort(AttributeOrder.Comparison);
        for (var i = 1; i < attributes.Count; i++)
        {
            var (a, b) = (attributes[i - 1], attributes[i]);
            if (a.Name != b.Name || !string.Equals(a.Dataset, b.Dataset, StringComparison.Ordinal))
                continue;
            if (++_depth < AttributePath.Length)
                _path[_depth] = b.Name;
            return Fail(b.Dataset is { } dataset ? $"it has two instances with the datasetId {dataset}." : "it has two default instances.", "4.5.5", "Give each instance a datasetId of its own.");
        }

        return true;
    }

    /// <summary>An array whose items are all attribute instances holds instances; any other array is a value.</summary>
    private readonly bool IsInstanceArray()
    {
        var ahead = _reader;
        var any = false;
        while (ahead.Read() && ahead.TokenType != JsonTokenType.EndArray)
        {
            if (ahead.TokenType != JsonTokenType.StartObject)
                return false;
            var shape = Shape.Of(ahead);
            if (!shape.IsAttribute && !shape.HasDataset && (shape.UnknownType is null || _simplified))
                return false;
            any = true;
            ahead.Skip();
        }

        return any;
    }

    /// <summary>The one member <c>dataset</c>, an object.</summary>
    private readonly bool IsDatasets()
    {
        var ahead = _reader;
        ahead.Read();
        if (ahead.TokenType != JsonTokenType.PropertyName || !ahead.ValueTextEquals("dataset"u8) || !ahead.Read() || ahead.TokenType != JsonTokenType.StartObject)
            return false;
        ahead.Skip();
        return ahead.Read() && ahead.TokenType == JsonTokenType.EndObject;
    }

    /// <summary>The names that lead to where the pass is: an attribute, its sub-attribute, and so on.</summary>
    [InlineArray(Length)]
    private struct AttributePath
    {
        public const int Length = 16;
        private int _first;
    }
}

/// <summary>Names of the core context that mean something to the reader.</summary>
internal static class CoreNames
{
    public static readonly int Proof = Iris.Intern("https://uri.etsi.org/ngsi-ld/ngsildproof");
    public static readonly int Scope = Iris.Intern(EntityPass.ScopeIri);
    private static readonly int Location = Iris.Intern("https://uri.etsi.org/ngsi-ld/location");
    private static readonly int ObservationSpace = Iris.Intern("https://uri.etsi.org/ngsi-ld/observationSpace");
    private static readonly int OperationSpace = Iris.Intern("https://uri.etsi.org/ngsi-ld/operationSpace");

    /// <summary>What the words of NGSI-LD mean: spelled out as an IRI, a name must not become one of them when it is compacted again.</summary>
    private static readonly FrozenSet<int> Reserved = new[]
    {
        "value", "object", "languageMap", "vocab", "json", "valueList", "objectList", "objectType", "observedAt", "unitCode", "datasetId", "instanceId", "createdAt", "modifiedAt",
        "deletedAt", "expiresAt", "entity", "entityList", "previousValue", "previousObject", "previousLanguageMap", "previousVocab", "previousJson", "previousValueList",
        "previousObjectList", "lang", "valueType", "ngsi-ld:entityIdSealed", "ngsi-ld:entityTypeSealed",
    }.Select(LdContext.Core.Name).ToFrozenSet();

    private static readonly FrozenSet<int> Own = new[] { "scope", "createdAt", "modifiedAt", "deletedAt", "expiresAt", "observedAt", "datasetId", "instanceId" }.Select(LdContext.Core.Name).ToFrozenSet();

    /// <summary>Inside an attribute.</summary>
    public static bool IsReserved(int name) => Reserved.Contains(name);

    /// <summary>Members of the entity itself.</summary>
    public static bool IsOfEntity(int name) => Own.Contains(name);

    /// <summary>The three GeoProperties of the core context mean a geometry and nothing else.</summary>
    public static bool IsGeo(int name) => name == Location || name == ObservationSpace || name == OperationSpace;
}
