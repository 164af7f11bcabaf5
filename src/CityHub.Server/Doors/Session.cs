namespace CityHub.Server.Doors;

/// <summary>
/// A token in a cookie, for pages that work without script. The cookie goes to this site alone (SameSite=Strict), no script can read it, and a request that changes something
/// has to come from a page of this hub.
/// </summary>
internal static class Session
{
    public const string Cookie = "cityhub-session";

    public static void Begin(HttpContext http, string token, DateTimeOffset until) => http.Response.Cookies.Append(Cookie, token, new CookieOptions
    {
        HttpOnly = true, Secure = http.Request.IsHttps, SameSite = SameSiteMode.Strict, Path = "/", Expires = until,
    });

    public static void End(HttpContext http) => http.Response.Cookies.Delete(Cookie, new CookieOptions { Path = "/", SameSite = SameSiteMode.Strict });

    /// <summary>The token of the cookie; null when there is none, or when the request could come from elsewhere.</summary>
    public static string? TokenOf(HttpContext http) => http.Request.Cookies.TryGetValue(Cookie, out var token) && (IsSafe(http) || IsFromHere(http)) ? token : null;

    private static bool IsSafe(HttpContext http) => HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method);

    /// <summary>Browsers say where a form was sent from (Sec-Fetch-Site, Origin); old ones at least which page it was (Referer).</summary>
    public static bool IsFromHere(HttpContext http)
    {
        if (http.Request.Headers.TryGetValue("Sec-Fetch-Site", out var site))
            return site == "same-origin";
        var from = http.Request.Headers.Origin.ToString() is { Length: > 0 } origin and not "null" ? origin : http.Request.Headers.Referer.ToString();
        return Uri.TryCreate(from, UriKind.Absolute, out var address) && address.Scheme == http.Request.Scheme && address.Authority == http.Request.Host.Value;
    }
}
