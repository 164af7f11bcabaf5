using System.Globalization;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Standards.Units;

/// <summary><c>GET /standards/units/convert?value&amp;from&amp;to</c>; <c>GET /standards/units</c>: the common codes and what they are in UCUM.</summary>
internal static class ConvertUnits
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/standards/units/convert", RoomHttp.Handle(ConvertAsync)).RequireAuthorization(Permissions.SharingRead)
            .WithName("ConvertUnits").WithSummary("A value in another unit (query: value, from, to; UCUM, or unece:CODE)").WithTags("Standards");
        routes.MapGet("/standards/units", RoomHttp.Handle(ListAsync)).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListUnits").WithSummary("The common codes of UN/CEFACT and their UCUM expressions").WithTags("Standards");
    }

    private static async ValueTask<Problem?> ConvertAsync(HttpContext http)
    {
        var query = http.Request.Query;
        if (!double.TryParse(query["value"], NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
            return StandardsProblems.BadRequest.Because($"value is {query["value"]}.", "value is a number, from and to are units: ?value=21.5&from=Cel&to=K. In an address + is %2B and % is %25.");
        if (!Code(query["from"].ToString()).TryGet(out var from, out var problem) || !Code(query["to"].ToString()).TryGet(out var to, out problem)
            || !Ucum.Convert(value, from, to).TryGet(out var converted, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("value"u8, converted);
            json.WriteString("unit"u8, to);
            if (CommonCodes.FromUcum(to).TryGet(out var common, out _))
                json.WriteString("unitCode"u8, common);
            json.WriteEndObject();
        });
        return null;
    }

    /// <summary>A common code is marked: 61 is a number in UCUM and parts per billion in Recommendation 20.</summary>
    private static Result<string> Code(string text) => text.StartsWith("unece:", StringComparison.Ordinal) ? CommonCodes.ToUcum(text[6..]) : text;

    private static async ValueTask<Problem?> ListAsync(HttpContext http)
    {
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("units"u8);
            foreach (var (common, ucum) in CommonCodes.All)
            {
                json.WriteStartObject();
                json.WriteString("unitCode"u8, common);
                json.WriteString("ucum"u8, ucum);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }
}
