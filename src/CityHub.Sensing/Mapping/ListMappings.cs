using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Mapping;

/// <summary><c>GET /mappings</c>, by id, a page at a time; <c>GET /mappings/{id}</c>.</summary>
internal static class ListMappings
{
    public static void Map(IEndpointRouteBuilder routes, SensingRoom room)
    {
        routes.MapGet("/mappings", SensingHttp.Handle((http, tenant) => ListAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesRead)
            .WithName("ListMappings").WithSummary("The payload mappings, a page at a time (limit, after)").WithTags("Mappings");
        routes.MapGet("/mappings/{id}", SensingHttp.Handle((http, tenant) => GetAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesRead)
            .WithName("GetMapping").WithSummary("One payload mapping").WithTags("Mappings");
    }

    public static void Write(Utf8JsonWriter json, StoredMapping mapping)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, mapping.Id);
        json.WriteNumber("version"u8, mapping.Version);
        json.WriteString("declaredAt"u8, SensingHttp.Time(mapping.DeclaredAt.UtcTicks));
        json.WritePropertyName("declaration"u8);
        json.WriteRawValue(mapping.Declaration.ToJson());
        json.WriteString("typeIri"u8, mapping.Names.Type);
        json.WriteStartArray("attributeIris"u8);
        foreach (var iri in mapping.Names.Attributes)
            json.WriteStringValue(iri);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, SensingRoom room, string tenant)
    {
        if (!SensingHttp.Page(http).TryGet(out var page, out var problem))
            return problem;
        var mappings = room.Find(tenant)?.Mappings.Page(page.After, page.Limit) ?? [];
        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("mappings"u8);
            foreach (var mapping in mappings)
                Write(json, mapping);
            json.WriteEndArray();
            if (mappings.Count == page.Limit)
                json.WriteString("next"u8, $"/mappings?limit={page.Limit}&after={Uri.EscapeDataString(mappings[^1].Id)}");
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, SensingRoom room, string tenant)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (room.Find(tenant)?.Mappings.Find(id) is not { } mapping)
            return MappingBook.Unknown(id);
        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, mapping));
        return null;
    }
}
