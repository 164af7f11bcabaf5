using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData.Ckan;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.OpenData.Features;

/// <summary>OGC API Features 1.0, parts 1 and 2: datasets whose rows have a place, as collections of points in GeoJSON.</summary>
internal static class FeatureRoutes
{
    private const string GeoJson = "application/geo+json";

    public static readonly IReadOnlyList<string> Conformance =
    [
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
        "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    ];

    public static void Map(IEndpointRouteBuilder routes, OpenDataRoom room)
    {
        Route("/ogc", "FeaturesLanding", LandingAsync, "OGC API: where to begin");
        Route("/ogc/api", "FeaturesApi", FeaturesApi.HandleAsync, "OGC API: its description in OpenAPI 3.0");
        Route("/ogc/conformance", "FeaturesConformance", ConformanceAsync, "OGC API: the classes that it conforms to");
        Route("/ogc/collections", "FeaturesCollections", CollectionsAsync, "OGC API: the collections that the caller sees");
        Route("/ogc/collections/{collection}", "FeaturesCollection", CollectionAsync, "OGC API: one collection");
        Route("/ogc/collections/{collection}/items", "FeaturesItems", ItemsAsync, "OGC API: features of a collection, a page at a time");
        Route("/ogc/collections/{collection}/items/{feature}", "FeaturesItem", ItemAsync, "OGC API: one feature");

        void Route(string path, string name, Func<HttpContext, OpenDataRoom, ValueTask<Problem?>> handler, string summary) =>
            routes.MapGet(path, RoomHttp.Handle(http => handler(http, room))).RequireAuthorization(Permissions.Optional).WithName(name).WithSummary(summary).WithTags("OGC API Features");
    }

    public static void Link(Utf8JsonWriter json, string href, string rel, string type, string? title = null)
    {
        json.WriteStartObject();
        json.WriteString("href"u8, href);
        json.WriteString("rel"u8, rel);
        json.WriteString("type"u8, type);
        if (title is not null)
            json.WriteString("title"u8, title);
        json.WriteEndObject();
    }

    /// <summary>Unknown parameters are refused (part 1, 7.8).</summary>
    public static Problem? NoParameters(HttpContext http, params ReadOnlySpan<string> known)
    {
        foreach (var name in http.Request.Query.Keys)
            if (name != "f" && !known.Contains(name) && !OpenDataRoom.AskParameters.Contains(name))
                return FeatureProblems.BadParameter.Because($"{name} is no parameter here.");
        return FeatureQuery.FormatOf(http).Problem;
    }

    private static async ValueTask<Problem?> LandingAsync(HttpContext http, OpenDataRoom room)
    {
        if (NoParameters(http) is { } problem)
            return problem;
        var root = room.BaseOf(http) + "/ogc";
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("title"u8, room.Title.Zh);
            json.WriteString("description"u8, room.Title.En);
            json.WriteStartArray("links"u8);
            Link(json, root + "/", "self", "application/json");
            Link(json, root + "/api", "service-desc", FeaturesApi.MediaType);
            Link(json, room.BaseOf(http) + "/catalog", "service-doc", "text/html");
            Link(json, root + "/conformance", "conformance", "application/json");
            Link(json, root + "/collections", "data", "application/json");
            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> ConformanceAsync(HttpContext http, OpenDataRoom room)
    {
        if (NoParameters(http) is { } problem)
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("conformsTo"u8);
            foreach (var one in Conformance)
                json.WriteStringValue(one);
            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> CollectionsAsync(HttpContext http, OpenDataRoom room)
    {
        if (NoParameters(http) is { } problem)
            return problem;
        var root = room.BaseOf(http) + "/ogc";
        var seen = room.Seen(SharingHttp.CallerOf(http)).Where(PackageWriter.HasPlace).OrderBy(dataset => dataset.Id, StringComparer.Ordinal);
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("links"u8);
            Link(json, root + "/collections", "self", "application/json");
            json.WriteEndArray();
            json.WriteStartArray("crs"u8);
            foreach (var crs in Crs.All)
                json.WriteStringValue(crs.Uri);
            json.WriteEndArray();
            json.WriteStartArray("collections"u8);
            foreach (var dataset in seen)
                Collection(json, root, dataset);
            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> CollectionAsync(HttpContext http, OpenDataRoom room)
    {
        if (NoParameters(http) is { } problem || !Find(http, room).TryGet(out var dataset, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Collection(json, room.BaseOf(http) + "/ogc", dataset));
        return null;
    }

    private static async ValueTask<Problem?> ItemsAsync(HttpContext http, OpenDataRoom room)
    {
        if (!Find(http, room).TryGet(out var dataset, out var problem) || !(await room.SchemaOfAsync(http, dataset, Rights.Obtain, DeliveryModes.Api)).TryGet(out var schema, out problem)
            || !FeatureQuery.Read(http, dataset, schema).TryGet(out var asked, out problem))
            return problem;
        var query = new ReleaseQuery { Where = asked.Where, Limit = asked.Limit, Offset = asked.Offset, Count = true };
        if (!(await room.OpenAsync(http, dataset, Rights.Obtain, DeliveryModes.Api, null, query)).TryGet(out var opened, out problem))
            return problem;
        http.Response.Headers["Content-Crs"] = $"<{asked.Crs.Uri}>";
        var total = opened.Stream.Total ?? 0;
        var self = room.BaseOf(http) + http.Request.Path;
        var next = asked.Offset + asked.Limit < total ? At(asked.Offset + asked.Limit) : null;
        var before = asked.Offset > 0 ? At(Math.Max(0, asked.Offset - asked.Limit)) : null;
        return await ReleaseBody.SendAsync(http, opened.Stream, GeoJson, async body =>
        {
            await using var json = new Utf8JsonWriter(body.Buffer, ReleaseBody.JsonOptions);
            json.WriteStartObject();
            json.WriteString("type"u8, "FeatureCollection");
            json.WriteNumber("numberMatched"u8, total);
            json.WriteNumber("numberReturned"u8, Math.Clamp(total - asked.Offset, 0, asked.Limit));
            json.WriteString("timeStamp"u8, RoomHttp.Time(room.Clock.GetUtcNow()));
            json.WriteStartArray("links"u8);
            Link(json, self + http.Request.QueryString, "self", GeoJson);
            if (next is not null)
                Link(json, next, "next", GeoJson);
            if (before is not null)
                Link(json, before, "prev", GeoJson);
            Link(json, $"{room.BaseOf(http)}/ogc/collections/{dataset.Id}", "collection", "application/json");
            json.WriteEndArray();
            json.WriteStartArray("features"u8);
            var writer = new FeatureWriter(dataset, opened.Stream.Schema, asked.Crs);
            while (await opened.Stream.NextAsync(http.RequestAborted) is { } batch)
                for (var row = 0; row < batch.Rows; row++)
                {
                    writer.Write(json, batch, row);
                    await json.FlushAsync();
                    await body.FlushIfFullAsync();
                }

            json.WriteEndArray();
            json.WriteEndObject();
            await json.FlushAsync();
        });

        string At(long offset)
        {
            var kept = http.Request.Query.Where(one => one.Key is not ("offset" or "limit")).SelectMany(one => one.Value.Select(value => $"{one.Key}={Uri.EscapeDataString(value ?? "")}&"));
            return $"{self}?{string.Concat(kept)}limit={ReleaseBody.Whole(asked.Limit)}&offset={ReleaseBody.Whole(offset)}";
        }
    }

    private static async ValueTask<Problem?> ItemAsync(HttpContext http, OpenDataRoom room)
    {
        if (NoParameters(http, "crs") is { } problem || !Find(http, room).TryGet(out var dataset, out problem) || !Crs.Of("crs", http.Request.Query["crs"]).TryGet(out var crs, out problem))
            return problem;
        var key = http.Request.RouteValues["feature"] as string ?? "";
        if (dataset.Key is null)
            return Unknown(key);
        if (!(await room.OpenAsync(http, dataset, Rights.Obtain, DeliveryModes.Api, null, new ReleaseQuery { Key = key })).TryGet(out var opened, out problem))
            return problem;
        Problem? none = null;
        var sent = await ReleaseBody.SendAsync(http, opened.Stream, GeoJson, async body =>
        {
            var batch = await opened.Stream.NextAsync(http.RequestAborted);
            while (batch is { Rows: 0 })
                batch = await opened.Stream.NextAsync(http.RequestAborted);
            if (batch is null)
            {
                none = Unknown(key);
                return;
            }

            http.Response.Headers["Content-Crs"] = $"<{crs.Uri}>";
            await using var json = new Utf8JsonWriter(body.Buffer, ReleaseBody.JsonOptions);
            new FeatureWriter(dataset, opened.Stream.Schema, crs).Write(json, batch, 0, links =>
            {
                links.WriteStartArray("links"u8);
                Link(links, room.BaseOf(http) + http.Request.Path, "self", GeoJson);
                Link(links, $"{room.BaseOf(http)}/ogc/collections/{dataset.Id}", "collection", "application/json");
                links.WriteEndArray();
            });
            await json.FlushAsync();
        });
        return sent ?? none;

        static Problem Unknown(string key) => FeatureProblems.NotFound.Because($"There is no feature {key} in what you may have.");
    }

    private static Result<Dataset> Find(HttpContext http, OpenDataRoom room)
    {
        var name = http.Request.RouteValues["collection"] as string ?? "";
        return room.Find(SharingHttp.CallerOf(http), name).TryGet(out var dataset, out _) && PackageWriter.HasPlace(dataset)
            ? dataset
            : FeatureProblems.NotFound.Because($"\"{name}\" is no collection that you can see.", "/ogc/collections lists those that you can.");
    }

    private static void Collection(Utf8JsonWriter json, string root, Dataset dataset)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, dataset.Id);
        json.WriteString("title"u8, dataset.Title.Zh);
        json.WriteString("description"u8, dataset.Abstract.Zh);
        json.WriteString("itemType"u8, "feature");
        json.WriteString("storageCrs"u8, Crs.Crs84.Uri);
        json.WriteStartArray("crs"u8);
        foreach (var crs in Crs.All)
            json.WriteStringValue(crs.Uri);
        json.WriteEndArray();
        json.WriteStartArray("links"u8);
        Link(json, $"{root}/collections/{dataset.Id}", "self", "application/json");
        Link(json, $"{root}/collections/{dataset.Id}/items", "items", GeoJson, dataset.Title.Zh);
        if (dataset.Licence is { } licence)
            Link(json, licence, "license", "text/html");
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
