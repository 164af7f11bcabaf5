using System.Globalization;

namespace CityHub.Standards.Calibres;

/// <summary>What a calibre computes: figures of rows, and arithmetic between them. <c>ToString</c> gives the one way in which each formula is written.</summary>
internal abstract record Formula
{
    public sealed record Constant(double Value) : Formula
    {
        public override string ToString() => Value.ToString("R", CultureInfo.InvariantCulture);
    }

    /// <param name="Function">count, distinct, sum, mean, min, max.</param>
    /// <param name="Field">Null: the rows themselves are counted.</param>
    /// <param name="Where">Which rows; null: all of the population.</param>
    public sealed record Figure(string Function, string? Field, Condition? Where) : Formula
    {
        public override string ToString() =>
            $"{Function}({(Field is null ? "" : Condition.Name(Field))}{(Where is null ? "" : $"{(Field is null ? "" : " ")}where {Where}")})";
    }

    /// <param name="Operator">+ - * /</param>
    public sealed record Binary(char Operator, Formula Left, Formula Right) : Formula
    {
        public override string ToString() => $"{Inner(Left, false)} {Operator} {Inner(Right, true)}";

        private string Inner(Formula side, bool right) =>
            side is Binary { Operator: var other } && (Rank(other) < Rank(Operator) || (right && Rank(other) == Rank(Operator))) ? $"({side})" : side.ToString();

        private static int Rank(char op) => op is '+' or '-' ? 0 : 1;
    }

    /// <summary>Every figure in it, each once.</summary>
    public IEnumerable<Figure> Figures() => this switch
    {
        Figure figure => [figure],
        Binary binary => binary.Left.Figures().Concat(binary.Right.Figures()).Distinct(),
        _ => [],
    };
}

/// <summary>Which rows count. A comparison with a missing value does not hold, whatever is compared.</summary>
internal abstract record Condition
{
    /// <param name="Operator">= != &lt; &lt;= &gt; &gt;=</param>
    public sealed record Compare(string Field, string Operator, Literal Value) : Condition
    {
        public override string ToString() => $"{Name(Field)} {Operator} {Value}";
    }

    /// <summary>The field has one of these values.</summary>
    public sealed record In(string Field, IReadOnlyList<Literal> Values) : Condition
    {
        public bool Equals(In? other) => other is not null && Field == other.Field && Values.SequenceEqual(other.Values);

        public override int GetHashCode() => HashCode.Combine(Field, Values.Count);

        public override string ToString() => $"{Name(Field)} in ({string.Join(", ", Values)})";
    }

    public sealed record IsNull(string Field) : Condition
    {
        public override string ToString() => $"{Name(Field)} is null";
    }

    public sealed record Not(Condition Inner) : Condition
    {
        public override string ToString() => Inner is IsNull missing ? $"{Name(missing.Field)} is not null" : $"not ({Inner})";
    }

    public sealed record And(Condition Left, Condition Right) : Condition
    {
        public override string ToString() => $"{(Left is Or ? $"({Left})" : Left)} and {(Right is Or or And ? $"({Right})" : Right)}";
    }

    public sealed record Or(Condition Left, Condition Right) : Condition
    {
        public override string ToString() => $"{Left} or {(Right is Or ? $"({Right})" : Right)}";
    }

    /// <summary>A name as it stands in formulas: in double quotes when it is not letters, digits and _ alone, or is a word of the language.</summary>
    public static string Name(string field) =>
        field.Length > 0 && !char.IsDigit(field[0]) && field.All(c => char.IsLetterOrDigit(c) || c == '_') && !FormulaReader.IsWord(field)
            ? field
            : $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

/// <summary>A value in a condition: a number, a text (dates and times are texts, too), true or false.</summary>
internal readonly record struct Literal(string? Text, double? Number, bool? Truth)
{
    public override string ToString() => Number is { } number
        ? number.ToString("R", CultureInfo.InvariantCulture)
        : Truth is { } truth ? (truth ? "true" : "false") : $"'{Text?.Replace("'", "''", StringComparison.Ordinal)}'";
}
