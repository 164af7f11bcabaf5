using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Responsibilities;
using CityHub.Standards.Quality;

namespace CityHub.Server.Sharing.Entities;

/// <summary>What came of the datasets: of those with rows from the deliveries, of those of entities from the changes of the broker, scored where the dataset has rules by the look of that day.</summary>
internal sealed class Arrivals(ICatalogue catalogue, IArrivals deliveries, QualityBook quality, Func<EntityHours?> hours, ITables tables, IDeliveryCheck check, TimeProvider time) : IArrivals
{
    public IEnumerable<DeliveryMark> Of(string dataset)
    {
        if (catalogue.Find(dataset) is not { Source: DatasetSource.Entities, EntityType: { } type } entities)
            return deliveries.Of(dataset);
        var scores = quality.History(dataset).GroupBy(j => j.At.UtcDateTime.Date).ToDictionary(g => g.Key, g => g.Last().Score);
        return (hours()?.Of(entities.Tenant, type) ?? []).Select(at => new DeliveryMark(dataset, at, scores.GetValueOrDefault(at.UtcDateTime.Date), Stays: true));
    }

    /// <summary>Judges the entities of each published dataset that has rules, once a day (UTC); a second look on that day records nothing.</summary>
    public async ValueTask<Result<int>> JudgeAsync(CancellationToken cancel)
    {
        var (now, judged) = (time.GetUtcNow(), 0);
        foreach (var dataset in catalogue.Published)
        {
            if (dataset is not { Source: DatasetSource.Entities, QualityRules: { } rules } || (quality.History(dataset.Id) is [.., var last] && last.At.UtcDateTime.Date == now.UtcDateTime.Date))
                continue;
            if (tables.Find(dataset.Id) is not { Rows: > 0 } table)
                continue;
            if (!table.Scan(Enumerable.Range(0, table.Schema.Columns.Count).ToArray()).TryGet(out var rows, out var problem) || !check.Check(rows, table.Schema, new DeliveryTerms(dataset.Id, dataset.Provider, null, rules, now)).TryGet(out var checkedRows, out problem))
                return problem;
            await using var read = checkedRows;
            while (await read.NextAsync(cancel) is not null)
            {
                // Only counted; nothing of it is kept.
            }

            if ((await quality.RecordAsync(dataset.Id, rules, now, read)).Problem is { } unrecorded)
                return unrecorded;
            judged++;
        }

        return judged;
    }
}
