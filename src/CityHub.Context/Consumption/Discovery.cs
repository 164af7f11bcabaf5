using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Consumption;

/// <summary>What types and attributes there are: 5.7.5–5.7.10.</summary>
internal static class Discovery
{
    public static async ValueTask<Problem?> Types(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await Begin(http, room, tenant)).TryGet(out var begun, out var problem) || !new Parameters(http.Request.Query).Flag("details").TryGet(out var details, out problem))
            return problem;
        var (counts, all) = begun.Table.Counts();
        var types = counts.Keys.OrderBy(Iris.Text, StringComparer.Ordinal).ToList();
        await ListAsync(http, begun, all, "EntityType", "typeName", "typeList", types, details ? (json, type) => Names(json, "attributeNames", AttributesOf(begun.Table, type).Keys, begun.Context) : null);
        return null;
    }

    public static async ValueTask<Problem?> Type(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await Begin(http, room, tenant)).TryGet(out var begun, out var problem))
            return problem;
        var name = http.Request.RouteValues["type"] as string ?? "";
        if (!begun.Context.TryFindName(Uri.UnescapeDataString(name), out var type) || begun.Table.CountOf(type) is not (> 0 and var count))
            return await NgsiLdHttp.ToldAsync(http, ContextProblems.ResourceNotFound.Because($"No entity has the type {name}."), begun.Table.Reading);
        var attributes = AttributesOf(begun.Table, type);
        await NgsiLdHttp.WriteAsync(http, 200, begun.Media, begun.Context, json =>
        {
            json.WriteStartObject();
            json.WriteString("id"u8, Iris.Utf8(type));
            json.WriteString("type"u8, "EntityTypeInfo"u8);
            json.WriteString("typeName"u8, begun.Context.CompactName(type));
            json.WriteNumber("entityCount"u8, count);
            json.WriteStartArray("attributeDetails"u8);
            foreach (var (attribute, kinds) in attributes.OrderBy(a => Iris.Text(a.Key), StringComparer.Ordinal))
            {
                json.WriteStartObject();
                json.WriteString("id"u8, Iris.Utf8(attribute));
                json.WriteString("type"u8, "Attribute"u8);
                json.WriteString("attributeName"u8, begun.Context.CompactName(attribute));
                Kinds(json, kinds);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            End(json, begun);
        }, begun.Table.Reading);
        return null;
    }

    public static async ValueTask<Problem?> Attributes(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await Begin(http, room, tenant)).TryGet(out var begun, out var problem) || !new Parameters(http.Request.Query).Flag("details").TryGet(out var details, out problem))
            return problem;
        var found = new Dictionary<int, SortedSet<string>>();
        foreach (var entity in begun.Table.All())
            foreach (var attribute in entity.Attributes)
                foreach (var type in entity.Types)
                    (found.TryGetValue(attribute.Name, out var types) ? types : found[attribute.Name] = new SortedSet<string>(StringComparer.Ordinal)).Add(Iris.Text(type));
        var names = found.Keys.OrderBy(Iris.Text, StringComparer.Ordinal).ToList();
        await ListAsync(http, begun, begun.Table.Counts().Count, "Attribute", "attributeName", "attributeList", names, details ? (json, name) => TypeNames(json, found[name], begun.Context) : null);
        return null;
    }

    public static async ValueTask<Problem?> Attribute(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await Begin(http, room, tenant)).TryGet(out var begun, out var problem))
            return problem;
        var name = Uri.UnescapeDataString(http.Request.RouteValues["attr"] as string ?? "");
        var (count, kinds, types) = (0, new SortedSet<string>(StringComparer.Ordinal), new SortedSet<string>(StringComparer.Ordinal));
        if (begun.Context.TryFindName(name, out var iri))
            foreach (var entity in begun.Table.All())
                foreach (var attribute in entity.Attributes)
                {
                    if (attribute.Name != iri)
                        continue;
                    count++;
                    kinds.Add(attribute.Kind.ToString());
                    types.UnionWith(entity.Types.Select(Iris.Text));
                }

        if (count == 0)
            return await NgsiLdHttp.ToldAsync(http, ContextProblems.ResourceNotFound.Because($"No entity has the attribute {name}."), begun.Table.Reading);
        await NgsiLdHttp.WriteAsync(http, 200, begun.Media, begun.Context, json =>
        {
            json.WriteStartObject();
            json.WriteString("id"u8, Iris.Utf8(iri));
            json.WriteString("type"u8, "Attribute"u8);
            json.WriteString("attributeName"u8, begun.Context.CompactName(iri));
            json.WriteNumber("attributeCount"u8, count);
            Kinds(json, kinds);
            TypeNames(json, types, begun.Context);
            End(json, begun);
        }, begun.Table.Reading);
        return null;
    }

    private static async ValueTask<Result<Begun>> Begin(HttpContext http, ContextRoom room, string tenant)
    {
        if (!NgsiLdHttp.Accept(http).TryGet(out var media, out var problem) ||
            !(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out problem) ||
            !(await room.SeenAsync(http, tenant, null)).TryGet(out var table, out problem))
            return problem;
        table.TellOfAll();
        return new Begun(media, context, table);
    }

    /// <summary>A list of names (5.2.24, 5.2.27), or with details a description of each (5.2.25, 5.2.28).</summary>
    /// <param name="more">Writes what a description says beside the name; null: the list.</param>
    private static Task ListAsync(HttpContext http, Begun begun, int entities, string kind, string nameMember, string listMember, List<int> names, Action<Utf8JsonWriter, int>? more) =>
        NgsiLdHttp.WriteAsync(http, 200, begun.Media, begun.Context, json =>
        {
            if (more is null)
            {
                json.WriteStartObject();
                json.WriteString("id"u8, $"urn:ngsi-ld:{kind}List:{entities}-{names.Count}");
                json.WriteString("type"u8, $"{kind}List");
                Names(json, listMember, names, begun.Context);
                End(json, begun);
                return;
            }

            json.WriteStartArray();
            foreach (var name in names)
            {
                json.WriteStartObject();
                json.WriteString("id"u8, Iris.Utf8(name));
                json.WriteString("type"u8, kind);
                json.WriteString(nameMember, begun.Context.CompactName(name));
                more(json, name);
                End(json, begun);
            }

            json.WriteEndArray();
        }, begun.Table.Reading);

    private static Dictionary<int, SortedSet<string>> AttributesOf(SeenTable table, int type)
    {
        var found = new Dictionary<int, SortedSet<string>>();
        foreach (var entity in table.OfTypes([type]))
            foreach (var attribute in entity.Attributes)
                (found.TryGetValue(attribute.Name, out var kinds) ? kinds : found[attribute.Name] = new SortedSet<string>(StringComparer.Ordinal)).Add(attribute.Kind.ToString());
        return found;
    }

    private static void Kinds(Utf8JsonWriter json, IEnumerable<string> kinds)
    {
        json.WriteStartArray("attributeTypes"u8);
        foreach (var kind in kinds)
            json.WriteStringValue(kind);
        json.WriteEndArray();
    }

    private static void TypeNames(Utf8JsonWriter json, IEnumerable<string> types, LdContext context)
    {
        json.WriteStartArray("typeNames"u8);
        foreach (var type in types)
            json.WriteStringValue(context.CompactVocab(type));
        json.WriteEndArray();
    }

    private static void Names(Utf8JsonWriter json, string member, IEnumerable<int> names, LdContext context)
    {
        json.WriteStartArray(member);
        foreach (var name in names)
            json.WriteStringValue(context.CompactName(name));
        json.WriteEndArray();
    }

    private static void End(Utf8JsonWriter json, Begun begun)
    {
        if (begun.Media == MediaType.JsonLd)
            EntityWriter.WriteContext(json, begun.Context);
        json.WriteEndObject();
    }

    private readonly record struct Begun(MediaType Media, LdContext Context, SeenTable Table);
}
