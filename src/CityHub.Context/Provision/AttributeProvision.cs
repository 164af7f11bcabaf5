using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Context.Temporal;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Provision;

/// <summary>Attributes of an entity: append 5.6.3, update 5.6.2, partial update 5.6.4, replace 5.6.19, delete 5.6.5.</summary>
internal static class AttributeProvision
{
    public static ValueTask<Problem?> Append(HttpContext http, ContextRoom room, string tenant)
    {
        var noOverwrite = new Parameters(http.Request.Query).Option("noOverwrite");
        return Change(http, room, tenant, ReadMode.Append, (entity, fragment, now) => EntityChanges.Append(entity, fragment, noOverwrite, now));
    }

    public static ValueTask<Problem?> Update(HttpContext http, ContextRoom room, string tenant) =>
        Change(http, room, tenant, ReadMode.Update, EntityChanges.Update);

    public static async ValueTask<Problem?> PartialUpdate(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await ReadAttribute(http, room, tenant, ReadMode.Update)).TryGet(out var request, out var problem))
            return problem;
        if (request.Instances is not [var given])
            return Parameters.Bad("A partial update changes one instance of the attribute at a time.");
        return await Decide(http, room, tenant, request, (entity, now) => EntityChanges.PartialUpdate(entity, request.Name, given, now));
    }

    public static async ValueTask<Problem?> Replace(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await ReadAttribute(http, room, tenant, ReadMode.Append)).TryGet(out var request, out var problem))
            return problem;
        if (request.Instances.FirstOrDefault(i => i.Value.IsEmpty) is not null)
            return Parameters.Bad($"{Iris.Text(request.Name)} has no value.");
        return await Decide(http, room, tenant, request, (entity, now) => EntityChanges.ReplaceAttribute(entity, request.Name, request.Instances, now));
    }

    public static async ValueTask<Problem?> Delete(HttpContext http, ContextRoom room, string tenant)
    {
        var parameters = new Parameters(http.Request.Query);
        if (http.Request.RouteValues["attr"] is "scope")
            return await DeleteScope(http, room, tenant);
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out problem) ||
            !Name(http, context).TryGet(out var name, out problem) ||
            !Target.Parse(http, context).TryGet(out var target, out problem) ||
            !parameters.Flag("deleteAll").TryGet(out var all, out problem))
            return problem;
        if (parameters["datasetId"] is { } given && given != "@none" && !Names.IsUri(given))
            return Parameters.Bad($"datasetId is \"{given}\", not a URI.");
        var dataset = parameters["datasetId"] is "@none" ? null : parameters["datasetId"];
        return await Decide(http, room, tenant, new AttributeRequest(id, name, target, []), (entity, now) => EntityChanges.DeleteAttribute(entity, name, dataset, all, now)) is { } failed
            ? await OrClose(http, room, tenant, failed, id, name, dataset, all)
            : null;
    }

    private static async ValueTask<Problem?> DeleteScope(HttpContext http, ContextRoom room, string tenant)
    {
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out problem) ||
            !Target.Parse(http, context).TryGet(out var target, out problem))
            return problem;
        return await Decide(http, room, tenant, new AttributeRequest(id, 0, target, []), (entity, now) => entity.Scopes.Length == 0
            ? ContextProblems.ResourceNotFound.Because($"{entity.Id} has no scope.")
            : EntityChanges.Edit(entity, now) with { Scopes = [] }) is { } failed
            ? await OrClose(http, room, tenant, failed, id, Iris.Intern(History.ScopeIri), null, false)
            : null;
    }

    /// <summary>What the entities do not know, the history may.</summary>
    private static async ValueTask<Problem?> OrClose(HttpContext http, ContextRoom room, string tenant, Problem failed, string id, int name, string? dataset, bool all)
    {
        if (failed.Kind != ContextProblems.ResourceNotFound || room.Broker.Table(tenant)?.Find(id) is not null)
            return failed;
        var closed = await TemporalProvision.CloseAsync(room, tenant, id, name, dataset, all, http.RequestAborted);
        return !closed.Ok ? closed.Problem : closed.Value ? await Handlers.Empty(http, StatusCodes.Status204NoContent) : failed;
    }

    private static async ValueTask<Problem?> Change(HttpContext http, ContextRoom room, string tenant, ReadMode mode, Func<Entity, EntityFragment, long, Changed> change)
    {
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await room.BodyAsync(http, tenant)).TryGet(out var body, out problem) ||
            !Target.Parse(http, body.Context).TryGet(out var target, out problem) ||
            !EntityReader.Read(body.Json, body.Context, mode).TryGet(out var fragment, out problem))
            return problem;
        var result = await room.Broker.DecideAsync<Changed>(tenant, EntityFacts.Changed, known =>
        {
            if (!target.Find(known, id).TryGet(out var entity, out var missing))
                return missing;
            var changed = change(entity, fragment, known.Now);
            return new Decision<Changed>(changed.Edit is { } edit ? [edit] : [], changed);
        }, http.RequestAborted);
        if (!result.Ok)
            return result.Problem;
        if (result.Value.NotUpdated.Count == 0 || await room.HidesAsync(http, tenant, id))
            return await Handlers.Empty(http, StatusCodes.Status204NoContent);
        await NgsiLdHttp.WriteAsync(http, StatusCodes.Status207MultiStatus, MediaType.Json, null, json =>
        {
            // 5.2.18: names fully qualified, for the two sides may have different contexts.
            json.WriteStartObject();
            json.WriteStartArray("updated"u8);
            foreach (var name in result.Value.Updated)
                json.WriteStringValue(name);
            json.WriteEndArray();
            json.WriteStartArray("notUpdated"u8);
            foreach (var (name, reason) in result.Value.NotUpdated)
            {
                json.WriteStartObject();
                json.WriteString("attributeName"u8, name);
                json.WriteString("reason"u8, reason);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
        return null;
    }

    private static async ValueTask<Result<AttributeRequest>> ReadAttribute(HttpContext http, ContextRoom room, string tenant, ReadMode mode)
    {
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await room.BodyAsync(http, tenant)).TryGet(out var body, out problem) ||
            !Name(http, body.Context).TryGet(out var name, out problem) ||
            !Target.Parse(http, body.Context).TryGet(out var target, out problem) ||
            !EntityReader.ReadAttribute(body.Json, name, body.Context, mode).TryGet(out var instances, out problem))
            return problem;
        return new AttributeRequest(id, name, target, instances);
    }

    private static async ValueTask<Problem?> Decide(HttpContext http, ContextRoom room, string tenant, AttributeRequest request, Func<Entity, long, Result<EntityEdit>> decide)
    {
        var result = await room.Broker.DecideAsync<Done>(tenant, EntityFacts.Changed, known =>
        {
            if (!request.Target.Find(known, request.Id).TryGet(out var entity, out var missing))
                return missing;
            return decide(entity, known.Now).Map(edit => new Decision<Done>([edit], Done.Value));
        }, http.RequestAborted);
        return result.Ok ? await Handlers.Empty(http, StatusCodes.Status204NoContent) : result.Problem;
    }

    private static Result<int> Name(HttpContext http, LdContext context)
    {
        var name = http.Request.RouteValues["attr"] as string ?? "";
        if (name is "scope" or "id" or "type" or "@context")
            return Parameters.Bad($"\"{name}\" is not an attribute.");
        return Names.IsName(System.Text.Encoding.UTF8.GetBytes(name)) ? context.Name(name) : Parameters.Bad($"\"{name}\" cannot be an attribute's name.");
    }

    private readonly record struct AttributeRequest(string Id, int Name, Target Target, IReadOnlyList<Entities.Attribute> Instances);
}
