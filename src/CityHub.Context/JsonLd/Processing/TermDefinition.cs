namespace CityHub.Context.JsonLd.Processing;

/// <summary>@container of a term: JSON-LD 1.1 allows some of these together.</summary>
[Flags]
internal enum Containers
{
    None = 0,
    Graph = 1,
    Id = 2,
    Index = 4,
    Language = 8,
    List = 16,
    Set = 32,
    Type = 64,
}

/// <summary>What a term means in a context (JSON-LD 1.1 API, 4.1). <see cref="Iri"/> null: the context took the term out of use.</summary>
internal sealed record TermDefinition
{
    public string? Iri { get; init; }

    /// <summary>May stand before a colon.</summary>
    public bool Prefix { get; init; }

    public bool Protected { get; init; }

    public bool Reverse { get; init; }

    /// <summary>@id, @vocab, @json, @none, a datatype IRI, or null.</summary>
    public string? Type { get; init; }

    public Containers Container { get; init; }

    /// <summary>@language was given; <see cref="Language"/> null says then that values have none.</summary>
    public bool HasLanguage { get; init; }

    public string? Language { get; init; }

    public bool HasDirection { get; init; }

    public string? Direction { get; init; }

    /// <summary>The property that an index map's keys stand for.</summary>
    public string? Index { get; init; }

    public string? Nest { get; init; }

    /// <summary>A context of its own was given (null is one, too).</summary>
    public bool HasContext { get; init; }

    public LdJson? Context { get; init; }

    public string? ContextBase { get; init; }

    public bool Contains(Containers container) => (Container & container) != 0;

    /// <summary>The same but for the protection (5.2.2, step 27).</summary>
    public bool SameAs(TermDefinition other) =>
        this with { Protected = false, Context = null, ContextBase = null } == other with { Protected = false, Context = null, ContextBase = null }
        && LdJson.Same(Context, other.Context);
}
