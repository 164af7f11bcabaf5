using System.Text;
using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Context.JsonLd;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Temporal;

/// <summary>The history of one entity as one caller may see it.</summary>
/// <param name="Times">Null: all of it, whenever it was.</param>
internal sealed record SeenEntity(HistoryEntity Entity, EntitySight Sight, RuledTimes? Times)
{
    /// <summary>When the instance was observed the entity was among those that may be seen.</summary>
    public bool Holds(Attribute instance) => Times is null || Times.Holds(instance);
}

/// <summary>
/// The histories of a tenant through the eyes of one caller. Where a grant lets through some entities only, an instance is seen if the entity was among them when it was observed: what decides is
/// followed through time, and before it was first known nothing is seen.
/// </summary>
/// <param name="reading">Null: everything is seen.</param>
internal sealed class SeenHistory(History history, string tenant, EntityReading? reading)
{
    private static readonly int Scope = Iris.Intern(History.ScopeIri);

    /// <summary>Null: it is not there. When it was modified is not told where attributes are hidden: it would tell of theirs.</summary>
    public SeenEntity? See(HistoryEntity entity)
    {
        if (reading is null)
            return new SeenEntity(entity, EntitySight.Everything, null);
        if (reading.Of(entity.Types) is not { } sight)
            return null;
        var seen = entity with { Types = sight.Types ?? entity.Types, ModifiedAt = sight.Attributes is null ? entity.ModifiedAt : 0 };
        if (!sight.HasRows)
            return new SeenEntity(seen, sight, null);
        if (!sight.HoldsOf(entity.Id))
            return null;
        var times = RuledTimes.Of(history, tenant, entity.Id, sight);
        return times.Ever ? new SeenEntity(seen, sight, times) : null;
    }

    /// <summary>As <see cref="Evolution.Read"/>, of what is seen: of an attribute the instances that a field means, the default ones, else those of the first dataset.</summary>
    public Evolution Read(SeenEntity seen, HistoryQuery query, int most, long now, Func<int, bool> wanted, IReadOnlySet<string>? datasets)
    {
        var (entity, sight, times) = seen;
        if (sight.Attributes is not { } shown)
            return Evolution.Read(history, tenant, entity, query, most, now, (name, _) => wanted(name), datasets);
        var meant = history.Series.Of(tenant, entity.Id).GroupBy(k => k.Attribute, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Select(k => k.Dataset).Min(StringComparer.Ordinal), StringComparer.Ordinal);
        var (read, all) = times is null ? (query, most) : (query with { LastN = 0 }, int.MaxValue);
        var evolution = Evolution.Read(history, tenant, entity, read, all, now, (name, key) => wanted(name) && (name == Scope ? sight.Scoped : shown.Contains(name)) && key.Dataset == meant[key.Attribute], datasets);
        foreach (var attribute in evolution.Attributes)
        {
            attribute.Instances.RemoveAll(i => !seen.Holds(i.Instance));
            if (query.LastN > 0 && attribute.Instances.Count > query.LastN)
                attribute.Instances.RemoveRange(0, attribute.Instances.Count - query.LastN);
            for (var i = 0; i < attribute.Instances.Count; i++)
                attribute.Instances[i] = (attribute.Instances[i].Time, EntitySight.Alone(attribute.Instances[i].Instance));
        }

        if (times is not null)
            evolution.Attributes.RemoveAll(a => a.Instances.Count == 0);
        return evolution;
    }

    /// <summary>The instances of its scope that are seen, in time order.</summary>
    public List<Attribute> ScopesOf(SeenEntity seen) => !seen.Sight.Scoped ? [] :
    [
        .. history.Series.Of(tenant, seen.Entity.Id).Where(k => k.Attribute == History.ScopeIri)
            .SelectMany(k => history.Series.Read(k, 0, long.MaxValue).Select(s => Samples.ToAttribute(k, Scope, s))).Where(seen.Holds).OrderBy(a => a.ObservedAt),
    ];

    /// <summary>It goes into the answer: noted with every person whom it has been about.</summary>
    public void Show(string id)
    {
        foreach (var one in Persons(id))
            reading?.Show(one);
    }

    /// <summary>The answer tells of each of them without showing it: every person whom it has been about is noted. A time tells nearly everybody apart.</summary>
    public void TellOfEach(IEnumerable<string> ids) =>
        reading?.Tell(ids.SelectMany(Persons), [one => one.Id, one => one.Attributes is [var person, ..] ? Encoding.UTF8.GetString(person.Value.Span) : null]);

    /// <summary>The answer leaves them out: the persons whom they have been about are noted where they are few.</summary>
    public void TellOfFew(IEnumerable<string> ids) => reading?.Tell(ids.SelectMany(Persons), []);

    /// <summary>The entity once by itself, and once for each instance of an attribute that names a person.</summary>
    private IEnumerable<Entity> Persons(string id)
    {
        if (reading is null || history.Find(tenant, id) is not { } entity || reading.Of(entity.Types) is null)
            yield break;
        yield return new Entity { Id = id, Types = entity.Types, Attributes = [] };
        foreach (var subject in reading.SubjectsOf(entity.Types))
            foreach (var key in history.Series.Of(tenant, id))
                if (key.Attribute == Iris.Text(subject))
                    foreach (var sample in history.Series.Read(key, 0, long.MaxValue))
                        if (Samples.ToAttribute(key, subject, sample) is var person && !History.IsDeleted(person))
                            yield return new Entity { Id = id, Types = entity.Types, Attributes = [person] };
    }
}

/// <summary>When an entity was among those that a grant lets through.</summary>
internal sealed class RuledTimes
{
    private static readonly int Scope = Iris.Intern(History.ScopeIri);

    private readonly EntitySight _sight;
    private readonly List<(List<(long From, long To)> Good, List<(long From, long To)> Bad)> _attributes = [];

    /// <summary>For each sight that looks at the time of an entity: while the newest observation that the hub knew of it lay within that time.</summary>
    private readonly List<List<(long From, long To)>> _known = [];

    /// <summary>Until when the hub knew an instance, by its id; the last of a series is not among them.</summary>
    private readonly Dictionary<string, long> _knownUntil = new(StringComparer.Ordinal);

    private RuledTimes(EntitySight sight) => _sight = sight;

    /// <summary>It was among them at some time.</summary>
    public bool Ever { get; private set; }

    public static RuledTimes Of(History history, string tenant, string id, EntitySight sight)
    {
        var times = new RuledTimes(sight);
        foreach (var name in sight.RuledBy)
        {
            var (good, bad) = (new List<(long, long)>(), new List<(long, long)>());
            foreach (var instances in Series(history, tenant, id, name, TimeOf))
                for (var i = 0; i < instances.Count; i++)
                    if (!History.IsDeleted(instances[i]))
                        (sight.HoldsWith(instances[i]) ? good : bad).Add((TimeOf(instances[i]), i + 1 < instances.Count ? TimeOf(instances[i + 1]) : long.MaxValue));
            times._attributes.Add((good, bad));
        }

        times.Ever = times._attributes.Count == 0 || times._attributes.SelectMany(a => a.Good.Select(g => g.From).Concat(a.Bad.Select(b => b.To))).Any(times.Hold);
        foreach (var part in sight.Parts)
            if (part.TimedBy is { } timedBy)
                times.Ever &= times.Follow(part, [.. timedBy.SelectMany(name => Series(history, tenant, id, name, i => i.ModifiedAt))]);
        if (times._known.Count > 0)
            times.KnowUntil(Series(history, tenant, id, Scope, i => i.ModifiedAt));
        return times;
    }

    public bool Holds(Attribute instance) => Hold(TimeOf(instance)) && (_known.Count == 0 || (instance.ObservedAt != 0 && instance.Name != Scope ? _sight.HoldsAt(instance) : WasKnown(instance)));

    private static long TimeOf(Attribute instance) => instance.ObservedAt != 0 ? instance.ObservedAt : instance.ModifiedAt;

    private static IEnumerable<List<Attribute>> Series(History history, string tenant, string id, int name, Func<Attribute, long> by)
    {
        foreach (var key in history.Series.Of(tenant, id))
            if (key.Attribute == Iris.Text(name))
                yield return [.. history.Series.Read(key, 0, long.MaxValue).Select(s => Samples.ToAttribute(key, name, s)).OrderBy(by)];
    }

    private bool Hold(long at) => _attributes.TrueForAll(a => a.Good.Exists(g => at >= g.From && at < g.To) && !a.Bad.Exists(b => at >= b.From && at < b.To));

    /// <summary>What was not observed itself is of the time of what was observed and known together with it.</summary>
    private bool WasKnown(Attribute instance)
    {
        var (from, to) = (instance.ModifiedAt, _knownUntil.GetValueOrDefault(instance.InstanceId ?? "", long.MaxValue));
        return _known.TrueForAll(known => known.Exists(k => from < k.To && to > k.From));
    }

    /// <summary>Goes through what became known, in that order. False: nothing was observed within the time while the entity was among those that may be seen.</summary>
    private bool Follow(EntitySight part, List<List<Attribute>> series)
    {
        KnowUntil(series);
        var (known, since, within, ever) = (new List<(long From, long To)>(), 0L, false, false);
        var now = new Attribute?[series.Count];
        foreach (var (of, instance) in series.SelectMany((instances, of) => instances.Select(instance => (of, instance))).OrderBy(i => i.instance.ModifiedAt))
        {
            var gone = History.IsDeleted(instance);
            ever |= !gone && instance.ObservedAt != 0 && part.HoldsAt(instance) && Hold(instance.ObservedAt);
            // A reading that came late is not what is known of now.
            if (gone || instance.ObservedAt == 0 || now[of] is not { } last || instance.ObservedAt >= last.ObservedAt)
                now[of] = gone ? null : instance;
            var holds = now.MaxBy(i => i?.ObservedAt ?? 0) is { ObservedAt: not 0 } newest && part.HoldsAt(newest);
            if (holds == within)
                continue;
            if (within && instance.ModifiedAt > since)
                known.Add((since, instance.ModifiedAt));
            (since, within) = (instance.ModifiedAt, holds);
        }

        if (within)
            known.Add((since, long.MaxValue));
        _known.Add(known);
        return ever;
    }

    private void KnowUntil(IEnumerable<List<Attribute>> series)
    {
        foreach (var instances in series)
            for (var i = 0; i + 1 < instances.Count; i++)
                _knownUntil[instances[i].InstanceId ?? ""] = instances[i + 1].ModifiedAt;
    }
}
