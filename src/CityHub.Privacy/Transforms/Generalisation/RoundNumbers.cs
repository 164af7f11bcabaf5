namespace CityHub.Privacy;

/// <summary>Numbers become the nearest multiple of a step; from the middle away from zero.</summary>
public sealed class RoundNumbers : ValueTransform
{
    internal const string Word = "round";

    public RoundNumbers(string column, decimal step)
        : base(column)
    {
        Step = step;
        if (step <= 0)
            throw Unusable("A step is above 0.", column: column);
    }

    public decimal Step { get; }

    public override string Kind => Word;

    private protected override ValueFunction Start(TransformContext context) => value => Numbers.Write(Numbers.Steps(Word, Numbers.Read(Word, value), Step) * Step);

    internal override void Write(ParameterWriter into) => into.Add("column", Column).Add("step", Step);

    internal static Transform Read(ParameterReader from) => new RoundNumbers(from.Text("column"), from.Number("step"));
}

/// <summary>Numbers beyond a bound become the bound, with ≤ or ≥ before it where it is to be seen: the oldest, the richest and the first point at somebody.</summary>
public sealed class TopBottomCode : ValueTransform
{
    internal const string Word = "top-bottom-code";

    /// <param name="bottom">Null for no bound below.</param>
    /// <param name="top">Null for no bound above.</param>
    /// <param name="marked">Whether the bound is written with ≤ or ≥; the column then no longer holds only numbers.</param>
    public TopBottomCode(string column, decimal? bottom, decimal? top, bool marked = false)
        : base(column)
    {
        (Bottom, Top, Marked) = (bottom, top, marked);
        if ((bottom is null && top is null) || bottom >= top)
            throw Unusable("There is a bound below or above, and the lower one is the smaller.", column: column);
    }

    public decimal? Bottom { get; }

    public decimal? Top { get; }

    public bool Marked { get; }

    public override string Kind => Word;

    private protected override ValueFunction Start(TransformContext context) => value =>
    {
        var number = Numbers.Read(Word, value);
        if (number <= Bottom)
            return (Marked ? "≤" : "") + Numbers.Write(Bottom.Value);
        return number >= Top ? (Marked ? "≥" : "") + Numbers.Write(Top.Value) : value;
    };

    internal override void Write(ParameterWriter into) => into.Add("column", Column).AddIf(true, "bottom", Bottom).AddIf(true, "top", Top).Add("marked", Marked);

    internal static Transform Read(ParameterReader from) => new TopBottomCode(from.Text("column"), from.NumberOrNull("bottom"), from.NumberOrNull("top"), from.Bool("marked"));
}

/// <summary>Several columns become one, e.g. year and month: what stays are the combinations, in one attribute that one hierarchy can generalise.</summary>
public sealed class CombineColumns : Transform
{
    internal const string Word = "combine-columns";

    public CombineColumns(IReadOnlyList<string> columns, string into, string separator = " ")
    {
        (Columns, Into, Separator) = ([.. columns], into, separator);
        if (columns.Count < 2)
            throw Unusable("There are at least two columns to combine.");
    }

    public IReadOnlyList<string> Columns { get; }

    public string Into { get; }

    public string Separator { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var from = Columns.Select(name => table[name]).ToArray();
        var builder = new ColumnBuilder(Into);
        for (var row = 0; row < table.Rows; row++)
            builder.Append(string.Join(Separator, from.Select(column => column[row])));
        return table.Without([.. Columns]).With(builder.Build());
    }

    internal override void Write(ParameterWriter into) => into.Add("columns", Columns).Add("into", Into).Add("separator", Separator);

    internal static Transform Read(ParameterReader from) => new CombineColumns(from.Texts("columns"), from.Text("into"), from.Text("separator", " "));
}
