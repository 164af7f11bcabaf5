using System.Text.Json;

namespace CityHub.Context.Entities;

/// <summary>The geometries of RFC 7946 that clause 4.7.1 allows: all but GeometryCollection.</summary>
internal static class GeoJson
{
    public static bool IsGeometryType(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("Point"u8) || type.SequenceEqual("LineString"u8) || type.SequenceEqual("Polygon"u8) || type.SequenceEqual("MultiPoint"u8) ||
        type.SequenceEqual("MultiLineString"u8) || type.SequenceEqual("MultiPolygon"u8) || type.SequenceEqual("GeometryCollection"u8);

    /// <summary>What is wrong with a geometry; null when nothing is.</summary>
    public static string? Check(ReadOnlyMemory<byte> json)
    {
        if (json.Span is not [(byte)'{', ..])
            return "the geometry is not a GeoJSON object.";
        JsonDocument? document = null;
        try
        {
            document = JsonDocument.Parse(json);
            return Check(document.RootElement);
        }
        catch (JsonException)
        {
            return "the geometry is not JSON.";
        }
        finally
        {
            document?.Dispose();
        }
    }

    private static string? Check(JsonElement root)
    {
        var type = root.TryGetProperty("type"u8, out var named) && named.ValueKind == JsonValueKind.String ? named.GetString() : null;
        if (type is null)
            return "the geometry has no type.";
        if (type == "GeometryCollection")
            return "a GeometryCollection is not allowed.";
        if (!root.TryGetProperty("coordinates"u8, out var coordinates) || coordinates.ValueKind != JsonValueKind.Array)
            return "the geometry has no coordinates.";
        return type switch
        {
            "Point" => Position(coordinates),
            "MultiPoint" => Each(coordinates, Position),
            "LineString" => Line(coordinates),
            "MultiLineString" => Each(coordinates, Line),
            "Polygon" => Polygon(coordinates),
            "MultiPolygon" => Each(coordinates, Polygon),
            _ => $"\"{type}\" is no geometry.",
        };
    }

    private static string? Position(JsonElement position)
    {
        if (position.ValueKind != JsonValueKind.Array || position.GetArrayLength() is < 2 or > 4)
            return "a position is not an array of two to four numbers.";
        foreach (var number in position.EnumerateArray())
            if (number.ValueKind != JsonValueKind.Number || !double.IsFinite(number.GetDouble()))
                return "a position has something that is not a number.";
        if (Math.Abs(position[0].GetDouble()) > 180 || Math.Abs(position[1].GetDouble()) > 90)
            return "a position lies outside longitude ±180, latitude ±90.";
        return null;
    }

    private static string? Line(JsonElement line) =>
        line.ValueKind != JsonValueKind.Array || line.GetArrayLength() < 2 ? "a line has fewer than two positions." : Each(line, Position);

    private static string? Polygon(JsonElement polygon) =>
        polygon.ValueKind != JsonValueKind.Array || polygon.GetArrayLength() == 0 ? "a polygon has no ring." : Each(polygon, Ring);

    private static string? Ring(JsonElement ring)
    {
        if (ring.ValueKind != JsonValueKind.Array || ring.GetArrayLength() < 4)
            return "a ring has fewer than four positions.";
        if (Each(ring, Position) is { } wrong)
            return wrong;
        var (first, last) = (ring[0], ring[ring.GetArrayLength() - 1]);
        return first[0].GetDouble() == last[0].GetDouble() && first[1].GetDouble() == last[1].GetDouble() ? null : "a ring is not closed.";
    }

    private static string? Each(JsonElement array, Func<JsonElement, string?> check)
    {
        if (array.ValueKind != JsonValueKind.Array)
            return "its coordinates are not nested as its type asks.";
        foreach (var item in array.EnumerateArray())
            if (check(item) is { } wrong)
                return wrong;
        return null;
    }
}
