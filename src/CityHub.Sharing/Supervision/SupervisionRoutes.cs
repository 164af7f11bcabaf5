using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Supervision;

internal static class SupervisionRoutes
{
    private const int MostBytes = 64 << 10;

    public static IEndpointRouteBuilder MapSupervision(this IEndpointRouteBuilder routes, SupervisionRoom room)
    {
        routes.MapGet("/sharing/violations", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListViolations").WithSummary("Violations of arts 39 to 41 that the facts show: of one's own department, or of all for the authority and auditors").WithTags("Supervision");
        routes.MapGet("/sharing/violations/rules", RoomHttp.Handle(RulesAsync)).RequireAuthorization(Permissions.SharingRead)
            .WithName("ListViolationRules").WithSummary("The sixteen rules").WithTags("Supervision");
        routes.MapGet("/sharing/violations/{**id}", RoomHttp.Handle(http => FindAsync(http, room))).RequireAuthorization(Permissions.SharingRead)
            .WithName("FindViolation").WithSummary("One case").WithTags("Supervision");
        routes.MapPost("/sharing/violations/review", RoomHttp.Handle(http => ReviewAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("ReviewViolations").WithSummary("Look now; the hub does so every hour by itself").WithTags("Supervision");
        routes.MapPost("/sharing/violations/notify", RoomHttp.Handle(http => StepAsync(http, room, NotifyAsync))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("NotifyViolation").WithSummary("Tell the department to put it right, and by when").WithTags("Supervision");
        routes.MapPost("/sharing/violations/refer", RoomHttp.Handle(http => StepAsync(http, room, ReferAsync))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("ReferViolation").WithSummary("Hand it to whoever rules on persons").WithTags("Supervision");
        routes.MapPost("/sharing/violations/close", RoomHttp.Handle(http => StepAsync(http, room, CloseAsync))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("CloseViolation").WithSummary("Close a case that was referred").WithTags("Supervision");
        routes.MapPost("/sharing/evidence/{kind}", RoomHttp.Handle(http => RecordAsync(http, room))).RequireAuthorization(Permissions.SharingWrite)
            .WithName("RecordEvidence").WithSummary("Record a use (art. 29), a platform, a security duty and the like").WithTags("Supervision");
        return routes;
    }

    private static async ValueTask<Problem?> ListAsync(HttpContext http, SupervisionRoom room)
    {
        if (!SharingHttp.Room.Page(http, "department", "state").TryGet(out var page, out var problem))
            return problem;
        var (caller, query) = (SharingHttp.CallerOf(http), http.Request.Query);
        string? department = query.TryGetValue("department", out var asked) ? asked.ToString() : null;
        ViolationState? state = null;
        if (query.TryGetValue("state", out var word))
        {
            if (!Enum.TryParse<ViolationState>(word, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
                return SharingProblems.BadRequest.Because($"state is {word}.", "There are " + string.Join(", ", Enum.GetNames<ViolationState>()).ToLowerInvariant() + ".");
            state = parsed;
        }

        var found = room.Book.Cases.Values.Where(c => Sees(caller, c) && (department is null || c.Violation.Department == department) && (state is null || c.State == state)
            && (page.After is null || string.CompareOrdinal(c.Violation.Id, page.After) > 0)).Take(page.Limit);
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray();
            foreach (var violation in found)
                Write(json, violation);
            json.WriteEndArray();
        });
        return null;
    }

    private static async ValueTask<Problem?> FindAsync(HttpContext http, SupervisionRoom room)
    {
        var id = http.Request.RouteValues["id"]?.ToString() ?? "";
        if (!room.Book.Cases.TryGetValue(id, out var found) || !Sees(SharingHttp.CallerOf(http), found))
            return SupervisionProblems.Unknown.Because($"There is no case {id} for you.", "GET /sharing/violations lists them.");
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, found));
        return null;
    }

    private static async ValueTask<Problem?> RulesAsync(HttpContext http)
    {
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray();
            foreach (var rule in Violations.All)
            {
                json.WriteStartObject();
                json.WriteString("item", rule.Item);
                json.WriteString("zh", rule.Text.Zh);
                json.WriteString("en", rule.Text.En);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
        return null;
    }

    private static async ValueTask<Problem?> ReviewAsync(HttpContext http, SupervisionRoom room)
    {
        if (Authority(http) is { } refused)
            return refused;
        if (!(await room.ReviewAsync()).TryGet(out var facts, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("recorded", facts);
            json.WriteEndObject();
        });
        return null;
    }

    /// <summary>The body names the case: an id has slashes in it.</summary>
    private static async ValueTask<Problem?> StepAsync(HttpContext http, SupervisionRoom room, Func<SupervisionRoom, JsonElement, string, string, ValueTask<Result<ViolationCase>>> step)
    {
        if (Authority(http) is { } refused)
            return refused;
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        Result<ViolationCase> done;
        try
        {
            using var json = JsonDocument.Parse(body);
            done = await step(room, json.RootElement, json.RootElement.GetProperty("id").GetString() ?? "", SharingHttp.CallerOf(http).Person);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return SharingProblems.BadRequest.Because("The body does not say what is to be done.", "{\"id\": \"39(4)/health/r1\", \"rectifyBy\": \"2026-04-01T00:00:00Z\", \"reason\": \"…\"}; to refer: \"to\", \"grave\", \"reason\".");
        }

        if (!done.TryGet(out var stands, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, stands));
        return null;
    }

    private static ValueTask<Result<ViolationCase>> NotifyAsync(SupervisionRoom room, JsonElement body, string id, string by) =>
        room.Book.NotifyAsync(id, by, body.GetProperty("rectifyBy").GetDateTimeOffset(), body.GetProperty("reason").GetString() ?? "");

    private static ValueTask<Result<ViolationCase>> ReferAsync(SupervisionRoom room, JsonElement body, string id, string by) =>
        room.Book.ReferAsync(id, by, body.GetProperty("to").GetString() ?? "", body.TryGetProperty("grave", out var grave) && grave.GetBoolean(), body.GetProperty("reason").GetString() ?? "");

    private static ValueTask<Result<ViolationCase>> CloseAsync(SupervisionRoom room, JsonElement body, string id, string by) => room.Book.CloseAsync(id, by, body.GetProperty("reason").GetString() ?? "");

    private static async ValueTask<Problem?> RecordAsync(HttpContext http, SupervisionRoom room)
    {
        var (kind, caller) = (http.Request.RouteValues["kind"]?.ToString() ?? "", SharingHttp.CallerOf(http));
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        if (!EvidenceJson.Recorded.Contains(kind) || EvidenceJson.Read(kind, body.Span) is not { Department.Length: > 0 } evidence)
            return SharingProblems.BadRequest.Because($"This is not {kind}.", "There are " + string.Join(", ", EvidenceJson.Recorded) + ".");
        if (!(await room.RecordAsync(caller, evidence)).TryGet(out var position, out problem))
            return problem;
        RoomHttp.Receipted(http, position);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return null;
    }

    private static Problem? Authority(HttpContext http) => SharingHttp.CallerOf(http).Is(Roles.Authority | Roles.SuperiorAuthority)
        ? null
        : SharingProblems.NotYours.Because("Supervision is the authority's.", "政务数据共享主管部门", "decree 809, art. 29, 39-41");

    private static bool Sees(Caller caller, ViolationCase violation) => caller.Is(Roles.Authority | Roles.SuperiorAuthority | Roles.Auditor) || (caller.Department is { } own && own == violation.Violation.Department);

    private static void Write(Utf8JsonWriter json, ViolationCase found)
    {
        var words = Violations.WordsOf(found.Violation.Item);
        json.WriteStartObject();
        json.WriteString("id", found.Violation.Id);
        json.WriteString("item", found.Violation.Item);
        json.WriteString("zh", words.Zh);
        json.WriteString("en", words.En);
        json.WriteString("department", found.Violation.Department);
        json.WriteString("matter", found.Violation.Matter);
        json.WriteString("state", found.State.ToString().ToLowerInvariant());
        json.WriteString("since", RoomHttp.Time(found.Violation.Since));
        json.WriteString("found", RoomHttp.Time(found.FoundAt));
        json.WriteStartArray("because");
        foreach (var position in found.Violation.Because)
            json.WriteNumberValue(position);
        json.WriteEndArray();
        if (found.RectifyBy is { } by)
            json.WriteString("rectifyBy", RoomHttp.Time(by));
        if (found.Violation.RectifiedAt is { } at)
            json.WriteString("rectifiedAt", RoomHttp.Time(at));
        if (found.ReferredTo is { } to)
            json.WriteString("referredTo", to);
        if (found.Reason is { } reason)
            json.WriteString("reason", reason);
        json.WriteEndObject();
    }
}
