using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Http;

/// <summary>Where a request stops being acceptable.</summary>
public sealed record ContextLimits
{
    public int BodyBytes { get; init; } = 16 << 20;

    public int BatchEntities { get; init; } = 10_000;

    public int PageEntities { get; init; } = 1_000;
}

/// <summary>What the broker's endpoints stand on.</summary>
public sealed record ContextRoom(Broker Broker, ContextStore Contexts, ContextLimits Limits)
{
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
    public static RequestDelegate Of(ContextRoom room, Handler handler) => async http =>
    {
        var problem = NgsiLdHttp.Tenant(http).TryGet(out var tenant, out var badTenant) ? await handler(http, room, tenant) : badTenant;
        if (problem is not null)
            await NgsiLdHttp.WriteProblem(http, problem);
    };

    /// <summary>The {id} of the path: a URI (6.5.1).</summary>
    public static Result<string> EntityId(HttpContext http)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        return Names.IsUri(id) ? id : ContextProblems.BadRequestData.Because($"\"{id}\" is not an entity's id.", "An id is a URI, e.g. urn:ngsi-ld:Sensor:42.", "ETSI GS CIM 009, 4.6.1");
    }

    public static ValueTask<Problem?> Empty(HttpContext http, int status)
    {
        http.Response.StatusCode = status;
        http.Response.ContentLength = status == 204 ? null : 0;
        return default;
    }
}
