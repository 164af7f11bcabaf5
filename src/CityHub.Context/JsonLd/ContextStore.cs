using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CityHub.Context.JsonLd.Processing;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;

namespace CityHub.Context.JsonLd;

/// <summary>
/// Resolves @context values to compiled contexts and keeps the Hosted, Cached and ImplicitlyCreated ones (clause 5.13), each tenant its own: a view over
/// its streams of facts, read when a tenant is first asked for.
/// </summary>
public sealed class ContextStore : IVocabulary
{
    public const string StreamName = "contexts";
    public const string Path = "/ngsi-ld/v1/jsonldContexts/";

    /// <summary>Documents that one @context may lead to, by itself and through others.</summary>
    private const int MostDocuments = 32;

    /// <summary>Tenants without a context of their own that are remembered: their names are the clients' to invent.</summary>
    private const int MostIdleTenants = 10_000;

    private readonly IFactLog _log;
    private readonly TimeProvider _clock;
    private readonly IIdSource _ids;
    private readonly ContextFetcher _fetcher;
    private readonly ConcurrentDictionary<string, Lazy<TenantContexts>> _tenants = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, StoredContext> _known = new(StringComparer.Ordinal);

    /// <summary>Equal contexts of different tenants, or named in different ways, are one: by the hash of all that went into them.</summary>
    private readonly RecentCache<LdContext> _byContent = new(mostEntries: 1_024, mostBytes: 1 << 20);

    /// <param name="http">Fetches remote contexts; null: the hub fetches none, and one that it does not know is a refusal.</param>
    public ContextStore(IFactLog log, TimeProvider clock, IIdSource ids, HttpClient? http) => (_log, _clock, _ids, _fetcher) = (log, clock, ids, new ContextFetcher(http, clock));

    /// <summary>Reads the facts of these tenants now rather than on their first request.</summary>
    public void Start(IEnumerable<string> tenants)
    {
        foreach (var tenant in tenants)
            Of(tenant);
    }

    /// <summary>A context document that the operator supplies: known by its URL from the start, in every tenant, without a fetch.</summary>
    public Result<Done> Supply(string url, ReadOnlyMemory<byte> document)
    {
        if (!ContextIn(document.Span).TryGet(out _, out var problem))
            return problem;
        _known[url] = new StoredContext(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(url)))[..32], ContextKind.Cached, url, document, _clock.GetUtcNow().UtcTicks);
        return Done.Value;
    }

    /// <param name="tenant">Empty for the default tenant.</param>
    /// <param name="context">The JSON value of an <c>@context</c> member.</param>
    public ValueTask<Result<LdContext>> ResolveAsync(string tenant, ReadOnlyMemory<byte> context, CancellationToken cancel)
    {
        var contexts = Of(tenant);
        return contexts.Resolved.TryGet(context.Span, out var resolved)
            ? new ValueTask<Result<LdContext>>(resolved.Use(_clock.GetUtcNow().UtcTicks))
            : CompileAsync(contexts, context, context, cancel);
    }

    /// <param name="url">As a Link header names it: absolute, or the path of a context that this hub hosts.</param>
    public ValueTask<Result<LdContext>> ResolveUrlAsync(string tenant, string url, CancellationToken cancel)
    {
        if (CoreContext.IsCoreUrl(url))
            return new ValueTask<Result<LdContext>>(LdContext.Core);
        // A Link header may name a context of this hub by its path (RFC 8288, 3.1); a body has no place that a path would be relative to.
        if (url.StartsWith('/'))
        {
            if (LocalId(url) is not { } id || Of(tenant).Find(id) is null)
                return new ValueTask<Result<LdContext>>(ContextProblems.ContextNotAvailable.Because($"There is no context {url} on this hub.", "GET /ngsi-ld/v1/jsonldContexts lists them."));
            url = "http://localhost" + url;
        }

        return ResolveAsync(tenant, new LdText(url).ToUtf8(), cancel);
    }

    public async ValueTask<Result<string>> ExpandAsync(string term, string? context, CancellationToken cancel)
    {
        if (context is null)
            return LdContext.Core.ExpandVocab(term);
        var resolved = await ResolveUrlAsync("", context, cancel);
        return resolved.Map(c => c.ExpandVocab(term));
    }

    /// <summary>
    /// 5.13.2 Add @context; also how the hub hosts an inline context of a subscription (ImplicitlyCreated: the same document again is the same context).
    /// Refused when it does not compile, contexts that it names included.
    /// </summary>
    public async ValueTask<Result<StoredContext>> AddAsync(string tenant, ReadOnlyMemory<byte> document, ContextKind kind, CancellationToken cancel)
    {
        if (!ContextIn(document.Span).TryGet(out var context, out var problem))
            return problem;
        var contexts = Of(tenant);
        var compiled = await CompileAsync(contexts, ReadOnlyMemory<byte>.Empty, context, cancel);
        if (!compiled.Ok)
            return compiled.Problem;
        if (kind == ContextKind.ImplicitlyCreated && contexts.FindBody(kind, document.Span) is { } same)
            return same;
        return await KeepAsync(contexts, kind, null, document, cancel);
    }

    /// <summary>The URL path of the context that stands for an inline one, which is hosted for that (5.13.1 ImplicitlyCreated).</summary>
    public async ValueTask<Result<string>> HostAsync(string tenant, LdContext context, CancellationToken cancel)
    {
        if (context.Url is { } url)
            return url;
        var document = Encoding.UTF8.GetBytes($"{{\"@context\":{Encoding.UTF8.GetString(context.Json.Span)}}}");
        var stored = await AddAsync(tenant, document, ContextKind.ImplicitlyCreated, cancel);
        return stored.Map(s => Path + s.Id);
    }

    public IEnumerable<StoredContext> List(string tenant, ContextKind? kind) =>
        Of(tenant).All.Concat(_known.Values).Where(c => kind is null || c.Kind == kind).OrderBy(c => c.CreatedAt).ThenBy(c => c.Id, StringComparer.Ordinal);

    /// <summary>By local id, or by the URL it was cached from.</summary>
    public StoredContext? Find(string tenant, string idOrUrl)
    {
        var contexts = Of(tenant);
        return contexts.Find(idOrUrl) ?? At(contexts, idOrUrl) ?? _known.Values.FirstOrDefault(k => k.Id == idOrUrl);
    }

    /// <summary>Counts a context as used: it was served.</summary>
    public void Use(StoredContext stored) => stored.Use(_clock.GetUtcNow().UtcTicks);

    /// <summary>5.13.5 Delete; with <paramref name="reload"/> a cached one is fetched anew and kept as it was where that fails.</summary>
    public async ValueTask<Result<Done>> DeleteAsync(string tenant, string idOrUrl, bool reload, CancellationToken cancel)
    {
        var stored = Find(tenant, idOrUrl);
        if (reload && stored is not { Kind: ContextKind.Cached, Url: not null })
            return ContextProblems.BadRequestData.Because($"{idOrUrl} is no cached context; only those can be reloaded.", rule: "ETSI GS CIM 009, 5.13.5");
        if (stored is null)
            return ContextProblems.ResourceNotFound.Because($"There is no context {idOrUrl}.");
        var contexts = Of(tenant);
        if (contexts.Find(stored.Id) is null)
            return ContextProblems.OperationNotSupported.Because($"{idOrUrl} is supplied by the operator of this hub.", "It goes when it is taken out of contexts.folder.");
        if (!reload)
            return (await AppendAsync(contexts, ContextFacts.Delete(stored), () => contexts.Forget(stored), cancel)).Map(_ => Done.Value);
        var fetched = await _fetcher.FetchAsync(stored.Url ?? "", cancel);
        if (!fetched.Ok)
            // 5.13.5.4: whatever is wrong with the new one, the old one stays.
            return fetched.Problem.Kind == ContextProblems.ContextNotAvailable ? fetched.Problem : ContextProblems.ContextNotAvailable.Because(fetched.Problem.Detail, fetched.Problem.Hint);
        var anew = new StoredContext(stored.Id, stored.Kind, stored.Url, fetched.Value, _clock.GetUtcNow().UtcTicks);
        return (await AppendAsync(contexts, ContextFacts.Keep(anew), () => contexts.Keep(anew), cancel)).Map(_ => Done.Value);
    }

    /// <summary>The @context member of a document. Refused: not JSON, none there, or nothing that can be one.</summary>
    private static Result<ReadOnlyMemory<byte>> ContextIn(ReadOnlySpan<byte> document)
    {
        LdJson? json;
        try
        {
            json = LdJson.Parse(document);
        }
        catch (JsonException e)
        {
            return ContextProblems.InvalidRequest.Because($"The body is not valid JSON: {e.Message}", rule: "ETSI GS CIM 009, 5.5.4");
        }

        if (json is not LdObject members || !members.TryGet("@context", out var context))
            return ContextProblems.InvalidRequest.Because("The document has no @context.", "{\"@context\": …}", "ETSI GS CIM 009, 5.13.2");
        ReadOnlyMemory<byte> value = LdJson.ToUtf8(context);
        return ContextCompiler.Parse(value.Span).Map(_ => value);
    }

    private TenantContexts Of(string tenant)
    {
        if (_tenants.TryGetValue(tenant, out var known))
            return known.Value;
        if (_tenants.Count >= MostIdleTenants && _log.VersionOf(TenantContexts.StreamOf(tenant)) == 0)
            return new TenantContexts(tenant, _log);
        return _tenants.GetOrAdd(tenant, name => new Lazy<TenantContexts>(() => new TenantContexts(name, _log))).Value;
    }

    /// <summary>
    /// Compiles until nothing is missing: each round finds one document that is not at hand, and it is fetched before the next.
    /// </summary>
    /// <param name="key">Under which the result is remembered; empty: it is not.</param>
    private async ValueTask<Result<LdContext>> CompileAsync(TenantContexts contexts, ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> context, CancellationToken cancel)
    {
        if (!ContextCompiler.Parse(context.Span).TryGet(out var json, out var malformed))
            return malformed;
        var version = contexts.Version;
        var used = new Dictionary<string, (StoredContext Stored, LdJson? Parsed)>(StringComparer.Ordinal);
        while (true)
        {
            string? missing = null;
            var compiled = ContextCompiler.Compile(json, Load, OneUrl(json));
            if (missing is null)
            {
                if (!compiled.Ok)
                    return compiled;
                var documents = used.Values.Select(u => u.Stored).ToArray();
                var shared = Shared(context.Span, documents, compiled.Value);
                var resolved = new Resolved(shared, documents);
                if (key.IsEmpty)
                    return shared;
                if (contexts.Version == version)
                    contexts.Resolved.Set(key.Span, resolved);
                return resolved.Use(_clock.GetUtcNow().UtcTicks);
            }

            if (used.Count >= MostDocuments)
                return ContextProblems.BadRequestData.Because($"The @context leads to more than {MostDocuments} documents.", rule: $"JSON-LD 1.1: {LdError.ContextOverflow}");
            var document = await DocumentAsync(contexts, missing, cancel);
            if (!document.Ok)
                return document.Problem;
            used[missing] = (document.Value, LdJson.Parse(document.Value.Body.Span));

            LdJson? Load(string url)
            {
                if (used.TryGetValue(url, out var known))
                    return known.Parsed;
                missing ??= url;
                return null;
            }
        }
    }

    private LdContext Shared(ReadOnlySpan<byte> context, StoredContext[] documents, LdContext compiled)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(context);
        foreach (var document in documents.OrderBy(d => d.Url, StringComparer.Ordinal).ThenBy(d => d.Id, StringComparer.Ordinal))
            hash.AppendData(SHA256.HashData(document.Body.Span));
        var key = hash.GetHashAndReset();
        if (_byContent.TryGet(key, out var same))
            return same;
        _byContent.Set(key, compiled);
        return compiled;
    }

    /// <summary>The one URL that stands for a context, core contexts aside; null when it has parts without one.</summary>
    private static string? OneUrl(LdJson? context)
    {
        if (context is LdText single)
            return single.Value;
        if (context is not LdArray items)
            return null;
        var others = items.Where(c => !(c is LdText text && CoreContext.IsCoreUrl(text.Value))).ToList();
        return others switch
        {
            [] => CoreContext.Url,
            [LdText one] => one.Value,
            _ => null,
        };
    }

    private StoredContext? At(TenantContexts contexts, string url)
    {
        if (LocalId(url) is { } id && contexts.Find(id) is { } local)
            return local;
        return contexts.FindUrl(url) ?? _known.GetValueOrDefault(url);
    }

    private async ValueTask<Result<StoredContext>> DocumentAsync(TenantContexts contexts, string url, CancellationToken cancel)
    {
        if (At(contexts, url) is { } stored)
            return stored;
        if (_fetcher.Remembered(url) is { } problem)
            return problem;
        var download = contexts.Downloads.GetOrAdd(url, key => new Lazy<Task<Result<StoredContext>>>(() => DownloadAsync(contexts, key)));
        return await download.Value.WaitAsync(cancel);
    }

    private async Task<Result<StoredContext>> DownloadAsync(TenantContexts contexts, string url)
    {
        try
        {
            var fetched = await _fetcher.FetchAsync(url, CancellationToken.None);
            if (!fetched.Ok)
            {
                _fetcher.Remember(url, fetched.Problem);
                return fetched.Problem;
            }

            if (contexts.Surplus() is { } surplus)
                await AppendAsync(contexts, ContextFacts.Delete(surplus), () => contexts.Forget(surplus), CancellationToken.None);
            return await KeepAsync(contexts, ContextKind.Cached, url, fetched.Value, CancellationToken.None);
        }
        finally
        {
            contexts.Downloads.TryRemove(url, out _);
        }
    }

    private async ValueTask<Result<StoredContext>> KeepAsync(TenantContexts contexts, ContextKind kind, string? url, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        // The caller's buffer is his; a context stays.
        var stored = new StoredContext(_ids.Next().ToString(), kind, url, body.ToArray(), _clock.GetUtcNow().UtcTicks);
        return (await AppendAsync(contexts, ContextFacts.Keep(stored), () => contexts.Keep(stored), cancel)).Map(_ => stored);
    }

    /// <summary>The fact first, then the view: a crash between the two leaves what the next start reads.</summary>
    private async ValueTask<Result<Appended>> AppendAsync(TenantContexts contexts, NewFact fact, Action apply, CancellationToken cancel)
    {
        await contexts.Gate.WaitAsync(cancel);
        try
        {
            // Not cancelled once begun: the fact may happen, and the view must follow it.
            var appended = await _log.AppendAsync(new Append(contexts.Stream, [fact], _clock.GetUtcNow()), CancellationToken.None);
            if (appended.Ok)
                apply();
            return appended;
        }
        finally
        {
            contexts.Gate.Release();
        }
    }

    /// <summary>The id inside a URL of this hub's own contexts, whatever host the client knows the hub by.</summary>
    private static string? LocalId(string url)
    {
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        var path = scheme < 0 ? (url.StartsWith('/') ? 0 : -1) : url.IndexOf('/', scheme + 3);
        return path >= 0 && url.AsSpan(path).StartsWith(Path) ? url[(path + Path.Length)..] : null;
    }
}
