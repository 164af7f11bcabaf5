using System.Text;
using CityHub.Context.Consumption;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sharing;
using CityHub.Sharing.Catalogue;

namespace CityHub.Server.Sharing.Entities;

/// <summary>The entities of a dataset, as they are now, as a table: so that releases keep every obligation on them, and every door gives them as rows. Nobody writes here; entities come through the broker.</summary>
internal sealed class EntityRows(Dataset dataset, EntityTable entities, TimeProvider clock) : ITable
{
    private static long _versions;

    private readonly EntityFields _fields = new(dataset);
    private readonly int _type = Iris.Intern(dataset.EntityType ?? "");

    public string Name => dataset.Id;

    public TableSchema Schema { get; } = dataset.Schema();

    /// <summary>Another each time: entities change without a delivery, and nothing that was counted before is taken for what is there now.</summary>
    public long Version { get; } = Interlocked.Increment(ref _versions);

    public long Rows => Living().LongCount();

    public bool Locked => false;

    public ValueTask<Result<TableDraft>> PrepareAsync(IRows rows, WriteMode mode, CancellationToken cancel = default) => new(NotDelivered());

    public void Publish(TableDraft draft) => throw new InvalidOperationException("Entities are not delivered.");

    public Result<IRows> Scan(ReadOnlyMemory<int> columns, long from = 0) => new Reader(this, columns, from);

    public Result<RowBatch> Find(ReadOnlySpan<byte> key, ReadOnlyMemory<int> columns)
    {
        var row = new BatchBuilder(Of(columns), 1);
        if (entities.Find(Encoding.UTF8.GetString(key)) is { } found && found.Types.Contains(_type) && Visible.At(found, clock.GetUtcNow().UtcTicks) is { } entity)
            Put(row, columns.Span, entity);
        return row.Batch;
    }

    private IEnumerable<Entity> Living()
    {
        var now = clock.GetUtcNow().UtcTicks;
        foreach (var entity in entities.OfTypes([_type]))
            if (Visible.At(entity, now) is { } living)
                yield return living;
    }

    private TableSchema Of(ReadOnlyMemory<int> columns)
    {
        var wanted = new List<TableColumn>(columns.Length);
        foreach (var column in columns.Span)
            wanted.Add(Schema.Columns[column]);
        return new TableSchema(wanted, -1, Schema.Version);
    }

    private void Put(BatchBuilder row, ReadOnlySpan<int> columns, Entity entity)
    {
        foreach (var column in columns)
            _fields.Put(row, column, entity);
    }

    private Problem NotDelivered() => SharingProblems.BadRequest.Because($"The rows of {dataset.Id} are entities.", "Write them with NGSI-LD, or let devices report them.");

    private sealed class Reader(EntityRows table, ReadOnlyMemory<int> columns, long from) : IRows
    {
        private readonly BatchBuilder _batch = new(table.Of(columns));
        private readonly IEnumerator<Entity> _entities = table.Living().Skip((int)Math.Min(from, int.MaxValue)).GetEnumerator();

        public TableSchema Schema { get; } = table.Of(columns);

        public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
        {
            cancel.ThrowIfCancellationRequested();
            _batch.Clear();
            // Nothing but how many there are: a batch without columns counts them.
            if (columns.Length == 0)
            {
                var rows = 0;
                while (rows < RowBatch.Usual && _entities.MoveNext())
                    rows++;
                return new(rows == 0 ? null : new RowBatch(Schema, []) { Rows = rows });
            }

            while (!_batch.Full && _entities.MoveNext())
                table.Put(_batch, columns.Span, _entities.Current);
            return new(_batch.Rows == 0 ? null : _batch.Batch);
        }

        public ValueTask DisposeAsync()
        {
            _entities.Dispose();
            return default;
        }
    }
}
