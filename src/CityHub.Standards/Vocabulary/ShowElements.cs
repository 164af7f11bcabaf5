using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Vocabulary;

/// <summary><c>GET /standards/elements</c>, the newest version of each; <c>GET /standards/elements/{id}</c>, every version of one.</summary>
internal static class ShowElements
{
    public static void Map(IEndpointRouteBuilder routes, StandardsRoom room)
    {
        routes.MapGet("/standards/elements", RoomHttp.Handle(http => StandardsRoom.ListAsync(http, "elements", room.Book.Elements.Page, e => e.Id, Write))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListElements").WithSummary("The data elements, a page at a time (limit, after)").WithTags("Standards");
        routes.MapGet("/standards/elements/{id}", RoomHttp.Handle(http => GetAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetElement").WithSummary("One data element in all its versions").WithTags("Standards");
    }

    public static Problem Unknown(string id) => StandardsProblems.ElementUnknown.Because($"There is no data element {id}.", "GET /standards/elements lists them.");

    public static void Write(Utf8JsonWriter json, DataElement element)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, element.Id);
        json.WriteNumber("version"u8, element.Version);
        json.WriteString("state"u8, element.SupersededBy is null ? "published"u8 : "superseded"u8);
        json.WritePropertyName("declaration"u8);
        json.WriteRawValue(StandardsJson.Write(element.Declaration));
        json.WriteStartArray("authors"u8);
        foreach (var author in element.Authors)
            json.WriteStringValue(author);
        json.WriteEndArray();
        json.WriteString("publishedBy"u8, element.PublishedBy);
        json.WriteString("publishedAt"u8, RoomHttp.Time(element.PublishedAt));
        if (element.SupersededBy is { } successor)
            json.WriteString("supersededBy"u8, successor);
        json.WriteEndObject();
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, StandardsRoom room)
    {
        var id = StandardsRoom.IdOf(http);
        if (room.Book.Elements.Of(id) is not { Count: > 0 } versions)
            return Unknown(id);
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => StandardsRoom.Versions(json, id, versions, Write));
        return null;
    }
}
