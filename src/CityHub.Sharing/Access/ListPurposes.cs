using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Access;

/// <summary><c>GET /sharing/purposes</c>, by code, a page at a time; on the first page the changes that wait for a decision too.</summary>
internal static class ListPurposes
{
    public static void Map(IEndpointRouteBuilder routes, AccessRoom room) =>
        routes.MapGet("/sharing/purposes", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListPurposes").WithSummary("The tree of purposes, a page at a time (limit, after), and the changes that wait").WithTags("Purposes");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, AccessRoom room)
    {
        if (!SharingHttp.Room.Page(http).TryGet(out var page, out var problem))
            return problem;
        var purposes = room.Purposes.Tree.All.Where(purpose => page.After is null || string.CompareOrdinal(purpose.Code, page.After) > 0).Take(page.Limit).ToList();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("purposes"u8);
            foreach (var purpose in purposes)
                PurposeJson.Write(json, purpose);
            json.WriteEndArray();
            if (page.After is null)
            {
                json.WriteStartArray("changes"u8);
                foreach (var change in room.Purposes.Open)
                    PurposeJson.Write(json, change);
                json.WriteEndArray();
            }

            if (purposes.Count == page.Limit)
                json.WriteString("next"u8, $"/sharing/purposes?limit={page.Limit}&after={Uri.EscapeDataString(purposes[^1].Code)}");
            json.WriteEndObject();
        });
        return null;
    }
}
