using System.Globalization;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.OpenData.Tracker;

/// <summary>
/// Data Tracker v2 (Estonia's Andmejälgija): who used what is kept about a person. The parameter userCode names the person; the header X-Road-UserId, where a portal sends it,
/// has to be the caller. Auditors ask under a path of their own, because theirs is another permission.
/// </summary>
internal static class TrackerRoutes
{
    public const string UserHeader = "X-Road-UserId";
    private const int MostUsages = 1000;
    private static readonly string[] Known = ["userCode", "periodStart", "periodEnd", "offset", "limit"];

    public static void Map(IEndpointRouteBuilder routes, OpenDataRoom room)
    {
        routes.MapGet("/v2/findUsage", RoomHttp.Handle(http => FindAsync(http, room, audit: false))).RequireAuthorization(Permissions.Citizen)
            .WithName("FindUsage").WithSummary("Data Tracker: who used my data").WithTags("Data Tracker");
        routes.MapGet("/v2/audit/findUsage", RoomHttp.Handle(http => FindAsync(http, room, audit: true))).RequireAuthorization(Permissions.AuditRead)
            .WithName("AuditUsage").WithSummary("Data Tracker: who used a person's data, for auditors").WithTags("Data Tracker");
        routes.MapGet("/v2/usagePeriod", RoomHttp.Handle(http => PeriodAsync(http, room))).RequireAuthorization(Permissions.Optional)
            .WithName("UsagePeriod").WithSummary("Data Tracker: since when accesses are kept").WithTags("Data Tracker");
        routes.MapGet("/v2/heartbeat", RoomHttp.Handle(http => HeartbeatAsync(http, room))).RequireAuthorization(Permissions.Optional)
            .WithName("TrackerHeartbeat").WithSummary("Data Tracker: is it there").WithTags("Data Tracker");
    }

    /// <summary>A citizen about himself; an auditor about anybody.</summary>
    internal static Problem? MayAsk(Caller caller, string user, string? header, bool audit)
    {
        if (header is not null && header != caller.Person)
            return TrackerProblems.NotYourself.Because($"{UserHeader} names somebody else than the token does.", "Leave the header out, or send the one who is logged in.", "decree 809, art. 37");
        if (audit)
            return caller.Is(Roles.Auditor) ? null : SharingProblems.NotYours.Because("Only an auditor asks about others.", "A citizen asks at /v2/findUsage about himself.", "decree 809, art. 37");
        return caller.Is(Roles.Citizen) && caller.Person.Length > 0 && caller.Person == user
            ? null
            : TrackerProblems.NotYourself.Because("userCode names somebody else than you.", "Ask with your own code; who acts for another needs that person's own login.", "decree 809, art. 37");
    }

    private static async ValueTask<Problem?> FindAsync(HttpContext http, OpenDataRoom room, bool audit)
    {
        var parameters = http.Request.Query;
        foreach (var name in parameters.Keys)
            if (!Known.Contains(name, StringComparer.Ordinal))
                return SharingProblems.BadRequest.Because($"{name} is no parameter here.", $"There are {string.Join(", ", Known)}.");
        var user = parameters["userCode"].ToString();
        if (user.Length == 0)
            return SharingProblems.BadRequest.Because("userCode is missing.", "It names the person who is asked about.");
        var header = http.Request.Headers.TryGetValue(UserHeader, out var said) ? said.ToString() : null;
        if (MayAsk(SharingHttp.CallerOf(http), user, header, audit) is { } problem || !Time(parameters, "periodStart").TryGet(out var from, out problem)
            || !Time(parameters, "periodEnd").TryGet(out var to, out problem) || !Whole(parameters, "offset", 0, int.MaxValue).TryGet(out var offset, out problem)
            || !Whole(parameters, "limit", MostUsages, MostUsages).TryGet(out var limit, out problem))
            return problem;
        if (room.WhoLooked is not { } looked)
            return NotKept();
        var usages = looked.Of(user, from, to, offset, limit);
        var total = looked.Count(user, from, to);
        http.Response.Headers.CacheControl = "no-store";
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("totalUsages"u8, total);
            json.WriteStartArray("usages"u8);
            foreach (var usage in usages)
            {
                json.WriteStartObject();
                json.WriteString("logtime"u8, RoomHttp.Time(usage.At));
                json.WriteString("action"u8, usage.Action);
                json.WriteString("receiverCode"u8, usage.Receiver);
                json.WriteString("receiverName"u8, usage.ReceiverName);
                json.WriteString("receiverSystem"u8, usage.System);
                json.WriteString("receipt"u8, $"/ledger/receipts/{ReleaseBody.Whole(usage.Receipt)}");
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> PeriodAsync(HttpContext http, OpenDataRoom room)
    {
        if (room.WhoLooked is not { } looked)
            return NotKept();
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("periodStart"u8, RoomHttp.Time(looked.Since));
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Problem?> HeartbeatAsync(HttpContext http, OpenDataRoom room)
    {
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartObject();
            json.WriteString("status"u8, room.WhoLooked is null ? "FAIL" : "OK");
            json.WriteString("message"u8, room.WhoLooked is null ? "Accesses are not kept here" : "Ready");
            json.WriteEndObject();
        });
        return null;
    }

    private static Problem NotKept() => TrackerProblems.NotKept.Because("This hub keeps no accesses.", "Ask whoever runs it.");

    private static Result<DateTimeOffset?> Time(IQueryCollection parameters, string name)
    {
        if (!parameters.TryGetValue(name, out var text))
            return (DateTimeOffset?)null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)
            ? (DateTimeOffset?)at
            : SharingProblems.BadRequest.Because($"{name} is {text}; it takes ISO 8601, UTC where no offset is said.");
    }

    private static Result<int> Whole(IQueryCollection parameters, string name, int usual, int most)
    {
        if (!parameters.TryGetValue(name, out var text))
            return usual;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) ? Math.Min(whole, most) : SharingProblems.BadRequest.Because($"{name} is {text}; it takes a whole number.");
    }
}
