namespace CityHub.Privacy;

/// <summary>Takes columns away: direct identifiers that nobody needs.</summary>
public sealed class SuppressColumns(params IReadOnlyList<string> columns) : Transform
{
    internal const string Word = "suppress-columns";

    public IReadOnlyList<string> Columns { get; } = [.. columns];

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        foreach (var column in Columns)
            _ = table[column];
        return table.Without([.. Columns]);
    }

    internal override void Write(ParameterWriter into) => into.Add("columns", Columns);

    internal static Transform Read(ParameterReader from) => new SuppressColumns(from.Texts("columns"));
}

/// <summary>Writes * into the cells that have one of the values (local suppression).</summary>
public sealed class SuppressCells : ValueTransform
{
    internal const string Word = "suppress-cells";

    private readonly HashSet<string> values;

    public SuppressCells(string column, params IReadOnlyList<string> values)
        : base(column)
    {
        this.values = new HashSet<string>(values, StringComparer.Ordinal);
        Values = [.. this.values.Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<string> Values { get; }

    public override string Kind => Word;

    private protected override ValueFunction Start(TransformContext context) => value => values.Contains(value) ? "*" : value;

    internal override void Write(ParameterWriter into) => into.Add("column", Column).Add("values", Values);

    internal static Transform Read(ParameterReader from) => new SuppressCells(from.Text("column"), from.Texts("values"));
}

/// <summary>Writes * into the cells whose value, or whose combination of values over the columns, fewer rows have than a threshold: what is rare points at somebody.</summary>
public sealed class SuppressRare : Transform
{
    internal const string Word = "suppress-rare";

    public SuppressRare(IReadOnlyList<string> columns, int fewerThan)
    {
        (Columns, FewerThan) = ([.. columns], fewerThan);
        if (fewerThan < 2 || columns.Count == 0)
            throw Unusable("Rare is what fewer than 2 or more rows have, in at least one column.");
    }

    public IReadOnlyList<string> Columns { get; }

    public int FewerThan { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var groups = table.Groups(Columns, out var count);
        var sizes = new int[count];
        foreach (var group in groups)
            sizes[group]++;
        return table.With([.. Columns.Select(name =>
        {
            var column = table[name];
            var builder = new ColumnBuilder(name);
            for (var row = 0; row < table.Rows; row++)
                builder.Append(sizes[groups[row]] < FewerThan ? "*" : column[row]);
            return builder.Build();
        })]);
    }

    internal override void Write(ParameterWriter into) => into.Add("columns", Columns).Add("fewerThan", FewerThan);

    internal static Transform Read(ParameterReader from) => new SuppressRare(from.Texts("columns"), from.Int("fewerThan", 2, int.MaxValue));
}

/// <summary>Takes away the rows that have one of the values in a column, e.g. persons who objected.</summary>
public sealed class SuppressRecords : Transform
{
    internal const string Word = "suppress-records";

    private readonly HashSet<string> values;

    public SuppressRecords(string column, params IReadOnlyList<string> values)
    {
        Column = column;
        this.values = new HashSet<string>(values, StringComparer.Ordinal);
        Values = [.. this.values.Order(StringComparer.Ordinal)];
    }

    public string Column { get; }

    public IReadOnlyList<string> Values { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var column = table[Column];
        var gone = column.Values.Select(values.Contains).ToArray();
        var rows = new List<int>(table.Rows);
        for (var row = 0; row < table.Rows; row++)
        {
            if (!gone[column.Code(row)])
                rows.Add(row);
        }

        return table.Rows([.. rows]);
    }

    internal override void Write(ParameterWriter into) => into.Add("column", Column).Add("values", Values);

    internal static Transform Read(ParameterReader from) => new SuppressRecords(from.Text("column"), from.Texts("values"));
}
