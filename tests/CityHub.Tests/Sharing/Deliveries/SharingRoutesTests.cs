using System.Net;
using System.Text;
using System.Text.Json;
using CityHub.Core.Ports;
using CityHub.Sharing.Catalogue;
using CityHub.Sharing.Deliveries;
using CityHub.Sharing.Parties;
using CityHub.Sharing.Responsibilities;
using CityHub.Tests.Sharing.Catalogue;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using static CityHub.Tests.Sharing.Catalogue.CityUnderTest;

namespace CityHub.Tests.Sharing.Deliveries;

/// <summary>The way of a dataset over HTTP, from the draft to the delivery, with each person at his own step.</summary>
public sealed class SharingRoutesTests
{
    private const string Hydrants = """
        {"provider":"fire","title":{"zh":"消火栓","en":"Hydrants"},"abstract":{"zh":"位置","en":"Places"},"fields":[
          {"name":"no","type":"text","title":{"zh":"编号","en":"no"},"nullable":false},{"name":"kpa","type":"text","title":{"zh":"水压","en":"pressure"}}],
          "key":"no","class":"conditional","conditions":"范围：全市；用途：灭火","modes":["api","file"],"frequency":"daily"}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task From_the_draft_to_the_delivery()
    {
        await using var city = await StartAsync();
        await using var routes = await Routes.StartAsync(city);
        await routes.Expect(HttpStatusCode.Forbidden, "police-officer", HttpMethod.Put, "/catalogue/hydrants", Hydrants);
        await routes.Expect(HttpStatusCode.OK, "fire-officer", HttpMethod.Put, "/catalogue/hydrants", Hydrants);
        // Who does not work on it does not learn that it is there.
        await routes.Expect(HttpStatusCode.NotFound, "police-officer", HttpMethod.Get, "/catalogue/hydrants");
        await routes.Expect(HttpStatusCode.NotFound, "police-head", HttpMethod.Post, "/catalogue/hydrants/approval");
        await routes.Expect(HttpStatusCode.Conflict, "fire-head", HttpMethod.Post, "/catalogue/hydrants/approval");
        await routes.Expect(HttpStatusCode.OK, "fire-sharing", HttpMethod.Post, "/catalogue/hydrants/assessments", """{"kind":"secrecy","passed":true,"conclusion":"open anyway"}""");
        await routes.Expect(HttpStatusCode.OK, "fire-head", HttpMethod.Post, "/catalogue/hydrants/approval");
        await routes.Expect(HttpStatusCode.OK, "fire-sharing", HttpMethod.Post, "/catalogue/hydrants/submission");
        await routes.Expect(HttpStatusCode.OK, "auth-1", HttpMethod.Post, "/catalogue/hydrants/publication");
        var found = await routes.Expect(HttpStatusCode.OK, "police-officer", HttpMethod.Get, "/catalogue?q=消火栓&facet=provider&provider=fire");
        Assert.Equal(1, found.GetProperty("total").GetInt32());
        Assert.Equal(0, (await routes.Expect(HttpStatusCode.OK, "", HttpMethod.Get, "/catalogue")).GetProperty("total").GetInt32());
        await routes.Expect(HttpStatusCode.BadRequest, "police-officer", HttpMethod.Get, "/catalogue?colour=red");

        await routes.Expect(HttpStatusCode.Forbidden, "police-officer", HttpMethod.Put, "/datasets/hydrants/deliveries", "no,kpa\n", "text/csv");
        await routes.Expect(HttpStatusCode.NotFound, "", HttpMethod.Put, "/datasets/hydrants/deliveries", "no,kpa\n", "text/csv");
        await routes.Expect(HttpStatusCode.UnprocessableEntity, "fire-officer", HttpMethod.Put, "/datasets/hydrants/deliveries", "no,kpa\n1,2,3\n", "text/csv");
        var taken = await routes.Expect(HttpStatusCode.OK, "fire-officer", HttpMethod.Put, "/datasets/hydrants/deliveries?source=h.csv", "no,kpa\nH1,200\nbad,1\n", "text/csv");
        Assert.Equal((1, 1), (taken.GetProperty("taken").GetInt32(), taken.GetProperty("refused").GetInt32()));
        var again = await routes.Expect(HttpStatusCode.OK, "fire-officer", HttpMethod.Put, "/datasets/hydrants/deliveries?source=h.csv", "no,kpa\nH1,200\nbad,1\n", "text/csv");
        Assert.Equal(taken.GetProperty("position").GetInt64(), again.GetProperty("position").GetInt64());
        await routes.Expect(HttpStatusCode.OK, "fire-officer", HttpMethod.Post, "/datasets/hydrants/corrections", """{"no":"H1","kpa":"310"}""", "application/x-ndjson");
        Assert.Equal(["H1|310"], (routes.Room.TableOf("hydrants") as FakeTables.FakeTable)?.Content);

        var faults = $"/datasets/hydrants/deliveries/{taken.GetProperty("position").GetInt64()}/faults";
        Assert.Equal("it is bad", (await routes.Expect(HttpStatusCode.OK, "fire-sharing", HttpMethod.Get, faults)).GetProperty("faults")[0].GetProperty("why").GetString());
        await routes.Expect(HttpStatusCode.Forbidden, "auth-1", HttpMethod.Get, faults);
        Assert.Equal(2, (await routes.Expect(HttpStatusCode.OK, "auth-1", HttpMethod.Get, "/datasets/hydrants/deliveries")).GetProperty("deliveries").GetArrayLength());
        await routes.Expect(HttpStatusCode.OK, "auth-1", HttpMethod.Get, "/datasets/hydrants/lineage");
    }

    [Fact]
    public async Task What_was_announced_and_does_not_arrive_is_not_taken()
    {
        await using var city = await StartAsync();
        await city.PublishAsync(Entry("population"));
        await using var routes = await Routes.StartAsync(city);
        var digest = "sha-256=:" + Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData("other"u8)) + ":";
        await routes.Expect(HttpStatusCode.BadRequest, "police-officer", HttpMethod.Put, "/datasets/population/deliveries", "no,town\n1,2\n", "text/csv", digest);
        Assert.Empty(routes.Room.Book.Of("population"));
        digest = "sha-256=:" + Convert.ToBase64String(System.Security.Cryptography.SHA256.HashData("no,town\n1,2\n"u8)) + ":";
        await routes.Expect(HttpStatusCode.OK, "police-officer", HttpMethod.Put, "/datasets/population/deliveries", "no,town\n1,2\n", "text/csv", digest);
    }

    [Fact]
    public async Task Lists_roles_and_emergencies_have_their_routes()
    {
        await using var city = await StartAsync();
        await city.PublishAsync(Entry("population"));
        await using var routes = await Routes.StartAsync(city);
        const string Item = """
            {"provider":"police","dataset":"population","fields":["no"],"grain":{"time":"day","space":"point","entity":"group"},"freshness":"monthly","qualityTarget":0.9,"receivers":["fire"],
             "purposes":["rescue"],"legalBasis":"《中华人民共和国消防法》第四条","from":"2026-01-01T00:00:00+08:00","until":"2027-01-01T00:00:00+08:00"}
            """;
        await routes.Expect(HttpStatusCode.Forbidden, "fire-head", HttpMethod.Put, "/responsibilities/i", Item);
        await routes.Expect(HttpStatusCode.NoContent, "police-head", HttpMethod.Put, "/responsibilities/i", Item);
        city.Clock.Advance(TimeSpan.FromDays(31));
        Assert.Equal("silent", (await routes.Expect(HttpStatusCode.OK, "fire-officer", HttpMethod.Get, "/responsibilities?month=2026-03"))[0].GetProperty("status").GetString());
        Assert.Equal(1, (await routes.Expect(HttpStatusCode.OK, "fire-officer", HttpMethod.Get, "/scorecards/police?month=2026-03")).GetProperty("silent").GetInt32());
        await routes.Expect(HttpStatusCode.NoContent, "fire-officer", HttpMethod.Post, "/demands", """{"zh":"水压","en":"pressure","purpose":"rescue","basis":"《中华人民共和国消防法》第四条"}""");
        Assert.Equal("open", (await routes.Expect(HttpStatusCode.OK, "fire-officer", HttpMethod.Get, "/demands"))[0].GetProperty("state").GetString());
        await routes.Expect(HttpStatusCode.NoContent, "auth-1", HttpMethod.Put, "/negative-list/population", """{"law":"《中华人民共和国档案法》第二十八条"}""");
        await routes.Expect(HttpStatusCode.NoContent, "auth-1", HttpMethod.Delete, "/negative-list/population", """{"reason":"mistake"}""");

        var proposal = await routes.Expect(HttpStatusCode.Accepted, "auth-1", HttpMethod.Post, "/departments/roles", """{"person":"new","department":"fire","roles":["dataOfficer"],"give":true,"reason":"order 5"}""");
        await routes.Expect(HttpStatusCode.NoContent, "auth-2", HttpMethod.Post, $"/departments/proposals/{proposal.GetProperty("id").GetString()}/confirmation");
        Assert.True(city.As("new").IsOf("fire", Roles.DataOfficer));
        var glass = await routes.Expect(HttpStatusCode.Accepted, "auth-1", HttpMethod.Post, "/departments/emergencies", """{"dataset":"population","owner":"welfare","for":["fire-officer"],"fields":["no"],"purpose":"rescue","minutes":30,"reason":"the dam is breaking"}""");
        await routes.Expect(HttpStatusCode.OK, "police-head", HttpMethod.Post, $"/departments/emergencies/{glass.GetProperty("id").GetString()}/confirmation");
        Assert.Equal(1, city.Glass.OpenNow);
        await routes.Expect(HttpStatusCode.OK, "fire-officer", HttpMethod.Get, "/departments/people");
        await routes.Expect(HttpStatusCode.OK, "auth-1", HttpMethod.Get, "/catalogue/findings");
        await routes.Expect(HttpStatusCode.OK, "auth-1", HttpMethod.Get, "/catalogue/islands?months=1");
        await routes.Expect(HttpStatusCode.OK, "auth-1", HttpMethod.Get, "/catalogue/work");
    }

    private sealed class Counting : IIdSource
    {
        private int _next;

        public Guid Next() => new(++_next, 0, 0, new byte[8]);
    }

    private sealed class NoUse : IDatasetUse
    {
        public long Uses(string dataset, DateTimeOffset since) => 0;
    }

    /// <summary>The routes on a real socket; the header As says who asks.</summary>
    private sealed class Routes : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly HttpClient _client;

        private Routes(WebApplication app, DeliveryRoom room) => (_app, Room, _client) = (app, room, new HttpClient { BaseAddress = new Uri(app.Urls.First()) });

        public DeliveryRoom Room { get; }

        public static async Task<Routes> StartAsync(CityUnderTest city)
        {
            var deliveries = new DeliveryBook(city.Store.Log, city.Clock);
            deliveries.Load();
            var room = new DeliveryRoom(deliveries, city.Catalogue, new FakeTables([]), new FakeCheck(), city.Clock);
            var ids = new Counting();
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
            builder.Services.AddRoutingCore().Configure<RouteOptions>(o => o.SuppressCheckForUnhandledSecurityMetadata = true);
            var app = builder.Build();
            app.Use((http, next) =>
            {
                if (http.Request.Headers["As"].ToString() is { Length: > 0 } person)
                    http.Features.Set(city.As(person));
                return next(http);
            });
            app.MapParties(new PartyRoom(city.Parties, city.Glass, ids));
            app.MapCatalogue(new CatalogueRoom(city.Catalogue, (caller, dataset) => caller.Department is not null || dataset.Open, new NoUse(), city.Clock));
            app.MapResponsibilities(new ResponsibilityRoom(city.Lists, () => (city.Calendars.Calendar, city.Calendars.Profile.TimeZone), deliveries, new NoUse(), (_, _) => 0, ids, city.Clock));
            app.MapDeliveries(room);
            await app.StartAsync(Cancel);
            return new Routes(app, room);
        }

        public async Task<JsonElement> Expect(HttpStatusCode status, string person, HttpMethod method, string path, string? body = null, string type = "application/json", string? digest = null)
        {
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
            if (person.Length > 0)
                request.Headers.Add("As", person);
            if (digest is not null)
                request.Headers.TryAddWithoutValidation("Content-Digest", digest);
            if (body is not null)
                request.Content = new StringContent(body, Encoding.UTF8, type);
            using var answer = await _client.SendAsync(request, Cancel);
            var text = await answer.Content.ReadAsStringAsync(Cancel);
            Assert.True(answer.StatusCode == status, $"{method} {path} as {person}: {(int)answer.StatusCode} {text}");
            if (text.Length == 0)
                return default;
            using var document = JsonDocument.Parse(text);
            if ((int)status >= 400)
                Assert.True(document.RootElement.TryGetProperty("code", out _));
            return document.RootElement.Clone();
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await _app.DisposeAsync();
            Room.Dispose();
        }
    }
}
