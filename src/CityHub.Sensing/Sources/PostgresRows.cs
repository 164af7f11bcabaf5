using CityHub.Core.Problems;
using CityHub.Core.Tables;
using Npgsql;

namespace CityHub.Sensing.Sources;

/// <summary>
/// Rows of a table or view of PostgreSQL that came after a watermark, in its order, in one read-only transaction of one snapshot. Everything comes as text; the mapping says what
/// it means. The newest rows of a watermark that may still grow are read again the next time: a delivery by key takes them once.
/// </summary>
internal sealed class PostgresRows : IRows
{
    private readonly NpgsqlTransaction _transaction;
    private readonly NpgsqlCommand _command;
    private readonly NpgsqlDataReader _reader;
    private readonly BatchBuilder _batch;
    private readonly bool _hasWatermark;
    private readonly PublishedTable? _published;
    private bool _ended;

    private PostgresRows(NpgsqlTransaction transaction, NpgsqlCommand command, NpgsqlDataReader reader, bool hasWatermark, PublishedTable? published)
    {
        (_transaction, _command, _reader, _hasWatermark, _published) = (transaction, command, reader, hasWatermark, published);
        Schema = new TableSchema([.. Enumerable.Range(0, reader.FieldCount - (hasWatermark ? 1 : 0)).Select(i => new TableColumn(reader.GetName(i), ColumnType.Text))]);
        _batch = new BatchBuilder(Schema);
    }

    public TableSchema Schema { get; }

    /// <summary>The greatest that was read; null: none.</summary>
    public string? Watermark { get; private set; }

    /// <param name="after">Rows from this watermark on, inclusive: several rows may have the same. Null: all.</param>
    public static async ValueTask<Result<PostgresRows>> OpenAsync(PostgresLink link, SourceDeclaration source, string? after, CancellationToken cancel)
    {
        try
        {
            return (await ColumnsAsync(link, source, cancel)).TryGet(out var columns, out var problem) ? await OpenAsync(link, Question(source, columns, after), source.Watermark is not null, null, cancel) : problem;
        }
        catch (Exception e) when (PostgresLink.IsFailure(e))
        {
            return PostgresLink.Unreachable(e);
        }
    }

    /// <summary>Everything that the publication gives of a table, in the texts in which its changes come.</summary>
    public static async ValueTask<Result<PostgresRows>> OpenAsync(PostgresLink link, SourceDeclaration source, PublishedTable published, CancellationToken cancel)
    {
        try
        {
            // Changes of a table are its own and not those of tables that inherit from it.
            var from = (published.Partitioned ? "" : "ONLY ") + PostgresLink.QuoteTable(source.Table ?? "");
            return await OpenAsync(link, $"SELECT {string.Join(", ", published.Columns.Select(PostgresLink.Quote))} FROM {from}{(published.Filter is { } filter ? $" WHERE ({filter})" : "")}", false, published, cancel);
        }
        catch (Exception e) when (PostgresLink.IsFailure(e))
        {
            return PostgresLink.Unreachable(e);
        }
    }

    private static string Question(SourceDeclaration source, IReadOnlyList<string> columns, string? after)
    {
        var selected = string.Join(", ", columns.Select(n => $"{PostgresLink.Quote(n)}::text AS {PostgresLink.Quote(n)}"));
        var table = PostgresLink.QuoteTable(source.Table ?? "");
        if (source.Watermark is null)
            return $"SELECT {selected} FROM {table}";
        var watermark = PostgresLink.Quote(source.Watermark);
        // A text that the server turns into the column's own type: whatever that is.
        var from = after is null ? "" : $" AND {watermark} >= '{after.Replace("'", "''", StringComparison.Ordinal)}'";
        return $"SELECT {selected}, {watermark}::text FROM {table} WHERE {watermark} IS NOT NULL{from} ORDER BY {watermark}";
    }

    private static async ValueTask<PostgresRows> OpenAsync(PostgresLink link, string question, bool hasWatermark, PublishedTable? published, CancellationToken cancel)
    {
        var command = link.Command(question);
        command.AllResultTypesAreUnknown = published is not null;
        var transaction = await link.Connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
        try
        {
            await using (var readOnly = link.Command("SET TRANSACTION READ ONLY"))
                await readOnly.ExecuteNonQueryAsync(cancel);
            return new PostgresRows(transaction, command, await command.ExecuteReaderAsync(cancel), hasWatermark, published);
        }
        catch
        {
            await command.DisposeAsync();
            await transaction.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="SourceException">The connection was lost.</exception>
    public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        _batch.Clear();
        try
        {
            while (!_batch.Full && !_ended)
            {
                _ended = !await _reader.ReadAsync(cancel);
                if (_ended)
                    break;
                for (var column = 0; column < Schema.Columns.Count; column++)
                {
                    var text = _reader.IsDBNull(column) ? null : _reader.GetString(column);
                    _batch.Text(_published is null ? text : _published.AsCast(column, text));
                }

                if (_hasWatermark)
                    Watermark = _reader.GetString(Schema.Columns.Count);
            }
        }
        catch (Exception e) when (PostgresLink.IsFailure(e))
        {
            throw new SourceException(PostgresLink.Unreachable(e));
        }

        return _batch.Rows == 0 ? null : _batch.Batch;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_ended)
            PostgresLink.Cancel(_command);
        await PostgresLink.CloseAsync(_reader);
        await _command.DisposeAsync();
        await _transaction.DisposeAsync();
    }

    /// <summary>Those of <paramref name="known"/> that the declaration asks for; all where it asks for none.</summary>
    /// <param name="of">What has them, in words.</param>
    public static Result<IReadOnlyList<string>> Wanted(SourceDeclaration source, IReadOnlyList<string> known, string of)
    {
        var wanted = source.Columns.Count == 0 ? known : source.Columns;
        var missing = wanted.Append(source.Watermark ?? known[0]).FirstOrDefault(w => !known.Contains(w));
        return missing is null ? wanted.ToList() : SourceProblems.Unreachable.Because($"{of} has no column {missing}.", "It has " + string.Join(", ", known) + ".") with { Field = missing };
    }

    /// <summary>Those that were asked for and are there.</summary>
    private static async ValueTask<Result<IReadOnlyList<string>>> ColumnsAsync(PostgresLink link, SourceDeclaration source, CancellationToken cancel)
    {
        var known = await link.ReadAsync(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum", cancel, PostgresLink.QuoteTable(source.Table ?? ""));
        return known.Count > 0 ? Wanted(source, known.ConvertAll(c => c[0] ?? ""), source.Table ?? "") : NoTable(source);
    }

    public static Problem NoTable(SourceDeclaration source) => SourceProblems.Unreachable.Because($"There is no table {source.Table} that this user may see.", "GRANT SELECT gives it.");
}
