using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sensing.Import.Files;

namespace CityHub.Sensing.Sources;

/// <summary>The file, from here on, cannot be read: the delivery is given up and nothing of it is kept.</summary>
internal sealed class SourceException(Problem problem) : IOException(problem.ToString())
{
    public Problem Problem { get; } = problem;
}

/// <summary>The records of a table file as rows of texts: what the texts mean is said by the mapping, or by the dataset's schema.</summary>
internal sealed class RecordRows : IRows
{
    private readonly IAsyncDisposable _file;
    private readonly RecordReader _records;
    private readonly int[] _taken;
    private readonly BatchBuilder _batch;

    private RecordRows(IAsyncDisposable file, RecordReader records, TableSchema schema, int[] taken) =>
        (_file, _records, Schema, _taken, _batch) = (file, records, schema, taken, new BatchBuilder(schema));

    public TableSchema Schema { get; }

    /// <param name="wanted">Names of columns; empty: all.</param>
    public static async ValueTask<Result<IRows>> OpenAsync(string path, ImportFormat? format, string? encoding, IReadOnlyList<string> wanted, CancellationToken cancel)
    {
        if (!(await ImportFile.OpenAsync(path, format, encoding, null, cancel)).TryGet(out var file, out var problem))
            return problem;
        if (!(await file.ReadAsync(null, cancel)).TryGet(out var records, out problem))
        {
            await file.DisposeAsync();
            return problem;
        }

        var names = records.Columns;
        var missing = names is null ? null : wanted.FirstOrDefault(w => !names.Contains(w));
        if (names is null || missing is not null)
        {
            await records.DisposeAsync();
            await file.DisposeAsync();
            return SourceProblems.FileUnreadable.Because(
                names is null ? $"{Path.GetFileName(path)} holds documents, no table." : $"{Path.GetFileName(path)} has no column {missing}.", names is null ? "CSV, XLSX and Parquet are tables." : "It has " + string.Join(", ", names) + ".") with { Field = missing };
        }

        var taken = wanted.Count == 0 ? [.. Enumerable.Range(0, names.Count)] : wanted.Select(w => names.ToList().IndexOf(w)).ToArray();
        return new RecordRows(file, records, new TableSchema([.. taken.Select(t => new TableColumn(names[t], ColumnType.Text))]), taken);
    }

    /// <exception cref="SourceException">A row is malformed, or the file ends where it should not.</exception>
    public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        _batch.Clear();
        while (!_batch.Full)
        {
            if (!(await _records.NextAsync(cancel)).TryGet(out var any, out var problem))
                throw new SourceException(problem);
            if (!any)
                break;
            if (_records.Malformed is { } wrong)
                throw new SourceException(SourceProblems.FileUnreadable.Because($"Row {_records.Row}: {wrong}.") with { Row = _records.Row });
            foreach (var column in _taken)
            {
                var cell = _records.Cells[column];
                if (cell.IsAbsent || cell.Bytes.IsEmpty && cell.Kind is Mapping.CellKind.Text)
                    _batch.Null();
                else
                    _batch.Text(cell.Characters);
            }
        }

        return _batch.Rows == 0 ? null : _batch.Batch;
    }

    public async ValueTask DisposeAsync()
    {
        await _records.DisposeAsync();
        await _file.DisposeAsync();
    }
}
