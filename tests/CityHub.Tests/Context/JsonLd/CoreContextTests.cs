using System.Text;
using CityHub.Context.JsonLd;
using CityHub.Context.JsonLd.Processing;

namespace CityHub.Tests.Context.JsonLd;

public sealed class CoreContextTests
{
    /// <summary>What a built-in core context means and what the published file means: the same terms, each with the same IRI, coercion, container and use as a prefix.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(9)]
    public void The_table_means_what_the_published_file_means(int version)
    {
        var file = Path.Combine(SharedData.Need("ngsi-ld-context"), $"ngsi-ld-core-context-v1.{version}.jsonld");

        // The files begin with their URL.
        var published = Meaning(Encoding.UTF8.GetBytes(File.ReadAllText(file)[File.ReadAllText(file).IndexOf('{', StringComparison.Ordinal)..]));
        var ours = Meaning(CoreContext.Document(version).Span);

        Assert.Equal(published.Vocab, ours.Vocab);
        Assert.Equal(published.Terms.Keys.Order(StringComparer.Ordinal), ours.Terms.Keys.Order(StringComparer.Ordinal));
        Assert.All(published.Terms, term => Assert.True(term.Value.SameAs(ours.Terms[term.Key]), $"{term.Key}: published {term.Value}, built in {ours.Terms[term.Key]}"));
    }

    [Theory]
    [InlineData("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld", true)]
    [InlineData("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.0.jsonld", true)]
    [InlineData("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.7.jsonld", true)]
    [InlineData("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.9.jsonld", true)]
    [InlineData("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-non-existing.jsonld", false)]
    [InlineData("https://example.org/ngsi-ld-core-context-v1.9.jsonld", false)]
    public void A_core_context_is_known_by_its_url_and_by_nothing_else(string url, bool known) => Assert.Equal(known, CoreContext.IsCoreUrl(url));

    [Fact]
    public void Every_version_from_1_0_to_1_9_is_a_context_that_compiles() =>
        Assert.All(Enumerable.Range(0, 10), version => Assert.NotEmpty(Meaning(CoreContext.Document(version).Span).Terms));

    [Fact]
    public void A_users_context_cannot_give_the_words_of_the_core_another_meaning()
    {
        var context = LdContext.Compile("""{"Property":"https://evil.example/P","observedAt":"https://evil.example/o","speed":"https://example.org/speed"}"""u8.ToArray()).Value;

        Assert.Equal("https://uri.etsi.org/ngsi-ld/Property", context.ExpandVocab("Property"));
        Assert.Equal("https://uri.etsi.org/ngsi-ld/observedAt", context.ExpandVocab("observedAt"));
        Assert.Equal("https://example.org/speed", context.ExpandVocab("speed"));
    }

    private static ActiveContext Meaning(ReadOnlySpan<byte> document)
    {
        var context = Assert.IsType<LdObject>(LdJson.Parse(document)).TryGet("@context", out var value) ? value : null;
        return new ContextProcessor(url => url == "https://w3id.org/security/data-integrity/v2" ? LdJson.Parse("""{"@context":{}}"""u8) : null).Process(new ActiveContext(null), context, null);
    }
}
