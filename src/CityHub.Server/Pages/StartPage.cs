using System.Globalization;
using System.Net;
using System.Text;

namespace CityHub.Server.Pages;

/// <summary><c>/</c>: what is running, live counters, links. English and Chinese; works without script, by keyboard, on a phone.</summary>
internal static class StartPage
{
    private sealed record Words(
        string Lang, string Title, string Lead, string Now, string Since, string Open, string Links, string Api, string Problems, string Types, string Entities,
        string Facts, string Health, string Metrics, string Other, string OtherCode, string PerSecond, string Skip);

    private static readonly Words English = new(
        "en", "CityHub 城枢", "The software a smart city runs on. This hub is running.", "Now", "Running since", "No authentication: this hub is open to this machine.",
        "Where to go", "All addresses of this hub, to read and to try", "Every way in which the hub says no, and what to do", "Which kinds of things it knows", "The things it knows",
        "The log of everything that happened", "Whether it is ready", "Counters for Prometheus", "中文", "zh", "per second", "To the content");

    private static readonly Words Chinese = new(
        "zh-CN", "城枢 CityHub", "智慧城市的运行基座。本枢纽正在运行。", "此刻", "启动于", "未启用身份验证：本机上的任何人都可以访问。",
        "去哪里看", "全部接口：可阅读，可试用", "系统会如何拒绝，以及怎么办", "已知事物的类型", "已知的事物",
        "事实日志：发生过的一切", "是否就绪", "Prometheus 指标", "English", "en", "每秒", "跳到正文");

    public static string Write(Hub hub, string language)
    {
        var words = language == "zh" ? Chinese : English;
        var figures = new StringBuilder();
        foreach (var figure in hub.Figures)
        {
            figures.Append(CultureInfo.InvariantCulture, $"""
                <div><dt>{WebUtility.HtmlEncode(figure.Label(language))}</dt><dd><output data-figure="{figure.Key}"{(figure.Counts ? $" data-rate=\"{words.PerSecond}\"" : "")}>{figure.Now():#,0}</output></dd></div>

                """);
        }

        return $"""
            <!doctype html>
            <html lang="{words.Lang}">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{words.Title}</title>
            <meta name="description" content="{words.Lead}">
            <link rel="icon" href="/assets/icon.svg">
            <link rel="stylesheet" href="/assets/cityhub.css">
            <script src="/assets/start.js" defer></script>
            </head>
            <body>
            <a class="skip" href="#content">{words.Skip}</a>
            <header><span>CityHub {Program.Version}</span><nav><a href="/?lang={words.OtherCode}" hreflang="{words.OtherCode}" lang="{words.OtherCode}">{words.Other}</a></nav></header>
            <main id="content">
            <h1>{words.Title}</h1>
            <p class="lead">{words.Lead}</p>
            {(hub.Config.Open ? $"<p class=\"note\">{words.Open}</p>" : "")}
            <section aria-labelledby="now">
            <h2 id="now">{words.Now}</h2>
            <dl class="figures">
            {figures}</dl>
            <p class="small">{words.Since} <time datetime="{hub.Started.UtcDateTime:O}">{hub.Started.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC</time></p>
            </section>
            <section aria-labelledby="links">
            <h2 id="links">{words.Links}</h2>
            <ul class="links">
            <li><a href="/api">/api</a> {words.Api}</li>
            <li><a href="/ngsi-ld/v1/types">/ngsi-ld/v1/types</a> {words.Types}</li>
            <li><a href="/ngsi-ld/v1/entities?local=true&amp;limit=20">/ngsi-ld/v1/entities</a> {words.Entities}</li>
            <li><a href="/facts?limit=100">/facts</a> {words.Facts}</li>
            <li><a href="/problems">/problems</a> {words.Problems}</li>
            <li><a href="/health/ready">/health/ready</a> {words.Health}</li>
            <li><a href="/metrics">/metrics</a> {words.Metrics}</li>
            </ul>
            </section>
            </main>
            </body>
            </html>
            """;
    }
}
