using System.Collections.Immutable;
using CityHub.Sharing.OpenData.Query;
using CityHub.Sharing.Releases;
using CsCheck;

namespace CityHub.Tests.Sharing.OpenData;

/// <summary>The SQL subset: what it reads, what it refuses and where, and that nothing makes it throw.</summary>
public sealed class SqlTests
{
    private static readonly string[] Names = ["a", "level", "select", "站点", "with \"quote\"", "x y"];
    private static readonly string[] Texts = ["", "1", "-2.5e3", "it's", "東'", "\\%", "null", "2026-01-31"];
    private static readonly string[] Signs = ["=", "<>", "<", "<=", ">", ">="];
    private static readonly string[] Pieces =
    [
        "select", "distinct", "from", "where", "group", "by", "order", "limit", "offset", "and", "or", "not", "in", "between", "like", "is", "null", "count", "sum", "(", ")", ",", "*",
        "=", "<", ">", "-", "'a'", "\"b\"", "c", "1", "2.5", "'", "\"", ";", "--", "date", "as", "desc",
    ];

    private static readonly Gen<string> Name = Gen.Int[0, Names.Length - 1].Select(i => Names[i]);
    private static readonly Gen<string> Text = Gen.Int[0, Texts.Length - 1].Select(i => Texts[i]);
    private static readonly Gen<SqlQuery> Query = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 5], Gen.Int.Nullable(), Gen.Int[0, 100], Conditions(3), Gen.Bool).Select((columns, order, limit, offset, where, distinct) =>
        new SqlQuery([.. Names.Take(columns).Select(name => new SqlColumn(name, null, name))], "数据-1")
        {
            Distinct = distinct, Where = where, Limit = limit is { } rows ? Math.Abs((long)rows) : null, Offset = offset,
            OrderBy = [.. Names.Take(order).Select((name, i) => (name, i % 2 == 0))],
        });

    [Fact]
    public void A_question_that_is_printed_and_read_again_is_the_same_question() => Query.Sample(query =>
    {
        var sql = SqlText.Of(query);
        var read = SqlParser.Query(sql);
        Assert.True(read.Ok, $"{sql}: {read.Problem}");
        Assert.Equal(sql, SqlText.Of(read.Value));
        Assert.Equal(query.From, read.Value.From);
        Assert.Equal(query.Columns, read.Value.Columns);
        Assert.Equal(query.OrderBy, read.Value.OrderBy);
        Assert.Equal((query.Limit, query.Offset, query.Distinct), (read.Value.Limit, read.Value.Offset, read.Value.Distinct));
    }, iter: 3000);

    [Fact]
    public void Random_text_is_refused_and_never_thrown_at()
    {
        Gen.String.Sample(text => Refused(SqlParser.Query(text).Problem) && Refused(SqlParser.Where(text).Problem), iter: 5000);
        Gen.Int[0, Pieces.Length - 1].Array[0, 40].Sample(picks =>
        {
            var text = string.Join(' ', picks.Select(i => Pieces[i]));
            return Refused(SqlParser.Query("select * from t " + text).Problem) && Refused(SqlParser.Where(text).Problem);
        }, iter: 20000);
        Gen.Byte.Array[0, 200].Sample(bytes => Refused(SqlParser.Query(System.Text.Encoding.UTF8.GetString(bytes)).Problem), iter: 5000);

        static bool Refused(CityHub.Core.Problems.Problem? problem) => problem is null || (problem.Code == "sql-not-supported" && problem.Detail.Length > 0 && problem.Hint is not null);
    }

    [Fact]
    public void Deep_and_long_expressions_are_refused()
    {
        Assert.False(SqlParser.Where(new string('(', 5000) + "a = 1").Ok);
        Assert.False(SqlParser.Where(string.Concat(Enumerable.Repeat("not ", 3000)) + "a = 1").Ok);
        Assert.False(SqlParser.Where(string.Join(" or ", Enumerable.Repeat("a=1", 1500))).Ok);
        Assert.False(SqlParser.Query(new string(' ', 20_000)).Ok);
    }

    [Theory]
    [InlineData("select * from a, b", 16, "joined")]
    [InlineData("select * from a join b", 17, "end is expected")]
    [InlineData("select lower(x) from a", 8, "function lower")]
    [InlineData("select * from a where x in (select y from b)", 29, "within a question")]
    [InlineData("select * from a where x = (select 1)", 27, "within a question")]
    [InlineData("select * from a where x = null", 27, "IS NULL")]
    [InlineData("delete from a", 1, "SELECT is expected")]
    [InlineData("select * from a; drop table a", 18, "end is expected")]
    [InlineData("select * from a -- x", 17, "comment")]
    [InlineData("select x from a group by y", 27, "neither counted nor grouped")]
    [InlineData("select * from a order by 1", 26, "named")]
    [InlineData("select x, x from a", 11, "two columns")]
    [InlineData("select * from a where 'x", 23, "does not end")]
    [InlineData("select * from a group by x having y", 28, "HAVING")]
    public void What_is_outside_the_subset_is_refused_with_its_place(string sql, int at, string why)
    {
        var problem = SqlParser.Query(sql).Problem;

        Assert.NotNull(problem);
        Assert.Contains(why, problem.Detail, StringComparison.Ordinal);
        Assert.Contains($"position {at} ", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_of_the_subset_is_read()
    {
        var query = SqlParser.Query("""
            SELECT station, count(*), count(DISTINCT day) AS days, avg(pm25), min(pm25), max("pm25"), sum(level) FROM "air"
            WHERE (station LIKE '东%' OR station ILIKE 'w\_%') AND NOT level IN (1, -2, 3.5) AND pm25 BETWEEN 1 AND 2e1 AND valid = TRUE
              AND day >= DATE '2026-01-01' AND at < TIMESTAMP '2026-02-01T00:00:00Z' AND pm25 IS NOT NULL AND name <> 'it''s'
            GROUP BY station ORDER BY count DESC, station LIMIT 5 OFFSET 2;
            """).Value;

        Assert.Equal(["station", "count", "days", "avg", "min", "max", "sum"], query.Columns.Select(column => column.Name));
        Assert.Equal(Measure.CountDistinct, query.Columns[2].Measure);
        Assert.Equal([("count", true), ("station", false)], query.OrderBy);
        Assert.Equal((5L, 2L), (query.Limit, query.Offset));
        Assert.Equal(
            """((((((((("station" LIKE '东%' OR "station" ILIKE 'w\_%') AND (NOT "level" IN ('1', '-2', '3.5'))) AND ("pm25" >= '1' AND "pm25" <= '2e1')) AND "valid" = 'true') AND "day" >= '2026-01-01') AND "at" < '2026-02-01T00:00:00Z') AND (NOT "pm25" IS NULL)) AND "name" <> 'it''s')""".Replace("(((((((((", "(((((((("),
            SqlText.Of(query.Where ?? throw new InvalidOperationException()));
    }

    private static Gen<Condition> Conditions(int depth)
    {
        var leaves = Gen.OneOf(
            Gen.Select(Name, Gen.Int[0, Signs.Length - 1], Text).Select((name, sign, text) => (Condition)new Condition.Compare(name, Signs[sign], text)),
            Gen.Select(Name, Text.Array[1, 4]).Select((name, texts) => (Condition)new Condition.In(name, texts.ToImmutableArray())),
            Gen.Select(Name, Text, Gen.Bool).Select((name, text, ignore) => (Condition)new Condition.Like(name, text, ignore)),
            Name.Select(name => (Condition)new Condition.IsNull(name)));
        if (depth == 0)
            return leaves;
        var inner = Conditions(depth - 1);
        return Gen.OneOf(leaves, inner.Select(of => (Condition)new Condition.Not(of)), Gen.Select(inner, inner).Select((one, other) => (Condition)new Condition.And(one, other)),
            Gen.Select(inner, inner).Select((one, other) => (Condition)new Condition.Or(one, other)));
    }
}
