using CityHub.Core.Ports;
using CityHub.Server.Http;

namespace CityHub.Server.Pages;

/// <summary><c>/status</c>: how the hub is, in numbers anyone may know: how many, never which.</summary>
internal static class Status
{
    public static IEndpointRouteBuilder MapStatus(this IEndpointRouteBuilder routes, Hub hub)
    {
        routes.MapGet("/status", http =>
        {
            http.Response.Headers.CacheControl = "no-store";
            return Json.WriteAsync(http, 200, json =>
            {
                json.WriteStartObject();
                json.WriteString("version", Program.Version);
                json.WriteString("startedAt", hub.Started.UtcDateTime);
                json.WriteNumber("uptimeSeconds", (long)(hub.Time.GetUtcNow() - hub.Started).TotalSeconds);
                json.WriteBoolean("open", hub.Config.Open);
                json.WriteStartObject("figures");
                foreach (var figure in hub.Figures)
                    json.WriteNumber(figure.Key, figure.Now());
                json.WriteEndObject();
                json.WriteEndObject();
            });
        }).RequireAuthorization(Permissions.Public).WithName("Status").WithSummary("Version, uptime and live counters").WithTags("Operation");
        return routes;
    }
}
