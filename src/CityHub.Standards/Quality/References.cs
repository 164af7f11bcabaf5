using CityHub.Core.Tables;

namespace CityHub.Standards.Quality;

/// <summary>What rules may know of other datasets; null: it cannot be read now, or the department may not look.</summary>
internal interface IReferences
{
    /// <summary>The values of a column.</summary>
    ValueTask<IReadOnlySet<UInt128>?> KeysAsync(Lookup look, string column, CancellationToken cancel);

    /// <summary>A column by another one: what the lead source says (数源).</summary>
    ValueTask<IReadOnlyDictionary<UInt128, string>?> ValuesAsync(Lookup look, string key, string column, CancellationToken cancel);

    /// <summary>The share of the tries of late in which the source answered; null: nobody tried.</summary>
    double? Reachable(Lookup look);
}

/// <summary>Reads them from the tables of the hub, each time only what the department may look at then: a grant that ended gives no answer.</summary>
internal sealed class TableReferences(ITables tables, IOwners owners, Func<string, double?> reachable) : IReferences
{
    public double? Reachable(Lookup look) => owners.MayLook(look, []) is null ? reachable(look.Dataset) : null;

    public async ValueTask<IReadOnlySet<UInt128>?> KeysAsync(Lookup look, string column, CancellationToken cancel)
    {
        if (Scan(look, [column]) is not { } rows)
            return null;
        await using (rows)
        {
            var keys = new HashSet<UInt128>();
            while (await rows.NextAsync(cancel) is { } batch)
                for (var row = 0; row < batch.Rows; row++)
                    if (!batch.Columns[0].IsNull(row))
                        keys.Add(KeyHash.Of(batch.Columns[0], row));
            return keys;
        }
    }

    public async ValueTask<IReadOnlyDictionary<UInt128, string>?> ValuesAsync(Lookup look, string key, string column, CancellationToken cancel)
    {
        if (Scan(look, [key, column]) is not { } rows)
            return null;
        await using (rows)
        {
            var values = new Dictionary<UInt128, string>();
            while (await rows.NextAsync(cancel) is { } batch)
                for (var row = 0; row < batch.Rows; row++)
                    if (!batch.Columns[0].IsNull(row) && !batch.Columns[1].IsNull(row))
                        values[KeyHash.Of(batch.Columns[0], row)] = Mapping.Cell.From(batch.Columns[1], row).ToString();
            return values;
        }
    }

    private IRows? Scan(Lookup look, string[] columns)
    {
        if (owners.MayLook(look, columns) is not null || tables.Find(look.Dataset) is not { Locked: false } table)
            return null;
        var indexes = Array.ConvertAll(columns, table.Schema.IndexOf);
        return Array.TrueForAll(indexes, i => i >= 0) && table.Scan(indexes).TryGet(out var rows, out _) ? rows : null;
    }
}
