using System.Globalization;
using System.Text;
using CityHub.Core.Problems;

namespace CityHub.Sharing.OpenData.Query;

internal enum SqlKind
{
    End,
    Word,
    Quoted,
    Text,
    Number,
    Sign,
}

/// <param name="At">1-based position in the text.</param>
internal readonly record struct SqlToken(SqlKind Kind, string Text, int At)
{
    public bool Is(string word) => Kind == SqlKind.Word && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSign(string sign) => Kind == SqlKind.Sign && Text == sign;
}

/// <summary>Cuts SQL into words; whatever is no word of the subset is refused with its position.</summary>
internal static class SqlTokens
{
    public const int MostLength = 16 << 10;

    public static Result<List<SqlToken>> Of(string sql)
    {
        if (sql.Length > MostLength)
            return QueryProblems.NotSupported.Because($"The text has {sql.Length} characters; {MostLength} are read.", QueryProblems.Subset);
        var tokens = new List<SqlToken>();
        var i = 0;
        while (i < sql.Length)
        {
            var c = sql[i];
            var start = i;
            if (char.IsWhiteSpace(c))
            {
                i++;
            }
            else if (c is '\'' or '"')
            {
                if (Quoted(sql, ref i, c) is not { } text)
                    return No(start, "a quotation that does not end");
                tokens.Add(new SqlToken(c == '"' ? SqlKind.Quoted : SqlKind.Text, text, start + 1));
            }
            else if (char.IsAsciiDigit(c) || (c == '.' && i + 1 < sql.Length && char.IsAsciiDigit(sql[i + 1])))
            {
                i = NumberEnd(sql, i);
                if (!double.TryParse(sql.AsSpan(start, i - start), NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number) || !double.IsFinite(number))
                    return No(start, "a number that cannot be read");
                tokens.Add(new SqlToken(SqlKind.Number, sql[start..i], start + 1));
            }
            else if (char.IsLetter(c) || c == '_')
            {
                while (i < sql.Length && (char.IsLetterOrDigit(sql[i]) || sql[i] == '_'))
                    i++;
                tokens.Add(new SqlToken(SqlKind.Word, sql[start..i], start + 1));
            }
            else
            {
                var two = i + 1 < sql.Length ? sql.Substring(i, 2) : "";
                if (two is "--" or "/*")
                    return No(start, "a comment");
                var sign = two is "<=" or ">=" or "<>" or "!=" ? two : c is '(' or ')' or ',' or '*' or '=' or '<' or '>' or '-' or '+' or ';' ? c.ToString() : null;
                if (sign is null)
                    return No(start, $"the sign {c}");
                i += sign.Length;
                tokens.Add(new SqlToken(SqlKind.Sign, sign == "!=" ? "<>" : sign, start + 1));
            }
        }

        tokens.Add(new SqlToken(SqlKind.End, "", sql.Length + 1));
        return tokens;
    }

    private static string? Quoted(string sql, ref int i, char mark)
    {
        var text = new StringBuilder();
        for (i++; i < sql.Length; i++)
        {
            if (sql[i] != mark)
                text.Append(sql[i]);
            else if (i + 1 < sql.Length && sql[i + 1] == mark)
                text.Append(sql[i++]);
            else
            {
                i++;
                return text.ToString();
            }
        }

        return null;
    }

    private static int NumberEnd(string sql, int i)
    {
        while (i < sql.Length && (char.IsAsciiDigit(sql[i]) || sql[i] == '.'))
            i++;
        if (i < sql.Length && sql[i] is 'e' or 'E')
        {
            var next = i + 1 < sql.Length && sql[i + 1] is '+' or '-' ? i + 2 : i + 1;
            if (next < sql.Length && char.IsAsciiDigit(sql[next]))
                for (i = next; i < sql.Length && char.IsAsciiDigit(sql[i]);)
                    i++;
        }

        return i;
    }

    private static Problem No(int at, string what) => QueryProblems.NotSupported.Because($"At position {at + 1} there is {what}.", QueryProblems.Subset);
}
