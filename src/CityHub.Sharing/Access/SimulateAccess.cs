using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Access;

/// <summary><c>GET /sharing/decisions/simulate</c>: what a department could see for a purpose, over the whole catalogue.</summary>
internal static class SimulateAccess
{
    public static void Map(IEndpointRouteBuilder routes, AccessRoom room) =>
        routes.MapGet("/sharing/decisions/simulate", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("SimulateAccess").WithSummary("What a department could see for a purpose, dataset by dataset, a page at a time (limit, after)").WithTags("Decisions");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, AccessRoom room)
    {
        if (!SharingHttp.Room.Page(http, "department", "purpose").TryGet(out var page, out var problem) || !ForDepartment.Of(http).TryGet(out var caller, out problem))
            return problem;
        if (caller.Department is not { } department)
            return SharingProblems.BadRequest.Because("department is missing.", "Say which department.");
        if (http.Request.Query["purpose"].ToString() is not { Length: > 0 } purpose)
            return SharingProblems.BadRequest.Because("purpose is missing.", "GET /sharing/purposes lists them.");
        var simulated = Simulation.For(department, purpose, room.Grants, room.Catalogue, room.Purposes.Tree, room.Clock.GetUtcNow(), page.After).Take(page.Limit).ToList();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("datasets"u8);
            foreach (var (dataset, open, refused) in simulated)
            {
                json.WriteStartObject();
                json.WriteString("dataset"u8, dataset.Id);
                json.WriteString("zh"u8, dataset.Title.Zh);
                json.WriteString("en"u8, dataset.Title.En);
                json.WriteStartArray("open"u8);
                foreach (var access in open)
                {
                    json.WriteStartObject();
                    json.WriteString("right"u8, Refusals.Name(access.Right));
                    json.WriteString("mode"u8, Refusals.Name(access.Mode));
                    json.WriteString("grant"u8, access.Grant);
                    json.WritePropertyName("obligations"u8);
                    ObligationsJson.Write(json, access.Obligations);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                if (refused is not null)
                {
                    json.WriteStartObject("refused"u8);
                    ExplainDecision.WriteRefuse(json, refused);
                    json.WriteEndObject();
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            if (simulated.Count == page.Limit)
                json.WriteString("next"u8, $"/sharing/decisions/simulate?department={Uri.EscapeDataString(department)}&purpose={Uri.EscapeDataString(purpose)}&limit={page.Limit}&after={Uri.EscapeDataString(simulated[^1].Dataset.Id)}");
            json.WriteEndObject();
        });
        return null;
    }
}
