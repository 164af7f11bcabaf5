using System.Collections.Concurrent;
using System.Text;

namespace CityHub.Context.JsonLd;

/// <summary>
/// A compiled JSON-LD context: the user's part first, the NGSI-LD core context last (it wins, clause 5.5.7). Immutable but for its caches, shared by
/// all requests. Names that were seen before cost one dictionary look-up on their UTF-8 bytes and no allocation.
/// </summary>
public sealed class LdContext
{
    /// <summary>Names that fall to @vocab are the client's to invent: past this many the cache stops growing, the answers stay right.</summary>
    private const int MostCachedNames = 16_384;

    private readonly Dictionary<string, TermDefinition> _terms;
    private readonly string _vocabulary;
    private readonly Dictionary<string, string> _byIri;
    private readonly (string Prefix, string Iri)[] _prefixes;
    private readonly bool _identity;
    private readonly ConcurrentDictionary<Utf8Name, int> _names = new(Utf8NameComparer.Instance);
    private volatile byte[]?[] _compact = [];

    internal LdContext(Dictionary<string, TermDefinition> terms, string vocabulary, string? url, ReadOnlyMemory<byte> json, bool identity = false)
    {
        (_terms, _vocabulary, Url, Json, _identity) = (terms, vocabulary, url, json, identity);
        _byIri = new Dictionary<string, string>(StringComparer.Ordinal);
        var prefixes = new List<(string Prefix, string Iri)>();
        foreach (var (term, definition) in terms)
        {
            if (definition.Iri is not { } iri)
                continue;
            // Inverse context (JSON-LD API 6.4.1): the shortest term, then the least.
            if (!_byIri.TryGetValue(iri, out var known) || term.Length < known.Length || (term.Length == known.Length && string.CompareOrdinal(term, known) < 0))
                _byIri[iri] = term;
            if (definition.Prefix)
                prefixes.Add((term, iri));
        }

        prefixes.Sort(static (a, b) => b.Iri.Length != a.Iri.Length ? b.Iri.Length.CompareTo(a.Iri.Length) : string.CompareOrdinal(a.Prefix, b.Prefix));
        _prefixes = [.. prefixes];
    }

    /// <summary>The core context v1.9 alone.</summary>
    public static LdContext Core { get; } = ContextCompiler.CoreOnly();

    /// <summary>Terms are IRIs already and stay so: the language of facts.</summary>
    public static LdContext Expanded { get; } = new([], "", null, "[]"u8.ToArray(), identity: true);

    /// <summary>A URL with which this context can be named in a Link header; null when it has none (then the hub hosts it, clause 5.13.1 ImplicitlyCreated).</summary>
    public string? Url { get; }

    /// <summary>The value for an <c>@context</c> member on output: a JSON string or array, core context included last.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>The IRI id of an attribute or type name (term, compact IRI or IRI; @vocab applies).</summary>
    public int Name(ReadOnlySpan<byte> term)
    {
        var lookup = _names.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(term, out var iri))
            return iri;
        iri = Iris.Intern(ExpandVocab(Encoding.UTF8.GetString(term)));
        if (_names.Count < MostCachedNames)
            _names.TryAdd(new Utf8Name(term.ToArray()), iri);
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
        var cache = _compact;
        if (iri < cache.Length && cache[iri] is { } known)
            return known;
        var name = Encoding.UTF8.GetBytes(CompactVocab(Iris.Text(iri)));
        lock (_names)
        {
            cache = _compact;
            if (iri >= cache.Length)
            {
                var larger = new byte[]?[Math.Max(iri + 64, cache.Length * 2)];
                cache.CopyTo(larger, 0);
                _compact = cache = larger;
            }

            cache[iri] = name;
        }

        return name;
    }

    /// <summary>Vocabulary-relative expansion of a value (VocabProperty, type names as text).</summary>
    public string ExpandVocab(string term)
    {
        if (_identity)
            return term;
        if (_terms.TryGetValue(term, out var definition))
            return definition.Iri ?? _vocabulary + term; // A term set to null is not a word; NGSI-LD has nothing to drop it for, so it falls to @vocab.
        var colon = term.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? _vocabulary + term : ExpandCompact(term, colon);
    }

    public string CompactVocab(string iri)
    {
        if (_identity)
            return iri;
        if (_byIri.TryGetValue(iri, out var term))
            return term;
        if (_vocabulary.Length > 0 && iri.Length > _vocabulary.Length && iri.StartsWith(_vocabulary, StringComparison.Ordinal))
        {
            var suffix = iri[_vocabulary.Length..];
            if (!_terms.ContainsKey(suffix) && !suffix.Contains(':', StringComparison.Ordinal))
                return suffix;
        }

        foreach (var (prefix, start) in _prefixes)
        {
            if (iri.Length <= start.Length || !iri.StartsWith(start, StringComparison.Ordinal))
                continue;
            var compact = string.Concat(prefix, ":", iri.AsSpan(start.Length));
            if (!_terms.ContainsKey(compact))
                return compact;
        }

        return iri;
    }

    /// <summary>Prefix expansion of an identifier-like value (compact IRI → IRI); anything else stays as it is.</summary>
    public string ExpandId(string value)
    {
        var colon = _identity ? -1 : value.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? value : ExpandCompact(value, colon);
    }

    /// <summary>May stand before a colon.</summary>
    public bool IsPrefix(string term) => _terms.TryGetValue(term, out var definition) && definition.Prefix;

    /// <summary>How values of a term are to be read: <c>@id</c>, <c>@vocab</c>, <c>@json</c>, a datatype IRI, or null.</summary>
    internal TermDefinition? Definition(string term) => _terms.GetValueOrDefault(term);

    private string ExpandCompact(string value, int colon)
    {
        var rest = value.AsSpan(colon + 1);
        if (rest.StartsWith("//") || colon == 0)
            return value;
        var prefix = _terms.GetAlternateLookup<ReadOnlySpan<char>>();
        return prefix.TryGetValue(value.AsSpan(0, colon), out var definition) && definition.Iri is { } iri ? string.Concat(iri, rest) : value;
    }
}

/// <summary>What a term means. <see cref="Iri"/> null: the context took the term out of use.</summary>
/// <param name="Prefix">May stand before a colon on compaction (JSON-LD 1.1: the IRI ends in a gen-delim, or @prefix says so).</param>
internal sealed record TermDefinition(string? Iri, string? Type = null, string? Container = null, bool Prefix = false);

/// <summary>A name as UTF-8 bytes, as a dictionary key that spans can look up.</summary>
internal readonly record struct Utf8Name(byte[] Bytes);

internal sealed class Utf8NameComparer : IEqualityComparer<Utf8Name>, IAlternateEqualityComparer<ReadOnlySpan<byte>, Utf8Name>
{
    public static readonly Utf8NameComparer Instance = new();

    public bool Equals(Utf8Name x, Utf8Name y) => x.Bytes.AsSpan().SequenceEqual(y.Bytes);

    public int GetHashCode(Utf8Name name) => GetHashCode(name.Bytes);

    public bool Equals(ReadOnlySpan<byte> span, Utf8Name name) => span.SequenceEqual(name.Bytes);

    public int GetHashCode(ReadOnlySpan<byte> span)
    {
        var hash = default(HashCode);
        hash.AddBytes(span);
        return hash.ToHashCode();
    }

    public Utf8Name Create(ReadOnlySpan<byte> span) => new(span.ToArray());
}
