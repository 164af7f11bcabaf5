using System.Globalization;
using System.Net;
using System.Text;

namespace CityHub.Server.Pages;

/// <summary><c>/</c>: what is running, live counters, links. English and Chinese; works without script, by keyboard, on a phone.</summary>
internal static class StartPage
{
    private sealed record Words(
        string Lang, string Title, string Lead, string Running, string Away, string Now, string Since, string Listens, string Open, string Closed, string Links, string Api,
        string Problems, string Types, string Entities, string Facts, string Devices, string DeadLetters, string Health, string Metrics, string Verify, string Catalog, string Mine, string Desk, string Other, string OtherCode, string PerSecond, string Skip);

    private static readonly Words English = new(
        "en", "CityHub 城枢", "The software a smart city runs on.", "Running. These numbers are of", "The hub does not answer. These numbers are of", "Now", "Running since", "Listens on",
        "No authentication: this hub is open to everybody on this machine.", "Addresses with a lock ask for a token: cityhub token --help.",
        "Where to go", "All addresses of this hub, to read and to try", "Every way in which the hub says no, and what to do", "Which kinds of things it knows", "The things it knows",
        "The log of everything that happened", "Devices and whether they speak", "Payloads that could not be read, with the reason", "Whether it is ready", "Counters for Prometheus", "Check a receipt or evidence, without a network", "What data the city has, and open data to take away", "Citizens: who looked at my data, and why", "Departments: requests, grants, responsibility lists",
        "中文", "zh", "per second", "To the content");

    private static readonly Words Chinese = new(
        "zh-CN", "城枢 CityHub", "智慧城市的运行基座。", "运行正常。数据时间：", "枢纽没有应答。以下是旧数据，时间：", "此刻", "启动于", "监听地址",
        "未启用身份验证：本机上的任何人都可以访问。", "带锁的地址需要令牌：cityhub token --help。",
        "去哪里看", "全部接口：可阅读，可试用", "系统会如何拒绝，以及怎么办", "已知事物的类型", "已知的事物",
        "事实日志：发生过的一切", "设备及其是否在线", "无法读取的报文及原因", "是否就绪", "Prometheus 指标", "验证回执或证据，无需网络", "城市有哪些数据，开放数据可下载", "市民：谁看过我的数据，为什么", "部门：申请、授权、责任清单", "English", "en", "每秒", "跳到正文");

    public static string Write(Hub hub, string language)
    {
        var words = language == "zh" ? Chinese : English;
        var figures = new StringBuilder();
        foreach (var figure in hub.Figures)
        {
            var label = WebUtility.HtmlEncode(figure.Label(language));
            figures.Append(CultureInfo.InvariantCulture, $"""
                <div{(figure.Worries ? figure.Now() > 0 ? " class=\"worry\" data-worries" : " data-worries" : "")}><dt>{(figure.Page is null ? label : $"<a href=\"{WebUtility.HtmlEncode(figure.Page)}\">{label}</a>")}</dt><dd><output data-figure="{figure.Key}"{(figure.Counts ? $" data-rate=\"{words.PerSecond}\"" : "")}>{figure.Now():#,0}</output></dd></div>

                """);
        }

        var now = hub.Time.GetUtcNow().UtcDateTime;
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
            <p class="state" id="state" data-running="{words.Running}" data-away="{words.Away}"><span role="status">{words.Running}</span> <time datetime="{now:O}">{now:yyyy-MM-dd HH:mm:ss} UTC</time></p>
            {(hub.Config.Open ? $"<p class=\"note\">{words.Open}</p>" : "")}
            <section aria-labelledby="now">
            <h2 id="now">{words.Now}</h2>
            <dl class="figures">
            {figures}</dl>
            <p class="small">{words.Since} <time datetime="{hub.Started.UtcDateTime:O}">{hub.Started.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC</time>{(hub.Config.Open ? $"<br>{words.Listens} {string.Join(" ", hub.Addresses.Concat(hub.MqttAddresses).Select(a => $"<code>{WebUtility.HtmlEncode(a)}</code>"))}" : "")}</p>
            </section>
            <section aria-labelledby="links">
            <h2 id="links">{words.Links}</h2>
            <ul class="links">
            {Link("/catalog", words.Catalog)}
            {Link("/me", words.Mine)}
            {Link("/desk", words.Desk)}
            {Link("/api", words.Api)}
            {Link("/ngsi-ld/v1/types", words.Types, locked: true)}
            {Link("/ngsi-ld/v1/entities", words.Entities, locked: true, query: "?local=true&amp;limit=20")}
            {Link("/devices", words.Devices, locked: true)}
            {Link("/dead-letters", words.DeadLetters, locked: true)}
            {Link("/facts", words.Facts, locked: true, query: "?limit=100")}
            {Link("/verify", words.Verify)}
            {Link("/problems", words.Problems)}
            {Link("/health/ready", words.Health)}
            {Link("/metrics", words.Metrics, locked: true)}
            </ul>
            {(hub.Config.Open ? "" : $"<p class=\"small\">{words.Closed}</p>")}
            </section>
            </main>
            </body>
            </html>
            """;

        string Link(string path, string about, bool locked = false, string query = "") =>
            $"<li><a href=\"{path}{query}\">{path}</a> <span>{(locked && !hub.Config.Open ? "🔒 " : "")}{about}</span></li>";
    }
}
