using System.Globalization;
using System.Net.Sockets;
using CityHub.Core.Problems;
using Npgsql;

namespace CityHub.Sensing.Sources;

/// <summary>A connection to the database of a source, to an address that was looked at; everything it gives is text in one form, whatever the server is set to.</summary>
internal sealed class PostgresLink : IAsyncDisposable
{
    private readonly NpgsqlDataSource _data;

    private PostgresLink(NpgsqlDataSource data, NpgsqlConnection connection) => (_data, Connection) = (data, connection);

    public NpgsqlConnection Connection { get; }

    /// <param name="secret">The password; null: the server asks for none.</param>
    /// <param name="more">Settings of the session, in SQL.</param>
    public static async ValueTask<Result<PostgresLink>> OpenAsync(SourceDeclaration source, string? secret, AllowedAddresses allowed, CancellationToken cancel, string more = "")
    {
        NpgsqlDataSource? data = null;
        NpgsqlConnection? connection = null;
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(source.Connection) { Pooling = false, Timeout = 15, CommandTimeout = 600, ApplicationName = "cityhub", Encoding = "UTF8", ClientEncoding = "UTF8" };
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
            await using (var forms = new NpgsqlCommand("SET datestyle = 'ISO, YMD'; SET timezone = 'UTC'; SET intervalstyle = 'iso_8601'; SET bytea_output = 'hex'" + more, connection))
                await forms.ExecuteNonQueryAsync(cancel);
            return new PostgresLink(data, connection);
        }
        catch (Exception e)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            if (data is not null)
                await data.DisposeAsync();
            if (!IsFailure(e))
                throw;
            return Unreachable(e);
        }
    }

    public NpgsqlCommand Command(string sql, params ReadOnlySpan<string> values)
    {
        var command = new NpgsqlCommand(sql, Connection);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        return command;
    }

    /// <summary>The rows of a short answer, as texts.</summary>
    /// <exception cref="SourceException">The server says no, or nothing.</exception>
    public async ValueTask<List<string?[]>> ReadAsync(string sql, CancellationToken cancel, params string[] values)
    {
        try
        {
            await using var command = Command(sql, values);
            await using var reader = await command.ExecuteReaderAsync(cancel);
            var rows = new List<string?[]>();
            while (await reader.ReadAsync(cancel))
                rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetString(i))]);
            return rows;
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw new SourceException(Unreachable(e));
        }
    }

    /// <summary>What the server has still to send is not waited for.</summary>
    public static void Cancel(NpgsqlCommand command)
    {
        try
        {
            command.Cancel();
        }
        catch (Exception e) when (IsFailure(e) || e is InvalidOperationException)
        {
            // Then it is read to its end, or the connection is gone.
        }
    }

    /// <summary>A reader that was cancelled says so when it is closed.</summary>
    public static async ValueTask CloseAsync(NpgsqlDataReader reader)
    {
        try
        {
            await reader.DisposeAsync();
        }
        catch (Exception e) when (IsFailure(e))
        {
            // It has said so before, or was told to.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        await _data.DisposeAsync();
    }

    public static bool IsFailure(Exception e) => e is NpgsqlException or SocketException or TimeoutException or ArgumentException or IOException and not SourceException;

    /// <summary>The server's own words; a password is in none of them.</summary>
    public static Problem Unreachable(Exception e) => SourceProblems.Unreachable.Because(
        e is PostgresException said ? string.Create(CultureInfo.InvariantCulture, $"PostgreSQL says {said.SqlState}: {said.MessageText}") : $"PostgreSQL does not answer: {e.Message}", "The hub tries again at the next turn.");

    public static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>A name, or schema and name, as declared.</summary>
    public static string QuoteTable(string table) => string.Join('.', table.Split('.').Select(Quote));
}
