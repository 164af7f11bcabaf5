using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Consumption;

/// <summary>5.7.1 Retrieve Entity.</summary>
internal static class RetrieveEntity
{
    public static async ValueTask<Problem?> Handle(HttpContext http, ContextRoom room, string tenant)
    {
        var parameters = new Parameters(http.Request.Query);
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !NgsiLdHttp.Accept(http, geoJson: true).TryGet(out var media, out problem) ||
            !(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out problem) ||
            !room.Table(tenant).TryGet(out var table, out problem) ||
            !parameters.Representation(context, table).TryGet(out var how, out problem))
            return problem;
        var entity = table.Find(id) is { } found && Visible.At(found, room.Now) is { } visible ? visible : null;
        if (entity is null || (how.Attributes is { } attrs && !entity.Attributes.Any(a => attrs.Contains(a.Name))) ||
            (how.Pick is { } pick && !pick.Id && !pick.Type && !pick.Scope && !entity.Attributes.Any(a => pick.Contains(a.Name))) ||
            (how.Datasets is { } datasets && !entity.Attributes.Any(a => datasets.Contains(a.Dataset ?? "@none"))))
            return ContextProblems.ResourceNotFound.Because($"There is no entity {id}{(entity is null ? "" : " with such attributes")}.");
        await NgsiLdHttp.WriteAsync(http, StatusCodes.Status200OK, media, context, json =>
        {
            var withContext = media == MediaType.JsonLd || media == MediaType.GeoJson && PrefersContextInBody(http);
            if (media == MediaType.GeoJson)
                EntityWriter.WriteFeature(json, entity, context, how, withContext);
            else if (how is { Linked: not null, JoinInline: false })
                QueryEntities.WriteFlat(json, [entity], context, how, withContext);
            else
                EntityWriter.Write(json, entity, context, how, withContext);
        });
        return null;
    }

    /// <summary>6.3.6: GeoJSON carries the context in the body only when the client prefers it.</summary>
    public static bool PrefersContextInBody(HttpContext http) => http.Request.Headers["Prefer"].ToString() is var prefer && prefer.Contains("body=ld+json", StringComparison.Ordinal);
}

/// <summary>What of an entity is still there at a time (transient entities and attributes, 4.22).</summary>
internal static class Visible
{
    public static Entity? At(Entity entity, long now)
    {
        if (entity.ExpiresAt != 0 && entity.ExpiresAt <= now)
            return null;
        foreach (var attribute in entity.Attributes)
            if (attribute.ExpiresAt != 0 && attribute.ExpiresAt <= now)
                return new Entity
                {
                    Id = entity.Id, Types = entity.Types, Scopes = entity.Scopes, CreatedAt = entity.CreatedAt, ModifiedAt = entity.ModifiedAt, ExpiresAt = entity.ExpiresAt,
                    Attributes = [.. entity.Attributes.Where(a => a.ExpiresAt == 0 || a.ExpiresAt > now)],
                };
        return entity;
    }
}
