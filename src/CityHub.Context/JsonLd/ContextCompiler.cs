using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Context.JsonLd;

/// <summary>
/// Context processing (JSON-LD 1.1 API, 5.1 and 5.2) for what NGSI-LD uses: terms, prefixes, @vocab, type coercion and containers.
/// Scoped contexts are read past: NGSI-LD attributes are expanded with one active context (clause 5.5.7).
/// </summary>
internal sealed class ContextCompiler
{
    /// <summary>Contexts that name contexts that name contexts: deeper than this is refused.</summary>
    public const int MostDepth = 16;

    private static readonly string[] Keywords =
        ["@base", "@container", "@context", "@direction", "@graph", "@id", "@import", "@included", "@index", "@json", "@language", "@list", "@nest", "@none",
         "@prefix", "@propagate", "@protected", "@reverse", "@set", "@type", "@value", "@version", "@vocab"];

    private readonly Func<string, ReadOnlyMemory<byte>?> _remote;
    private readonly Dictionary<string, TermDefinition> _terms = new(StringComparer.Ordinal);
    private string _vocabulary = CoreContext.DefaultVocabulary;

    private ContextCompiler(Func<string, ReadOnlyMemory<byte>?> remote) => _remote = remote;

    public static LdContext CoreOnly()
    {
        var compiler = new ContextCompiler(_ => null);
        compiler.ApplyCore();
        return new LdContext(compiler._terms, compiler._vocabulary, CoreContext.Url, Encoding.UTF8.GetBytes($"\"{CoreContext.Url}\""));
    }

    /// <param name="context">The JSON value of an @context member.</param>
    /// <param name="remote">The documents behind URLs, fetched already; null for one that nobody fetched.</param>
    /// <param name="url">The one URL that stands for the whole, if there is one.</param>
    public static Result<LdContext> Compile(ReadOnlyMemory<byte> context, Func<string, ReadOnlyMemory<byte>?> remote, string? url = null)
    {
        try
        {
            using var json = JsonDocument.Parse(context, new JsonDocumentOptions { MaxDepth = 32 });
            var compiler = new ContextCompiler(remote);
            if (compiler.Apply(json.RootElement, 0) is { } problem)
                return problem;
            compiler.ApplyCore();
            return new LdContext(compiler._terms, compiler._vocabulary, url, WithCore(json.RootElement));
        }
        catch (JsonException e)
        {
            return ContextProblems.BadRequestData.Because($"The @context is not JSON: {e.Message}");
        }
    }

    /// <summary>The URLs that a context names directly (not those of the core context, which the hub knows).</summary>
    public static IEnumerable<string> UrlsIn(JsonElement context)
    {
        if (context.ValueKind == JsonValueKind.String)
        {
            if (context.GetString() is { Length: > 0 } url && !CoreContext.IsCoreUrl(url))
                yield return url;
        }
        else if (context.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in context.EnumerateArray())
                foreach (var url in UrlsIn(item))
                    yield return url;
        }
        else if (context.ValueKind == JsonValueKind.Object && context.TryGetProperty("@import"u8, out var import) && import.ValueKind == JsonValueKind.String)
        {
            if (import.GetString() is { Length: > 0 } url && !CoreContext.IsCoreUrl(url))
                yield return url;
        }
    }

    /// <summary>What the client named is what he is told; a context given inline is told with the core context behind it.</summary>
    private static byte[] WithCore(JsonElement context)
    {
        if (context.ValueKind == JsonValueKind.Array && context.GetArrayLength() == 1)
            context = context[0];
        if (context.ValueKind == JsonValueKind.String)
            return Encoding.UTF8.GetBytes(context.GetRawText());
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartArray();
            var endsInCore = false;
            foreach (var item in context.ValueKind == JsonValueKind.Array ? context.EnumerateArray().ToArray() : [context])
            {
                if (item.ValueKind == JsonValueKind.Null)
                    continue;
                endsInCore = item.ValueKind == JsonValueKind.String && CoreContext.IsCoreUrl(item.GetString() ?? "");
                item.WriteTo(json);
            }

            if (!endsInCore)
                json.WriteStringValue(CoreContext.Url);
            json.WriteEndArray();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The core context wins over whatever the user said of its words (clause 5.5.7); only @vocab of the user's stays.</summary>
    private void ApplyCore()
    {
        foreach (var (name, term) in CoreContext.Terms)
            _terms[name] = new TermDefinition(term.Iri, term.Type, term.Container, Prefix: term.Iri[^1] is '/' or '#');
    }

    private Problem? Apply(JsonElement context, int depth)
    {
        if (depth > MostDepth)
            return ContextProblems.BadRequestData.Because($"The @context nests deeper than {MostDepth} contexts.", "A context may name itself: look for a circle.");
        switch (context.ValueKind)
        {
            case JsonValueKind.Null:
                _terms.Clear();
                _vocabulary = CoreContext.DefaultVocabulary;
                return null;
            case JsonValueKind.String:
                return ApplyRemote(context.GetString() ?? "", depth);
            case JsonValueKind.Array:
                foreach (var item in context.EnumerateArray())
                    if (Apply(item, depth + 1) is { } problem)
                        return problem;
                return null;
            case JsonValueKind.Object:
                return ApplyObject(context, depth);
            default:
                return ContextProblems.BadRequestData.Because($"An @context is a URL, an object or an array of these, not {context.ValueKind}.");
        }
    }

    private Problem? ApplyRemote(string url, int depth)
    {
        if (CoreContext.IsCoreUrl(url))
            return null;
        if (_remote(url) is not { } document)
            return ContextProblems.ContextNotAvailable.Because($"The @context {url} cannot be had.", "Check the URL, or add the context to the hub (POST /ngsi-ld/v1/jsonldContexts).");
        using var json = JsonDocument.Parse(document, new JsonDocumentOptions { MaxDepth = 32 });
        if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("@context"u8, out var inner))
            return ContextProblems.BadRequestData.Because($"The document at {url} has no @context.");
        return Apply(inner, depth + 1);
    }

    private Problem? ApplyObject(JsonElement context, int depth)
    {
        if (context.TryGetProperty("@import"u8, out var import) && import.ValueKind == JsonValueKind.String && ApplyRemote(import.GetString() ?? "", depth) is { } failed)
            return failed;
        if (context.TryGetProperty("@vocab"u8, out var vocab))
        {
            if (vocab.ValueKind == JsonValueKind.String)
                _vocabulary = Expand(vocab.GetString() ?? "", context, []);
            else if (vocab.ValueKind != JsonValueKind.Null)
                return ContextProblems.BadRequestData.Because("@vocab of the @context is neither an IRI nor null.");
        }

        var defining = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in context.EnumerateObject())
            if (member.Name.Length > 0 && member.Name[0] != '@' && Define(member.Name, member.Value, context, defining) is { } problem)
                return problem;
        return null;
    }

    private Problem? Define(string term, JsonElement value, JsonElement context, HashSet<string> defining)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Null:
                _terms[term] = new TermDefinition(null);
                return null;
            case JsonValueKind.String:
                return Set(term, value.GetString() ?? "", null, null, null, context, defining);
            case JsonValueKind.Object:
                break;
            default:
                return ContextProblems.BadRequestData.Because($"The term {term} of the @context is neither an IRI nor an object.");
        }

        if (value.TryGetProperty("@context"u8, out _))
            return ContextProblems.BadRequestData.Because($"The term {term} of the @context carries a context of its own; NGSI-LD allows no scoped contexts.", rule: "5.5.7");
        string? type = null, container = null;
        if (value.TryGetProperty("@type"u8, out var typed))
        {
            if (typed.ValueKind != JsonValueKind.String)
                return ContextProblems.BadRequestData.Because($"@type of the term {term} is not text.");
            var text = typed.GetString() ?? "";
            type = text.StartsWith('@') ? text : Expand(text, context, defining);
        }

        if (value.TryGetProperty("@container"u8, out var contained))
            container = contained.ValueKind == JsonValueKind.String ? contained.GetString()
                : contained.ValueKind == JsonValueKind.Array ? contained.EnumerateArray().Select(c => c.GetString()).FirstOrDefault(c => c != "@set") ?? "@set"
                : null;
        bool? prefix = value.TryGetProperty("@prefix"u8, out var asPrefix) && asPrefix.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? asPrefix.ValueKind == JsonValueKind.True
            : null;
        if (!value.TryGetProperty("@id"u8, out var id))
            return Set(term, term, type, container, prefix, context, defining);
        if (id.ValueKind == JsonValueKind.Null)
        {
            _terms[term] = new TermDefinition(null);
            return null;
        }

        if (id.ValueKind != JsonValueKind.String)
            return ContextProblems.BadRequestData.Because($"@id of the term {term} is not text.");
        return Set(term, id.GetString() ?? "", type, container, prefix, context, defining);
    }

    private Problem? Set(string term, string id, string? type, string? container, bool? prefix, JsonElement context, HashSet<string> defining)
    {
        if (!defining.Add(term))
            return ContextProblems.BadRequestData.Because($"The term {term} of the @context is defined by itself.");
        var iri = Keywords.Contains(id) ? id : id == term && id.IndexOf(':', StringComparison.Ordinal) < 0 ? _vocabulary + id : Expand(id, context, defining);
        defining.Remove(term);
        // JSON-LD 1.1, 5.2.2 step 14.2.5: a simple term whose IRI ends in a gen-delim may be a prefix.
        _terms[term] = new TermDefinition(iri, type, container, prefix ?? (iri.Length > 0 && iri[^1] is ':' or '/' or '?' or '#' or '[' or ']' or '@'));
        return null;
    }

    /// <summary>IRI expansion inside a context (5.3.2): a term of the same context may be defined further down.</summary>
    private string Expand(string value, JsonElement context, HashSet<string> defining)
    {
        if (Keywords.Contains(value))
            return value;
        var colon = value.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            DefineFirst(value, context, defining);
            return _terms.TryGetValue(value, out var whole) && whole.Iri is { } known ? known
                : CoreContext.Terms.TryGetValue(value, out var core) ? core.Iri
                : _vocabulary + value;
        }

        if (colon == 0 || value.AsSpan(colon + 1).StartsWith("//"))
            return value;
        var prefix = value[..colon];
        DefineFirst(prefix, context, defining);
        return _terms.TryGetValue(prefix, out var definition) && definition.Iri is { } iri ? iri + value[(colon + 1)..]
            : CoreContext.Terms.TryGetValue(prefix, out var coreTerm) ? coreTerm.Iri + value[(colon + 1)..]
            : value;
    }

    private void DefineFirst(string term, JsonElement context, HashSet<string> defining)
    {
        if (!defining.Contains(term) && context.TryGetProperty(term, out var value) && !(_terms.TryGetValue(term, out _) && value.ValueKind == JsonValueKind.Null))
            Define(term, value, context, defining);
    }
}
