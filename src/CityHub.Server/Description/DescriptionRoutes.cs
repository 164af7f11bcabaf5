using CityHub.Core.Ports;

namespace CityHub.Server.Description;

/// <summary><c>/openapi/v1.json</c>, and <c>/api</c> that shows it without a network.</summary>
internal static class DescriptionRoutes
{
    public static IEndpointRouteBuilder MapDescription(this IEndpointRouteBuilder routes)
    {
        byte[]? document = null;
        routes.MapGet("/openapi/v1.json", http =>
        {
            document ??= OpenApi.Write(http.RequestServices.GetRequiredService<EndpointDataSource>().Endpoints, Program.Version);
            http.Response.ContentType = "application/json";
            http.Response.Headers.CacheControl = "no-cache";
            http.Response.ContentLength = document.Length;
            return http.Response.Body.WriteAsync(document, http.RequestAborted).AsTask();
        }).RequireAuthorization(Permissions.Public).WithName("OpenApi").WithSummary("This hub's addresses as OpenAPI 3.1").WithTags("Pages");
        return routes;
    }
}
