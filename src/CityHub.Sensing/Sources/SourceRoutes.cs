using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sensing.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sensing.Sources;

/// <summary>The sources, their runner, and who may declare one for a dataset.</summary>
/// <param name="may">Null: he may; else the refusal.</param>
internal sealed class SourceRoom(SourceBook book, SourceRunner runner, TimeProvider clock, Func<HttpContext, string, Problem?> may)
{
    public SourceBook Book { get; } = book;

    public SourceRunner Runner { get; } = runner;

    public TimeProvider Clock { get; } = clock;

    public Problem? Refused(HttpContext http, string dataset) => may(http, dataset);

    /// <summary>Who may not even know of the dataset does not know of its source.</summary>
    public bool Shows(HttpContext http, string dataset) => may(http, dataset)?.Kind.Status != StatusCodes.Status404NotFound;
}

internal static class SourceRoutes
{
    private const int MostBytes = 64 << 10;

    public static IEndpointRouteBuilder MapSources(this IEndpointRouteBuilder routes, SourceRoom room)
    {
        routes.MapGet("/sources", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListSources").WithSummary("Where the rows of datasets come from, how far each source was read, and whether it is fresh").WithTags("Sources");
        routes.MapGet("/sources/{id}", RoomHttp.Handle(http => FindAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("FindSource").WithSummary("One source").WithTags("Sources");
        routes.MapPut("/sources/{id}", RoomHttp.Handle(http => DeclareAsync(http, room))).RequireAuthorization(Permissions.DataDeliver)
            .WithName("DeclareSource").WithSummary("Declare or change a source of one's own dataset").WithTags("Sources");
        routes.MapDelete("/sources/{id}", RoomHttp.Handle(http => WithdrawAsync(http, room))).RequireAuthorization(Permissions.DataDeliver)
            .WithName("WithdrawSource").WithSummary("Read it no more").WithTags("Sources");
        routes.MapPost("/sources/{id}/run", RoomHttp.Handle(http => RunAsync(http, room))).RequireAuthorization(Permissions.DataDeliver)
            .WithName("RunSource").WithSummary("Give the source its turn now").WithTags("Sources");
        return routes;
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, SourceRoom room)
    {
        if (!SensingHttp.Page(http, "dataset").TryGet(out var page, out var problem))
            return problem;
        string? dataset = http.Request.Query.TryGetValue("dataset", out var asked) ? asked.ToString() : null;
        var now = room.Clock.GetUtcNow();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray();
            foreach (var state in room.Book.Sources.Values.Where(s => room.Shows(http, s.Source.Dataset) && (dataset is null || s.Source.Dataset == dataset) && (page.After is null || string.CompareOrdinal(s.Source.Id, page.After) > 0)).Take(page.Limit))
                Write(json, state, now, room, full: room.Refused(http, state.Source.Dataset) is null);
            json.WriteEndArray();
        });
        return null;
    }

    private static async ValueTask<Problem?> FindAsync(HttpContext http, SourceRoom room)
    {
        if (!Known(http, room).TryGet(out var state, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, state, room.Clock.GetUtcNow(), room, full: room.Refused(http, state.Source.Dataset) is null));
        return null;
    }

    private static async ValueTask<Problem?> DeclareAsync(HttpContext http, SourceRoom room)
    {
        var id = http.Request.RouteValues["id"]?.ToString() ?? "";
        if (!SourceDeclaration.IsId(id))
            return SourceProblems.NotASource.Because($"{id} cannot be the name of a source.", "1 to 64 lower-case letters, digits and hyphens");
        if (!(await SensingHttp.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem) || !SourceDeclaration.Read(id, body.Span).TryGet(out var source, out problem))
            return problem;
        if (room.Refused(http, source.Dataset) is { } refused)
            return refused;
        if (source.Mode == Core.Tables.WriteMode.Upsert && room.Runner.KeylessDataset(source.Dataset))
            return SourceProblems.NotASource.Because($"{source.Dataset} has no key, and upsert puts rows in the place of those with the same key.", "Let the entry of the dataset name a key, or use mode replace without a watermark.");
        // Another department's source is not taken over by its name.
        if (!(await room.Book.DeclareAsync(source, http.User.Identity?.Name ?? "open", known => room.Refused(http, known.Dataset))).TryGet(out var made, out problem))
            return problem;
        http.Response.StatusCode = made ? StatusCodes.Status201Created : StatusCodes.Status204NoContent;
        return null;
    }

    private static async ValueTask<Problem?> WithdrawAsync(HttpContext http, SourceRoom room)
    {
        if (!Known(http, room).TryGet(out var state, out var problem))
            return problem;
        if (!(await room.Book.WithdrawAsync(state.Source.Id, http.User.Identity?.Name ?? "open", known => room.Refused(http, known.Dataset))).TryGet(out _, out problem))
            return problem;
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }

    private static async ValueTask<Problem?> RunAsync(HttpContext http, SourceRoom room)
    {
        if (!Known(http, room).TryGet(out var state, out var problem))
            return problem;
        if (room.Refused(http, state.Source.Dataset) is { } refused)
            return refused;
        if (!(await room.Runner.TurnAsync(state.Source.Id, http.RequestAborted)).TryGet(out var outcome, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("taken", outcome?.Taken ?? 0);
            json.WriteNumber("gone", outcome?.Gone ?? 0);
            json.WriteNumber("refused", outcome?.Refused ?? 0);
            if (outcome is not null)
                json.WriteNumber("delivery", outcome.Position);
            json.WriteEndObject();
        });
        return null;
    }

    private static Result<SourceState> Known(HttpContext http, SourceRoom room)
    {
        var id = http.Request.RouteValues["id"]?.ToString() ?? "";
        return room.Book.Sources.TryGetValue(id, out var state) && room.Shows(http, state.Source.Dataset) ? state : SourceProblems.Unknown.Because($"There is no source {id}.", "GET /sources lists them.");
    }

    /// <param name="full">For the officers of the department: where the rows come from, and the words of the last failure. Others see which kind it is and how it stands.</param>
    private static void Write(Utf8JsonWriter json, SourceState state, DateTimeOffset now, SourceRoom room, bool full)
    {
        json.WriteStartObject();
        if (full)
        {
            state.Source.Write(json);
            json.WriteString("declaredBy", state.DeclaredBy);
        }
        else
        {
            state.Source.WriteSummary(json);
        }

        json.WriteBoolean("fresh", state.IsFresh(now));
        json.WriteNumber("rows", state.Rows);
        if (state.LastTried is { } tried)
            json.WriteString("lastTried", RoomHttp.Time(tried));
        if (state.LastDelivered is { } delivered)
        {
            json.WriteString("lastDelivered", RoomHttp.Time(delivered));
            json.WriteNumber("lastDelivery", state.LastDelivery);
        }

        if (full && state.Watermark is { } watermark)
            json.WriteString("readUpTo", watermark);
        if (state.LastFailure is { } failure)
        {
            json.WriteString("lastFailure", failure.ToString());
            if (full && room.Runner.Told(state.Source.Id) is { } told)
                json.WriteString("lastFailureSaid", told.ToString());
        }

        json.WriteEndObject();
    }
}
