using System.Globalization;
using CityHub.Core.Problems;
using CityHub.Sharing.Releases;

namespace CityHub.Sharing.OpenData.Query;

/// <summary>Reads the SQL subset by recursive descent. It never throws: what is outside the subset is refused with its position and why.</summary>
internal sealed class SqlParser
{
    /// <summary>Brackets and NOTs in each other; more is no question of a person.</summary>
    private const int MostDepth = 64;
    private const int MostParts = 1000;

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "select", "distinct", "from", "where", "group", "order", "by", "limit", "offset", "and", "or", "not", "in", "between", "like", "ilike", "is", "null",
        "as", "asc", "desc", "join", "inner", "left", "right", "full", "cross", "on", "union", "intersect", "except", "having", "with", "case", "exists", "over", "for", "into",
    };

    private readonly List<SqlToken> _tokens;
    private int _at;
    private int _depth;
    private int _parts;
    private Problem? _problem;

    private SqlParser(List<SqlToken> tokens) => _tokens = tokens;

    private SqlToken Next => _tokens[_at];

    public static Result<SqlQuery> Query(string sql)
    {
        if (!SqlTokens.Of(sql).TryGet(out var tokens, out var problem))
            return problem;
        var parser = new SqlParser(tokens);
        var query = parser.Select();
        return query is null ? parser.Refusal() : query;
    }

    /// <summary>An expression as it stands behind WHERE, alone.</summary>
    public static Result<Condition> Where(string expression)
    {
        if (!SqlTokens.Of(expression).TryGet(out var tokens, out var problem))
            return problem;
        var parser = new SqlParser(tokens);
        var condition = parser.Or();
        if (condition is not null && parser.Next.Kind != SqlKind.End)
            condition = parser.No<Condition>("the end of the expression is expected");
        return condition is null ? parser.Refusal() : condition;
    }

    private SqlQuery? Select()
    {
        if (!Take("select"))
            return No<SqlQuery>("SELECT is expected: only questions are answered");
        var distinct = Take("distinct");
        if (Columns() is not { } columns)
            return null;
        if (!Take("from"))
            return No<SqlQuery>("FROM is expected");
        if (Name("the name of a table") is not { } from)
            return null;
        if (Next.IsSign(","))
            return No<SqlQuery>("a second table is not joined");
        Condition? where = null;
        if (Take("where") && (where = Or()) is null)
            return null;
        List<string> groups = [];
        if (Take("group") && (!Expect("by") || !Names(groups)))
            return null;
        if (Next.Is("having"))
            return No<SqlQuery>("HAVING is not answered; filter the groups yourself");
        List<(string, bool)> order = [];
        if (Take("order") && (!Expect("by") || !Orders(order)))
            return null;
        long? limit = null;
        var offset = 0L;
        // Either order, each once.
        for (var round = 0; round < 2; round++)
        {
            if (limit is null && Take("limit") && (limit = Whole()) is null)
                return null;
            if (offset == 0 && Take("offset"))
            {
                if (Whole() is not { } rows)
                    return null;
                offset = rows;
            }
        }

        TakeSign(";");
        if (Next.Kind != SqlKind.End)
            return No<SqlQuery>("the end is expected");
        var query = new SqlQuery(columns, from) { Distinct = distinct, Where = where, GroupBy = groups, OrderBy = order, Limit = limit, Offset = offset };
        return Checked(query);
    }

    private SqlQuery? Checked(SqlQuery query)
    {
        if (!query.Grouped)
            return query;
        if (query.Columns.Count == 0)
            return No<SqlQuery>("* with GROUP BY has no meaning: name the columns");
        if (query.Distinct)
            return No<SqlQuery>("DISTINCT with groups is not answered: groups differ already");
        if (query.Columns.FirstOrDefault(column => column.Measure is null && !query.GroupBy.Contains(column.Field, StringComparer.Ordinal)) is { } loose)
            return No<SqlQuery>($"\"{loose.Field}\" is neither counted nor grouped by");
        return query;
    }

    private List<SqlColumn>? Columns()
    {
        List<SqlColumn> columns = [];
        if (TakeSign("*"))
            return columns;
        do
        {
            if (Column() is not { } column)
                return null;
            if (columns.Any(other => other.Name == column.Name) && _at-- > 0)
                return No<List<SqlColumn>>($"two columns are called \"{column.Name}\"; give one another name with AS");
            columns.Add(column);
            if (columns.Count > MostParts)
                return No<List<SqlColumn>>("there are too many columns");
        }
        while (TakeSign(","));
        return columns;
    }

    private SqlColumn? Column()
    {
        SqlColumn column;
        if (Next.Kind == SqlKind.Word && _tokens[_at + 1].IsSign("("))
        {
            if (Aggregate() is not { } aggregate)
                return null;
            column = aggregate;
        }
        else if (Name("a column") is { } name)
        {
            column = new SqlColumn(name, null, name);
        }
        else
        {
            return null;
        }

        if (!Take("as"))
            return column;
        return Name("a name") is { } alias
            ? column.Measure is null && alias != column.Name ? No<SqlColumn>("only counts and sums are given other names") : column with { Name = alias }
            : null;
    }

    private SqlColumn? Aggregate()
    {
        var word = Next.Text.ToLowerInvariant();
        Measure? known = word switch
        {
            "count" => Measure.Count,
            "sum" => Measure.Sum,
            "avg" => Measure.Mean,
            "min" => Measure.Least,
            "max" => Measure.Greatest,
            _ => null,
        };
        if (known is not { } measure)
            return No<SqlColumn>($"the function {Next.Text} is not answered; there are count, sum, avg, min, max");
        _at += 2;
        string? field = null;
        if (measure == Measure.Count && TakeSign("*"))
        {
            return ExpectSign(")") ? new SqlColumn(null, Measure.Count, "count") : null;
        }

        if (Take("distinct"))
        {
            if (measure != Measure.Count)
                return No<SqlColumn>("DISTINCT is answered within count alone");
            measure = Measure.CountDistinct;
        }

        if ((field = Name("a column")) is null || !ExpectSign(")"))
            return null;
        return new SqlColumn(field, measure, word);
    }

    private Condition? Or()
    {
        if (++_depth > MostDepth)
            return No<Condition>("the expression is nested too deeply");
        var left = And();
        while (left is not null && Take("or"))
            left = And() is { } right ? Counted(new Condition.Or(left, right)) : null;
        _depth--;
        return left;
    }

    private Condition? And()
    {
        var left = Not();
        while (left is not null && Take("and"))
            left = Not() is { } right ? Counted(new Condition.And(left, right)) : null;
        return left;
    }

    private Condition? Not()
    {
        if (!Take("not"))
            return Primary();
        if (++_depth > MostDepth)
            return No<Condition>("the expression is nested too deeply");
        var of = Not();
        _depth--;
        return of is null ? null : new Condition.Not(of);
    }

    private Condition? Primary()
    {
        if (TakeSign("("))
        {
            if (Next.Is("select"))
                return No<Condition>("a question within a question is not answered");
            return Or() is { } inner && ExpectSign(")") ? inner : null;
        }

        if (Next.Kind == SqlKind.Word && _tokens[_at + 1].IsSign("("))
            return No<Condition>($"the function {Next.Text} is not answered");
        if (Next.Kind is SqlKind.Text or SqlKind.Number)
            return No<Condition>("a column is expected on the left; put the value on the right");
        if (Name("a column") is not { } field)
            return null;
        if (Take("is"))
        {
            var negated = Take("not");
            return Expect("null") ? Negated(new Condition.IsNull(field), negated) : null;
        }

        var not = Take("not");
        if (Take("in"))
            return List() is { } values ? Negated(new Condition.In(field, values), not) : null;
        if (Take("between"))
            return Value() is { } low && Expect("and") && Value() is { } high
                ? Negated(new Condition.And(new Condition.Compare(field, ">=", low), new Condition.Compare(field, "<=", high)), not)
                : null;
        if (Next.Is("like") || Next.Is("ilike"))
        {
            var ignore = Next.Is("ilike");
            _at++;
            if (Next.Kind != SqlKind.Text)
                return No<Condition>("a pattern in single quotes is expected");
            var pattern = _tokens[_at++].Text;
            return Negated(new Condition.Like(field, pattern, ignore), not);
        }

        if (not)
            return No<Condition>("IN, BETWEEN, LIKE or ILIKE is expected behind NOT");
        if (Next.Kind == SqlKind.Sign && Next.Text is "=" or "<>" or "<" or "<=" or ">" or ">=")
        {
            var sign = _tokens[_at++].Text;
            return Value() is { } value ? new Condition.Compare(field, sign, value) : null;
        }

        return No<Condition>("a comparison is expected");
    }

    private static Condition Negated(Condition of, bool not) => not ? new Condition.Not(of) : of;

    private List<string>? List()
    {
        if (!ExpectSign("("))
            return null;
        if (Next.Is("select"))
            return No<List<string>>("a question within a question is not answered");
        List<string> values = [];
        do
        {
            if (Value() is not { } value)
                return null;
            values.Add(value);
            if (values.Count > MostParts)
                return No<List<string>>($"a list has at most {MostParts} values");
        }
        while (TakeSign(","));
        return ExpectSign(")") ? values : null;
    }

    /// <summary>A literal in its text form.</summary>
    private string? Value()
    {
        var negative = TakeSign("-");
        var token = Next;
        if (negative || token.Kind == SqlKind.Number)
        {
            if (token.Kind != SqlKind.Number)
                return No<string>("a number is expected");
            _at++;
            return negative ? "-" + token.Text : token.Text;
        }

        if (token.Kind == SqlKind.Word && (token.Is("date") || token.Is("timestamp")) && _tokens[_at + 1].Kind == SqlKind.Text)
            token = _tokens[++_at];
        if (token.Kind == SqlKind.Text)
        {
            _at++;
            return token.Text;
        }

        if (token.Is("true") || token.Is("false"))
        {
            _at++;
            return token.Text.ToLowerInvariant();
        }

        if (token.Is("null"))
            return No<string>("nothing is equal to NULL: write IS NULL");
        return token.Is("select") || token.IsSign("(") ? No<string>("a question within a question is not answered") : No<string>("a value is expected: 'text', a number, DATE '2026-01-31', true or false");
    }

    private bool Names(List<string> names)
    {
        do
        {
            if (Next.Kind == SqlKind.Number)
                return No<object>("columns are named, not numbered") is not null;
            if (Name("a column") is not { } name)
                return false;
            names.Add(name);
            if (names.Count > MostParts)
                return No<object>("there are too many columns") is not null;
        }
        while (TakeSign(","));
        return true;
    }

    private bool Orders(List<(string, bool)> order)
    {
        do
        {
            if (Next.Kind == SqlKind.Number)
                return No<object>("columns are named, not numbered") is not null;
            if (Name("a column") is not { } name)
                return false;
            var descending = Take("desc");
            if (!descending)
                Take("asc");
            order.Add((name, descending));
            if (order.Count > MostParts)
                return No<object>("there are too many columns") is not null;
        }
        while (TakeSign(","));
        return true;
    }

    private long? Whole()
    {
        if (Next.Kind == SqlKind.Number && long.TryParse(Next.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole))
        {
            _at++;
            return whole;
        }

        No<object>("a whole number is expected");
        return null;
    }

    private string? Name(string what)
    {
        var token = Next;
        if (token.Kind == SqlKind.Quoted && token.Text.Length > 0 || (token.Kind == SqlKind.Word && !Reserved.Contains(token.Text)))
        {
            _at++;
            return token.Text;
        }

        return token.Kind == SqlKind.Word ? No<string>($"{what} is expected; a name that is also a word of SQL stands in double quotes") : No<string>($"{what} is expected");
    }

    private bool Take(string word)
    {
        var found = Next.Is(word);
        if (found)
            _at++;
        return found;
    }

    private bool TakeSign(string sign)
    {
        var found = Next.IsSign(sign);
        if (found)
            _at++;
        return found;
    }

    private bool Expect(string word) => Take(word) || No<object>($"{word.ToUpperInvariant()} is expected") is not null;

    private bool ExpectSign(string sign) => TakeSign(sign) || No<object>($"{sign} is expected") is not null;

    /// <summary>Chains of AND and OR lean to the left: a tree of many parts is a deep one for whoever walks it.</summary>
    private Condition? Counted(Condition condition) => ++_parts > MostParts ? No<Condition>("the expression has too many parts") : condition;

    private T? No<T>(string why)
        where T : class
    {
        var there = Next.Kind == SqlKind.End ? "the text ends" : $"there is {(Next.Text.Length > 40 ? Next.Text[..40] + "…" : Next.Text)}";
        _problem ??= QueryProblems.NotSupported.Because($"At position {Next.At} {there}: {why}.", QueryProblems.Subset);
        return null;
    }

    private Problem Refusal() => _problem ?? QueryProblems.NotSupported.Because("The text is no question.", QueryProblems.Subset);
}
