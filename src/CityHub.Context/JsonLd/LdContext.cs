using System.Collections.Frozen;
using System.Text;
using CityHub.Context.JsonLd.Processing;
using CityHub.Core.Problems;

namespace CityHub.Context.JsonLd;

/// <summary>
/// A compiled JSON-LD context: the user's part first, the NGSI-LD core context last (it wins, clause 4.4). Immutable but for its caches, shared by
/// all requests. A name that was seen before costs one look-up on its UTF-8 bytes and no allocation.
/// </summary>
/// <remarks>
/// The core context brings its own @vocab, so that names that neither part defines belong to the default vocabulary, whatever @vocab the user's part has:
/// this is how any JSON-LD processor reads what the hub sends, for the core stands last there, too.
/// </remarks>
public sealed class LdContext
{
    /// <summary>Names that fall to @vocab are the clients' to invent: past this many the table stops growing, the answers stay right.</summary>
    private const int MostCachedNames = 16_384;

    private const int PageBits = 8;

    private readonly FrozenDictionary<string, TermDefinition> _terms;
    private readonly FrozenDictionary<string, string> _byIri;
    private readonly (string Prefix, string Iri)[] _prefixes;
    private readonly bool _identity;
    private readonly NameTable _names = new();
    private readonly Lock _gate = new();
    private volatile byte[]?[]?[] _compact = [];

    internal LdContext(IReadOnlyDictionary<string, TermDefinition> userTerms, string? url, ReadOnlyMemory<byte> json, bool identity = false)
    {
        (Url, Json, _identity) = (url, json, identity);
        _terms = userTerms.Where(t => !CoreContext.Terms.ContainsKey(t.Key)).ToFrozenDictionary(StringComparer.Ordinal);
        var byIri = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (term, definition) in _terms)
            if (definition is { Iri: { } iri, Reverse: false } && !LdKeywords.Is(iri) && (!byIri.TryGetValue(iri, out var other) || Better(term, definition, other, _terms[other])))
                byIri[iri] = term;
        _byIri = byIri.ToFrozenDictionary(StringComparer.Ordinal);
        _prefixes = [.. _terms.Concat(identity ? [] : CoreContext.Terms).Where(t => t.Value is { Prefix: true, Iri.Length: > 0 })
            .Select(t => (t.Key, t.Value.Iri ?? "")).OrderByDescending(p => p.Item2.Length).ThenBy(p => p.Key.Length).ThenBy(p => p.Key, StringComparer.Ordinal)];
    }

    /// <summary>The core context v1.9 alone.</summary>
    public static LdContext Core { get; } = new(FrozenDictionary<string, TermDefinition>.Empty, CoreContext.Url, Encoding.UTF8.GetBytes($"\"{CoreContext.Url}\""));

    /// <summary>Terms are IRIs already and stay so: the language of facts.</summary>
    public static LdContext Expanded { get; } = new(FrozenDictionary<string, TermDefinition>.Empty, null, "[]"u8.ToArray(), identity: true);

    /// <summary>A URL with which this context can be named in a Link header; null when it has none (then the hub hosts it, clause 5.13.1 ImplicitlyCreated).</summary>
    public string? Url { get; }

    /// <summary>The value for an <c>@context</c> member on output: a JSON string or array, core context included last.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>Compiles the value of an @context member.</summary>
    /// <param name="documents">The context documents behind URLs; null for one that is not at hand.</param>
    /// <param name="url">The one URL that stands for the whole, if there is one.</param>
    public static Result<LdContext> Compile(ReadOnlyMemory<byte> contextJson, Func<string, ReadOnlyMemory<byte>?>? documents = null, string? url = null) =>
        ContextCompiler.Compile(contextJson, documents ?? (static _ => null), url);

    /// <summary>The IRI id of an attribute or type name (term, compact IRI or IRI; @vocab applies).</summary>
    public int Name(ReadOnlySpan<byte> term)
    {
        if (_names.TryGet(term, out var iri))
            return iri;
        var text = Encoding.UTF8.GetString(term);
        iri = Iris.Intern(ExpandVocab(text));
        if (_names.Count < MostCachedNames || _terms.ContainsKey(text))
            _names.Add(term, iri);
        return iri;
    }

    public int Name(string term) => Iris.Intern(ExpandVocab(term));

    /// <summary>As <see cref="Name(string)"/>, but never fills the table: false when nothing in this process uses that IRI.</summary>
    public bool TryFindName(string term, out int iri) => Iris.TryFind(ExpandVocab(term), out iri);

    /// <summary>The shortest name of an IRI in this context.</summary>
    public ReadOnlySpan<byte> CompactName(int iri)
    {
        if (_identity)
            return Iris.Utf8(iri);
        var pages = _compact;
        var page = iri >> PageBits;
        return page < pages.Length && pages[page] is { } known && known[iri & ((1 << PageBits) - 1)] is { } name ? name : Compacted(iri);
    }

    /// <summary>Vocabulary-relative expansion of a value (VocabProperty, type names as text).</summary>
    /// <remarks>
    /// A term that the user's context takes out of use (null) or makes another name of a keyword is no word of the user's: it falls to the default
    /// vocabulary, where JSON-LD would drop it and the client's data with it.
    /// </remarks>
    public string ExpandVocab(string term)
    {
        if (_identity || LdKeywords.Is(term))
            return term;
        if (CoreContext.Terms.TryGetValue(term, out var core) && core.Iri is { } coreIri)
            return coreIri;
        if (_terms.TryGetValue(term, out var definition))
            return definition.Iri is { } iri && !LdKeywords.Is(iri) ? iri : CoreContext.DefaultVocabulary + term;
        var colon = Colon(term);
        return colon > 0 ? ExpandCompact(term, colon) : CoreContext.DefaultVocabulary + term;
    }

    public string CompactVocab(string iri)
    {
        if (_identity)
            return iri;
        if (CoreContext.ByIri.TryGetValue(iri, out var core))
            return core;
        if (_byIri.TryGetValue(iri, out var term))
            return term;
        // Anything shorter must read back as what it stands for.
        if (iri.Length > CoreContext.DefaultVocabulary.Length && iri.StartsWith(CoreContext.DefaultVocabulary, StringComparison.Ordinal))
        {
            var suffix = iri[CoreContext.DefaultVocabulary.Length..];
            if (ExpandVocab(suffix) == iri)
                return suffix;
        }

        foreach (var (prefix, start) in _prefixes)
        {
            if (iri.Length <= start.Length || !iri.StartsWith(start, StringComparison.Ordinal))
                continue;
            var compact = string.Concat(prefix, ":", iri.AsSpan(start.Length));
            if (ExpandVocab(compact) == iri)
                return compact;
        }

        return iri;
    }

    /// <summary>May stand before a colon.</summary>
    public bool IsPrefix(string term) => Definition(term) is { Prefix: true };

    /// <summary>How values of a term are to be read (<c>@id</c>, <c>@vocab</c>, <c>@json</c>, a datatype; @list, @language … containers); null for a name without a definition.</summary>
    internal TermDefinition? Definition(string term) =>
        _identity ? null : CoreContext.Terms.TryGetValue(term, out var core) ? core : _terms.GetValueOrDefault(term);

    /// <summary>Inverse context (JSON-LD 1.1 API, 4.3): a term for nodes and plain values before one that coerces, then the shortest, then the least.</summary>
    private static bool Better(string term, TermDefinition definition, string other, TermDefinition otherDefinition)
    {
        var (plain, otherPlain) = (Plain(definition), Plain(otherDefinition));
        return plain != otherPlain ? plain
            : term.Length != other.Length ? term.Length < other.Length
            : string.CompareOrdinal(term, other) < 0;
    }

    private static bool Plain(TermDefinition definition) =>
        definition is { Type: null or "@id" or "@vocab" or "@none", HasLanguage: false } && (definition.Container & ~Containers.Set) == Containers.None;

    /// <summary>The colon of a compact IRI; not the first character, and not that of an IRI with an authority.</summary>
    private static int Colon(string value)
    {
        var colon = value.Length > 1 ? value.IndexOf(':', 1) : -1;
        return colon;
    }

    private string ExpandCompact(string value, int colon)
    {
        var rest = value.AsSpan(colon + 1);
        if (rest.StartsWith("//"))
            return value;
        var prefix = value.AsSpan(0, colon);
        var definition = CoreContext.Terms.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(prefix, out var core) ? core
            : _terms.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(prefix, out var own) ? own
            : null;
        return definition is { Prefix: true, Iri: { } iri } ? string.Concat(iri, rest) : value;
    }

    private byte[] Compacted(int iri)
    {
        var name = Encoding.UTF8.GetBytes(CompactVocab(Iris.Text(iri)));
        var page = iri >> PageBits;
        lock (_gate)
        {
            var pages = _compact;
            if (page >= pages.Length)
            {
                Array.Resize(ref pages, Math.Max(page + 1, pages.Length * 2));
                _compact = pages;
            }

            (pages[page] ??= new byte[1 << PageBits][])[iri & ((1 << PageBits) - 1)] = name;
        }

        return name;
    }
}
