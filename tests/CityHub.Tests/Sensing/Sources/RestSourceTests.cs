using System.Collections.Concurrent;
using CityHub.Sensing.Sources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CityHub.Tests.Sensing.Sources;

/// <summary>Pages of a service on a real socket.</summary>
public sealed class RestSourceTests
{
    [Fact]
    public async Task Pages_are_followed_by_a_cursor_and_the_next_turn_begins_where_this_one_ended()
    {
        await using var service = await Service.StartAsync(http => http.Request.Query["cursor"].ToString() switch
        {
            "" when http.Request.Query["since"] == "" => """{"data": {"items": [{"id": 1, "who": {"name": "王"}, "at": "2026-01-01"}, {"id": 2, "who": {"name": null}, "at": "2026-01-03"}]}, "next": "p2"}""",
            "p2" => """{"data": {"items": [{"id": 3, "tags": ["a"], "at": "2026-01-02"}]}, "next": null}""",
            _ => """{"data": {"items": []}}""",
        });
        await using var sources = new SourcesUnderTest();
        sources.Secrets["CITYHUB_SOURCE_TOKEN"] = "s3cret";
        await sources.DeclareAsync("visits", $$"""{"dataset": "visits", "kind": "rest", "url": "{{service.Address}}/v?since={watermark}&cursor={cursor}", "each": "$.data.items[*]", "next": "$.next", "columns": ["id", "who.name", "tags"], "watermark": "at", "secret": "CITYHUB_SOURCE_TOKEN"}""");

        await sources.Runner.TurnAsync("visits", TestContext.Current.CancellationToken);
        var again = await sources.Runner.TurnAsync("visits", TestContext.Current.CancellationToken);

        Assert.Equal(["1|王|∅", "2|∅|∅", "3|∅|[\"a\"]"], sources.Delivered.SelectMany(d => d.Rows).Select(r => string.Join('|', r)));
        Assert.Equal("2026-01-03", sources.Book.Sources["visits"].Watermark);
        Assert.Null(again.Value);
        Assert.Contains(service.Asked, a => a.Path.Contains("since=2026-01-03", StringComparison.Ordinal));
        Assert.All(service.Asked, a => Assert.Equal("Bearer s3cret", a.Authorization));
    }

    [Fact]
    public async Task A_link_to_another_host_is_not_followed()
    {
        await using var service = await Service.StartAsync(http =>
        {
            http.Response.Headers.Link = "<http://elsewhere.example/next>; rel=\"next\"";
            return """[{"id": 1}]""";
        });
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("s", $$"""{"dataset": "d", "kind": "rest", "url": "{{service.Address}}/", "columns": ["id"]}""");

        Assert.Equal(1, (await sources.Runner.TurnAsync("s", TestContext.Current.CancellationToken)).Value?.Taken);
        Assert.Single(service.Asked);
    }

    [Fact]
    public async Task Counted_pages_end_with_an_empty_one()
    {
        await using var service = await Service.StartAsync(http => int.Parse(http.Request.Query["page"].ToString(), System.Globalization.CultureInfo.InvariantCulture) is var page && page <= 3 ? $$"""[{"id": {{page}}}]""" : "[]");
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("s", $$"""{"dataset": "d", "kind": "rest", "url": "{{service.Address}}/?page={page}", "columns": ["id"]}""");

        Assert.Equal(3, (await sources.Runner.TurnAsync("s", TestContext.Current.CancellationToken)).Value?.Taken);
        Assert.Equal(4, service.Asked.Count);
    }

    [Theory]
    [InlineData("{\"data\": 1}", "has no array")]
    [InlineData("[{\"id\": 1}", "")]
    [InlineData("500", "answered with 500")]
    public async Task A_service_that_fails_on_its_second_page_gives_nothing_at_all(string answer, string why)
    {
        await using var service = await Service.StartAsync(http =>
        {
            if (http.Request.Query["page"] == "1")
                return """[{"id": 1}]""";
            http.Response.StatusCode = answer == "500" ? 500 : 200;
            return answer;
        });
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("s", $$"""{"dataset": "d", "kind": "rest", "url": "{{service.Address}}/?page={page}", "columns": ["id"], "watermark": "id"}""");

        var problem = (await sources.Runner.TurnAsync("s", TestContext.Current.CancellationToken)).Problem;

        Assert.Equal("source-unreachable", problem?.Code);
        Assert.Contains(why, problem?.Detail);
        Assert.Empty(sources.Delivered);
        Assert.Null(sources.Book.Sources["s"].Watermark);
    }

    [Fact]
    public async Task Loopback_is_not_reached_unless_it_is_listed_by_name_or_by_address()
    {
        await using var service = await Service.StartAsync(_ => """[{"id": 1}]""");
        await using var sources = new SourcesUnderTest("203.0.113.7");
        await sources.DeclareAsync("s", $$"""{"dataset": "d", "kind": "rest", "url": "{{service.Address}}/", "columns": ["id"]}""");
        await sources.DeclareAsync("n", $$"""{"dataset": "d", "kind": "rest", "url": "{{service.Address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)}}/", "columns": ["id"]}""");

        Assert.Equal("source-address-not-allowed", (await sources.Runner.TurnAsync("s", TestContext.Current.CancellationToken)).Problem?.Code);
        Assert.Equal("source-address-not-allowed", (await sources.Runner.TurnAsync("n", TestContext.Current.CancellationToken)).Problem?.Code);
        Assert.Empty(service.Asked);
    }

    [Fact]
    public async Task A_service_that_redirects_inside_is_not_followed_there()
    {
        var port = 0;
        await using var service = await Service.StartAsync(http =>
        {
            http.Response.Redirect($"http://127.0.0.2:{port}/inside");
            return "";
        });
        port = new Uri(service.Address).Port;
        await using var sources = new SourcesUnderTest("127.0.0.1");
        await sources.DeclareAsync("s", $$"""{"dataset": "d", "kind": "rest", "url": "{{service.Address}}/", "columns": ["id"]}""");

        Assert.Equal("source-address-not-allowed", (await sources.Runner.TurnAsync("s", TestContext.Current.CancellationToken)).Problem?.Code);
        Assert.Single(service.Asked);
    }

    [Theory]
    [InlineData("169.254.169.254", false)]
    [InlineData("::ffff:169.254.169.254", false)]
    [InlineData("64:ff9b::a9fe:a9fe", false)]
    [InlineData("fd00:ec2::254", false)]
    [InlineData("100.100.100.200", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("::1", false)]
    [InlineData("10.2.0.1", false)]
    [InlineData("10.1.2.3", true)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("203.0.113.9", true)]
    [InlineData("2a00:1450::1", true)]
    public void Of_the_inside_only_what_is_listed_is_reached(string address, bool may) =>
        Assert.Equal(may, AllowedAddresses.Of(["10.1.0.0/16", "db.city.example"]).Value.Allows("other.example", System.Net.IPAddress.Parse(address)));

    [Fact]
    public void A_host_that_is_listed_may_lie_inside_and_what_is_no_place_is_refused()
    {
        Assert.True(AllowedAddresses.Of(["db.city.example"]).Value.Allows("DB.city.example", System.Net.IPAddress.Parse("10.9.9.9")));
        Assert.Contains("a b", AllowedAddresses.Of(["a b"]).Problem?.Detail);
    }

    [Fact]
    public async Task A_page_is_measured_by_what_comes_whatever_was_announced()
    {
        await using var service = await Service.StartAsync(_ => new string(' ', (64 << 20) + 1) + "[]");
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("s", $$"""{"dataset": "d", "kind": "rest", "url": "{{service.Address}}/", "columns": ["id"]}""");

        Assert.Contains("more than 64 MiB", (await sources.Runner.TurnAsync("s", TestContext.Current.CancellationToken)).Problem?.Detail);
        Assert.Empty(sources.Delivered);
    }

    [Fact]
    public async Task The_last_rows_again_are_no_delivery_and_keep_no_source_fresh()
    {
        await using var service = await Service.StartAsync(_ => """[{"id": 1, "at": "2026-01-01"}]""");
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("s", $$"""{"dataset": "d", "kind": "rest", "url": "{{service.Address}}/", "columns": ["id"], "watermark": "at"}""");
        await sources.Runner.TurnAsync("s", TestContext.Current.CancellationToken);
        var (facts, delivered) = (sources.Log.Head, sources.Book.Sources["s"].LastDelivered);
        Assert.True(sources.Delivered[0].Delivery.OnlyChanges);

        sources.Known = true;
        sources.Clock.Advance(TimeSpan.FromHours(3));
        Assert.Null((await sources.Runner.TurnAsync("s", TestContext.Current.CancellationToken)).Value);

        Assert.Equal((facts, delivered), (sources.Log.Head, sources.Book.Sources["s"].LastDelivered));
        Assert.False(sources.Book.Sources["s"].IsFresh(sources.Clock.GetUtcNow()));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("\"every\": \"PT2H\", \"columns\": [\"id\", \"at\"]", true)]
    [InlineData("\"dataset\": \"other\"", false)]
    [InlineData("\"kind\": \"postgres\", \"table\": \"t\", \"connection\": \"Host=db.city.example\"", false)]
    [InlineData("\"connection\": \"Host=db.city.example\"", false)]
    [InlineData("\"table\": \"t\"", false)]
    [InlineData("\"url\": \"https://b.example/\"", false)]
    [InlineData("\"each\": \"$.items[*]\"", false)]
    [InlineData("\"watermark\": \"seq\"", false)]
    public async Task Declared_anew_a_source_goes_on_only_where_it_counts_the_same_rows(string change, bool goesOn)
    {
        await using var sources = new SourcesUnderTest();
        const string First = "\"dataset\": \"d\", \"kind\": \"rest\", \"url\": \"https://a.example/\", \"columns\": [\"id\"], \"watermark\": \"at\"";
        await sources.DeclareAsync("s", $"{{{First}}}");
        var read = sources.Book.Sources["s"].Source;
        var outcome = new CityHub.Core.Ports.DeliveryOutcome(1, 1, 0, null);
        await sources.Book.DeliveredAsync(read, "2026-01-01", outcome);
        await sources.DeclareAsync("s", $"{{{First}{(change.Length > 0 ? "," : "")}{change}}}");
        Assert.Equal(goesOn ? "2026-01-01" : null, sources.Book.Sources["s"].Watermark);

        await sources.Book.DeliveredAsync(read, "2026-02-02", outcome); // a turn that began before it was declared anew
        await sources.RestartAsync();
        Assert.Equal((goesOn ? "2026-02-02" : null, 2), (sources.Book.Sources["s"].Watermark, sources.Book.Sources["s"].Rows));
    }

    [Fact]
    public async Task Without_its_secret_the_service_is_not_asked()
    {
        await using var service = await Service.StartAsync(_ => "[]");
        await using var sources = new SourcesUnderTest();
        await sources.DeclareAsync("s", $$"""{"dataset": "d", "kind": "rest", "url": "{{service.Address}}/", "columns": ["id"], "secret": "CITYHUB_SOURCE_NOT_SET"}""");

        Assert.Contains("NOT_SET", (await sources.Runner.TurnAsync("s", TestContext.Current.CancellationToken)).Problem?.Detail);
        Assert.Empty(service.Asked);
    }

    private sealed class Service : IAsyncDisposable
    {
        private readonly WebApplication _app;

        private Service(WebApplication app) => _app = app;

        public ConcurrentQueue<(string Path, string Authorization)> Asked { get; } = new();

        public string Address => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses.First() ?? "";

        public static async Task<Service> StartAsync(Func<HttpContext, string> answer)
        {
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var service = new Service(app);
            app.Run(async http =>
            {
                service.Asked.Enqueue((http.Request.Path + http.Request.QueryString, http.Request.Headers.Authorization.ToString()));
                var body = answer(http);
                http.Response.ContentType = "application/json";
                await http.Response.WriteAsync(body);
            });
            await app.StartAsync();
            return service;
        }

        public async ValueTask DisposeAsync()
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }
}
