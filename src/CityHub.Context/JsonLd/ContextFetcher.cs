using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using CityHub.Context.JsonLd.Processing;
using CityHub.Core.Problems;

namespace CityHub.Context.JsonLd;

/// <summary>
/// Downloads remote contexts. What cannot be had is a refusal that names the URL, remembered for a moment only and never kept as an empty context.
/// </summary>
/// <param name="http">Null where the hub may not fetch.</param>
internal sealed class ContextFetcher(HttpClient? http, TimeProvider clock)
{
    public const int MostBytes = 1 << 20;
    private const int MostRemembered = 1_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Memory = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, (long Until, Problem Problem)> _failed = new(StringComparer.Ordinal);

    /// <summary>The refusal of a moment ago, so that a thousand requests that name a dead server do not wait for it one after another.</summary>
    public Problem? Remembered(string url) => _failed.TryGetValue(url, out var failed) && failed.Until > clock.GetUtcNow().UtcTicks ? failed.Problem : null;

    public void Remember(string url, Problem problem)
    {
        if (_failed.Count >= MostRemembered)
            _failed.Clear();
        _failed[url] = ((clock.GetUtcNow() + Memory).UtcTicks, problem);
    }

    /// <summary>The document at a URL: JSON with an @context member, whatever media type it is sent as (the ETSI forge says text/plain).</summary>
    public async Task<Result<ReadOnlyMemory<byte>>> FetchAsync(string url, CancellationToken cancel)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            return ContextProblems.BadRequestData.Because($"\"{url}\" is no http or https URL of a context.");
        if (http is null)
            return NotAvailable(url, "this hub does not fetch contexts", "Add the context to the hub (POST /ngsi-ld/v1/jsonldContexts) and name it by its URL there, or allow contexts.fetch.");
        using var patience = new CancellationTokenSource(Patience, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        try
        {
            return await DownloadAsync(http, uri, either.Token);
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

    private static async Task<Result<ReadOnlyMemory<byte>>> DownloadAsync(HttpClient http, Uri url, CancellationToken cancel, bool followed = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Accept.ParseAdd("application/ld+json, application/json;q=0.9, text/plain;q=0.5");
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (!response.IsSuccessStatusCode)
            return NotAvailable(url.OriginalString, $"it answers {(int)response.StatusCode}");

        // JSON-LD 1.1 API, 9.4.2 step 3: a page for people may name its context in a Link header (schema.org does).
        if (!followed && response.Content.Headers.ContentType?.MediaType == "text/html" && Alternate(response.Headers, url) is { } alternate)
            return await DownloadAsync(http, alternate, cancel, followed: true);
        if (response.Content.Headers.ContentLength > MostBytes)
            return TooLarge(url);
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        var body = new MemoryStream();
        var buffer = new byte[16 << 10];
        for (var got = await stream.ReadAsync(buffer, cancel); got > 0; got = await stream.ReadAsync(buffer, cancel))
        {
            if (body.Length + got > MostBytes)
                return TooLarge(url);
            body.Write(buffer, 0, got);
        }

        ReadOnlyMemory<byte> document = body.ToArray();
        return WhyNoContext(document) is { } why
            ? ContextProblems.BadRequestData.Because($"The document at {url} {why}.", rule: "ETSI GS CIM 009, 5.5.6")
            : document;
    }

    private static string? WhyNoContext(ReadOnlyMemory<byte> document)
    {
        try
        {
            return LdJson.Parse(document.Span) is LdObject members && members.Has("@context") ? null : "has no @context";
        }
        catch (JsonException)
        {
            return "is not JSON";
        }
    }

    private static Uri? Alternate(HttpResponseHeaders headers, Uri url)
    {
        if (!headers.TryGetValues("Link", out var links))
            return null;
        foreach (var link in links.SelectMany(l => l.Split(',')))
        {
            var (open, close) = (link.IndexOf('<', StringComparison.Ordinal), link.IndexOf('>', StringComparison.Ordinal));
            if (open >= 0 && close > open && link.Contains("alternate", StringComparison.OrdinalIgnoreCase) && link.Contains("application/ld+json", StringComparison.OrdinalIgnoreCase)
                && Uri.TryCreate(url, link[(open + 1)..close], out var target) && target.Scheme is "http" or "https")
                return target;
        }

        return null;
    }

    private static Problem TooLarge(Uri url) => NotAvailable(url.OriginalString, $"it is larger than {MostBytes} bytes");

    private static Problem NotAvailable(string url, string why, string? hint = null) => ContextProblems.ContextNotAvailable.Because(
        $"The @context {url} cannot be had: {why}.", hint ?? "Check the URL, or add the context to the hub (POST /ngsi-ld/v1/jsonldContexts) and name it by its URL there.");
}
