using System.Globalization;
using System.Net;
using System.Text;
using CityHub.Ledger;

namespace CityHub.Server.Witnessing;

/// <summary>The page of a witness or mirror: who it is, which logs it watches, what it saw of each.</summary>
internal static class WitnessPage
{
    public static string Write(IReadOnlyList<VerifierKey> keys, IEnumerable<WitnessedLog> logs, MirrorService? mirror, DateTimeOffset now, string language)
    {
        var zh = language == "zh";
        var (what, does) = mirror is null
            ? (("Witness", "见证方"), ("It cosigns a log's checkpoint only when it continues what it saw before, and it never signs two truths.", "只有日志的检查点延续了此前所见的内容，本见证方才会联署；绝不为同一位置签署两个不同的真相。"))
            : (("Mirror", "镜像"), ("It keeps a whole log, verified, so that deleting it elsewhere does not help.", "本镜像完整保存并逐条验证日志，即使别处被删除也无济于事。"));
        string Say(string english, string chinese) => WebUtility.HtmlEncode(zh ? chinese : english);
        var name = WebUtility.HtmlEncode(keys.Count > 0 ? keys[0].Name : "");
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"""
            <!doctype html>
            <html lang="{(zh ? "zh-CN" : "en")}">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{Say(what.Item1, what.Item2)} {name}</title><link rel="stylesheet" href="/assets/cityhub.css"></head>
            <body>
            <header><span>CityHub 城枢</span><a href="?lang={(zh ? "en" : "zh")}" hreflang="{(zh ? "en" : "zh")}">{(zh ? "English" : "中文")}</a></header>
            <main>
            <h1>{Say(what.Item1, what.Item2)} {name}</h1>
            <p class="lead">{Say(does.Item1, does.Item2)}</p>

            """);
        if (mirror is not null)
            WriteMirror(page, mirror, Say);
        if (keys.Count > 0)
            page.Append(CultureInfo.InvariantCulture, $"<h2>{Say("Its public keys", "公钥")}</h2>\n");
        foreach (var key in keys)
            page.Append(CultureInfo.InvariantCulture, $"<pre>{WebUtility.HtmlEncode(key.ToString())}</pre>\n");
        if (keys.Count > 0)
            page.Append(CultureInfo.InvariantCulture, $"<h2>{Say("Logs", "日志")}</h2>\n");
        foreach (var log in logs.OrderBy(one => one.Origin, StringComparer.Ordinal))
        {
            page.Append(CultureInfo.InvariantCulture, $"<h3>{WebUtility.HtmlEncode(log.Origin)}</h3>\n");
            if (log.Fault is { } fault)
                page.Append(CultureInfo.InvariantCulture, $"<p class=\"state away\">{Say("Does not sign:", "已停止联署：")} {WebUtility.HtmlEncode(fault)}</p>\n");
            if (log.Repair is { } repair)
                page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{WebUtility.HtmlEncode(repair)}</p>\n");
            if (log.Evidence is { } evidence)
                page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{Say("This log has signed two roots for one size. The proof, to be kept:", "该日志为同一大小签署了两个不同的根。证据如下，请保存：")}</p>\n<pre>{WebUtility.HtmlEncode(evidence)}</pre>\n");
            if (log.Latest is not { } latest || !Checkpoint.TryParse(latest.Text, out var head, out _))
            {
                page.Append(CultureInfo.InvariantCulture, $"<p>{Say("Nothing cosigned yet.", "尚未联署。")}</p>\n");
                continue;
            }

            page.Append(CultureInfo.InvariantCulture, $"<p><a href=\"/{WitnessState.NameOf(log.Origin)}/checkpoint\">{Say("Last cosigned checkpoint", "最近联署的检查点")}</a>: {head.Size} {Say("entries, root", "条，根")} <code>{Convert.ToHexStringLower(head.Root)}</code>{TimeOf(latest, keys)}</p>\n");
        }

        page.Append(CultureInfo.InvariantCulture, $"<p class=\"small\">{now:yyyy-MM-dd HH:mm:ss} UTC</p>\n</main>\n</body>\n</html>\n");
        return page.ToString();
    }

    private static void WriteMirror(StringBuilder page, MirrorService mirror, Func<string, string, string> say)
    {
        page.Append(CultureInfo.InvariantCulture, $"<h2>{say("Kept", "已保存")}</h2>\n<p>{WebUtility.HtmlEncode(mirror.Mirror.Follower.Origin)}: {mirror.Mirror.Head?.Size ?? 0} {say("entries", "条")}, <a href=\"/checkpoint\">checkpoint</a></p>\n");
        if (mirror.Trouble is { } trouble)
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"state away\">{WebUtility.HtmlEncode(trouble)}</p>\n");
        if (mirror.Mirror.Evidence is { } evidence)
            page.Append(CultureInfo.InvariantCulture, $"<p class=\"note\">{say("The log contradicts itself. The proof, to be kept:", "该日志自相矛盾。证据如下，请保存：")}</p>\n<pre>{WebUtility.HtmlEncode(evidence)}</pre>\n");
    }

    private static string TimeOf(SignedNote latest, IReadOnlyList<VerifierKey> keys) =>
        latest.TryVerify(keys, out var ours, out _) && ours.Max(one => one.Time) is { } time and < 253402300800
            ? string.Create(CultureInfo.InvariantCulture, $", {DateTimeOffset.FromUnixTimeSeconds(time):yyyy-MM-dd HH:mm:ss} UTC")
            : "";
}
