using System.Globalization;
using System.Text;
using CityHub.Http;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Responsibilities;
using static CityHub.Server.Pages.Desk.DeskPage;
using static CityHub.Http.PageShell;

namespace CityHub.Server.Pages.Desk;

/// <summary>How each item of the responsibility lists is kept in a month, computed from deliveries; the departments' scorecards (art. 38).</summary>
internal static class ListsPage
{
    public static async Task ShowAsync(HttpContext http, Hub hub, Caller caller)
    {
        var language = PageWriter.LanguageOf(http);
        var (zh, room) = (language == "zh", hub.Sharing.Lists);
        if (!room.MonthOf(http).TryGet(out var month, out var problem))
        {
            await WriteAsync(http, language, zh ? "责任清单" : "Responsibility lists", $"<p class=\"note\" role=\"alert\">{E(problem.Detail)}</p>", "/desk/lists", caller, problem.Kind.Status);
            return;
        }

        var body = new StringBuilder();
        var (year, number) = month;
        var first = new DateOnly(year, number, 1);
        body.Append(CultureInfo.InvariantCulture, $"<p class=\"lead\">{first:yyyy-MM} · <a href=\"/desk/lists?month={first.AddMonths(-1):yyyy-MM}\">{(zh ? "上个月" : "the month before")}</a></p>\n<p>{(zh ? "是否履行由交付记录和实体的更新时间自动算出，任何人都不能填写。" : "Whether an item was kept is computed from deliveries, and from when entities were told anew; nobody types it in.")}</p>\n");
        var items = room.Book.State.Items.Values.OrderBy(i => i.Provider == caller.Department ? 0 : 1).ThenBy(i => i.Provider, StringComparer.Ordinal).ThenBy(i => i.Id, StringComparer.Ordinal).ToList();
        Scorecards(body, hub, [.. items.Select(i => i.Provider).Distinct(StringComparer.Ordinal)], year, number, zh);
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"items\"><h2 id=\"items\">{(zh ? "清单条目" : "Items")}</h2>\n<div class=\"scroll\"><table class=\"months\"><thead><tr><th scope=\"col\">{(zh ? "部门" : "Department")}</th><th scope=\"col\">{(zh ? "数据" : "Dataset")}</th><th scope=\"col\">{(zh ? "状态" : "State")}</th><th scope=\"col\">{(zh ? "应交 / 已交" : "Owed / came")}</th><th scope=\"col\">{(zh ? "责任人" : "Responsible")}</th></tr></thead><tbody>\n");
        foreach (var item in items)
            Row(body, hub, item, year, number, zh);
        body.Append("</tbody></table></div></section>\n");
        await WriteAsync(http, language, zh ? "责任清单" : "Responsibility lists", body.ToString(), "/desk/lists", caller);
    }

    private static void Row(StringBuilder body, Hub hub, ResponsibilityItem item, int year, int month, bool zh)
    {
        var known = hub.Sharing.Lists.StatusOf(item, year, month).TryGet(out var status, out var problem);
        body.Append(CultureInfo.InvariantCulture, $"<tr><td>{E(Department(hub, item.Provider, zh))}</td><td>{E(Dataset(hub, item.Dataset, zh))}</td><td class=\"{(status?.Status is ItemStatus.Late or ItemStatus.Poor or ItemStatus.Silent ? "late" : "")}\">{(known ? Name(status?.Status, zh) : E(problem?.Detail))}</td><td>{(known ? $"{status?.Owed} / {status?.Delivered}" : "")}</td><td>{E(hub.Sharing.Responsibilities.Responsible(item).Person)}</td></tr>\n");
    }

    private static void Scorecards(StringBuilder body, Hub hub, List<string> departments, int year, int month, bool zh)
    {
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"cards\"><h2 id=\"cards\">{(zh ? "部门评价" : "Scorecards")}</h2>\n<div class=\"scroll\"><table class=\"months\"><thead><tr><th scope=\"col\">{(zh ? "部门" : "Department")}</th><th scope=\"col\">{(zh ? "总评" : "Total")}</th><th scope=\"col\">{(zh ? "及时" : "Timely")}</th><th scope=\"col\">{(zh ? "质量" : "Quality")}</th><th scope=\"col\">{(zh ? "使用" : "Used")}</th><th scope=\"col\">{(zh ? "安全" : "Safe")}</th></tr></thead><tbody>\n");
        foreach (var department in departments)
            if (hub.Sharing.Lists.ScorecardOf(department, year, month).TryGet(out var card, out _))
                body.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\">{E(Department(hub, department, zh))}</th><td>{Percent(card.Total)}</td><td>{Percent(card.Timeliness)}</td><td>{Percent(card.Quality)}</td><td>{Percent(card.Use)}</td><td>{Percent(card.Safety)}</td></tr>\n");
        body.Append("</tbody></table></div></section>\n");
    }

    private static string Percent(double? part) => part is { } value ? value.ToString("0%", CultureInfo.InvariantCulture) : "—";

    private static string Name(ItemStatus? status, bool zh) => status switch
    {
        ItemStatus.Kept => zh ? "已履行" : "kept",
        ItemStatus.Late => zh ? "迟交" : "late",
        ItemStatus.Poor => zh ? "质量不达标" : "poor",
        ItemStatus.Silent => zh ? "未交" : "silent",
        _ => zh ? "尚未到期" : "nothing owed yet",
    };
}
