using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.OpenData.Query;

internal enum TableFormat
{
    Json,
    Csv,
    Lines,
    Parquet,
}

/// <summary><c>GET /data/{dataset}</c> and <c>POST /data/query</c>: rows of a table by fields, a condition, an order and pages, or by the SQL subset.</summary>
internal static class TableRoutes
{
    private const int MostSql = SqlTokens.MostLength * 4;
    private static readonly string[] Known = ["fields", "where", "sort", "limit", "after", "offset", "count", "format"];

    public static void Map(IEndpointRouteBuilder routes, OpenDataRoom room)
    {
        routes.MapGet("/data/{dataset}", RoomHttp.Handle(http => RowsAsync(http, room))).RequireAuthorization(Permissions.Optional)
            .WithName("QueryTable").WithSummary("Rows of a dataset: fields, where, sort, limit, after, count, format").WithTags("Data");
        routes.MapPost("/data/query", RoomHttp.Handle(http => SqlAsync(http, room))).RequireAuthorization(Permissions.Optional)
            .WithName("QuerySql").WithSummary("Rows or counts of one dataset, asked for in the SQL subset").WithTags("Data");
    }

    /// <summary>Opens the release that answers an SQL question. Other doors that take SQL use it, too.</summary>
    public static async ValueTask<Result<(Dataset Dataset, Opened Opened)>> OpenAsync(HttpContext http, OpenDataRoom room, SqlQuery query)
    {
        if (!room.Find(SharingHttp.CallerOf(http), query.From).TryGet(out var dataset, out var problem))
            return problem;
        var (right, question) = Compile(query);
        IReadOnlyList<string>? fields = query.Columns.Count == 0 ? null : [.. query.Columns.Select(column => column.Name)];
        return (await room.OpenAsync(http, dataset, right, DeliveryModes.Api, fields, question)).Map(opened => (dataset, opened));
    }

    /// <summary>Groups are answers without rows: the right to use is asked for, not the right to obtain.</summary>
    public static (Rights Right, ReleaseQuery Query) Compile(SqlQuery query) => (query.Grouped ? Rights.Use : Rights.Obtain, new ReleaseQuery
    {
        Where = query.Where,
        OrderBy = query.OrderBy,
        Limit = query.Limit,
        Offset = query.Offset,
        Distinct = query.Distinct,
        GroupBy = query.Grouped ? new Grouping(query.GroupBy, [.. query.Columns.Where(c => c.Measure is not null).Select(c => (c.Measure ?? Measure.Count, c.Field, c.Name))]) : null,
    });

    private static async ValueTask<Problem?> SqlAsync(HttpContext http, OpenDataRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MostSql)).TryGet(out var body, out var problem) || !SqlOf(http, body).TryGet(out var sql, out problem)
            || !SqlParser.Query(sql).TryGet(out var query, out problem) || !FormatOf(http).TryGet(out var format, out problem)
            || !(await OpenAsync(http, room, query)).TryGet(out var found, out problem))
            return problem;
        return await WriteAsync(http, found.Opened, format, counted: false, next: null);
    }

    private static Result<string> SqlOf(HttpContext http, ReadOnlyMemory<byte> body)
    {
        try
        {
            if (http.Request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) is not true)
                return new UTF8Encoding(false, true).GetString(body.Span);
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("sql"u8, out var sql) && sql.ValueKind == JsonValueKind.String)
                return sql.GetString() ?? "";
        }
        catch (Exception wrong) when (wrong is JsonException or DecoderFallbackException or InvalidOperationException)
        {
            // Falls through to the refusal.
        }

        return SharingProblems.BadRequest.Because("The body is no question.", "Send {\"sql\": \"SELECT …\"} as application/json, or the SQL itself as text/plain in UTF-8.");
    }

    private static async ValueTask<Problem?> RowsAsync(HttpContext http, OpenDataRoom room)
    {
        var parameters = http.Request.Query;
        foreach (var name in parameters.Keys)
            if (!Known.Contains(name, StringComparer.Ordinal) && !OpenDataRoom.AskParameters.Contains(name))
                return SharingProblems.BadRequest.Because($"{name} is no parameter here.", $"There are {string.Join(", ", Known)}.");
        if (!room.Find(SharingHttp.CallerOf(http), http.Request.RouteValues["dataset"] as string ?? "").TryGet(out var dataset, out var problem)
            || !FormatOf(http).TryGet(out var format, out problem) || !PageOf(http, format).TryGet(out var page, out problem))
            return problem;
        Condition? where = null;
        if (parameters.TryGetValue("where", out var expression) && !SqlParser.Where(expression.ToString()).TryGet(out where, out problem))
            return problem;
        var fields = parameters.TryGetValue("fields", out var listed) ? Listed(listed.ToString()) : null;
        var counted = parameters["count"] == "true";
        var query = new ReleaseQuery { Where = where, OrderBy = OrderOf(parameters["sort"].ToString()), Offset = page.Offset, Limit = page.Limit, Count = counted };
        if (!(await room.OpenAsync(http, dataset, Rights.Obtain, DeliveryModes.Api, fields, query)).TryGet(out var opened, out problem))
            return problem;
        return await WriteAsync(http, opened, format, counted, page.Limit is { } limit ? rows => rows < limit ? null : NextOf(http, page.Offset + limit) : null);
    }

    private static List<string> Listed(string text) => text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal).ToList();

    private static List<(string, bool)> OrderOf(string sort) =>
        [.. sort.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(one => one[0] == '-' ? (one[1..], true) : (one.TrimStart('+'), false))];

    private static Result<(long Offset, long? Limit)> PageOf(HttpContext http, TableFormat format)
    {
        var parameters = http.Request.Query;
        long? limit = format == TableFormat.Json ? RoomHttp.DefaultPage : null;
        if (parameters.TryGetValue("limit", out var text))
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var asked) || asked > RoomHttp.MostPage)
                return SharingProblems.BadRequest.Because($"limit is {text}; it takes 0 to {RoomHttp.MostPage}.", "A whole table comes as csv, ndjson or parquet without a limit.");
            limit = asked;
        }

        var offset = 0L;
        if (parameters.TryGetValue("offset", out text) && !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset))
            return SharingProblems.BadRequest.Because($"offset is {text}; it takes a whole number.");
        if (parameters.TryGetValue("after", out text))
        {
            if (Cursor.Read(text.ToString(), Cursor.QuestionOf(http)) is not { } from)
                return QueryProblems.CursorStale.Because("after is no cursor of this question.", "Follow the link rel=next as it is given; a changed question begins again without after.");
            offset = from;
        }

        return (offset, limit);
    }

    private static string NextOf(HttpContext http, long offset)
    {
        var kept = http.Request.Query.Where(one => one.Key is not ("after" or "offset")).SelectMany(one => one.Value.Select(value => $"{one.Key}={Uri.EscapeDataString(value ?? "")}&"));
        return $"{http.Request.Path}?{string.Concat(kept)}after={Cursor.Write(offset, Cursor.QuestionOf(http))}";
    }

    private static Result<TableFormat> FormatOf(HttpContext http)
    {
        if (http.Request.Query.TryGetValue("format", out var format))
            return format.ToString() switch
            {
                "json" => TableFormat.Json,
                "csv" => TableFormat.Csv,
                "ndjson" => TableFormat.Lines,
                "parquet" => TableFormat.Parquet,
                _ => SharingProblems.BadRequest.Because($"format is {format}; there are json, csv, ndjson, parquet."),
            };
        var accept = http.Request.Headers.Accept.ToString();
        if (accept.Contains(ReleaseParquet.MediaType, StringComparison.OrdinalIgnoreCase))
            return TableFormat.Parquet;
        return accept.Contains("text/csv", StringComparison.OrdinalIgnoreCase) ? TableFormat.Csv : accept.Contains("ndjson", StringComparison.OrdinalIgnoreCase) ? TableFormat.Lines : TableFormat.Json;
    }

    /// <param name="next">For a page: the address of the next one by the number of rows in this; a page is small and waits whole, because the link stands before the rows.</param>
    private static ValueTask<Problem?> WriteAsync(HttpContext http, Opened opened, TableFormat format, bool counted, Func<long, string?>? next) =>
        ReleaseBody.SendAsync(http, opened.Stream, format switch { TableFormat.Csv => "text/csv; charset=utf-8", TableFormat.Lines => "application/x-ndjson", TableFormat.Parquet => ReleaseParquet.MediaType, _ => "application/json" }, async body =>
        {
            if (counted && opened.Stream.Total is { } total)
                http.Response.Headers["Total-Count"] = ReleaseBody.Whole(total);
            if (format == TableFormat.Parquet)
            {
                await ParquetAsync(http, opened, body, next);
                return;
            }

            var rows = 0L;
            var shown = opened.Shown.ToArray();
            await using var json = new Utf8JsonWriter(body.Buffer, ReleaseBody.JsonOptions);
            if (format == TableFormat.Csv)
                Cells.Line(body.Buffer, shown.Select(column => column.Name), ',');
            else if (format == TableFormat.Json)
                Begin(json, shown, counted ? opened.Stream.Total : null);
            while (await opened.Stream.NextAsync(http.RequestAborted) is { } batch)
                for (var row = 0; row < batch.Rows; row++, rows++)
                {
                    if (format == TableFormat.Csv)
                    {
                        Cells.Line(body.Buffer, opened.Columns.Select(i => Cells.Text(batch.Columns[i], row)), ',');
                    }
                    else
                    {
                        Row(json, opened.Columns, shown, batch, row);
                        await json.FlushAsync();
                        if (format == TableFormat.Lines)
                        {
                            body.Buffer.Write("\n"u8);
                            json.Reset();
                        }
                    }

                    if (next is null)
                        await body.FlushIfFullAsync();
                }

            var link = next?.Invoke(rows);
            if (link is not null)
                http.Response.Headers.Append("Link", $"<{link}>; rel=\"next\"");
            if (format == TableFormat.Json)
                End(json, link);
            await json.FlushAsync();
        });

    private static async Task ParquetAsync(HttpContext http, Opened opened, ReleaseBody body, Func<long, string?>? next)
    {
        var rows = await ReleaseParquet.WriteAsync(opened.Stream, opened.Columns, body.Buffer, next is null ? body.FlushAsync : () => default, http.RequestAborted);
        if (next?.Invoke(rows) is { } link)
            http.Response.Headers.Append("Link", $"<{link}>; rel=\"next\"");
    }

    private static void Begin(Utf8JsonWriter json, TableColumn[] shown, long? total)
    {
        json.WriteStartObject();
        json.WriteStartArray("fields"u8);
        foreach (var column in shown)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, column.Name);
            json.WriteString("type"u8, TypeOf(column.Type));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (total is { } count)
            json.WriteNumber("total"u8, count);
        json.WriteStartArray("rows"u8);
    }

    private static void Row(Utf8JsonWriter json, ImmutableArray<int> columns, TableColumn[] shown, RowBatch batch, int row)
    {
        json.WriteStartObject();
        for (var i = 0; i < columns.Length; i++)
        {
            json.WritePropertyName(shown[i].Name);
            Cells.Json(json, batch.Columns[columns[i]], row);
        }

        json.WriteEndObject();
    }

    private static void End(Utf8JsonWriter json, string? next)
    {
        json.WriteEndArray();
        if (next is not null)
            json.WriteString("next"u8, next);
        json.WriteEndObject();
    }

    private static string TypeOf(ColumnType type) => type switch
    {
        ColumnType.Text => "text",
        ColumnType.Integer => "integer",
        ColumnType.Number => "number",
        ColumnType.Boolean => "boolean",
        ColumnType.Date => "date",
        ColumnType.Instant => "instant",
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
