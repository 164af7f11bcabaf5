using System.Globalization;
using CityHub.Core.Problems;

namespace CityHub.Standards.Calibres;

/// <summary>
/// Reads formulas and conditions: <c>sum(amount where kind = 'a') / count()</c>. Figures are count, distinct, sum, mean, min, max; <c>ratio(a, b)</c> is a / b;
/// conditions have = != &lt; &lt;= &gt; &gt;=, in (…), is null, and, or, not.
/// </summary>
internal sealed class FormulaReader
{
    private const int MostLength = 2000;
    private const int MostNesting = 32;

    private static readonly string[] Figures = ["count", "distinct", "sum", "mean", "min", "max"];
    private static readonly string[] Words = ["where", "and", "or", "not", "in", "is", "null", "true", "false", "ratio", .. Figures];

    private readonly List<(char Kind, string Text)> _tokens;
    private int _at;
    private int _depth;

    private FormulaReader(List<(char Kind, string Text)> tokens) => _tokens = tokens;

    private (char Kind, string Text) Here => _at < _tokens.Count ? _tokens[_at] : ('e', "the end");

    public static bool IsWord(string text) => Words.Contains(text, StringComparer.OrdinalIgnoreCase);

    public static Result<Formula> Formula(string text) => Read(text, reader => reader.Sum());

    public static Result<Condition> Condition(string text) => Read(text, reader => reader.Any());

    private static Result<T> Read<T>(string text, Func<FormulaReader, T> read)
        where T : class
    {
        try
        {
            if (text.Length > MostLength)
                throw new NotAFormulaException($"it is longer than {MostLength} characters");
            var reader = new FormulaReader(Tokens(text));
            var result = read(reader);
            return reader._at == reader._tokens.Count ? result : throw new NotAFormulaException($"{reader.Here.Text} is not expected");
        }
        catch (NotAFormulaException e)
        {
            return StandardsProblems.NotACalibre.Because($"\"{(text.Length > 100 ? text[..100] + "…" : text)}\": {e.Message}.",
                "sum(amount where kind = 'a' and amount > 0) / count(where kind in ('a', 'b'))");
        }
    }

    private Formula Sum()
    {
        var left = Product();
        while (Here is ('o', "+" or "-"))
            left = new Calibres.Formula.Binary(Next()[0], left, Product());
        return left;
    }

    private Formula Product()
    {
        var left = Factor();
        while (Here is ('o', "*" or "/"))
            left = new Calibres.Formula.Binary(Next()[0], left, Factor());
        return left;
    }

    private Formula Factor()
    {
        if (Here.Kind == 'n')
            return new Calibres.Formula.Constant(double.Parse(Next(), CultureInfo.InvariantCulture));
        if (Take("("))
        {
            Deeper();
            var inner = Sum();
            Need(")");
            _depth--;
            return inner;
        }

        if (Here.Kind == 'w' && Here.Text == "ratio")
        {
            Deeper();
            Next();
            Need("(");
            var over = Sum();
            Need(",");
            var under = Sum();
            Need(")");
            _depth--;
            return new Calibres.Formula.Binary('/', over, under);
        }

        if (Here.Kind != 'w' || !Figures.Contains(Here.Text))
            throw new NotAFormulaException($"{Here.Text} stands where a figure ({string.Join(", ", Figures)}, ratio), a number or a parenthesis belongs");
        var function = Next();
        Need("(");
        var field = Here.Kind == 'f' ? Next() : null;
        var where = TakeWord("where") ? Any() : null;
        Need(")");
        if (field is null && function != "count")
            throw new NotAFormulaException($"{function} is of a field");
        return new Calibres.Formula.Figure(function, field, where);
    }

    private Condition Any()
    {
        var left = All();
        while (TakeWord("or"))
            left = new Condition.Or(left, All());
        return left;
    }

    private Condition All()
    {
        var left = One();
        while (TakeWord("and"))
            left = new Condition.And(left, One());
        return left;
    }

    private Condition One()
    {
        if (TakeWord("not"))
        {
            Deeper();
            var inner = One();
            _depth--;
            return new Condition.Not(inner);
        }

        if (Take("("))
        {
            Deeper();
            var inner = Any();
            Need(")");
            _depth--;
            return inner;
        }

        if (Here.Kind != 'f')
            throw new NotAFormulaException($"{Here.Text} stands where a field belongs");
        var field = Next();
        if (TakeWord("is"))
        {
            var not = TakeWord("not");
            if (!TakeWord("null"))
                throw new NotAFormulaException("is goes on with null or not null");
            return not ? new Condition.Not(new Condition.IsNull(field)) : new Condition.IsNull(field);
        }

        if (TakeWord("in"))
        {
            Need("(");
            var values = new List<Literal> { Value() };
            while (Take(","))
                values.Add(Value());
            Need(")");
            return new Condition.In(field, values);
        }

        if (Here is not ('o', "=" or "!=" or "<" or "<=" or ">" or ">="))
            throw new NotAFormulaException($"{Here.Text} stands where a comparison belongs");
        return new Condition.Compare(field, Next(), Value());
    }

    private Literal Value()
    {
        var sign = Take("-") ? -1 : 1;
        return Here.Kind switch
        {
            'n' => new(null, sign * double.Parse(Next(), CultureInfo.InvariantCulture), null),
            't' when sign > 0 => new(Next(), null, null),
            'w' when sign > 0 && Here.Text is "true" or "false" => new(null, null, Next() == "true"),
            _ => throw new NotAFormulaException($"{Here.Text} stands where a value belongs: a number, 'a text', true or false"),
        };
    }

    private void Deeper()
    {
        if (++_depth > MostNesting)
            throw new NotAFormulaException("it is nested too deep");
    }

    private string Next() => _tokens[_at++].Text;

    private bool Take(string symbol)
    {
        if (Here != ('o', symbol))
            return false;
        _at++;
        return true;
    }

    private bool TakeWord(string word)
    {
        if (Here != ('w', word))
            return false;
        _at++;
        return true;
    }

    private void Need(string symbol)
    {
        if (!Take(symbol))
            throw new NotAFormulaException($"{Here.Text} stands where {symbol} belongs");
    }

    /// <summary>n: number, t: text, f: field, w: word of the language, o: sign.</summary>
    private static List<(char Kind, string Text)> Tokens(string text)
    {
        var tokens = new List<(char, string)>();
        for (var i = 0; i < text.Length;)
        {
            var c = text[i];
            if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (char.IsAsciiDigit(c))
            {
                var end = i;
                while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '.' || (text[end] is '+' or '-' && text[end - 1] is 'e' or 'E')))
                    end++;
                if (!double.TryParse(text.AsSpan(i, end - i), NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
                    throw new NotAFormulaException($"{text[i..end]} is no number");
                tokens.Add(('n', text[i..end]));
                i = end;
            }
            else if (c is '\'' or '"')
            {
                var end = i + 1;
                while (true)
                {
                    end = text.IndexOf(c, end);
                    if (end < 0)
                        throw new NotAFormulaException("a quote is not closed");
                    if (end + 1 >= text.Length || text[end + 1] != c)
                        break;
                    end += 2;
                }

                tokens.Add((c == '"' ? 'f' : 't', text[(i + 1)..end].Replace($"{c}{c}", $"{c}", StringComparison.Ordinal)));
                i = end + 1;
            }
            else if (char.IsLetter(c) || c == '_')
            {
                var end = i;
                while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_'))
                    end++;
                var word = text[i..end];
                tokens.Add(IsWord(word) ? ('w', word.ToLowerInvariant()) : ('f', word));
                i = end;
            }
            else
            {
                var two = i + 1 < text.Length ? text.Substring(i, 2) : "";
                var sign = two is "!=" or "<=" or ">=" ? two : two == "<>" ? two : c.ToString();
                if (sign != "<>" && sign is not ("!=" or "<=" or ">=" or "=" or "<" or ">" or "+" or "-" or "*" or "/" or "(" or ")" or ","))
                    throw new NotAFormulaException($"{c} means nothing here");
                tokens.Add(('o', sign == "<>" ? "!=" : sign));
                i += sign.Length;
            }
        }

        return tokens;
    }

    /// <summary>Never leaves <see cref="Read"/>.</summary>
    private sealed class NotAFormulaException(string message) : Exception(message);
}
