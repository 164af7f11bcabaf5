using System.Globalization;
using System.Text;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData.Ckan;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Http;
using static CityHub.Http.PageShell;

namespace CityHub.Sharing.OpenData.Pages;

/// <summary><c>GET /catalog</c> for people: search by words, department and theme, a page of what is found. What is searched is what the caller may know of.</summary>
internal static class CatalogPage
{
    private const int PageSize = 20;

    public static async ValueTask<Problem?> HandleAsync(HttpContext http, OpenDataRoom room)
    {
        var (language, caller) = (PageWriter.LanguageOf(http), SharingHttp.CallerOf(http));
        var zh = language == "zh";
        var asked = Asked.Of(http);
        var seen = room.Packages.Of(room, room.BaseOf(http)).Where(package => room.Sees(caller, package.Dataset)).ToList();
        var read = SearchParser.Read(asked.Words).TryGet(out var words, out var problem);
        var found = read ? seen.Where(package => words is not null && package.Matches(words) && asked.Holds(package.Dataset)).Select(package => package.Dataset).ToList() : [];
        var last = Math.Max(1, (found.Count + PageSize - 1) / PageSize);
        var page = Math.Min(asked.Page, last);
        var body = new StringBuilder();
        body.Append(CultureInfo.InvariantCulture, $"<p class=\"lead\">{(zh ? "这座城市的部门有哪些数据，谁能用，怎么用。" : "What data the departments of this city have, who may use them, and how.")}</p>\n");
        Form(body, room, seen, asked, zh);
        if (!read)
            body.Append(CultureInfo.InvariantCulture, $"<p class=\"note\" role=\"alert\">{(zh ? "这样的检索看不懂：" : "This search is not understood: ")}{E(problem?.Detail)}</p>\n");
        body.Append(CultureInfo.InvariantCulture, $"<h2 id=\"found\" role=\"status\">{(zh ? $"找到 {found.Count} 项数据" : found.Count == 1 ? "1 dataset found" : $"{found.Count} datasets found")}</h2>\n");
        foreach (var dataset in found.Skip((page - 1) * PageSize).Take(PageSize))
            Write(body, room, dataset, zh);
        if (found.Count == 0)
            body.Append(CultureInfo.InvariantCulture, $"<p>{(zh ? "换一个词，或" : "Try another word, or ")}<a href=\"/catalog\">{(zh ? "看全部数据" : "look at everything")}</a>{(zh ? "。不对外公开的数据不在这里。" : ". What may not be known to everybody is not listed here.")}</p>\n");
        Pager(body, asked, page, last, zh);
        body.Append(CultureInfo.InvariantCulture, $"<p class=\"small\">{(zh ? "给程序用：" : "For programs: ")}<a href=\"/catalog.ttl\">DCAT-AP (Turtle)</a> · <a href=\"/catalog.jsonld\">JSON-LD</a> · <a href=\"/api/3/action/package_search\">CKAN</a> · <a href=\"/ogc\">OGC API</a></p>\n");
        await PageWriter.HtmlAsync(http, PageShell.Write(language, zh ? room.Title.Zh : room.Title.En, body.ToString(), "/catalog", DatasetPage.NameOf(caller)), language, @private: caller.Roles != Roles.None);
        return null;
    }

    private static void Form(StringBuilder body, OpenDataRoom room, List<PackageDocument> seen, Asked asked, bool zh)
    {
        body.Append(CultureInfo.InvariantCulture, $"""
            <form method="get" action="/catalog" role="search" class="card">
            <label for="q">{(zh ? "找什么" : "What are you looking for")}</label><input id="q" name="q" type="search" value="{E(asked.Words)}" maxlength="200">
            <label for="department">{(zh ? "部门" : "Department")}</label><select id="department" name="department"><option value="">{(zh ? "全部" : "All")}</option>{Options(seen.Select(p => p.Dataset.Provider), asked.Department, of => zh ? room.NameOf(of).Zh : room.NameOf(of).En)}</select>
            <label for="theme">{(zh ? "主题" : "Theme")}</label><select id="theme" name="theme"><option value="">{(zh ? "全部" : "All")}</option>{Options(seen.SelectMany(p => p.Dataset.Themes), asked.Theme, of => of)}</select>
            <label><input type="checkbox" name="open" value="1"{(asked.OpenOnly ? " checked" : "")}> {(zh ? "只看人人可用的开放数据" : "Only open data, for everybody")}</label>
            <button>{(zh ? "检索" : "Search")}</button>
            </form>

            """);
    }

    private static string Options(IEnumerable<string> values, string chosen, Func<string, string> name) =>
        string.Concat(values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(value => $"<option value=\"{E(value)}\"{(value == chosen ? " selected" : "")}>{E(name(value))}</option>"));

    private static void Write(StringBuilder body, OpenDataRoom room, Dataset dataset, bool zh)
    {
        var provider = room.NameOf(dataset.Provider);
        body.Append(CultureInfo.InvariantCulture, $"""
            <article class="card">
            <h3><a href="/dataset/{E(Uri.EscapeDataString(dataset.Id))}">{E(zh ? dataset.Title.Zh : dataset.Title.En)}</a></h3>
            <p>{E(zh ? dataset.Abstract.Zh : dataset.Abstract.En)}</p>
            <p class="small">{E(zh ? provider.Zh : provider.En)} · <strong>{E(DatasetPage.ClassOf(dataset, zh))}</strong> · {E(DatasetPage.FrequencyOf(dataset.Frequency, zh))}</p>
            </article>

            """);
    }

    private static void Pager(StringBuilder body, Asked asked, int page, int last, bool zh)
    {
        if (last == 1)
            return;
        body.Append(CultureInfo.InvariantCulture, $"<nav aria-label=\"{(zh ? "翻页" : "Pages")}\" class=\"tabs\">");
        if (page > 1)
            body.Append(CultureInfo.InvariantCulture, $"<a rel=\"prev\" href=\"{E(asked.Address(page - 1))}\">{(zh ? "上一页" : "Previous")}</a>");
        body.Append(CultureInfo.InvariantCulture, $"<span>{page} / {last}</span>");
        if (page < last)
            body.Append(CultureInfo.InvariantCulture, $"<a rel=\"next\" href=\"{E(asked.Address(page + 1))}\">{(zh ? "下一页" : "Next")}</a>");
        body.Append("</nav>\n");
    }

    /// <summary>What stands in the address. A page that is no number is the first, one behind the last is the last: an old link still leads somewhere.</summary>
    private sealed record Asked(string Words, string Department, string Theme, bool OpenOnly, int Page)
    {
        public static Asked Of(HttpContext http)
        {
            var query = http.Request.Query;
            return new(query["q"].ToString().Trim(), query["department"].ToString(), query["theme"].ToString(), query["open"] == "1",
                int.TryParse(query["page"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var page) && page > 0 ? page : 1);
        }

        public bool Holds(Dataset dataset) => (Department.Length == 0 || dataset.Provider == Department) && (Theme.Length == 0 || dataset.Themes.Contains(Theme)) && (!OpenOnly || dataset.Open);

        public string Address(int page) =>
            string.Create(CultureInfo.InvariantCulture, $"/catalog?q={Uri.EscapeDataString(Words)}&department={Uri.EscapeDataString(Department)}&theme={Uri.EscapeDataString(Theme)}{(OpenOnly ? "&open=1" : "")}&page={page}");
    }
}
