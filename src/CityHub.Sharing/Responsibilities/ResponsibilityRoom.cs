using System.Globalization;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Calendars;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Parties;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Responsibilities;

/// <summary>What the routes of the lists work with.</summary>
/// <param name="calendar">Of the jurisdiction, as it is now, with its time zone.</param>
/// <param name="arrivals">What came, by file or as entities.</param>
/// <param name="incidents">Violations found and emergency accesses of a department in a month (yyyy-MM).</param>
internal sealed class ResponsibilityRoom(
    ResponsibilityBook book, Func<(WorkingCalendar Calendar, TimeZoneInfo Zone)> calendar, IArrivals arrivals, IDatasetUse use, Func<string, string, int> incidents, IIdSource ids,
    TimeProvider clock)
{
    public ResponsibilityBook Book { get; } = book;

    public IIdSource Ids { get; } = ids;

    public DateTimeOffset Now => clock.GetUtcNow();

    public Result<MonthlyStatus> StatusOf(ResponsibilityItem item, int year, int month)
    {
        var (working, zone) = calendar();
        return StatusRules.Status(item, arrivals.Of(item.Dataset), year, month, working, zone, Now);
    }

    public Result<Scorecard> ScorecardOf(string department, int year, int month)
    {
        var months = new List<(ResponsibilityItem, MonthlyStatus)>();
        foreach (var item in Book.State.Items.Values.Where(i => i.Provider == department))
        {
            if (!StatusOf(item, year, month).TryGet(out var status, out var problem))
                return problem;
            months.Add((item, status));
        }

        var name = ResponsibilityBook.Month(year, month);
        var since = new DateTimeOffset(year, month, 1, 0, 0, 0, TimeSpan.Zero);
        return Scorecard.Of(department, name, months, dataset => use.Uses(dataset, since), incidents(department, name));
    }

    /// <summary>Judges the month before, and sends items without an owner to the next in line; run daily.</summary>
    public async ValueTask<Result<int>> LookAsync()
    {
        var (working, zone) = calendar();
        var last = Calendars.Clock.DayOf(Now, zone).AddMonths(-1);
        if (!(await Book.AssessAsync(last.Year, last.Month, arrivals.Of, working, zone)).TryGet(out var assessed, out var problem) || !(await Book.EscalateAsync()).TryGet(out var escalated, out problem))
            return problem;
        return assessed + escalated;
    }

    /// <summary>month=yyyy-MM; without it the month that runs.</summary>
    public Result<(int Year, int Month)> MonthOf(HttpContext http)
    {
        if (!http.Request.Query.TryGetValue("month", out var text))
            return Calendars.Clock.DayOf(Now, calendar().Zone) is var today ? (today.Year, today.Month) : default;
        return DateOnly.TryParseExact(text + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            ? (day.Year, day.Month)
            : SharingProblems.BadRequest.Because($"month is {text}; it is written 2026-03.");
    }
}

/// <summary>The routes of the three lists and of scorecards.</summary>
internal static class ResponsibilityRoutes
{
    public static IEndpointRouteBuilder MapResponsibilities(this IEndpointRouteBuilder routes, ResponsibilityRoom room)
    {
        Get(routes, "/responsibilities", "ListResponsibilities", "Items of the responsibility list, each with how it is kept", http => ItemsAsync(http, room));
        Step(routes, HttpMethods.Put, "/responsibilities/{id}", "ListResponsibility", "List what your department owes", async http =>
        {
            if (!(await SharingHttp.Room.BodyAsync(http, 256 << 10)).TryGet(out var body, out var problem)
                || !SharingJson.Body(body, ResponsibilityJson.Default.ResponsibilityItem, ("id", Id(http)), ("version", 1)).TryGet(out var item, out problem))
                return problem;
            return await ListResponsibility.ListAsync(room.Book, SharingHttp.CallerOf(http), item);
        });
        Step(routes, HttpMethods.Put, "/responsibilities/{id}/owner", "NameOwner", "Name who answers for an item", (http, caller, body) => ListResponsibility.NameOwnerAsync(room.Book, caller, Id(http), body.Text("owner")));
        Step(routes, HttpMethods.Post, "/responsibilities/{id}/end", "EndResponsibility", "End an item", (http, caller, body) => ListResponsibility.EndAsync(room.Book, caller, Id(http), body.Text("reason")));
        Get(routes, "/demands", "ListDemands", "The demand list, with the time to data", http => RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => WriteDemands(json, room.Book.State)));
        Step(routes, HttpMethods.Post, "/demands", "FileDemand", "Say what your department needs", (http, caller, body) =>
            DemandList.FileAsync(room.Book, caller, room.Ids.Next().ToString(), new Words(body.Text("zh"), body.Text("en")), body.Text("purpose"), body.Text("basis")));
        Step(routes, HttpMethods.Post, "/demands/{id}/match", "MatchDemand", "Say which dataset answers a demand", (http, caller, body) => DemandList.MatchAsync(room.Book, caller, Id(http), body.Text("dataset")));
        Step(routes, HttpMethods.Post, "/demands/{id}/decline", "DeclineDemand", "Decline a demand, with the law", (http, caller, body) => DemandList.DeclineAsync(room.Book, caller, Id(http), body.Text("reason")));
        Get(routes, "/negative-list", "ListNegative", "Datasets of which nothing may be granted", http => RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => WriteNegative(json, room.Book.State)));
        Step(routes, HttpMethods.Put, "/negative-list/{id}", "ListNegativeItem", "Put a dataset on the negative list, as the authority", (http, caller, body) => NegativeList.ListAsync(room.Book, caller, Id(http), body.Text("law")));
        Step(routes, HttpMethods.Delete, "/negative-list/{id}", "LiftNegativeItem", "Take a dataset off the negative list, as the authority", (http, caller, body) => NegativeList.LiftAsync(room.Book, caller, Id(http), body.Text("reason")));
        routes.MapGet("/scorecards/{id}", RoomHttp.Handle(async http =>
        {
            if (!room.MonthOf(http).TryGet(out var month, out var problem) || !room.ScorecardOf(Id(http), month.Year, month.Month).TryGet(out var card, out problem))
                return problem;
            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, card));
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName("GetScorecard").WithSummary("How a department kept its items in a month").WithTags("Lists");
        routes.MapGet("/scorecards", RoomHttp.Handle(async http =>
        {
            if (!room.MonthOf(http).TryGet(out var month, out var problem))
                return problem;
            var cards = new List<Scorecard>();
            foreach (var department in room.Book.State.Items.Values.Select(i => i.Provider).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            {
                if (!room.ScorecardOf(department, month.Year, month.Month).TryGet(out var card, out problem))
                    return problem;
                cards.Add(card);
            }

            await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
            {
                json.WriteStartArray();
                foreach (var card in cards)
                    Write(json, card);
                json.WriteEndArray();
            });
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName("ListScorecards").WithSummary("Scorecards of all departments that owe something").WithTags("Lists");
        return routes;
    }

    private static async Task ItemsAsync(HttpContext http, ResponsibilityRoom room)
    {
        var dataset = http.Request.Query["dataset"].ToString();
        var provider = http.Request.Query["provider"].ToString();
        var today = room.MonthOf(http);
        if (!today.TryGet(out var month, out var wrong))
        {
            await RoomHttp.WriteProblemAsync(http, wrong);
            return;
        }

        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json =>
        {
            json.WriteStartArray();
            foreach (var item in room.Book.State.Items.Values.Where(i => (dataset.Length == 0 || i.Dataset == dataset) && (provider.Length == 0 || i.Provider == provider)))
            {
                json.WriteStartObject();
                json.WritePropertyName("item"u8);
                JsonSerializer.Serialize(json, item, ResponsibilityJson.Default.ResponsibilityItem);
                var (person, level) = room.Book.Responsible(item);
                json.WriteString("answers"u8, person);
                json.WriteString("level"u8, level);
                if (room.StatusOf(item, month.Year, month.Month).TryGet(out var status, out var problem))
                {
                    json.WriteString("status"u8, status.Status is { } known ? CatalogueNames.Of(known) : "not-owed");
                    json.WriteNumber("owed"u8, status.Owed);
                    json.WriteNumber("delivered"u8, status.Delivered);
                    if (status.Quality is { } quality)
                        json.WriteNumber("quality"u8, quality);
                    json.WriteString("why"u8, status.Why);
                }
                else
                {
                    json.WriteString("why"u8, problem.Detail);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private static void WriteDemands(Utf8JsonWriter json, ResponsibilityState state)
    {
        json.WriteStartArray();
        foreach (var demand in state.Demands.Values)
        {
            json.WriteStartObject();
            json.WriteString("id"u8, demand.Id);
            json.WriteString("department"u8, demand.Department);
            json.WriteString("zh"u8, demand.What.Zh);
            json.WriteString("en"u8, demand.What.En);
            json.WriteString("purpose"u8, demand.Purpose);
            json.WriteString("basis"u8, demand.Basis);
            json.WriteString("filedAt"u8, RoomHttp.Time(demand.FiledAt));
            json.WriteString("state"u8, CatalogueNames.Of(demand.State));
            if (demand.Dataset is { } dataset)
                json.WriteString("dataset"u8, dataset);
            if (demand.Reason is { } reason)
                json.WriteString("reason"u8, reason);
            if (demand.TimeToData is { } time)
                json.WriteNumber("timeToDataDays"u8, time.TotalDays);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteNegative(Utf8JsonWriter json, ResponsibilityState state)
    {
        json.WriteStartArray();
        foreach (var item in state.Negative.Values)
        {
            json.WriteStartObject();
            json.WriteString("dataset"u8, item.Dataset);
            json.WriteString("law"u8, item.Law);
            json.WriteString("at"u8, RoomHttp.Time(item.At));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, Scorecard card)
    {
        json.WriteStartObject();
        json.WriteString("department"u8, card.Department);
        json.WriteString("month"u8, card.Month);
        Put(json, "timeliness"u8, card.Timeliness);
        Put(json, "quality"u8, card.Quality);
        Put(json, "use"u8, card.Use);
        Put(json, "safety"u8, card.Safety);
        Put(json, "total"u8, card.Total);
        json.WriteNumber("items"u8, card.Items);
        json.WriteNumber("kept"u8, card.Kept);
        json.WriteNumber("late"u8, card.Late);
        json.WriteNumber("poor"u8, card.Poor);
        json.WriteNumber("silent"u8, card.Silent);
        json.WriteEndObject();
    }

    private static void Put(Utf8JsonWriter json, ReadOnlySpan<byte> name, double? part)
    {
        if (part is { } value)
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }

    private static string Id(HttpContext http) => http.Request.RouteValues["id"] as string ?? "";

    private static void Get(IEndpointRouteBuilder routes, string pattern, string name, string summary, Func<HttpContext, Task> write) =>
        routes.MapGet(pattern, RoomHttp.Handle(async http =>
        {
            await write(http);
            return null;
        })).RequireAuthorization(Permissions.SharingRead).WithName(name).WithSummary(summary).WithTags("Lists");

    private static void Step(IEndpointRouteBuilder routes, string method, string pattern, string name, string summary, Func<HttpContext, Caller, StepBody, ValueTask<Result<Done>>> step) =>
        Step(routes, method, pattern, name, summary, async http =>
        {
            if (!(await StepBody.ReadAsync(http)).TryGet(out var body, out var problem))
                return problem;
            return await step(http, SharingHttp.CallerOf(http), body);
        });

    private static void Step(IEndpointRouteBuilder routes, string method, string pattern, string name, string summary, Func<HttpContext, ValueTask<Result<Done>>> step) =>
        routes.MapMethods(pattern, [method], RoomHttp.Handle(async http =>
        {
            if (!(await step(http)).TryGet(out _, out var problem))
                return problem;
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return null;
        })).RequireAuthorization(Permissions.SharingWrite).WithName(name).WithSummary(summary).WithTags("Lists");
}
