using System.Globalization;
using System.Text.RegularExpressions;
using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Context.JsonLd;
using CityHub.Context.Query;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Http;

/// <summary>
/// The parameters of a query, from a query string (6.4.3.2) or from the body of POST entityOperations/query (5.2.23): text by name either way,
/// so that both mean the same.
/// </summary>
internal sealed class Parameters(Func<string, string?> get)
{
    public Parameters(IQueryCollection query)
        : this(name => query.TryGetValue(name, out var values) ? values.ToString() : null)
    {
    }

    public string? this[string name] => get(name) is { Length: > 0 } text ? text : null;

    public IReadOnlyList<string> List(string name) => this[name]?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    public bool Option(string option) => List("options").Contains(option);

    public Result<bool> Flag(string name) => this[name] switch
    {
        null or "false" => false,
        "true" => true,
        var other => Bad($"{name} is \"{other}\"; it is true or false."),
    };

    public Result<int> Number(string name, int otherwise, int least, int most)
    {
        if (this[name] is not { } text)
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : Bad($"{name} is \"{text}\"; it is a whole number from {least} to {most}.");
    }

    /// <summary>How the answer is to look (6.3.7, 6.3.11, 6.3.15, 4.15, 4.21).</summary>
    public Result<Representation> Representation(LdContext context, SeenTable? table, bool geoJson = false)
    {
        var format = this["format"] ?? List("options").FirstOrDefault(o => o is "keyValues" or "simplified" or "concise" or "normalized");
        var how = new Representation { SysAttrs = Option("sysAttrs") };
        switch (format)
        {
            case null or "normalized":
                break;
            case "concise":
                how = how with { Format = Format.Concise };
                break;
            case "keyValues" or "simplified":
                how = how with { Format = Format.Simplified };
                break;
            default:
                return Invalid($"There is no format \"{format}\".", "normalized, concise, simplified (keyValues)");
        }

        foreach (var option in List("options"))
            if (option is not ("sysAttrs" or "keyValues" or "simplified" or "concise" or "normalized" or "count" or "temporalValues" or "aggregatedValues" or "entityMap" or "splitEntities"))
                return Invalid($"There is no option \"{option}\" here.");
        if (this["lang"] is { } lang)
            how = how with { Lang = Languages(lang) };
        foreach (var name in new[] { "pick", "omit" })
        {
            if (this[name] is not { } text)
                continue;
            if (!ProjectionParser.Parse(text, context).TryGet(out var projection, out var problem))
                return problem;
            how = name == "pick" ? how with { Pick = projection } : how with { Omit = projection };
        }

        if (how is { Pick: { } picked, Omit: { } omitted } && picked.Overlaps(omitted))
            return Bad("pick and omit name the same member.");
        if (this["attrs"] is not null && (how.Pick is not null || how.Omit is not null))
            return Bad("attrs excludes pick and omit.");
        foreach (var attr in List("attrs"))
            if (!Names.IsName(System.Text.Encoding.UTF8.GetBytes(attr)))
                return Bad($"\"{attr}\" in attrs cannot be an attribute's name.");
            else if (attr is "id" or "type" or "@id" or "@type" or "@context")
                return Bad($"\"{attr}\" in attrs is a member of every entity and no attribute.", "pick and omit choose among members (4.21).");
        if (this["attrs"] is not null)
            how = how with { Attributes = List("attrs").Select(a => context.Name(a)).ToHashSet() };
        if (this["datasetId"] is not null)
            how = how with { Datasets = List("datasetId").ToHashSet(StringComparer.Ordinal) };
        if (this["geometryProperty"] is not null && !geoJson)
            return Bad("geometryProperty goes with Accept: application/geo+json.");
        how = how with { GeometryProperty = context.Name(this["geometryProperty"] ?? "location") };
        return Join(how, table);
    }

    /// <summary>The filters of clause 5.7.2, parsed and checked.</summary>
    public Result<EntityQuery> Query(LdContext context, ContextLimits limits)
    {
        var query = new EntityQuery();
        if (this["id"] is not null)
        {
            query = query with { Ids = List("id") };
            foreach (var id in query.Ids)
                if (!Names.IsUri(id))
                    return Bad($"\"{id}\" in id is not a URI.");
        }

        if (this["idPattern"] is { } pattern)
        {
            if (!Pattern(pattern).TryGet(out var regex, out var bad))
                return bad;
            query = query with { IdPattern = regex };
        }

        if (this["type"] is { } type)
        {
            if (!TypeSelection.Parse(type, context).TryGet(out var types, out var bad))
                return bad;
            query = query with { Types = types };
        }

        if (this["attrs"] is not null)
            query = query with { Attributes = [.. List("attrs").Select(a => context.TryFindName(a, out var iri) ? iri : -1)] };
        if (this["q"] is { } q)
        {
            if (!QParser.Parse(q, context, List("expandValues").ToHashSet(StringComparer.Ordinal)).TryGet(out var expression, out var bad))
                return bad;
            query = query with { Q = expression };
        }

        if (this["georel"] is { } georel)
        {
            if (!GeoQuery.Parse(georel, this["geometry"], this["coordinates"], this["geoproperty"], context).TryGet(out var geo, out var bad))
                return bad;
            query = query with { Geo = geo };
        }
        else if ((this["geometry"] is not null || this["coordinates"] is not null) && this["orderBy"] is null)
            return Bad("geometry and coordinates go with georel.");

        if (this["csf"] is { } csf && QParser.Parse(csf, context).Problem is { } badFilter)
            return badFilter with { Detail = "csf: " + badFilter.Detail };
        if (query.Q is { } links && links.LinkDepth > (this["join"] is null or "@none" ? 0 : int.TryParse(this["joinLevel"], CultureInfo.InvariantCulture, out var joinLevel) ? joinLevel : 1))
            return Bad("q reaches deeper into linked entities than join and joinLevel allow.");
        if (this["scopeQ"] is { } scopeQ)
        {
            if (!ScopeQuery.Parse(scopeQ).TryGet(out var scope, out var bad))
                return bad;
            query = query with { Scope = scope };
        }

        if (!Paging(query, limits).TryGet(out query, out var badPage))
            return badPage;
        if (!OrderParser.Parse(this, context).TryGet(out var order, out var badOrder))
            return badOrder;
        return query with { OrderBy = order };
    }

    /// <summary>5.7.2.4: a query that asks for everything is refused unless it is explicitly local.</summary>
    public Problem? TooWide(EntityQuery query)
    {
        if (query.Types is { All: true } && this["local"] == "false")
            return Bad("type=* asks for everything; it is for local queries only.");
        var attribute = List("attrs").Any(a => a is not ("createdAt" or "modifiedAt" or "deletedAt" or "expiresAt"));
        return this["local"] == "true" || query.Types is not null || attribute || query.Attributes is not null && this["attrs"] is null || query.Q?.NamesAttribute == true || query.Geo is not null
            ? null
            : Bad("The query asks for everything.", "Give at least one of type, attrs, q, georel; or local=true.");
    }

    public static IReadOnlyList<string> Languages(string lang) =>
        [.. lang.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split(";q=", 2))
            .OrderByDescending(l => l.Length == 2 && double.TryParse(l[1], NumberStyles.Float, CultureInfo.InvariantCulture, out var q) ? q : 1)
            .Select(l => l[0])];

    public static Result<Regex> Pattern(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return Bad($"The pattern \"{pattern}\" cannot be used: {e.Message}");
        }
    }

    public static Problem Invalid(string detail, string? hint = null) => ContextProblems.InvalidRequest.Because(detail, hint);

    public static Problem Bad(string detail, string? hint = null) => ContextProblems.BadRequestData.Because(detail, hint);

    private Result<EntityQuery> Paging(EntityQuery query, ContextLimits limits)
    {
        if (!Flag("count").TryGet(out var count, out var badCount))
            return badCount;
        count |= Option("count");
        if (!Number("limit", 20, 0, int.MaxValue).TryGet(out var limit, out var bad) || !Number("offset", 0, 0, int.MaxValue).TryGet(out var offset, out bad))
            return bad;
        if (limit == 0 && !count)
            return Bad("limit is 0 and count was not asked: nothing would be answered.");
        if (limit > limits.PageEntities)
            return ContextProblems.TooManyResults.Because($"limit is {limit}; a page has at most {limits.PageEntities} entities.");
        return query with { Limit = limit, Offset = offset, Count = count };
    }

    private Result<Representation> Join(Representation how, SeenTable? table)
    {
        var reach = Math.Max(how.Pick?.Depth ?? 0, how.Omit?.Depth ?? 0);
        if (this["join"] is not { } join || join == "@none")
            return this["joinLevel"] is not null ? Bad("joinLevel goes with join.") : reach > 0 ? Bad("pick and omit reach into linked entities, but join was not asked.") : how;
        if (join is not ("inline" or "flat"))
            return Bad($"join is \"{join}\"; it is inline, flat or @none.");
        if (!Number("joinLevel", 1, 1, 10).TryGet(out var level, out var problem))
            return problem;
        if (reach > level)
            return Bad("pick or omit reaches deeper into linked entities than joinLevel.");
        return how with
        {
            Linked = table is null ? null : table.Show,
            JoinInline = join == "inline",
            JoinLevel = level,
            ContainedBy = List("containedBy").ToHashSet(StringComparer.Ordinal),
        };
    }
}

/// <summary>pick and omit (4.21): names, with braces for what is inside a linked entity or an attribute.</summary>
internal sealed class ProjectionParser
{
    private readonly string _text;
    private readonly LdContext _context;
    private int _at;

    private ProjectionParser(string text, LdContext context) => (_text, _context) = (text, context);

    public static Result<Projection> Parse(string text, LdContext context)
    {
        var parser = new ProjectionParser(text, context);
        return parser.Read(0) is { } projection && parser._at == text.Length ? projection : Parameters.Bad($"The projection \"{text}\" cannot be read.", "Names with commas, rel{name} for a linked entity's.");
    }

    private Projection? Read(int depth)
    {
        if (depth > 10)
            return null;
        var attributes = new Dictionary<int, Projection?>();
        var (id, type, scope) = (false, false, false);
        do
        {
            var start = _at;
            while (_at < _text.Length && _text[_at] is not (',' or '|' or '{' or '}'))
                _at++;
            var name = _text[start.._at].Trim();
            if (!Names.IsName(System.Text.Encoding.UTF8.GetBytes(name.TrimStart('@'))))
                return null;
            Projection? inner = null;
            if (_at < _text.Length && _text[_at] == '{')
            {
                _at++;
                inner = Read(depth + 1);
                if (inner is null || _at >= _text.Length || _text[_at++] != '}')
                    return null;
            }

            switch (name)
            {
                case "id" or "@id":
                    id = true;
                    break;
                case "type" or "@type":
                    type = true;
                    break;
                case "scope":
                    scope = true;
                    break;
                default:
                    attributes[_context.Name(name)] = inner;
                    break;
            }
        }
        while (_at < _text.Length && _text[_at] is ',' or '|' && ++_at > 0);
        return new Projection(attributes, id, type, scope);
    }
}

/// <summary>orderBy (4.23): <c>name</c>, <c>name;desc</c>, <c>location;dist-asc</c> with geometry and coordinates of its own.</summary>
internal static class OrderParser
{
    public static Result<IReadOnlyList<Order>> Parse(Parameters parameters, LdContext context)
    {
        var orders = new List<Order>();
        var collation = StringComparer.Ordinal;
        if (parameters["collation"] is { } culture)
        {
            try
            {
                collation = StringComparer.Create(CultureInfo.GetCultureInfo(culture), ignoreCase: false);
            }
            catch (CultureNotFoundException)
            {
                return Parameters.Bad($"There is no collation \"{culture}\".", "A language tag, e.g. zh-CN.");
            }
        }

        foreach (var text in parameters.List("orderBy"))
        {
            var parts = text.Split(';');
            var direction = parts.Length > 1 ? parts[1] : "asc";
            if (parts.Length > 2 || direction is not ("asc" or "desc" or "dist-asc" or "dist-desc"))
                return Parameters.Bad($"orderBy cannot be read: \"{text}\".", "name;asc, name;desc, location;dist-asc, location;dist-desc");
            var (name, sub, inside) = Path(parts[0], context);
            var distance = direction.StartsWith("dist", StringComparison.Ordinal);
            NetTopologySuite.Geometries.Geometry? from = null;
            if (distance)
            {
                from = GeoQuery.Read(parameters["orderByGeometry"] ?? parameters["geometry"] ?? "Point", parameters["orderFrom"] ?? parameters["coordinates"] ?? "");
                if (from is null)
                    return Parameters.Bad("Ordering by distance needs geometry and coordinates.");
            }

            var member = name is "id" or "type" or "createdAt" or "modifiedAt" ? name : null;
            orders.Add(new Order(member, context.TryFindName(name, out var iri) ? iri : -1, sub, inside, direction.EndsWith("desc", StringComparison.Ordinal), from, collation));
        }

        return orders;
    }

    private static (string Name, (int? Name, string? Member)? Sub, string[] Inside) Path(string text, LdContext context)
    {
        var bracket = text.IndexOf('[', StringComparison.Ordinal);
        string[] inside = bracket < 0 ? [] : text[(bracket + 1)..].TrimEnd(']').Split('.');
        var path = bracket < 0 ? text : text[..bracket];
        var dot = path.Contains("://", StringComparison.Ordinal) ? -1 : path.IndexOf('.', StringComparison.Ordinal);
        if (dot < 0)
            return (path, null, inside);
        var step = path[(dot + 1)..];
        return (path[..dot], step is "createdAt" or "modifiedAt" or "observedAt" or "expiresAt" ? (null, step) : (context.TryFindName(step, out var iri) ? iri : -1, null), inside);
    }
}
