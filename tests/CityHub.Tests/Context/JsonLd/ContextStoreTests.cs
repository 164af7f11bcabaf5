using System.Collections.Concurrent;
using System.Net;
using System.Text;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;
using CityHub.Tests.Context.Subscriptions;
using CityHub.Tests.Storage.Embedded;
using Microsoft.Extensions.Time.Testing;

namespace CityHub.Tests.Context.JsonLd;

public sealed class ContextStoreTests : IDisposable
{
    private const string Url = "https://city.example/context.jsonld";
    private const string Speed = """{"@context":{"speed":"https://city.example/speed"}}""";

    private readonly EmbeddedUnderTest _store = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 6, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly Web _web = new();
    private readonly Notifying.Counter _ids = new();

    public void Dispose()
    {
        _store.Dispose();
        _web.Dispose();
    }

    [Fact]
    public async Task A_remote_context_is_fetched_once_and_kept_over_a_restart()
    {
        _web.Documents[Url] = Speed;
        var contexts = Open();
        Assert.Equal("https://city.example/speed", (await Resolve(contexts)).Value.ExpandVocab("speed"));
        await Resolve(contexts);
        Assert.Equal(ContextKind.Cached, Assert.Single(contexts.List("", null)).Kind);
        Assert.Equal(1, _web.Requests);
        _store.Reopen();
        _web.Documents.Clear();

        var again = Open();

        Assert.Equal("https://city.example/speed", (await Resolve(again)).Value.ExpandVocab("speed"));
        Assert.Equal(1, _web.Requests);
    }

    [Theory]
    [InlineData(null, "ld-context-not-available")]
    [InlineData("this is no JSON", "bad-request-data")]
    [InlineData("{}", "bad-request-data")]
    [InlineData("""{"@context":{"a":{"@id":5}}}""", "bad-request-data")]
    public async Task A_context_that_cannot_be_had_is_a_refusal_with_its_url_and_is_never_taken_for_an_empty_one(string? document, string code)
    {
        if (document is not null)
            _web.Documents[Url] = document;
        var contexts = Open();

        var refused = await Resolve(contexts);

        Assert.Equal(code, refused.Problem?.Code);
        if (document is null or "{}")
            Assert.Contains(Url, refused.Problem?.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(contexts.List("", null), c => c.Body.Span.SequenceEqual("{}"u8));
        // It is there now; the refusal is remembered for a moment only.
        if (document is null)
        {
            _web.Documents[Url] = Speed;
            _clock.Advance(TimeSpan.FromSeconds(3));
            Assert.Equal("https://city.example/speed", (await Resolve(contexts)).Value.ExpandVocab("speed"));
        }
    }

    [Fact]
    public async Task A_hub_that_may_not_fetch_says_so()
    {
        var contexts = new ContextStore(_store.Log, _clock, _ids, null);
        contexts.Start([]);

        Assert.Equal("ld-context-not-available", (await Resolve(contexts)).Problem?.Code);
    }

    [Fact]
    public async Task A_thousand_requests_at_once_fetch_a_context_once()
    {
        _web.Documents[Url] = Speed;
        var contexts = Open();

        var all = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => Task.Run(() => Resolve(contexts))));

        Assert.All(all, r => Assert.True(r.Ok));
        Assert.Equal(1, _web.Requests);
    }

    [Fact]
    public async Task Contexts_that_name_each_other_in_a_circle_are_refused()
    {
        _web.Documents[Url] = """{"@context":"https://city.example/other.jsonld"}""";
        _web.Documents["https://city.example/other.jsonld"] = $$"""{"@context":"{{Url}}"}""";

        var refused = await Resolve(Open());

        Assert.False(refused.Ok);
    }

    [Fact]
    public async Task A_hosted_context_is_kept_as_it_was_given_each_tenant_its_own_and_goes_when_it_is_deleted()
    {
        var contexts = Open();
        var hosted = (await contexts.AddAsync("east", Utf8(Speed), ContextKind.Hosted, Cancel)).Value;
        _store.Reopen();
        contexts = Open();

        Assert.Equal(Speed, Encoding.UTF8.GetString((contexts.Find("east", hosted.Id)?.Body ?? default).Span));
        Assert.Equal(ContextKind.Hosted, contexts.Find("east", hosted.Id)?.Kind);
        Assert.Null(contexts.Find("", hosted.Id));
        Assert.True((await contexts.ResolveUrlAsync("east", ContextStore.Path + hosted.Id, Cancel)).Ok);

        Assert.True((await contexts.DeleteAsync("east", hosted.Id, reload: false, Cancel)).Ok);
        Assert.Equal("ld-context-not-available", (await contexts.ResolveUrlAsync("east", ContextStore.Path + hosted.Id, Cancel)).Problem?.Code);
        Assert.Equal("resource-not-found", (await contexts.DeleteAsync("east", hosted.Id, reload: false, Cancel)).Problem?.Code);
        _store.Reopen();
        Assert.Empty(Open().List("east", null));
    }

    [Fact]
    public async Task An_inline_context_that_was_given_twice_is_one()
    {
        var contexts = Open();
        var inline = (await contexts.ResolveAsync("", Utf8("""{"speed":"https://city.example/speed"}"""), Cancel)).Value;

        var first = await contexts.HostAsync("", inline, Cancel);
        var second = await contexts.HostAsync("", inline, Cancel);

        Assert.Equal(first.Value, second.Value);
        Assert.Equal(ContextKind.ImplicitlyCreated, Assert.Single(contexts.List("", null)).Kind);
        Assert.Equal("bad-request-data", (await contexts.DeleteAsync("", contexts.List("", null).First().Id, reload: true, Cancel)).Problem?.Code);
    }

    [Fact]
    public async Task A_reload_takes_the_new_document_and_keeps_the_old_one_where_there_is_none()
    {
        _web.Documents[Url] = Speed;
        var contexts = Open();
        await Resolve(contexts);
        _web.Documents[Url] = """{"@context":{"speed":"https://city.example/velocity"}}""";
        Assert.Equal("https://city.example/speed", (await Resolve(contexts)).Value.ExpandVocab("speed"));

        Assert.True((await contexts.DeleteAsync("", Url, reload: true, Cancel)).Ok);
        Assert.Equal("https://city.example/velocity", (await Resolve(contexts)).Value.ExpandVocab("speed"));

        foreach (var broken in new[] { null, "no JSON", "{}" })
        {
            if (broken is null)
                _web.Documents.Clear();
            else
                _web.Documents[Url] = broken;
            Assert.Equal("ld-context-not-available", (await contexts.DeleteAsync("", Url, reload: true, Cancel)).Problem?.Code);
            Assert.Equal("https://city.example/velocity", (await Resolve(contexts)).Value.ExpandVocab("speed"));
        }

        _store.Reopen();
        Assert.Equal("https://city.example/velocity", (await Resolve(Open())).Value.ExpandVocab("speed"));
    }

    [Fact]
    public async Task A_deleted_cached_context_is_fetched_anew()
    {
        _web.Documents[Url] = Speed;
        var contexts = Open();
        await Resolve(contexts);

        Assert.True((await contexts.DeleteAsync("", Url, reload: false, Cancel)).Ok);
        await Resolve(contexts);

        Assert.Equal(2, _web.Requests);
    }

    [Theory]
    [InlineData("no JSON", "invalid-request")]
    [InlineData("{}", "invalid-request")]
    [InlineData("[]", "invalid-request")]
    [InlineData("""{"@context":5}""", "bad-request-data")]
    [InlineData("""{"@context":{"a":{"@id":"https://x.example/a","@context":{}}}}""", "bad-request-data")]
    [InlineData("""{"@context":"https://gone.example/c"}""", "ld-context-not-available")]
    public async Task What_is_no_context_is_not_hosted(string document, string code)
    {
        var contexts = Open();

        Assert.Equal(code, (await contexts.AddAsync("", Utf8(document), ContextKind.Hosted, Cancel)).Problem?.Code);
        Assert.Empty(contexts.List("", ContextKind.Hosted));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static ReadOnlyMemory<byte> Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static async Task<Result<LdContext>> Resolve(ContextStore contexts) => await contexts.ResolveUrlAsync("", Url, Cancel);

    private ContextStore Open()
    {
        var contexts = new ContextStore(_store.Log, _clock, _ids, _web.Client);
        contexts.Start([]);
        return contexts;
    }

    /// <summary>The outside world: what is not in it answers 404.</summary>
    private sealed class Web : HttpMessageHandler
    {
        private int _requests;

        public Web() => Client = new HttpClient(this, disposeHandler: false);

        public HttpClient Client { get; }

        public ConcurrentDictionary<string, string> Documents { get; } = new(StringComparer.Ordinal);

        public int Requests => _requests;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _requests);
            await Task.Yield();
            return Documents.TryGetValue(request.RequestUri?.AbsoluteUri ?? "", out var document)
                ? new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(document, Encoding.UTF8, "application/ld+json") }
                : new HttpResponseMessage(HttpStatusCode.NotFound);
        }

        protected override void Dispose(bool disposing)
        {
            Client.Dispose();
            base.Dispose(disposing);
        }
    }
}
