using System.Collections.Immutable;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Calendars;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Parties;

/// <param name="Owner">The department whose data they are.</param>
/// <param name="For">Who is to look.</param>
/// <param name="Minutes">From the confirmation on.</param>
internal sealed record GlassOpened(string Id, string Dataset, string Owner, string For, int Minutes, string Reason, string By, string Department);

internal sealed record GlassConfirmed(string Id, string By, string Department, DateTimeOffset Until);

/// <summary>Written before anything is shown.</summary>
internal sealed record GlassUsed(string Id, string Person, string What);

internal sealed record GlassClosed(string Id, string By);

/// <summary>One emergency access to one dataset.</summary>
internal sealed record Glass(string Id, string Dataset, string Owner, string For, int Minutes, string Reason, string By, string Department, DateTimeOffset At)
{
    public string? ConfirmedBy { get; init; }

    public DateTimeOffset? Until { get; init; }

    public int Uses { get; init; }

    public string? ClosedBy { get; init; }

    public bool IsOpen(DateTimeOffset now) => Until is { } until && now < until && ClosedBy is null;
}

/// <summary>
/// Emergency access to data that no grant gives: opened by one department, confirmed by another, one of them the owner; an hour at most, and every use of it is a fact before
/// it is answered. A view over the stream <c>break-glass</c>.
/// </summary>
internal sealed class BreakGlassBook(IFactLog log, TimeProvider clock, IParties parties) : FactBook(log, clock, StreamName)
{
    public const string StreamName = "break-glass";

    private volatile ImmutableSortedDictionary<string, Glass> _all = ImmutableSortedDictionary.Create<string, Glass>(StringComparer.Ordinal);

    public IParties Parties { get; } = parties;

    public IReadOnlyDictionary<string, Glass> All => _all;

    /// <summary>For the figure that everybody who watches the hub sees.</summary>
    public int OpenNow => _all.Values.Count(g => g.IsOpen(Clock.GetUtcNow()));

    public long UsedEver => _all.Values.Sum(g => (long)g.Uses);

    public bool IsOpen(string dataset, string person, DateTimeOffset now) => Open(dataset, person, now) is not null;

    public Glass? Open(string dataset, string person, DateTimeOffset now) => _all.Values.FirstOrDefault(g => g.Dataset == dataset && g.For == person && g.IsOpen(now));

    /// <summary>Before the answer; who gets a problem shows nothing.</summary>
    public ValueTask<Result<Done>> UseAsync(string dataset, string person, string what) => SayAsync((_, now) =>
        Open(dataset, person, now) is { } glass
            ? SharingJson.Said(new GlassUsed(glass.Id, person, what), PartyJson.Default.GlassUsed)
            : PartyProblems.GlassNotOpen.Because($"No emergency access of {person} to {dataset} is open.", "Two departments open it.", BreakGlass.Rule));

    public ValueTask<Result<Done>> SayAsync(Func<IReadOnlyDictionary<string, Glass>, DateTimeOffset, Result<NewFact>> decide) => RecordAsync<Done>(now =>
        decide(_all, now).TryGet(out var fact, out var problem) ? ((IReadOnlyList<NewFact>)[fact], Done.Value) : problem);

    protected override void Apply(string type, ReadOnlyMemory<byte> payload, DateTimeOffset at)
    {
        switch (type)
        {
            case nameof(GlassOpened):
                var o = SharingJson.Read(payload, PartyJson.Default.GlassOpened);
                _all = _all.SetItem(o.Id, new Glass(o.Id, o.Dataset, o.Owner, o.For, o.Minutes, o.Reason, o.By, o.Department, at));
                break;
            case nameof(GlassConfirmed):
                var confirmed = SharingJson.Read(payload, PartyJson.Default.GlassConfirmed);
                Change(confirmed.Id, g => g with { ConfirmedBy = confirmed.By, Until = confirmed.Until });
                break;
            case nameof(GlassUsed):
                Change(SharingJson.Read(payload, PartyJson.Default.GlassUsed).Id, g => g with { Uses = g.Uses + 1 });
                break;
            case nameof(GlassClosed):
                var closed = SharingJson.Read(payload, PartyJson.Default.GlassClosed);
                Change(closed.Id, g => g with { ClosedBy = closed.By });
                break;
            default:
                break;
        }
    }

    private void Change(string id, Func<Glass, Glass> change)
    {
        if (_all.TryGetValue(id, out var glass))
            _all = _all.SetItem(id, change(glass));
    }
}

/// <summary><c>POST /departments/emergencies</c>, <c>…/{id}/confirmation</c>, <c>…/{id}/close</c>: opened, confirmed, closed, and seen by everybody who has an office.</summary>
internal static class BreakGlass
{
    public const string Rule = "GB/T 39477: an emergency takes two departments and two persons, and an hour";

    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public static void Map(IEndpointRouteBuilder routes, PartyRoom room)
    {
        routes.MapPost("/departments/emergencies", RoomHttp.Handle(async http =>
        {
            var id = room.Ids.Next().ToString();
            if (!(await StepBody.ReadAsync(http)).TryGet(out var body, out var problem)
                || !(await OpenAsync(room.Glass, SharingHttp.CallerOf(http), id, body.Text("dataset"), body.Text("owner"), body.Text("for"), (int)(body.Number("minutes") ?? 60), body.Text("reason"))).TryGet(out _, out problem))
                return problem;
            await RoomHttp.WriteAsync(http, StatusCodes.Status202Accepted, json => Write(json, room.Glass.All[id]));
            return null;
        })).RequireAuthorization(Permissions.SharingWrite).WithName("OpenEmergency").WithSummary("Ask for an emergency access; a second department confirms").WithTags("Emergencies");
        routes.MapPost("/departments/emergencies/{id}/confirmation", RoomHttp.Handle(http => ChangeAsync(http, room, (caller, id) => ConfirmAsync(room.Glass, caller, id))))
            .RequireAuthorization(Permissions.SharingWrite).WithName("ConfirmEmergency").WithSummary("Confirm an emergency access, as the second department").WithTags("Emergencies");
        routes.MapPost("/departments/emergencies/{id}/close", RoomHttp.Handle(http => ChangeAsync(http, room, (caller, id) => CloseAsync(room.Glass, caller, id))))
            .RequireAuthorization(Permissions.SharingWrite).WithName("CloseEmergency").WithSummary("End an emergency access").WithTags("Emergencies");
        routes.MapGet("/departments/emergencies", RoomHttp.Handle(async http =>
        {
            if (SharingHttp.CallerOf(http).Roles == Roles.None)
                return SharingProblems.NotYours.Because("Whoever has an office sees emergency accesses.", null, Rule);
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
            {
                json.WriteStartArray();
                foreach (var glass in room.Glass.All.Values.OrderByDescending(g => g.At).Take(RoomHttp.MostPage))
                    Write(json, glass);
                json.WriteEndArray();
            });
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName("ListEmergencies").WithSummary("All emergency accesses, newest first").WithTags("Emergencies");
    }

    public static ValueTask<Result<Done>> OpenAsync(BreakGlassBook book, Caller caller, string id, string dataset, string owner, string person, int minutes, string reason) => book.SayAsync((_, _) =>
    {
        if (!Stands(caller) || caller.Department is not { } department)
            return NotYours();
        if (minutes < 1 || TimeSpan.FromMinutes(minutes) > Longest)
            return PartyProblems.GlassTooLong.Because($"{minutes} minutes were asked for.", "At most 60. When the hour is over and the emergency is not, open another.", Rule);
        if (reason.Trim().Length is < 10 or > 1000 || dataset.Length == 0 || person.Length == 0 || book.Parties.Find(owner) is null)
            return SharingProblems.BadRequest.Because("An emergency names dataset, owner (a registered department), for whom, and a reason of 10 to 1000 characters.", null, Rule);
        return SharingJson.Said(new GlassOpened(id, dataset, owner, person, minutes, reason, caller.Person, department), PartyJson.Default.GlassOpened);
    });

    public static ValueTask<Result<Done>> ConfirmAsync(BreakGlassBook book, Caller caller, string id) => book.SayAsync((all, now) =>
    {
        if (!all.TryGetValue(id, out var glass) || glass.Until is not null || glass.ClosedBy is not null)
            return PartyProblems.GlassNotOpen.Because($"No emergency access {id} waits to be confirmed.", "GET /departments/emergencies lists them.", Rule);
        // What was asked for an hour ago is no emergency any more.
        if (now - glass.At > Longest)
            return PartyProblems.GlassNotOpen.Because($"It was asked for at {RoomHttp.Time(glass.At)}.", "Open another with its own reason.", Rule);
        if (!Stands(caller) || caller.Department is not { } department)
            return NotYours();
        if (caller.Person == glass.By || department == glass.Department)
            return ProposalProblems.FourEyes.Because($"{glass.By} of {glass.Department} opened it.", "Another person of another department confirms it.", Rule);
        // One of the two is the owner, the other the authority; where the authority owns the data, any other department.
        var ownerToo = department == glass.Owner || glass.Department == glass.Owner;
        var other = department == glass.Owner ? glass.By : caller.Person;
        var authorityToo = book.Parties.CallerOf(other).Is(Roles.Authority) || book.Parties.With(Roles.Authority, glass.Owner).Any();
        if (!ownerToo || !authorityToo)
            return SharingProblems.NotYours.Because($"{glass.Owner}, whose data they are, and the authority open it together.", null, Rule);
        return SharingJson.Said(new GlassConfirmed(id, caller.Person, department, now.AddMinutes(glass.Minutes)), PartyJson.Default.GlassConfirmed);
    });

    public static ValueTask<Result<Done>> CloseAsync(BreakGlassBook book, Caller caller, string id) => book.SayAsync((all, _) =>
    {
        if (!all.TryGetValue(id, out var glass) || glass.ClosedBy is not null)
            return PartyProblems.GlassNotOpen.Because($"No emergency access {id} is open or waits.", "GET /departments/emergencies lists them.", Rule);
        return caller.Person == glass.For || (Stands(caller) && (caller.Department == glass.Owner || caller.Department == glass.Department || caller.Is(Roles.Authority)))
            ? SharingJson.Said(new GlassClosed(id, caller.Person), PartyJson.Default.GlassClosed)
            : NotYours();
    });

    private static bool Stands(Caller caller) => caller.Is(Roles.SharingOfficer | Roles.Head | Roles.Authority);

    private static Problem NotYours() => SharingProblems.NotYours.Because("The head or the sharing officer of the owner, and the authority, open an emergency access.", null, Rule);

    private static async ValueTask<Problem?> ChangeAsync(HttpContext http, PartyRoom room, Func<Caller, string, ValueTask<Result<Done>>> change)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        if (!(await change(SharingHttp.CallerOf(http), id)).TryGet(out _, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, room.Glass.All[id]));
        return null;
    }

    private static void Write(Utf8JsonWriter json, Glass glass)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, glass.Id);
        json.WriteString("dataset"u8, glass.Dataset);
        json.WriteString("owner"u8, glass.Owner);
        json.WriteString("for"u8, glass.For);
        json.WriteNumber("minutes"u8, glass.Minutes);
        json.WriteString("reason"u8, glass.Reason);
        json.WriteString("openedBy"u8, glass.By);
        json.WriteString("at"u8, RoomHttp.Time(glass.At));
        if (glass.ConfirmedBy is { } confirmed)
            json.WriteString("confirmedBy"u8, confirmed);
        if (glass.Until is { } until)
            json.WriteString("until"u8, RoomHttp.Time(until));
        json.WriteNumber("uses"u8, glass.Uses);
        if (glass.ClosedBy is { } closed)
            json.WriteString("closedBy"u8, closed);
        json.WriteEndObject();
    }
}
