using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Context.Query;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Consumption;

/// <summary>5.7.2 Query Entities, by GET and by POST entityOperations/query.</summary>
internal static class QueryEntities
{
    public static async ValueTask<Problem?> Get(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out var problem))
            return problem;
        return await Answer(http, room, tenant, context, new Parameters(http.Request.Query), null);
    }

    public static async ValueTask<Problem?> Post(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await room.BodyAsync(http, tenant)).TryGet(out var body, out var problem) ||
            !PostedQuery.Read(body.Json).TryGet(out var posted, out problem))
            return problem;
        var query = http.Request.Query;
        var parameters = new Parameters(name => posted.Members.GetValueOrDefault(name) ?? (query.TryGetValue(name, out var values) ? values.ToString() : null));
        return await Answer(http, room, tenant, body.Context, parameters, posted);
    }

    public static void WriteFlat(Utf8JsonWriter json, IReadOnlyList<Entity> entities, LdContext context, Representation how, bool withContext)
    {
        json.WriteStartArray();
        foreach (var entity in entities)
            EntityWriter.Write(json, entity, context, how, withContext);
        foreach (var (linked, pick, omit) in Links.Flat(entities, how))
            EntityWriter.Write(json, linked, context, how with { Pick = pick, Omit = omit, Attributes = null }, withContext);
        json.WriteEndArray();
    }

    private static async ValueTask<Problem?> Answer(HttpContext http, ContextRoom room, string tenant, LdContext context, Parameters parameters, PostedQuery? posted)
    {
        if (!NgsiLdHttp.Accept(http, geoJson: true).TryGet(out var media, out var problem) ||
            !room.Table(tenant).TryGet(out _, out problem) ||
            !parameters.Query(context, room.Limits).TryGet(out var query, out problem))
            return problem;
        if (posted is not null)
        {
            if (!posted.Selectors(context).TryGet(out var selectors, out problem))
                return problem;
            query = query with { Any = selectors };
        }

        if (!(await room.SeenAsync(http, tenant, query.Named)).TryGet(out var table, out problem) ||
            !parameters.Representation(context, table, media == MediaType.GeoJson).TryGet(out var how, out problem))
            return problem;
        if (query.Any.Count == 0 && parameters.TooWide(query) is { } tooWide)
            return tooWide;
        // 4.21: what is picked must be there.
        if (how.Pick is { } pick && query.Attributes is null && pick.Attributes.Count > 0 && !pick.Id && !pick.Type && !pick.Scope)
            query = query with { Attributes = [.. pick.Attributes.Keys] };
        var page = query.Run(table.Whole, room.Now, table.Reading, http.RequestAborted);
        if (query.Count)
            http.Response.Headers[NgsiLdHttp.CountHeader] = (page.Total ?? 0).ToString(CultureInfo.InvariantCulture);
        LinkPages(http, query, page, media);
        table.Tell(query, page, room.Now);
        var entities = table.Show(page.Entities).Select(e => Visible.At(e, room.Now)).OfType<Entity>().ToList();
        var (status, version) = PreferredVersion.Apply(http, entities);
        how = how with { Version = version };
        await NgsiLdHttp.WriteAsync(http, status, media, context, json => Write(http, json, media, entities, context, how), table.Reading);
        return null;
    }

    private static void Write(HttpContext http, Utf8JsonWriter json, MediaType media, List<Entity> entities, LdContext context, Representation how)
    {
        if (media == MediaType.GeoJson)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "FeatureCollection"u8);
            json.WriteStartArray("features"u8);
            foreach (var entity in entities)
                EntityWriter.WriteFeature(json, entity, context, how, withContext: false);
            json.WriteEndArray();
            if (RetrieveEntity.ContextInBody(http))
                EntityWriter.WriteContext(json, context);
            json.WriteEndObject();
            return;
        }

        if (how is { Linked: not null, JoinInline: false })
        {
            WriteFlat(json, entities, context, how, media == MediaType.JsonLd);
            return;
        }

        json.WriteStartArray();
        foreach (var entity in entities)
            EntityWriter.Write(json, entity, context, how, media == MediaType.JsonLd);
        json.WriteEndArray();
    }

    /// <summary>6.3.10: the pages before and after this one.</summary>
    private static void LinkPages(HttpContext http, EntityQuery query, QueryPage page, MediaType media)
    {
        if (query.Limit == 0)
            return;
        if (query.Offset > 0)
            Link(http, Math.Max(0, query.Offset - query.Limit), query.Limit, "prev", media);
        if (page.More)
            Link(http, query.Offset + query.Limit, query.Limit, "next", media);
    }

    /// <summary>A page's address, relative, with its parameters in one order whatever the client's.</summary>
    internal static void Link(HttpContext http, int offset, int limit, string relation, MediaType media)
    {
        var parameters = http.Request.Query.Where(p => p.Key is not ("offset" or "limit")).Select(p => (p.Key, Value: p.Value.ToString()))
            .Append(("limit", limit.ToString(CultureInfo.InvariantCulture))).Append(("offset", offset.ToString(CultureInfo.InvariantCulture)))
            .OrderBy(p => p.Item1, StringComparer.Ordinal).Select(p => $"{p.Item1}={Escape(p.Item2)}");
        var type = media == MediaType.JsonLd ? "application/ld+json" : media == MediaType.GeoJson ? "application/geo+json" : "application/json";
        http.Response.Headers.Append("Link", $"<{http.Request.Path.Value?.TrimEnd('/')}?{string.Join('&', parameters)}>;rel=\"{relation}\";type=\"{type}\"");
    }

    /// <summary>Only what would break the header or the query is encoded: these links are read by people, too.</summary>
    private static string Escape(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (var rune in value.EnumerateRunes())
        {
            if (rune.IsAscii && rune.Value > ' ' && rune.Value != 127 && !"<>\"&#%+,".Contains((char)rune.Value, StringComparison.Ordinal))
                text.Append((char)rune.Value);
            else
                text.Append(Uri.EscapeDataString(rune.ToString()));
        }

        return text.ToString();
    }
}

/// <summary>The Query of clause 5.2.23: its members as parameters, its entity selectors apart.</summary>
internal sealed record PostedQuery(IReadOnlyDictionary<string, string> Members, IReadOnlyList<JsonElement> Entities)
{
    public static Result<PostedQuery> Read(ReadOnlyMemory<byte> body, bool temporal = false)
    {
        using var json = JsonDocument.Parse(body);
        var root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            return Parameters.Bad("The body is not a Query.");
        if (!root.TryGetProperty("type"u8, out var type) || type.ValueKind != JsonValueKind.String || type.GetString() != "Query")
            return Parameters.Bad("The type of the body is not Query.");
        var members = new Dictionary<string, string>(StringComparer.Ordinal);
        var entities = new List<JsonElement>();
        foreach (var member in root.EnumerateObject())
        {
            switch (member.Name)
            {
                case "type" or "@context":
                    break;
                case "temporalQ" when temporal && member.Value.ValueKind == JsonValueKind.Object:
                    foreach (var part in member.Value.EnumerateObject())
                    {
                        if (part.Value.ValueKind == JsonValueKind.Number && !part.Value.TryGetInt32(out _))
                            return Parameters.Bad($"{part.Name} of temporalQ is not a whole number.");
                        members[part.Name] = Text(part.Value);
                    }

                    break;
                case "aggrParams" when temporal && member.Value.ValueKind == JsonValueKind.Object:
                    foreach (var part in member.Value.EnumerateObject())
                        members[part.Name] = Text(part.Value);
                    break;
                case "temporalQ":
                    return Parameters.Bad("temporalQ is for temporal queries.");
                case "q" or "scopeQ" or "lang" or "join" or "csf" when member.Value.ValueKind != JsonValueKind.String:
                    return Parameters.Bad($"{member.Name} is not text.");
                case "entities" or "attrs" or "pick" or "omit" when member.Value.ValueKind == JsonValueKind.Array && member.Value.GetArrayLength() == 0:
                    return Parameters.Bad($"{member.Name} is empty.");
                case "attrs" or "pick" or "omit" when member.Value.ValueKind != JsonValueKind.Array:
                    return Parameters.Bad($"{member.Name} is not an array.");
                case "entities" when member.Value.ValueKind == JsonValueKind.Array:
                    entities.AddRange(member.Value.EnumerateArray().Select(e => e.Clone()));
                    break;
                case "geoQ" when member.Value.ValueKind == JsonValueKind.Object:
                    foreach (var geo in member.Value.EnumerateObject())
                        members[geo.Name] = Text(geo.Value);
                    break;
                case "ordering" when member.Value.ValueKind == JsonValueKind.Object:
                    foreach (var order in member.Value.EnumerateObject())
                    {
                        if (order.Name == "geometry" && order.Value.ValueKind != JsonValueKind.String || order.Name == "coordinates" && order.Value.ValueKind != JsonValueKind.Array)
                            return Parameters.Bad($"{order.Name} of the ordering is not valid.");
                        members[order.Name] = Text(order.Value);
                    }

                    break;
                default:
                    members[member.Name] = Text(member.Value);
                    break;
            }
        }

        return new PostedQuery(members, entities);
    }

    /// <summary>EntitySelector (5.2.33): type, and id or idPattern; any of them may match.</summary>
    public Result<IReadOnlyList<EntityQuery>> Selectors(LdContext context)
    {
        var selectors = new List<EntityQuery>(Entities.Count);
        foreach (var entity in Entities)
        {
            if (entity.ValueKind != JsonValueKind.Object || !entity.TryGetProperty("type"u8, out var type) || type.ValueKind != JsonValueKind.String)
                return Parameters.Bad("An entity selector has no type.");
            if (!TypeSelection.Parse(type.GetString() ?? "", context).TryGet(out var types, out var problem))
                return problem;
            var selector = new EntityQuery { Types = types };
            if (entity.TryGetProperty("id"u8, out var id))
            {
                selector = selector with { Ids = id.ValueKind == JsonValueKind.Array ? [.. id.EnumerateArray().Select(Text)] : [Text(id)] };
                foreach (var one in selector.Ids)
                    if (!Names.IsUri(one))
                        return Parameters.Bad($"\"{one}\" in an entity selector is not a URI.");
            }

            if (entity.TryGetProperty("idPattern"u8, out var pattern))
            {
                if (!Parameters.Pattern(Text(pattern)).TryGet(out var regex, out problem))
                    return problem;
                selector = selector with { IdPattern = regex };
            }

            selectors.Add(selector);
        }

        return selectors;
    }

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() ?? "",
        JsonValueKind.Array when value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String) => string.Join(',', value.EnumerateArray().Select(v => v.GetString())),
        _ => value.GetRawText(),
    };
}
