using System.Globalization;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Server.Doors;
using CityHub.Sharing;
using CityHub.Sharing.Access;
using CityHub.Sharing.Accountability;
using CityHub.Sharing.Corrections;
using CityHub.Sharing.Parties;
using static CityHub.Http.PageShell;

namespace CityHub.Server.Pages;

/// <summary>
/// <c>/me</c>: who looked at my data, why, and under which item, newest first, each with its receipt; my corrections and objections, and the form to file one. Works without
/// script on an old phone. Only the person himself sees it.
/// </summary>
internal static class MyDataPage
{
    private const int Shown = 50;
    private const int LongestForm = 16 << 10;

    public static IEndpointRouteBuilder MapMyData(this IEndpointRouteBuilder routes, Hub hub)
    {
        routes.MapGet("/me", http => ShowAsync(http, hub, null)).RequireAuthorization(Permissions.Optional)
            .WithName("MyDataPage").WithSummary("Who looked at my data, why, and under which item").WithTags("Citizens");
        routes.MapPost("/me/corrections", http => FileAsync(http, hub)).RequireAuthorization(Permissions.Citizen)
            .WithName("FileMyCorrection").WithSummary("Ask for a correction of one's own data, or object, from the page").WithTags("Citizens");
        routes.MapGet("/my/looks", RoomHttp.Handle(http => ListAsync(http, hub))).RequireAuthorization(Permissions.Citizen)
            .WithName("ListMyLooks").WithSummary("Who looked at my data, newest first").WithTags("Citizens");
        return routes;
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, Hub hub)
    {
        var caller = SharingHttp.CallerOf(http);
        if (!caller.Is(Roles.Citizen))
            return NotACitizen();
        if (!SharingHttp.Room.Page(http).TryGet(out var page, out var problem))
            return problem;
        long after = 0;
        if (page.After is { } text && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out after))
            return SharingProblems.BadRequest.Because($"after is {text}; it is the position of the last look of the page before.");
        var looks = hub.Sharing.Looks.Of(caller.Person, after, page.Limit);
        http.Response.Headers.CacheControl = "no-store";
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray();
            foreach (var look in looks)
                WhoLooked.Write(json, look);
            json.WriteEndArray();
        });
        return null;
    }

    private static async Task ShowAsync(HttpContext http, Hub hub, (string Text, bool Good)? said)
    {
        var (language, caller) = (PageWriter.LanguageOf(http), SharingHttp.CallerOf(http));
        var zh = language == "zh";
        if (!caller.Is(Roles.Citizen))
        {
            http.Response.Redirect(caller.Roles == Roles.None ? "/sign-in" : "/desk");
            return;
        }

        long after = http.Request.Query.TryGetValue("after", out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var position) ? position : 0;
        var looks = hub.Sharing.Looks.Of(caller.Person, after, Shown);
        var body = new StringBuilder();
        if (said is { } line)
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"{(line.Good ? "lead" : "note")}\" role=\"{(line.Good ? "status" : "alert")}\">{E(line.Text)}</p>\n");
        body.Append(zh
            ? "<p class=\"lead\">每一次有部门看到您的数据，都会先记入谁也改不了的账本，再让对方看到。这里是全部记录。</p>\n"
            : "<p class=\"lead\">Each time an office sees your data, it is first written into a ledger that nobody can change, and only then shown. This is all of it.</p>\n");
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"looks\"><h2 id=\"looks\">{(zh ? "谁看过我的数据" : "Who looked at my data")}</h2>\n");
        if (looks.Count == 0)
            body.Append(CultureInfo.InvariantCulture, $"<p>{(zh ? "还没有人看过。" : "Nobody has.")}</p>\n");
        foreach (var look in looks)
            Write(body, hub, look, zh);
        if (looks.Count == Shown)
            body.Append(CultureInfo.InvariantCulture, $"<p><a href=\"/me?after={looks[^1].Position}\">{(zh ? "更早的记录" : "Earlier")}</a></p>\n");
        body.Append("</section>\n");
        WriteCorrections(body, hub, caller, looks, zh);
        await PageWriter.HtmlAsync(http, PageShell.Write(language, zh ? "我的数据" : "My data", body.ToString(), "/me", zh ? "已登录" : "Signed in"), language, @private: true);
    }

    private static void Write(StringBuilder body, Hub hub, Look look, bool zh)
    {
        var receiver = hub.Sharing.Parties.Find(look.Receiver)?.Name is { } name ? (zh ? name.Zh : name.En) : look.Receiver;
        var provider = hub.Sharing.Parties.Find(look.Provider)?.Name is { } from ? (zh ? from.Zh : from.En) : look.Provider;
        var purpose = zh ? look.PurposeInWords.Zh : look.PurposeInWords.En;
        var title = zh ? look.DatasetTitle.Zh : look.DatasetTitle.En;
        body.Append(CultureInfo.InvariantCulture, $"""
            <article class="card">
            <h3>{E(receiver)}</h3>
            <p><time datetime="{look.At.UtcDateTime:O}">{look.At.ToOffset(TimeSpan.FromHours(8)):yyyy-MM-dd HH:mm}</time> · {(zh ? "为了" : "for")} {E(purpose)}</p>
            <dl>
            <dt>{(zh ? "看了什么" : "What")}</dt><dd>{E(title)}{(zh ? "（" : " (")}{E(provider)}{(zh ? "）" : ")")}</dd>
            <dt>{(zh ? "依据" : "On what ground")}</dt><dd>{E(look.Basis)}</dd>
            <dt>{(zh ? "清单条目" : "Item of the list")}</dt><dd>{E(look.Item ?? "—")}</dd>
            </dl>
            <p class="small"><a href="/ledger/receipts/{look.Position}">{(zh ? "凭证" : "Receipt")}</a> · <a href="/verify">{(zh ? "自己验证" : "Check it yourself")}</a> · <a href="#file">{(zh ? "有异议" : "Object")}</a></p>
            </article>

            """);
    }

    private static void WriteCorrections(StringBuilder body, Hub hub, Caller caller, IReadOnlyList<Look> looks, bool zh)
    {
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"mine\"><h2 id=\"mine\">{(zh ? "我的校核和异议" : "My corrections and objections")}</h2>\n");
        var own = hub.Sharing.Requests.Corrections.OwnOf(caller.Person).OrderByDescending(c => c.FiledAt).ToList();
        if (own.Count == 0)
            body.Append(CultureInfo.InvariantCulture, $"<p>{(zh ? "没有。" : "None.")}</p>\n");
        foreach (var correction in own)
        {
            var due = correction.Clock?.Deadline.Due.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"card\">{E(hub.Sharing.Catalogue.Find(correction.Dataset)?.Title is { } t ? (zh ? t.Zh : t.En) : correction.Dataset)} · {E(correction.Field)} — <strong>{StateOf(correction.State, zh)}</strong>{(due is null ? "" : zh ? $"，应于 {due} 前答复" : $", answer due by {due}")}{(correction.Reason is { } reason ? "<br>" + E(reason) : "")}</p>\n");
        }

        var choices = new StringBuilder();
        // Those in which he was looked at, and those that anybody may know of.
        foreach (var dataset in hub.Sharing.Catalogue.Published.Where(d => d.Subject is not null && (looks.Any(l => l.Dataset == d.Id) || Decider.MayDiscover(caller, d, hub.Sharing.Grants))).OrderBy(d => d.Id, StringComparer.Ordinal))
            foreach (var field in dataset.Fields)
                choices.Append(CultureInfo.InvariantCulture, $"<option value=\"{E(dataset.Id)}/{E(field.Name)}\">{E(zh ? dataset.Title.Zh : dataset.Title.En)} · {E(zh ? field.Title.Zh : field.Title.En)}</option>");
        body.Append(CultureInfo.InvariantCulture, $"""
            <h3 id="file">{(zh ? "申请更正，或提出异议" : "Ask for a correction, or object")}</h3>
            <form method="post" action="/me/corrections">
            <label for="what">{(zh ? "哪一项" : "Which item")}</label><select id="what" name="what" required>{choices}</select>
            <label for="claimed">{(zh ? "应该是什么，或您反对什么" : "What it should say, or what you object to")}</label><textarea id="claimed" name="claimed" required maxlength="2000"></textarea>
            <label><input type="checkbox" name="objection" value="true"> {(zh ? "这是异议，不是更正" : "This is an objection, not a correction")}</label>
            <button>{(zh ? "提交" : "Send")}</button>
            </form>
            <p class="small">{(zh ? "提供数据的部门须在 10 个工作日内核实并答复（《政务数据共享条例》第二十六条）。" : "The office that provides the data checks and answers within ten working days (decree 809, art. 26).")}</p>
            </section>

            """);
    }

    private static async Task FileAsync(HttpContext http, Hub hub)
    {
        var (caller, zh) = (SharingHttp.CallerOf(http), PageWriter.LanguageOf(http) == "zh");
        if (!caller.Is(Roles.Citizen) || !http.Request.HasFormContentType || http.Request.ContentLength is null or > LongestForm || !Session.IsFromHere(http))
        {
            await RoomHttp.WriteProblemAsync(http, NotACitizen());
            return;
        }

        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var what = form["what"].ToString().Split('/', 2);
        var filed = await hub.Sharing.Requests.Corrections.FileAsync(
            caller, what[0], what.Length == 2 ? what[1] : "", new Claim(caller.Person, form["claimed"].ToString().Trim()), [], form["objection"] == "true", null, http.RequestAborted);
        await ShowAsync(http, hub, filed.TryGet(out var correction, out var problem)
            ? (zh ? $"已受理，编号 {correction.Id}。" : $"Filed as {correction.Id}.", true)
            : (problem.Detail + " " + problem.Hint, false));
    }

    private static string StateOf(CorrectionState state, bool zh) => state switch
    {
        CorrectionState.Filed => zh ? "已提交" : "filed",
        CorrectionState.Verifying => zh ? "核实中" : "being verified",
        CorrectionState.Corrected => zh ? "已更正" : "corrected",
        CorrectionState.Upheld => zh ? "维持原记录" : "upheld",
        CorrectionState.Rejected => zh ? "不予受理" : "rejected",
        _ => zh ? "已撤回" : "withdrawn",
    };

    private static Problem NotACitizen() => SharingProblems.NotYours.Because("Only a citizen who has signed in sees and corrects his own data, from this page.", "/sign-in", "decree 809, art. 37");
}
