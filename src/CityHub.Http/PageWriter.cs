using System.Text;
using Microsoft.AspNetCore.Http;

namespace CityHub.Http;

/// <summary>Answers with HTML. Nothing is loaded from elsewhere, and the browser is told to see to it.</summary>
public static class PageWriter
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>A page with a form sends it to this hub and to nobody else.</summary>
    private static readonly string FormPolicy = Policy.Replace("form-action 'none'", "form-action 'self'", StringComparison.Ordinal);

    /// <summary>The language that was chosen is kept for a year.</summary>
    /// <param name="private">About whoever asks: kept by no cache.</param>
    /// <param name="status">Of the answer.</param>
    public static Task HtmlAsync(HttpContext http, string html, string language, bool @private = false, int status = StatusCodes.Status200OK)
    {
        http.Response.StatusCode = status;
        http.Response.Headers.ContentLanguage = language;
        if (http.Request.Query.ContainsKey("lang"))
            http.Response.Cookies.Append("lang", language, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Lax, MaxAge = TimeSpan.FromDays(365) });
        http.Response.Headers.Append("Vary", "Accept-Language, Cookie");
        http.Response.Headers.CacheControl = @private ? "no-store" : "no-cache";
        return WriteAsync(http, Encoding.UTF8.GetBytes(html), "text/html; charset=utf-8", html.Contains("<form", StringComparison.Ordinal) ? FormPolicy : null);
    }

    /// <summary>zh or en: what the reader chose, else what the browser asks for first.</summary>
    public static string LanguageOf(HttpContext http)
    {
        if (http.Request.Query.TryGetValue("lang", out var asked) && asked == "zh" || asked == "en")
            return asked.ToString();
        if (http.Request.Cookies.TryGetValue("lang", out var kept) && kept is "zh" or "en")
            return kept;
        var zh = http.Request.Headers.AcceptLanguage.ToString().IndexOf("zh", StringComparison.OrdinalIgnoreCase);
        var en = http.Request.Headers.AcceptLanguage.ToString().IndexOf("en", StringComparison.OrdinalIgnoreCase);
        return zh >= 0 && (en < 0 || zh < en) ? "zh" : "en";
    }

    /// <param name="policy">Of content security; null: that of every page.</param>
    public static Task WriteAsync(HttpContext http, byte[] body, string contentType, string? policy = null)
    {
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = policy ?? Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin"; // with no-referrer a browser hides from us, too, where a form came from
        http.Response.ContentType = contentType;
        http.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(http.Request.Method) ? Task.CompletedTask : http.Response.Body.WriteAsync(body, http.RequestAborted).AsTask();
    }
}
