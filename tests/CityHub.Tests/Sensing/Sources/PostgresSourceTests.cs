using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CityHub.Core.Ports;
using CityHub.Core.Problems;
using CityHub.Core.Tables;
using CityHub.Sensing.Sources;
using CityHub.Sharing.Deliveries;
using CityHub.Tests.Sharing.Catalogue;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Logging.Abstractions;

namespace CityHub.Tests.Sensing.Sources;

/// <summary>A real PostgreSQL server, started for the test; where none is installed the tests skip.</summary>
public sealed class PostgresSourceTests
{
    [Fact]
    public async Task Rows_after_the_watermark_are_pulled_and_those_that_share_it_come_again()
    {
        await using var server = await Server.StartAsync();
        await server.DoAsync("CREATE TABLE \"人员\" (id int primary key, name text, born date, changed timestamptz, \"it's\" numeric); INSERT INTO \"人员\" VALUES (1, '王', '2000-02-29', '2026-01-01 00:00+08', 1.50), (2, NULL, NULL, '2026-01-02 00:00+08', NULL)");
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("people", $$"""{"dataset": "population", "kind": "postgres", "connection": "{{server.Connection}}", "table": "public.人员", "watermark": "changed", "columns": ["id", "name", "born", "it's"]}""");

        var first = (await sources.Runner.TurnAsync("people", TestContext.Current.CancellationToken)).Value;
        await server.DoAsync("INSERT INTO \"人员\" VALUES (3, '李', '1999-01-01', '2026-01-02 00:00+08', 3), (4, 'x', NULL, '2026-02-01 00:00+08', 4)");
        var second = (await sources.Runner.TurnAsync("people", TestContext.Current.CancellationToken)).Value;

        Assert.Equal(2, first?.Taken);
        Assert.Equal(3, second?.Taken);
        Assert.Equal(["1|王|2000-02-29|1.50", "2|∅|∅|∅"], sources.Delivered[0].Rows.Select(r => string.Join('|', r)));
        Assert.Equal(["2", "3", "4"], sources.Delivered[1].Rows.Select(r => r[0]).Order());
        Assert.Equal("2026-01-31 16:00:00+00", sources.Book.Sources["people"].Watermark);
    }

    /// <summary>Into a real table: the last rows come again with each turn, and a crash before the turn is noted brings all of them again.</summary>
    [Fact]
    public async Task Rows_that_come_again_are_there_once_and_count_once()
    {
        await using var server = await Server.StartAsync();
        await server.DoAsync("CREATE TABLE t (no text primary key, town text, n int); INSERT INTO t VALUES ('1', 'a', 1), ('2', 'b', 2), ('3', 'c', 2)");
        await using var city = await CityUnderTest.StartAsync();
        await city.PublishAsync(CityUnderTest.Entry("population"));
        using var book = new DeliveryBook(city.Store.Log, city.Clock);
        book.Load();
        using var room = new DeliveryRoom(book, city.Catalogue, city.Store.Tables, new CityHub.Tests.Sharing.Deliveries.FakeCheck(), city.Clock);
        using var sources = new SourceBook(city.Store.Log, city.Clock);
        var allowed = AllowedAddresses.Of(["127.0.0.1"]).Value;
        using var http = new HttpClient(allowed.Handler());
        var torn = new Torn(room);
        await using var runner = new SourceRunner(sources, torn, city.Folder, http, allowed, _ => null, city.Clock, NullLogger<SourceRunner>.Instance);
        await sources.DeclareAsync(SourceDeclaration.Read("s", System.Text.Encoding.UTF8.GetBytes($$"""{"dataset": "population", "kind": "postgres", "connection": "{{server.Connection}}", "table": "t", "watermark": "n", "columns": ["no", "town"]}""")).Value, "li.na");

        torn.Tear = true;
        Assert.NotNull((await runner.TurnAsync("s", TestContext.Current.CancellationToken)).Problem);
        Assert.Null(sources.Sources["s"].Watermark);
        Assert.Equal(3, room.TableOf("population")?.Rows);
        torn.Tear = false;
        await runner.TurnAsync("s", TestContext.Current.CancellationToken);
        Assert.Equal("2", sources.Sources["s"].Watermark);
        Assert.Null((await runner.TurnAsync("s", TestContext.Current.CancellationToken)).Value);
        Assert.Single(book.Marks());
        Assert.Equal(3, room.TableOf("population")?.Rows);

        await server.DoAsync("INSERT INTO t VALUES ('4', 'd', 2); UPDATE t SET town = 'C' WHERE no = '3'");
        Assert.Equal(2, (await runner.TurnAsync("s", TestContext.Current.CancellationToken)).Value?.Taken);
        Assert.Equal(4, room.TableOf("population")?.Rows);
        Assert.Equal(2, book.Marks().Count);
    }

    [Fact]
    public async Task A_database_inside_is_not_connected_to_unless_it_is_listed()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var sources = new SourcesUnderTest("203.0.113.7");
        await sources.DeclareAsync("a", $$"""{"dataset": "d", "kind": "postgres", "connection": "Host=localhost;Port={{((IPEndPoint)listener.LocalEndpoint).Port}};Username=u;Database=d", "table": "t"}""");

        Assert.Equal("source-address-not-allowed", (await sources.Runner.TurnAsync("a", TestContext.Current.CancellationToken)).Problem?.Code);
        Assert.False(listener.Pending());
    }

    /// <summary>Delivers, and breaks before anybody hears of it.</summary>
    private sealed class Torn(IDeliveries room) : IDeliveries
    {
        public bool Tear { get; set; }

        public Result<TableSchema> SchemaOf(string dataset) => room.SchemaOf(dataset);

        public async ValueTask<Result<DeliveryOutcome>> DeliverAsync(Delivery delivery, IRows rows, CancellationToken cancel = default)
        {
            var outcome = await room.DeliverAsync(delivery, rows, cancel);
            return Tear ? throw new IOException("torn") : outcome;
        }
    }

    [Fact]
    public async Task A_table_or_a_column_that_is_not_there_is_named_and_the_password_is_not()
    {
        await using var server = await Server.StartAsync();
        await server.DoAsync("CREATE TABLE t (id int)");
        await using var sources = new SourcesUnderTest();
        sources.Secrets["CITYHUB_SOURCE_PW"] = "geheim-42";
        await sources.DeclareAsync("a", $$"""{"dataset": "d", "kind": "postgres", "connection": "{{server.Connection}}", "table": "t\"; DROP TABLE t; --", "secret": "CITYHUB_SOURCE_PW"}""");
        await sources.DeclareAsync("b", $$"""{"dataset": "d", "kind": "postgres", "connection": "{{server.Connection}}", "table": "t", "columns": ["x"]}""");
        await sources.DeclareAsync("c", """{"dataset": "d", "kind": "postgres", "connection": "Host=127.0.0.1;Port=1;Username=u;Database=d", "table": "t", "secret": "CITYHUB_SOURCE_PW"}""");

        var problems = new List<string>();
        foreach (var id in new[] { "a", "b", "c" })
            problems.Add((await sources.Runner.TurnAsync(id, TestContext.Current.CancellationToken)).Problem?.ToString() ?? "");

        Assert.Contains("There is no table", problems[0]);
        Assert.Contains("no column x", problems[1]);
        Assert.Contains("does not answer", problems[2]);
        Assert.DoesNotContain(problems, p => p.Contains("geheim-42", StringComparison.Ordinal));
        await server.DoAsync("SELECT * FROM t");
    }

    private sealed class Server : IAsyncDisposable
    {
        private readonly TestFolder _folder = new();
        private readonly string _bin;
        private readonly int _port;
        private readonly bool _root = Environment.UserName == "root";

        private Server(string bin)
        {
            _bin = bin;
            using var probe = new TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            _port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        public string Connection => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=hub;Database=postgres");

        public static async Task<Server> StartAsync()
        {
            var bin = Directory.Exists("/usr/lib/postgresql") ? Directory.EnumerateDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).FirstOrDefault(b => File.Exists(Path.Combine(b, "initdb"))) : null;
            Assert.SkipWhen(bin is null, "PostgreSQL is not installed here.");
            var server = new Server(bin ?? "");
            // PostgreSQL refuses to run as root.
            if (server._root)
                await Run("chown", ["-R", "postgres", server._folder.Path]);
            await server.ToolAsync("initdb", "-D", server._folder.File("db"), "-U", "hub", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C");
            await server.ToolAsync("pg_ctl", "-D", server._folder.File("db"), "-l", server._folder.File("log"), "-w", "-o", string.Create(CultureInfo.InvariantCulture, $"-p {server._port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories={server._folder.Path}"), "start");
            return server;
        }

        public async Task DoAsync(string sql) => await ToolAsync("psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", _port.ToString(CultureInfo.InvariantCulture), "-U", "hub", "-d", "postgres", "-c", sql);

        public async ValueTask DisposeAsync()
        {
            await ToolAsync("pg_ctl", "-D", _folder.File("db"), "-m", "immediate", "stop");
            _folder.Dispose();
        }

        private Task ToolAsync(string tool, params string[] arguments) =>
            _root ? Run("runuser", ["-u", "postgres", "--", Path.Combine(_bin, tool), .. arguments]) : Run(Path.Combine(_bin, tool), arguments);

        private static async Task Run(string program, string[] arguments)
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = "/" }) ?? throw new InvalidOperationException(program);
            // A server that was started keeps the pipes open: what the tool says is read only where it failed.
            await process.WaitForExitAsync();
            if (process.ExitCode != 0)
                Assert.Fail($"{program} {string.Join(' ', arguments)}: {process.ExitCode} {await process.StandardError.ReadToEndAsync()}");
        }
    }
}
