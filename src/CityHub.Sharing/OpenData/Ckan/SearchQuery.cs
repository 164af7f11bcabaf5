using System.Text;
using CityHub.Core.Problems;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>What a search looks for.</summary>
internal abstract record SearchQuery
{
    public sealed record All : SearchQuery;

    public sealed record And(IReadOnlyList<SearchQuery> Of) : SearchQuery;

    public sealed record Or(IReadOnlyList<SearchQuery> Of) : SearchQuery;

    public sealed record Not(SearchQuery Of) : SearchQuery;

    /// <param name="Field">Null: anywhere in the text.</param>
    public sealed record Match(string? Field, string Value, bool Prefix) : SearchQuery;

    /// <param name="Low">Null: open.</param>
    public sealed record Range(string Field, string? Low, bool LowIn, string? High, bool HighIn) : SearchQuery;
}

/// <summary>Reads the part of Solr's language that CKAN's clients use; what is beyond it is refused, never guessed.</summary>
internal sealed class SearchParser
{
    private const int MostLength = 4096;
    private const int MostDepth = 32;
    private const string Ends = " \t\r\n()[]{}\":";

    private readonly string _text;
    private int _at;
    private int _depth;
    private Problem? _problem;

    private SearchParser(string text) => _text = text;

    public static Result<SearchQuery> Read(string text)
    {
        if (text.Length > MostLength)
            return CkanProblems.SearchNotSupported.Because($"The search has {text.Length} characters; {MostLength} are read.", CkanProblems.Subset);
        var parser = new SearchParser(text);
        parser.Space();
        if (parser._at == text.Length)
            return new SearchQuery.All();
        var query = parser.Or(null);
        if (query is not null && parser._at < text.Length)
            query = parser.No($"the sign {text[parser._at]}");
        return query is null ? parser._problem ?? CkanProblems.SearchNotSupported.Because("The search cannot be read.", CkanProblems.Subset) : query;
    }

    private SearchQuery? Or(string? field)
    {
        if (++_depth > MostDepth)
            return No("more brackets in each other than are read");
        List<SearchQuery> parts = [];
        do
        {
            if (And(field) is not { } part)
                return null;
            parts.Add(part);
        }
        while (Take("OR") || Take("||"));
        _depth--;
        return parts.Count == 1 ? parts[0] : new SearchQuery.Or(parts);
    }

    private SearchQuery? And(string? field)
    {
        List<SearchQuery> parts = [];
        while (true)
        {
            if (Unary(field) is not { } part)
                return null;
            parts.Add(part);
            if (Take("AND") || Take("&&"))
                continue;
            if (_at == _text.Length || _text[_at] == ')' || Sees("OR") || Sees("||"))
                return parts.Count == 1 ? parts[0] : new SearchQuery.And(parts);
        }
    }

    private SearchQuery? Unary(string? field)
    {
        if (Take("NOT") || TakeSign('-') || TakeSign('!'))
        {
            if (++_depth > MostDepth)
                return No("more NOTs than are read");
            var of = Unary(field);
            _depth--;
            return of is null ? null : new SearchQuery.Not(of);
        }

        TakeSign('+');
        if (TakeSign('('))
        {
            if (Or(field) is not { } inner)
                return null;
            return TakeSign(')') ? inner : No("a bracket that is not closed");
        }

        return Term(field);
    }

    private SearchQuery? Term(string? field)
    {
        if (_at == _text.Length)
            return No("the end, where a word is expected");
        if (field is not null && _text[_at] is '[' or '{')
            return Range(field ?? "");
        if (_text[_at] == '"')
        {
            if (Phrase() is not { } phrase)
                return No("a quotation that does not end");
            return AfterValue(new SearchQuery.Match(field, phrase, false));
        }

        if (Word() is not { } word)
            return null;
        if (field is null && _at < _text.Length && _text[_at] == ':')
        {
            _at++;
            if (word.Text == "*")
                return TakeSign('*') ? new SearchQuery.All() : No("a field that is called *");
            if (!PackageDocument.Fields.Contains(word.Text))
                return No($"the field {word.Text}; there are {string.Join(", ", PackageDocument.Fields)}");
            if (_at == _text.Length || char.IsWhiteSpace(_text[_at]))
                return No("a field without a value");
            if (TakeSign('('))
            {
                if (Or(word.Text) is not { } group)
                    return null;
                return TakeSign(')') ? group : No("a bracket that is not closed");
            }

            return Term(word.Text);
        }

        if (word.Prefix && word.Text.Length == 0 && field is null)
            return AfterValue(new SearchQuery.All());
        return AfterValue(new SearchQuery.Match(field, word.Text, word.Prefix));
    }

    private SearchQuery? AfterValue(SearchQuery query)
    {
        if (_at < _text.Length && _text[_at] is '~' or '^' or ':')
            return No($"the sign {_text[_at]} behind a value (fuzzy, near and boosted searches are not answered)");
        Space();
        return query;
    }

    private SearchQuery? Range(string field)
    {
        var lowIn = _text[_at++] == '[';
        Space();
        if (Bound() is not { } low)
            return null;
        if (!Take("TO"))
            return No("a range without TO");
        if (Bound() is not { } high)
            return null;
        if (_at == _text.Length || _text[_at] is not (']' or '}'))
            return No("a range that is not closed");
        var highIn = _text[_at++] == ']';
        return AfterValue(new SearchQuery.Range(field, low == "*" ? null : low, lowIn, high == "*" ? null : high, highIn));
    }

    private string? Bound()
    {
        string? bound;
        if (_at < _text.Length && _text[_at] == '"')
        {
            bound = Phrase();
        }
        else
        {
            var start = _at;
            while (_at < _text.Length && !char.IsWhiteSpace(_text[_at]) && _text[_at] is not (']' or '}' or '[' or '{' or '"' or '(' or ')'))
                _at++;
            bound = _at == start ? null : _text[start.._at];
        }

        Space();
        if (bound is null)
            No("a range without an end");
        else if (bound.StartsWith("NOW", StringComparison.Ordinal))
            No("date arithmetic");
        return _problem is null ? bound : null;
    }

    private string? Phrase()
    {
        var phrase = new StringBuilder();
        for (_at++; _at < _text.Length; _at++)
        {
            if (_text[_at] == '"')
            {
                _at++;
                return phrase.ToString();
            }

            if (_text[_at] == '\\' && _at + 1 < _text.Length)
                _at++;
            phrase.Append(_text[_at]);
        }

        return null;
    }

    private (string Text, bool Prefix)? Word()
    {
        var word = new StringBuilder();
        for (; _at < _text.Length && !Ends.Contains(_text[_at], StringComparison.Ordinal); _at++)
        {
            var c = _text[_at];
            if (c == '\\' && _at + 1 < _text.Length)
            {
                word.Append(_text[++_at]);
                continue;
            }

            if (c == '*' && (_at + 1 == _text.Length || Ends.Contains(_text[_at + 1], StringComparison.Ordinal)))
            {
                _at++;
                return word.Length == 0 && _at < _text.Length && _text[_at] == ':' ? ("*", false) : (word.ToString(), true);
            }

            if (c is '*' or '?' or '~' or '^' or '/')
            {
                No($"the sign {c} within a word");
                return null;
            }

            word.Append(c);
        }

        if (word.Length > 0)
            return (word.ToString(), false);
        No(_at < _text.Length ? $"the sign {_text[_at]}" : "the end, where a word is expected");
        return null;
    }

    private bool Sees(string word) => string.CompareOrdinal(_text, _at, word, 0, word.Length) == 0
        && (!char.IsLetter(word[0]) || _at + word.Length == _text.Length || char.IsWhiteSpace(_text[_at + word.Length]) || _text[_at + word.Length] == '(');

    private bool Take(string word)
    {
        Space();
        if (!Sees(word))
            return false;
        _at += word.Length;
        Space();
        return true;
    }

    private bool TakeSign(char sign)
    {
        Space();
        if (_at == _text.Length || _text[_at] != sign)
            return false;
        _at++;
        Space();
        return true;
    }

    private void Space()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
            _at++;
    }

    private SearchQuery? No(string what)
    {
        _problem ??= CkanProblems.SearchNotSupported.Because($"At position {Math.Min(_at, _text.Length) + 1} there is {what}.", CkanProblems.Subset);
        return null;
    }
}
