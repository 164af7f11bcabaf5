using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Provision;

/// <summary>Whole entities: create 5.6.1, merge 5.6.17, replace 5.6.18, delete 5.6.6.</summary>
internal static class EntityProvision
{
    public static async ValueTask<Problem?> Create(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await room.BodyAsync(http, tenant)).TryGet(out var body, out var problem) ||
            !EntityReader.Read(body.Json, body.Context, ReadMode.Entity).TryGet(out var fragment, out problem))
            return problem;
        var id = fragment.Id ?? "";
        var created = await room.Broker.DecideAsync<Done>(tenant, EntityFacts.Created, known => known.Find(id) is not null
            ? ContextProblems.AlreadyExists.Because($"There is an entity {id} already.", "Change it with PATCH, replace it with PUT, or upsert it in a batch.")
            : new Decision<Done>([EntityChanges.Create(fragment, id, known.Now)], Done.Value), http.RequestAborted);
        if (!created.Ok)
            return created.Problem;
        http.Response.Headers.Location = "/ngsi-ld/v1/entities/" + Handlers.UriPath(id);
        return await Handlers.Empty(http, StatusCodes.Status201Created);
    }

    public static async ValueTask<Problem?> Merge(HttpContext http, ContextRoom room, string tenant)
    {
        var parameters = new Parameters(http.Request.Query);
        var simplified = parameters.Option("keyValues") || parameters.Option("simplified") || parameters["format"] is "keyValues" or "simplified";
        var observedAt = 0L;
        if (parameters["observedAt"] is { } time && !Names.TryParseTime(time, out observedAt))
            return Parameters.Bad($"observedAt is \"{time}\", not a UTC date-time.");
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await room.BodyAsync(http, tenant)).TryGet(out var body, out problem) ||
            !Target.Parse(http, body.Context).TryGet(out var target, out problem) ||
            !EntityReader.Read(body.Json, body.Context, ReadMode.Merge, simplified).TryGet(out var fragment, out problem))
            return problem;
        if (fragment.Id is { } other && other != id)
            return Parameters.Bad($"The body names {other}, the path {id}.");
        var merged = await room.Broker.DecideAsync<Done>(tenant, EntityFacts.Changed, known =>
        {
            if (!target.Find(known, id).TryGet(out var entity, out var missing))
                return missing;
            var changed = EntityChanges.Merge(entity, fragment, observedAt, parameters["lang"], known.Now);
            return new Decision<Done>(changed.Edit is { } edit ? [edit] : [], Done.Value);
        }, http.RequestAborted);
        return merged.Ok ? await Handlers.Empty(http, StatusCodes.Status204NoContent) : merged.Problem;
    }

    public static async ValueTask<Problem?> Replace(HttpContext http, ContextRoom room, string tenant)
    {
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await room.BodyAsync(http, tenant)).TryGet(out var body, out problem) ||
            !Target.Parse(http, body.Context).TryGet(out var target, out problem) ||
            !EntityReader.Read(body.Json, body.Context, ReadMode.Append).TryGet(out var fragment, out problem))
            return problem;
        if (fragment.Id is { } other && other != id)
            return Parameters.Bad($"The body names {other}, the path {id}.");
        var replaced = await room.Broker.DecideAsync<Done>(tenant, EntityFacts.Replaced, known => target.Find(known, id).TryGet(out var entity, out var missing)
            ? new Decision<Done>([EntityChanges.Replace(entity, fragment, known.Now)], Done.Value)
            : missing, http.RequestAborted);
        return replaced.Ok ? await Handlers.Empty(http, StatusCodes.Status204NoContent) : replaced.Problem;
    }

    public static async ValueTask<Problem?> Delete(HttpContext http, ContextRoom room, string tenant)
    {
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out problem) ||
            !Target.Parse(http, context).TryGet(out var target, out problem))
            return problem;
        var deleted = await room.Broker.DecideAsync<Done>(tenant, EntityFacts.Deleted, known => target.Find(known, id).TryGet(out _, out var missing)
            ? new Decision<Done>([EntityChanges.Delete(id, known.Now)], Done.Value)
            : missing, http.RequestAborted);
        return deleted.Ok ? await Handlers.Empty(http, StatusCodes.Status204NoContent) : deleted.Problem;
    }
}
