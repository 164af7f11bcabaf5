using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace CityHub.Sharing.Releases;

/// <summary>A question in one text, the same for the same question. The ledger has only its hash, because a value in a condition may be somebody's number.</summary>
internal static class QueryDigest
{
    /// <summary>SHA-256, salted by the hub's secret so that nobody finds out a value by trying; empty where nothing was asked.</summary>
    public static string Of(ReleaseQuery query, ReadOnlySpan<byte> secret) =>
        query == ReleaseQuery.All ? "" : Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes("query\n" + TextOf(query))));

    public static string Of(string question, ReadOnlySpan<byte> secret) => Convert.ToHexStringLower(HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes("query\n" + question)));

    public static string TextOf(Condition? condition)
    {
        var text = new StringBuilder();
        Write(condition, text);
        return text.ToString();
    }

    private static string TextOf(ReleaseQuery query)
    {
        var text = new StringBuilder();
        Write(query.Where, text);
        foreach (var (field, descending) in query.OrderBy)
            Write(descending ? "down" : "up", field, text);
        text.Append(CultureInfo.InvariantCulture, $";{query.Offset};{query.Limit};{query.Count};{query.Distinct};");
        foreach (var field in query.DistinctBy ?? [])
            Write("apart", field, text);
        Write("key", query.Key ?? "", text);
        if (query.From > 0)
            text.Append(CultureInfo.InvariantCulture, $"from {query.From};");
        if (query.GroupBy is { } group)
        {
            foreach (var field in group.Fields)
                Write("by", field, text);
            foreach (var (measure, field, name) in group.Measures)
            {
                Write(measure.ToString(), field ?? "", text);
                Write("as", name, text);
            }
        }

        return text.ToString();
    }

    private static void Write(Condition? condition, StringBuilder text)
    {
        switch (condition)
        {
            case Condition.And(var left, var right):
                Both("and", left, right, text);
                break;
            case Condition.Or(var left, var right):
                Both("or", left, right, text);
                break;
            case Condition.Not(var of):
                text.Append("not(");
                Write(of, text);
                text.Append(')');
                break;
            case Condition.Compare(var field, var how, var value):
                Write(how, field, text);
                Write("", value, text);
                break;
            case Condition.In(var field, var values):
                Write("in", field, text);
                foreach (var value in values)
                    Write("", value, text);
                text.Append('.');
                break;
            case Condition.IsNull(var field):
                Write("null", field, text);
                break;
            case Condition.Like(var field, var pattern, var ignoreCase):
                Write(ignoreCase ? "ilike" : "like", field, text);
                Write("", pattern, text);
                break;
            case Condition.Words(var words):
                Write("words", words, text);
                break;
            case Condition.Box box:
                text.Append(CultureInfo.InvariantCulture, $"box({box.West:R},{box.South:R},{box.East:R},{box.North:R})");
                break;
            default:
                text.Append('-');
                break;
        }
    }

    private static void Both(string how, Condition left, Condition right, StringBuilder text)
    {
        text.Append(how).Append('(');
        Write(left, text);
        text.Append(',');
        Write(right, text);
        text.Append(')');
    }

    /// <summary>With its length before it no value can end early.</summary>
    private static void Write(string what, string value, StringBuilder text) => text.Append(CultureInfo.InvariantCulture, $"{what}[{value.Length}:{value}]");
}
