using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using CityHub.Core.Facts;
using CityHub.Core.Ports;
using CityHub.Core.Problems;

namespace CityHub.Context.JsonLd;

/// <summary>Resolves @context values to compiled contexts and keeps the Hosted, Cached and ImplicitlyCreated ones (clause 5.13). A view over its stream of facts.</summary>
public sealed class ContextStore : IVocabulary
{
    public const string StreamName = "contexts";
    public const string Path = "/ngsi-ld/v1/jsonldContexts/";
    private const int MostBytes = 1 << 20;
    private const int MostCompiled = 2_000;
    private static readonly TimeSpan RememberFailure = TimeSpan.FromSeconds(2);

    private readonly IFactLog _log;
    private readonly TimeProvider _clock;
    private readonly IIdSource _ids;
    private readonly HttpClient _http;
    private readonly ConcurrentDictionary<(string Tenant, string Id), StoredContext> _byId = new();
    private readonly ConcurrentDictionary<(string Tenant, string Url), StoredContext> _byUrl = new();
    private readonly ConcurrentDictionary<string, LdContext> _compiled = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Tenant, string Url), Lazy<Task<Result<StoredContext>>>> _downloads = new();
    private readonly ConcurrentDictionary<(string Tenant, string Url), (long Until, Problem Problem)> _failed = new();

    /// <param name="http">Fetches remote contexts: give it a timeout; it follows no policy of its own.</param>
    public ContextStore(IFactLog log, TimeProvider clock, IIdSource ids, HttpClient http) => (_log, _clock, _ids, _http) = (log, clock, ids, http);

    /// <summary>Reads the facts of all context streams.</summary>
    public void Start(IEnumerable<string> tenants)
    {
        foreach (var tenant in tenants)
            foreach (var fact in _log.Read(0, Stream(tenant)))
                Apply(tenant, fact);
    }

    /// <param name="tenant">Empty for the default tenant.</param>
    /// <param name="context">The JSON value of an <c>@context</c> member.</param>
    public async ValueTask<Result<LdContext>> ResolveAsync(string tenant, ReadOnlyMemory<byte> context, CancellationToken cancel)
    {
        var key = $"{tenant}\n{Encoding.UTF8.GetString(context.Span)}";
        if (_compiled.TryGetValue(key, out var compiled))
        {
            Count(tenant, compiled.Url);
            return compiled;
        }

        var documents = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        string? url;
        try
        {
            using var json = JsonDocument.Parse(context);
            url = OneUrl(json.RootElement);
            if (await CollectAsync(tenant, json.RootElement, documents, 0, cancel) is { } problem)
                return problem;
        }
        catch (JsonException e)
        {
            return ContextProblems.BadRequestData.Because($"The @context is not JSON: {e.Message}");
        }

        var result = ContextCompiler.Compile(context, u => documents.TryGetValue(u, out var d) ? d : null, url);
        if (result.Ok)
        {
            if (_compiled.Count >= MostCompiled)
                _compiled.Clear();
            _compiled[key] = result.Value;
        }

        return result;
    }

    public ValueTask<Result<LdContext>> ResolveUrlAsync(string tenant, string url, CancellationToken cancel) => CoreContext.IsCoreUrl(url)
        ? new ValueTask<Result<LdContext>>(LdContext.Core)
        : ResolveAsync(tenant, Encoding.UTF8.GetBytes($"\"{JsonEncodedText.Encode(url)}\""), cancel);

    public async ValueTask<Result<string>> ExpandAsync(string term, string? context, CancellationToken cancel)
    {
        if (context is null)
            return LdContext.Core.ExpandVocab(term);
        var resolved = await ResolveUrlAsync("", context, cancel);
        return resolved.Map(c => c.ExpandVocab(term));
    }

    /// <summary>5.13.2 Add @context; also how the hub hosts an inline context of a subscription. Refused when it does not compile.</summary>
    public async ValueTask<Result<StoredContext>> AddAsync(string tenant, ReadOnlyMemory<byte> document, ContextKind kind, CancellationToken cancel)
    {
        ReadOnlyMemory<byte> context;
        try
        {
            using var json = JsonDocument.Parse(document);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("@context"u8, out var member))
                return ContextProblems.BadRequestData.Because("The document has no @context.", rule: "ETSI GS CIM 009, 5.13.2");
            context = Encoding.UTF8.GetBytes(member.GetRawText());
        }
        catch (JsonException e)
        {
            return ContextProblems.InvalidRequest.Because($"The body is not valid JSON: {e.Message}");
        }

        var compiled = await ResolveAsync(tenant, context, cancel);
        if (!compiled.Ok)
            return compiled.Problem;
        return await KeepAsync(tenant, kind, null, document, cancel);
    }

    public IEnumerable<StoredContext> List(string tenant, ContextKind? kind) =>
        _byId.Where(c => c.Key.Tenant == tenant && (kind is null || c.Value.Kind == kind)).Select(c => c.Value).OrderBy(c => c.CreatedAt).ThenBy(c => c.Id, StringComparer.Ordinal);

    /// <summary>By local id, or by the URL it was cached from.</summary>
    public StoredContext? Find(string tenant, string idOrUrl) =>
        _byId.TryGetValue((tenant, idOrUrl), out var byId) ? byId : _byUrl.GetValueOrDefault((tenant, idOrUrl));

    /// <summary>5.13.5 Delete; with <paramref name="reload"/> a cached one is fetched anew and kept as it was where that fails.</summary>
    public async ValueTask<Result<Done>> DeleteAsync(string tenant, string idOrUrl, bool reload, CancellationToken cancel)
    {
        if (Find(tenant, idOrUrl) is not { } stored)
            return ContextProblems.ResourceNotFound.Because($"There is no context {idOrUrl}.");
        if (reload)
        {
            if (stored is not { Kind: ContextKind.Cached, Url: { } url })
                return ContextProblems.BadRequestData.Because("Only a cached context can be reloaded.", rule: "ETSI GS CIM 009, 5.13.5");
            var fetched = await FetchAsync(url, cancel);
            if (!fetched.Ok)
                return fetched.Problem;
            var kept = await RecordAsync(tenant, stored with { Body = fetched.Value }, cancel);
            return kept.Ok ? Done.Value : kept.Problem;
        }

        var deleted = await AppendAsync(tenant, "ContextDeleted", stored, cancel);
        return deleted.Ok ? Done.Value : deleted.Problem;
    }

    private static string Stream(string tenant) => tenant.Length == 0 ? StreamName : $"{StreamName}@{tenant}";

    private static string? OneUrl(JsonElement context)
    {
        if (context.ValueKind == JsonValueKind.String)
            return context.GetString();
        if (context.ValueKind != JsonValueKind.Array)
            return null;
        var others = context.EnumerateArray().Where(c => c.ValueKind != JsonValueKind.String || !CoreContext.IsCoreUrl(c.GetString() ?? "")).ToList();
        return others switch
        {
            [] => CoreContext.Url,
            [{ ValueKind: JsonValueKind.String } one] => one.GetString(),
            _ => null,
        };
    }

    private void Count(string tenant, string? url)
    {
        if (url is not null && (LocalId(url) is { } id ? _byId.GetValueOrDefault((tenant, id)) : _byUrl.GetValueOrDefault((tenant, url))) is { } stored)
            stored.Use(_clock.GetUtcNow().UtcTicks);
    }

    private async ValueTask<Problem?> CollectAsync(string tenant, JsonElement context, Dictionary<string, ReadOnlyMemory<byte>> into, int depth, CancellationToken cancel)
    {
        if (depth > ContextCompiler.MostDepth)
            return ContextProblems.BadRequestData.Because($"The @context nests deeper than {ContextCompiler.MostDepth} contexts.");
        foreach (var url in ContextCompiler.UrlsIn(context))
        {
            if (into.ContainsKey(url))
                continue;
            var document = await DocumentAsync(tenant, url, cancel);
            if (!document.Ok)
                return document.Problem;
            into[url] = document.Value.Body;
            document.Value.Use(_clock.GetUtcNow().UtcTicks);
            try
            {
                using var json = JsonDocument.Parse(document.Value.Body);
                if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("@context"u8, out var inner) &&
                    await CollectAsync(tenant, inner, into, depth + 1, cancel) is { } problem)
                    return problem;
            }
            catch (JsonException e)
            {
                return ContextProblems.BadRequestData.Because($"The document at {url} is not JSON: {e.Message}");
            }
        }

        return null;
    }

    private async ValueTask<Result<StoredContext>> DocumentAsync(string tenant, string url, CancellationToken cancel)
    {
        if (LocalId(url) is { } id && _byId.TryGetValue((tenant, id), out var local))
            return local;
        if (_byUrl.TryGetValue((tenant, url), out var cached))
            return cached;
        if (_failed.TryGetValue((tenant, url), out var failed) && failed.Until > _clock.GetUtcNow().UtcTicks)
            return failed.Problem;
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            return ContextProblems.BadRequestData.Because($"\"{url}\" is no URL of a context.");
        // One download per URL, however many requests ask for it at once.
        var download = _downloads.GetOrAdd((tenant, url), key => new Lazy<Task<Result<StoredContext>>>(() => DownloadAsync(key.Tenant, key.Url)));
        return await download.Value.WaitAsync(cancel);
    }

    private async Task<Result<StoredContext>> DownloadAsync(string tenant, string url)
    {
        try
        {
            var fetched = await FetchAsync(url, CancellationToken.None);
            if (fetched.Ok)
                return await KeepAsync(tenant, ContextKind.Cached, url, fetched.Value, CancellationToken.None);
            _failed[(tenant, url)] = ((_clock.GetUtcNow() + RememberFailure).UtcTicks, fetched.Problem);
            return fetched.Problem;
        }
        finally
        {
            _downloads.TryRemove((tenant, url), out _);
        }
    }

    /// <summary>What cannot be had is a refusal and is never kept as an empty context.</summary>
    private async Task<Result<ReadOnlyMemory<byte>>> FetchAsync(string url, CancellationToken cancel)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            // text/plain is what the ETSI forge serves its contexts as.
            request.Headers.TryAddWithoutValidation("Accept", "application/ld+json, application/json;q=0.9, text/plain;q=0.5");
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!response.IsSuccessStatusCode)
                return NotAvailable(url, $"it answers {(int)response.StatusCode}");
            await using var stream = await response.Content.ReadAsStreamAsync(cancel);
            var body = new MemoryStream();
            var buffer = new byte[16 << 10];
            for (var got = await stream.ReadAsync(buffer, cancel); got > 0; got = await stream.ReadAsync(buffer, cancel))
            {
                if (body.Length + got > MostBytes)
                    return NotAvailable(url, $"it is larger than {MostBytes} bytes");
                body.Write(buffer, 0, got);
            }

            using var json = JsonDocument.Parse(body.ToArray());
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("@context"u8, out _))
                return NotAContext(url, "has no @context");
            return (ReadOnlyMemory<byte>)body.ToArray();
        }
        catch (JsonException)
        {
            return NotAContext(url, "is not JSON");
        }
        catch (HttpRequestException e)
        {
            return NotAvailable(url, e.Message);
        }
        catch (IOException e)
        {
            return NotAvailable(url, e.Message);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return NotAvailable(url, "it does not answer in time");
        }
    }

    private static Problem NotAContext(string url, string why) => ContextProblems.BadRequestData.Because($"The document at {url} {why}.", rule: "ETSI GS CIM 009, 5.5.6");

    private static Problem NotAvailable(string url, string why) => ContextProblems.ContextNotAvailable.Because(
        $"The @context {url} cannot be had: {why}.", "Check the URL, or add the context to the hub (POST /ngsi-ld/v1/jsonldContexts) and name it by its URL there.");

    private ValueTask<Result<StoredContext>> KeepAsync(string tenant, ContextKind kind, string? url, ReadOnlyMemory<byte> body, CancellationToken cancel) =>
        RecordAsync(tenant, new StoredContext(_ids.Next().ToString(), kind, url, body, _clock.GetUtcNow().UtcTicks), cancel);

    private async ValueTask<Result<StoredContext>> RecordAsync(string tenant, StoredContext stored, CancellationToken cancel)
    {
        var appended = await AppendAsync(tenant, stored.Kind == ContextKind.Cached ? "ContextDownloaded" : "ContextAdded", stored, cancel);
        return appended.Ok ? stored : appended.Problem;
    }

    private async ValueTask<Result<Appended>> AppendAsync(string tenant, string type, StoredContext stored, CancellationToken cancel)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(stored.Body.Length + 128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("id"u8, stored.Id);
            json.WriteString("kind"u8, stored.Kind.ToString());
            if (stored.Url is { } url)
                json.WriteString("url"u8, url);
            if (type != "ContextDeleted")
            {
                json.WritePropertyName("body"u8);
                json.WriteRawValue(stored.Body.Span);
            }

            json.WriteEndObject();
        }

        var appended = await _log.AppendAsync(new Append(Stream(tenant), [new NewFact(type, buffer.WrittenMemory)], _clock.GetUtcNow()), cancel);
        if (appended.Ok)
            Apply(tenant, type, stored);
        return appended;
    }

    private void Apply(string tenant, in Fact fact)
    {
        using var json = JsonDocument.Parse(fact.Payload);
        var root = json.RootElement;
        var body = root.TryGetProperty("body"u8, out var found) ? Encoding.UTF8.GetBytes(found.GetRawText()) : [];
        var url = root.TryGetProperty("url"u8, out var from) ? from.GetString() : null;
        Apply(tenant, fact.Type, new StoredContext(root.GetProperty("id"u8).GetString() ?? "", Enum.Parse<ContextKind>(root.GetProperty("kind"u8).GetString() ?? ""), url, body, fact.At.UtcTicks));
    }

    private void Apply(string tenant, string type, StoredContext stored)
    {
        _compiled.Clear();
        if (type == "ContextDeleted")
        {
            _byId.TryRemove((tenant, stored.Id), out _);
            if (stored.Url is { } gone)
                _byUrl.TryRemove((tenant, gone), out _);
            return;
        }

        _byId[(tenant, stored.Id)] = stored;
        if (stored.Url is { } url)
            _byUrl[(tenant, url)] = stored;
    }

    /// <summary>The id inside a URL of this hub's own contexts, whatever host the client knows the hub by.</summary>
    private static string? LocalId(string url)
    {
        var at = url.IndexOf(Path, StringComparison.Ordinal);
        return at < 0 ? null : url[(at + Path.Length)..];
    }
}
