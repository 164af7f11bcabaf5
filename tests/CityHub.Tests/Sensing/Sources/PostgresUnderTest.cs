using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CityHub.Tests.Storage.Embedded;

namespace CityHub.Tests.Sensing.Sources;

/// <summary>A real PostgreSQL server, started for the test; where none is installed the tests skip.</summary>
internal sealed class PostgresUnderTest : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly string _bin;
    private readonly int _port;
    private readonly bool _root = Environment.UserName == "root";

    private PostgresUnderTest(string bin)
    {
        _bin = bin;
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        _port = ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    public string Connection => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=hub;Database=postgres");

    public static async Task<PostgresUnderTest> StartAsync(string level = "replica")
    {
        var bin = Directory.Exists("/usr/lib/postgresql") ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).FirstOrDefault(b => File.Exists(Path.Combine(b, "initdb"))) : null;
        Assert.SkipWhen(bin is null, "PostgreSQL is not installed here.");
        var server = new PostgresUnderTest(bin ?? "");
        // PostgreSQL refuses to run as root.
        if (server._root)
            await Run("chown", ["-R", "postgres", server._folder.Path]);
        await server.ToolAsync("initdb", "-D", server._folder.File("db"), "-U", "hub", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C");
        await server.ToolAsync("pg_ctl", "-D", server._folder.File("db"), "-l", server._folder.File("log"), "-w", "-o", string.Create(CultureInfo.InvariantCulture, $"-p {server._port} -c listen_addresses=127.0.0.1 -c fsync=off -c wal_level={level} -c max_replication_slots=100 -c autovacuum=off -c unix_socket_directories={server._folder.Path}"), "start");
        return server;
    }

    /// <summary>What psql prints, unaligned. Statements on lines of their own are transactions of their own.</summary>
    public Task<string> AskAsync(string sql) => ToolAsync(
        "psql", ["-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", _port.ToString(CultureInfo.InvariantCulture), "-U", "hub", "-d", "postgres", .. sql.Split(";\n").SelectMany(s => new[] { "-c", s })]);

    public Task DoAsync(string sql) => AskAsync(sql);

    public async ValueTask DisposeAsync()
    {
        await ToolAsync("pg_ctl", "-D", _folder.File("db"), "-m", "immediate", "stop");
        _folder.Dispose();
    }

    private Task<string> ToolAsync(string tool, params string[] arguments) =>
        _root ? Run("runuser", ["-u", "postgres", "--", Path.Combine(_bin, tool), .. arguments]) : Run(Path.Combine(_bin, tool), arguments);

    private static async Task<string> Run(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" }) ?? throw new InvalidOperationException(program);
        // A server that was started keeps the pipes open: only psql's are read to their end.
        var said = arguments.Append(program).Any(a => a.EndsWith("/psql", StringComparison.Ordinal)) ? await process.StandardOutput.ReadToEndAsync() : "";
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            Assert.Fail($"{program} {string.Join(' ', arguments)}: {process.ExitCode} {await process.StandardError.ReadToEndAsync()}");
        return said.TrimEnd('\n');
    }
}
