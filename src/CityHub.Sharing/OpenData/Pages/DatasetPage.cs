using System.Globalization;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData.Ckan;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Http;
using static CityHub.Http.PageShell;

namespace CityHub.Sharing.OpenData.Pages;

/// <summary><c>GET /dataset/{name}</c>: what a dataset is, who may use it and how, how good it is; of open data the first rows, where they are asked for, and the files. Without a script.</summary>
internal static class DatasetPage
{
    private const int Rows = 10;

    public static async ValueTask<Problem?> HandleAsync(HttpContext http, OpenDataRoom room)
    {
        var caller = SharingHttp.CallerOf(http);
        if (!room.Find(caller, http.Request.RouteValues["name"] as string ?? "").TryGet(out var dataset, out var problem))
            return problem;
        var language = PageWriter.LanguageOf(http);
        var zh = language == "zh";
        var address = $"/dataset/{Uri.EscapeDataString(dataset.Id)}";
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"<p class=\"lead\">{E(zh ? dataset.Abstract.Zh : dataset.Abstract.En)}</p>\n");
        Get(body, dataset, address, zh);
        if (http.Request.Query["rows"] == "1")
            await FirstRowsAsync(body, http, room, dataset, zh);
        About(body, room, dataset, zh);
        Fields(body, dataset, zh);
        Quality(body, room, dataset, zh);
        body.Append(CultureInfo.InvariantCulture, $"<p><a href=\"/catalog\">{(zh ? "全部数据" : "All data")}</a></p>\n");
        await PageWriter.HtmlAsync(http, PageShell.Write(language, zh ? dataset.Title.Zh : dataset.Title.En, body.ToString(), address, NameOf(caller)), language, @private: caller.Roles != Roles.None || http.Request.Query["rows"] == "1");
        return null;
    }

    /// <summary>Who has signed in, for the head of a page; null: nobody.</summary>
    public static string? NameOf(Caller caller) => caller.Roles == Roles.None ? null : caller.Is(Roles.Citizen) ? "✓" : caller.Person;

    public static string ClassOf(Dataset dataset, bool zh) => dataset switch
    {
        { Open: true } => zh ? "开放，人人可用" : "open to everybody",
        { Class: SharingClass.Unconditional } => zh ? "部门间无条件共享" : "shared between departments without conditions",
        { Class: SharingClass.Conditional } => zh ? "部门间有条件共享" : "shared between departments under conditions",
        _ => zh ? "不予共享" : "not shared",
    };

    public static string FrequencyOf(UpdateFrequency frequency, bool zh) => frequency switch
    {
        UpdateFrequency.Continuous => zh ? "实时更新" : "updated continuously",
        UpdateFrequency.Hourly => zh ? "每小时更新" : "updated hourly",
        UpdateFrequency.Daily => zh ? "每日更新" : "updated daily",
        UpdateFrequency.Weekly => zh ? "每周更新" : "updated weekly",
        UpdateFrequency.Monthly => zh ? "每月更新" : "updated monthly",
        UpdateFrequency.Quarterly => zh ? "每季度更新" : "updated quarterly",
        UpdateFrequency.Annually => zh ? "每年更新" : "updated annually",
        _ => zh ? "不定期更新" : "updated irregularly",
    };

    private static void Get(StringBuilder body, Dataset dataset, string address, bool zh)
    {
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"get\" class=\"card\"><h2 id=\"get\">{E(ClassOf(dataset, zh))}</h2>\n");
        if (dataset.Open)
        {
            var id = Uri.EscapeDataString(dataset.Id);
            List<(string Address, string Text)> links = [(address + "?rows=1#rows", zh ? $"先看 {Rows} 行" : $"See {Rows} rows"), ($"/datastore/dump/{id}?format=csv", zh ? "下载 CSV（可用 Excel 打开）" : "Download as CSV")];
            if (PackageWriter.HasPlace(dataset))
                links.Add(($"/ogc/collections/{id}/items", zh ? "GeoJSON（地图用）" : "GeoJSON, for maps"));
            links.Add(($"/data/{id}", "JSON"));
            links.Add(($"/catalog/datasets/{id}.ttl", "DCAT-AP"));
            body.Append("<ul class=\"links said\">");
            foreach (var (link, text) in links)
                body.Append(CultureInfo.InvariantCulture, $"<li><a href=\"{E(link)}\">{E(text)}</a></li>");
            body.Append(CultureInfo.InvariantCulture, $"</ul>\n<p class=\"small\">{(zh ? "许可" : "Licence")}: {(dataset.Licence is { } licence ? $"<a rel=\"license\" href=\"{E(SafeLink(licence))}\">{E(licence)}</a>" : zh ? "未注明" : "none stated")}</p>\n");
        }
        else if (dataset.Class == SharingClass.Withheld)
        {
            body.Append(CultureInfo.InvariantCulture, $"<p>{E(dataset.LegalBasis)}</p>\n");
        }
        else
        {
            body.Append(zh
                ? "<p>政府部门可以申请，写明用途、范围和依据；提供部门按法定时限答复。<a href=\"/desk\">部门工作台</a></p>\n<p>里面如果有您的信息：<a href=\"/me\">谁看过我的数据</a></p>\n"
                : "<p>Departments may ask for it, saying for what, for whom and on what ground; the provider answers within the statutory time. <a href=\"/desk\">The departments' desk</a></p>\n<p>If it says something about you: <a href=\"/me\">who looked at my data</a></p>\n");
        }

        body.Append("</section>\n");
    }

    /// <summary>A release like any other: recorded before a row is shown.</summary>
    private static async ValueTask FirstRowsAsync(StringBuilder body, HttpContext http, OpenDataRoom room, Dataset dataset, bool zh)
    {
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"rows\"><h2 id=\"rows\">{(zh ? $"前 {Rows} 行" : $"The first {Rows} rows")}</h2>\n");
        var table = new StringBuilder();
        if (!(await room.OpenAsync(http, dataset, Rights.Obtain, DeliveryModes.Api, null, new ReleaseQuery { Limit = Rows })).TryGet(out var opened, out var problem))
        {
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"note\" role=\"alert\">{E(problem.Detail)} {E(problem.Hint)}</p></section>\n");
            return;
        }

        await using (opened.Stream)
        {
            try
            {
                table.Append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"rows\"><table class=\"wide\"><thead><tr>");
                foreach (var column in opened.Shown)
                    table.Append(CultureInfo.InvariantCulture, $"<th scope=\"col\">{E(dataset.Fields.FirstOrDefault(f => f.Name == column.Name)?.Title is { } title ? zh ? title.Zh : title.En : column.Name)}</th>");
                table.Append("</tr></thead><tbody>\n");
                while (await opened.Stream.NextAsync(http.RequestAborted) is { } batch)
                    for (var row = 0; row < batch.Rows; row++)
                        table.Append("<tr>").Append(string.Concat(opened.Columns.Select(i => $"<td>{E(batch.Columns[i].IsNull(row) ? "" : CellText.TextOf(batch.Columns[i], row))}</td>"))).Append("</tr>\n");
                table.Append("</tbody></table></div>\n");
                foreach (var block in Encoding.UTF8.GetBytes(table.ToString()).Chunk(RunningRelease.MostBlock))
                    opened.Stream.Sending(block);
                opened.Stream.Complete();
                body.Append(table);
                RoomHttp.Receipted(http, opened.Stream.Receipt);
            }
            catch (ReleaseEndedException ended)
            {
                body.Append(CultureInfo.InvariantCulture, $"<p class=\"note\" role=\"alert\">{E(ended.Problem.Detail)}</p>\n");
            }
        }

        body.Append("</section>\n");
    }

    private static void About(StringBuilder body, OpenDataRoom room, Dataset dataset, bool zh)
    {
        var provider = room.NameOf(dataset.Provider);
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"about\"><h2 id=\"about\">{(zh ? "关于这项数据" : "About this data")}</h2>\n<dl class=\"facts\">\n");
        Fact(zh ? "提供部门" : "Provider", zh ? provider.Zh : provider.En);
        Fact(zh ? "更新频率" : "Frequency", FrequencyOf(dataset.Frequency, zh));
        Fact(zh ? "使用条件" : "Conditions", dataset.Conditions);
        Fact(zh ? "依据" : "Legal basis", dataset.LegalBasis);
        Fact(zh ? "主题" : "Themes", string.Join(zh ? "、" : ", ", dataset.Themes));
        Fact(zh ? "目录版本" : "Version", string.Create(CultureInfo.InvariantCulture, $"{dataset.Version} · {dataset.ChangedAt:yyyy-MM-dd}"));
        body.Append("</dl></section>\n");

        void Fact(string name, string value)
        {
            if (value.Length > 0)
                body.Append(CultureInfo.InvariantCulture, $"<dt>{E(name)}</dt><dd>{E(value)}</dd>\n");
        }
    }

    private static void Fields(StringBuilder body, Dataset dataset, bool zh)
    {
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"fields\"><h2 id=\"fields\">{(zh ? "数据项" : "Fields")}</h2>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"fields\"><table><thead><tr><th scope=\"col\">{(zh ? "名称" : "Name")}</th><th scope=\"col\">{(zh ? "含义" : "What it says")}</th><th scope=\"col\">{(zh ? "类型" : "Type")}</th><th scope=\"col\">{(zh ? "个人信息" : "Personal")}</th></tr></thead><tbody>\n");
        foreach (var field in dataset.Fields)
            body.Append(CultureInfo.InvariantCulture, $"<tr><th scope=\"row\"><code>{E(field.Name)}</code></th><td>{E(zh ? field.Title.Zh : field.Title.En)}</td><td>{E(TypeOf(field.Type, zh))}</td><td>{(field.Personal ? zh ? "是" : "yes" : "")}</td></tr>\n");
        body.Append("</tbody></table></div></section>\n");
    }

    private static void Quality(StringBuilder body, OpenDataRoom room, Dataset dataset, bool zh)
    {
        var measures = room.Quality(dataset).ToList();
        if (measures.Count == 0)
            return;
        body.Append(CultureInfo.InvariantCulture, $"<section aria-labelledby=\"quality\"><h2 id=\"quality\">{(zh ? "数据质量" : "Quality")}</h2>\n<p class=\"small\">{(zh ? "每次交付时按 GB/T 36344 的六个维度算出。" : "Computed at each delivery, after the six dimensions of GB/T 36344.")}</p>\n<dl class=\"figures\">\n");
        foreach (var measure in measures)
            body.Append(CultureInfo.InvariantCulture, $"<div><dt>{E(Dimension(measure.Metric, zh))}</dt><dd>{measure.Value:P1}</dd></div>\n");
        body.Append(CultureInfo.InvariantCulture, $"</dl><p class=\"small\"><time datetime=\"{measures[0].At:O}\">{measures[0].At:yyyy-MM-dd HH:mm}</time></p></section>\n");
    }

    private static string TypeOf(ColumnType type, bool zh) => type switch
    {
        ColumnType.Text => zh ? "文字" : "text",
        ColumnType.Integer => zh ? "整数" : "whole number",
        ColumnType.Number => zh ? "数" : "number",
        ColumnType.Boolean => zh ? "是或否" : "yes or no",
        ColumnType.Date => zh ? "日期" : "date",
        _ => zh ? "时刻" : "point in time",
    };

    private static string Dimension(string metric, bool zh) => !zh ? metric : metric switch
    {
        "normative" => "规范性",
        "complete" => "完整性",
        "accurate" => "准确性",
        "consistent" => "一致性",
        "timely" => "时效性",
        "accessible" => "可访问性",
        _ => metric,
    };

    /// <summary>A licence is an address that others wrote: only one of the web becomes a link.</summary>
    private static string SafeLink(string address) => Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? address : "#get";
}
