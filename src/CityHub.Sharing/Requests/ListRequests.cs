using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Requests;

/// <summary><c>GET /sharing/requests</c>, a page at a time, by state, department, overdue, waiting (for a calendar); <c>GET /sharing/requests/{id}</c> with history, owner, clock and what the caller can do.</summary>
internal static class ListRequests
{
    public static void Map(IEndpointRouteBuilder routes, RequestRoom room)
    {
        routes.MapGet("/sharing/requests", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListShareRequests").WithSummary("Requests for data that you see, a page at a time (limit, after, state, department, overdue)").WithTags("Requests");
        routes.MapGet("/sharing/requests/{id}", RoomHttp.Handle(http => GetAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("GetShareRequest").WithSummary("One request with its history, owner, clock and the events that are possible for you").WithTags("Requests");
    }

    public static void Write(Utf8JsonWriter json, ShareRequest request, RequestRoom room, Caller caller, bool whole)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, request.Id);
        json.WriteString("state"u8, GrantJson.Word(request.State));
        var words = RequestMachine.Of(request.State);
        json.WriteString("stateZh"u8, words.Name.Zh);
        if (words.Dsp is { } dsp)
            json.WriteString("dsp"u8, dsp);
        json.WriteString("applicant"u8, request.Applicant);
        json.WriteString("provider"u8, request.Provider);
        json.WriteString("dataset"u8, request.Wanted.Dataset);
        json.WriteString("purpose"u8, request.Wanted.Purpose);
        RequestJson.Write(json, "owner", Owners.Of(request, room.World.Departments));
        RequestJson.Write(json, "clock", request.Clock?.Deadline);
        json.WriteBoolean("overdue"u8, request.Clock is { } clock && (clock.Missed || clock.Deadline.Due < room.Clock.GetUtcNow()));
        if (request.UncountedSince is { } since)
        {
            // The clock of destruction waits for a year of the calendar: that is somebody's to bring.
            json.WriteStartObject("waiting"u8);
            json.WriteString("for"u8, CalendarProblems.CalendarYearMissing.Code);
            json.WriteString("article"u8, RequestRules.Disposal);
            json.WriteString("since"u8, RoomHttp.Time(since));
            RequestJson.Write(json, "owner", Owners.OfCalendar(room.World.Departments));
            json.WriteEndObject();
        }

        if (request.Grant is { } grant)
            json.WriteString("grant"u8, grant.Id);
        if (whole)
        {
            json.WritePropertyName("wanted"u8);
            RequestJson.Write(json, request.Wanted);
            if (request.Missing is { } missing)
                GrantJson.Texts(json, "missing"u8, missing);
            GrantJson.Texts(json, "events"u8, RequestMachine.PossibleIn(request.State).Where(e => RequestRules.MayCall(request, e, caller)).Select(e => RequestMachine.Of(e).Path));
            json.WriteStartArray("history"u8);
            foreach (var step in request.History)
            {
                json.WriteStartObject();
                json.WriteString("at"u8, RoomHttp.Time(step.At));
                json.WriteString("fact"u8, step.Fact);
                json.WriteString("by"u8, step.By);
                json.WriteString("department"u8, step.Department);
                json.WriteString("to"u8, GrantJson.Word(step.To));
                json.WritePropertyName("details"u8);
                json.WriteRawValue(step.Details.Span);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, RequestRoom room)
    {
        if (!SharingHttp.Room.Page(http, "state", "department", "overdue", "waiting").TryGet(out var page, out var problem))
            return problem;
        RequestState? state = null;
        if (http.Request.Query.TryGetValue("state", out var word))
        {
            if (!Enum.TryParse<RequestState>(word, ignoreCase: true, out var read) || !Enum.IsDefined(read))
                return NoState(word.ToString());
            state = read;
        }

        var (caller, department) = (SharingHttp.CallerOf(http), http.Request.Query["department"].ToString());
        var (overdue, waiting, now) = (http.Request.Query["overdue"] == "true", http.Request.Query["waiting"] == "true", room.Clock.GetUtcNow());
        var found = room.Requests.All
            .Where(r => r.IsSeenBy(caller) && (state is null || r.State == state) && (department.Length == 0 || department == r.Applicant || department == r.Provider)
                && (!waiting || r.UncountedSince is not null) && (!overdue || (r.Clock is { } clock && (clock.Missed || clock.Deadline.Due < now))) && (page.After is null || string.CompareOrdinal(r.Id, page.After) > 0))
            .OrderBy(r => r.Id, StringComparer.Ordinal).Take(page.Limit).ToList();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("requests"u8);
            foreach (var request in found)
                Write(json, request, room, caller, whole: false);
            json.WriteEndArray();
            if (found.Count == page.Limit)
                json.WriteString("next"u8, Next(http, page.Limit, found[^1].Id));
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, RequestRoom room)
    {
        var caller = SharingHttp.CallerOf(http);
        if (!room.Requests.SeenBy(http.Request.RouteValues["id"] as string ?? "", caller).TryGet(out var request, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, request, room, caller, whole: true));
        return null;
    }

    private static Problem NoState(string word)
    {
        var states = string.Join(", ", Enum.GetValues<RequestState>().Select(GrantJson.Word));
        return SharingProblems.BadRequest.Because($"state is {word}.", $"There are {states}.", "docs/reference/request-states.md");
    }

    /// <summary>The same question from here on.</summary>
    public static string Next(HttpContext http, int limit, string after) =>
        http.Request.Path + QueryString.Create(
            http.Request.Query.Where(q => q.Key is not ("limit" or "after")).Select(q => KeyValuePair.Create(q.Key, (string?)q.Value.ToString()))
                .Append(KeyValuePair.Create("limit", (string?)limit.ToString(System.Globalization.CultureInfo.InvariantCulture))).Append(KeyValuePair.Create("after", (string?)after))).ToString();
}
