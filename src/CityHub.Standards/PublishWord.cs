using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards;

/// <summary>
/// <c>POST /standards/{elements|code-tables|calibres|schemas}/{id}/publish</c> with the version and the hash that were read: the draft comes into force, and the version
/// before goes out of it. Four eyes: by nobody who had a hand in it.
/// </summary>
internal static class PublishWord
{
    public static void Map(IEndpointRouteBuilder routes, StandardsRoom room)
    {
        foreach (var kind in WordKind.All)
            routes.MapPost($"/standards/{kind.Segment}/{{id}}/publish", RoomHttp.Handle(http => HandleAsync(http, room, kind))).RequireAuthorization(Permissions.SharingWrite)
                .WithName("Publish" + kind.Name).WithSummary("Put what you read into force, by version and hash; not by who had a hand in it").WithTags("Standards");
    }

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, StandardsRoom room, WordKind kind)
    {
        if (!room.MayChange(http).TryGet(out var person, out var problem)
            || !(await StandardsRoom.Http.AsReadAsync(http)).TryGet(out var read, out problem)
            || !(await room.Book.PublishAsync(kind, StandardsRoom.IdOf(http), read, person)).TryGet(out var published, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("kind"u8, kind.Segment);
            json.WriteString("id"u8, published.What.Id);
            json.WriteNumber("version"u8, published.Version);
            json.WriteString("hash"u8, published.Hash);
            json.WriteString("publishedBy"u8, person);
            json.WriteEndObject();
        });
        return null;
    }
}
