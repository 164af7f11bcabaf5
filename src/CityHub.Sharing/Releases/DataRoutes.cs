using System.Buffers;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Releases;

/// <summary>One row by its key, and yes or no about one row. Questions about many rows have doors of their own.</summary>
internal static class DataRoutes
{
    private const int MostBody = 64 << 10;

    public static void MapData(this IEndpointRouteBuilder routes, IReleases releases)
    {
        routes.MapGet("/data/{dataset}/rows/{key}", RoomHttp.Handle(http => RowAsync(http, releases))).RequireAuthorization(Permissions.DataUse)
            .WithName("GetRow").WithSummary("One row under a grant, masked as it says").WithTags("Data");
        routes.MapPost("/data/{dataset}/verify", RoomHttp.Handle(http => VerifyAsync(http, releases))).RequireAuthorization(Permissions.DataUse)
            .WithName("VerifyRow").WithSummary("Is it true that …? Yes, no or unknown (核验)").WithTags("Data");
    }

    private static async ValueTask<Problem?> RowAsync(HttpContext http, IReleases releases)
    {
        if (!AskReader.AskOf(http, Value(http, "dataset"), Rights.Obtain, DeliveryModes.Api).TryGet(out var ask, out var problem))
            return problem;
        var none = ReleaseProblems.RowUnknown.Because("No row that is released has this key.", "Check the key; where keys leave as pseudonyms, the pseudonym is the key.");
        return await AnswerAsync(http, await releases.OpenAsync(ask, new ReleaseQuery { Key = Value(http, "key") }, http.RequestAborted), none, RowOf);
    }

    /// <summary><c>{"key":"…","where":{"field":value, …}}</c>: every field has its value; <c>null</c>: it has none.</summary>
    private static async ValueTask<Problem?> VerifyAsync(HttpContext http, IReleases releases)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MostBody)).Then(Statement).TryGet(out var query, out var problem)
            || !AskReader.AskOf(http, Value(http, "dataset"), Rights.Use, DeliveryModes.Verify).TryGet(out var ask, out problem))
            return problem;
        return await AnswerAsync(http, await releases.OpenAsync(ask, query, http.RequestAborted), ReleaseProblems.VerifyNotClear.Because("There is no answer."), (_, batch) => Encoding.UTF8.GetBytes($$"""{"answer":"{{batch.Columns[0].Text(0)}}"}"""));
    }

    /// <summary>The answer is whole when the closing act is in the log's line: the next request on the connection does not wait for its fsync, which took a third of the time of a read.</summary>
    private static async ValueTask<Problem?> AnswerAsync(HttpContext http, Result<ReleaseStream> opened, Problem none, Func<ReleaseStream, RowBatch, ReadOnlyMemory<byte>> write)
    {
        if (!opened.TryGet(out var release, out var problem))
            return problem;
        try
        {
            if (await release.NextAsync(http.RequestAborted) is { Rows: > 0 } batch)
                return await SendAsync(http, release, write(release, batch));
            release.Complete();
            return none;
        }
        catch (ReleaseEndedException ended)
        {
            return ended.Problem;
        }
        finally
        {
            _ = release.DisposeAsync().AsTask();
        }
    }

    private static ReadOnlyMemory<byte> RowOf(ReleaseStream release, RowBatch batch)
    {
        var body = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(body))
            ReleaseJson.Row(json, release.Schema, batch, 0);
        return body.WrittenMemory;
    }

    internal static Result<ReleaseQuery> Statement(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 4 });
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("where"u8, out var where) || where.ValueKind != JsonValueKind.Object)
                return SharingProblems.BadRequest.Because("A verification is an object with where, an object of fields and their values.", """{"key": "…", "where": {"name": "…"}}""");
            Condition? all = null;
            foreach (var field in where.EnumerateObject())
            {
                if (field.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                    return SharingProblems.BadRequest.Because($"{field.Name} is compared with an object.", "Values are texts, numbers, true, false or null.");
                Condition one = field.Value.ValueKind == JsonValueKind.Null ? new Condition.IsNull(field.Name) : new Condition.Compare(field.Name, "=", Text(field.Value));
                all = all is null ? one : new Condition.And(all, one);
            }

            var key = root.TryGetProperty("key"u8, out var keyed) && keyed.ValueKind is JsonValueKind.String or JsonValueKind.Number ? Text(keyed) : null;
            return new ReleaseQuery { Key = key, Where = all };
        }
        catch (JsonException malformed)
        {
            return SharingProblems.BadRequest.Because($"The body is no JSON: {malformed.Message}");
        }
    }

    private static async ValueTask<Problem?> SendAsync(HttpContext http, ReleaseStream release, ReadOnlyMemory<byte> body)
    {
        if (body.Length > RunningRelease.MostBlock)
            return ReleaseProblems.QueryTooLarge.Because("The row is larger than one block.", "Ask for fewer fields.");
        RoomHttp.Receipted(http, release.Receipt);
        http.Response.Headers.CacheControl = "no-store";
        release.Sending(body.Span);
        await release.WaitAsync(RoomHttp.WriteAsync(http, StatusCodes.Status200OK, body));
        release.Complete();
        return null;
    }

    private static string Text(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.GetRawText();

    private static string Value(HttpContext http, string name) => http.Request.RouteValues[name]?.ToString() ?? "";
}
