using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CityHub.Context.Entities;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;

namespace CityHub.Context.Query;

/// <summary>
/// The q language of clause 4.9: <c>;</c> and, <c>|</c> or (and binds closer), parentheses, <c>attr</c>, <c>!attr</c>, comparisons with numbers, quoted texts, dates,
/// URIs, booleans, lists <c>a,b</c>, ranges <c>a..b</c>, patterns; paths <c>a.b</c>, <c>a[b.c]</c>, <c>rel{a}</c>.
/// </summary>
public sealed class QParser
{
    public const int MostLength = 8_192;
    public const int MostTerms = 256;
    public const int MostDepth = 32;

    private static readonly HashSet<string> Members = ["observedAt", "createdAt", "modifiedAt", "expiresAt", "unitCode", "datasetId"];

    private static readonly (string Sign, QOperator Operator)[] Operators =
    [
        ("==", QOperator.Equal), ("!=", QOperator.Unequal), ("!~=", QOperator.NotMatches), ("~=", QOperator.Matches),
        ("<=", QOperator.LessOrEqual), (">=", QOperator.GreaterOrEqual), ("<", QOperator.Less), (">", QOperator.Greater),
    ];

    private readonly string _text;
    private readonly LdContext _context;
    private readonly IReadOnlySet<string> _expandValues;
    private int _at;
    private int _terms;
    private Problem? _problem;

    private QParser(string text, LdContext context, IReadOnlySet<string> expandValues) => (_text, _context, _expandValues) = (text, context, expandValues);

    /// <param name="expandValues">Attributes whose compared values are words to be expanded (4.9, VocabProperty).</param>
    public static Result<QExpression> Parse(string text, LdContext context, IReadOnlySet<string>? expandValues = null)
    {
        if (text.Length > MostLength)
            return ContextProblems.TooComplexQuery.Because($"q has {text.Length} characters; {MostLength} are allowed.");
        if (!Names.IsUnicode(text))
            return ContextProblems.BadRequestData.Because("q has half of a surrogate pair in it, which is no character.", rule: "ETSI GS CIM 009, 4.9");
        var parser = new QParser(text, context, expandValues ?? new HashSet<string>());
        var expression = parser.ReadOr(0);
        if (expression is not null && parser._at < text.Length)
            parser.Fail("something is left over");
        return parser._problem is { } problem ? problem : expression ?? (Result<QExpression>)ContextProblems.BadRequestData.Because("q is empty.");
    }

    private QExpression? ReadOr(int depth)
    {
        if (depth > MostDepth)
            return Fail($"parentheses nest deeper than {MostDepth}");
        var terms = new List<QExpression>();
        do
        {
            if (ReadAnd(depth) is not { } term)
                return null;
            terms.Add(term);
        }
        while (Take('|'));
        return terms.Count == 1 ? terms[0] : new QOr(terms);
    }

    private QExpression? ReadAnd(int depth)
    {
        var terms = new List<QExpression>();
        do
        {
            if ((Take('(') ? ReadInner(depth) : ReadTerm()) is not { } term)
                return null;
            terms.Add(term);
        }
        while (Take(';'));
        return terms.Count == 1 ? terms[0] : new QAnd(terms);
    }

    private QExpression? ReadInner(int depth)
    {
        var inner = ReadOr(depth + 1);
        return inner is not null && !Take(')') ? Fail("a parenthesis is not closed") : inner;
    }

    private QExpression? ReadTerm()
    {
        if (++_terms > MostTerms)
        {
            _problem ??= ContextProblems.TooComplexQuery.Because($"q has more than {MostTerms} terms.");
            return null;
        }

        var negated = Take('!');
        if (ReadPath(out var first) is not { } path)
            return null;
        if (ReadOperator() is not { } op)
        {
            var exists = new QTerm(path, QOperator.Exists, [], null, null);
            return negated ? new QNot(exists) : exists;
        }

        if (negated)
            return Fail("! goes with an attribute alone");
        if (op is QOperator.Matches or QOperator.NotMatches)
            return ReadPattern(path, op);
        return ReadComparison(path, op, _expandValues.Contains(first));
    }

    private QExpression? ReadComparison(QPath path, QOperator op, bool expand)
    {
        if (ReadValue(expand) is not { } value)
            return null;
        var equality = op is QOperator.Equal or QOperator.Unequal;
        if (Ahead(".."))
        {
            _at += 2;
            if (!equality)
                return Fail("a range goes with == or !=");
            return ReadValue(expand) is { } to ? new QTerm(path, op, [], (value, to), null) : null;
        }

        var values = new List<QValue> { value };
        while (Take(','))
        {
            if (!equality)
                return Fail("a list goes with == or !=");
            if (ReadValue(expand) is not { } next)
                return null;
            values.Add(next);
        }

        return new QTerm(path, op, values, null, null);
    }

    private QExpression? ReadPattern(QPath path, QOperator op)
    {
        var text = _at < _text.Length && _text[_at] == '"' ? ReadQuoted() : ReadUntil(";|)");
        if (text is null)
            return null;
        try
        {
            // NonBacktracking: linear in the value, so that no pattern can hold a query up.
            return new QTerm(path, op, [], null, new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant));
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return Fail($"the pattern cannot be used ({e.Message})");
        }
    }

    private QOperator? ReadOperator()
    {
        foreach (var (sign, op) in Operators)
        {
            if (!Ahead(sign))
                continue;
            _at += sign.Length;
            return op;
        }

        return null;
    }

    private QPath? ReadPath(out string first)
    {
        first = ReadName() ?? "";
        if (first.Length == 0)
        {
            Fail("an attribute's name is missing");
            return null;
        }

        int? name = _context.TryFindName(first, out var iri) ? iri : null;
        if (first is "createdAt" or "modifiedAt" or "expiresAt" or "deletedAt" && !Ahead("."))
            return new QPath(null, [], [], null, System: first);
        var steps = new List<QStep>();
        while (Ahead(".") && !Ahead(".."))
        {
            _at++;
            if (ReadName() is not { } step)
            {
                Fail("a name is missing after the dot");
                return null;
            }

            steps.Add(new QStep(_context.TryFindName(step, out var sub) ? sub : null, Members.Contains(step) ? step : null));
        }

        var inside = new List<(string Raw, string Iri)>();
        if (Take('['))
        {
            var text = ReadUntil("]");
            if (!Take(']') || text.Length == 0)
            {
                Fail("a bracket is not closed");
                return null;
            }

            foreach (var key in text.Split('.'))
                inside.Add((key.Trim('"'), _context.ExpandVocab(key.Trim('"'))));
        }

        if (!Take('{'))
            return new QPath(name, steps, inside, null);
        var types = ReadTypeHint();
        if (ReadPath(out _) is not { } linked)
            return null;
        if (Take('}'))
            return new QPath(name, steps, inside, linked, types);
        Fail("a brace is not closed");
        return null;
    }

    /// <summary>rel{Type,Other:attr}: the types before the colon. A compact IRI has a prefix there that the context knows; that is no type.</summary>
    private List<int>? ReadTypeHint()
    {
        var end = _text.AsSpan(_at).IndexOfAny(':', '}', '{');
        if (end <= 0 || _text[_at + end] != ':' || _text.AsSpan(_at + end + 1).StartsWith("//"))
            return null;
        var words = _text.Substring(_at, end);
        if (!words.Contains(',', StringComparison.Ordinal) && _context.IsPrefix(words))
            return null;
        _at += end + 1;
        return [.. words.Split(',').Select(w => _context.TryFindName(w.Trim(), out var iri) ? iri : -1)];
    }

    private string? ReadName()
    {
        var start = _at;
        var iri = Ahead("http://") || Ahead("https://") || Ahead("urn:");
        while (_at < _text.Length)
        {
            var c = _text[_at];
            if (!char.IsLetterOrDigit(c) && c is not ('_' or ':' or '-' or '@') && !char.IsSurrogate(c) && !(iri && c is '.' or '/' or '#' or '%'))
                break;
            _at++;
        }

        return _at == start ? null : _text[start.._at];
    }

    private QValue? ReadValue(bool expand)
    {
        if (_at < _text.Length && _text[_at] == '"')
            return ReadQuoted() is { } quoted ? Text(quoted, expand) : null;
        var text = ReadBare();
        if (text.Length == 0)
        {
            Fail("a value is missing");
            return null;
        }

        if (text is "true" or "false")
            return new QBoolean(text == "true");
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            return new QNumber(number);
        return Text(text, expand);
    }

    private QText Text(string text, bool expand) => new(expand ? _context.ExpandVocab(text) : text, QTimes.TryParse(text, out var ticks) ? ticks : null);

    /// <summary>Up to the next sign of the language; a single dot belongs to the value, two are a range.</summary>
    private string ReadBare()
    {
        var start = _at;
        while (_at < _text.Length && _text[_at] is not (';' or '|' or ')' or '(' or ',') && !Ahead(".."))
            _at++;
        return _text[start.._at];
    }

    private string? ReadQuoted()
    {
        var text = new StringBuilder();
        for (_at++; _at < _text.Length; _at++)
        {
            if (_text[_at] == '\\' && _at + 1 < _text.Length && _text[_at + 1] is '"' or '\\')
            {
                text.Append(_text[++_at]);
            }
            else if (_text[_at] == '"')
            {
                _at++;
                return text.ToString();
            }
            else
            {
                text.Append(_text[_at]);
            }
        }

        Fail("a quotation mark is not closed");
        return null;
    }

    private string ReadUntil(string ends)
    {
        var end = _text.AsSpan(_at).IndexOfAny(ends);
        var text = end < 0 ? _text[_at..] : _text.Substring(_at, end);
        _at += text.Length;
        return text;
    }

    private bool Take(char sign)
    {
        if (_at >= _text.Length || _text[_at] != sign || (sign == '!' && (Ahead("!=") || Ahead("!~="))))
            return false;
        _at++;
        return true;
    }

    private bool Ahead(string sign) => _text.AsSpan(_at).StartsWith(sign, StringComparison.Ordinal);

    private QExpression? Fail(string what)
    {
        _problem ??= ContextProblems.BadRequestData.Because($"q cannot be read: {what} at character {_at + 1} of \"{_text}\".", rule: "ETSI GS CIM 009, 4.9");
        return null;
    }
}
