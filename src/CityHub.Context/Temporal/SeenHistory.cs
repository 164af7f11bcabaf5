using CityHub.Context.Entities;
using CityHub.Context.Guard;
using CityHub.Context.JsonLd;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Temporal;

/// <summary>
/// The histories of a tenant through the eyes of one caller. Where a grant lets through some entities only, an instance is seen if the entity was among them when it was observed: what decides is
/// followed through time, and before it was first known nothing is seen.
/// </summary>
/// <param name="reading">Null: everything is seen.</param>
internal sealed class SeenHistory(History history, string tenant, EntityReading? reading)
{
    private static readonly int Scope = Iris.Intern(History.ScopeIri);

    /// <summary>Null: it is not there. When it was modified is not told where attributes are hidden: it would tell of theirs.</summary>
    public (HistoryEntity Entity, EntitySight Sight, RuledTimes? Times)? See(HistoryEntity entity)
    {
        if (reading is null)
            return (entity, EntitySight.Everything, null);
        if (reading.Of(entity.Types) is not { } sight)
            return null;
        var seen = entity with { Types = sight.Types ?? entity.Types, ModifiedAt = sight.Attributes is null ? entity.ModifiedAt : 0 };
        if (!sight.HasRows)
            return (seen, sight, null);
        if (!sight.HoldsOf(entity.Id))
            return null;
        var times = RuledTimes.Of(history, tenant, entity.Id, sight);
        return times.Ever ? (seen, sight, times) : null;
    }

    /// <summary>As <see cref="Evolution.Read"/>, of what is seen.</summary>
    public Evolution Read((HistoryEntity Entity, EntitySight Sight, RuledTimes? Times) seen, HistoryQuery query, int most, long now, Func<int, bool> wanted, IReadOnlySet<string>? datasets)
    {
        var (entity, sight, times) = seen;
        bool Shows(int name) => wanted(name) && (name == Scope ? sight.Scoped : sight.Attributes is null || sight.Attributes.Contains(name));
        if (times is null)
            return Evolution.Read(history, tenant, entity, query, most, now, sight.Attributes is null ? wanted : Shows, datasets);
        var evolution = Evolution.Read(history, tenant, entity, query with { LastN = 0 }, int.MaxValue, now, Shows, datasets);
        foreach (var attribute in evolution.Attributes)
        {
            attribute.Instances.RemoveAll(i => !sight.HoldsAt(i.Instance) || !times.Hold(RuledTimes.TimeOf(i.Instance)));
            if (query.LastN > 0 && attribute.Instances.Count > query.LastN)
                attribute.Instances.RemoveRange(0, attribute.Instances.Count - query.LastN);
        }

        evolution.Attributes.RemoveAll(a => a.Instances.Count == 0);
        return evolution;
    }

    /// <summary>It goes into the answer: noted with every person whom it has been about.</summary>
    public void Show(string id)
    {
        if (reading is null || history.Find(tenant, id) is not { } entity || reading.Of(entity.Types) is not { } sight)
            return;
        var bare = new Entity { Id = id, Types = entity.Types, Attributes = [] };
        reading.Show(bare);
        if (sight.Subject is not { } subject)
            return;
        foreach (var key in history.Series.Of(tenant, id))
            if (key.Attribute == Iris.Text(subject))
                foreach (var sample in history.Series.Read(key, 0, long.MaxValue))
                    if (Samples.ToAttribute(key, subject, sample) is var person && !History.IsDeleted(person))
                        reading.Show(new Entity { Id = id, Types = entity.Types, Attributes = [person] });
    }
}

/// <summary>When an entity was among those that a grant lets through.</summary>
internal sealed class RuledTimes
{
    private readonly List<(List<(long From, long To)> Good, List<(long From, long To)> Bad)> _attributes = [];

    /// <summary>It was among them at some time.</summary>
    public bool Ever => _attributes.Count == 0 || _attributes.SelectMany(a => a.Good.Select(g => g.From).Concat(a.Bad.Select(b => b.To))).Any(Hold);

    public static RuledTimes Of(History history, string tenant, string id, EntitySight sight)
    {
        var times = new RuledTimes();
        foreach (var name in sight.RuledBy)
        {
            var (good, bad) = (new List<(long, long)>(), new List<(long, long)>());
            foreach (var key in history.Series.Of(tenant, id))
            {
                if (key.Attribute != Iris.Text(name))
                    continue;
                var instances = history.Series.Read(key, 0, long.MaxValue).Select(s => Samples.ToAttribute(key, name, s)).OrderBy(TimeOf).ToList();
                for (var i = 0; i < instances.Count; i++)
                    if (!History.IsDeleted(instances[i]))
                        (sight.HoldsWith(instances[i]) ? good : bad).Add((TimeOf(instances[i]), i + 1 < instances.Count ? TimeOf(instances[i + 1]) : long.MaxValue));
            }

            times._attributes.Add((good, bad));
        }

        return times;
    }

    public static long TimeOf(Attribute instance) => instance.ObservedAt != 0 ? instance.ObservedAt : instance.ModifiedAt;

    public bool Hold(long at) => _attributes.TrueForAll(a => a.Good.Exists(g => at >= g.From && at < g.To) && !a.Bad.Exists(b => at >= b.From && at < b.To));
}
