using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Series;
using Attribute = CityHub.Context.Entities.Attribute;

namespace CityHub.Context.Temporal;

/// <summary>The instances of one attribute that a query finds, in time order; <see cref="Keys"/> are the series they are from.</summary>
public sealed record AttributeEvolution(int Name, List<(long Time, Attribute Instance)> Instances, IReadOnlyList<SeriesKey> Keys);

/// <summary>The part of an entity's history that a query asks for.</summary>
public sealed record Evolution(HistoryEntity Entity, List<AttributeEvolution> Attributes)
{
    /// <param name="most">Instances of one attribute beyond which reading more is of no use: the page is full.</param>
    /// <param name="now">UTC ticks.</param>
    /// <param name="wanted">Whether a series of an attribute is asked for.</param>
    public static Evolution Read(History history, string tenant, HistoryEntity entity, HistoryQuery query, int most, long now, Func<int, SeriesKey, bool> wanted, IReadOnlySet<string>? datasets)
    {
        var found = new Dictionary<int, (List<(long Time, Attribute Instance)> Instances, List<SeriesKey> Keys)>();
        foreach (var key in history.Series.Of(tenant, entity.Id))
        {
            var name = Iris.Intern(key.Attribute);
            if (!wanted(name, key) || (datasets is not null && !datasets.Contains(key.Dataset.Length == 0 ? "@none" : key.Dataset)))
                continue;
            if (!found.TryGetValue(name, out var attribute))
                found[name] = attribute = ([], []);
            attribute.Keys.Add(key);
            if (query.Format != HistoryFormat.Aggregated)
                attribute.Instances.AddRange(Instances(history.Series, key, name, query, most, now));
        }

        var evolution = new Evolution(entity, []);
        foreach (var (name, (instances, keys)) in found)
        {
            instances.Sort(static (a, b) => a.Time.CompareTo(b.Time));
            if (query.LastN > 0 && instances.Count > query.LastN)
                instances.RemoveRange(0, instances.Count - query.LastN);
            evolution.Attributes.Add(new AttributeEvolution(name, instances, keys));
        }

        evolution.Attributes.Sort(static (a, b) => a.Name.CompareTo(b.Name));
        return evolution;
    }

    private static IEnumerable<(long, Attribute)> Instances(ISeries series, SeriesKey key, int name, HistoryQuery query, int most, long now)
    {
        var newest = query.LastN > 0;
        var property = query.TimeProperty ?? "observedAt";
        var byRecorded = property != "observedAt";
        var limit = newest ? Math.Min(query.LastN, most) : most;
        foreach (var sample in series.Read(key, query.From, query.To, newest, byRecorded: byRecorded))
        {
            var attribute = Samples.ToAttribute(key, name, sample);
            // 4.22: what was transient evaporates from the history, too.
            if (attribute.ExpiresAt != 0 && attribute.ExpiresAt <= now)
                continue;
            var deleted = History.IsDeleted(attribute) && attribute.ObservedAt == 0;
            var time = property switch
            {
                "observedAt" => deleted ? 0 : attribute.ObservedAt != 0 || query.Bounded || query.TimeProperty is not null ? attribute.ObservedAt : sample.Time,
                "deletedAt" => deleted ? attribute.ModifiedAt : 0,
                _ => deleted ? 0 : sample.Recorded,
            };
            if (time == 0)
                continue;
            yield return (time, attribute);
            if (--limit == 0)
                yield break;
        }
    }
}

/// <summary>
/// One answer holds a bounded number of instances. What is beyond is cut by time, for all attributes of the answer alike, so that a client
/// continues from one instant (6.3.10): the oldest part, or with lastN the newest.
/// </summary>
internal readonly record struct HistoryPage(long RangeStart, long RangeEnd, string Size)
{
    public static HistoryPage? Cut(IReadOnlyList<Evolution> evolutions, HistoryQuery query, int most)
    {
        var times = evolutions.SelectMany(e => e.Attributes).SelectMany(a => a.Instances).Select(i => i.Time).ToList();
        if (times.Count <= most)
            return null;
        times.Sort();
        var newest = query.LastN > 0;
        var cut = newest ? times[^most] : times[most - 1];
        foreach (var attribute in evolutions.SelectMany(e => e.Attributes))
            attribute.Instances.RemoveAll(i => newest ? i.Time < cut : i.Time > cut);
        return newest
            ? new HistoryPage(query.To != long.MaxValue ? query.To : times[^1], cut, query.LastN.ToString(System.Globalization.CultureInfo.InvariantCulture))
            : new HistoryPage(query.From != 0 ? query.From : times[0], cut, "*");
    }

    public string ContentRange => $"date-time {Times.Text(RangeStart, Times.Fewest(RangeStart))}-{Times.Text(RangeEnd, Times.Fewest(RangeEnd))}/{Size}";
}
