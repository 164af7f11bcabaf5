using CityHub.Context.Consumption;
using CityHub.Context.Entities;
using CityHub.Context.Http;
using CityHub.Context.JsonLd;
using CityHub.Context.Query;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Context.Temporal;

/// <summary>Retrieve 5.7.3 and query 5.7.4 the temporal evolution of entities.</summary>
internal sealed class TemporalConsumption(History history)
{
    public async ValueTask<Problem?> Retrieve(HttpContext http, ContextRoom room, string tenant)
    {
        var parameters = new Parameters(http.Request.Query);
        if (!Handlers.EntityId(http).TryGet(out var id, out var problem) ||
            !NgsiLdHttp.Accept(http).TryGet(out var media, out problem) ||
            !(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out problem) ||
            !Tenant(room, tenant).TryGet(out _, out problem) ||
            !Representation(parameters, context).TryGet(out var how, out problem) ||
            !HistoryQuery.Parse(parameters, required: false).TryGet(out var query, out problem) ||
            !(await room.ReadingAsync(http, tenant, null)).TryGet(out var reading, out problem))
            return problem;
        var histories = new SeenHistory(history, tenant, reading);
        reading?.Name(null, [id], []);
        if (history.Find(tenant, id) is not { } entity || histories.See(entity) is not { } seen)
            return await NgsiLdHttp.ToldAsync(http, NoHistory(id, how), reading);
        if (query.Format == HistoryFormat.Aggregated && seen.Sight.HasRows)
        {
            histories.TellOfEach([id]);
            return await NgsiLdHttp.ToldAsync(http, NotAggregated(), reading);
        }

        var evolution = histories.Read(seen, query, room.Limits.TemporalInstances + 1, room.Now, Wanted(how), how.Datasets);
        if (evolution.Attributes.Count == 0 && (how.Attributes is not null || how.Pick is { Attributes.Count: > 0 } || how.Datasets is not null || how.Omit is { Id: true, Type: true }))
        {
            histories.TellOfEach([id]);
            return await NgsiLdHttp.ToldAsync(http, NoHistory(id, how), reading);
        }

        var page = HistoryPage.Cut([evolution], query, room.Limits.TemporalInstances);
        if (page is { } cut)
            http.Response.Headers.ContentRange = cut.ContentRange;
        else
            Empty(evolution, query);
        histories.Show(id);
        await NgsiLdHttp.WriteAsync(http, page is null ? StatusCodes.Status200OK : StatusCodes.Status206PartialContent, media, context, json =>
            HistoryWriter.Write(json, evolution, history, context, how, query, media == MediaType.JsonLd), reading);
        return null;
    }

    public async ValueTask<Problem?> Query(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await NgsiLdHttp.ContextOfAsync(http, room.Contexts, tenant)).TryGet(out var context, out var problem))
            return problem;
        return await Answer(http, room, tenant, context, new Parameters(http.Request.Query), null);
    }

    public async ValueTask<Problem?> Post(HttpContext http, ContextRoom room, string tenant)
    {
        if (!(await room.BodyAsync(http, tenant)).TryGet(out var body, out var problem) ||
            !PostedQuery.Read(body.Json, temporal: true).TryGet(out var posted, out problem))
            return problem;
        var query = http.Request.Query;
        var parameters = new Parameters(name => posted.Members.GetValueOrDefault(name) ?? (query.TryGetValue(name, out var values) ? values.ToString() : null));
        return await Answer(http, room, tenant, body.Context, parameters, posted);
    }

    /// <summary>Attributes without an instance in the interval are left out, unless the page was cut: then they show that they were looked for.</summary>
    private static void Empty(Evolution evolution, HistoryQuery query)
    {
        if (query.Format != HistoryFormat.Aggregated)
            evolution.Attributes.RemoveAll(a => a.Instances.Count == 0);
    }

    private static Func<int, bool> Wanted(Representation how) => name =>
        (how.Attributes is null || how.Attributes.Contains(name)) && (how.Pick is null || how.Pick.Contains(name)) && (how.Omit is null || !how.Omit.Contains(name));

    private static Result<Representation> Representation(Parameters parameters, LdContext context)
    {
        // The formats of history are its own: the representation of a single instance is normalized.
        var inner = new Parameters(name => name switch
        {
            "format" => null,
            "options" => string.Join(',', parameters.List("options").Where(o => o is not ("temporalValues" or "aggregatedValues"))) is { Length: > 0 } rest ? rest : null,
            _ => parameters[name],
        });
        return inner.Representation(context, null);
    }

    private Result<Done> Tenant(ContextRoom room, string tenant) =>
        room.Broker.Table(tenant) is not null || history.HasTenant(tenant) ? Done.Value : ContextProblems.NoSuchTenant.Because($"There is no tenant \"{tenant}\".");

    private async ValueTask<Problem?> Answer(HttpContext http, ContextRoom room, string tenant, LdContext context, Parameters parameters, PostedQuery? posted)
    {
        if (!NgsiLdHttp.Accept(http).TryGet(out var media, out var problem) ||
            !Tenant(room, tenant).TryGet(out _, out problem) ||
            !Representation(parameters, context).TryGet(out var how, out problem) ||
            !parameters.Query(context, room.Limits).TryGet(out var query, out problem) ||
            !HistoryQuery.Parse(parameters, required: true).TryGet(out var when, out problem))
            return problem;
        if (posted is not null)
        {
            if (!posted.Selectors(context).TryGet(out var selectors, out problem))
                return problem;
            query = query with { Any = selectors };
        }

        if (query.Any.Count == 0 && parameters.TooWide(query) is { } tooWide)
            return tooWide;
        foreach (var order in query.OrderBy)
            if (order.Member != "id")
                return Parameters.Bad("Histories are ordered by id only.");
        if (!(await room.ReadingAsync(http, tenant, query.Named)).TryGet(out var reading, out problem))
            return problem;
        if (when.Format == HistoryFormat.Aggregated && reading is not null && query.Named?.Any(t => reading.Of([t])?.HasRows == true) == true)
            return NotAggregated();
        var histories = new SeenHistory(history, tenant, reading);
        var (matching, left) = (new List<Evolution>(), new List<string>());
        foreach (var entity in history.All(tenant))
            if (histories.See(entity) is { } seen)
            {
                if (Match(histories, seen, query, when, how, room.Limits.TemporalInstances + 1, room.Now) is { } evolution)
                    matching.Add(evolution);
                else if (reading is not null && query.Count && query.Types?.Matches(seen.Entity.Types) != false)
                    left.Add(entity.Id);
            }

        if (query.OrderBy.Count == 0)
            matching.Sort((a, b) => a.Entity.CreatedAt != b.Entity.CreatedAt ? a.Entity.CreatedAt.CompareTo(b.Entity.CreatedAt) : string.CompareOrdinal(a.Entity.Id, b.Entity.Id));
        else if (query.OrderBy is [{ Descending: var descending }])
            matching.Sort((a, b) => descending ? string.CompareOrdinal(b.Entity.Id, a.Entity.Id) : string.CompareOrdinal(a.Entity.Id, b.Entity.Id));
        if (query.Count)
            http.Response.Headers[NgsiLdHttp.CountHeader] = matching.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        if (query.Offset > 0 && query.Limit > 0)
            QueryEntities.Link(http, Math.Max(0, query.Offset - query.Limit), query.Limit, "prev", media);
        if (query.Limit > 0 && matching.Count > query.Offset + query.Limit)
            QueryEntities.Link(http, query.Offset + query.Limit, query.Limit, "next", media);
        List<Evolution> answer = [.. matching.Skip(query.Offset).Take(query.Limit)];
        foreach (var evolution in answer)
            histories.Show(evolution.Entity.Id);
        reading?.Name(query.Named, query.NamedIds, query.NamedValues());
        if (query.Count || query.Offset > 0)
            histories.TellOfEach(matching.Select(m => m.Entity.Id));
        else if (query.Limit > 0)
            histories.TellOfEach(matching.Skip(query.Limit).Take(1).Select(m => m.Entity.Id)); // that there is another page
        histories.TellOfFew(left);
        var page = HistoryPage.Cut(answer, when, room.Limits.TemporalInstances);
        if (page is { } cut)
            http.Response.Headers.ContentRange = cut.ContentRange;
        else
            foreach (var evolution in answer)
                Empty(evolution, when);
        await NgsiLdHttp.WriteAsync(http, page is null ? StatusCodes.Status200OK : StatusCodes.Status206PartialContent, media, context, json =>
        {
            json.WriteStartArray();
            foreach (var evolution in answer)
                HistoryWriter.Write(json, evolution, history, context, how, when, media == MediaType.JsonLd);
            json.WriteEndArray();
        }, reading);
        return null;
    }

    /// <summary>
    /// The filters apply to the history inside the interval: an entity matches when any of its instances there does (5.7.4.4). Null where it does not,
    /// or has nothing there.
    /// </summary>
    private static Evolution? Match(SeenHistory histories, SeenEntity seen, EntityQuery query, HistoryQuery when, Representation how, int most, long now)
    {
        if (when.Format == HistoryFormat.Aggregated && seen.Sight.HasRows)
            return null;
        var entity = seen.Entity;
        var whole = new Entity { Id = entity.Id, Types = entity.Types, CreatedAt = entity.CreatedAt, ModifiedAt = entity.ModifiedAt, Attributes = [] };
        if (!(query with { Q = null, Geo = null, Attributes = null, Scope = null }).Matches(whole, null, 0))
            return null;
        if (query.Q is not null || query.Geo is not null)
        {
            var instances = histories.Read(seen, when with { LastN = 0, Format = HistoryFormat.Normalized }, int.MaxValue, now, _ => true, null)
                .Attributes.SelectMany(a => a.Instances).Select(i => i.Instance).ToList();
            var evolved = new Entity { Id = entity.Id, Types = entity.Types, CreatedAt = entity.CreatedAt, ModifiedAt = entity.ModifiedAt, Attributes = instances };
            if (!(query with { Attributes = null, Scope = null }).Matches(evolved, null, 0))
                return null;
        }

        var valid = query.Scope is { } scope ? ValidIn(histories.ScopesOf(seen), scope, when) : null;
        if (valid is { Count: 0 })
            return null;
        var evolution = histories.Read(seen, when, most, now, Wanted(how), how.Datasets);
        if (valid is not null)
            Within(evolution, valid);
        if (HasAny(evolution, when))
            return evolution;
        // 4.21: what pick and omit take away was found all the same, as long as a member of the entity itself is left.
        return how.KeepsMembers && HasAny(histories.Read(seen, when, 1, now, Wanted(how with { Pick = null, Omit = null }), how.Datasets), when) ? evolution : null;
    }

    /// <summary>In the same words whether it is not there or has not what is asked for: that it is there would be an answer.</summary>
    private static Problem NoHistory(string id, Representation how) => ContextProblems.ResourceNotFound.Because($"There is no history of {id}{(how.AsksForSome ? " with such attributes" : "")}.");

    /// <summary>Sums over a time know nothing of the times within it at which the entity was outside a grant.</summary>
    private static Problem NotAggregated() => ContextProblems.OperationNotSupported.Because("The grant lets through some entities only, and aggregates are not taken of a part of a history.", "Ask for the instances, or take it as a release.");

    private static bool HasAny(Evolution evolution, HistoryQuery when) =>
        when.Format == HistoryFormat.Aggregated ? evolution.Attributes.Count > 0 : evolution.Attributes.Any(a => a.Instances.Count > 0);

    /// <summary>4.18: a scope is valid from when it was set until the next one; only what was observed meanwhile is the scope's.</summary>
    private static List<(long From, long To, Entities.Attribute Scope)> ValidIn(List<Entities.Attribute> set, ScopeQuery scope, HistoryQuery when)
    {
        var valid = new List<(long From, long To, Entities.Attribute Scope)>();
        for (var i = 0; i < set.Count; i++)
        {
            var (from, to) = (set[i].ObservedAt, i + 1 < set.Count ? set[i + 1].ObservedAt : long.MaxValue);
            if (from < when.To && to > when.From && !History.IsDeleted(set[i]) && scope.Matches([.. Links.Targets(set[i].Value)]))
                valid.Add((from, to, set[i]));
        }

        return valid;
    }

    private static void Within(Evolution evolution, List<(long From, long To, Entities.Attribute Scope)> valid)
    {
        foreach (var attribute in evolution.Attributes)
            attribute.Instances.RemoveAll(i => !valid.Exists(v => i.Time >= v.From && i.Time < v.To));
        var name = Iris.Intern(History.ScopeIri);
        if (evolution.Attributes.All(a => a.Name != name || a.Instances.Count == 0) && evolution.Attributes.Exists(a => a.Instances.Count > 0))
            evolution.Attributes.Add(new AttributeEvolution(name, [.. valid.Select(v => (v.From, v.Scope))], []));
    }
}
