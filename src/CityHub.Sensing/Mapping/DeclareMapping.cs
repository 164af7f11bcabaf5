using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Devices;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Mapping;

/// <summary><c>PUT /mappings/{id}</c>: declares a mapping, or a new version of it. Payloads that arrive from then on are read by it.</summary>
internal static class DeclareMapping
{
    private const int MostBytes = 256 << 10;

    public static void Map(IEndpointRouteBuilder routes, SensingRoom room) =>
        routes.MapPut("/mappings/{id}", SensingHttp.Handle((http, tenant) => HandleAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesWrite)
            .WithName("DeclareMapping").WithSummary("Declare a payload mapping, or a new version of it").WithTags("Mappings");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SensingRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (!(await SensingHttp.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem)
            || !MappingDeclaration.Read(body.Span).TryGet(out var declaration, out problem)
            || !(await DeclareAsync(room, tenant, id, declaration, http.RequestAborted)).TryGet(out var stored, out problem))
            return problem;
        await SensingHttp.WriteAsync(http, stored.Version == 1 ? StatusCodes.Status201Created : StatusCodes.Status200OK, json => ListMappings.Write(json, stored));
        return null;
    }

    public static async ValueTask<Result<StoredMapping>> DeclareAsync(SensingRoom room, string tenant, string id, MappingDeclaration declaration, CancellationToken cancel)
    {
        if (!DeviceId.IsValid(id))
            return SensingProblems.BadRequest.Because($"\"{id}\" cannot be the name of a mapping.", DeviceId.Rule);
        if (!(await MappingCompiler.CompileAsync(declaration, room.Vocabulary, cancel)).TryGet(out var compiled, out var problem))
            return problem;
        return await room.Of(tenant).Mappings.DeclareAsync(id, declaration, compiled.Names, compiled.Mapping);
    }
}
