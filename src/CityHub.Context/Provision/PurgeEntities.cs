using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Provision;

/// <summary>5.6.21 Purge Entities: deletes what a query finds, or drops or keeps some of its attributes.</summary>
internal static class PurgeEntities
{
    private static readonly string[] SystemAttributes = ["createdAt", "modifiedAt", "deletedAt", "expiresAt"];

    public static async ValueTask<Problem?> Handle(HttpContext http, ContextRoom room, string tenant)
    {
        var parameters = new Parameters(http.Request.Query);
        if (!(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out var problem) ||
            !room.Table(tenant).TryGet(out var table, out problem) ||
            !parameters.Query(context, room.Limits).TryGet(out var query, out problem) ||
            !(await room.ReadingAsync(http, tenant, null)).TryGet(out var reading, out problem))
            return problem;
        if (parameters.TooWide(query) is { } tooWide)
            return tooWide;
        // 5.6.21.4 b), c): system attributes alone do not narrow a purge.
        var narrows = query.Types is not null || query.Geo is not null || parameters.List("attrs").Any(a => !SystemAttributes.Contains(a)) ||
            (parameters["q"] is { } q && !SystemAttributes.Any(s => q.TrimStart('(', '!').StartsWith(s, StringComparison.Ordinal)));
        if (!narrows && parameters["local"] != "true")
            return Parameters.Bad("System attributes alone do not narrow a purge.", "Give type, attrs, q or georel; or local=true.");
        if (query.Q?.UsesLinks == true || parameters["attrs"]?.Contains('{', StringComparison.Ordinal) == true)
            return Parameters.Bad("A purge does not follow links to other entities.");
        var keep = parameters.List("keep").Select(context.Name).ToHashSet();
        var drop = parameters.List("drop").Select(context.Name).ToHashSet();
        if (keep.Count > 0 && drop.Count > 0)
            return Parameters.Bad("keep and drop exclude each other.");

        // In chunks: a purge of a million entities must not hold the tenant's other writers up.
        // A purge finds what a query of the same caller would.
        var ids = (query with { Limit = int.MaxValue, Offset = 0 }).Run(table, room.Now, reading, http.RequestAborted).Entities.Select(e => e.Id).ToList();
        foreach (var chunk in ids.Chunk(1_000))
        {
            var purged = await room.Broker.DecideAsync<Done>(tenant, EntityFacts.Batch, known =>
            {
                var edits = new List<EntityEdit>(chunk.Length);
                foreach (var id in chunk)
                    if (known.Find(id) is { } entity && (reading is null ? entity : reading.See(entity)) is { } seen && query.Matches(seen, null, known.Now) && Edit(entity, keep, drop, known.Now) is { } edit)
                        edits.Add(edit);
                return new Decision<Done>(edits, Done.Value);
            }, http.RequestAborted);
            if (!purged.Ok)
                return purged.Problem;
        }

        return await Handlers.Empty(http, StatusCodes.Status204NoContent);
    }

    private static EntityEdit? Edit(Entity entity, HashSet<int> keep, HashSet<int> drop, long now)
    {
        if (keep.Count == 0 && drop.Count == 0)
            return EntityChanges.Delete(entity.Id, now);
        var removed = entity.Attributes.Select(a => a.Name).Distinct().Where(n => keep.Count > 0 ? !keep.Contains(n) : drop.Contains(n)).Select(n => new RemovedAttribute(n, null, true)).ToList();
        return removed.Count == 0 ? null : EntityChanges.Edit(entity, now) with { Removed = removed };
    }
}
