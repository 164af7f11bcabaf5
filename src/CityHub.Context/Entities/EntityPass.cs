using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;

namespace CityHub.Context.Entities;

/// <summary>One reading of one body. Methods return false (or null) once <see cref="Failure"/> is set.</summary>
internal sealed class EntityPass(ReadOnlyMemory<byte> json, LdContext context, ReadMode mode, bool simplified, ReadLimits limits)
{
    private static readonly JsonWriterOptions WriterOptions = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Members of an attribute that are not sub-attributes.</summary>
    private static readonly HashSet<string> CoreMembers = new(StringComparer.Ordinal)
    {
        "id", "type", "value", "object", "languageMap", "vocab", "json", "valueList", "objectList", "objectType", "observedAt", "unitCode", "datasetId", "instanceId",
        "createdAt", "modifiedAt", "deletedAt", "expiresAt", "entity", "entityList", "previousValue", "previousObject", "previousLanguageMap", "previousVocab",
        "previousJson", "previousValueList", "previousObjectList", "lang", "valueType",
    };

    public const string ScopeIri = "https://uri.etsi.org/ngsi-ld/scope";

    private int _instances;

    public Problem Failure { get; private set; } = ContextProblems.InvalidRequest.Because("The body is empty.");

    private bool IsTemporal => mode is ReadMode.Temporal or ReadMode.TemporalFragment;

    private bool NullsRemove => mode is ReadMode.Update or ReadMode.Merge or ReadMode.BatchFragment;

    public EntityFragment? ReadEntity(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Fail("The body is not a JSON object.");
            return null;
        }

        string? id = null;
        int[] types = [];
        string[]? scopes = null;
        long? expiresAt = null;
        var attributes = new List<Attribute>(8);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("@id"u8))
            {
                reader.Read();
                if (!ReadUri(ref reader, "id", out id))
                    return null;
            }
            else if (reader.ValueTextEquals("type"u8) || reader.ValueTextEquals("@type"u8))
            {
                reader.Read();
                if (!ReadTypes(ref reader, "type", out types))
                    return null;
            }
            else if (reader.ValueTextEquals("scope"u8))
            {
                reader.Read();
                if (IsTemporal && reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray && (reader.TokenType == JsonTokenType.StartObject || IsInstanceArray(reader)))
                {
                    // 4.18: over time a scope is told in instances, like a Property.
                    if (!ReadInstances(ref reader, Iris.Intern(ScopeIri), attributes, partial: false))
                        return null;
                    continue;
                }

                if (!ReadScopes(ref reader, out scopes))
                    return null;
            }
            else if (reader.ValueTextEquals("expiresAt"u8))
            {
                reader.Read();
                if (!ReadTimeOrNull(ref reader, "expiresAt", out var ticks, out _))
                    return null;
                expiresAt = ticks;
            }
            else if (reader.ValueTextEquals("@context"u8) || reader.ValueTextEquals("createdAt"u8) || reader.ValueTextEquals("modifiedAt"u8) || reader.ValueTextEquals("deletedAt"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else
            {
                if (!ReadName(ref reader, null, out var name))
                    return null;
                reader.Read();
                if (!ReadInstances(ref reader, name, attributes, partial: false))
                    return null;
            }
        }

        if (mode is ReadMode.Entity or ReadMode.BatchFragment or ReadMode.Temporal && id is null)
        {
            Fail("The entity has no id.");
            return null;
        }

        if (mode is ReadMode.Entity or ReadMode.Temporal && types.Length == 0)
        {
            Fail("The entity has no type.");
            return null;
        }

        if (!CheckDatasets(attributes))
            return null;
        attributes.Sort(AttributeOrder.Comparison);
        return new EntityFragment { Id = id, Types = types, Scopes = scopes, ExpiresAt = expiresAt, Attributes = attributes, Simplified = simplified };
    }

    /// <summary>The value of one attribute member: an instance, an array of instances, or a bare value.</summary>
    public bool ReadInstances(ref Utf8JsonReader reader, int name, List<Attribute> into, bool partial)
    {
        if (reader.TokenType != JsonTokenType.StartArray || !IsInstanceArray(reader))
            return ReadInstance(ref reader, name, into, partial);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            if (!ReadInstance(ref reader, name, into, partial))
                return false;
        return true;
    }

    private bool ReadInstance(ref Utf8JsonReader reader, int name, List<Attribute> into, bool partial)
    {
        if (++_instances > limits.MostAttributes)
            return Fail($"The body has more than {limits.MostAttributes} attribute instances.");
        var attribute = reader.TokenType == JsonTokenType.StartObject ? ReadObject(ref reader, name, partial, 0) : ReadBare(ref reader, name);
        if (attribute is null)
            return false;
        into.Add(attribute);
        return true;
    }

    /// <summary>A scalar or an array as the whole attribute (concise and simplified).</summary>
    private Attribute? ReadBare(ref Utf8JsonReader reader, int name)
    {
        var isNull = reader.TokenType == JsonTokenType.Null || (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("urn:ngsi-ld:null"u8));
        if (isNull)
        {
            if (NullsRemove)
                return Removal(name, null);
            Fail($"{Iris.Text(name)} is null; only updates and merges can ask for a removal.", "5.5.4");
            return null;
        }

        return ReadValue(ref reader, name, out var value) ? new Attribute { Name = name, Kind = AttributeKind.Property, Value = value } : null;
    }

    private static Attribute Removal(int name, string? dataset) =>
        new() { Name = name, Kind = AttributeKind.Property, Dataset = dataset, Value = NgsiLdNull.Json };

    private Attribute? ReadObject(ref Utf8JsonReader reader, int name, bool partial, int depth)
    {
        var shape = Shape.Of(reader);
        if (shape.UnknownType is { } unknown && (shape.HasValueMember || !simplified))
        {
            Fail($"{Iris.Text(name)}: \"{unknown}\" is no type of attribute.", "4.5.1",
                "One of Property, Relationship, GeoProperty, LanguageProperty, VocabProperty, JsonProperty, ListProperty, ListRelationship.");
            return null;
        }

        if (shape.IsGeometry)
        {
            // Concise and simplified: a bare GeoJSON geometry is a GeoProperty (4.5.2.3).
            return ReadGeometry(ref reader, name, out var geometry) ? new Attribute { Name = name, Kind = AttributeKind.GeoProperty, Value = geometry } : null;
        }

        if (!shape.IsAttribute && !partial && (simplified || depth == 0 && !shape.HasMetadata))
            return ReadValue(ref reader, name, out var bare) ? new Attribute { Name = name, Kind = AttributeKind.Property, Value = bare } : null;

        return ReadMembers(ref reader, name, shape, partial, depth);
    }

    private Attribute? ReadMembers(ref Utf8JsonReader reader, int name, Shape shape, bool partial, int depth)
    {
        var kind = shape.Kind;
        string? dataset = null, unit = null, instanceId = null;
        var (observedAt, expiresAt, observedDigits) = (0L, 0L, (byte)0);
        ReadOnlyMemory<byte> value = default;
        int[] objectType = [];
        List<Attribute>? sub = null;
        var isNull = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8) || reader.ValueTextEquals("@type"u8))
            {
                reader.Read();
                reader.Skip();
            }
            else if (reader.ValueTextEquals("valueType"u8) && kind == AttributeKind.LanguageProperty)
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.String || !reader.ValueTextEquals("langString"u8))
                    return Refuse($"{Iris.Text(name)}: valueType of a LanguageProperty is langString.", "5.2.32");
            }
            else if (reader.ValueTextEquals(AttributeKinds.ValueMember(kind)))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("urn:ngsi-ld:null"u8))
                    isNull = true;
                else if (!ReadValueOf(ref reader, kind, name, out value, ref isNull))
                    return null;
            }
            else if (reader.ValueTextEquals("observedAt"u8))
            {
                reader.Read();
                if (!ReadTimeOrNull(ref reader, Member(name, "observedAt"), out observedAt, out observedDigits))
                    return null;
            }
            else if (reader.ValueTextEquals("unitCode"u8))
            {
                reader.Read();
                if (kind is not AttributeKind.Property and not AttributeKind.ListProperty)
                    return Refuse($"{Iris.Text(name)}: a {kind} has no unitCode.", "4.5.24.2");
                if (reader.TokenType != JsonTokenType.String)
                    return Refuse($"{Iris.Text(name)}: unitCode is not text.", "4.5.2");
                unit = reader.GetString();
            }
            else if (reader.ValueTextEquals("datasetId"u8))
            {
                reader.Read();
                if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("@none"u8))
                    continue;
                if (!ReadUri(ref reader, Member(name, "datasetId"), out dataset))
                    return null;
            }
            else if (reader.ValueTextEquals("instanceId"u8))
            {
                reader.Read();
                instanceId = IsTemporal && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            }
            else if (reader.ValueTextEquals("expiresAt"u8))
            {
                reader.Read();
                if (!ReadTimeOrNull(ref reader, Member(name, "expiresAt"), out expiresAt, out _))
                    return null;
            }
            else if (reader.ValueTextEquals("objectType"u8) && kind is AttributeKind.Relationship or AttributeKind.ListRelationship)
            {
                reader.Read();
                if (!ReadTypes(ref reader, Member(name, "objectType"), out objectType))
                    return null;
            }
            else if (reader.ValueTextEquals("@context"u8) && partial)
            {
                reader.Read();
                reader.Skip();
            }
            else if (reader.ValueTextEquals("@context"u8))
            {
                return Refuse($"{Iris.Text(name)} carries an @context; only the whole body has one.", "5.5.7");
            }
            else if (IsSkipped(ref reader))
            {
                reader.Read();
                reader.Skip();
            }
            else if (IsOutputOnly(ref reader) || IsOtherValueMember(ref reader, kind))
            {
                return Refuse($"{Iris.Text(name)}: a {kind} has no member \"{reader.GetString()}\".", "4.5.1");
            }
            else
            {
                if (depth + 1 >= limits.MostDepth / 2)
                    return Refuse($"{Iris.Text(name)} nests attributes too deeply.", "4.5.1");
                if (!ReadName(ref reader, name, out var subName))
                    return null;
                reader.Read();
                sub ??= [];
                if (!ReadSub(ref reader, subName, sub, depth + 1))
                    return null;
            }
        }

        if (isNull)
        {
            // A history may tell that an attribute was deleted (5.6.11).
            if (IsTemporal)
                return new Attribute { Name = name, Kind = kind, Dataset = dataset, Value = NgsiLdNull.Json, ObservedAt = observedAt, ObservedDigits = observedDigits };
            if (NullsRemove)
                return Removal(name, dataset) with { Kind = kind };
            return Refuse($"{Iris.Text(name)} is null; only updates and merges can ask for a removal.", "5.5.4");
        }

        if (kind != AttributeKind.GeoProperty && !value.IsEmpty && IsCoreGeoProperty(name))
            return Refuse($"{Iris.Text(name)} is a GeoProperty, not a {kind}.", "4.7.1");
        if (value.IsEmpty && !partial && mode != ReadMode.Merge)
            return Refuse($"{Iris.Text(name)} has no {Encoding.UTF8.GetString(AttributeKinds.ValueMember(kind))}.", "4.5.1");
        sub?.Sort(AttributeOrder.Comparison);
        return new Attribute
        {
            Name = name, Kind = kind, Dataset = dataset, Value = value, ObservedAt = observedAt, ObservedDigits = observedDigits, UnitCode = unit, ObjectType = objectType,
            ExpiresAt = expiresAt, InstanceId = instanceId, Sub = sub is null ? [] : sub,
        };
    }

    /// <summary>The three GeoProperties of the core context mean a geometry and nothing else.</summary>
    private static bool IsCoreGeoProperty(int name) =>
        Iris.Text(name) is "https://uri.etsi.org/ngsi-ld/location" or "https://uri.etsi.org/ngsi-ld/observationSpace" or "https://uri.etsi.org/ngsi-ld/operationSpace";

    private bool ReadSub(ref Utf8JsonReader reader, int name, List<Attribute> into, int depth)
    {
        if (reader.TokenType == JsonTokenType.StartArray && IsInstanceArray(reader))
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                if (!ReadSub(ref reader, name, into, depth))
                    return false;
            return CheckDatasets(into);
        }

        var attribute = reader.TokenType == JsonTokenType.StartObject ? ReadObject(ref reader, name, false, depth) : ReadBare(ref reader, name);
        if (attribute is null)
            return false;
        into.Add(attribute);
        return true;
    }

    private bool ReadValueOf(ref Utf8JsonReader reader, AttributeKind kind, int name, out ReadOnlyMemory<byte> value, ref bool isNull)
    {
        value = default;
        switch (kind)
        {
            case AttributeKind.Property:
                return ReadValue(ref reader, name, out value);
            case AttributeKind.Relationship:
                return ReadUris(ref reader, name, "object", nested: false, out value);
            case AttributeKind.ListRelationship:
                return ReadUris(ref reader, name, "objectList", nested: true, out value);
            case AttributeKind.GeoProperty:
                return ReadGeometry(ref reader, name, out value);
            case AttributeKind.LanguageProperty:
                return ReadLanguageMap(ref reader, name, out value, ref isNull);
            case AttributeKind.VocabProperty:
                return ReadVocab(ref reader, name, out value);
            case AttributeKind.JsonProperty:
                if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
                    return Fail($"{Iris.Text(name)}: json is neither an object nor an array.", "4.5.24.2");
                value = Raw(ref reader);
                return true;
            case AttributeKind.ListProperty:
                if (reader.TokenType != JsonTokenType.StartArray)
                    return Fail($"{Iris.Text(name)}: valueList is not an array.", "4.5.21");
                return ReadValue(ref reader, name, out value);
            default:
                throw new InvalidOperationException($"No such kind: {kind}");
        }
    }

    /// <summary>Any JSON value: scalars as they came, the keys of objects expanded.</summary>
    private bool ReadValue(ref Utf8JsonReader reader, int name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (reader.TokenType == JsonTokenType.Null)
            return Fail($"{Iris.Text(name)} has the value null.", "4.5.2", "To remove it, delete the attribute or set it to \"urn:ngsi-ld:null\" in an update.");
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            value = Raw(ref reader);
            return true;
        }

        var (buffer, writer) = ValueWriter.Rent();
        if (!Copy(ref reader, writer, name))
            return false;
        writer.Flush();
        value = buffer.WrittenSpan.ToArray();
        return true;
    }

    private bool Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer, int name)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                writer.WriteStartObject();
                var geometry = Shape.Of(reader).IsGeometry;
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var keep = geometry || reader.ValueSpan is [(byte)'@', ..] || reader.ValueTextEquals("id"u8) || reader.ValueTextEquals("type"u8);
                    var key = reader.GetString() ?? "";
                    reader.Read();
                    if (IsNull(ref reader) && mode != ReadMode.Merge)
                        return Fail($"{Iris.Text(name)}: \"{key}\" inside its value is null.", "5.5.4");
                    writer.WritePropertyName(keep ? key : context.ExpandVocab(key));
                    if (!Copy(ref reader, writer, name))
                        return false;
                }

                writer.WriteEndObject();
                return true;
            case JsonTokenType.StartArray:
                writer.WriteStartArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    if (!Copy(ref reader, writer, name))
                        return false;
                writer.WriteEndArray();
                return true;
            default:
                var start = (int)reader.TokenStartIndex;
                writer.WriteRawValue(json.Span[start..(int)reader.BytesConsumed], skipInputValidation: true);
                return true;
        }
    }

    private bool ReadGeometry(ref Utf8JsonReader reader, int name, out ReadOnlyMemory<byte> value)
    {
        // 4.7.1: a geometry may come encoded as text; it is kept as what it says.
        value = reader.TokenType == JsonTokenType.String ? Encoding.UTF8.GetBytes(reader.GetString() ?? "") : Raw(ref reader);
        return GeoJson.Check(value) is not { } wrong || Fail($"{Iris.Text(name)}: {wrong}", "4.7.1");
    }

    private bool ReadLanguageMap(ref Utf8JsonReader reader, int name, out ReadOnlyMemory<byte> value, ref bool isNull)
    {
        value = default;
        if (reader.TokenType != JsonTokenType.StartObject)
            return Fail($"{Iris.Text(name)}: languageMap is not an object.", "4.5.18");
        var start = (int)reader.TokenStartIndex;
        var members = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            members++;
            var none = reader.ValueTextEquals("@none"u8);
            if (!none && !IsLanguage(reader.ValueSpan))
                return Fail($"{Iris.Text(name)}: \"{reader.GetString()}\" is no language tag.", "4.6.5", "RFC 5646, e.g. zh, en-GB, or @none.");
            reader.Read();
            if (IsNull(ref reader))
            {
                if (!NullsRemove)
                    return Fail($"{Iris.Text(name)} is null; only updates and merges can ask for a removal.", "4.6.5");
                isNull |= none;
            }
            else if (reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    if (reader.TokenType != JsonTokenType.String)
                        return Fail($"{Iris.Text(name)}: languageMap has a value that is not text.", "4.6.5");
            }
            else if (reader.TokenType != JsonTokenType.String)
                return Fail($"{Iris.Text(name)}: languageMap has a value that is not text.", "4.6.5");
        }

        if (members == 0)
            return Fail($"{Iris.Text(name)}: languageMap is empty.", "4.5.18");
        value = Compacted(json[start..(int)reader.BytesConsumed]);
        return true;
    }

    private bool ReadVocab(ref Utf8JsonReader reader, int name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (reader.TokenType == JsonTokenType.String)
        {
            value = Quote(context.ExpandVocab(reader.GetString() ?? ""));
            return true;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
            return Fail($"{Iris.Text(name)}: vocab is neither text nor an array of texts.", "4.5.20");
        var (buffer, writer) = ValueWriter.Rent();
        writer.WriteStartArray();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String)
                return Fail($"{Iris.Text(name)}: vocab is neither text nor an array of texts.", "4.5.20");
            writer.WriteStringValue(context.ExpandVocab(reader.GetString() ?? ""));
        }

        writer.WriteEndArray();
        writer.Flush();
        value = buffer.WrittenSpan.ToArray();
        return true;
    }

    /// <summary>One URI or an array of URIs; in an objectList each may stand as <c>{"object": uri}</c>.</summary>
    private bool ReadUris(ref Utf8JsonReader reader, int name, string member, bool nested, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (!nested && reader.TokenType == JsonTokenType.String)
        {
            if (!ReadUri(ref reader, Member(name, member), out var one))
                return false;
            value = Quote(one ?? "");
            return true;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
            return Fail($"{Iris.Text(name)}: {member} is not {(nested ? "an array" : "a URI or an array")} of URIs.", "4.5.3");
        var (buffer, writer) = ValueWriter.Rent();
        writer.WriteStartArray();
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            var wrapped = nested && reader.TokenType == JsonTokenType.StartObject;
            if (wrapped && (!reader.Read() || !reader.ValueTextEquals("object"u8) || !reader.Read()))
                return Fail($"{Iris.Text(name)}: an item of objectList has no object.", "4.5.22");
            if (!ReadUri(ref reader, Member(name, member), out var uri))
                return false;
            writer.WriteStringValue(uri);
            count++;
            if (wrapped && (!reader.Read() || reader.TokenType != JsonTokenType.EndObject))
                return Fail($"{Iris.Text(name)}: an item of objectList has more than an object.", "4.5.22");
        }

        if (count == 0 && !nested)
            return Fail($"{Iris.Text(name)}: {member} is empty.", "4.5.3");
        writer.WriteEndArray();
        writer.Flush();
        value = buffer.WrittenSpan.ToArray();
        return true;
    }

    private bool ReadUri(ref Utf8JsonReader reader, string member, out string? uri)
    {
        uri = reader.TokenType == JsonTokenType.String ? context.ExpandId(reader.GetString() ?? "") : null;
        if (uri is not null && Names.IsUri(uri) && uri != NgsiLdNull.Uri)
            return true;
        return Fail($"{member} is not a URI: {(uri is null ? reader.TokenType.ToString() : $"\"{uri}\"")}.", "4.6.1", "For example urn:ngsi-ld:Sensor:42.");
    }

    private bool ReadTypes(ref Utf8JsonReader reader, string member, out int[] types)
    {
        types = [];
        if (reader.TokenType == JsonTokenType.String)
        {
            if (!CheckName(ref reader, member))
                return false;
            types = [NameOf(ref reader)];
            return true;
        }

        if (reader.TokenType != JsonTokenType.StartArray)
            return Fail($"{member} is neither a name nor an array of names.", "4.6.2");
        var found = new List<int>(2);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.String)
                return Fail($"{member} has something that is not a name.", "4.6.2");
            if (!CheckName(ref reader, member))
                return false;
            var type = NameOf(ref reader);
            if (!found.Contains(type))
                found.Add(type);
        }

        if (found.Count == 0)
            return Fail($"{member} is empty.", "4.6.2");
        found.Sort();
        types = [.. found];
        return true;
    }

    private bool ReadScopes(ref Utf8JsonReader reader, out string[]? scopes)
    {
        scopes = null;
        if (IsNull(ref reader) && NullsRemove)
        {
            scopes = [];
            return true;
        }

        if (reader.TokenType == JsonTokenType.StartObject)
        {
            // Temporal and some clients wrap the scope as a Property.
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isValue = reader.ValueTextEquals("value"u8);
                reader.Read();
                if (isValue && !ReadScopes(ref reader, out scopes))
                    return false;
                reader.Skip();
            }

            return scopes is not null || Fail("scope has no value.", "4.18");
        }

        var found = new List<string>(1);
        if (reader.TokenType == JsonTokenType.String)
            found.Add(reader.GetString() ?? "");
        else if (reader.TokenType == JsonTokenType.StartArray)
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.String)
                    return Fail("scope has something that is not text.", "4.18");
                found.Add(reader.GetString() ?? "");
            }
        }
        else
            return Fail("scope is neither text nor an array of texts.", "4.18");

        foreach (var scope in found)
            if (!Names.IsScope(scope))
                return Fail($"\"{scope}\" is not a scope.", "4.18", "Levels of letters, digits and _ that begin with a letter, e.g. /Shuzhou/Binjiang.");
        scopes = [.. found.Distinct(StringComparer.Ordinal)];
        return true;
    }

    private bool ReadTimeOrNull(ref Utf8JsonReader reader, string member, out long ticks, out byte digits)
    {
        (ticks, digits) = (0, 0);
        if (IsNull(ref reader) && NullsRemove)
            return true;
        if (reader.TokenType == JsonTokenType.String && Names.TryParseTime(reader.GetString() ?? "", out ticks, out digits))
            return true;
        return Fail($"{member} is not a UTC date-time.", "4.6.3", "For example 2026-11-23T08:00:00Z.");
    }

    private bool ReadName(ref Utf8JsonReader reader, int? of, out int name)
    {
        name = 0;
        if (!CheckName(ref reader, of is { } parent ? $"a name inside {Iris.Text(parent)}" : "an attribute's name"))
            return false;
        if (of is null && IsCoreMember(ref reader))
            return Fail($"\"{reader.GetString()}\" is a word of NGSI-LD itself and cannot be an attribute's name.", "4.5.1");
        name = NameOf(ref reader);
        return true;
    }

    private bool CheckName(ref Utf8JsonReader reader, string what) =>
        !reader.ValueTextEquals("type"u8) && !reader.ValueTextEquals("id"u8) &&
        Names.IsName(reader.ValueIsEscaped ? Encoding.UTF8.GetBytes(reader.GetString() ?? "") : reader.ValueSpan) ||
        Fail($"\"{reader.GetString()}\" cannot be {what}.", "4.6.2", "Letters, digits and _, beginning with a letter; or prefix:name; or an IRI.");

    private int NameOf(ref Utf8JsonReader reader) => reader.ValueIsEscaped ? context.Name(reader.GetString() ?? "") : context.Name(reader.ValueSpan);

    private static bool IsCoreMember(ref Utf8JsonReader reader) => CoreMembers.GetAlternateLookup<ReadOnlySpan<char>>().Contains(reader.GetString());

    /// <summary>System attributes and results of joins: the hub's to say, so that what was read can be sent back.</summary>
    private static bool IsSkipped(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("createdAt"u8) || reader.ValueTextEquals("modifiedAt"u8) || reader.ValueTextEquals("deletedAt"u8) ||
        reader.ValueTextEquals("entity"u8) || reader.ValueTextEquals("entityList"u8) || reader.ValueTextEquals("@id"u8) || reader.ValueTextEquals("id"u8);

    /// <summary>Members that only the hub says (4.5.2.2), or that belong inside an ngsildproof.</summary>
    private static bool IsOutputOnly(ref Utf8JsonReader reader) =>
        reader.ValueSpan.StartsWith("previous"u8) && CoreMembers.Contains(reader.GetString() ?? "") ||
        reader.ValueTextEquals("entityIdSealed"u8) || reader.ValueTextEquals("entityTypeSealed"u8);

    private static bool IsOtherValueMember(ref Utf8JsonReader reader, AttributeKind kind)
    {
        foreach (var other in Enum.GetValues<AttributeKind>())
            if (reader.ValueTextEquals(AttributeKinds.ValueMember(other)))
                return !AttributeKinds.ValueMember(other).SequenceEqual(AttributeKinds.ValueMember(kind));
        return reader.ValueTextEquals("objectType"u8);
    }

    /// <summary>Clause 4.5.5: one default instance, each datasetId once. A temporal representation repeats them over time.</summary>
    private bool CheckDatasets(List<Attribute> attributes)
    {
        if (IsTemporal)
            return true;
        for (var i = 1; i < attributes.Count; i++)
            for (var j = 0; j < i; j++)
                if (attributes[i].Name == attributes[j].Name && string.Equals(attributes[i].Dataset, attributes[j].Dataset, StringComparison.Ordinal))
                    return Fail(attributes[i].Dataset is { } dataset
                        ? $"{Iris.Text(attributes[i].Name)} has two instances with the datasetId {dataset}."
                        : $"{Iris.Text(attributes[i].Name)} has two default instances.", "4.5.5", "Give each instance a datasetId of its own.");
        return true;
    }

    /// <summary>An array whose items are all attribute instances holds instances; any other array is a value.</summary>
    private static bool IsInstanceArray(Utf8JsonReader reader)
    {
        var any = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
                return false;
            var shape = Shape.Of(reader);
            if (!shape.IsAttribute && shape.UnknownType is null)
                return false;
            any = true;
            reader.Skip();
        }

        return any;
    }

    private static bool IsNull(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Null || (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("urn:ngsi-ld:null"u8));

    private static bool IsLanguage(ReadOnlySpan<byte> tag)
    {
        if (tag.Length is 0 or > 35)
            return false;
        var part = 0;
        foreach (var c in tag)
        {
            if (c == '-')
            {
                if (part == 0)
                    return false;
                part = 0;
            }
            else if (!char.IsAsciiLetterOrDigit((char)c) || ++part > 8)
                return false;
        }

        return part > 0;
    }

    /// <summary>The token (or the whole object or array) as it stands in the body, without white space.</summary>
    private ReadOnlyMemory<byte> Raw(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return Compacted(json[start..(int)reader.BytesConsumed]);
    }

    private static ReadOnlyMemory<byte> Compacted(ReadOnlyMemory<byte> value)
    {
        if (value.Span[0] is not ((byte)'{' or (byte)'[') || value.Span.IndexOfAny(" \t\r\n"u8) < 0)
            return value.ToArray();
        using var document = JsonDocument.Parse(value);
        var (buffer, writer) = ValueWriter.Rent();
        document.RootElement.WriteTo(writer);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] Quote(string text)
    {
        var (buffer, writer) = ValueWriter.Rent();
        writer.WriteStringValue(text);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static string Member(int name, string member) => string.Create(CultureInfo.InvariantCulture, $"{Iris.Text(name)}: {member}");

    private Attribute? Refuse(string detail, string rule)
    {
        Fail(detail, rule);
        return null;
    }

    private bool Fail(string detail, string? rule = null, string? hint = null)
    {
        Failure = ContextProblems.BadRequestData.Because(detail, hint, rule is null ? null : $"ETSI GS CIM 009, {rule}");
        return false;
    }

    /// <summary>What an object's first level says of it, found by looking ahead with a copy of the reader.</summary>
    private readonly record struct Shape(AttributeKind Kind, bool IsAttribute, bool IsGeometry, bool HasValueMember, bool HasMetadata, string? UnknownType)
    {
        public static Shape Of(Utf8JsonReader ahead)
        {
            AttributeKind? typed = null, inferred = null;
            var (coordinates, geometryType, metadata) = (false, false, false);
            string? unknown = null;
            while (ahead.Read() && ahead.TokenType == JsonTokenType.PropertyName)
            {
                var member = ahead.ValueSpan;
                ahead.Read();
                if (member.SequenceEqual("type"u8) || member.SequenceEqual("@type"u8))
                {
                    if (ahead.TokenType == JsonTokenType.String && AttributeKinds.TryParse(ahead.ValueSpan, out var kind))
                        typed = kind;
                    else if (ahead.TokenType == JsonTokenType.String && GeoJson.IsGeometryType(ahead.ValueSpan))
                        geometryType = true;
                    else
                        unknown = ahead.TokenType == JsonTokenType.String ? ahead.GetString() : ahead.TokenType.ToString();
                }
                else if (member.SequenceEqual("coordinates"u8) || member.SequenceEqual("geometries"u8))
                    coordinates = true;
                else if (member.SequenceEqual("value"u8))
                    inferred ??= ahead.TokenType == JsonTokenType.StartObject && Of(ahead).IsGeometry ? AttributeKind.GeoProperty : AttributeKind.Property;
                else if (member.SequenceEqual("observedAt"u8) || member.SequenceEqual("unitCode"u8) || member.SequenceEqual("datasetId"u8))
                    metadata = true;
                else
                    for (var kind = AttributeKind.Relationship; kind <= AttributeKind.ListRelationship; kind++)
                        if (kind != AttributeKind.GeoProperty && member.SequenceEqual(AttributeKinds.ValueMember(kind)))
                            inferred ??= kind;
                ahead.Skip();
            }

            var geometry = geometryType && coordinates && typed is null;
            if (geometryType && !geometry && unknown is null)
                unknown = "a geometry's name";
            return new Shape(typed ?? inferred ?? AttributeKind.Property, typed is not null || inferred is not null, geometry, inferred is not null, metadata, unknown);
        }
    }

    /// <summary>A writer per thread for values that must be rewritten.</summary>
    private static class ValueWriter
    {
        [ThreadStatic]
        private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? t_writer;

        public static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Rent()
        {
            if (t_writer is not { } writer)
            {
                var buffer = new ArrayBufferWriter<byte>(1024);
                t_writer = writer = (buffer, new Utf8JsonWriter(buffer, WriterOptions));
            }

            writer.Buffer.ResetWrittenCount();
            writer.Json.Reset();
            return writer;
        }
    }
}
