using System.Globalization;
using System.Text.Json;
using CityHub.Context.Http;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Context.JsonLd;

/// <summary>The routes of clause 5.13: contexts added, listed, served and deleted, each tenant its own.</summary>
public static class ContextEndpoints
{
    public static void MapJsonLdContexts(this IEndpointRouteBuilder routes, ContextRoom room)
    {
        var root = ContextStore.Path.TrimEnd('/');
        Map("POST", root, Add, Permissions.ContextsWrite, "Add a JSON-LD context (5.13.2)", "addContext");
        Map("GET", root, List, Permissions.ContextsRead, "List JSON-LD contexts (5.13.3)", "listContexts", "details", "kind");
        Map("GET", root + "/{**id}", Serve, Permissions.ContextsRead, "Serve a JSON-LD context (5.13.4)", "serveContext", "details");
        Map("DELETE", root + "/{**id}", Delete, Permissions.ContextsWrite, "Delete a JSON-LD context, or reload a cached one (5.13.5)", "deleteContext", "reload");

        void Map(string method, string pattern, Handler handler, string permission, string summary, string name, params string[] parameters) =>
            routes.MapMethods(pattern, [method], Handlers.Of(room, handler, parameters.ToHashSet(StringComparer.Ordinal)))
                .RequireAuthorization(permission).WithName(name).WithSummary(summary).WithTags("NGSI-LD contexts");
    }

    /// <summary>The absolute URL under which the hub serves a context, by the name that this client knows the hub by.</summary>
    public static string UrlOf(HttpContext http, StoredContext stored) =>
        stored.Url ?? $"{http.Request.Scheme}://{http.Request.Host.ToUriComponent()}{http.Request.PathBase}{ContextStore.Path}{stored.Id}";

    private static async ValueTask<Problem?> Add(HttpContext http, ContextRoom room, string tenant)
    {
        var media = (http.Request.ContentType ?? "").Split(';')[0].Trim();
        if (!media.Equals("application/json", StringComparison.OrdinalIgnoreCase) && !media.Equals("application/ld+json", StringComparison.OrdinalIgnoreCase))
            return ContextProblems.UnsupportedMediaType.Because($"\"{http.Request.ContentType}\" cannot be read here.", "application/json, application/ld+json");
        var body = await NgsiLdHttp.BodyAsync(http, ContextFetcher.MostBytes);
        if (!body.Ok)
            return body.Problem;
        var stored = await room.Contexts.AddAsync(tenant, body.Value, ContextKind.Hosted, http.RequestAborted);
        if (!stored.Ok)
            return stored.Problem;
        http.Response.Headers.Location = ContextStore.Path + stored.Value.Id;
        return await Handlers.Empty(http, StatusCodes.Status201Created);
    }

    private static async ValueTask<Problem?> List(HttpContext http, ContextRoom room, string tenant)
    {
        var parameters = new Parameters(http.Request.Query);
        if (!parameters.Flag("details").TryGet(out var details, out var problem) || !NgsiLdHttp.Accept(http).TryGet(out var media, out problem))
            return problem;
        ContextKind? kind = null;
        if (parameters["kind"] is { } name)
        {
            if (KindOf(name) is not { } known)
                return Parameters.Bad($"There is no kind \"{name}\" of contexts.", "Hosted, Cached, ImplicitlyCreated");
            kind = known;
        }

        var list = room.Contexts.List(tenant, kind).ToList();
        await NgsiLdHttp.WriteAsync(http, StatusCodes.Status200OK, media, null, json =>
        {
            json.WriteStartArray();
            if (kind is null or ContextKind.Cached)
            {
                if (details)
                    CoreDetails(json, CoreContext.Url);
                else
                    json.WriteStringValue(CoreContext.Url);
            }

            foreach (var stored in list)
                if (details)
                    Details(json, http, stored);
                else
                    json.WriteStringValue(UrlOf(http, stored));
            json.WriteEndArray();
        });
        return null;
    }

    private static async ValueTask<Problem?> Serve(HttpContext http, ContextRoom room, string tenant)
    {
        if (!new Parameters(http.Request.Query).Flag("details").TryGet(out var details, out var problem) || !NgsiLdHttp.Accept(http).TryGet(out var media, out problem))
            return problem;
        var id = Id(http);
        if (CoreContext.VersionOf(id) is { } version)
        {
            await NgsiLdHttp.WriteAsync(http, StatusCodes.Status200OK, media, null, json =>
            {
                if (details)
                    CoreDetails(json, id);
                else
                    json.WriteRawValue(CoreContext.Document(version).Span);
            });
            return null;
        }

        if (room.Contexts.Find(tenant, id) is not { } stored)
            return ContextProblems.ResourceNotFound.Because($"There is no context {id}.", "GET /ngsi-ld/v1/jsonldContexts lists them.");
        if (!details && stored.Kind == ContextKind.Cached)
            return ContextProblems.OperationNotSupported.Because($"The context {stored.Url} is cached here; it is served where it came from.", "With details=true the hub says what it knows of it.", "ETSI GS CIM 009, 5.13.4.4");
        await NgsiLdHttp.WriteAsync(http, StatusCodes.Status200OK, media, null, json =>
        {
            if (details)
                Details(json, http, stored);
            else
                json.WriteRawValue(stored.Body.Span);
        });
        room.Contexts.Use(stored);
        return null;
    }

    private static async ValueTask<Problem?> Delete(HttpContext http, ContextRoom room, string tenant)
    {
        if (!new Parameters(http.Request.Query).Flag("reload").TryGet(out var reload, out var problem))
            return problem;
        var id = Id(http);
        if (CoreContext.IsCoreUrl(id))
            // It is built in: reloading it changes nothing, and a hub without it would not be one.
            return reload ? await Handlers.Empty(http, StatusCodes.Status204NoContent) : Parameters.Bad("The core context cannot be deleted.");
        var deleted = await room.Contexts.DeleteAsync(tenant, id, reload, http.RequestAborted);
        return deleted.Ok ? await Handlers.Empty(http, StatusCodes.Status204NoContent) : deleted.Problem;
    }

    /// <summary>The local id, or the URL of a cached context; the server leaves an encoded slash as it came.</summary>
    private static string Id(HttpContext http) => (http.Request.RouteValues["id"] as string ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static ContextKind? KindOf(string name) => name switch
    {
        "Hosted" => ContextKind.Hosted,
        "Cached" => ContextKind.Cached,
        "ImplicitlyCreated" => ContextKind.ImplicitlyCreated,
        _ => null,
    };

    /// <summary>5.13.3.5</summary>
    private static void Details(Utf8JsonWriter json, HttpContext http, StoredContext stored)
    {
        json.WriteStartObject();
        json.WriteString("URL"u8, UrlOf(http, stored));
        json.WriteString("localId"u8, stored.Id);
        json.WriteString("kind"u8, stored.Kind.ToString());
        json.WriteString("createdAt"u8, Time(stored.CreatedAt));
        if (stored.LastUsed > 0)
            json.WriteString("lastUsage"u8, Time(stored.LastUsed));
        json.WriteNumber("numberOfHits"u8, stored.Hits);
        json.WriteEndObject();
    }

    private static void CoreDetails(Utf8JsonWriter json, string url)
    {
        json.WriteStartObject();
        json.WriteString("URL"u8, url);
        json.WriteString("localId"u8, url[(url.LastIndexOf('/') + 1)..]);
        json.WriteString("kind"u8, nameof(ContextKind.Cached));
        json.WriteString("createdAt"u8, "2025-07-01T00:00:00Z"); // API 1.9.1; the table is part of the program.
        json.WriteEndObject();
    }

    private static string Time(long ticks) => new DateTime(ticks, DateTimeKind.Utc).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
