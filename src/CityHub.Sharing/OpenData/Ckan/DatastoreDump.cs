using System.Buffers;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary><c>GET /datastore/dump/{id}?format=csv|tsv|json&amp;bom=</c>: a whole table, as it is streamed.</summary>
internal static class DatastoreDump
{
    public static async ValueTask<Problem?> HandleAsync(HttpContext http, OpenDataRoom room)
    {
        var format = http.Request.Query.TryGetValue("format", out var said) ? said.ToString() : "csv";
        if (format is not ("csv" or "tsv" or "json"))
            return SharingProblems.BadRequest.Because($"format is {format}; there are csv, tsv, json.");
        if (!room.Find(SharingHttp.CallerOf(http), http.Request.RouteValues["id"] as string ?? "").TryGet(out var dataset, out var problem)
            || !(await room.OpenAsync(http, dataset, Rights.Obtain, DeliveryModes.File, null, ReleaseQuery.All)).TryGet(out var opened, out problem))
            return problem;
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{dataset.Id}.{format}\"";
        var type = format switch { "csv" => "text/csv; charset=utf-8", "tsv" => "text/tab-separated-values; charset=utf-8", _ => "application/json; charset=utf-8" };
        var bom = http.Request.Query["bom"].ToString().ToLowerInvariant() is "true" or "1" or "yes";
        return await ReleaseBody.SendAsync(http, opened.Stream, type, body => format == "json" ? JsonAsync(http, body, opened) : LinesAsync(http, body, opened, format == "csv" ? ',' : '\t', bom));
    }

    private static async ValueTask LinesAsync(HttpContext http, ReleaseBody body, Opened opened, char separator, bool bom)
    {
        if (bom)
            body.Buffer.Write("\uFEFF"u8);
        Cells.Line(body.Buffer, opened.Shown.Select(column => column.Name).Prepend(DatastoreSearch.Id), separator);
        var number = 0L;
        while (await opened.Stream.NextAsync(http.RequestAborted) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
            {
                Cells.Line(body.Buffer, opened.Columns.Select(i => Cells.Text(batch.Columns[i], row)).Prepend(ReleaseBody.Whole(++number)), separator);
                await body.FlushIfFullAsync();
            }
    }

    private static async ValueTask JsonAsync(HttpContext http, ReleaseBody body, Opened opened)
    {
        await using var json = new Utf8JsonWriter(body.Buffer, ReleaseBody.JsonOptions);
        json.WriteStartObject();
        DatastoreSearch.FieldsOf(json, opened, numbered: true);
        await DatastoreSearch.RecordsAsync(http, body, json, opened, "lists", 1);
        json.WriteEndObject();
        await json.FlushAsync();
    }
}
