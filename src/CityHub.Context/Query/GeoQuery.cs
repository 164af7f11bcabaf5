using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using NetTopologySuite;
using NetTopologySuite.Geometries;
using NetTopologySuite.Geometries.Prepared;
using NetTopologySuite.Geometries.Utilities;

namespace CityHub.Context.Query;

public enum GeoRelation
{
    Near,
    Within,
    Contains,
    Intersects,
    Equals,
    Disjoint,
    Overlaps,
}

/// <summary>
/// Clause 4.10. Topological relations are planar in WGS 84 degrees, as GeoJSON (RFC 7946) has it; near is the great-circle distance in metres between the nearest points.
/// </summary>
public sealed class GeoQuery
{
    private const double EarthRadius = 6_371_008.8; // metres, IUGG mean radius

    private readonly Geometry _reference;
    private readonly IPreparedGeometry _prepared;
    private readonly double _min;
    private readonly double _max;
    private readonly Envelope _window;

    private GeoQuery(int? property, GeoRelation relation, Geometry reference, double min, double max)
    {
        (Property, Relation, _reference, _min, _max) = (property, relation, reference, min, max);
        _prepared = PreparedGeometryFactory.Prepare(reference);
        _window = reference.EnvelopeInternal.Copy();
        if (relation == GeoRelation.Near)
            Widen(_window, max);
    }

    /// <summary>IRI id of the GeoProperty; null when no entity uses that word.</summary>
    public int? Property { get; }

    public GeoRelation Relation { get; }

    /// <summary>Where a match must lie; null when it may lie anywhere.</summary>
    internal Envelope? Window => Relation == GeoRelation.Disjoint || (Relation == GeoRelation.Near && double.IsPositiveInfinity(_max)) ? null : _window;

    /// <summary>The relation to a single point, without building a shape where numbers do.</summary>
    internal bool MatchesPoint(double x, double y)
    {
        if (Relation != GeoRelation.Near || _reference is not Point)
            return Matches(GeoShapes.Point(x, y));
        return _window.Contains(x, y) && Metres(_reference.Coordinate, new Coordinate(x, y)) is var metres && metres >= _min && metres <= _max;
    }

    /// <param name="georel">near;maxDistance==m, near;minDistance==m, within, contains, intersects, equals, disjoint, overlaps.</param>
    /// <param name="coordinates">A JSON array.</param>
    public static Result<GeoQuery> Parse(string georel, string? geometry, string? coordinates, string? geoproperty, LdContext context)
    {
        if (geometry is null || coordinates is null)
            return Bad("georel goes with geometry and coordinates.");
        var (min, max) = (0.0, double.PositiveInfinity);
        var parts = georel.Split(';');
        if (!Enum.TryParse<GeoRelation>(parts[0], ignoreCase: true, out var relation) || parts[0].Any(char.IsUpper) || !Enum.IsDefined(relation))
            return Bad($"\"{parts[0]}\" is no geographical relation.", "near, within, contains, intersects, equals, disjoint, overlaps");
        if (relation == GeoRelation.Near)
        {
            if (parts.Length != 2)
                return Bad("near needs maxDistance or minDistance.", "near;maxDistance==2000 (metres)");
            var (name, _, value) = Split(parts[1]);
            if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var metres) || !double.IsFinite(metres) || metres <= 0)
                return Bad($"\"{value}\" is no distance in metres.");
            if (name == "maxDistance")
                max = metres;
            else if (name == "minDistance")
                min = metres;
            else
                return Bad("near needs maxDistance or minDistance.", "near;maxDistance==2000 (metres)");
        }
        else if (parts.Length != 1)
            return Bad($"{parts[0]} takes no further condition.");

        if (Read(geometry, coordinates) is not { } reference)
            return Bad($"The geometry {geometry} with these coordinates is not valid.");
        var word = geoproperty ?? "location";
        return new GeoQuery(context.TryFindName(word, out var iri) ? iri : null, relation, reference, min, max);
    }

    public bool Matches(Entity entity)
    {
        if (Property is not { } name)
            return false;
        foreach (var attribute in entity.Attributes)
            if (attribute.Name == name && attribute.Kind == AttributeKind.GeoProperty && GeoShapes.Read(attribute.Value) is { } shape && Matches(shape))
                return true;
        return false;
    }

    /// <summary>Metres from the reference to the entity's shape, for ordering; infinite when it has none.</summary>
    public static double Distance(Geometry reference, Entity entity, int property)
    {
        var least = double.PositiveInfinity;
        foreach (var attribute in entity.Attributes)
            if (attribute.Name == property && attribute.Kind == AttributeKind.GeoProperty && GeoShapes.Read(attribute.Value) is { } shape)
                least = Math.Min(least, Metres(reference, shape));
        return least;
    }

    public static Geometry? Read(string geometry, string coordinates)
    {
        if (!Names.IsUnicode(geometry))
            return null;
        try
        {
            return GeoShapes.Read(Encoding.UTF8.GetBytes($"{{\"type\":\"{JsonEncodedText.Encode(geometry)}\",\"coordinates\":{coordinates}}}"));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static (string Name, string Operator, string Value) Split(string condition)
    {
        var at = condition.IndexOf("==", StringComparison.Ordinal);
        return at < 0 ? (condition, "", "") : (condition[..at], "==", condition[(at + 2)..]);
    }

    private bool Matches(Geometry shape)
    {
        if (Relation is not (GeoRelation.Disjoint or GeoRelation.Near) && !_window.Intersects(shape.EnvelopeInternal))
            return false;
        return Relation switch
        {
            GeoRelation.Near => Metres(_reference, shape) is var metres && metres >= _min && metres <= _max,
            GeoRelation.Within => _prepared.Covers(shape) && shape.Within(_reference),
            GeoRelation.Contains => shape.Contains(_reference),
            GeoRelation.Intersects => _prepared.Intersects(shape),
            GeoRelation.Equals => shape.EqualsExact(_reference) || shape.Normalized().EqualsExact(_reference.Normalized()) ||
                (shape.IsValid && _reference.IsValid && shape.EqualsTopologically(_reference)),
            GeoRelation.Disjoint => _prepared.Disjoint(shape),
            GeoRelation.Overlaps => _prepared.Overlaps(shape),
            _ => throw new InvalidOperationException($"No such relation: {Relation}"),
        };
    }

    private static double Metres(Geometry a, Geometry b)
    {
        if (a is Point p && b is Point q)
            return Metres(p.Coordinate, q.Coordinate);
        // Degrees of longitude shrink with the latitude: the nearest points are looked for where both count alike.
        var shrink = Math.Max(0.01, Math.Cos(double.DegreesToRadians(a.EnvelopeInternal.Centre.Y)));
        var scale = AffineTransformation.ScaleInstance(shrink, 1);
        var nearest = NetTopologySuite.Operation.Distance.DistanceOp.NearestPoints(scale.Transform(a), scale.Transform(b));
        return Metres(new Coordinate(nearest[0].X / shrink, nearest[0].Y), new Coordinate(nearest[1].X / shrink, nearest[1].Y));
    }

    private static double Metres(Coordinate a, Coordinate b)
    {
        var (la, lb) = (double.DegreesToRadians(a.Y), double.DegreesToRadians(b.Y));
        var dLat = Math.Sin((lb - la) / 2);
        var dLon = Math.Sin(double.DegreesToRadians(b.X - a.X) / 2);
        return 2 * EarthRadius * Math.Asin(Math.Min(1, Math.Sqrt(dLat * dLat + Math.Cos(la) * Math.Cos(lb) * dLon * dLon)));
    }

    private static void Widen(Envelope window, double metres)
    {
        var latitude = double.RadiansToDegrees(Math.Min(metres / EarthRadius, Math.PI));
        var widest = Math.Max(Math.Abs(window.MinY), Math.Abs(window.MaxY)) + latitude;
        window.ExpandBy(widest >= 89 ? 360 : latitude / Math.Cos(double.DegreesToRadians(widest)), latitude);
    }

    private static Problem Bad(string detail, string? hint = null) => ContextProblems.BadRequestData.Because(detail, hint, "ETSI GS CIM 009, 4.10");
}

/// <summary>GeoJSON → geometry.</summary>
internal static class GeoShapes
{
    /// <summary>The newer relate: the older one throws on polygons that cross themselves.</summary>
    private static readonly GeometryFactory Factory = new NtsGeometryServices(GeometryRelate.NG).CreateGeometryFactory(4326);

    public static Point Point(double x, double y) => Factory.CreatePoint(new Coordinate(x, y));

    /// <summary>Null when it is no geometry that the hub knows, or an empty one: that is nowhere.</summary>
    public static Geometry? Read(ReadOnlyMemory<byte> geoJson) => Shape(geoJson) is { IsEmpty: false } shape ? shape : null;

    private static Geometry? Shape(ReadOnlyMemory<byte> geoJson)
    {
        if (GeoJson.Check(geoJson) is not null)
            return null;
        using var document = JsonDocument.Parse(geoJson);
        var coordinates = document.RootElement.GetProperty("coordinates"u8);
        return document.RootElement.GetProperty("type"u8).GetString() switch
        {
            "Point" => Factory.CreatePoint(At(coordinates)),
            "MultiPoint" => Factory.CreateMultiPointFromCoords(Line(coordinates)),
            "LineString" => Factory.CreateLineString(Line(coordinates)),
            "MultiLineString" => Factory.CreateMultiLineString([.. coordinates.EnumerateArray().Select(l => Factory.CreateLineString(Line(l)))]),
            "Polygon" => Polygon(coordinates),
            "MultiPolygon" => Factory.CreateMultiPolygon([.. coordinates.EnumerateArray().Select(Polygon)]),
            _ => null,
        };
    }

    private static Polygon Polygon(JsonElement rings)
    {
        var all = rings.EnumerateArray().Select(r => Factory.CreateLinearRing(Line(r))).ToArray();
        return Factory.CreatePolygon(all[0], all[1..]);
    }

    private static Coordinate[] Line(JsonElement positions) => [.. positions.EnumerateArray().Select(At)];

    private static Coordinate At(JsonElement position) => new(position[0].GetDouble(), position[1].GetDouble());
}
