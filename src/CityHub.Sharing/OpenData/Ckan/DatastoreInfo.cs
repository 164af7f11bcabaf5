using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>datastore_info: the columns that the caller may have, in his words, and how many rows.</summary>
internal static class DatastoreInfo
{
    public static async ValueTask<Problem?> HandleAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters)
    {
        if (!PackageActions.TableOf(http, room, parameters, "id").TryGet(out var dataset, out var problem)
            || !(await room.OpenAsync(http, dataset, Rights.Obtain, DeliveryModes.Api, null, new ReleaseQuery { Limit = 0, Count = true })).TryGet(out var opened, out problem))
            return problem;
        return await ReleaseBody.SendAsync(http, opened.Stream, "application/json;charset=utf-8", async body =>
        {
            await using var json = new Utf8JsonWriter(body.Buffer, ReleaseBody.JsonOptions);
            CkanHttp.Begin(json, room, http, action);
            json.WriteStartObject();
            json.WriteStartObject("meta"u8);
            json.WriteString("id"u8, dataset.Id);
            json.WriteString("table_type"u8, "BASE TABLE");
            if (opened.Stream.Total is { } total)
                json.WriteNumber("count"u8, total);
            json.WriteEndObject();
            json.WriteStartArray("fields"u8);
            foreach (var column in opened.Shown)
            {
                var field = dataset.Fields.FirstOrDefault(one => one.Name == column.Name);
                json.WriteStartObject();
                json.WriteString("id"u8, column.Name);
                json.WriteString("type"u8, PackageWriter.TypeOf(column.Type));
                json.WriteStartObject("info"u8);
                json.WriteString("label"u8, field?.Title.Zh ?? column.Name);
                json.WriteString("notes"u8, field?.Title.En ?? "");
                json.WriteEndObject();
                json.WriteStartObject("schema"u8);
                json.WriteBoolean("notnull"u8, !column.Nullable);
                json.WriteBoolean("is_index"u8, column.Name == dataset.Key);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
            await json.FlushAsync();
        });
    }
}
