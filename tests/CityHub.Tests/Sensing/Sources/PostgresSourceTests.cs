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
        await using var server = await PostgresUnderTest.StartAsync();
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
        await using var server = await PostgresUnderTest.StartAsync();
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
        await using var server = await PostgresUnderTest.StartAsync();
        await server.DoAsync("CREATE TABLE t (id int)");
        await using var sources = new SourcesUnderTest();
        sources.Secrets["CITYHUB_SOURCE_PW"] = "geheim-42";
        await sources.DeclareAsync("a", $$"""{"dataset": "d", "kind": "postgres", "connection": "{{server.Connection}}", "table": "t\"; DROP TABLE t; --", "secret": "CITYHUB_SOURCE_PW"}""");
        await sources.DeclareAsync("b", $$"""{"dataset": "d", "kind": "postgres", "connection": "{{server.Connection}}", "table": "t", "columns": ["x"]}""");
        await sources.DeclareAsync("c", """{"dataset": "d", "kind": "postgres", "connection": "Host=127.0.0.1;Port=1;Username=u;Database=d", "table": "t", "secret": "CITYHUB_SOURCE_PW"}""");

        await sources.DeclareAsync("d", $$"""{"dataset": "d", "kind": "postgres", "connection": "{{server.Connection}}", "table": "t", "publication": "p"}""");

        var problems = new List<string>();
        foreach (var id in new[] { "a", "b", "c", "d" })
            problems.Add((await sources.Runner.TurnAsync(id, TestContext.Current.CancellationToken)).Problem?.ToString() ?? "");

        Assert.Contains("There is no table", problems[0]);
        Assert.Contains("no column x", problems[1]);
        Assert.Contains("does not answer", problems[2]);
        Assert.Contains("wal_level is replica", problems[3]);
        Assert.DoesNotContain(problems, p => p.Contains("geheim-42", StringComparison.Ordinal));
        await server.DoAsync("SELECT * FROM t");
    }
}
