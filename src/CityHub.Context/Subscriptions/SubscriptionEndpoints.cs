using System.Globalization;
using System.Text.Json;
using CityHub.Context.Consumption;
using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace CityHub.Context.Subscriptions;

/// <summary>6.10 and 6.11: /subscriptions.</summary>
public static class SubscriptionEndpoints
{
    private const string Path = "/ngsi-ld/v1/subscriptions";
    private const int DefaultPage = 20;

    public static void MapSubscriptions(this IEndpointRouteBuilder routes, ContextRoom room, SubscriptionRoom subscriptions)
    {
        Map("POST", "", (http, r, tenant) => Create(http, r, subscriptions, tenant), Permissions.SubscriptionsWrite, "Create a subscription (5.8.1)", []);
        Map("GET", "", (http, r, tenant) => Query(http, r, subscriptions, tenant), Permissions.SubscriptionsRead, "Query subscriptions (5.8.4)", ["limit", "offset", "count", "options"]);
        Map("GET", "/{id}", (http, r, tenant) => Retrieve(http, r, subscriptions, tenant), Permissions.SubscriptionsRead, "Retrieve a subscription (5.8.3)", ["options"]);
        Map("PATCH", "/{id}", (http, r, tenant) => Update(http, r, subscriptions, tenant), Permissions.SubscriptionsWrite, "Update a subscription (5.8.2)", []);
        Map("DELETE", "/{id}", (http, _, tenant) => Delete(http, room, subscriptions, tenant), Permissions.SubscriptionsWrite, "Delete a subscription (5.8.5)", []);
        routes.MapMethods(Path, ["PUT", "PATCH", "DELETE"], http => NotAllowed(http, "GET, POST"))
            .RequireAuthorization(Permissions.SubscriptionsWrite).WithName("subscriptions-not-allowed").WithSummary("Not allowed on the list of subscriptions").WithTags("NGSI-LD");
        routes.MapMethods(Path + "/{id}", ["PUT", "POST"], http => NotAllowed(http, "GET, PATCH, DELETE"))
            .RequireAuthorization(Permissions.SubscriptionsWrite).WithName("subscription-not-allowed").WithSummary("Not allowed on a subscription").WithTags("NGSI-LD");

        void Map(string method, string pattern, Handler handler, string permission, string summary, string[] parameters) =>
            routes.MapMethods(Path + pattern, [method], Handlers.Of(room, handler, parameters.ToHashSet(StringComparer.Ordinal))).RequireAuthorization(permission)
                .WithMetadata(new AlsoUnderGrants(Permissions.DataUse)).WithName($"{method.ToLowerInvariant()}-subscription{(pattern.Length == 0 ? "s" : "")}").WithSummary(summary).WithTags("NGSI-LD");
    }

    private static async ValueTask<Problem?> Create(HttpContext http, ContextRoom room, SubscriptionRoom subscriptions, string tenant)
    {
        if (!(await room.BodyAsync(http, tenant)).TryGet(out var body, out var problem))
            return problem;
        using var json = JsonDocument.Parse(body.Json);
        if (json.RootElement.ValueKind != JsonValueKind.Object)
            return ContextProblems.BadRequestData.Because("The body is not a Subscription.", rule: "ETSI GS CIM 009, 5.2.12");
        if (!IdOf(json.RootElement).TryGet(out var id, out problem))
            return problem;
        var now = room.Now;
        var document = new SubscriptionDocument
        {
            Id = id.Length > 0 ? id : $"urn:ngsi-ld:Subscription:{subscriptions.Ids.Next()}",
            Members = SubscriptionMembers.Expand(json.RootElement, body.Context, fragment: false),
            Context = body.Context.Json,
            QueryContext = body.Context.Json,
            CreatedAt = now,
            ModifiedAt = now,
        };
        if (id.Length == 0)
            document = document with { Members = SubscriptionMembers.Merge(JsonId(document.Id), document.Members) };
        if (body.Context.Url is null && !json.RootElement.TryGetProperty("jsonldContext"u8, out _))
        {
            // A context without a URL cannot be named in a Link header: the hub serves it (5.13.1).
            var hosted = await room.Contexts.AddAsync(tenant, Document(body.Context), ContextKind.ImplicitlyCreated, http.RequestAborted);
            if (!hosted.Ok)
                return hosted.Problem;
            document = document with { HostedContext = $"{http.Request.Scheme}://{http.Request.Host}{ContextStore.Path}{hosted.Value.Id}" };
        }

        if (!(await subscriptions.CreateAsync(tenant, document, http.RequestAborted, SubscriberOf(http, subscriptions, tenant))).TryGet(out _, out problem))
            return problem;
        http.Response.Headers.Location = $"{Path}/{Handlers.UriPath(document.Id)}";
        return await Handlers.Empty(http, StatusCodes.Status201Created);
    }

    private static async ValueTask<Problem?> Query(HttpContext http, ContextRoom room, SubscriptionRoom subscriptions, string tenant)
    {
        var parameters = new Parameters(http.Request.Query);
        if (!NgsiLdHttp.Accept(http).TryGet(out var media, out var problem) ||
            !(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out problem) ||
            !room.Table(tenant).TryGet(out _, out problem) ||
            !Options(parameters).TryGet(out var sysAttrs, out problem) ||
            !parameters.Flag("count").TryGet(out var count, out problem) ||
            !parameters.Number("limit", DefaultPage, 0, int.MaxValue).TryGet(out var limit, out problem) ||
            !parameters.Number("offset", 0, 0, int.MaxValue).TryGet(out var offset, out problem))
            return problem;
        count |= parameters.Option("count");
        if (limit == 0 && !count)
            return Parameters.Bad("limit is 0 and count was not asked: nothing would be answered.");
        if (limit > room.Limits.PageEntities)
            return ContextProblems.TooManyResults.Because($"limit is {limit}; a page has at most {room.Limits.PageEntities} subscriptions.");
        var all = subscriptions.Guard?.OnlyUnderGrants(http) == true ? [.. subscriptions.List(tenant).Where(s => subscriptions.Guard.IsOwn(http, s.Document.Subscriber))] : subscriptions.List(tenant);
        if (count)
            http.Response.Headers[NgsiLdHttp.CountHeader] = all.Count.ToString(CultureInfo.InvariantCulture);
        if (limit > 0 && offset > 0)
            Link(http, media, limit, Math.Max(0, offset - limit), "prev");
        if (limit > 0 && all.Count > (long)offset + limit)
            Link(http, media, limit, offset + limit, "next");
        PreferredVersion.Apply(http, []);
        await NgsiLdHttp.WriteAsync(http, StatusCodes.Status200OK, media, context, writer =>
        {
            writer.WriteStartArray();
            foreach (var subscription in all.Skip(offset).Take(limit))
                SubscriptionMembers.Write(writer, subscription, subscriptions.StatsOf(subscription), context, sysAttrs, media == MediaType.JsonLd, room.Now);
            writer.WriteEndArray();
        });
        return null;
    }

    private static async ValueTask<Problem?> Retrieve(HttpContext http, ContextRoom room, SubscriptionRoom subscriptions, string tenant)
    {
        if (!NgsiLdHttp.Accept(http).TryGet(out var media, out var problem) ||
            !Id(http).TryGet(out var id, out problem) ||
            !Options(new Parameters(http.Request.Query)).TryGet(out var sysAttrs, out problem) ||
            !(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out problem) ||
            !room.Table(tenant).TryGet(out _, out problem) ||
            !Find(http, subscriptions, tenant, id).TryGet(out var subscription, out problem))
            return problem;
        PreferredVersion.Apply(http, []);
        await NgsiLdHttp.WriteAsync(http, StatusCodes.Status200OK, media, context, writer =>
            SubscriptionMembers.Write(writer, subscription, subscriptions.StatsOf(subscription), context, sysAttrs, media == MediaType.JsonLd, room.Now));
        return null;
    }

    private static async ValueTask<Problem?> Update(HttpContext http, ContextRoom room, SubscriptionRoom subscriptions, string tenant)
    {
        if (!Id(http).TryGet(out var id, out var problem) ||
            !(await room.BodyAsync(http, tenant)).TryGet(out var body, out problem) ||
            !room.Table(tenant).TryGet(out _, out problem))
            return problem;
        using var json = JsonDocument.Parse(body.Json);
        var root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            return ContextProblems.BadRequestData.Because("The body is not a fragment of a Subscription.", rule: "ETSI GS CIM 009, 5.8.2");
        if (!Find(http, subscriptions, tenant, id).TryGet(out _, out problem) || !IdOf(root).TryGet(out var inside, out problem))
            return problem;
        if (inside.Length > 0 && inside != id)
            return ContextProblems.BadRequestData.Because($"The fragment has the id {inside}; the id of a subscription does not change.", rule: "ETSI GS CIM 009, 5.8.2.4");
        var fragment = SubscriptionMembers.Expand(root, body.Context, fragment: true);
        if (fragment.Length <= 2)
            return ContextProblems.BadRequestData.Because("The fragment has no member of a Subscription.", rule: "ETSI GS CIM 009, 5.8.2");
        ReadOnlyMemory<byte>? queryContext = root.TryGetProperty("q"u8, out _) || root.TryGetProperty("geoQ"u8, out _) || root.TryGetProperty("csf"u8, out _) ? body.Context.Json : default(ReadOnlyMemory<byte>?);
        var changed = await subscriptions.ChangeAsync(tenant, id, fragment, queryContext, root.TryGetProperty("expiresAt"u8, out _), http.RequestAborted, SubscriberOf(http, subscriptions, tenant));
        return changed.Ok ? await Handlers.Empty(http, StatusCodes.Status204NoContent) : changed.Problem;
    }

    private static async ValueTask<Problem?> Delete(HttpContext http, ContextRoom room, SubscriptionRoom subscriptions, string tenant)
    {
        if (!Id(http).TryGet(out var id, out var problem) ||
            !room.Table(tenant).TryGet(out _, out problem) ||
            !Find(http, subscriptions, tenant, id).TryGet(out _, out problem) ||
            !(await subscriptions.DeleteAsync(tenant, id, http.RequestAborted)).TryGet(out _, out problem))
            return problem;
        return await Handlers.Empty(http, StatusCodes.Status204NoContent);
    }

    /// <summary>Who reads nothing but what grants give him finds the subscriptions of his own department.</summary>
    private static Result<Subscription> Find(HttpContext http, SubscriptionRoom subscriptions, string tenant, string id)
    {
        var found = subscriptions.Find(tenant, id);
        return found.Ok && subscriptions.Guard is { } guard && guard.OnlyUnderGrants(http) && !guard.IsOwn(http, found.Value.Document.Subscriber)
            ? ContextProblems.ResourceNotFound.Because($"There is no subscription {id}.")
            : found;
    }

    private static SubscriberOf? SubscriberOf(HttpContext http, SubscriptionRoom subscriptions, string tenant) =>
        subscriptions.Guard is { } guard ? types => guard.SubscribeAsync(http, tenant, types) : null;

    private static Task NotAllowed(HttpContext http, string allow)
    {
        http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        http.Response.Headers.Allow = allow;
        http.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    private static Result<string> Id(HttpContext http)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        return Names.IsUri(id) ? id : ContextProblems.BadRequestData.Because($"\"{id}\" is not a subscription's id.", "An id is a URI, e.g. urn:ngsi-ld:Subscription:42.", "ETSI GS CIM 009, 4.6.1");
    }

    /// <summary>The id in a body; empty when it has none.</summary>
    private static Result<string> IdOf(JsonElement root)
    {
        if ((!root.TryGetProperty("id"u8, out var id) && !root.TryGetProperty("@id"u8, out id)) || id.ValueKind == JsonValueKind.Null)
            return "";
        return id.ValueKind == JsonValueKind.String && Names.IsUri(id.GetString())
            ? id.GetString() ?? ""
            : ContextProblems.BadRequestData.Because($"{id.GetRawText()} is not a subscription's id.", "An id is a URI, e.g. urn:ngsi-ld:Subscription:42.", "ETSI GS CIM 009, 4.6.1");
    }

    private static Result<bool> Options(Parameters parameters)
    {
        foreach (var option in parameters.List("options"))
            if (option is not ("sysAttrs" or "count"))
                return Parameters.Invalid($"There is no option \"{option}\" here.", "sysAttrs, count");
        return parameters.Option("sysAttrs");
    }

    private static void Link(HttpContext http, MediaType media, int limit, int offset, string relation)
    {
        // Alphabetical, as everywhere (6.3.10).
        var others = string.Concat(http.Request.Query.Where(p => p.Key is "count" or "options").OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (p.Key, p.Value.ToString()))
            .Select(p => p.Key == "count" ? $"count={p.Item2}&" : ""));
        var options = http.Request.Query.TryGetValue("options", out var given) ? $"&options={given}" : "";
        http.Response.Headers.Append("Link", string.Create(CultureInfo.InvariantCulture,
            $"<{Path}?{others}limit={limit}&offset={offset}{options}>;rel=\"{relation}\";type=\"{HttpSender.TypeOf(media)}\""));
    }

    private static ReadOnlyMemory<byte> JsonId(string id) => System.Text.Encoding.UTF8.GetBytes($"{{\"id\":\"{JsonEncodedText.Encode(id)}\"}}");

    private static ReadOnlyMemory<byte> Document(LdContext context) =>
        System.Text.Encoding.UTF8.GetBytes($"{{\"@context\":{System.Text.Encoding.UTF8.GetString(context.Json.Span)}}}");
}
