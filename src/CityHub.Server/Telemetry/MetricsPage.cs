using System.Text;
using CityHub.Core.Ports;

namespace CityHub.Server.Telemetry;

/// <summary><c>/metrics</c>. Whoever may scrape needs <c>operate</c>: counters per route tell more about a city than its front page should.</summary>
internal static class MetricsPage
{
    public static IEndpointRouteBuilder MapMetrics(this IEndpointRouteBuilder routes, Metrics metrics)
    {
        routes.MapGet("/metrics", http =>
        {
            var body = Encoding.UTF8.GetBytes(metrics.Scrape());
            http.Response.ContentType = PrometheusText.ContentType;
            http.Response.ContentLength = body.Length;
            return http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
        }).RequireAuthorization(Permissions.Operate).WithName("Metrics").WithSummary("Counters, gauges and histograms in the Prometheus text format").WithTags("Operation");
        return routes;
    }
}
