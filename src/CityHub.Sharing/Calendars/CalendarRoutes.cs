using System.Globalization;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Calendars;

/// <summary>/sharing/calendars and /sharing/profiles: proposed by one, approved by another; and the explicit step that moves running deadlines.</summary>
internal static class CalendarRoutes
{
    public static void Map(IEndpointRouteBuilder routes, RequestRoom room)
    {
        routes.MapGet("/sharing/calendars", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListCalendars").WithSummary("Working calendars by jurisdiction and year, in force and proposed").WithTags("Calendars");
        routes.MapPost("/sharing/calendars", RoomHttp.Handle(http => ProposeAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("ProposeCalendar").WithSummary("Propose the calendar of a year from the State Council's notice").WithTags("Calendars");
        routes.MapPost("/sharing/calendars/{jurisdiction}/{year}/approve", RoomHttp.Handle(http => ApproveAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("ApproveCalendar").WithSummary("Approve a proposed calendar by its version and hash; not by who had a hand in it").WithTags("Calendars");
        routes.MapPost("/sharing/calendars/move-deadlines", RoomHttp.Handle(http => MoveAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("MoveDeadlines").WithSummary("Move the deadlines that run to the calendar as it is now, by a fact each").WithTags("Calendars");
        routes.MapGet("/sharing/profiles", RoomHttp.Handle(http => ProfilesAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListProfiles").WithSummary("Profiles of deadlines, adopted and proposed").WithTags("Calendars");
        routes.MapPost("/sharing/profiles", RoomHttp.Handle(http => ProposeProfileAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("ProposeProfile").WithSummary("Propose a new version of a profile of deadlines").WithTags("Calendars");
        routes.MapPost("/sharing/profiles/{id}/adopt", RoomHttp.Handle(http => AdoptAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("AdoptProfile").WithSummary("Adopt a proposed profile by its version and hash; not by who had a hand in it").WithTags("Calendars");
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, RequestRoom room)
    {
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            Write(json, "calendars", room.Calendars.Years, CalendarFiles.Write);
            Write(json, "proposed", room.Calendars.ProposedYears.Values, WriteYear);
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> ProfilesAsync(HttpContext http, RequestRoom room)
    {
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("inForce"u8, room.Calendars.Profile.Name);
            Write(json, "profiles", room.Calendars.Profiles, CalendarFiles.Write);
            Write(json, "proposed", room.Calendars.ProposedProfiles.Values, WriteProfile);
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> ProposeAsync(HttpContext http, RequestRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MoveRequest.MostBytes)).TryGet(out var body, out var problem)
            || !(await room.Calendars.ProposeAsync(SharingHttp.CallerOf(http), body)).TryGet(out var year, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status202Accepted, json => Write(json, year, WriteYear));
        return null;
    }

    private static async ValueTask<Problem?> ApproveAsync(HttpContext http, RequestRoom room)
    {
        var (jurisdiction, text) = (http.Request.RouteValues["jurisdiction"] as string ?? "", http.Request.RouteValues["year"] as string ?? "");
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return CalendarProblems.NoCalendar($"{jurisdiction}-{text}");
        if (!(await SharingHttp.Room.AsReadAsync(http)).TryGet(out var read, out var problem)
            || !(await room.Calendars.ApproveAsync(SharingHttp.CallerOf(http), jurisdiction, number, read)).TryGet(out var year, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, year, CalendarFiles.Write));
        return null;
    }

    private static async ValueTask<Problem?> MoveAsync(HttpContext http, RequestRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MoveRequest.MostBytes)).TryGet(out var body, out var problem) || !BodyJson.Read(body).TryGet(out var said, out problem)
            || !(await room.Requests.MoveDeadlinesAsync(SharingHttp.CallerOf(http), BodyJson.Text(said, "reason"))).TryGet(out var moved, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("moved"u8, moved);
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> ProposeProfileAsync(HttpContext http, RequestRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MoveRequest.MostBytes)).TryGet(out var body, out var problem)
            || !(await room.Calendars.ProposeProfileAsync(SharingHttp.CallerOf(http), body)).TryGet(out var profile, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status202Accepted, json => Write(json, profile, WriteProfile));
        return null;
    }

    private static async ValueTask<Problem?> AdoptAsync(HttpContext http, RequestRoom room)
    {
        if (!(await SharingHttp.Room.AsReadAsync(http)).TryGet(out var read, out var problem)
            || !(await room.Calendars.AdoptAsync(SharingHttp.CallerOf(http), http.Request.RouteValues["id"] as string ?? "", read)).TryGet(out var profile, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, profile, CalendarFiles.Write));
        return null;
    }

    private static void WriteYear(Utf8JsonWriter json, Proposal<CalendarYear> proposal) => WriteProposal(json, proposal, "calendar", CalendarFiles.Write);

    private static void WriteProfile(Utf8JsonWriter json, Proposal<JurisdictionProfile> proposal) => WriteProposal(json, proposal, "profile", CalendarFiles.Write);

    private static void WriteProposal<T>(Utf8JsonWriter json, Proposal<T> proposal, string name, Action<Utf8JsonWriter, T> write)
    {
        RoomHttp.Write(json, proposal);
        json.WritePropertyName(name);
        Write(json, proposal.What, write);
    }

    private static void Write<T>(Utf8JsonWriter json, string name, IEnumerable<T> many, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartArray(name);
        foreach (var one in many)
            Write(json, one, write);
        json.WriteEndArray();
    }

    private static void Write<T>(Utf8JsonWriter json, T one, Action<Utf8JsonWriter, T> write)
    {
        json.WriteStartObject();
        write(json, one);
        json.WriteEndObject();
    }
}
