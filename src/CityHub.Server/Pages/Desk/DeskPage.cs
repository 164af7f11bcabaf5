using System.Globalization;
using System.Text;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Server.Doors;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using CityHub.Sharing;
using static CityHub.Http.PageShell;

namespace CityHub.Server.Pages.Desk;

/// <summary>
/// <c>/desk</c>: what waits for an officer, the most urgent first; <c>/desk/requests/{id}</c>: one request, its history, and what may happen next; <c>/desk/lists</c>: how the
/// responsibility lists are kept this month. Works without script.
/// </summary>
internal static class DeskPage
{
    private const int Shown = 100;

    public static IEndpointRouteBuilder MapDesk(this IEndpointRouteBuilder routes, Hub hub)
    {
        routes.MapGet("/desk", http => ForOfficer(http, hub, ShowAsync)).RequireAuthorization(Permissions.SharingRead).WithMetadata(SignInFirst.Here)
            .WithName("DeskPage").WithSummary("What waits for an officer, the most urgent first").WithTags("Pages");
        routes.MapGet("/desk/lists", http => ForOfficer(http, hub, ListsPage.ShowAsync)).RequireAuthorization(Permissions.SharingRead).WithMetadata(SignInFirst.Here)
            .WithName("ListsPage").WithSummary("How the responsibility lists are kept, and scorecards").WithTags("Pages");
        routes.MapGet("/desk/requests/{id}", http => ForOfficer(http, hub, (h, hub, caller) => RequestPage.ShowAsync(h, hub, caller, null))).RequireAuthorization(Permissions.SharingRead)
            .WithMetadata(SignInFirst.Here).WithName("RequestPage").WithSummary("One request: its history, and what may happen next").WithTags("Pages");
        routes.MapPost("/desk/requests/{id}", http => ForOfficer(http, hub, RequestPage.HappenAsync)).RequireAuthorization(Permissions.SharingWrite)
            .WithName("MoveRequestFromPage").WithSummary("Let an event happen to a request, from its page").WithTags("Pages");
        return routes;
    }

    public static string Day(Hub hub, DateTimeOffset at) => Local(hub, at).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Minute(Hub hub, DateTimeOffset at) => Local(hub, at).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    public static string In(Words words, bool zh) => zh ? words.Zh : words.En;

    public static string Department(Hub hub, string id, bool zh) => hub.Sharing.Parties.Find(id)?.Name is { } name ? In(name, zh) : id;

    public static string Dataset(Hub hub, string id, bool zh) => hub.Sharing.Catalogue.Find(id)?.Title is { } title ? In(title, zh) : id;

    public static Task WriteAsync(HttpContext http, string language, string title, string body, string path, Caller caller, int status = StatusCodes.Status200OK)
    {
        var zh = language == "zh";
        var tabs = $"<nav class=\"tabs\" aria-label=\"{(zh ? "工作台" : "Desk")}\"><a href=\"/desk\"{Current(path, "/desk")}>{(zh ? "待办" : "To do")}</a> <a href=\"/desk/lists\"{Current(path, "/desk/lists")}>{(zh ? "责任清单" : "Lists")}</a> <a href=\"/catalog\">{(zh ? "目录" : "Catalogue")}</a></nav>\n";
        return PageWriter.HtmlAsync(http, PageShell.Write(language, title, tabs + body, path, caller.Person), language, @private: true, status);
    }

    private static string Current(string path, string link) => path == link ? " aria-current=\"page\"" : "";

    private static DateTimeOffset Local(Hub hub, DateTimeOffset at) => TimeZoneInfo.ConvertTime(at, hub.Sharing.Requests.Calendars.Profile.TimeZone);

    private static async Task ForOfficer(HttpContext http, Hub hub, Func<HttpContext, Hub, Caller, Task> show)
    {
        var caller = SharingHttp.CallerOf(http);
        if (caller.Department is null && !caller.Is(Roles.Authority | Roles.SuperiorAuthority | Roles.Auditor))
            http.Response.Redirect("/sign-in");
        else
            await show(http, hub, caller);
    }

    private static async Task ShowAsync(HttpContext http, Hub hub, Caller caller)
    {
        var language = PageWriter.LanguageOf(http);
        var zh = language == "zh";
        var (now, requests) = (hub.Time.GetUtcNow(), hub.Sharing.Requests);
        var seen = requests.Requests.All.Where(r => r.IsSeenBy(caller)).ToList();
        var mine = seen.Where(r => IsOpen(r) && Owners.Of(r, requests.World.Departments).Department == caller.Department).OrderBy(r => r.Clock?.Deadline.Due ?? DateTimeOffset.MaxValue).ThenBy(r => r.Id, StringComparer.Ordinal).ToList();
        var others = seen.Except(mine).OrderByDescending(r => r.History.Count == 0 ? default : r.History[^1].At).ThenBy(r => r.Id, StringComparer.Ordinal).ToList();
        var late = mine.Count(r => IsLate(r, now));
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"<p class=\"lead\">{(caller.Department is { } own ? E(Department(hub, own, zh)) + " · " : "")}{(mine.Count == 0 ? zh ? "没有待办。" : "Nothing waits for you." : zh ? $"{mine.Count} 件待办" : $"{mine.Count} to do")}{(late == 0 ? "" : zh ? $"，其中 {late} 件已逾期" : $", {late} overdue")}</p>\n");
        Table(body, hub, mine, now, zh, "mine", zh ? "等您部门处理" : "Waiting for your department");
        Table(body, hub, [.. others.Take(Shown)], now, zh, "others", zh ? "其他申请" : "Other requests");
        if (others.Count > Shown)
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"small\">{(zh ? $"只显示最近 {Shown} 件，共 {others.Count} 件；其余见接口 GET /sharing/requests。" : $"The latest {Shown} of {others.Count}; the rest is at GET /sharing/requests.")}</p>\n");
        await WriteAsync(http, language, zh ? "工作台" : "Desk", body.ToString(), "/desk", caller);
    }

    private static void Table(StringBuilder body, Hub hub, List<ShareRequest> requests, DateTimeOffset now, bool zh, string id, string title)
    {
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2>\n");
        if (requests.Count == 0)
            body.Append(CultureInfo.InvariantCulture, $"<p>{(zh ? "没有。" : "None.")}</p>\n");
        foreach (var request in requests)
        {
            var state = In(RequestMachine.Of(request.State).Name, zh);
            body.Append(CultureInfo.InvariantCulture, $"""
                <article class="card{(IsLate(request, now) ? " worry" : "")}">
                <h3><a href="/desk/requests/{Uri.EscapeDataString(request.Id)}">{E(Dataset(hub, request.Wanted.Dataset, zh))}</a></h3>
                <p>{E(Department(hub, request.Applicant, zh))} → {E(Department(hub, request.Provider, zh))} · <strong>{E(state)}</strong>{Due(hub, request, now, zh)}</p>
                <p class="small">{E(request.Wanted.Scene)}</p>
                </article>

                """);
        }

        body.Append("</section>\n");
    }

    /// <summary>The deadline in words; the colour of the card alone tells nobody who does not see it.</summary>
    public static string Due(Hub hub, ShareRequest request, DateTimeOffset now, bool zh) => request.Clock is not { } clock ? ""
        : IsLate(request, now) ? $" · <strong class=\"late\">{(zh ? $"已逾期：应于 {Day(hub, clock.Deadline.Due)} 前" : $"overdue: was due by {Day(hub, clock.Deadline.Due)}")}</strong>"
        : zh ? $" · 应于 {Day(hub, clock.Deadline.Due)} 前" : $" · due by {Day(hub, clock.Deadline.Due)}";

    private static bool IsLate(ShareRequest request, DateTimeOffset now) => request.Clock is { } clock && (clock.Missed || clock.Deadline.Due < now);

    /// <summary>Somebody has to do something: a request in use, refused, withdrawn or disposed of waits for nobody.</summary>
    private static bool IsOpen(ShareRequest request) => request.State is not (RequestState.Active or RequestState.Refused or RequestState.Withdrawn or RequestState.Disposed);
}
