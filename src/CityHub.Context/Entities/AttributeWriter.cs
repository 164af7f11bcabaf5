using System.Text.Json;
using CityHub.Context.JsonLd;

namespace CityHub.Context.Entities;

/// <summary>Attribute instances in the representations of clauses 4.5.1 to 4.5.4, with the entities that their links join in (4.5.23.2).</summary>
internal static class AttributeWriter
{
    /// <summary>The instances from one index to another, all of one name: one by itself, several as an array.</summary>
    public static void Instances(Utf8JsonWriter json, IReadOnlyList<Attribute> attributes, int from, int end, LdContext context, Representation how, Place place)
    {
        var (count, only) = (0, -1);
        for (var i = from; i < end; i++)
            if (IsWanted(attributes[i], how))
                (count, only) = (count + 1, i);
        if (count == 1 && (how.Format != Format.Simplified || attributes[only].Dataset is null || how.Datasets is not null))
        {
            Instance(json, attributes[only], context, how, place);
            return;
        }

        if (how.Format == Format.Simplified)
        {
            // 4.5.5: several instances, simplified: {"dataset": {"@none": …, "urn:…": …}}.
            json.WriteStartObject();
            json.WriteStartObject("dataset"u8);
            for (var i = from; i < end; i++)
            {
                if (!IsWanted(attributes[i], how))
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
            if (IsWanted(attributes[i], how))
                Instance(json, attributes[i], context, how, place, oneOfMany: true);
        json.WriteEndArray();
    }

    /// <param name="oneOfMany">It stands in an array: bare, it would be read as an item of a value.</param>
    public static void Instance(Utf8JsonWriter json, Attribute attribute, LdContext context, Representation how, Place place, bool oneOfMany = false)
    {
        var linked = how is { Linked: not null, JoinInline: true } && place.Level > 0 && attribute.Kind is AttributeKind.Relationship or AttributeKind.ListRelationship;
        if (how.Format == Format.Simplified)
        {
            if (!linked || !LinkedSimplified(json, attribute, context, how, place))
                Value(json, attribute, context, how);
            return;
        }

        var language = how.Lang is { } lang && attribute.Kind == AttributeKind.LanguageProperty ? LanguageMaps.Choose(attribute.Value, lang) : null;
        var concise = how.Format == Format.Concise;
        if (concise && !oneOfMany && !linked && language is null && IsBare(attribute, how))
        {
            Value(json, attribute, context, how);
            return;
        }

        // 4.3.6.8: kinds that the reader's version does not know are Properties to it.
        var asProperty = how.Version < 8 && attribute.Kind is AttributeKind.VocabProperty or AttributeKind.JsonProperty or AttributeKind.ListProperty;
        json.WriteStartObject();
        if (!concise)
            json.WriteString("type"u8, language is null && !asProperty ? AttributeKinds.Name(attribute.Kind) : "Property"u8);
        else if (attribute.Kind == AttributeKind.Property && ValueCopy.LooksLikeGeometry(attribute.Value))
            json.WriteString("type"u8, "Property"u8); // Without it, this would be read back as a GeoProperty.
        if (language is { } chosen)
        {
            json.WritePropertyName("value"u8);
            json.WriteRawValue(chosen.Value.Span, skipInputValidation: true);
            json.WriteString("lang"u8, chosen.Language);
        }
        else
        {
            json.WritePropertyName(asProperty ? "value"u8 : AttributeKinds.ValueMember(attribute.Kind));
            ValueCopy.Write(json, attribute, context);
        }

        Metadata(json, attribute, context, how);
        if (attribute.Sub.Count > 0)
            Sub(json, attribute.Sub, context, how);
        if (linked)
            LinkedInline(json, attribute, context, how, place);
        json.WriteEndObject();
    }

    /// <summary>The simplified value (4.5.4): value, object, vocab, the chosen language, {"languageMap": …}, {"json": …}, the list.</summary>
    public static void Value(Utf8JsonWriter json, Attribute attribute, LdContext context, Representation how)
    {
        switch (attribute.Kind)
        {
            case AttributeKind.LanguageProperty when how.Lang is { } lang && LanguageMaps.Choose(attribute.Value, lang) is { } chosen:
                json.WriteRawValue(chosen.Value.Span, skipInputValidation: true);
                break;
            case AttributeKind.LanguageProperty or AttributeKind.JsonProperty or AttributeKind.VocabProperty when how.Format == Format.Simplified:
                json.WriteStartObject();
                json.WritePropertyName(AttributeKinds.ValueMember(attribute.Kind));
                ValueCopy.Write(json, attribute, context);
                json.WriteEndObject();
                break;
            case AttributeKind.ListRelationship:
                json.WriteRawValue(attribute.Value.Span, skipInputValidation: true);
                break;
            default:
                ValueCopy.Write(json, attribute, context);
                break;
        }
    }

    private static void Metadata(Utf8JsonWriter json, Attribute attribute, LdContext context, Representation how)
    {
        if (attribute.ObjectType.Count > 0)
            ObjectType(json, attribute.ObjectType, context);
        if (attribute.UnitCode is { } unit)
            json.WriteString("unitCode"u8, unit);
        EntityWriter.WriteTime(json, "observedAt"u8, attribute.ObservedAt, attribute.ObservedDigits);
        if (attribute.Dataset is { } dataset)
            json.WriteString("datasetId"u8, dataset);
        if (attribute.InstanceId is { } instance)
            json.WriteString("instanceId"u8, instance);
        if (how.SysAttrs)
        {
            EntityWriter.WriteTime(json, "expiresAt"u8, attribute.ExpiresAt, Times.Fewest(attribute.ExpiresAt));
            EntityWriter.WriteTime(json, "createdAt"u8, attribute.CreatedAt);
            EntityWriter.WriteTime(json, "modifiedAt"u8, attribute.ModifiedAt);
        }

        how.Changes?.Write(json, attribute, context, how.SysAttrs);
    }

    private static void Sub(Utf8JsonWriter json, IReadOnlyList<Attribute> sub, LdContext context, Representation how)
    {
        var whole = how.Datasets is null ? how : how with { Datasets = null };
        for (var i = 0; i < sub.Count;)
        {
            var end = i + 1;
            while (end < sub.Count && sub[end].Name == sub[i].Name)
                end++;
            var bare = BareMembers.NameOf(sub[i]);
            json.WritePropertyName(bare.IsEmpty ? context.CompactName(sub[i].Name) : bare);
            if (bare.IsEmpty)
                Instances(json, sub, i, end, context, whole, default);
            else
                ValueCopy.Write(json, sub[i], context);
            i = end;
        }
    }

    private static bool IsWanted(Attribute attribute, Representation how) => how.Datasets is null || how.Datasets.Contains(attribute.Dataset ?? "@none");

    /// <summary>
    /// Concise (4.5.2.3, 4.5.4.3): a Property or GeoProperty with nothing but its value is its value, unless that would be read as something else:
    /// an object as an attribute, an array of objects as instances.
    /// </summary>
    private static bool IsBare(Attribute attribute, Representation how) =>
        attribute.Sub.Count == 0 && attribute.ObservedAt == 0 && attribute.UnitCode is null && attribute.Dataset is null && attribute.InstanceId is null &&
        !how.SysAttrs && how.Changes?.Says(attribute) != true &&
        (attribute.Kind == AttributeKind.GeoProperty || attribute.Kind == AttributeKind.Property && attribute.Value.Span is not [(byte)'{', ..] and not [(byte)'[', (byte)'{', ..]);

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

    private static void LinkedInline(Utf8JsonWriter json, Attribute attribute, LdContext context, Representation how, Place place)
    {
        var found = Links.Found(attribute, how, place.Way);
        if (found.Count == 0)
            return;
        json.WritePropertyName(attribute.Kind == AttributeKind.ListRelationship ? "entityList"u8 : "entity"u8);
        Linked(json, attribute, found, context, how, place);
    }

    private static bool LinkedSimplified(Utf8JsonWriter json, Attribute attribute, LdContext context, Representation how, Place place)
    {
        var found = Links.Found(attribute, how, place.Way);
        if (found.Count == 0)
            return false;
        Linked(json, attribute, found, context, how, place);
        return true;
    }

    private static void Linked(Utf8JsonWriter json, Attribute attribute, List<Entity> found, LdContext context, Representation how, Place place)
    {
        var list = attribute.Value.Span is [(byte)'[', ..];
        var inside = how.Attributes is null ? how : how with { Attributes = null };
        if (list)
            json.WriteStartArray();
        foreach (var entity in found)
        {
            json.WriteStartObject();
            EntityWriter.Members(json, entity, context, inside, place with { Level = place.Level - 1 });
            json.WriteEndObject();
        }

        if (list)
            json.WriteEndArray();
    }
}
