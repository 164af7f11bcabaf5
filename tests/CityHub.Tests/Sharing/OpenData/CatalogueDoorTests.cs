using System.Text.Json;
using CityHub.Sharing.OpenData.Dcat;

namespace CityHub.Tests.Sharing.OpenData;

/// <summary>The catalogue for machines: negotiation, pages, and what stands in it.</summary>
public sealed class CatalogueDoorTests
{
    [Theory]
    [InlineData(null, "application/ld+json")]
    [InlineData("*/*", "application/ld+json")]
    [InlineData("text/turtle", "text/turtle")]
    [InlineData("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html")]
    [InlineData("text/html;q=0.3, application/ld+json;q=0.7", "application/ld+json")]
    public async Task The_catalogue_comes_as_the_client_accepts_it(string? accept, string type)
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/catalog");
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);

        using var response = await doors.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Pages_are_linked_and_hold_every_dataset_once()
    {
        await using var doors = await DoorsUnderTest.StartAsync();
        for (var i = 0; i < 230; i++)
            doors.Catalogue.Add(DoorsUnderTest.Dataset($"d{i:d3}", $"数据{i}", $"Data {i}", true));
        var found = new List<string>();
        string? at = "/catalog.jsonld";
        while (at is not null)
        {
            var page = await doors.GetAsync(at);
            var nodes = page.GetProperty("@graph").EnumerateArray().ToList();
            found.AddRange(nodes.Where(node => TypeOf(node) == "dcat:Dataset").Select(node => node.GetProperty("@id").GetString() ?? ""));
            var hydra = nodes.Single(node => TypeOf(node) == "hydra:PagedCollection");
            Assert.Equal("233", hydra.GetProperty("hydra:totalItems")[0].GetProperty("@value").GetString());
            at = hydra.TryGetProperty("hydra:next", out var next) ? next[0].GetProperty("@id").GetString() : null;
        }

        Assert.Equal(233, found.Count);
        Assert.Equal(233, found.Distinct().Count());
    }

    [Fact]
    public async Task What_may_not_be_discovered_is_not_in_the_catalogue()
    {
        await using var doors = await DoorsUnderTest.StartAsync();

        Assert.DoesNotContain("register", await doors.TextAsync("/catalog.ttl"), StringComparison.Ordinal);
        Assert.Equal("dataset-unknown", (await doors.GetAsync("/catalog/datasets/register", 404)).GetProperty("code").GetString());
        Assert.Contains("dqv:QualityMeasurement", await doors.TextAsync("/catalog/datasets/air.ttl"), StringComparison.Ordinal);
    }

    [Fact]
    public void No_text_ends_a_literal_or_an_iri_early()
    {
        var graph = new Graph();
        graph.Add(Term.Iri("http://x/a> <b"), "http://x/p", Term.Text("\" . <evil> <x> \"\\\n\r\t\u0001\ud800"));

        var turtle = TurtleWriter.Write(graph);

        Assert.Contains("<http://x/a%3E%20%3Cb> <http://x/p> \"\\\" . <evil> <x> \\\"\\\\\\n\\r\\t\\u0001\uFFFD\" .", turtle, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(JsonLdWriter.Write(graph));
        Assert.Equal("http://x/a%3E%20%3Cb", json.RootElement.GetProperty("@graph")[0].GetProperty("@id").GetString());
    }

    private static string? TypeOf(JsonElement node) => node.TryGetProperty("@type", out var types) ? types[0].GetString() : null;
}
