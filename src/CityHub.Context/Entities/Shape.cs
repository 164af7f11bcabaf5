using System.Text.Json;

namespace CityHub.Context.Entities;

/// <summary>
/// What an object's first level says of it, found by looking ahead with a copy of the reader. Only for objects that do not begin with their type:
/// concise and simplified ones, and values.
/// </summary>
/// <param name="Kind">Of its type, else of the member that carries its value.</param>
/// <param name="IsAttribute">It has a kind's name as its type, or a member that carries a value.</param>
/// <param name="IsGeometry">A GeoJSON geometry.</param>
/// <param name="HasValue">It has a member that carries a value.</param>
/// <param name="HasMetadata">It has a datasetId, observedAt, unitCode or objectType.</param>
/// <param name="HasSub">A member of it is an attribute with its type.</param>
/// <param name="UnknownType">Its type, where that is neither a kind nor a geometry.</param>
internal readonly record struct Shape(
    AttributeKind Kind, bool IsAttribute, bool IsGeometry, bool HasValue, bool HasMetadata, bool HasDataset, bool HasSub, string? UnknownType)
{
    public static Shape Of(Utf8JsonReader ahead)
    {
        AttributeKind? typed = null, inferred = null;
        var (coordinates, geometryType, metadata, dataset, sub, ofRelationship) = (false, false, false, false, false, false);
        string? unknown = null;
        while (ahead.Read() && ahead.TokenType == JsonTokenType.PropertyName)
        {
            var word = Words.Of(ref ahead);
            var isCoordinates = word == Word.None && (ahead.ValueTextEquals("coordinates"u8) || ahead.ValueTextEquals("geometries"u8));
            ahead.Read();
            switch (word)
            {
                case Word.Type:
                    if (ahead.TokenType == JsonTokenType.String && AttributeKinds.TryParse(ahead.ValueSpan, out var kind))
                        typed = kind;
                    else if (ahead.TokenType == JsonTokenType.String && GeoJson.IsGeometryType(ahead.ValueSpan))
                        geometryType = true;
                    else
                        unknown = ahead.TokenType == JsonTokenType.String ? ahead.GetString() : ahead.TokenType.ToString();
                    break;
                case Word.Value:
                    inferred ??= ahead.TokenType == JsonTokenType.StartObject && IsGeometryAt(ahead) ? AttributeKind.GeoProperty : AttributeKind.Property;
                    break;
                case Word.DatasetId:
                    dataset = metadata = true;
                    break;
                case Word.ObjectType:
                    ofRelationship = metadata = true;
                    break;
                case Word.ObservedAt or Word.UnitCode:
                    metadata = true;
                    break;
                case Word.None:
                    coordinates |= isCoordinates;
                    sub |= ahead.TokenType == JsonTokenType.StartObject && BeginsAttribute(ahead);
                    break;
                default:
                    inferred ??= Words.Kind(word);
                    break;
            }

            ahead.Skip();
        }

        var geometry = geometryType && coordinates && typed is null;
        if (geometryType && !geometry)
            unknown ??= "a geometry's name";
        var otherwise = ofRelationship ? AttributeKind.Relationship : AttributeKind.Property;
        return new Shape(typed ?? inferred ?? otherwise, typed is not null || inferred is not null, geometry, inferred is not null, metadata, dataset, sub, unknown);
    }

    /// <summary>A geometry's type and coordinates, whatever else there is.</summary>
    public static bool IsGeometryAt(Utf8JsonReader ahead)
    {
        var (type, coordinates) = (false, false);
        while (ahead.Read() && ahead.TokenType == JsonTokenType.PropertyName)
        {
            var isType = ahead.ValueTextEquals("type"u8);
            coordinates |= ahead.ValueTextEquals("coordinates"u8) || ahead.ValueTextEquals("geometries"u8);
            ahead.Read();
            type |= isType && ahead.TokenType == JsonTokenType.String && GeoJson.IsGeometryType(ahead.ValueSpan);
            ahead.Skip();
        }

        return type && coordinates;
    }

    /// <summary>The kind, where an object begins with its type and that is a kind: the reader moves on to the type's value, else it stays.</summary>
    public static bool TakeKind(ref Utf8JsonReader reader, out AttributeKind kind)
    {
        var start = reader;
        if (reader.Read() && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("type"u8) &&
            reader.Read() && reader.TokenType == JsonTokenType.String && AttributeKinds.TryParse(reader.ValueSpan, out kind))
            return true;
        reader = start;
        kind = default;
        return false;
    }

    private static bool BeginsAttribute(Utf8JsonReader ahead) => TakeKind(ref ahead, out _);
}
