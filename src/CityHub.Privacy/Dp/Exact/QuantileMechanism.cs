using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// A point of the grid, chosen with probability ∝ exp(-rate · |b·#(values below) - a·#(values above)|) for the quantile a / (a + b). A resident changes that loss by
/// RowsPerUnit · max(a, b) at most; between two neighbouring values all points have one loss, so that the work is in the values and not in the grid.
/// </summary>
internal sealed class QuantileMechanism : DpMechanism
{
    private readonly ValueGrid grid;
    private readonly BigInteger a, b;
    private readonly ExactRational rate;
    private readonly string accuracy;

    public QuantileMechanism(DpQuery query, DpQuantile quantile, DpBounds bounds, string column)
        : base(query)
    {
        Grid = grid = new ValueGrid(bounds, column);
        (a, b) = (quantile.At.Numerator, quantile.At.Denominator - quantile.At.Numerator);
        var change = BigInteger.Max(a, b) * query.RowsPerUnit;
        rate = query.Cost.Amount / (2 * change * query.GroupsPerUnit);
        // That the loss is k or more above the best has probability of at most (points of the grid) · exp(-rate · k) (McSherry, Talwar 2007).
        var points = grid.Upper - grid.Lower + 1;
        var loss = IntegerSearch.First(0, k => ExactExponential.AtMost(points, k * rate, 1 - query.Confidence));
        accuracy = $"{Percent()}: off by the place of at most {(new ExactRational(loss, a + b)).Ceiling()} rows";
    }

    public override string Text => $"exponential mechanism over ranks, rate {rate}";

    public override List<DpCell> Release(Table table, BoundedRows rows, ExactRandom random)
    {
        var values = new List<long>[rows.Keys.Count];
        for (var group = 0; group < values.Length; group++)
            values[group] = [];
        for (var i = 0; i < rows.Count; i++)
            values[rows.Group(i)].Add(rows.Value(i));
        var cells = new List<DpCell>(values.Length);
        for (var group = 0; group < values.Length; group++)
            cells.Add(new DpCell("quantile", rows.Keys[group], grid.Value(Choose(values[group], random)), null, null, accuracy));
        return cells;
    }

    private BigInteger Choose(List<long> values, ExactRandom random)
    {
        values.Sort();
        var starts = new List<BigInteger>();
        var many = new List<BigInteger>();
        var losses = new List<BigInteger>();
        var from = grid.Lower;
        for (var below = 0; below < values.Count;)
        {
            var value = values[below];
            var through = below;
            while (through < values.Count && values[through] == value)
                through++;
            Add(value - from, below, below);
            Add(1, below, through);
            below = through;
        }

        Add(grid.Upper - from + 1, values.Count, values.Count);
        var chosen = ExactChoice.Exponential([.. losses], [.. many], rate, random);
        return starts[chosen] + random.Below(many[chosen]);

        // So many points with so many values below them, and all but so many above.
        void Add(BigInteger points, int below, int through)
        {
            if (points.Sign <= 0)
                return;
            starts.Add(from);
            many.Add(points);
            losses.Add(BigInteger.Abs((b * below) - (a * (values.Count - through))));
            from += points;
        }
    }
}
