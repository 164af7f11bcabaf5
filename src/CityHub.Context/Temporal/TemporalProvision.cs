using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Temporal;

/// <summary>Provision of history: upsert 5.6.11, add attributes 5.6.12, delete attribute 5.6.13, modify instance 5.6.14, delete instance 5.6.15, delete 5.6.16.</summary>
internal sealed class TemporalProvision(History history)
{
    public async ValueTask<Problem?> Upsert(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await room.BodyAsync(http, tenant)).TryGet(out var body, out var problem) ||
            !EntityReader.Read(body.Json, body.Context, ReadMode.Temporal).TryGet(out var fragment, out problem))
            return problem;
        var id = fragment.Id ?? "";
        var isNew = history.Find(tenant, id) is null;
        if (await Record(http, room, tenant, id, fragment) is { } failed)
            return failed;
        if (isNew)
            http.Response.Headers.Location = "/ngsi-ld/v1/temporal/entities/" + Handlers.UriPath(id);
        return await Handlers.Empty(http, isNew ? StatusCodes.Status201Created : StatusCodes.Status204NoContent);
    }

    public async ValueTask<Problem?> AddAttributes(HttpContext http, ContextRoom room, string tenant)
    {
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await room.BodyAsync(http, tenant)).TryGet(out var body, out problem) ||
            !EntityReader.Read(body.Json, body.Context, ReadMode.TemporalFragment).TryGet(out var fragment, out problem))
            return problem;
        if (history.Find(tenant, id) is null)
            return Missing(id);
        if (fragment.Attributes.Count == 0)
            return Parameters.Bad("The body has no attribute.");
        return await Record(http, room, tenant, id, fragment) is { } failed ? failed : await Handlers.Empty(http, StatusCodes.Status204NoContent);
    }

    public async ValueTask<Problem?> DeleteAttribute(HttpContext http, ContextRoom room, string tenant)
    {
        var parameters = new Parameters(http.Request.Query);
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out problem) ||
            !Name(http, context).TryGet(out var name, out problem) ||
            !parameters.Flag("deleteAll").TryGet(out var all, out problem))
            return problem;
        var dataset = parameters["datasetId"] is "@none" ? null : parameters["datasetId"];
        if (!history.Series.Of(tenant, id).Any(k => k.Attribute == Iris.Text(name) && (all || k.Dataset == (dataset ?? ""))))
            return Missing(id, name);
        return await Remove(http, room, tenant, History.Removal(id, name, dataset, all, null));
    }

    public async ValueTask<Problem?> ModifyInstance(HttpContext http, ContextRoom room, string tenant)
    {
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await room.BodyAsync(http, tenant)).TryGet(out var body, out problem) ||
            !Name(http, body.Context).TryGet(out var name, out problem) ||
            !Instance(http).TryGet(out var instanceId, out problem) ||
            !EntityReader.ReadInner(body.Json, name, body.Context).TryGet(out var given, out problem))
            return problem;
        if (FindInstance(tenant, id, name, instanceId) is not { } existing)
            return Missing(id, name);
        var now = room.Now;
        var revised = existing with
        {
            Kind = given.Value.IsEmpty ? existing.Kind : given.Kind,
            Value = given.Value.IsEmpty ? existing.Value : given.Value,
            ObservedAt = given.ObservedAt != 0 ? given.ObservedAt : existing.ObservedAt,
            ObservedDigits = given.ObservedAt != 0 ? given.ObservedDigits : existing.ObservedDigits,
            UnitCode = given.UnitCode ?? existing.UnitCode,
            Sub = given.Sub.Count > 0 ? given.Sub : existing.Sub,
            ModifiedAt = now,
        };
        var edit = new EntityEdit { Kind = EditKind.Changed, Id = id, At = now, Past = [revised] };
        var noted = await room.Broker.NoteAsync(tenant, History.Revised, EntityFacts.Encode([edit]), null, http.RequestAborted);
        return noted.Ok ? await Handlers.Empty(http, StatusCodes.Status204NoContent) : noted.Problem;
    }

    public async ValueTask<Problem?> DeleteInstance(HttpContext http, ContextRoom room, string tenant)
    {
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out problem) ||
            !Name(http, context).TryGet(out var name, out problem) ||
            !Instance(http).TryGet(out var instanceId, out problem))
            return problem;
        return FindInstance(tenant, id, name, instanceId) is null
            ? Missing(id, name)
            : await Remove(http, room, tenant, History.Removal(id, name, null, false, instanceId));
    }

    public async ValueTask<Problem?> Delete(HttpContext http, ContextRoom room, string tenant)
    {
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem))
            return problem;
        return history.Find(tenant, id) is null ? Missing(id) : await Remove(http, room, tenant, History.Removal(id, null, null, true, null));
    }

    /// <summary>
    /// The core API deletes an attribute of an entity that only the history knows (5.6.5 on a temporal-only entity): the history notes the deletion.
    /// False when the history does not know it either.
    /// </summary>
    public static async ValueTask<Result<bool>> CloseAsync(ContextRoom room, string tenant, string id, int name, string? dataset, bool all, CancellationToken cancel)
    {
        var now = room.Now;
        var gone = new List<Attribute>();
        foreach (var key in room.History.Series.Of(tenant, id))
            if (key.Attribute == Iris.Text(name) && (all || key.Dataset == (dataset ?? "")))
                foreach (var sample in room.History.Series.Read(key, 0, long.MaxValue, newestFirst: true, limit: 1))
                    if (Samples.ToAttribute(key, name, sample) is var last && !History.IsDeleted(last))
                        gone.Add(History.Deleted(last, now) with { InstanceId = null });
        if (gone.Count == 0)
            return false;
        var edit = new EntityEdit { Kind = EditKind.Changed, Id = id, At = now, Past = gone };
        var noted = await room.Broker.NoteAsync(tenant, History.Recorded, EntityFacts.Encode([edit]), null, cancel);
        return noted.Map(_ => true);
    }

    private static Problem Missing(string id, int? name = null) =>
        ContextProblems.ResourceNotFound.Because(name is { } attribute ? $"The history of {id} has no such {Iris.Text(attribute)}." : $"There is no history of {id}.");

    private static Result<int> Name(HttpContext http, LdContext context)
    {
        var name = http.Request.RouteValues["attr"] as string ?? "";
        return Names.IsName(System.Text.Encoding.UTF8.GetBytes(name)) ? context.Name(name) : Parameters.Bad($"\"{name}\" cannot be an attribute's name.");
    }

    private static Result<string> Instance(HttpContext http)
    {
        var instance = http.Request.RouteValues["instance"] as string ?? "";
        return Names.IsUri(instance) ? instance : Parameters.Bad($"\"{instance}\" is not an instance's id.");
    }

    private static async ValueTask<Problem?> Remove(HttpContext http, ContextRoom room, string tenant, byte[] removal)
    {
        var noted = await room.Broker.NoteAsync(tenant, History.Removed, removal, null, http.RequestAborted);
        return noted.Ok ? await Handlers.Empty(http, StatusCodes.Status204NoContent) : noted.Problem;
    }

    private async ValueTask<Problem?> Record(HttpContext http, ContextRoom room, string tenant, string id, EntityFragment fragment)
    {
        var now = room.Now;
        List<Attribute> past = [.. fragment.Attributes.Select(a => EntityChanges.Stamp(a with { InstanceId = null }, null, now))];
        if (fragment.Scopes is { Length: > 0 } scopes)
            past.Add(History.ScopeInstance(scopes, now) with { ObservedAt = 0, ObservedDigits = 0 });
        var edit = new EntityEdit
        {
            Kind = history.Find(tenant, id) is null ? EditKind.Created : EditKind.Changed,
            Id = id,
            At = now,
            CreatedAt = now,
            Types = fragment.Types.Length > 0 ? fragment.Types : null,
            Past = past,
        };
        var noted = await room.Broker.NoteAsync(tenant, History.Recorded, EntityFacts.Encode([edit]), null, http.RequestAborted);
        return noted.Ok ? null : noted.Problem;
    }

    private Attribute? FindInstance(string tenant, string id, int name, string instanceId)
    {
        foreach (var key in history.Series.Of(tenant, id))
            if (key.Attribute == Iris.Text(name) && Samples.TryParse(key, instanceId, out var sequence) && history.Series.Find(key, sequence) is { } sample)
                return Samples.ToAttribute(key, name, sample);
        return null;
    }
}
