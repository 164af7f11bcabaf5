namespace CityHub.Privacy;

/// <summary>The values of some columns change rows in a random order, together, within groups of equal values of others: who had them is lost, and how they are distributed in each group is not.</summary>
public sealed class Permute : Transform
{
    internal const string Word = "permute";

    /// <param name="columns">They stay together.</param>
    /// <param name="within">None for the whole table.</param>
    public Permute(IReadOnlyList<string> columns, params IReadOnlyList<string> within)
    {
        (Columns, Within) = ([.. columns], [.. within]);
        if (columns.Count == 0 || columns.Intersect(within, StringComparer.Ordinal).Any())
            throw Unusable("There is a column to permute, and none of the groups is permuted.");
    }

    public IReadOnlyList<string> Columns { get; }

    public IReadOnlyList<string> Within { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var entropy = context.NeedEntropy(Word);
        var from = new int[table.Rows];
        foreach (var members in Tables.Members(table.Groups(Within, out var groups), groups))
        {
            var order = members.ToArray();
            entropy.Shuffle(order.AsSpan());
            for (var i = 0; i < members.Length; i++)
                from[members[i]] = order[i];
        }

        return Moved(table, Columns, from);
    }

    /// <summary>The table with these columns taken from other rows.</summary>
    internal static Table Moved(Table table, IReadOnlyList<string> columns, int[] from) => table.With([.. columns.Select(name => table[name]).Select(column =>
    {
        var builder = new ColumnBuilder(column.Name);
        foreach (var row in from)
            builder.Append(column[row]);
        return builder.Build();
    })]);

    internal override void Write(ParameterWriter into) => into.Add("columns", Columns).Add("within", Within);

    internal static Transform Read(ParameterReader from) => new Permute(from.Texts("columns"), from.Texts("within", []));
}

/// <summary>A share of the rows is drawn and exchanged in pairs within groups (Dalenius and Reiss 1982): most rows stay true, and none can be relied on.</summary>
public sealed class Swap : Transform
{
    internal const string Word = "swap";

    /// <param name="share">Of the rows of each group that change places, above 0 and at most 1.</param>
    public Swap(IReadOnlyList<string> columns, decimal share, params IReadOnlyList<string> within)
    {
        (Columns, Share, Within) = ([.. columns], share, [.. within]);
        if (columns.Count == 0 || columns.Intersect(within, StringComparer.Ordinal).Any() || share is <= 0 or > 1)
            throw Unusable("There is a column to swap, none of the groups is swapped, and the share is above 0 and at most 1.");
    }

    public IReadOnlyList<string> Columns { get; }

    public decimal Share { get; }

    public IReadOnlyList<string> Within { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var entropy = context.NeedEntropy(Word);
        var from = Enumerable.Range(0, table.Rows).ToArray();
        foreach (var members in Tables.Members(table.Groups(Within, out var groups), groups))
        {
            entropy.Shuffle(members.AsSpan());
            var pairs = (int)decimal.Round(members.Length * Share / 2, 0, MidpointRounding.AwayFromZero);
            for (var i = 0; i < Math.Min(pairs, members.Length / 2); i++)
                (from[members[2 * i]], from[members[(2 * i) + 1]]) = (members[(2 * i) + 1], members[2 * i]);
        }

        return Permute.Moved(table, Columns, from);
    }

    internal override void Write(ParameterWriter into) => into.Add("columns", Columns).Add("share", Share).Add("within", Within);

    internal static Transform Read(ParameterReader from) => new Swap(from.Texts("columns"), from.Number("share"), from.Texts("within", []));
}

/// <summary>
/// Each number changes places with one whose rank is at most so many per cent of the rows away (Moore 1996): the distribution stays exactly, correlations nearly. Equal numbers are put in a
/// random order first.
/// </summary>
public sealed class RankSwap : Transform
{
    internal const string Word = "rank-swap";

    /// <param name="percent">Above 0, at most 100.</param>
    public RankSwap(string column, decimal percent, params IReadOnlyList<string> within)
    {
        (Column, Percent, Within) = (column, percent, [.. within]);
        if (percent is <= 0 or > 100 || within.Contains(column, StringComparer.Ordinal))
            throw Unusable("Per cent are above 0 and at most 100, and the column is none of the groups.", column: column);
    }

    public string Column { get; }

    public decimal Percent { get; }

    public IReadOnlyList<string> Within { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var entropy = context.NeedEntropy(Word);
        var numbers = Numbers.Read(Word, table[Column]);
        var from = Enumerable.Range(0, table.Rows).ToArray();
        foreach (var members in Tables.Members(table.Groups(Within, out var groups), groups))
        {
            entropy.Shuffle(members.AsSpan());
            var order = members.OrderBy(row => numbers[row]).ToArray();
            var reach = Math.Max(1, (int)(order.Length * Percent / 100));

            // From the lowest rank that is still free to a free one within reach. Where none is left there, it stays.
            var done = new bool[order.Length];
            var free = new List<int>(reach);
            for (var i = 0; i < order.Length; i++)
            {
                if (done[i])
                    continue;
                free.Clear();
                for (var j = i + 1; j <= Math.Min(order.Length - 1, i + reach); j++)
                {
                    if (!done[j])
                        free.Add(j);
                }

                if (free.Count == 0)
                    continue;
                var other = free[entropy.NextBelow(free.Count)];
                (from[order[i]], from[order[other]]) = (order[other], order[i]);
                done[i] = done[other] = true;
            }
        }

        return Permute.Moved(table, [Column], from);
    }

    internal override void Write(ParameterWriter into) => into.Add("column", Column).Add("percent", Percent).Add("within", Within);

    internal static Transform Read(ParameterReader from) => new RankSwap(from.Text("column"), from.Number("percent"), from.Texts("within", []));
}
