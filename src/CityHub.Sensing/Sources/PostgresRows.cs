using System.Globalization;
using System.Net.Sockets;
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
    private readonly NpgsqlDataSource _source;
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly NpgsqlCommand _command;
    private readonly NpgsqlDataReader _reader;
    private readonly BatchBuilder _batch;
    private readonly bool _hasWatermark;

    private PostgresRows(NpgsqlDataSource source, NpgsqlConnection connection, NpgsqlTransaction transaction, NpgsqlCommand command, NpgsqlDataReader reader, bool hasWatermark)
    {
        (_source, _connection, _transaction, _command, _reader, _hasWatermark) = (source, connection, transaction, command, reader, hasWatermark);
        Schema = new TableSchema([.. Enumerable.Range(0, reader.FieldCount - (hasWatermark ? 1 : 0)).Select(i => new TableColumn(reader.GetName(i), ColumnType.Text))]);
        _batch = new BatchBuilder(Schema);
    }

    public TableSchema Schema { get; }

    /// <summary>The greatest that was read; null: none.</summary>
    public string? Watermark { get; private set; }

    /// <param name="secret">The password; null: the server asks for none.</param>
    /// <param name="after">Rows from this watermark on, inclusive: several rows may have the same. Null: all.</param>
    public static async ValueTask<Result<PostgresRows>> OpenAsync(SourceDeclaration source, string? secret, string? after, AllowedAddresses allowed, CancellationToken cancel)
    {
        NpgsqlDataSource? data = null;
        NpgsqlConnection? connection = null;
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(source.Connection) { Pooling = false, Timeout = 15, CommandTimeout = 600, ApplicationName = "cityhub" };
            if (secret is not null)
                settings.Password = secret;
            var host = settings.Host ?? "";
            if (!(await allowed.ResolveAsync(host, cancel)).TryGet(out var addresses, out var problem))
                return problem;
            // The address that was looked at is the one that is connected to; the certificate is still the host's.
            settings.Host = addresses[0].ToString();
            var builder = new NpgsqlSlimDataSourceBuilder(settings.ConnectionString);
            builder.EnableTransportSecurity();
            builder.UseSslClientAuthenticationOptionsCallback(tls => tls.TargetHost = host);
            data = builder.Build();
            connection = await data.OpenConnectionAsync(cancel);
            var columns = await ColumnsAsync(connection, source, cancel);
            if (!columns.TryGet(out var names, out problem))
                return await GiveAsync(data, connection, problem);
            var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
            await using (var readOnly = new NpgsqlCommand("SET TRANSACTION READ ONLY; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'; SET LOCAL intervalstyle = 'iso_8601'", connection, transaction))
                await readOnly.ExecuteNonQueryAsync(cancel);
            var selected = string.Join(", ", names.Select(n => $"{Quote(n)}::text AS {Quote(n)}"));
            var (where, order) = ("", "");
            if (source.Watermark is { } watermark)
            {
                selected += $", {Quote(watermark)}::text";
                order = $" ORDER BY {Quote(watermark)}";
                // A text that the server turns into the column's own type: whatever that is.
                where = $" WHERE {Quote(watermark)} IS NOT NULL" + (after is null ? "" : $" AND {Quote(watermark)} >= '{after.Replace("'", "''", StringComparison.Ordinal)}'");
            }

            var command = new NpgsqlCommand($"SELECT {selected} FROM {string.Join('.', (source.Table ?? "").Split('.').Select(Quote))}{where}{order}", connection, transaction);
            var reader = await command.ExecuteReaderAsync(cancel);
            return new PostgresRows(data, connection, transaction, command, reader, source.Watermark is not null);
        }
        catch (Exception e) when (e is NpgsqlException or SocketException or TimeoutException or ArgumentException)
        {
            return await GiveAsync(data, connection, Unreachable(e));
        }
    }

    /// <exception cref="SourceException">The connection was lost.</exception>
    public async ValueTask<RowBatch?> NextAsync(CancellationToken cancel = default)
    {
        _batch.Clear();
        try
        {
            while (!_batch.Full && await _reader.ReadAsync(cancel))
            {
                for (var column = 0; column < Schema.Columns.Count; column++)
                    _batch.Text(_reader.IsDBNull(column) ? null : _reader.GetString(column));
                if (_hasWatermark)
                    Watermark = _reader.GetString(Schema.Columns.Count);
            }
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            throw new SourceException(Unreachable(e));
        }

        return _batch.Rows == 0 ? null : _batch.Batch;
    }

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _command.DisposeAsync();
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
        await _source.DisposeAsync();
    }

    /// <summary>Those that were asked for and are there; all where none was asked for.</summary>
    private static async ValueTask<Result<IReadOnlyList<string>>> ColumnsAsync(NpgsqlConnection connection, SourceDeclaration source, CancellationToken cancel)
    {
        var parts = (source.Table ?? "").Split('.');
        await using var command = new NpgsqlCommand(
            "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum", connection) { Parameters = { new() { Value = string.Join('.', parts.Select(Quote)) } } };
        var known = new List<string>();
        await using (var reader = await command.ExecuteReaderAsync(cancel))
            while (await reader.ReadAsync(cancel))
                known.Add(reader.GetString(0));
        if (known.Count == 0)
            return SourceProblems.Unreachable.Because($"There is no table {source.Table} that this user may see.", "GRANT SELECT gives it.");
        var wanted = source.Columns.Count == 0 ? known : source.Columns;
        var missing = wanted.Append(source.Watermark ?? known[0]).FirstOrDefault(w => !known.Contains(w));
        return missing is null ? Result(wanted) : SourceProblems.Unreachable.Because($"{source.Table} has no column {missing}.", "It has " + string.Join(", ", known) + ".") with { Field = missing };

        static Result<IReadOnlyList<string>> Result(IReadOnlyList<string> names) => names.ToList();
    }

    private static async ValueTask<Result<PostgresRows>> GiveAsync(NpgsqlDataSource? data, NpgsqlConnection? connection, Problem problem)
    {
        if (connection is not null)
            await connection.DisposeAsync();
        if (data is not null)
            await data.DisposeAsync();
        return problem;
    }

    /// <summary>The server's own words; a password is in none of them.</summary>
    private static Problem Unreachable(Exception e) => SourceProblems.Unreachable.Because(
        e is PostgresException said ? string.Create(CultureInfo.InvariantCulture, $"PostgreSQL says {said.SqlState}: {said.MessageText}") : $"PostgreSQL does not answer: {e.Message}", "The hub tries again at the next turn.");

    private static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
