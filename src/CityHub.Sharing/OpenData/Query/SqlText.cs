using System.Globalization;
using System.Text;
using CityHub.Sharing.Releases;

namespace CityHub.Sharing.OpenData.Query;

/// <summary>A question as SQL again; read back it is the same question.</summary>
internal static class SqlText
{
    public static string Of(SqlQuery query)
    {
        var sql = new StringBuilder("SELECT ");
        if (query.Distinct)
            sql.Append("DISTINCT ");
        sql.Append(query.Columns.Count == 0 ? "*" : string.Join(", ", query.Columns.Select(Column))).Append(" FROM ").Append(Name(query.From));
        if (query.Where is { } where)
            sql.Append(" WHERE ").Append(Of(where));
        if (query.GroupBy.Count > 0)
            sql.Append(" GROUP BY ").AppendJoin(", ", query.GroupBy.Select(Name));
        if (query.OrderBy.Count > 0)
            sql.Append(" ORDER BY ").AppendJoin(", ", query.OrderBy.Select(order => Name(order.Field) + (order.Descending ? " DESC" : "")));
        if (query.Limit is { } limit)
            sql.Append(CultureInfo.InvariantCulture, $" LIMIT {limit}");
        if (query.Offset > 0)
            sql.Append(CultureInfo.InvariantCulture, $" OFFSET {query.Offset}");
        return sql.ToString();
    }

    /// <summary>Brackets stand around every AND, OR and NOT. Words and boxes are no SQL: other doors make them.</summary>
    public static string Of(Condition condition) => condition switch
    {
        Condition.And both => $"({Of(both.Left)} AND {Of(both.Right)})",
        Condition.Or either => $"({Of(either.Left)} OR {Of(either.Right)})",
        Condition.Not not => $"(NOT {Of(not.Of)})",
        Condition.Compare compare => $"{Name(compare.Field)} {compare.Operator} {Text(compare.Value)}",
        Condition.In list => $"{Name(list.Field)} IN ({string.Join(", ", list.Values.Select(Text))})",
        Condition.IsNull empty => $"{Name(empty.Field)} IS NULL",
        Condition.Like like => $"{Name(like.Field)} {(like.IgnoreCase ? "ILIKE" : "LIKE")} {Text(like.Pattern)}",
        _ => throw new ArgumentException($"{condition.GetType().Name} has no SQL.", nameof(condition)),
    };

    private static string Column(SqlColumn column)
    {
        var what = column.Measure switch
        {
            null => Name(column.Field ?? ""),
            Measure.Count => $"count({(column.Field is { } field ? Name(field) : "*")})",
            Measure.CountDistinct => $"count(DISTINCT {Name(column.Field ?? "")})",
            Measure.Sum => $"sum({Name(column.Field ?? "")})",
            Measure.Mean => $"avg({Name(column.Field ?? "")})",
            Measure.Least => $"min({Name(column.Field ?? "")})",
            Measure.Greatest => $"max({Name(column.Field ?? "")})",
            _ => throw new ArgumentOutOfRangeException(nameof(column)),
        };
        return column.Measure is null ? what : $"{what} AS {Name(column.Name)}";
    }

    private static string Name(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Text(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
}
