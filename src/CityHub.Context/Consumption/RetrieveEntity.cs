using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Context.Provision;
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
            !Target.Parse(http, context).TryGet(out var target, out problem) ||
            !(await room.SeenAsync(http, tenant, target.Types?.Named)).TryGet(out var table, out problem) ||
            !parameters.Representation(context, table, media == MediaType.GeoJson).TryGet(out var how, out problem))
            return problem;
        table.Reading?.Name(target.Types?.Named, [id], []);
        var entity = table.Find(id) is { } found && Visible.At(found, room.Now) is { } visible && (target.Types is null || target.Types.Matches(visible.Types)) ? visible : null;
        if (entity is null || (how.Attributes is { } attrs && !entity.Attributes.Any(a => attrs.Contains(a.Name))) ||
            (how.Pick is { } pick && !pick.Id && !pick.Type && !pick.Scope && !entity.Attributes.Any(a => pick.Contains(a.Name))) ||
            (how.Omit is { Id: true, Type: true } omit && entity.Attributes.All(a => omit.Contains(a.Name))) ||
            (how.Datasets is { } datasets && !entity.Attributes.Any(a => datasets.Contains(a.Dataset ?? "@none"))))
        {
            if (entity is not null && table.Whole.Find(id) is { } whole)
                table.Reading?.Tell([whole], [e => e.Id]);
            return await NgsiLdHttp.ToldAsync(http, NotThere(id, how), table.Reading);
        }

        // As it is now: what changed since it was found is seen anew.
        if (table.Reading is not null && (table.Show(id) is not { } shown || (entity = Visible.At(shown, room.Now)) is null))
            return await NgsiLdHttp.ToldAsync(http, NotThere(id, how), table.Reading);
        var (status, version) = PreferredVersion.Apply(http, [entity]);
        how = how with { Version = version };
        await NgsiLdHttp.WriteAsync(http, status, media, context, json =>
        {
            var withContext = media == MediaType.JsonLd || media == MediaType.GeoJson && ContextInBody(http);
            if (media == MediaType.GeoJson)
                EntityWriter.WriteFeature(json, entity, context, how, withContext);
            else if (how is { Linked: not null, JoinInline: false } && Links.Flat([entity], how).Count > 0)
                QueryEntities.WriteFlat(json, [entity], context, how, withContext);
            else
                EntityWriter.Write(json, entity, context, how, withContext);
        }, table.Reading);
        return null;
    }

    /// <summary>In the same words whether it is not there or has not what is asked for: that it is there would be an answer.</summary>
    private static Problem NotThere(string id, Representation how) => ContextProblems.ResourceNotFound.Because($"There is no entity {id}{(how.AsksForSome ? " with such attributes" : "")}.");

    /// <summary>6.3.6: GeoJSON carries the context in the body, unless the client prefers plain JSON there.</summary>
    public static bool ContextInBody(HttpContext http) => !http.Request.Headers["Prefer"].ToString().Contains("body=json", StringComparison.Ordinal);
}

/// <summary>4.3.6.8: <c>Prefer: ngsi-ld=1.5</c>. The answer says which version was applied, and 203 when it changed the payload.</summary>
internal static class PreferredVersion
{
    private const int Native = 9;

    public static (int Status, int Version) Apply(HttpContext http, IReadOnlyList<Entity> entities)
    {
        foreach (var preference in http.Request.Headers["Prefer"].ToString().Split([',', ';'], StringSplitOptions.TrimEntries))
        {
            var equals = preference.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !preference.AsSpan(0, equals).Trim().Equals("ngsi-ld", StringComparison.OrdinalIgnoreCase))
                continue;
            var text = preference[(equals + 1)..].Trim().Trim('"');
            if (!text.StartsWith("1.", StringComparison.Ordinal) || !int.TryParse(text.AsSpan(2).ToString().Split('.')[0], System.Globalization.CultureInfo.InvariantCulture, out var minor) || minor > Native)
                continue;
            http.Response.Headers["Preference-Applied"] = "ngsi-ld=" + text;
            var changed = minor < 8 && entities.Any(e => e.Attributes.Any(a => a.Kind is AttributeKind.VocabProperty or AttributeKind.JsonProperty or AttributeKind.ListProperty));
            return (changed ? StatusCodes.Status203NonAuthoritative : StatusCodes.Status200OK, minor);
        }

        return (StatusCodes.Status200OK, Native);
    }
}

/// <summary>What of an entity is still there at a time (transient entities and attributes, 4.22).</summary>
public static class Visible
{
    public static Entity? At(Entity entity, long now)
    {
        if (entity.ExpiresAt != 0 && entity.ExpiresAt <= now)
            return null;
        entity = entity.Unpacked();
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
