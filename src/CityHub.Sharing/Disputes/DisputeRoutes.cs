using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Disputes;

/// <summary>/sharing/disputes, and the rulings as precedents: /sharing/disputes/rulings?q=.</summary>
internal static class DisputeRoutes
{
    public static void Map(IEndpointRouteBuilder routes, RequestRoom room)
    {
        routes.MapPost("/sharing/disputes", RoomHttp.Handle(http => RaiseAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("RaiseDispute").WithSummary("Raise a dispute about a request, a grant or a correction").WithTags("Disputes");
        routes.MapGet("/sharing/disputes", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListDisputes").WithSummary("Disputes that you see, a page at a time (limit, after, state)").WithTags("Disputes");
        routes.MapGet("/sharing/disputes/rulings", RoomHttp.Handle(http => RulingsAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("SearchRulings").WithSummary("Rulings that say all the words of q, in Chinese or English").WithTags("Disputes");
        routes.MapGet("/sharing/disputes/{id}", RoomHttp.Handle(http => GetAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetDispute").WithSummary("One dispute with both positions").WithTags("Disputes");
        routes.MapPost("/sharing/disputes/{id}/{event}", RoomHttp.Handle(http => HappenAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("MoveDispute").WithSummary("state, offer-settlement, settle, escalate, rule, withdraw").WithTags("Disputes");
    }

    private static async ValueTask<Problem?> RaiseAsync(HttpContext http, RequestRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MoveRequest.MostBytes)).TryGet(out var body, out var problem) || !BodyJson.Read(body).TryGet(out var json, out problem)
            || !BodyJson.Documents(json).TryGet(out var documents, out problem))
            return problem;
        var caller = SharingHttp.CallerOf(http);
        var position = new Position(caller.Department ?? "", BodyJson.Text(json, "text"), room.Clock.GetUtcNow(), documents);
        if (!(await room.Disputes.RaiseAsync(caller, BodyJson.Text(json, "about"), BodyJson.Text(json, "against"), BodyJson.Text(json, "title"), position)).TryGet(out var dispute, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status201Created, to => Write(to, dispute, room, caller));
        return null;
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, RequestRoom room)
    {
        if (!SharingHttp.Room.Page(http, "state").TryGet(out var page, out var problem))
            return problem;
        var (caller, state) = (SharingHttp.CallerOf(http), http.Request.Query["state"].ToString());
        var found = room.Disputes.All
            .Where(d => DisputeBook.IsSeenBy(d, caller) && (state.Length == 0 || state == GrantJson.Word(d.State)) && (page.After is null || string.CompareOrdinal(d.Id, page.After) > 0))
            .OrderBy(d => d.Id, StringComparer.Ordinal).Take(page.Limit).ToList();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("disputes"u8);
            foreach (var dispute in found)
                Write(json, dispute, room, caller);
            json.WriteEndArray();
            if (found.Count == page.Limit)
                json.WriteString("next"u8, ListRequests.Next(http, page.Limit, found[^1].Id));
            json.WriteEndObject();
        });
        return null;
    }

    /// <summary>Who was not part of it reads the ruling, and not the positions.</summary>
    private static async ValueTask<Problem?> RulingsAsync(HttpContext http, RequestRoom room)
    {
        if (!SharingHttp.Room.Page(http, "q").TryGet(out var page, out var problem))
            return problem;
        var query = http.Request.Query["q"].ToString();
        var found = room.Disputes.Precedents(query).Take(page.Limit).ToList();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("rulings"u8);
            foreach (var dispute in found)
            {
                json.WriteStartObject();
                json.WriteString("id"u8, dispute.Id);
                json.WriteString("title"u8, dispute.Title);
                WriteRuling(json, dispute.Ruling);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, RequestRoom room)
    {
        var caller = SharingHttp.CallerOf(http);
        if (!room.Disputes.SeenBy(http.Request.RouteValues["id"] as string ?? "", caller).TryGet(out var dispute, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, dispute, room, caller));
        return null;
    }

    private static async ValueTask<Problem?> HappenAsync(HttpContext http, RequestRoom room)
    {
        var (id, name, caller) = (http.Request.RouteValues["id"] as string ?? "", http.Request.RouteValues["event"] as string ?? "", SharingHttp.CallerOf(http));
        var happened = Enum.GetValues<DisputeEvent>().Where(e => DisputeMachine.Path(e) == name).Select(e => (DisputeEvent?)e).FirstOrDefault();
        if (happened is null)
            return DisputeProblems.Missing($"\"{name}\" is no event of a dispute; there are {string.Join(", ", Enum.GetValues<DisputeEvent>().Select(DisputeMachine.Path))}");
        if (!(await SharingHttp.Room.BodyAsync(http, MoveRequest.MostBytes)).TryGet(out var body, out var problem) || !BodyJson.Read(body).TryGet(out var json, out problem)
            || !BodyJson.Documents(json).TryGet(out var documents, out problem)
            || !(await room.Disputes.HappenAsync(id, happened.Value, caller, BodyJson.Text(json, "text"), BodyJson.Text(json, "basis"), documents)).TryGet(out var dispute, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, to => Write(to, dispute, room, caller));
        return null;
    }

    private static void Write(Utf8JsonWriter json, Dispute dispute, RequestRoom room, Caller caller)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, dispute.Id);
        json.WriteString("title"u8, dispute.Title);
        json.WriteString("about"u8, dispute.About);
        json.WriteString("state"u8, GrantJson.Word(dispute.State));
        json.WriteString("raisedBy"u8, dispute.RaisedBy);
        json.WriteString("against"u8, dispute.Against);
        RequestJson.Write(json, "owner", room.Disputes.OwnerOf(dispute));
        json.WriteStartArray("positions"u8);
        foreach (var position in dispute.Positions)
            WritePosition(json, position);
        json.WriteEndArray();
        if (dispute.Offer is { } offer)
        {
            json.WritePropertyName("offer"u8);
            WritePosition(json, offer);
        }

        RequestJson.Write(json, "hearing", dispute.Hearing?.Deadline);
        RequestJson.Write(json, "clock", dispute.Clock?.Deadline);
        if (dispute.ClockMissing is { } since)
            json.WriteString("clockMissing"u8, RoomHttp.Time(since));
        WriteRuling(json, dispute.Ruling);
        GrantJson.Texts(json, "events"u8, DisputeMachine.PossibleIn(dispute.State).Where(e => DisputeBook.May(dispute, e, caller)).Select(DisputeMachine.Path));
        json.WriteEndObject();
    }

    private static void WritePosition(Utf8JsonWriter json, Position position)
    {
        json.WriteStartObject();
        json.WriteString("department"u8, position.Department);
        json.WriteString("text"u8, position.Text);
        json.WriteString("at"u8, RoomHttp.Time(position.At));
        GrantJson.Texts(json, "documents"u8, position.Documents.Select(d => $"{d.Name} sha256:{d.Sha256}"));
        json.WriteEndObject();
    }

    private static void WriteRuling(Utf8JsonWriter json, Ruling? ruling)
    {
        if (ruling is null)
            return;
        json.WriteStartObject("ruling"u8);
        json.WriteString("by"u8, ruling.By);
        json.WriteString("stage"u8, GrantJson.Word(ruling.Stage));
        json.WriteString("text"u8, ruling.Text);
        json.WriteString("basis"u8, ruling.Basis);
        if (ruling.OnFile)
            json.WriteBoolean("onFile"u8, true);
        json.WriteString("at"u8, RoomHttp.Time(ruling.At));
        json.WriteEndObject();
    }
}
