using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Sharing.OpenData.Query;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>datastore_search_sql: the SQL subset; at most 32,000 rows, as CKAN has it.</summary>
internal static class DatastoreSql
{
    private const int MostRows = 32_000;

    public static async ValueTask<Problem?> HandleAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters)
    {
        if (!parameters.Needed("sql").TryGet(out var sql, out var problem) || !SqlParser.Query(sql).TryGet(out var query, out problem))
            return problem;
        var most = query.Limit is { } limit && limit <= MostRows ? limit : MostRows;
        if (!(await TableRoutes.OpenAsync(http, room, query with { Limit = most })).TryGet(out var found, out problem))
            return problem;
        return await ReleaseBody.SendAsync(http, found.Opened.Stream, "application/json;charset=utf-8", async body =>
        {
            await using var json = new Utf8JsonWriter(body.Buffer, ReleaseBody.JsonOptions);
            CkanHttp.Begin(json, room, http, action);
            json.WriteStartObject();
            json.WriteString("sql"u8, sql);
            await DatastoreSearch.RecordsAsync(http, body, json, found.Opened, "objects", null);
            DatastoreSearch.FieldsOf(json, found.Opened, numbered: false);
            json.WriteEndObject();
            json.WriteEndObject();
            await json.FlushAsync();
        });
    }
}
