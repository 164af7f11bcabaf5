using System.Text;
using CityHub.Core.Problems;
using CityHub.Http;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary><c>GET /dataset/{name}</c>: what a dataset is, in both languages, without a script.</summary>
internal static class DatasetPage
{
    public static async ValueTask<Problem?> HandleAsync(HttpContext http, OpenDataRoom room)
    {
        if (!room.Find(SharingHttp.CallerOf(http), http.Request.RouteValues["name"] as string ?? "").TryGet(out var dataset, out var problem))
            return problem;
        var provider = room.NameOf(dataset.Provider);
        var page = new Page($"{dataset.Title.Zh} · {dataset.Title.En}");
        page.Heading(dataset.Title.Zh).Text(dataset.Abstract.Zh).Text(dataset.Title.En, "en").Text(dataset.Abstract.En, "en");
        page.Table(
        [
            ("提供部门 Provider", $"{provider.Zh} · {provider.En}"),
            ("共享属性 Sharing", PackageWriter.NameOf(dataset.Class)),
            ("更新频率 Frequency", PackageWriter.NameOf(dataset.Frequency)),
            ("使用条件 Conditions", dataset.Conditions),
            ("依据 Legal basis", dataset.LegalBasis),
            ("许可 Licence", dataset.Licence ?? ""),
            ("更新 Changed", RoomHttp.Time(dataset.ChangedAt)),
        ]);
        page.Table([.. dataset.Fields.Select(field => (field.Name, $"{field.Title.Zh} · {field.Title.En}"))]);
        page.Link($"/datastore/dump/{dataset.Id}?format=csv", "CSV").Link($"/data/{dataset.Id}", "JSON").Link($"/catalog/datasets/{dataset.Id}.ttl", "DCAT-AP");
        if (PackageWriter.HasPlace(dataset))
            page.Link($"/ogc/collections/{dataset.Id}/items", "GeoJSON");
        page.Link("/catalog", "目录 Catalogue");
        await RoomHttp.SendAsync(http, StatusCodes.Status200OK, "text/html; charset=utf-8", Encoding.UTF8.GetBytes(page.ToString()));
        return null;
    }
}
