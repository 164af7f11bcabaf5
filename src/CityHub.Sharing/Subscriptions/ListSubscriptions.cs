using System.Globalization;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Subscriptions;

/// <summary><c>GET /data/{dataset}/subscriptions</c>, a page at a time; <c>GET /data/{dataset}/subscriptions/{id}</c>: those of the caller's department, and how they stand.</summary>
internal static class ListSubscriptions
{
    public static void Map(IEndpointRouteBuilder routes, SubscriptionRoom room)
    {
        routes.MapGet("/data/{dataset}/subscriptions", RoomHttp.Handle(http => ListAsync(http, room))).RequireAuthorization(Permissions.DataUse)
            .WithName("ListTableSubscriptions").WithSummary("Subscriptions of your department to a dataset, a page at a time (limit, after)").WithTags("Data");
        routes.MapGet("/data/{dataset}/subscriptions/{id}", RoomHttp.Handle(http => GetAsync(http, room))).RequireAuthorization(Permissions.DataUse)
            .WithName("GetTableSubscription").WithSummary("One subscription: how it stands, and what was acknowledged last").WithTags("Data");
    }

    /// <summary>Of another department, of another dataset, or none at all: refused alike.</summary>
    public static Result<TableSubscription> Known(HttpContext http, SubscriptionRoom room) =>
        http.Request.RouteValues["id"] as string is var id && room.Book.All.TryGetValue(id ?? "", out var known) && IsOf(http, known) ? known : SubscriptionRoom.NoSuch(id ?? "");

    private static bool IsOf(HttpContext http, TableSubscription subscription) =>
        subscription.What.Dataset == http.Request.RouteValues["dataset"] as string && Decider.DepartmentOf(SharingHttp.CallerOf(http)) == subscription.What.Department;

    private static async ValueTask<Problem?> ListAsync(HttpContext http, SubscriptionRoom room)
    {
        if (!SharingHttp.Room.Page(http).TryGet(out var page, out var problem))
            return problem;
        var found = room.Book.All.Values.Where(s => IsOf(http, s) && (page.After is null || string.CompareOrdinal(s.What.Id, page.After) > 0)).Take(page.Limit).ToList();
        await RoomHttp.WritePageAsync(http, "subscriptions", found, page.Limit, s => s.What.Id, (json, s) => Write(json, s, room));
        return null;
    }

    private static async ValueTask<Problem?> GetAsync(HttpContext http, SubscriptionRoom room)
    {
        if (!Known(http, room).TryGet(out var subscription, out var problem))
            return problem;
        await RoomHttp.WriteAsync(http, StatusCodes.Status200OK, json => Write(json, subscription, room));
        return null;
    }

    /// <param name="secret">Told to whoever has just subscribed, and never again.</param>
    public static void Write(Utf8JsonWriter json, TableSubscription subscription, SubscriptionRoom room, string? secret = null)
    {
        var what = subscription.What;
        json.WriteStartObject();
        json.WriteString("id"u8, what.Id);
        json.WriteString("dataset"u8, what.Dataset);
        json.WriteString("department"u8, what.Department);
        json.WriteString("by"u8, what.By);
        json.WriteString("at"u8, RoomHttp.Time(subscription.At));
        json.WriteString("endpoint"u8, what.Endpoint);
        json.WriteString("purpose"u8, what.Purpose);
        json.WriteString("grant"u8, what.Grant);
        if (what.Case is { } matter)
            json.WriteString("case"u8, matter);
        if (what.Fields is { } fields)
        {
            json.WriteStartArray("fields"u8);
            foreach (var field in fields)
                json.WriteStringValue(field);
            json.WriteEndArray();
        }

        if (room.ConditionOf(what) is { Length: > 0 } where)
            json.WriteString("where"u8, where);
        json.WriteString("format"u8, CatalogueNames.Of(what.Format));
        if (secret is not null)
            json.WriteString("secret"u8, secret);
        State(json, subscription, room);
        if (subscription.Acknowledged is var (acknowledged, at))
            Acknowledged(json, acknowledged, at);
        json.WriteEndObject();
    }

    private static void State(Utf8JsonWriter json, TableSubscription subscription, SubscriptionRoom room)
    {
        if (subscription.Ended is var (ended, endedAt))
        {
            json.WriteString("state"u8, "ended"u8);
            Why(json, ended.Code, "The grant is over.", ended.Rule, endedAt);
        }
        else if (room.Decide(subscription).Problem is { } refused)
        {
            json.WriteString("state"u8, "refused"u8);
            Why(json, refused.Code, refused.Detail, refused.Rule, null);
        }
        else if (subscription.Failing is var (failed, since))
        {
            json.WriteString("state"u8, "failing"u8);
            Why(json, failed.Code, failed.Answer is { } answer ? string.Create(CultureInfo.InvariantCulture, $"The receiver answered {answer}.") : null, null, since);
        }
        else
        {
            json.WriteString("state"u8, room.Deliveries.Book.NewestOf(subscription.What.Dataset) is { } newest && newest.Position != subscription.Acknowledged?.What.Delivery ? "behind"u8 : "active"u8);
        }
    }

    private static void Why(Utf8JsonWriter json, string code, string? detail, string? rule, DateTimeOffset? since)
    {
        json.WriteStartObject("why"u8);
        json.WriteString("code"u8, code);
        if (detail is not null)
            json.WriteString("detail"u8, detail);
        if (rule is not null)
            json.WriteString("rule"u8, rule);
        if (since is { } at)
            json.WriteString("since"u8, RoomHttp.Time(at));
        json.WriteEndObject();
    }

    private static void Acknowledged(Utf8JsonWriter json, TablePushed what, DateTimeOffset at)
    {
        json.WriteStartObject("acknowledged"u8);
        json.WriteNumber("delivery"u8, what.Delivery);
        json.WriteString("asOf"u8, RoomHttp.Time(what.AsOf));
        json.WriteString("change"u8, CatalogueNames.Of(what.Change));
        json.WriteNumber("rows"u8, what.Rows);
        json.WriteNumber("bytes"u8, what.Bytes);
        json.WriteString("sha256"u8, what.Sha256);
        json.WriteNumber("receipt"u8, what.Receipt);
        json.WriteString("at"u8, RoomHttp.Time(at));
        json.WriteEndObject();
    }
}
