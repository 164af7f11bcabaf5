using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Context.JsonLd;
using CityHub.Context.Temporal;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace CityHub.Context.Http;

/// <summary>Where a request stops being acceptable.</summary>
public sealed record ContextLimits
{
    public int BodyBytes { get; init; } = 16 << 20;

    public int BatchEntities { get; init; } = 10_000;

    public int PageEntities { get; init; } = 1_000;

    /// <summary>Attribute instances in one temporal answer; the rest is for the next page (6.3.10).</summary>
    public int TemporalInstances { get; init; } = 10_000;
}

/// <summary>What the broker's endpoints stand on.</summary>
public sealed record ContextRoom(Broker Broker, ContextStore Contexts, History History, ContextLimits Limits)
{
    /// <summary>Null: whoever may read entities reads all of them.</summary>
    public IEntityGuard? Guard { get; init; }

    /// <summary>The sight of whoever asks; the value is null where nothing is guarded.</summary>
    /// <param name="types">IRI ids of the types that the request names; null: none.</param>
    internal ValueTask<Result<EntityReading?>> ReadingAsync(HttpContext http, string tenant, IReadOnlyCollection<int>? types) => Guard?.OpenAsync(http, tenant, types) ?? default;

    /// <summary>The entity is there, and not for whoever asks: what became of his write in it is not told.</summary>
    internal async ValueTask<bool> HidesAsync(HttpContext http, string tenant, string id)
    {
        if (Guard is null || Broker.Table(tenant)?.Find(id) is not { } entity)
            return false;
        return !(await ReadingAsync(http, tenant, null)).TryGet(out var reading, out _) || (reading is not null && reading.See(entity) is null);
    }

    /// <summary>What whoever asks sees of a tenant that exists.</summary>
    internal async ValueTask<Result<SeenTable>> SeenAsync(HttpContext http, string tenant, IReadOnlyCollection<int>? types)
    {
        if (!Table(tenant).TryGet(out var table, out var problem) || !(await ReadingAsync(http, tenant, types)).TryGet(out var reading, out problem))
            return problem;
        return new SeenTable(table, reading);
    }

    internal async ValueTask<Result<LdBody>> BodyAsync(HttpContext http, string tenant, bool array = false) =>
        await NgsiLdHttp.LdBodyAsync(http, Contexts, tenant, Limits.BodyBytes, array);

    /// <summary>The table of a tenant that exists; reads do not make tenants.</summary>
    internal Result<EntityTable> Table(string tenant) => Broker.Table(tenant) is { } table
        ? table
        : ContextProblems.NoSuchTenant.Because($"There is no tenant \"{tenant}\".", "A tenant begins with the first entity or subscription written to it.");

    internal long Now => Broker.Clock.GetUtcNow().UtcTicks;
}

/// <summary>A handler that answers with a value or a refusal; the refusal is written for it.</summary>
internal delegate ValueTask<Problem?> Handler(HttpContext http, ContextRoom room, string tenant);

internal static class Handlers
{
    /// <param name="parameters">The query parameters that the operation knows (6.3.2: any other is an InvalidRequest); null: it looks itself.</param>
    public static RequestDelegate Of(ContextRoom room, Handler handler, IReadOnlySet<string>? parameters = null) => async http =>
    {
        if (http.Request.ContentLength is null && http.Request.Method is "POST" or "PATCH" or "PUT")
        {
            // 6.3.4: the length of a body is told beforehand; who does not gets "just a 411 (without any payload body)".
            http.Response.StatusCode = StatusCodes.Status411LengthRequired;
            http.Response.ContentLength = 0;
            return;
        }

        var problem = NgsiLdHttp.Tenant(http).TryGet(out var tenant, out var badTenant)
            ? Malformed(http, room, parameters) ?? await handler(http, room, tenant)
            : badTenant;
        if (problem is not null)
            await NgsiLdHttp.WriteProblem(http, problem);
    };

    private static Problem? Malformed(HttpContext http, ContextRoom room, IReadOnlySet<string>? parameters)
    {
        // The server has resolved dot segments: an attribute named ".." would have deleted its entity.
        if (http.Features.Get<IHttpRequestFeature>()?.RawTarget is { } target && HasDotSegment(target))
            return ContextProblems.BadRequestData.Because("The path has a dot segment.");
        if (parameters is not null && http.Request.QueryString.HasValue)
            foreach (var name in http.Request.Query.Keys)
                if (!parameters.Contains(name) && room.Guard?.Parameters.Contains(name) != true)
                    return ContextProblems.InvalidRequest.Because($"There is no parameter \"{name}\" here.", string.Join(", ", parameters), "ETSI GS CIM 009, 6.3.2");
        return null;
    }

    private static bool HasDotSegment(string target)
    {
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? target.AsSpan() : target.AsSpan(0, query);
        if (!path.Contains("/.", StringComparison.Ordinal) && !path.Contains("/%", StringComparison.Ordinal))
            return false;
        foreach (var range in path.Split('/'))
            if (Uri.UnescapeDataString(Uri.UnescapeDataString(path[range].ToString())) is "." or "..")
                return true;
        return false;
    }

    /// <summary>The {id} of the path: a URI (6.5.1).</summary>
    public static Result<string> EntityId(HttpContext http)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        return Names.IsUri(id) ? id : ContextProblems.BadRequestData.Because($"\"{id}\" is not an entity's id.", "An id is a URI, e.g. urn:ngsi-ld:Sensor:42.", "ETSI GS CIM 009, 4.6.1");
    }

    /// <summary>An id as it stands in a Location header: RFC 3986 as it is, anything else percent-encoded.</summary>
    public static string UriPath(string id) => id.All(char.IsAscii) ? id : new Uri(id).AbsoluteUri;

    public static ValueTask<Problem?> Empty(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        http.Response.ContentLength = status == 204 ? null : 0;
        return default;
    }
}
