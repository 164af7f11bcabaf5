using System.Net;

namespace CityHub.Http;

/// <summary>What every page of the hub has around its content: one stylesheet, no script, the other language, the way to the content for a keyboard.</summary>
public static class PageShell
{
    /// <param name="body">HTML; everything in it that came from outside is encoded already.</param>
    /// <param name="person">Who has signed in; null: nobody.</param>
    public static string Write(string language, string title, string body, string path, string? person = null)
    {
        var zh = language == "zh";
        var other = zh ? "en" : "zh";
        return $"""
            <!doctype html>
            <html lang="{(zh ? "zh-CN" : "en")}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{E(title)} · {(zh ? "城枢" : "CityHub")}</title>
            <link rel="icon" href="/assets/icon.svg">
            <link rel="stylesheet" href="/assets/cityhub.css">
            </head>
            <body>
            <a class="skip" href="#content">{(zh ? "跳到正文" : "To the content")}</a>
            <header><a href="/">{(zh ? "城枢 CityHub" : "CityHub 城枢")}</a><nav aria-label="{(zh ? "账户与语言" : "Account and language")}">{Account(zh, person)}<a href="{E(path)}?lang={other}" hreflang="{other}" lang="{other}">{(zh ? "English" : "中文")}</a></nav></header>
            <main id="content">
            <h1>{E(title)}</h1>
            {body}
            </main>
            </body>
            </html>
            """;
    }

    /// <summary>Encoded for HTML.</summary>
    public static string E(string? text) => WebUtility.HtmlEncode(text ?? "");

    private static string Account(bool zh, string? person) => person is null
        ? $"<a href=\"/sign-in\">{(zh ? "登录" : "Sign in")}</a> "
        : $"<span class=\"who\">{E(person)}</span> <form method=\"post\" action=\"/sign-out\" class=\"inline\"><button class=\"plain\">{(zh ? "退出" : "Sign out")}</button></form> ";
}
