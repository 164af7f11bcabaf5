using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Http;
using CityHub.Sharing.Access;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.OpenData.Query;
using CityHub.Sharing.Releases;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Sharing.Subscriptions;

/// <summary><c>POST /data/{dataset}/subscriptions</c>: decided at once, and again before each push.</summary>
internal static class Subscribe
{
    private const int MostBytes = 64 << 10, LongestEndpoint = 1000, LongestCondition = 10_000, LongestWord = 200;

    /// <param name="Endpoint">Where rows are sent to by POST.</param>
    /// <param name="Purpose">With <paramref name="Grant"/> and <paramref name="Case"/>: as the headers of any question say them; the body wins.</param>
    /// <param name="Fields">Null: all that the grant gives.</param>
    /// <param name="Where">As <c>GET /data/{dataset}</c> takes it, on fields that are sent.</param>
    internal sealed record Request(string? Endpoint = null, string? Purpose = null, string? Grant = null, string? Case = null, IReadOnlyList<string>? Fields = null, string? Where = null, PushFormat Format = PushFormat.Ndjson);

    public static void Map(IEndpointRouteBuilder routes, SubscriptionRoom room) =>
        routes.MapPost("/data/{dataset}/subscriptions", RoomHttp.Handle(http => HandleAsync(http, room))).RequireAuthorization(Permissions.DataUse)
            .WithName("SubscribeTable").WithSummary("Have the rows of a dataset sent to an address under a grant, whenever there are new ones").WithTags("Data");

    private static async ValueTask<Problem?> HandleAsync(HttpContext http, SubscriptionRoom room)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).Then(body => SharingJson.Body(body, SubscriptionJson.Default.Request)).TryGet(out var request, out var problem)
            || !SubscriptionRoom.OfficeOf(SharingHttp.CallerOf(http)).TryGet(out var department, out problem)
            || !EndpointOf(request.Endpoint).TryGet(out var endpoint, out problem)
            || !ConditionOf(request.Where).TryGet(out var query, out problem)
            || !AskOf(http, request).TryGet(out var ask, out problem))
            return problem;
        if (!room.Releases.Foresee(ask, query).TryGet(out var foreseen, out problem))
            return await room.Releases.RefusedAsync(ask, problem, http.RequestAborted);
        if (foreseen.Permit.Dataset.Source != DatasetSource.Table)
            return SubscriptionProblems.NotTaken.Because($"{ask.Dataset} is made of entities.", "Subscribe to them by NGSI-LD: POST /ngsi-ld/v1/subscriptions.");
        if (await room.Receivers.RefuseAsync(endpoint, http.RequestAborted) is { } refused)
            return refused;
        var id = $"s-{room.Ids.Next():n}";
        var what = new TableSubscribed(
            id, ask.Dataset, department, ask.By.Person, endpoint.AbsoluteUri, foreseen.Ask.Purpose, foreseen.Permit.Grant.Id, ask.Case, request.Fields, room.Keys.Seal(id, request.Where ?? ""), request.Format);
        if (!(await room.Book.SubscribeAsync(what, SubscriptionRoom.Most)).TryGet(out var subscription, out problem))
            return problem;
        room.Wake();
        http.Response.Headers.Location = $"/data/{Uri.EscapeDataString(ask.Dataset)}/subscriptions/{id}";
        http.Response.Headers.CacheControl = "no-store";
        await RoomHttp.WriteAsync(http, StatusCodes.Status201Created, json => ListSubscriptions.Write(json, subscription, room, room.Keys.SecretOf(id)));
        return null;
    }

    /// <summary>An address says where and nothing else: no password, nothing in a query that would stand in the log. https, or http on loopback.</summary>
    internal static Result<Uri> EndpointOf(string? text) =>
        text is { Length: > 0 and <= LongestEndpoint } && Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
        && uri.UserInfo.Length == 0 && uri.Query.Length == 0 && uri.Fragment.Length == 0
            ? uri
            : SharingProblems.BadRequest.Because("endpoint is no address that rows could be sent to.", "https://HOST/PATH without a user, a query and a fragment; the signature tells the receiver who sends. http is for loopback alone.");

    private static Result<ReleaseQuery> ConditionOf(string? where) =>
        string.IsNullOrEmpty(where) ? ReleaseQuery.All
        : where.Length > LongestCondition ? SharingProblems.BadRequest.Because($"where is longer than {LongestCondition} letters.", "Take more rows, and choose among them.")
        : SqlParser.Where(where).Map(condition => new ReleaseQuery { Where = condition });

    private static Result<Ask> AskOf(HttpContext http, Request request)
    {
        if (!AskReader.AskOf(http, http.Request.RouteValues["dataset"]?.ToString() ?? "", Rights.Obtain, DeliveryModes.Subscription).TryGet(out var ask, out var problem))
            return problem;
        foreach (var word in (string?[])[request.Purpose, request.Grant, request.Case])
            if (word?.Length > LongestWord)
                return SharingProblems.BadRequest.Because($"purpose, grant and case have at most {LongestWord} letters.");
        return ask with { Purpose = request.Purpose ?? ask.Purpose, Grant = request.Grant ?? ask.Grant, Case = request.Case ?? ask.Case, Fields = request.Fields is { } fields ? [.. fields] : null };
    }
}
