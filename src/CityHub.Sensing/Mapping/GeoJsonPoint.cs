using System.Text.Json;
using CityHub.Core.Ports;

namespace CityHub.Sensing.Mapping;

/// <summary>A Point of RFC 7946: where an observation was made is one place.</summary>
internal static class GeoJsonPoint
{
    /// <returns>What is wrong; null when nothing is.</returns>
    public static string? Read(in Cell cell, out GeoPoint point)
    {
        point = default;
        if (cell.Kind is not CellKind.Json && cell.Characters.IsEmpty)
            return "it is no GeoJSON geometry";
        var (isPoint, hasPosition, longitude, latitude) = (false, false, 0.0, 0.0);
        var reader = new Utf8JsonReader(cell.Kind == CellKind.Json ? cell.Bytes.Span : cell.Characters);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return "it is no GeoJSON geometry";
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    reader.Read();
                    isPoint = reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("Point"u8);
                    if (!isPoint)
                        return $"it is a {(reader.TokenType == JsonTokenType.String ? reader.GetString() : "geometry of no type")}; only a Point says where something was observed";
                }
                else if (reader.ValueTextEquals("coordinates"u8))
                {
                    reader.Read();
                    if (reader.TokenType != JsonTokenType.StartArray || !Number(ref reader, out longitude) || !Number(ref reader, out latitude))
                        return "its coordinates are not [longitude, latitude]";
                    hasPosition = true;
                    while (reader.Read() && reader.TokenType == JsonTokenType.Number)
                    {
                        // An altitude is let through.
                    }

                    if (reader.TokenType != JsonTokenType.EndArray)
                        return "its coordinates are not [longitude, latitude]";
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return "it is no GeoJSON geometry";
        }

        if (!isPoint || !hasPosition)
            return "it is no GeoJSON Point";
        if (Math.Abs(longitude) > 180 || Math.Abs(latitude) > 90)
            return "its coordinates lie outside longitude ±180, latitude ±90";
        point = new GeoPoint(longitude, latitude);
        return null;
    }

    private static bool Number(ref Utf8JsonReader reader, out double number)
    {
        number = 0;
        return reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out number) && double.IsFinite(number);
    }
}
