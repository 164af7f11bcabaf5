using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CityHub.Context.JsonLd;

namespace CityHub.Context.Entities;

/// <summary>
/// Edits ↔ the JSON of their fact: <c>{"edits":[{"kind","id","at","type","scope","attributes":{iri: instance | [instances]},"removed":[…],"past":{…}}]}</c>.
/// Names are full IRIs and members are those of NGSI-LD, so that a fact can be read without the hub. Times that equal <c>at</c> are left out.
/// </summary>
internal static class EntityFacts
{
    public const string Created = "EntityCreated";
    public const string Replaced = "EntityReplaced";
    public const string Changed = "EntityChanged";
    public const string Deleted = "EntityDeleted";
    public const string Batch = "EntitiesChanged";
    public const string Observed = "ObservationsRecorded";
    public const string Expired = "EntitiesExpired";

    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json)? t_writer;

    public static bool IsEdit(string type) => type is Created or Replaced or Changed or Deleted or Batch or Observed or Expired;

    public static byte[] Encode(IReadOnlyList<EntityEdit> edits)
    {
        var (buffer, json) = Writer();
        json.WriteStartObject();
        json.WriteStartArray("edits"u8);
        foreach (var edit in edits)
            Write(json, edit);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>An entity in the form of facts: what <see cref="Core.Ports.IEntities"/> hands out.</summary>
    public static byte[] Encode(Entity entity)
    {
        var (buffer, json) = Writer();
        json.WriteStartObject();
        json.WriteString("id"u8, entity.Id);
        WriteTypes(json, entity.Types);
        WriteScopes(json, entity.Scopes);
        WriteTime(json, "createdAt"u8, entity.CreatedAt);
        WriteTime(json, "modifiedAt"u8, entity.ModifiedAt);
        WriteTime(json, "expiresAt"u8, entity.ExpiresAt);
        WriteAttributes(json, "attributes"u8, entity.Attributes, 0);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>One attribute instance alone, for the history.</summary>
    public static byte[] Encode(Attribute attribute)
    {
        var (buffer, json) = Writer();
        Write(json, attribute, 0);
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static Attribute DecodeAttribute(ReadOnlyMemory<byte> payload)
    {
        var reader = new Utf8JsonReader(payload.Span);
        Expect(ref reader, JsonTokenType.StartObject);
        return ReadAttribute(ref reader, payload, 0);
    }

    /// <exception cref="JsonException">The payload is not one that this hub wrote.</exception>
    public static List<EntityEdit> Decode(ReadOnlyMemory<byte> payload)
    {
        var reader = new Utf8JsonReader(payload.Span);
        var edits = new List<EntityEdit>(1);
        Expect(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!reader.ValueTextEquals("edits"u8))
            {
                reader.Skip();
                continue;
            }

            Expect(ref reader, JsonTokenType.StartArray);
            while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                edits.Add(ReadEdit(ref reader, payload));
        }

        return edits;
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Json) Writer()
    {
        if (t_writer is not { } writer)
        {
            var buffer = new ArrayBufferWriter<byte>(4096);
            t_writer = writer = (buffer, new Utf8JsonWriter(buffer, Options));
        }

        writer.Buffer.ResetWrittenCount();
        writer.Json.Reset();
        return writer;
    }

    private static void Write(Utf8JsonWriter json, EntityEdit edit)
    {
        json.WriteStartObject();
        json.WriteString("kind"u8, Kind(edit.Kind));
        json.WriteString("id"u8, edit.Id);
        WriteTime(json, "at"u8, edit.At);
        if (edit.CreatedAt != edit.At)
            WriteTime(json, "createdAt"u8, edit.CreatedAt);
        if (edit.Types is { } types)
            WriteTypes(json, types);
        if (edit.Scopes is { } scopes)
        {
            json.WriteStartArray("scope"u8);
            foreach (var scope in scopes)
                json.WriteStringValue(scope);
            json.WriteEndArray();
        }

        if (edit.ExpiresAt is { } expires)
            json.WriteString("expiresAt"u8, expires == 0 ? "" : Time(expires));
        if (edit.Set.Count > 0)
            WriteAttributes(json, "attributes"u8, edit.Set, edit.At);
        if (edit.Past.Count > 0)
            WriteAttributes(json, "past"u8, edit.Past, edit.At);
        if (edit.Removed.Count > 0)
        {
            json.WriteStartArray("removed"u8);
            foreach (var removed in edit.Removed)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, Iris.Utf8(removed.Name));
                if (removed.All)
                    json.WriteBoolean("all"u8, true);
                else if (removed.Dataset is { } dataset)
                    json.WriteString("datasetId"u8, dataset);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteTypes(Utf8JsonWriter json, int[] types)
    {
        json.WriteStartArray("type"u8);
        foreach (var type in types)
            json.WriteStringValue(Iris.Utf8(type));
        json.WriteEndArray();
    }

    private static void WriteScopes(Utf8JsonWriter json, string[] scopes)
    {
        if (scopes.Length == 0)
            return;
        json.WriteStartArray("scope"u8);
        foreach (var scope in scopes)
            json.WriteStringValue(scope);
        json.WriteEndArray();
    }

    private static void WriteAttributes(Utf8JsonWriter json, ReadOnlySpan<byte> member, IReadOnlyList<Attribute> attributes, long at)
    {
        json.WriteStartArray(member);
        foreach (var attribute in attributes)
            Write(json, attribute, at);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Attribute attribute, long at)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, Iris.Utf8(attribute.Name));
        json.WriteString("type"u8, AttributeKinds.Name(attribute.Kind));
        json.WritePropertyName(AttributeKinds.ValueMember(attribute.Kind));
        json.WriteRawValue(attribute.Value.Span, skipInputValidation: true);
        if (attribute.Dataset is { } dataset)
            json.WriteString("datasetId"u8, dataset);
        if (attribute.InstanceId is { } instance)
            json.WriteString("instanceId"u8, instance);
        if (attribute.UnitCode is { } unit)
            json.WriteString("unitCode"u8, unit);
        EntityWriter.WriteTime(json, "observedAt"u8, attribute.ObservedAt, attribute.ObservedDigits);
        WriteTime(json, "expiresAt"u8, attribute.ExpiresAt);
        if (attribute.CreatedAt != at)
            WriteTime(json, "createdAt"u8, attribute.CreatedAt);
        if (attribute.ModifiedAt != at)
            WriteTime(json, "modifiedAt"u8, attribute.ModifiedAt);
        if (attribute.ObjectType.Count > 0)
        {
            json.WriteStartArray("objectType"u8);
            foreach (var type in attribute.ObjectType)
                json.WriteStringValue(Iris.Utf8(type));
            json.WriteEndArray();
        }

        if (attribute.Sub.Count > 0)
            WriteAttributes(json, "attributes"u8, attribute.Sub, at);
        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> member, long ticks)
    {
        EntityWriter.WriteTime(json, member, ticks, 7);
    }

    private static EntityEdit ReadEdit(ref Utf8JsonReader reader, ReadOnlyMemory<byte> payload)
    {
        var (kind, id, at, created) = (EditKind.Changed, "", 0L, 0L);
        int[]? types = null;
        string[]? scopes = null;
        long? expires = null;
        List<Attribute>? set = null, past = null;
        List<RemovedAttribute>? removed = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("kind"u8))
                kind = KindOf(ref reader);
            else if (name.SequenceEqual("id"u8))
                id = reader.GetString() ?? "";
            else if (name.SequenceEqual("at"u8))
                at = ReadTime(ref reader);
            else if (name.SequenceEqual("createdAt"u8))
                created = ReadTime(ref reader);
            else if (name.SequenceEqual("type"u8))
                types = [.. ReadIris(ref reader)];
            else if (name.SequenceEqual("scope"u8))
                scopes = [.. ReadStrings(ref reader)];
            else if (name.SequenceEqual("expiresAt"u8))
                expires = reader.ValueSpan.Length == 0 ? 0 : ReadTime(ref reader);
            else if (name.SequenceEqual("attributes"u8))
                set = ReadAttributes(ref reader, payload, at);
            else if (name.SequenceEqual("past"u8))
                past = ReadAttributes(ref reader, payload, at);
            else if (name.SequenceEqual("removed"u8))
                removed = ReadRemoved(ref reader);
            else
                reader.Skip();
        }

        return new EntityEdit
        {
            Kind = kind, Id = id, At = at, CreatedAt = created == 0 ? at : created, Types = types, Scopes = scopes, ExpiresAt = expires,
            Set = set ?? [], Past = past ?? [], Removed = removed ?? [],
        };
    }

    private static List<Attribute> ReadAttributes(ref Utf8JsonReader reader, ReadOnlyMemory<byte> payload, long at)
    {
        var attributes = new List<Attribute>(4);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
            attributes.Add(ReadAttribute(ref reader, payload, at));
        return attributes;
    }

    private static Attribute ReadAttribute(ref Utf8JsonReader reader, ReadOnlyMemory<byte> payload, long at)
    {
        var (iri, kind, digits) = (0, AttributeKind.Property, (byte)0);
        string? dataset = null, instance = null, unit = null;
        var (observed, expires, created, modified) = (0L, 0L, at, at);
        ReadOnlyMemory<byte> value = default;
        IReadOnlyList<int> objectType = [];
        IReadOnlyList<Attribute> sub = [];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            reader.Read();
            if (name.SequenceEqual("name"u8))
                iri = Iris.Intern(reader.GetString() ?? "");
            else if (name.SequenceEqual("type"u8))
                kind = AttributeKinds.TryParse(reader.ValueSpan, out var known) ? known : throw new JsonException("No such kind of attribute.");
            else if (name.SequenceEqual("datasetId"u8))
                dataset = reader.GetString();
            else if (name.SequenceEqual("instanceId"u8))
                instance = reader.GetString();
            else if (name.SequenceEqual("unitCode"u8))
                unit = reader.GetString();
            else if (name.SequenceEqual("observedAt"u8))
                (observed, digits) = (ReadTime(ref reader), (byte)Math.Max(0, reader.ValueSpan.Length - 21));
            else if (name.SequenceEqual("expiresAt"u8))
                expires = ReadTime(ref reader);
            else if (name.SequenceEqual("createdAt"u8))
                created = ReadTime(ref reader);
            else if (name.SequenceEqual("modifiedAt"u8))
                modified = ReadTime(ref reader);
            else if (name.SequenceEqual("objectType"u8))
                objectType = ReadIris(ref reader);
            else if (name.SequenceEqual("attributes"u8))
                sub = ReadAttributes(ref reader, payload, at);
            else if (name.SequenceEqual(AttributeKinds.ValueMember(kind)))
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                // A copy: a slice would keep the whole batch alive behind one value.
                value = payload[start..(int)reader.BytesConsumed].ToArray();
            }
            else
                reader.Skip();
        }

        return new Attribute
        {
            Name = iri, Kind = kind, Dataset = dataset, InstanceId = instance, UnitCode = unit, ObservedAt = observed, ObservedDigits = digits, ExpiresAt = expires,
            CreatedAt = created, ModifiedAt = modified, ObjectType = objectType, Sub = sub, Value = value,
        };
    }

    private static List<RemovedAttribute> ReadRemoved(ref Utf8JsonReader reader)
    {
        var removed = new List<RemovedAttribute>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var (name, all) = (0, false);
            string? dataset = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var member = reader.ValueSpan;
                reader.Read();
                if (member.SequenceEqual("name"u8))
                    name = Iris.Intern(reader.GetString() ?? "");
                else if (member.SequenceEqual("all"u8))
                    all = reader.GetBoolean();
                else if (member.SequenceEqual("datasetId"u8))
                    dataset = reader.GetString();
            }

            removed.Add(new RemovedAttribute(name, dataset, all));
        }

        return removed;
    }

    private static List<int> ReadIris(ref Utf8JsonReader reader)
    {
        var iris = new List<int>(1);
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
            iris.Add(Iris.Intern(reader.GetString() ?? ""));
        return iris;
    }

    private static List<string> ReadStrings(ref Utf8JsonReader reader)
    {
        var texts = new List<string>(1);
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
            texts.Add(reader.GetString() ?? "");
        return texts;
    }

    private static long ReadTime(ref Utf8JsonReader reader) => reader.GetDateTime().ToUniversalTime().Ticks;

    private static string Time(long ticks) => Times.Text(ticks, 7);

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (!reader.Read() || reader.TokenType != type)
            throw new JsonException($"Expected {type}.");
    }

    private static ReadOnlySpan<byte> Kind(EditKind kind) => kind switch
    {
        EditKind.Created => "created"u8,
        EditKind.Replaced => "replaced"u8,
        EditKind.Changed => "changed"u8,
        EditKind.Deleted => "deleted"u8,
        _ => throw new InvalidOperationException($"No such edit: {kind}"),
    };

    private static EditKind KindOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("created"u8) ? EditKind.Created
        : reader.ValueTextEquals("replaced"u8) ? EditKind.Replaced
        : reader.ValueTextEquals("changed"u8) ? EditKind.Changed
        : reader.ValueTextEquals("deleted"u8) ? EditKind.Deleted
        : throw new JsonException("No such kind of edit.");
}
