using CityHub.Context.JsonLd;
using CityHub.Core.Problems;

namespace CityHub.Context.Query;

/// <summary>Clause 4.17: <c>A,B</c> and <c>A|B</c> any of them, <c>A;B</c> both, parentheses; <c>*</c> every type. A disjunction of conjunctions of IRI ids.</summary>
public sealed class TypeSelection
{
    private const int MostTerms = 100;
    private const int MostDepth = 16;

    private readonly List<int[]> _anyOf;

    private TypeSelection(List<int[]> anyOf, bool all) => (_anyOf, All) = (anyOf, all);

    /// <summary>Every entity is selected.</summary>
    public bool All { get; }

    /// <summary>Types of which a selected entity has at least one; words that no entity uses are not among them.</summary>
    public IReadOnlyCollection<int> Candidates => _anyOf.Select(a => a[0]).ToHashSet();

    /// <summary>The types that it names; null: every type, and none by name.</summary>
    public IReadOnlyCollection<int>? Named => All ? null : _anyOf.SelectMany(a => a).ToHashSet();

    public bool Matches(int[] types)
    {
        if (All)
            return true;
        foreach (var all in _anyOf)
            if (Array.TrueForAll(all, t => Array.IndexOf(types, t) >= 0))
                return true;
        return false;
    }

    public static Result<TypeSelection> Parse(string text, LdContext context)
    {
        if (text == "*")
            return new TypeSelection([], true);
        var parser = new Parser(text, context);
        var anyOf = parser.ReadAny();
        return anyOf is null || !parser.AtEnd
            ? ContextProblems.BadRequestData.Because($"\"{text}\" is no selection of types.", "A,B for any of them, A;B for both.", "ETSI GS CIM 009, 4.17")
            // A conjunction with a word that nothing uses selects nothing.
            : new TypeSelection([.. anyOf.Where(all => !all.Contains(-1))], false);
    }

    private sealed class Parser(string text, LdContext context)
    {
        private int _at;
        private int _terms;
        private int _depth;

        public bool AtEnd => _at == text.Length;

        public List<int[]>? ReadAny()
        {
            var any = new List<int[]>();
            do
            {
                if (ReadAll() is not { } all)
                    return null;
                any.AddRange(all);
            }
            while (Take(',') || Take('|'));
            return any;
        }

        private List<int[]>? ReadAll()
        {
            List<int[]> product = [[]];
            do
            {
                var factor = Take('(') ? ReadInner() : ReadName();
                if (factor is null || product.Count * factor.Count > MostTerms)
                    return null;
                product = [.. product.SelectMany(p => factor.Select(f => (int[])[.. p, .. f]))];
            }
            while (Take(';'));
            return product;
        }

        private List<int[]>? ReadInner()
        {
            if (++_depth > MostDepth)
                return null;
            var inner = ReadAny();
            _depth--;
            return inner is not null && Take(')') ? inner : null;
        }

        private List<int[]>? ReadName()
        {
            var start = _at;
            while (_at < text.Length && text[_at] is not (',' or '|' or ';' or '(' or ')'))
                _at++;
            if (_at == start || ++_terms > MostTerms)
                return null;
            return [[context.TryFindName(text[start.._at], out var iri) ? iri : -1]];
        }

        private bool Peek(char sign) => _at < text.Length && text[_at] == sign;

        private bool Take(char sign)
        {
            if (!Peek(sign))
                return false;
            _at++;
            return true;
        }
    }
}
