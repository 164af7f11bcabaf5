namespace CityHub.Context.JsonLd.Processing;

/// <summary>What names mean at one place of a document (JSON-LD 1.1 API, 4.1). Shares its terms with the context it came from until one of them changes.</summary>
internal sealed class ActiveContext
{
    private Dictionary<string, TermDefinition> _terms;
    private bool _shared;
    private InverseContext? _inverse;

    public ActiveContext(string? baseIri)
    {
        _terms = new Dictionary<string, TermDefinition>(StringComparer.Ordinal);
        (Base, OriginalBase) = (baseIri, baseIri);
    }

    private ActiveContext(ActiveContext other)
    {
        other._shared = _shared = true;
        _terms = other._terms;
        (Base, OriginalBase, Vocab, Language, Direction, Previous) = (other.Base, other.OriginalBase, other.Vocab, other.Language, other.Direction, other.Previous);
    }

    public string? Base { get; set; }

    public string? OriginalBase { get; }

    public string? Vocab { get; set; }

    public string? Language { get; set; }

    public string? Direction { get; set; }

    /// <summary>What holds again below the node that this context was meant for (@propagate: false).</summary>
    public ActiveContext? Previous { get; set; }

    public IReadOnlyDictionary<string, TermDefinition> Terms => _terms;

    public InverseContext Inverse => _inverse ??= new InverseContext(this);

    public ActiveContext Clone() => new(this);

    public TermDefinition? Term(string? name) => name is not null && _terms.TryGetValue(name, out var definition) ? definition : null;

    /// <summary>The definition of the prefix that ends before <paramref name="colon"/>, without making a string of it.</summary>
    public TermDefinition? PrefixOf(string compactIri, int colon) =>
        _terms.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(compactIri.AsSpan(0, colon), out var definition) ? definition : null;

    public void Set(string name, TermDefinition definition)
    {
        Own();
        _terms[name] = definition;
    }

    public void Remove(string name)
    {
        if (!_terms.ContainsKey(name))
            return;
        Own();
        _terms.Remove(name);
    }

    private void Own()
    {
        _inverse = null;
        if (!_shared)
            return;
        _terms = new Dictionary<string, TermDefinition>(_terms, StringComparer.Ordinal);
        _shared = false;
    }
}
