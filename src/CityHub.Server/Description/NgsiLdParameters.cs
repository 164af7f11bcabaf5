using CityHub.Server.Http;

namespace CityHub.Server.Description;

/// <summary>
/// The query parameters and headers of NGSI-LD routes (ETSI GS CIM 009 clauses 6.4.3, 6.5.3, 6.18.3): they are the same for whole families of
/// routes, so they are described once, by path and method, and not at each of a hundred endpoints.
/// </summary>
internal static class NgsiLdParameters
{
    private static readonly Parameter Tenant = new("NGSILD-Tenant", "The tenant; the default one without it") { In = "header" };
    private static readonly Parameter Link = new("Link", "The @context of names in the request, rel=\"http://www.w3.org/ns/json-ld#context\"") { In = "header" };
    private static readonly Parameter[] Paging =
    [
        new("limit", "At most so many", "integer"), new("offset", "Skip so many", "integer"), new("count", "Say how many there are in NGSILD-Results-Count", "boolean"),
    ];

    private static readonly Parameter[] Selection =
    [
        new("id", "URIs, separated by commas"), new("type", "Type selection, e.g. Vehicle,(Bus;Tram)"), new("idPattern", "Regular expression that the id matches"),
        new("q", "Query on attribute values, e.g. speed>50;brand==\"Mercedes\""), new("scopeQ", "Query on scopes, e.g. /Shuzhou/#"),
        new("georel", "near;maxDistance==2000, within, intersects, …"), new("geometry", "Point, Polygon, …"), new("coordinates", "JSON array as in GeoJSON"), new("geoproperty", "The GeoProperty that is compared; location without it"),
    ];

    private static readonly Parameter[] Projection =
    [
        new("attrs", "Only these attributes, and entities that have one of them"), new("pick", "Only these members"), new("omit", "Without these members"),
        new("options", "keyValues, concise, sysAttrs"), new("format", "normalized, concise, simplified"), new("lang", "One language of LanguageProperties"),
    ];

    private static readonly Parameter[] Temporal =
    [
        new("timerel", "before, after, between"), new("timeAt", "ISO 8601, UTC"), new("endTimeAt", "ISO 8601, UTC; with between"), new("timeproperty", "observedAt, createdAt, modifiedAt"),
        new("lastN", "Only the last so many instances of each attribute", "integer"), new("aggrMethods", "avg, min, max, sum, totalCount, distinctCount, sumsq, stddev"), new("aggrPeriodDuration", "ISO 8601 duration of a bucket, e.g. PT1H"),
    ];

    public static IEnumerable<Parameter> Of(RouteEndpoint endpoint)
    {
        var path = OpenApi.PathOf(endpoint.RoutePattern);
        if (!path.StartsWith("/ngsi-ld/", StringComparison.Ordinal))
            return [];
        var reads = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("GET") == true;
        var temporal = path.Contains("/temporal/", StringComparison.Ordinal);
        IEnumerable<Parameter> all = [Tenant, Link];
        if (!reads)
            return all;
        if (path.EndsWith("/entities", StringComparison.Ordinal))
            all = all.Concat(Selection).Concat(Paging);
        else if (path.EndsWith("/subscriptions", StringComparison.Ordinal) || path.EndsWith("/types", StringComparison.Ordinal) || path.EndsWith("/attributes", StringComparison.Ordinal))
            all = all.Concat(Paging);
        if (path.Contains("/entities", StringComparison.Ordinal))
            all = all.Concat(Projection);
        return temporal ? all.Concat(Temporal) : all;
    }
}
