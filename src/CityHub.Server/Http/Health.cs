using CityHub.Core.Ports;

namespace CityHub.Server.Http;

/// <summary>
/// <c>/health/live</c>: the process runs. <c>/health/ready</c>: the log has been replayed and requests are answered; before that the
/// <see cref="Front"/> answers 503 with the reason.
/// </summary>
internal static class Health
{
    private static readonly byte[] Live = "{\"status\":\"live\"}"u8.ToArray();
    private static readonly byte[] Ready = "{\"status\":\"ready\"}"u8.ToArray();

    public static IEndpointRouteBuilder MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health/live", LiveAsync).RequireAuthorization(Permissions.Public)
            .WithName("Live").WithSummary("Whether the process runs").WithTags("Operation");
        routes.MapGet("/health/ready", ReadyAsync).RequireAuthorization(Permissions.Public)
            .WithName("Ready").WithSummary("Whether the hub has read its log and answers requests; 503 with the reason while not").WithTags("Operation");
        return routes;
    }

    public static Task LiveAsync(HttpContext http) => WriteAsync(http, Live);

    private static Task ReadyAsync(HttpContext http) => WriteAsync(http, Ready);

    private static Task WriteAsync(HttpContext http, byte[] body)
    {
        http.Response.ContentType = "application/json";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentLength = body.Length;
        return http.Response.Body.WriteAsync(body).AsTask();
    }
}
