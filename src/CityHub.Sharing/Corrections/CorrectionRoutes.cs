using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Corrections;

/// <summary>/sharing/corrections for departments, /my/corrections for the person whom the data are about.</summary>
internal static class CorrectionRoutes
{
    public static void Map(IEndpointRouteBuilder routes, RequestRoom room)
    {
        routes.MapPost("/sharing/corrections", RoomHttp.Handle(http => FileAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("FileCorrection").WithSummary("Ask the provider to verify a field of a record (kind correction or objection)").WithTags("Corrections");
        routes.MapPost("/my/corrections", RoomHttp.Handle(http => FileAsync(http, room))).RequireAuthorization(Permissions.Citizen)
            .WithName("FileOwnCorrection").WithSummary("Ask for a correction of your own data, or object").WithTags("Corrections");
        routes.MapGet("/sharing/corrections", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListCorrections").WithSummary("Correction requests that you see, a page at a time (limit, after, state)").WithTags("Corrections");
        routes.MapGet("/my/corrections", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.Citizen)
            .WithName("ListOwnCorrections").WithSummary("Your own correction requests").WithTags("Corrections");
        routes.MapGet("/sharing/corrections/{id}", RoomHttp.Handle(http => GetAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetCorrection").WithSummary("One correction request").WithTags("Corrections");
        routes.MapPost("/sharing/corrections/{id}/open", RoomHttp.Handle(http => OpenAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("OpenCorrection").WithSummary("The claim in plain words, for the provider; recorded, and shown to the person").WithTags("Corrections");
        routes.MapPost("/sharing/corrections/{id}/{event}", RoomHttp.Handle(http => HappenAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("MoveCorrection").WithSummary("verify, correct, uphold, reject, withdraw").WithTags("Corrections");
        routes.MapPost("/my/corrections/{id}/{event}", RoomHttp.Handle(http => HappenAsync(http, room))).RequireAuthorization(Permissions.Citizen)
            .WithName("WithdrawOwnCorrection").WithSummary("Withdraw your own correction request").WithTags("Corrections");
    }

    private static async ValueTask<Problem?> FileAsync(HttpContext http, RequestRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MoveRequest.MostBytes)).TryGet(out var body, out var problem) || !BodyJson.Read(body).TryGet(out var json, out problem)
            || !BodyJson.Documents(json).TryGet(out var evidence, out problem))
            return problem;
        var (caller, kind) = (SharingHttp.CallerOf(http), BodyJson.Text(json, "kind"));
        if (kind is not ("" or "correction" or "objection"))
            return CorrectionProblems.Missing("kind: correction or objection");
        var claim = new Claim(BodyJson.Text(json, "record"), BodyJson.Text(json, "claimed"));
        if (!(await room.Corrections.FileAsync(caller, BodyJson.Text(json, "dataset"), BodyJson.Text(json, "field"), claim, evidence, kind == "objection", GrantJson.Optional(json, "about"), http.RequestAborted))
            .TryGet(out var filed, out problem))
            return problem;
        RoomHttp.Receipted(http, filed.Act);
        await RoomHttp.WriteAsync(http, StatusCodes.Status201Created, to => Write(to, filed, room));
        return null;
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, RequestRoom room)
    {
        if (!SharingHttp.Room.Page(http, "state").TryGet(out var page, out var problem))
            return problem;
        var (caller, state) = (SharingHttp.CallerOf(http), http.Request.Query["state"].ToString());
        // A citizen's are found by his own acts, and by nothing else.
        var seen = caller.Is(Roles.Citizen) ? room.Corrections.OwnOf(caller.Person) : room.Corrections.All.Where(c => room.Corrections.IsSeenBy(c, caller));
        var found = seen.Where(c => (state.Length == 0 || state == GrantJson.Word(c.State)) && (page.After is null || string.CompareOrdinal(c.Id, page.After) > 0))
            .OrderBy(c => c.Id, StringComparer.Ordinal).Take(page.Limit).ToList();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("corrections"u8);
            foreach (var correction in found)
                Write(json, correction, room);
            json.WriteEndArray();
            if (found.Count == page.Limit)
                json.WriteString("next"u8, ListRequests.Next(http, page.Limit, found[^1].Id));
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, RequestRoom room)
    {
        if (!room.Corrections.SeenBy(Id(http), SharingHttp.CallerOf(http)).TryGet(out var correction, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, correction, room));
        return null;
    }

    private static async ValueTask<Problem?> OpenAsync(HttpContext http, RequestRoom room)
    {
        if (!(await room.Corrections.OpenAsync(Id(http), SharingHttp.CallerOf(http), http.RequestAborted)).TryGet(out var claim, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("record"u8, claim.Record);
            json.WriteString("claimed"u8, claim.Claimed);
            json.WriteStartArray("documents"u8);
            foreach (var document in claim.Evidence)
            {
                json.WriteStartObject();
                json.WriteString("name"u8, document.Name);
                json.WriteString("sha256"u8, document.Sha256);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> HappenAsync(HttpContext http, RequestRoom room)
    {
        var name = http.Request.RouteValues["event"] as string ?? "";
        CorrectionEvent? happened = Enum.GetValues<CorrectionEvent>().Where(e => CorrectionMachine.Path(e) == name && e != CorrectionEvent.DeadlinePassed).Select(e => (CorrectionEvent?)e).FirstOrDefault();
        if (happened is null)
            return CorrectionProblems.Missing($"\"{name}\" is no event of a correction request; there are verify, correct, uphold, reject, withdraw");
        if (!(await SharingHttp.Room.BodyAsync(http, MoveRequest.MostBytes)).TryGet(out var body, out var problem) || !BodyJson.Read(body).TryGet(out var json, out problem)
            || !(await room.Corrections.HappenAsync(Id(http), happened.Value, SharingHttp.CallerOf(http), BodyJson.Text(json, "reason"))).TryGet(out var correction, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, to => Write(to, correction, room));
        return null;
    }

    private static void Write(Utf8JsonWriter json, CorrectionRequest correction, RequestRoom room)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, correction.Id);
        json.WriteString("kind"u8, correction.Objection ? "objection"u8 : "correction"u8);
        if (correction.About is { } about)
            json.WriteString("about"u8, about);
        json.WriteString("state"u8, GrantJson.Word(correction.State));
        json.WriteString("dataset"u8, correction.Dataset);
        json.WriteString("field"u8, correction.Field);
        json.WriteString("provider"u8, correction.Provider);
        json.WriteString("filedBy"u8, correction.Department ?? "citizen");
        json.WriteString("filedAt"u8, RoomHttp.Time(correction.FiledAt));
        json.WriteString("recordCommitment"u8, correction.RecordCommitment);
        json.WriteString("claimCommitment"u8, correction.ClaimCommitment);
        GrantJson.Texts(json, "evidenceCommitments"u8, correction.EvidenceCommitments);
        RequestJson.Write(json, "owner", room.Corrections.OwnerOf(correction));
        RequestJson.Write(json, "clock", correction.Clock?.Deadline);
        json.WriteBoolean("overdue"u8, correction.Clock is { } clock && (clock.Missed || clock.Deadline.Due < room.Clock.GetUtcNow()));
        if (correction.Reason is { } reason)
            json.WriteString("reason"u8, reason);
        GrantJson.Texts(json, "notified"u8, correction.Notified);
        GrantJson.Texts(json, "events"u8, CorrectionMachine.PossibleIn(correction.State).Where(e => e != CorrectionEvent.DeadlinePassed).Select(CorrectionMachine.Path));
        json.WriteEndObject();
    }

    private static string Id(HttpContext http) => http.Request.RouteValues["id"] as string ?? "";
}
