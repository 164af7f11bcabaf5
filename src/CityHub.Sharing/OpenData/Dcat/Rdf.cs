using System.Buffers;
using CityHub.Sharing.Parties;

namespace CityHub.Sharing.OpenData.Dcat;

internal enum TermKind
{
    Iri,
    Blank,
    Literal,
}

/// <param name="Value">Absolute IRI, label of a blank node, or lexical form.</param>
/// <param name="Datatype">Of a literal; null: a plain text.</param>
/// <param name="Language">Of a literal; null: none.</param>
internal readonly record struct Term(TermKind Kind, string Value, string? Datatype = null, string? Language = null)
{
    private static readonly SearchValues<char> Unfit = SearchValues.Create([.. Enumerable.Range(0, ' ' + 1).Select(i => (char)i), .. "<>\"{}|^`\\"]);

    /// <summary>Characters that an IRI may not have (RFC 3987; Turtle's IRIREF) leave percent-encoded, so that no text can end an IRI early.</summary>
    public static Term Iri(string iri)
    {
        if (!iri.AsSpan().ContainsAny(Unfit))
            return new Term(TermKind.Iri, iri);
        return new Term(TermKind.Iri, string.Concat(iri.Select(c => Unfit.Contains(c) ? Uri.HexEscape(c) : c.ToString())));
    }

    public static Term Text(string text, string? language = null) => new(TermKind.Literal, text, null, language);

    public static Term Typed(string text, string datatype) => new(TermKind.Literal, text, datatype);
}

internal readonly record struct Triple(Term Subject, string Predicate, Term Object);

/// <summary>Statements in the order in which they were made, each once; written as Turtle or JSON-LD.</summary>
internal sealed class Graph
{
    private readonly HashSet<Triple> _known = [];
    private readonly List<Triple> _triples = [];
    private int _blanks;

    public IReadOnlyList<Triple> Triples => _triples;

    public Term Blank() => new(TermKind.Blank, $"b{_blanks++}");

    public Graph Add(Term subject, string predicate, Term value)
    {
        var triple = new Triple(subject, predicate, value);
        if (_known.Add(triple))
            _triples.Add(triple);
        return this;
    }

    public Graph Add(Term subject, string predicate, string iri) => Add(subject, predicate, Term.Iri(iri));

    public Graph Add(Term subject, string predicate, Words words)
    {
        if (words.Zh.Length > 0)
            Add(subject, predicate, Term.Text(words.Zh, "zh"));
        if (words.En.Length > 0)
            Add(subject, predicate, Term.Text(words.En, "en"));
        return this;
    }

    /// <summary>The shapes ask for the class of everything that is pointed to, in the same document.</summary>
    public Term Typed(string iri, string type)
    {
        var term = Term.Iri(iri);
        Add(term, Names.IsA, type);
        return term;
    }
}
