using CityHub.Core.Ports;
using CityHub.Http;
using CityHub.Server.Doors;

namespace CityHub.Server.Pages;

/// <summary><c>/sign-in</c>: a token becomes a session for pages without script. On an open hub one says who one wants to be.</summary>
internal static class SignInPage
{
    private const int LongestToken = 8 << 10;

    public static IEndpointRouteBuilder MapSignIn(this IEndpointRouteBuilder routes, Hub hub)
    {
        routes.MapGet("/sign-in", http => ShowAsync(http, hub, null)).RequireAuthorization(Permissions.Public)
            .WithName("SignInPage").WithSummary("Sign in to the pages with a token").WithTags("Pages");
        routes.MapPost("/sign-in", http => SignInAsync(http, hub)).RequireAuthorization(Permissions.Public)
            .WithName("SignIn").WithSummary("Begin a session").WithTags("Pages");
        routes.MapPost("/sign-out", SignOutAsync).RequireAuthorization(Permissions.Public)
            .WithName("SignOut").WithSummary("End the session").WithTags("Pages");
        return routes;
    }

    private static Task ShowAsync(HttpContext http, Hub hub, string? wrong)
    {
        var language = PageWriter.LanguageOf(http);
        var zh = language == "zh";
        var error = wrong is null ? "" : $"<p class=\"note\" role=\"alert\" id=\"wrong\">{PageShell.E(wrong)}</p>";
        var body = hub.Config.Open
            ? $"""
                <p class="lead">{(zh ? "这是演示：您可以扮演任何人。" : "This is a demo: you may be anybody.")}</p>
                {error}
                <form method="post" action="/sign-in">
                <label for="as">{(zh ? "您是谁（登记的人员，或 citizen:身份号码）" : "Who you are (a registered person, or citizen:NUMBER)")}</label>
                <input id="as" name="as" required maxlength="200" autocomplete="username">
                <button>{(zh ? "进入" : "Enter")}</button>
                </form>
                """
            : $"""
                <p class="lead">{(zh ? "请粘贴您所在部门或窗口发给您的令牌。" : "Paste the token that your department, or the counter, gave you.")}</p>
                {error}
                <form method="post" action="/sign-in">
                <label for="token">{(zh ? "令牌" : "Token")}</label>
                <textarea id="token" name="token" required maxlength="{LongestToken}" autocomplete="off" spellcheck="false"></textarea>
                <button>{(zh ? "登录" : "Sign in")}</button>
                </form>
                <p class="small">{(zh ? "令牌只保存在本浏览器的会话里，退出或到期即失效。" : "It stays in this browser's session, until you sign out or it ends.")}</p>
                """;
        return PageWriter.HtmlAsync(http, PageShell.Write(language, zh ? "登录" : "Sign in", body, "/sign-in"), language, @private: true, wrong is null ? StatusCodes.Status200OK : StatusCodes.Status403Forbidden);
    }

    private static async Task SignInAsync(HttpContext http, Hub hub)
    {
        var zh = PageWriter.LanguageOf(http) == "zh";
        if (!Session.IsFromHere(http) || !http.Request.HasFormContentType || http.Request.ContentLength is null or > LongestToken * 4)
        {
            await ShowAsync(http, hub, zh ? "请从本页提交。" : "Send the form of this page.");
            return;
        }

        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        if (hub.Config.Open)
        {
            Callers.Be(http, form["as"].ToString());
        }
        else
        {
            var token = form["token"].ToString().Trim();
            if (!(await hub.Door.AdmitAsync(token, http.RequestAborted)).TryGet(out var bearer, out var problem))
            {
                await ShowAsync(http, hub, (zh ? "令牌不能使用：" : "") + problem.Detail);
                return;
            }

            Session.Begin(http, token, new DateTimeOffset(bearer.ExpiresAt, TimeSpan.Zero));
        }

        http.Response.Redirect("/me");
    }

    private static Task SignOutAsync(HttpContext http)
    {
        // From elsewhere nobody is signed out.
        if (Session.IsFromHere(http))
        {
            Session.End(http);
            Callers.Be(http, null);
        }

        http.Response.Redirect("/");
        return Task.CompletedTask;
    }
}
