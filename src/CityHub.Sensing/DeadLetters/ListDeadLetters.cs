using System.Globalization;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.DeadLetters;

/// <summary><c>GET /dead-letters</c>: payloads that were refused, the youngest first, with the reason, and how many more were only counted.</summary>
internal static class ListDeadLetters
{
    public static void Map(IEndpointRouteBuilder routes, SensingRoom room) =>
        routes.MapGet("/dead-letters", SensingHttp.Handle((http, tenant) => HandleAsync(http, room, tenant))).RequireAuthorization(Permissions.DevicesRead)
            .WithName("ListDeadLetters").WithSummary("Refused payloads, the youngest first (limit, after, device)").WithTags("Devices");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SensingRoom room, string tenant)
    {
        if (!SensingHttp.Page(http, "device").TryGet(out var page, out var problem))
            return problem;
        var before = long.MaxValue;
        if (page.After is not null && !long.TryParse(page.After, NumberStyles.None, CultureInfo.InvariantCulture, out before))
            return SensingProblems.BadRequest.Because($"after is {page.After}; it takes the number of a letter.");
        string? device = http.Request.Query["device"];
        var book = room.Find(tenant)?.DeadLetters;
        var letters = book?.Page(device, before, page.Limit) ?? [];
        await SensingHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("deadLetters"u8);
            foreach (var letter in letters)
            {
                json.WriteStartObject();
                json.WriteNumber("number"u8, letter.Number);
                json.WriteString("at"u8, SensingHttp.Time(letter.At.UtcTicks));
                json.WriteString("device"u8, letter.Device);
                json.WriteString("topic"u8, letter.Topic);
                // The reason says a part of what was sent.
                if (room.Withholds(tenant, letter.Device))
                    json.WriteBoolean("withheld"u8, true);
                else
                {
                    json.WriteString("reason"u8, letter.Reason);
                    json.WriteString(letter.IsText ? "text"u8 : "base64"u8, letter.Excerpt);
                }

                json.WriteNumber("bytes"u8, letter.Bytes);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartObject("counted"u8);
            foreach (var (of, count) in book?.Overflow ?? new Dictionary<string, long>())
                if (device is null || device == of)
                    json.WriteNumber(of, count);
            json.WriteEndObject();
            if (letters.Count == page.Limit)
                json.WriteString("next"u8, $"/dead-letters?limit={page.Limit}&after={letters[^1].Number}{(device is null ? "" : "&device=" + Uri.EscapeDataString(device))}");
            json.WriteEndObject();
        });
        return null;
    }
}
