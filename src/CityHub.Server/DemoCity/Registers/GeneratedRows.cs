using CityHub.Core.Tables;

namespace CityHub.Server.DemoCity.Registers;

/// <summary>Rows that are made one after the other from their number.</summary>
/// <param name="write">Puts row n, counted from 0; or nothing, where there is none of that number.</param>
internal sealed class GeneratedRows(TableSchema schema, int count, Action<BatchBuilder, int> write) : IRows
{
    private readonly BatchBuilder _batch = new(schema);
    private int _next;

    public TableSchema Schema { get; } = schema;

    public ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        _batch.Clear();
        while (_next < count && !_batch.Full)
            write(_batch, _next++);
        return ValueTask.FromResult(_batch.Rows == 0 ? null : _batch.Batch);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
