using System.Collections.Frozen;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Http;
using CityHub.Server.Http;

namespace CityHub.Server.Pages;

/// <summary>The pages and the few files that they need.</summary>
internal static class PageRoutes
{
    private static readonly FrozenDictionary<string, Resource> Assets = Resource.Folder("assets/");
    private static readonly VerifyPage.Page Verify = VerifyPage.Write(Assets);

    public static IEndpointRouteBuilder MapPages(this IEndpointRouteBuilder routes, Hub hub)
    {
        routes.MapGet("/", http => StartAsync(http, hub)).RequireAuthorization(Permissions.Public)
            .WithName("Start").WithSummary("The start page: what is running, live counters, links").WithTags("Pages");
        routes.MapGet("/api", ApiAsync).RequireAuthorization(Permissions.Public)
            .WithName("Api").WithSummary("The API description as a page, to read and to try").WithTags("Pages");
        routes.MapGet("/verify", http => Verify.File.WriteAsync(http, "text/html; charset=utf-8", Verify.Policy + "; frame-ancestors 'none'")).RequireAuthorization(Permissions.Public)
            .WithName("VerifyPage").WithSummary("A page in one file that checks receipts and evidence in the browser, from here or from a disk, without a network").WithTags("Pages");
        routes.MapGet("/assets/{name}", AssetAsync).RequireAuthorization(Permissions.Public)
            .WithName("Asset").WithSummary("A file of the pages").WithTags("Pages");
        return routes;
    }

    private static Task StartAsync(HttpContext http, Hub hub)
    {
        var language = PageWriter.LanguageOf(http);
        return PageWriter.HtmlAsync(http, StartPage.Write(hub, language), language);
    }

    private static Task ApiAsync(HttpContext http)
    {
        var language = PageWriter.LanguageOf(http);
        return PageWriter.HtmlAsync(http, ApiPage.Write(Encoding.UTF8.GetString(Assets["api.html"].Bytes), language), language);
    }

    private static Task AssetAsync(HttpContext http)
    {
        var name = http.Request.RouteValues["name"]?.ToString() ?? "";
        var type = Path.GetExtension(name) switch { ".css" => "text/css; charset=utf-8", ".js" => "text/javascript; charset=utf-8", ".svg" => "image/svg+xml", _ => null };
        return type is not null && Assets.TryGetValue(name, out var file)
            ? file.WriteAsync(http, type)
            : ProblemWriter.WriteAsync(http, ServerProblems.RouteNotFound.Because($"There is no file {name}."));
    }
}
