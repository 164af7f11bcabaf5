using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Calendars;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Parties;

/// <summary><c>POST /departments/emergencies</c>, <c>…/{id}/confirmation</c>, <c>…/{id}/close</c>, <c>…/{id}/review</c>: opened, confirmed, closed, reviewed, and seen by everybody who has an office.</summary>
internal static class BreakGlass
{
    public const string Rule = "GB/T 39477: an emergency takes two departments and two persons, and an hour";

    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private const int MostPersons = 20;

    public static void Map(IEndpointRouteBuilder routes, PartyRoom room)
    {
        routes.MapPost("/departments/emergencies", RoomHttp.Handle(async http =>
        {
            var id = room.Ids.Next().ToString();
            if (!(await StepBody.ReadAsync(http)).TryGet(out var body, out var problem)
                || !(await OpenAsync(room.Glass, SharingHttp.CallerOf(http), Asked(id, body))).TryGet(out _, out problem))
                return problem;
            await RoomHttp.WriteAsync(http, StatusCodes.Status202Accepted, json => Write(json, room, room.Glass.All[id]));
            return null;
        })).RequireAuthorization(Permissions.SharingWrite).WithName("OpenEmergency").WithSummary("Ask for an emergency access; a second department confirms").WithTags("Emergencies");
        routes.MapPost("/departments/emergencies/{id}/confirmation", RoomHttp.Handle(http => ChangeAsync(http, room, (caller, id, _) => ConfirmAsync(room.Glass, caller, id))))
            .RequireAuthorization(Permissions.SharingWrite).WithName("ConfirmEmergency").WithSummary("Confirm an emergency access, as the second department").WithTags("Emergencies");
        routes.MapPost("/departments/emergencies/{id}/close", RoomHttp.Handle(http => ChangeAsync(http, room, (caller, id, _) => CloseAsync(room.Glass, caller, id))))
            .RequireAuthorization(Permissions.SharingWrite).WithName("CloseEmergency").WithSummary("End an emergency access").WithTags("Emergencies");
        routes.MapPost("/departments/emergencies/{id}/review", RoomHttp.Handle(http => ChangeAsync(http, room, (caller, id, body) => ReviewAsync(room.Glass, caller, id, body.Flag("justified"), body.Text("text")))))
            .RequireAuthorization(Permissions.SharingWrite).WithName("ReviewEmergency").WithSummary("Say afterwards whether an emergency access was justified").WithTags("Emergencies");
        routes.MapGet("/departments/emergencies", RoomHttp.Handle(async http =>
        {
            if (SharingHttp.CallerOf(http).Roles == Roles.None)
                return SharingProblems.NotYours.Because("Whoever has an office sees emergency accesses.", null, Rule);
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
            {
                json.WriteStartArray();
                foreach (var glass in room.Glass.All.Values.OrderByDescending(g => g.At).Take(RoomHttp.MostPage))
                    Write(json, room, glass);
                json.WriteEndArray();
            });
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName("ListEmergencies").WithSummary("All emergency accesses, newest first").WithTags("Emergencies");
    }

    /// <param name="asked">Owner, receiver and who opens it are worked out here: nobody says them.</param>
    public static ValueTask<Result<Done>> OpenAsync(BreakGlassBook book, Caller caller, GlassOpened asked) => book.SayAsync((_, now) =>
    {
        if (!Stands(caller) || caller.Department is not { } department)
            return NotYours();
        if (asked.Minutes < 1 || TimeSpan.FromMinutes(asked.Minutes) > Longest)
            return PartyProblems.GlassTooLong.Because($"{asked.Minutes} minutes were asked for.", "At most 60. When the hour is over and the emergency is not, open another.", Rule);
        if (asked.Reason.Trim().Length is < 10 or > 1000 || asked.Dataset.Length == 0 || asked.For.Count is 0 or > MostPersons || asked.Fields.Count == 0 || asked.Purpose.Length == 0)
            return SharingProblems.BadRequest.Because("An emergency names dataset, for (who looks, 1 to 20 persons), fields, purpose, and a reason of 10 to 1000 characters.", null, Rule);
        if (asked.For.Select(book.Parties.CallerOf).Select(p => (p.Is(RoleRules.OfDepartment & ~Roles.Auditor) && !p.Is(Roles.Operator) ? p.Department : null) ?? "").Distinct().ToList() is not [{ Length: > 0 } receiver])
            return SharingProblems.BadRequest.Because("Those who look are people of one department, with a role in the register.", "GET /departments/people lists them; two departments are two emergencies.", Rule);
        var what = asked with { Owner = "", Receiver = receiver, By = caller.Person, Department = department };
        if (!book.Opens(what, now).TryGet(out var dataset, out var problem))
            return problem;
        return HasPart(what, caller.Person)
            ? CalendarProblems.FourEyes.Because("Nobody opens an emergency access for himself.", "Let another officer open it.", Rule)
            : SharingJson.Said(what with { Owner = dataset.Provider }, PartyJson.Default.GlassOpened);
    });

    public static async ValueTask<Result<Done>> ConfirmAsync(BreakGlassBook book, Caller caller, string id)
    {
        var confirmed = await book.SayAsync((all, now) =>
        {
            if (!all.TryGetValue(id, out var glass) || glass.Confirmed is not null || glass.ClosedBy is not null)
                return PartyProblems.GlassNotOpen.Because($"No emergency access {id} waits to be confirmed.", "GET /departments/emergencies lists them.", Rule);
            // What was asked for an hour ago is no emergency any more.
            if (now - glass.At > Longest)
                return PartyProblems.GlassNotOpen.Because($"It was asked for at {RoomHttp.Time(glass.At)}.", "Open another with its own reason.", Rule);
            if (!Stands(caller) || caller.Department is not { } department)
                return NotYours();
            var what = glass.What;
            if (caller.Person == what.By || department == what.Department || HasPart(what, caller.Person))
                return CalendarProblems.FourEyes.Because($"{what.By} of {what.Department} opened it, for {string.Join(", ", what.For)}.", "Another person of another department confirms it, and nobody for himself.", Rule);
            if (!book.Opens(what, now).TryGet(out var dataset, out var problem))
                return problem;
            // One of the two is the provider, the other the authority; where the authority provides the data, any other department. Both have their role still.
            var opener = book.Parties.CallerOf(what.By);
            if (!Stands(opener) || opener.Department != what.Department)
                return SharingProblems.NotYours.Because($"{what.By} has no office in {what.Department} any more.", "Open another.", Rule);
            var (provider, other) = department == dataset.Provider ? (caller, opener) : (opener, caller);
            if (provider.Department != dataset.Provider || !(other.Is(Roles.Authority) || book.Parties.With(Roles.Authority, dataset.Provider).Any()))
                return SharingProblems.NotYours.Because($"{dataset.Provider}, whose data they are, and the authority open it together.", null, Rule);
            string[] told = [.. new[] { what.Department, department, what.Receiver }.Distinct(StringComparer.Ordinal)];
            return SharingJson.Said(new GlassConfirmed(id, caller.Person, department, now.AddMinutes(what.Minutes), told), PartyJson.Default.GlassConfirmed);
        });
        if (!confirmed.Ok)
            return confirmed;
        book.Tell(book.All[id]);
        return (await book.RecordPassedAsync()).Map(_ => Done.Value);
    }

    public static async ValueTask<Result<Done>> CloseAsync(BreakGlassBook book, Caller caller, string id)
    {
        var closed = await book.SayAsync((all, _) =>
        {
            if (!all.TryGetValue(id, out var glass) || glass.ClosedBy is not null)
                return PartyProblems.GlassNotOpen.Because($"No emergency access {id} is open or waits.", "GET /departments/emergencies lists them.", Rule);
            return HasPart(glass.What, caller.Person) || (Stands(caller) && (caller.Department == glass.What.Owner || caller.Department == glass.What.Department || caller.Is(Roles.Authority)))
                ? SharingJson.Said(new GlassClosed(id, caller.Person), PartyJson.Default.GlassClosed)
                : NotYours();
        });
        return closed.Ok ? (await book.RecordPassedAsync()).Map(_ => Done.Value) : closed;
    }

    /// <summary>Every emergency that was opened is looked at afterwards, by the authority or an auditor, and by nobody who had a part in it.</summary>
    public static ValueTask<Result<Done>> ReviewAsync(BreakGlassBook book, Caller caller, string id, bool justified, string text) => book.SayAsync((all, now) =>
    {
        if (!all.TryGetValue(id, out var glass) || glass.Confirmed is not { } confirmed || !glass.IsOver(now) || glass.Review is not null)
            return PartyProblems.GlassNotOpen.Because($"No emergency access {id} waits to be reviewed.", "It is reviewed once, when it is over.", Rule);
        if (!caller.Is(Roles.Authority | Roles.SuperiorAuthority | Roles.Auditor))
            return SharingProblems.NotYours.Because("The authority or an auditor reviews an emergency access.", null, Rule);
        if (caller.Person == glass.What.By || caller.Person == confirmed.By || HasPart(glass.What, caller.Person))
            return CalendarProblems.FourEyes.Because($"{caller.Person} had a part in it.", "Let somebody else review it.", Rule);
        return text.Trim().Length == 0
            ? SharingProblems.BadRequest.Because("A review says what was found.", "{\"justified\": true, \"text\": \"…\"}", Rule)
            : SharingJson.Said(new GlassReviewed(id, caller.Person, justified, text), PartyJson.Default.GlassReviewed);
    });

    private static GlassOpened Asked(string id, StepBody body) => new(
        id, body.Text("dataset"), "", "", [.. body.Text("for") is { Length: > 0 } one ? [one] : body.Texts("for").Distinct(StringComparer.Ordinal)], [.. body.Texts("fields").Distinct(StringComparer.Ordinal)],
        body.Text("purpose"), (int)Math.Clamp(body.Number("minutes") ?? 60, 0, 10_000), body.Text("reason"), "", "");

    private static bool HasPart(GlassOpened what, string person) => what.For.Contains(person, StringComparer.Ordinal);

    private static bool Stands(Caller caller) => caller.Is(Roles.SharingOfficer | Roles.Head | Roles.Authority);

    private static Problem NotYours() => SharingProblems.NotYours.Because("The head or the sharing officer of the provider, and the authority, open an emergency access.", null, Rule);

    private static async ValueTask<Problem?> ChangeAsync(HttpContext http, PartyRoom room, Func<Caller, string, StepBody, ValueTask<Result<Done>>> change)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (!(await StepBody.ReadAsync(http)).TryGet(out var body, out var problem) || !(await change(SharingHttp.CallerOf(http), id, body)).TryGet(out _, out problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, room, room.Glass.All[id]));
        return null;
    }

    private static void Write(Utf8JsonWriter json, PartyRoom room, Glass glass)
    {
        var what = glass.What;
        json.WriteStartObject();
        json.WriteString("id"u8, what.Id);
        json.WriteString("dataset"u8, what.Dataset);
        json.WriteString("owner"u8, what.Owner);
        json.WriteString("receiver"u8, what.Receiver);
        Texts(json, "for"u8, what.For);
        Texts(json, "fields"u8, what.Fields);
        json.WriteString("purpose"u8, what.Purpose);
        json.WriteNumber("minutes"u8, what.Minutes);
        json.WriteString("reason"u8, what.Reason);
        json.WriteString("openedBy"u8, what.By);
        json.WriteString("at"u8, RoomHttp.Time(glass.At));
        if (glass.Confirmed is { } confirmed)
        {
            json.WriteString("confirmedBy"u8, confirmed.By);
            json.WriteString("until"u8, RoomHttp.Time(confirmed.Until));
            json.WriteString("grant"u8, glass.Grant);
            Texts(json, "notified"u8, confirmed.Notified);
            if (room.Use?.LastUse(glass.Grant) is { } used)
                json.WriteString("lastUse"u8, RoomHttp.Time(used));
        }

        if (glass.ClosedBy is { } closed)
            json.WriteString("closedBy"u8, closed);
        if (glass.Review is { } review)
        {
            json.WriteStartObject("review"u8);
            json.WriteString("by"u8, review.By);
            json.WriteBoolean("justified"u8, review.Justified);
            json.WriteString("text"u8, review.Text);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void Texts(Utf8JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
            json.WriteStringValue(text);
        json.WriteEndArray();
    }
}
