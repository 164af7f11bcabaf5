using System.Text;
using System.Text.Json;
using CityHub.Context.JsonLd;

namespace CityHub.Context.Entities;

/// <summary>Model → NGSI-LD JSON in the words of a context: every representation of clause 4.5. Values that carry no names are copied as bytes.</summary>
public static class EntityWriter
{
    /// <param name="withContext">Adds the @context member (application/ld+json).</param>
    public static void Write(Utf8JsonWriter json, Entity entity, LdContext context, Representation how, bool withContext)
    {
        json.WriteStartObject();
        Members(json, entity, context, how, how.Pick, how.Omit, how.JoinLevel, how.ContainedBy);
        if (withContext)
            WriteContext(json, context);
        json.WriteEndObject();
    }

    /// <summary>A GeoJSON Feature (4.5.16): geometry from one GeoProperty, everything else in properties.</summary>
    public static void WriteFeature(Utf8JsonWriter json, Entity entity, LdContext context, Representation how, bool withContext)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, entity.Id);
        json.WriteString("type"u8, "Feature"u8);
        json.WritePropertyName("geometry"u8);
        var geometry = Geometry(entity, how);
        if (geometry is null)
            json.WriteNullValue();
        else
            json.WriteRawValue(geometry.Value.Span, skipInputValidation: true);
        json.WriteStartObject("properties"u8);
        Members(json, entity, context, how, how.Pick, how.Omit, how.JoinLevel, how.ContainedBy, inFeature: true);
        json.WriteEndObject();
        if (withContext)
            WriteContext(json, context);
        json.WriteEndObject();
    }

    public static void WriteContext(Utf8JsonWriter json, LdContext context)
    {
        json.WritePropertyName("@context"u8);
        json.WriteRawValue(context.Json.Span, skipInputValidation: true);
    }

    /// <summary>One attribute's member: the instance, or an array when it has several.</summary>
    public static void WriteAttribute(Utf8JsonWriter json, IReadOnlyList<Attribute> instances, LdContext context, Representation how) =>
        Instances(json, instances, 0, instances.Count, context, how, null, null, 0, how.ContainedBy);

    public static void WriteInstance(Utf8JsonWriter json, Attribute instance, LdContext context, Representation how) =>
        Instance(json, instance, context, how, null, null, 0, how.ContainedBy);

    /// <summary>The bare value of an instance.</summary>
    public static void WriteValue(Utf8JsonWriter json, Attribute instance, LdContext context, Representation how) => Value(json, instance, context, how with { Format = Format.Normalized });

    public static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> member, long ticks)
    {
        Span<byte> text = stackalloc byte[28];
        if (ticks != 0)
            json.WriteString(member, text[..Times.Format(ticks, text)]);
    }

    /// <summary>A time that a client gave, with as many decimals.</summary>
    public static void WriteTime(Utf8JsonWriter json, ReadOnlySpan<byte> member, long ticks, int digits)
    {
        Span<byte> text = stackalloc byte[28];
        if (ticks != 0)
            json.WriteString(member, text[..Times.Format(ticks, digits, text)]);
    }

    /// <summary>What an attribute instance was before (5.2.5 to 5.2.9: previousValue, previousObject …).</summary>
    internal static void WritePrevious(Utf8JsonWriter json, Attribute before, LdContext context)
    {
        json.WritePropertyName(before.Kind switch
        {
            AttributeKind.Property or AttributeKind.GeoProperty => "previousValue"u8,
            AttributeKind.Relationship => "previousObject"u8,
            AttributeKind.LanguageProperty => "previousLanguageMap"u8,
            AttributeKind.VocabProperty => "previousVocab"u8,
            AttributeKind.JsonProperty => "previousJson"u8,
            AttributeKind.ListProperty => "previousValueList"u8,
            AttributeKind.ListRelationship => "previousObjectList"u8,
            _ => throw new InvalidOperationException($"No such kind: {before.Kind}"),
        });
        if (before.Kind == AttributeKind.ListRelationship)
            ObjectList(json, before.Value);
        else
            RawValue(json, before, context);
    }

    private static Attribute? Geometry(Entity entity, Representation how)
    {
        if (how.GeometryProperty is not { } name)
            return null;
        Attribute? found = null;
        foreach (var attribute in entity.Attributes)
            if (attribute.Name == name && attribute.Kind == AttributeKind.GeoProperty && (how.Datasets?.Contains(attribute.Dataset ?? "@none") ?? attribute.Dataset is null))
                found ??= attribute;
        return found;
    }

    private static void Members(
        Utf8JsonWriter json, Entity entity, LdContext context, Representation how, Projection? pick, Projection? omit, int level, IReadOnlySet<string> seen, bool inFeature = false)
    {
        if (!inFeature && (pick?.Id ?? true) && !(omit?.Id ?? false))
            json.WriteString("id"u8, entity.Id);
        if ((pick?.Type ?? true) && !(omit?.Type ?? false))
            Types(json, entity.Types, context);
        if (entity.Scopes.Length > 0 && (pick?.Scope ?? true) && !(omit?.Scope ?? false))
            Scopes(json, entity.Scopes);
        if (how.SysAttrs)
        {
            WriteTime(json, "createdAt"u8, entity.CreatedAt);
            WriteTime(json, "modifiedAt"u8, entity.ModifiedAt);
            WriteTime(json, "expiresAt"u8, entity.ExpiresAt, Times.Fewest(entity.ExpiresAt));
        }

        how.Changes?.Write(json, entity);
        var attributes = entity.Attributes;
        for (var i = 0; i < attributes.Count;)
        {
            var name = attributes[i].Name;
            var end = i + 1;
            while (end < attributes.Count && attributes[end].Name == name)
                end++;
            var omitted = omit is not null && omit.Contains(name) && omit.Inside(name) is null;
            if ((pick is null || pick.Contains(name)) && !omitted && (how.Attributes is null || how.Attributes.Contains(name)) && AnyInstance(attributes, i, end, how))
            {
                json.WritePropertyName(context.CompactName(name));
                Instances(json, attributes, i, end, context, how, pick?.Inside(name), omit?.Inside(name), level, seen);
            }

            i = end;
        }
    }

    private static void Types(Utf8JsonWriter json, int[] types, LdContext context)
    {
        if (types.Length == 1)
        {
            json.WriteString("type"u8, context.CompactName(types[0]));
            return;
        }

        json.WriteStartArray("type"u8);
        foreach (var type in types)
            json.WriteStringValue(context.CompactName(type));
        json.WriteEndArray();
    }

    private static void Scopes(Utf8JsonWriter json, string[] scopes)
    {
        if (scopes.Length == 1)
        {
            json.WriteString("scope"u8, scopes[0]);
            return;
        }

        json.WriteStartArray("scope"u8);
        foreach (var scope in scopes)
            json.WriteStringValue(scope);
        json.WriteEndArray();
    }

    private static bool AnyInstance(IReadOnlyList<Attribute> attributes, int from, int end, Representation how)
    {
        if (how.Datasets is null)
            return true;
        for (var i = from; i < end; i++)
            if (how.Datasets.Contains(attributes[i].Dataset ?? "@none"))
                return true;
        return false;
    }

    private static void Instances(
        Utf8JsonWriter json, IReadOnlyList<Attribute> attributes, int from, int end, LdContext context, Representation how, Projection? pick, Projection? omit, int level,
        IReadOnlySet<string> seen)
    {
        var (count, only) = (0, -1);
        for (var i = from; i < end; i++)
            if (how.Datasets is null || how.Datasets.Contains(attributes[i].Dataset ?? "@none"))
                (count, only) = (count + 1, i);
        if (count == 1 && (how.Format != Format.Simplified || attributes[only].Dataset is null || how.Datasets is not null))
        {
            Instance(json, attributes[only], context, how, pick, omit, level, seen);
            return;
        }

        if (how.Format == Format.Simplified)
        {
            // 4.5.5: several instances, simplified: {"dataset": {"@none": …, "urn:…": …}}.
            json.WriteStartObject();
            json.WriteStartObject("dataset"u8);
            for (var i = from; i < end; i++)
            {
                if (how.Datasets is not null && !how.Datasets.Contains(attributes[i].Dataset ?? "@none"))
                    continue;
                json.WritePropertyName(attributes[i].Dataset ?? "@none");
                Value(json, attributes[i], context, how);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            return;
        }

        json.WriteStartArray();
        for (var i = from; i < end; i++)
            if (how.Datasets is null || how.Datasets.Contains(attributes[i].Dataset ?? "@none"))
                Instance(json, attributes[i], context, how, pick, omit, level, seen);
        json.WriteEndArray();
    }

    private static void Instance(
        Utf8JsonWriter json, Attribute attribute, LdContext context, Representation how, Projection? pick, Projection? omit, int level, IReadOnlySet<string> seen)
    {
        var linked = how is { Linked: not null, JoinInline: true } && level > 0 && attribute.Kind is AttributeKind.Relationship or AttributeKind.ListRelationship;
        if (how.Format == Format.Simplified)
        {
            if (!linked || !LinkedSimplified(json, attribute, context, how, pick, omit, level, seen))
                Value(json, attribute, context, how);
            return;
        }

        var language = how.Lang is { } lang && attribute.Kind == AttributeKind.LanguageProperty ? LanguageMaps.Choose(attribute.Value, lang) : null;
        var concise = how.Format == Format.Concise;
        var asProperty = how.Version < 8 && attribute.Kind is AttributeKind.VocabProperty or AttributeKind.JsonProperty or AttributeKind.ListProperty;
        if (concise && IsBare(attribute, how) && language is null && !linked)
        {
            Value(json, attribute, context, how);
            return;
        }

        json.WriteStartObject();
        if (!concise)
            json.WriteString("type"u8, language is null && !asProperty ? AttributeKinds.Name(attribute.Kind) : "Property"u8);
        if (language is { } chosen)
        {
            json.WritePropertyName("value"u8);
            json.WriteRawValue(chosen.Value.Span, skipInputValidation: true);
            json.WriteString("lang"u8, chosen.Language);
        }
        else
        {
            json.WritePropertyName(asProperty ? "value"u8 : AttributeKinds.ValueMember(attribute.Kind));
            if (attribute.Kind == AttributeKind.ListRelationship)
                ObjectList(json, attribute.Value);
            else
                RawValue(json, attribute, context);
        }

        if (attribute.ObjectType.Count > 0)
            ObjectType(json, attribute.ObjectType, context);
        if (attribute.UnitCode is { } unit)
            json.WriteString("unitCode"u8, unit);
        WriteTime(json, "observedAt"u8, attribute.ObservedAt, attribute.ObservedDigits);
        if (attribute.Dataset is { } dataset)
            json.WriteString("datasetId"u8, dataset);
        if (attribute.InstanceId is { } instance)
            json.WriteString("instanceId"u8, instance);
        if (how.SysAttrs)
        {
            WriteTime(json, "expiresAt"u8, attribute.ExpiresAt, Times.Fewest(attribute.ExpiresAt));
            WriteTime(json, "createdAt"u8, attribute.CreatedAt);
            WriteTime(json, "modifiedAt"u8, attribute.ModifiedAt);
        }

        how.Changes?.Write(json, attribute, context, how.SysAttrs);
        var sub = attribute.Sub;
        for (var i = 0; i < sub.Count;)
        {
            var end = i + 1;
            while (end < sub.Count && sub[end].Name == sub[i].Name)
                end++;
            json.WritePropertyName(context.CompactName(sub[i].Name));
            Instances(json, sub, i, end, context, how with { Datasets = null }, null, null, 0, seen);
            i = end;
        }

        if (linked)
            LinkedInline(json, attribute, context, how, pick, omit, level, seen);
        json.WriteEndObject();
    }

    /// <summary>Concise (4.5.2.3, 4.5.4.3): a Property or GeoProperty with nothing but its value is its value.</summary>
    private static bool IsBare(Attribute attribute, Representation how) =>
        attribute.Sub.Count == 0 && attribute.ObservedAt == 0 && attribute.UnitCode is null && attribute.Dataset is null && attribute.InstanceId is null &&
        !how.SysAttrs && how.Changes?.Says(attribute) != true && (attribute.Kind == AttributeKind.GeoProperty || attribute.Kind == AttributeKind.Property && attribute.Value.Span[0] != '{');

    /// <summary>The simplified value (4.5.4): value, object, vocab, the chosen language, {"languageMap": …}, {"json": …}, the list.</summary>
    private static void Value(Utf8JsonWriter json, Attribute attribute, LdContext context, Representation how)
    {
        switch (attribute.Kind)
        {
            case AttributeKind.LanguageProperty when how.Lang is { } lang && LanguageMaps.Choose(attribute.Value, lang) is { } chosen:
                json.WriteRawValue(chosen.Value.Span, skipInputValidation: true);
                break;
            case AttributeKind.LanguageProperty or AttributeKind.JsonProperty or AttributeKind.VocabProperty when how.Format == Format.Simplified:
                json.WriteStartObject();
                json.WritePropertyName(AttributeKinds.ValueMember(attribute.Kind));
                RawValue(json, attribute, context);
                json.WriteEndObject();
                break;
            default:
                RawValue(json, attribute, context);
                break;
        }
    }

    private static void RawValue(Utf8JsonWriter json, Attribute attribute, LdContext context)
    {
        if (attribute.Kind == AttributeKind.VocabProperty)
            Vocab(json, attribute.Value, context);
        else if (attribute.Kind is AttributeKind.Property or AttributeKind.ListProperty && attribute.Value.Span.IndexOf((byte)'{') >= 0)
            Compact(json, attribute.Value, context);
        else
            json.WriteRawValue(attribute.Value.Span, skipInputValidation: true);
    }

    private static void Vocab(Utf8JsonWriter json, ReadOnlyMemory<byte> value, LdContext context)
    {
        using var document = JsonDocument.Parse(value);
        if (document.RootElement.ValueKind == JsonValueKind.String)
        {
            json.WriteStringValue(context.CompactVocab(document.RootElement.GetString() ?? ""));
            return;
        }

        json.WriteStartArray();
        foreach (var item in document.RootElement.EnumerateArray())
            json.WriteStringValue(context.CompactVocab(item.GetString() ?? ""));
        json.WriteEndArray();
    }

    /// <summary>A value with objects in it: their keys were expanded on the way in and are compacted now.</summary>
    private static void Compact(Utf8JsonWriter json, ReadOnlyMemory<byte> value, LdContext context)
    {
        using var document = JsonDocument.Parse(value);
        Compact(json, document.RootElement, context);
    }

    private static void Compact(Utf8JsonWriter json, JsonElement value, LdContext context)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                json.WriteStartObject();
                foreach (var member in value.EnumerateObject())
                {
                    json.WritePropertyName(member.Name.Contains(':', StringComparison.Ordinal) ? context.CompactVocab(member.Name) : member.Name);
                    Compact(json, member.Value, context);
                }

                json.WriteEndObject();
                break;
            case JsonValueKind.Array:
                json.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                    Compact(json, item, context);
                json.WriteEndArray();
                break;
            default:
                value.WriteTo(json);
                break;
        }
    }

    private static void ObjectList(Utf8JsonWriter json, ReadOnlyMemory<byte> value)
    {
        json.WriteStartArray();
        foreach (var uri in Links.Targets(value))
        {
            json.WriteStartObject();
            json.WriteString("object"u8, uri);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void ObjectType(Utf8JsonWriter json, IReadOnlyList<int> types, LdContext context)
    {
        if (types.Count == 1)
        {
            json.WriteString("objectType"u8, context.CompactName(types[0]));
            return;
        }

        json.WriteStartArray("objectType"u8);
        foreach (var type in types)
            json.WriteStringValue(context.CompactName(type));
        json.WriteEndArray();
    }

    private static void LinkedInline(
        Utf8JsonWriter json, Attribute attribute, LdContext context, Representation how, Projection? pick, Projection? omit, int level, IReadOnlySet<string> seen)
    {
        var found = Links.Found(attribute, how, seen);
        if (found.Count == 0)
            return;
        var list = attribute.Kind == AttributeKind.ListRelationship || attribute.Value.Span[0] == '[';
        json.WritePropertyName(attribute.Kind == AttributeKind.ListRelationship ? "entityList"u8 : "entity"u8);
        if (list)
            json.WriteStartArray();
        foreach (var entity in found)
        {
            json.WriteStartObject();
            Members(json, entity, context, how with { Attributes = null }, pick, omit, level - 1, seen);
            json.WriteEndObject();
        }

        if (list)
            json.WriteEndArray();
    }

    private static bool LinkedSimplified(
        Utf8JsonWriter json, Attribute attribute, LdContext context, Representation how, Projection? pick, Projection? omit, int level, IReadOnlySet<string> seen)
    {
        var found = Links.Found(attribute, how, seen);
        if (found.Count == 0)
            return false;
        var list = attribute.Value.Span[0] == '[';
        if (list)
            json.WriteStartArray();
        foreach (var entity in found)
        {
            json.WriteStartObject();
            Members(json, entity, context, how with { Attributes = null }, pick, omit, level - 1, seen);
            json.WriteEndObject();
        }

        if (list)
            json.WriteEndArray();
        return true;
    }
}
