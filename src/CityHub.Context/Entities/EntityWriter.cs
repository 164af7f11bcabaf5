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
        Members(json, entity, context, how, Place.Of(how));
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
        Members(json, entity, context, how, Place.Of(how), inFeature: true);
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
        AttributeWriter.Instances(json, instances, 0, instances.Count, context, how, default);

    public static void WriteInstance(Utf8JsonWriter json, Attribute instance, LdContext context, Representation how) =>
        AttributeWriter.Instance(json, instance, context, how, default);

    /// <summary>The bare value of an instance.</summary>
    public static void WriteValue(Utf8JsonWriter json, Attribute instance, LdContext context, Representation how) =>
        AttributeWriter.Value(json, instance, context, how with { Format = Format.Normalized });

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
        ValueCopy.Write(json, before, context);
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

    /// <summary>The members of an entity, without the braces around them.</summary>
    internal static void Members(Utf8JsonWriter json, Entity entity, LdContext context, Representation how, Place place, bool inFeature = false)
    {
        var (pick, omit) = (place.Pick, place.Omit);
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
        if (how.Linked is not null)
            place = place with { Way = new Way(entity.Id, place.Way) };
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
                AttributeWriter.Instances(json, attributes, i, end, context, how, place with { Pick = pick?.Inside(name), Omit = omit?.Inside(name) });
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
}

/// <summary>Where in an answer the writer is: what of the entity is wanted, how many links deeper it may go, and the way it came.</summary>
internal readonly record struct Place(Projection? Pick, Projection? Omit, int Level, Way? Way)
{
    public static Place Of(Representation how) => new(how.Pick, how.Omit, how.JoinLevel, null);
}

/// <summary>The entities whose links led to where the writer is: none of them is joined again below itself (4.5.23, containedBy).</summary>
internal sealed record Way(string Id, Way? Before)
{
    public bool Passes(string id)
    {
        for (var way = this; way is not null; way = way.Before)
            if (string.Equals(way.Id, id, StringComparison.Ordinal))
                return true;
        return false;
    }
}
