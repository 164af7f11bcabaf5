using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Http;
using CityHub.Server.Http;

namespace CityHub.Server.Pages;

/// <summary>docs/problems: one page for each way the hub says no, for the person who is stuck. Built in, so that they are there without a network.</summary>
internal static class ProblemPages
{
    private static readonly FrozenDictionary<string, Resource> Pages = Resource.Folder("problems/");

    public static IEnumerable<string> Codes => Pages.Keys.Select(k => k[..^3]).Order(StringComparer.Ordinal);

    /// <summary>The page as Markdown; null when there is none.</summary>
    public static string? Find(string code) => Pages.TryGetValue(code + ".md", out var page) ? Encoding.UTF8.GetString(page.Bytes) : null;

    public static string TitleOf(string page) => page.Split('\n', 2)[0].TrimStart('#', ' ').Trim();

    public static IEndpointRouteBuilder MapProblemPages(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/problems/{code}", OneAsync).RequireAuthorization(Permissions.Public)
            .WithName("Problem").WithSummary("What a problem means, why it happens, what to do").WithTags("Pages");
        routes.MapGet("/problems", AllAsync).RequireAuthorization(Permissions.Public)
            .WithName("Problems").WithSummary("Every way in which the hub says no").WithTags("Pages");
        return routes;
    }

    private static Task OneAsync(HttpContext http)
    {
        var code = http.Request.RouteValues["code"]?.ToString() ?? "";
        if (Find(code) is not { } page)
            return ProblemWriter.WriteAsync(http, ServerProblems.RouteNotFound.Because($"There is no problem {code}.", "/problems lists them all."));
        return AnswerAsync(http, page, TitleOf(page));
    }

    private static Task AllAsync(HttpContext http) => AnswerAsync(http, AllAsMarkdown(), "Problems");

    public static string AllAsMarkdown()
    {
        var text = new StringBuilder("# Problems\n\n");
        foreach (var code in Codes)
            text.Append(CultureInfo.InvariantCulture, $"- [{code}](/problems/{code}) {TitleOf(Find(code) ?? "")}\n");
        return text.ToString();
    }

    private static Task AnswerAsync(HttpContext http, string markdown, string title)
    {
        http.Response.Headers.Vary = "Accept";
        if (!http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal))
        {
            http.Response.ContentType = "text/markdown; charset=utf-8";
            return http.Response.WriteAsync(markdown, http.RequestAborted);
        }

        return PageWriter.HtmlAsync(http, $"""
            <!doctype html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{WebUtility.HtmlEncode(title)} · CityHub</title><link rel="stylesheet" href="/assets/cityhub.css"><link rel="icon" href="/assets/icon.svg"></head>
            <body><header><nav><a href="/">CityHub 城枢</a> · <a href="/problems">problems</a></nav></header><main>
            {Markdown.ToHtml(markdown)}
            </main></body>
            </html>
            """, "en");
    }
}
