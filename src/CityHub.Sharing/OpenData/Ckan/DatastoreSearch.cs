using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData.Query;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Http;
using Conditions = CityHub.Sharing.OpenData.Query.Conditions;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>
/// datastore_search: rows of a table by filters, words, order and page, with the exact total. <c>_id</c> is the place of a row in the answer's order, from 1: where a row lies
/// in the table itself is nobody's to know.
/// </summary>
internal static class DatastoreSearch
{
    public const string Id = "_id";
    private const int UsualRows = 100;
    private const int MostRows = 32_000;

    public static async ValueTask<Problem?> HandleAsync(HttpContext http, OpenDataRoom room, string action, CkanParameters parameters)
    {
        if (!PackageActions.TableOf(http, room, parameters).TryGet(out var dataset, out var problem) || !FormatOf(parameters).TryGet(out var format, out problem)
            || !parameters.Names("fields").TryGet(out var fields, out problem) || !WhereOf(parameters).TryGet(out var where, out problem)
            || !parameters.Whole("limit", UsualRows, MostRows).TryGet(out var limit, out problem) || !parameters.Whole("offset", 0, long.MaxValue).TryGet(out var offset, out problem)
            || !OrderOf(parameters).TryGet(out var order, out problem))
            return problem;
        var distinct = parameters.Flag("distinct");
        var total = parameters.Flag("include_total", true);
        var numbered = !distinct && (fields.Count == 0 || fields.Contains(Id, StringComparer.Ordinal));
        IReadOnlyList<string>? shown = fields.Count == 0 ? null : [.. fields.Where(field => field != Id).Distinct(StringComparer.Ordinal)];
        if (shown is { Count: 0 })
            shown = null;
        var query = new ReleaseQuery { Where = where, OrderBy = order, Offset = offset, Limit = limit, Count = total, Distinct = distinct };
        if (!(await room.OpenAsync(http, dataset, Rights.Obtain, DeliveryModes.Api, shown, query)).TryGet(out var opened, out problem))
            return problem;
        if (fields is [Id])
            opened = opened with { Columns = [] };
        return await ReleaseBody.SendAsync(http, opened.Stream, "application/json;charset=utf-8", async body =>
        {
            await using var json = new Utf8JsonWriter(body.Buffer, ReleaseBody.JsonOptions);
            CkanHttp.Begin(json, room, http, action);
            json.WriteStartObject();
            json.WriteBoolean("include_total"u8, total);
            json.WriteNumber("limit"u8, limit);
            if (offset > 0)
                json.WriteNumber("offset"u8, offset);
            json.WriteString("records_format"u8, format);
            json.WriteString("resource_id"u8, dataset.Id);
            json.WriteNull("total_estimation_threshold"u8);
            await RecordsAsync(http, body, json, opened, format, numbered ? offset + 1 : null);
            FieldsOf(json, opened, numbered);
            Links(json, http, parameters, dataset, offset, limit);
            if (total && opened.Stream.Total is { } count)
            {
                json.WriteNumber("total"u8, count);
                json.WriteBoolean("total_was_estimated"u8, false);
            }

            json.WriteEndObject();
            json.WriteEndObject();
            await json.FlushAsync();
        });
    }

    /// <param name="first">Number of the first row; null: rows have none.</param>
    public static async ValueTask RecordsAsync(HttpContext http, ReleaseBody body, Utf8JsonWriter json, Opened opened, string format, long? first)
    {
        if (format is "csv" or "tsv")
        {
            await TextAsync(http, body, json, opened, format == "csv" ? ',' : '\t', first);
            return;
        }

        var names = opened.Shown.Select(column => JsonEncodedText.Encode(column.Name, ReleaseBody.JsonOptions.Encoder)).ToImmutableArray();
        json.WriteStartArray("records"u8);
        while (await opened.Stream.NextAsync(http.RequestAborted) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
            {
                Record(json, opened.Columns, names, batch, row, format == "lists", first);
                first++;
                await json.FlushAsync();
                await body.FlushIfFullAsync();
            }

        json.WriteEndArray();
    }

    public static void FieldsOf(Utf8JsonWriter json, Opened opened, bool numbered)
    {
        json.WriteStartArray("fields"u8);
        if (numbered)
            Field(json, Id, "int");
        foreach (var column in opened.Shown)
            Field(json, column.Name, PackageWriter.TypeOf(column.Type));
        json.WriteEndArray();
    }

    private static void Record(Utf8JsonWriter json, ImmutableArray<int> columns, ImmutableArray<JsonEncodedText> names, RowBatch batch, int row, bool list, long? number)
    {
        if (list)
            json.WriteStartArray();
        else
            json.WriteStartObject();
        if (number is { } id)
        {
            if (!list)
                json.WritePropertyName("_id"u8);
            json.WriteNumberValue(id);
        }

        for (var i = 0; i < columns.Length; i++)
        {
            if (!list)
                json.WritePropertyName(names[i]);
            Cells.Json(json, batch.Columns[columns[i]], row);
        }

        if (list)
            json.WriteEndArray();
        else
            json.WriteEndObject();
    }

    /// <summary>Lines within a text of JSON, written a piece at a time.</summary>
    private static async ValueTask TextAsync(HttpContext http, ReleaseBody body, Utf8JsonWriter json, Opened opened, char separator, long? first)
    {
        json.WritePropertyName("records"u8);
        var line = new ArrayBufferWriter<byte>(256);
        while (await opened.Stream.NextAsync(http.RequestAborted) is { } batch)
            for (var row = 0; row < batch.Rows; row++)
            {
                var cells = opened.Columns.Select(i => Cells.Text(batch.Columns[i], row));
                Cells.Line(line, first is { } number ? cells.Prepend(ReleaseBody.Whole(number)) : cells, separator);
                first++;
                json.WriteStringValueSegment(line.WrittenSpan, isFinalSegment: false);
                line.ResetWrittenCount();
                await json.FlushAsync();
                await body.FlushIfFullAsync();
            }

        json.WriteStringValueSegment(ReadOnlySpan<byte>.Empty, isFinalSegment: true);
    }

    private static void Field(Utf8JsonWriter json, string id, string type)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, type);
        json.WriteEndObject();
    }

    /// <summary>The same question, another page: by GET, also where it came as a body.</summary>
    private static void Links(Utf8JsonWriter json, HttpContext http, CkanParameters parameters, Dataset dataset, long offset, long limit)
    {
        var kept = parameters.All.Where(one => one.Name is not ("resource_id" or "id" or "limit" or "offset")).OrderBy(one => one.Name, StringComparer.Ordinal)
            .Select(one => $"&{Uri.EscapeDataString(one.Name)}={Uri.EscapeDataString(one.Text)}");
        var path = $"{http.Request.Path}?resource_id={Uri.EscapeDataString(dataset.Id)}{string.Concat(kept)}&limit={ReleaseBody.Whole(limit)}";
        json.WriteStartObject("_links"u8);
        json.WriteString("start"u8, path);
        json.WriteString("next"u8, $"{path}&offset={ReleaseBody.Whole(offset + limit)}");
        if (offset > 0)
            json.WriteString("prev"u8, $"{path}&offset={ReleaseBody.Whole(Math.Max(0, offset - limit))}");
        json.WriteEndObject();
    }

    private static Result<string> FormatOf(CkanParameters parameters) => (parameters.Text("records_format") ?? "objects") switch
    {
        var format and ("objects" or "lists" or "csv" or "tsv") => format,
        var other => CkanProblems.Invalid.Because($"records_format: {other} is none of objects, lists, csv, tsv"),
    };

    private static Result<List<(string Field, bool Descending)>> OrderOf(CkanParameters parameters)
    {
        if (!parameters.Names("sort").TryGet(out var parts, out var problem))
            return problem;
        var order = new List<(string, bool)>();
        foreach (var part in parts)
        {
            var text = part.Trim();
            var descending = text.EndsWith(" desc", StringComparison.OrdinalIgnoreCase);
            if (descending || text.EndsWith(" asc", StringComparison.OrdinalIgnoreCase))
                text = text[..text.LastIndexOf(' ')].TrimEnd();
            if (text.Length > 1 && text[0] == '"' && text[^1] == '"')
                text = text[1..^1];
            if (text == Id && descending)
                return CkanProblems.Invalid.Because("sort: rows lie in the order of _id; they are not turned round");
            if (text != Id)
                order.Add((text, descending));
        }

        return order;
    }

    private static Result<Condition?> WhereOf(CkanParameters parameters)
    {
        if (!parameters.Json("filters").TryGet(out var filters, out var problem) || !parameters.Json("q").TryGet(out var q, out problem))
            return problem;
        Condition? where = null;
        if (filters is { ValueKind: JsonValueKind.Object } named)
            foreach (var one in named.EnumerateObject())
            {
                if (one.Name == Id)
                    return CkanProblems.Invalid.Because("filters: _id is the place in the answer and cannot be looked for", "Name a column.");
                where = Conditions.Both(where, FilterOf(one.Name, one.Value));
            }
        else if (filters is { } other && other.ToString().Length > 0)
            return CkanProblems.Invalid.Because("filters: Not an object");
        if (q is { ValueKind: JsonValueKind.Object } byField)
        {
            foreach (var one in byField.EnumerateObject())
                where = Conditions.Both(where, new Condition.Like(one.Name, Conditions.Anywhere(one.Value.ToString()), IgnoreCase: true));
        }
        else if (q is { } words && words.ToString().Trim() is { Length: > 0 } text)
        {
            if (!parameters.Flag("plain", true))
                return CkanProblems.Invalid.Because("plain: only plain words are looked for");
            where = Conditions.Both(where, new Condition.Words(text));
        }

        return Result(where);
    }

    private static Result<Condition?> Result(Condition? where) => where;

    private static Condition FilterOf(string field, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return value.ValueKind == JsonValueKind.Null ? new Condition.IsNull(field) : new Condition.Compare(field, "=", TextOf(value));
        var listed = new Condition.In(field, [.. value.EnumerateArray().Where(one => one.ValueKind != JsonValueKind.Null).Select(TextOf)]);
        return value.EnumerateArray().Any(one => one.ValueKind == JsonValueKind.Null) ? new Condition.Or(listed, new Condition.IsNull(field)) : listed;
    }

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() ?? "",
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetRawText(),
    };
}
