using System.Net;
using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;
using CityHub.Sensing.Sources;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace CityHub.Tests.Sensing.Sources;

/// <summary>Who sees what of a source, on a real socket; the header As says who asks.</summary>
public sealed class SourceRoutesTests
{
    private static readonly ProblemKind NotYours = new("sharing-not-yours", "no", 403), Unknown = new("dataset-unknown", "no", 404);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_the_departments_officers_see_where_rows_come_from()
    {
        await using var sources = new SourcesUnderTest("203.0.113.7");
        await using var app = await StartAsync(sources);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        await sources.DeclareAsync("people", """{"dataset": "population", "kind": "postgres", "connection": "Host=127.0.0.1;Port=1;Username=hub;Database=register", "table": "residents", "watermark": "changed", "secret": "CITYHUB_SOURCE_PW"}""");
        sources.Secrets["CITYHUB_SOURCE_PW"] = "x";
        await sources.Runner.TurnAsync("people", Cancel);

        var own = await AskAsync(client, "officer", HttpMethod.Get, "/sources/people", HttpStatusCode.OK);
        var other = await AskAsync(client, "fire", HttpMethod.Get, "/sources/people", HttpStatusCode.OK);
        var listed = await AskAsync(client, "fire", HttpMethod.Get, "/sources", HttpStatusCode.OK);

        Assert.Contains("Host=127.0.0.1", own, StringComparison.Ordinal);
        Assert.Contains("lies inside", own, StringComparison.Ordinal);
        foreach (var seen in new[] { other, listed })
        {
            Assert.Contains("\"kind\":\"postgres\"", seen, StringComparison.Ordinal);
            Assert.Contains("source-address-not-allowed", seen, StringComparison.Ordinal);
            foreach (var word in new[] { "127.0.0.1", "register", "residents", "CITYHUB_SOURCE", "changed", "hub;", "li.na", "lies inside" })
                Assert.DoesNotContain(word, seen, StringComparison.Ordinal);
        }

        await AskAsync(client, "stranger", HttpMethod.Get, "/sources/people", HttpStatusCode.NotFound);
        Assert.Equal("[]", await AskAsync(client, "stranger", HttpMethod.Get, "/sources", HttpStatusCode.OK));
    }

    [Fact]
    public async Task Upsert_into_a_dataset_without_a_key_is_refused_when_it_is_declared()
    {
        await using var sources = new SourcesUnderTest();
        await using var app = await StartAsync(sources);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        const string Body = """{"dataset": "loose", "kind": "rest", "url": "https://x.example/", "columns": ["a"], "watermark": "a"}""";

        Assert.Contains("has no key", await AskAsync(client, "officer", HttpMethod.Put, "/sources/s", HttpStatusCode.BadRequest, Body), StringComparison.Ordinal);
        Assert.Empty(sources.Book.Sources);
        await AskAsync(client, "officer", HttpMethod.Put, "/sources/s", HttpStatusCode.Created, """{"dataset": "loose", "kind": "rest", "url": "https://x.example/", "columns": ["a"], "mode": "replace"}""");
    }

    [Fact]
    public async Task Of_two_departments_that_declare_one_name_at_once_one_gets_it()
    {
        await using var sources = new SourcesUnderTest();
        await using var app = await StartAsync(sources);
        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
        foreach (var round in Enumerable.Range(0, 30))
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Put, new Uri($"/sources/s{round}", UriKind.Relative)) { Content = new StringContent($$"""{"dataset": "of-{{i}}", "kind": "files", "mode": "replace"}""", Encoding.UTF8, "application/json") };
                request.Headers.Add("As", $"of-{i}");
                using var answer = await client.SendAsync(request, Cancel);
                return answer.StatusCode;
            }));
            Assert.Equal([HttpStatusCode.Created, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden], answers.Order());
        }
    }

    private static async Task<WebApplication> StartAsync(SourcesUnderTest sources)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        builder.Services.AddRoutingCore().Configure<RouteOptions>(o => o.SuppressCheckForUnhandledSecurityMetadata = true);
        var app = builder.Build();
        app.MapSources(new SourceRoom(sources.Book, sources.Runner, sources.Clock, (http, dataset) => http.Request.Headers["As"].ToString() switch
        {
            "officer" => null,
            var own when own == dataset => null,
            "fire" or ['o', 'f', '-', ..] => NotYours.Because($"The rows of {dataset} come from somebody else."),
            _ => Unknown.Because($"There is no dataset {dataset}."),
        }));
        await app.StartAsync(Cancel);
        return app;
    }

    private static async Task<string> AskAsync(HttpClient client, string person, HttpMethod method, string path, HttpStatusCode status, string? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("As", person);
        using var answer = await client.SendAsync(request, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.StatusCode == status, $"{method} {path} as {person}: {(int)answer.StatusCode} {text}");
        if (text.Length > 0)
            JsonDocument.Parse(text).Dispose();
        return text;
    }
}
