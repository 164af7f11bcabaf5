using CityHub.Context.Entities;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Server.Sharing.Entities;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Deliveries;

namespace CityHub.Server.Sharing;

/// <summary>The tables by the datasets whose rows they hold now: a dataset with other columns got another table, and one of entities is read from the memory of the city.</summary>
/// <param name="entities">Of a tenant; null: it has none.</param>
internal sealed class DatasetTables(ITables tables, DeliveryRoom deliveries, ICatalogue catalogue, Func<string, EntityTable?> entities, TimeProvider clock) : ITables
{
    public Result<ITable> Open(string name, TableSchema schema, string? owner, IReadOnlyList<ReadOnlyMemory<byte>> manifests) => tables.Open(name, schema, owner, manifests);

    public ITable? Find(string name) => catalogue.Find(name) is { Source: DatasetSource.Entities } dataset
        ? entities(dataset.Tenant) is { } table ? new EntityRows(dataset, table, clock) : null
        : deliveries.TableOf(name);

    public Result<Done> Remove(string name) => tables.Remove(name);

    public Result<int> Keep(IReadOnlyCollection<string> names) => tables.Keep(names);
}
