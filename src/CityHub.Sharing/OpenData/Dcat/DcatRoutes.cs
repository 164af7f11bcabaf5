using System.Globalization;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.OpenData.Pages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.OpenData.Dcat;

internal enum CatalogueFormat
{
    Html,
    Turtle,
    JsonLd,
}

/// <summary>The catalogue for machines and people: <c>GET /catalog.jsonld</c>, <c>/catalog.ttl</c>, <c>/catalog</c> by Accept, and each dataset alike.</summary>
internal static class DcatRoutes
{
    private const int PageSize = 100;

    public static void Map(IEndpointRouteBuilder routes, OpenDataRoom room)
    {
        Route("/catalog", "Catalog", http => NegotiatedAsync(http, room), "The catalogue, as the client accepts it: HTML, Turtle or JSON-LD");
        Route("/catalog.ttl", "CatalogTurtle", http => CatalogueAsync(http, room, CatalogueFormat.Turtle, "/catalog.ttl"), "The catalogue in DCAT-AP 3.0.1 as Turtle");
        Route("/catalog.jsonld", "CatalogJsonLd", http => CatalogueAsync(http, room, CatalogueFormat.JsonLd, "/catalog.jsonld"), "The catalogue in DCAT-AP 3.0.1 as JSON-LD");
        Route("/catalog/datasets/{id}", "CatalogDataset", http => DatasetAsync(http, room), "One dataset in DCAT-AP 3.0.1; .ttl or .jsonld behind its name, or by Accept");

        void Route(string path, string name, RoomHttp.Handler handler, string summary) =>
            routes.MapGet(path, RoomHttp.Handle(handler)).RequireAuthorization(Permissions.Optional).WithName(name).WithSummary(summary).WithTags("Catalogue");
    }

    private static ValueTask<Problem?> NegotiatedAsync(HttpContext http, OpenDataRoom room)
    {
        http.Response.Headers.Vary = "Accept, Authorization";
        return Negotiated(http) is var format && format == CatalogueFormat.Html ? CatalogPage.HandleAsync(http, room) : CatalogueAsync(http, room, format, "/catalog");
    }

    private static async ValueTask<Problem?> CatalogueAsync(HttpContext http, OpenDataRoom room, CatalogueFormat format, string path)
    {
        var text = http.Request.Query["page"].ToString();
        if (!int.TryParse(text.Length == 0 ? "1" : text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 1)
            return SharingProblems.BadRequest.Because($"page is {text}; pages are numbered from 1.");
        var seen = room.Seen(SharingHttp.CallerOf(http)).OrderBy(dataset => dataset.Id, StringComparer.Ordinal).ToList();
        var last = Math.Max(1, (seen.Count + PageSize - 1) / PageSize);
        if (number > last)
            return SharingProblems.BadRequest.Because($"There is no page {number}; the last is {last}.");
        var page = seen.Skip((number - 1) * PageSize).Take(PageSize).ToList();
        var address = room.BaseOf(http);
        var pages = new CataloguePages(At(number), At(1), At(last), number < last ? At(number + 1) : null, number > 1 ? At(number - 1) : null, PageSize);
        foreach (var (link, name) in new[] { (pages.Next, "next"), (pages.Previous, "prev"), (pages.First, "first"), (pages.Last, "last") })
            if (link is not null)
                http.Response.Headers.Append("Link", $"<{link}>; rel=\"{name}\"");
        http.Response.Headers.Vary = "Accept, Authorization";
        await WriteAsync(http, format, CatalogueGraph.Of(room, address, page, seen.Count, pages));
        return null;

        string At(int page) => string.Create(CultureInfo.InvariantCulture, $"{address}{path}?page={page}");
    }

    private static async ValueTask<Problem?> DatasetAsync(HttpContext http, OpenDataRoom room)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        var format = Negotiated(http);
        if (id.EndsWith(".ttl", StringComparison.Ordinal))
            (id, format) = (id[..^4], CatalogueFormat.Turtle);
        else if (id.EndsWith(".jsonld", StringComparison.Ordinal))
            (id, format) = (id[..^7], CatalogueFormat.JsonLd);
        if (!room.Find(SharingHttp.CallerOf(http), id).TryGet(out var dataset, out var problem))
            return problem;
        http.Response.Headers.Vary = "Accept, Authorization";
        if (format == CatalogueFormat.Html)
        {
            http.Response.Redirect($"/dataset/{Uri.EscapeDataString(id)}");
            return null;
        }

        await WriteAsync(http, format, CatalogueGraph.Of(room, room.BaseOf(http), [dataset], 1, null));
        return null;
    }

    /// <summary>What a browser sends asks for HTML; who names one of ours gets it; who accepts anything gets JSON-LD.</summary>
    private static CatalogueFormat Negotiated(HttpContext http)
    {
        var best = (Quality: 0.0, Format: CatalogueFormat.JsonLd);
        foreach (var part in http.Request.Headers.Accept.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var pieces = part.Split(';', StringSplitOptions.TrimEntries);
            CatalogueFormat? format = pieces[0].ToLowerInvariant() switch
            {
                "text/html" or "application/xhtml+xml" => CatalogueFormat.Html,
                "text/turtle" or "application/x-turtle" => CatalogueFormat.Turtle,
                "application/ld+json" or "application/json" => CatalogueFormat.JsonLd,
                _ => null,
            };
            var said = pieces.Skip(1).FirstOrDefault(piece => piece.StartsWith("q=", StringComparison.OrdinalIgnoreCase));
            var quality = said is null ? 1.0 : double.TryParse(said.AsSpan(2), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var q) ? q : 0;
            if (format is { } known && quality > best.Quality)
                best = (quality, known);
        }

        return best.Format;
    }

    private static Task WriteAsync(HttpContext http, CatalogueFormat format, Graph graph) => format == CatalogueFormat.Turtle
        ? RoomHttp.SendAsync(http, StatusCodes.Status200OK, "text/turtle; charset=utf-8", Encoding.UTF8.GetBytes(TurtleWriter.Write(graph)))
        : RoomHttp.SendAsync(http, StatusCodes.Status200OK, "application/ld+json", JsonLdWriter.Write(graph));
}
