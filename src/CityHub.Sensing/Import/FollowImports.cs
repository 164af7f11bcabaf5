using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Import;

/// <summary><c>GET /imports</c>, <c>GET /imports/{id}</c>, <c>PUT /imports/{id}</c>: which files were read into the hub, and how far.</summary>
internal static class FollowImports
{
    private const int MostBytes = 64 << 10;

    public static void Map(IEndpointRouteBuilder routes, ImportRoom room)
    {
        routes.MapGet("/imports", SensingHttp.Handle((http, tenant) => ListAsync(http, room, tenant))).RequireAuthorization(Permissions.EntitiesRead)
            .WithName("ListImports").WithSummary("Files that were read into the hub, and how far").WithTags("Imports");
        routes.MapGet("/imports/{id}", SensingHttp.Handle((http, tenant) => FindAsync(http, room, tenant))).RequireAuthorization(Permissions.EntitiesRead)
            .WithName("FindImport").WithSummary("How far an import has come").WithTags("Imports");
        routes.MapPut("/imports/{id}", SensingHttp.Handle((http, tenant) => NoteAsync(http, room, tenant))).RequireAuthorization(Permissions.EntitiesWrite)
            .WithName("NoteImport").WithSummary("Note how far an import has come").WithTags("Imports");
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, ImportRoom room, string tenant)
    {
        if (!SensingHttp.Page(http).TryGet(out var page, out var problem))
            return problem;
        var imports = room.Find(tenant)?.Page(page.After, page.Limit) ?? [];
        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray();
            foreach (var import in imports)
            {
                json.WriteStartObject();
                import.Write(json, withTime: true);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return null;
    }

    private static async ValueTask<Problem?> FindAsync(HttpContext http, ImportRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (room.Find(tenant)?.Find(id) is not { } import)
            return ImportProblems.ImportUnknown.Because($"There is no import {id}.", "GET /imports lists them.");
        await WriteAsync(http, import);
        return null;
    }

    private static async ValueTask<Problem?> NoteAsync(HttpContext http, ImportRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (!ImportState.IsId(id))
            return SensingProblems.BadRequest.Because("An import is named by a SHA-256: 64 hexadecimal digits.", "cityhub import names it by the content of the file and of the mapping.");
        if (!(await SensingHttp.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        if (ImportState.Read(body, id) is not { File.Length: > 0 and <= 1024 } state)
            return SensingProblems.BadRequest.Because("The body does not say how far the import has come.", "{\"file\": \"air.csv\", \"bytes\": 1024, \"rows\": 10, \"recorded\": 60, \"known\": 0, \"refused\": 0, \"finished\": false}");
        if (!(await room.Of(tenant).NoteAsync(state)).TryGet(out var noted, out problem))
            return problem;
        await WriteAsync(http, noted);
        return null;
    }

    private static Task WriteAsync(HttpContext http, ImportState import) => SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
    {
        json.WriteStartObject();
        import.Write(json, withTime: true);
        json.WriteEndObject();
    });
}
