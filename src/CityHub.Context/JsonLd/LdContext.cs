namespace CityHub.Context.JsonLd;

/// <summary>
/// A compiled JSON-LD context: the user's part first, the NGSI-LD core context last (it wins, clause 5.5.7). Immutable, shared by all requests.
/// Lookups on UTF-8 names do not allocate once a name has been seen.
/// </summary>
public sealed class LdContext
{
    /// <summary>The core context v1.9 alone.</summary>
    public static LdContext Core { get; } = new();

    /// <summary>Terms are IRIs already and stay so: the language of facts.</summary>
    public static LdContext Expanded { get; } = new();

    /// <summary>A URL with which this context can be named in a Link header; null when it has none (then the hub hosts it, clause 5.13.1 ImplicitlyCreated).</summary>
    public string? Url => throw new NotSupportedException();

    /// <summary>The value for an <c>@context</c> member on output: a JSON string or array, core context included last.</summary>
    public ReadOnlyMemory<byte> Json => throw new NotSupportedException();

    /// <summary>The IRI id of an attribute or type name (term, compact IRI or IRI; @vocab applies).</summary>
    public int Name(ReadOnlySpan<byte> term) => throw new NotSupportedException();

    public int Name(string term) => throw new NotSupportedException();

    /// <summary>As <see cref="Name(string)"/>, but never fills the table: false when nothing in this process uses that IRI.</summary>
    public bool TryFindName(string term, out int iri) => throw new NotSupportedException();

    /// <summary>The shortest name of an IRI in this context.</summary>
    public ReadOnlySpan<byte> CompactName(int iri) => throw new NotSupportedException();

    /// <summary>Vocabulary-relative expansion of a value (VocabProperty, type names as text).</summary>
    public string ExpandVocab(string term) => throw new NotSupportedException();

    public string CompactVocab(string iri) => throw new NotSupportedException();

    /// <summary>Prefix expansion of an identifier-like value (compact IRI → IRI); anything else stays as it is.</summary>
    public string ExpandId(string value) => throw new NotSupportedException();
}
