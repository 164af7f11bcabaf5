using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing.Deliveries;

namespace CityHub.Server.Sharing;

/// <summary>The tables by the datasets whose rows they hold now: a dataset with other columns got another table.</summary>
internal sealed class DatasetTables(ITables tables, DeliveryRoom deliveries) : ITables
{
    public Result<ITable> Open(string name, TableSchema schema, string? owner, IReadOnlyList<ReadOnlyMemory<byte>> manifests) => tables.Open(name, schema, owner, manifests);

    public ITable? Find(string name) => deliveries.TableOf(name);

    public Result<Done> Remove(string name) => tables.Remove(name);

    public Result<int> Keep(IReadOnlyCollection<string> names) => tables.Keep(names);
}
