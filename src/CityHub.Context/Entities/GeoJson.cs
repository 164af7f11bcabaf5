using System.Text.Json;

namespace CityHub.Context.Entities;

/// <summary>The geometries of RFC 7946 that clause 4.7.1 allows: all but GeometryCollection.</summary>
internal static class GeoJson
{
    private enum Nesting
    {
        Position,
        Positions,
        Line,
        Lines,
        Polygon,
        Polygons,
    }

    public static bool IsGeometryType(ReadOnlySpan<byte> type) => NestingOf(type) is not null || type.SequenceEqual("GeometryCollection"u8);

    /// <summary>What is wrong with a geometry; null when nothing is.</summary>
    public static string? Check(ReadOnlyMemory<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = ReadLimits.Default.MostDepth });
            reader.Read();
            return Check(ref reader) ?? (reader.Read() ? "the geometry is followed by something else." : null);
        }
        catch (JsonException)
        {
            return "the geometry is not JSON.";
        }
    }

    /// <summary>As <see cref="Check(ReadOnlyMemory{byte})"/>, for the value under the reader; where nothing is wrong the reader stands on its last token afterwards.</summary>
    public static string? Check(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            return "the geometry is not a GeoJSON object.";
        Nesting? nesting = null;
        var (typed, found, waiting) = (false, false, false);
        Utf8JsonReader coordinates = default;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("type"u8))
            {
                reader.Read();
                if (reader.TokenType != JsonTokenType.String || typed)
                    return typed ? "the geometry has two types." : "the geometry's type is not text.";
                if (reader.ValueTextEquals("GeometryCollection"u8))
                    return "a GeometryCollection is not allowed.";
                nesting = NestingOf(reader.ValueSpan);
                if (nesting is null)
                    return $"\"{reader.GetString()}\" is no geometry.";
                typed = true;
            }
            else if (reader.ValueTextEquals("coordinates"u8))
            {
                reader.Read();
                if (found)
                    return "the geometry has its coordinates twice.";
                found = true;
                if (nesting is { } known)
                {
                    if (Coordinates(ref reader, known) is { } wrong)
                        return wrong;
                    continue;
                }

                // The type comes later: look at them then.
                coordinates = reader;
                waiting = true;
                reader.Skip();
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        if (nesting is not { } last)
            return "the geometry has no type.";
        if (!found)
            return "the geometry has no coordinates.";
        return waiting ? Coordinates(ref coordinates, last) : null;
    }

    private static Nesting? NestingOf(ReadOnlySpan<byte> type) => type.Length switch
    {
        5 when type.SequenceEqual("Point"u8) => Nesting.Position,
        7 when type.SequenceEqual("Polygon"u8) => Nesting.Polygon,
        10 when type.SequenceEqual("LineString"u8) => Nesting.Line,
        10 when type.SequenceEqual("MultiPoint"u8) => Nesting.Positions,
        12 when type.SequenceEqual("MultiPolygon"u8) => Nesting.Polygons,
        15 when type.SequenceEqual("MultiLineString"u8) => Nesting.Lines,
        _ => null,
    };

    private static string? Coordinates(ref Utf8JsonReader reader, Nesting nesting)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return "the geometry has no coordinates.";
        return nesting switch
        {
            Nesting.Position => Position(ref reader, out _),
            Nesting.Positions => Positions(ref reader, out _, out _, out _),
            Nesting.Line => Line(ref reader),
            Nesting.Polygon => Polygon(ref reader),
            Nesting.Lines => Each(ref reader, Nesting.Line),
            Nesting.Polygons => Each(ref reader, Nesting.Polygon),
            _ => throw new InvalidOperationException($"No such nesting: {nesting}"),
        };
    }

    private static string? Position(ref Utf8JsonReader reader, out (double Longitude, double Latitude) position)
    {
        position = default;
        if (reader.TokenType != JsonTokenType.StartArray)
            return "a position is not an array of two to four numbers.";
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var number) || !double.IsFinite(number))
                return "a position has something that is not a number.";
            if (count == 0)
                position.Longitude = number;
            else if (count == 1)
                position.Latitude = number;
            count++;
        }

        if (count is < 2 or > 4)
            return "a position is not an array of two to four numbers.";
        return Math.Abs(position.Longitude) > 180 || Math.Abs(position.Latitude) > 90 ? "a position lies outside longitude ±180, latitude ±90." : null;
    }

    private static string? Positions(ref Utf8JsonReader reader, out int count, out (double, double) first, out (double, double) last)
    {
        (count, first, last) = (0, default, default);
        if (reader.TokenType != JsonTokenType.StartArray)
            return "its coordinates are not nested as its type asks.";
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (Position(ref reader, out last) is { } wrong)
                return wrong;
            if (count++ == 0)
                first = last;
        }

        return null;
    }

    private static string? Line(ref Utf8JsonReader reader) =>
        Positions(ref reader, out var count, out _, out _) ?? (count < 2 ? "a line has fewer than two positions." : null);

    private static string? Polygon(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            return "its coordinates are not nested as its type asks.";
        var rings = 0;
        for (; reader.Read() && reader.TokenType != JsonTokenType.EndArray; rings++)
        {
            if (Positions(ref reader, out var count, out var first, out var last) is { } wrong)
                return wrong;
            if (count < 4)
                return "a ring has fewer than four positions.";
            if (first != last)
                return "a ring is not closed.";
        }

        return rings == 0 ? "a polygon has no ring." : null;
    }

    private static string? Each(ref Utf8JsonReader reader, Nesting item)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            if ((item == Nesting.Line ? Line(ref reader) : Polygon(ref reader)) is { } wrong)
                return wrong;
        return null;
    }
}
