namespace CityHub.Context.JsonLd.Processing;

/// <summary>Which edition of JSON-LD a document is read by.</summary>
internal enum LdMode
{
    V10,
    V11,
}

/// <summary>
/// Context processing (JSON-LD 1.1 API, 5.1): a local context over an active one. Steps carry the numbers of the Recommendation.
/// One processor serves one document: it remembers the remote contexts it has read and how much work it has done.
/// </summary>
/// <param name="load">The document at a URL, parsed; null when it cannot be had.</param>
internal sealed partial class ContextProcessor(Func<string, LdJson?> load, LdMode mode = LdMode.V11)
{
    /// <summary>Contexts that name contexts that name contexts: deeper than this is refused.</summary>
    public const int MostRemoteDepth = 16;

    /// <summary>Terms defined for one document, over and over in scoped contexts included: a small context can otherwise name itself into hours of work.</summary>
    public const int MostDefinitions = 200_000;

    private readonly Dictionary<string, LdJson?> _loaded = new(StringComparer.Ordinal);
    private int _definitions;
    private int _contexts;

    public LdMode Mode => mode;

    /// <summary>NGSI-LD allows no scoped contexts in what users send (clause 5.5.7).</summary>
    public bool RefuseScoped { get; init; }

    /// <summary>
    /// A term such as <c>open311:metadata</c> may be given another IRI than the one it reads like, as JSON-LD 1.0 allowed: published contexts of Smart Data
    /// Models do it.
    /// </summary>
    public bool AllowMisleadingTerms { get; init; }

    /// <summary>URLs that stand for nothing here: the core contexts, wherever they are named, for the core is applied last and once.</summary>
    public Func<string, bool> Skip { get; init; } = static _ => false;

    /// <summary>What a null context goes back to; the empty context where it is not given.</summary>
    public Func<ActiveContext>? Initial { get; init; }

    /// <param name="baseUrl">Where the local context was found: remote contexts are relative to it.</param>
    public ActiveContext Process(ActiveContext active, LdJson? local, string? baseUrl) => Process(active, local, baseUrl, []);

    /// <summary>A property-scoped context may say again what is protected.</summary>
    public ActiveContext ProcessScoped(ActiveContext active, TermDefinition term, bool overrideProtected = false, bool propagate = true) =>
        Process(active, term.Context, term.ContextBase, [], overrideProtected, propagate);

    internal ActiveContext Process(
        ActiveContext active, LdJson? local, string? baseUrl, IReadOnlyList<string> remote, bool overrideProtected = false, bool propagate = true, bool validateScoped = true)
    {
        // 1–3
        var result = active.Clone();
        if (local is LdObject { } whole && whole.TryGet("@propagate", out var given) && given is LdBool flag)
            propagate = flag.Value;
        if (!propagate && result.Previous is null)
            result.Previous = active;

        // 4, 5
        foreach (var item in Flat(local, 0))
        {
            if (++_contexts > MostDefinitions)
                throw Overflow();
            result = item switch
            {
                null => Nullify(result, overrideProtected, propagate),
                LdText url => Remote(result, url.Value, baseUrl, remote, validateScoped),
                LdObject context => Apply(result, context, baseUrl, remote, overrideProtected, validateScoped),
                _ => throw new LdError(LdError.InvalidLocalContext, "An @context is a URL, an object, null, or an array of these."),
            };
        }

        return result;
    }

    /// <summary>Arrays in arrays are no JSON-LD, but NGSI-LD clients send them (a context document that is an array, in an array): read as one.</summary>
    private static IEnumerable<LdJson?> Flat(LdJson? local, int depth)
    {
        if (local is not LdArray items)
        {
            yield return local;
            yield break;
        }

        if (depth > MostRemoteDepth)
            throw Overflow();
        foreach (var item in items)
            foreach (var inner in Flat(item, depth + 1))
                yield return inner;
    }

    /// <summary>5.1</summary>
    private ActiveContext Nullify(ActiveContext result, bool overrideProtected, bool propagate)
    {
        if (!overrideProtected)
            foreach (var (name, term) in result.Terms)
                if (term.Protected)
                    throw new LdError(LdError.InvalidContextNullification, $"A null context would forget the protected term {name}.");
        var initial = Initial?.Invoke() ?? new ActiveContext(result.OriginalBase);
        initial.Previous = propagate ? null : result;
        return initial;
    }

    /// <summary>5.2</summary>
    private ActiveContext Remote(ActiveContext result, string reference, string? baseUrl, IReadOnlyList<string> remote, bool validateScoped)
    {
        var url = LdIri.Resolve(baseUrl, reference);
        if (Skip(url))
            return result;
        if (!LdIri.IsAbsolute(url))
            throw new LdError(LdError.LoadingDocumentFailed, $"\"{reference}\" is no absolute URL of a context.");
        if (!validateScoped && remote.Contains(url))
            return result;
        if (mode == LdMode.V10 && remote.Contains(url))
            throw new LdError(LdError.RecursiveContextInclusion, $"The context {url} includes itself.");
        if (remote.Count >= MostRemoteDepth)
            throw Overflow();
        var context = Load(url) is LdObject document && document.TryGet("@context", out var inner)
            ? inner
            : throw new LdError(LdError.InvalidRemoteContext, $"The document at {url} has no @context.");
        return Process(result, context, url, [.. remote, url], validateScoped: validateScoped);
    }

    private LdJson? Load(string url)
    {
        if (_loaded.TryGetValue(url, out var known))
            return known;
        return _loaded[url] = load(url) ?? throw new LdError(LdError.LoadingRemoteContextFailed, $"The context {url} cannot be had.");
    }

    /// <summary>5.3–5.13</summary>
    private ActiveContext Apply(ActiveContext result, LdObject context, string? baseUrl, IReadOnlyList<string> remote, bool overrideProtected, bool validateScoped)
    {
        result = result.Clone();

        // 5.5
        if (context.TryGet("@version", out var version))
        {
            if (version is not LdNumber { Raw: "1.1" })
                throw new LdError(LdError.InvalidVersionValue, "@version of the context is not 1.1.");
            if (mode == LdMode.V10)
                throw new LdError(LdError.ProcessingModeConflict, "The context says @version 1.1, the reader 1.0.");
        }

        // 5.6
        if (context.TryGet("@import", out var import))
            context = Import(context, import, baseUrl);

        // 5.7
        if (remote.Count == 0 && context.TryGet("@base", out var baseValue))
            result.Base = baseValue switch
            {
                null => null,
                LdText text when LdIri.IsAbsolute(text.Value) => text.Value,
                LdText text when result.Base is not null => LdIri.Resolve(result.Base, text.Value),
                _ => throw new LdError(LdError.InvalidBaseIri, "@base of the context is neither an IRI nor null."),
            };

        // 5.8
        if (context.TryGet("@vocab", out var vocab))
            result.Vocab = vocab switch
            {
                null => null,
                LdText text when mode == LdMode.V11 || LdIri.IsAbsolute(text.Value) || LdIri.IsBlankNode(text.Value) => Vocabulary(result, text.Value),
                _ => throw new LdError(LdError.InvalidVocabMapping, "@vocab of the context is neither an IRI nor null."),
            };

        // 5.9
        if (context.TryGet("@language", out var language))
            result.Language = language switch
            {
                null => null,
                LdText text => text.Value,
                _ => throw new LdError(LdError.InvalidDefaultLanguage, "@language of the context is neither text nor null."),
            };

        // 5.10
        if (context.TryGet("@direction", out var direction))
            result.Direction = mode == LdMode.V10
                ? throw new LdError(LdError.InvalidContextEntry, "@direction needs JSON-LD 1.1.")
                : DirectionOf(direction);

        // 5.11
        if (context.TryGet("@propagate", out var propagate))
        {
            if (mode == LdMode.V10)
                throw new LdError(LdError.InvalidContextEntry, "@propagate needs JSON-LD 1.1.");
            if (propagate is not LdBool)
                throw new LdError(LdError.InvalidPropagateValue, "@propagate is neither true nor false.");
        }

        // 5.12, 5.13
        if (context.TryGet("@protected", out var protects) && protects is not LdBool)
            throw new LdError(LdError.InvalidProtectedValue, "@protected is neither true nor false.");
        var defining = new Definitions(result, context, baseUrl, protects is LdBool { Value: true }, overrideProtected, remote, validateScoped);
        foreach (var name in context.Names)
            if (name is not ("@base" or "@direction" or "@import" or "@language" or "@propagate" or "@protected" or "@version" or "@vocab"))
                Define(defining, name);
        return result;
    }

    /// <summary>5.6: the imported context, with what stands here over it.</summary>
    private LdObject Import(LdObject context, LdJson? import, string? baseUrl)
    {
        if (mode == LdMode.V10)
            throw new LdError(LdError.InvalidContextEntry, "@import needs JSON-LD 1.1.");
        if (import is not LdText reference)
            throw new LdError(LdError.InvalidImportValue, "@import of the context is not text.");
        var url = LdIri.Resolve(baseUrl, reference.Value);
        if (Skip(url))
            return context;
        if (!LdIri.IsAbsolute(url))
            throw new LdError(LdError.LoadingDocumentFailed, $"\"{reference.Value}\" is no absolute URL of a context.");
        if (Load(url) is not LdObject document || document["@context"] is not LdObject imported)
            throw new LdError(LdError.InvalidRemoteContext, $"The document at {url} has no @context that is an object, which @import asks for.");
        if (imported.Has("@import"))
            throw new LdError(LdError.InvalidContextEntry, $"The context {url} is imported and imports itself another one.");
        var merged = new LdObject(imported);
        foreach (var (name, value) in context)
            merged[name] = value;
        return merged;
    }

    private string? Vocabulary(ActiveContext result, string value) => value.Length == 0 && mode == LdMode.V10
        ? throw new LdError(LdError.InvalidVocabMapping, "@vocab of the context is empty.")
        : ExpandIri(result, value, vocab: true, documentRelative: true);

    private static string? DirectionOf(LdJson? value) => value switch
    {
        null => null,
        LdText { Value: "ltr" or "rtl" } text => text.Value,
        _ => throw new LdError(LdError.InvalidBaseDirection, "@direction is \"ltr\", \"rtl\" or null."),
    };

    private static LdError Overflow() => new(LdError.ContextOverflow, $"The context asks for too much: it nests deeper than {MostRemoteDepth} contexts or defines more than {MostDefinitions} terms.");

    /// <summary>The local context whose terms are being defined, and how far that has come (true: done; false: begun).</summary>
    internal sealed record Definitions(
        ActiveContext Active, LdObject Local, string? BaseUrl, bool Protected, bool OverrideProtected, IReadOnlyList<string> Remote, bool ValidateScoped)
    {
        public Dictionary<string, bool> Defined { get; } = new(StringComparer.Ordinal);
    }
}
