using System.Numerics;

namespace CityHub.Privacy;

/// <summary>Sum, mean and variance: noisy whole numbers first, all division afterwards.</summary>
internal sealed class MomentsMechanism : DpMechanism
{
    private readonly ValueGrid grid;
    private readonly int moments; // 1 the sum, 2 also the count, 3 also the squares
    private readonly BigInteger centre, half, reach;
    private readonly IntegerNoise sumNoise;
    private readonly IntegerNoise? countNoise, squareNoise;
    private readonly BigInteger sumRadius, countRadius, squareRadius;

    public MomentsMechanism(DpQuery query, DpBounds bounds, string column)
        : base(query)
    {
        Grid = grid = new ValueGrid(bounds, column);
        moments = query.Statistic switch { DpSum => 1, DpMean => 2, _ => 3 };
        // A mean is taken around the middle of the bounds, and squares around the middle of what they can be: that halves the change by a resident.
        centre = moments == 1 ? BigInteger.Zero : (grid.Lower + grid.Upper) >> 1;
        reach = BigInteger.Max(BigInteger.Abs(grid.Lower - centre), BigInteger.Abs(grid.Upper - centre));
        half = (reach * reach) >> 1;
        var beyond = (1 - query.Confidence) / moments;
        sumNoise = Noise(query, reach * query.RowsPerUnit, moments);
        sumRadius = sumNoise.Radius(beyond);
        if (moments > 1)
        {
            countNoise = Noise(query, query.RowsPerUnit, moments);
            countRadius = countNoise.Radius(beyond);
        }

        if (moments > 2)
        {
            squareNoise = Noise(query, ((reach * reach) - half) * query.RowsPerUnit, moments);
            squareRadius = squareNoise.Radius(beyond);
        }
    }

    public override string Text => string.Join("; ", Parts());

    public override List<DpCell> Release(Table table, BoundedRows rows, ExactRandom random)
    {
        // 2^31 rows of squares below 2^94 fit an Int128, and whole numbers are the same in whatever order they are added.
        var groups = rows.Keys.Count;
        var counts = new long[groups];
        var sums = new Int128[groups];
        var squares = new Int128[groups];
        var (middle, less) = ((long)centre, (Int128)half);
        for (var i = 0; i < rows.Count; i++)
        {
            var group = rows.Group(i);
            Int128 value = rows.Value(i) - middle;
            counts[group]++;
            sums[group] += value;
            squares[group] += (value * value) - less;
        }

        var cells = new List<DpCell>(groups);
        for (var group = 0; group < groups; group++)
        {
            var sum = sums[group] + sumNoise.Draw(random);
            if (countNoise is null)
            {
                cells.Add(Cell("sum", rows.Keys[group], grid.Value(sum), grid.Value(sum - sumRadius), grid.Value(sum + sumRadius)));
                continue;
            }

            var count = counts[group] + countNoise.Draw(random);
            var square = squareNoise is null ? BigInteger.Zero : squares[group] + squareNoise.Draw(random);
            cells.Add(squareNoise is null ? Mean(rows.Keys[group], sum, count) : Variance(rows.Keys[group], sum, count, square));
        }

        return cells;
    }

    private DpCell Mean(IReadOnlyList<string> key, BigInteger sum, BigInteger count)
    {
        var (low, high) = Quotient(sum, sumRadius, count);
        return Cell("mean", key, Place(new ExactRational(sum, AtLeastOne(count))), Place(low), Place(high));

        ExactRational Place(ExactRational away) => grid.Value(ExactRational.Max(grid.Lower, ExactRational.Min(grid.Upper, centre + away)));
    }

    private DpCell Variance(IReadOnlyList<string> key, BigInteger sum, BigInteger count, BigInteger square)
    {
        var mean = new ExactRational(sum, AtLeastOne(count));
        var value = half + new ExactRational(square, AtLeastOne(count)) - (mean * mean);
        var (low, high) = Quotient(sum, sumRadius, count);
        var (squareLow, squareHigh) = Quotient(square, squareRadius, count);
        var least = low.Sign <= 0 && high.Sign >= 0 ? 0 : ExactRational.Min(low * low, high * high);
        var most = ExactRational.Max(low * low, high * high);
        return Cell("variance", key, Place(value), Place(half + squareLow - most), Place(half + squareHigh - least));

        ExactRational Place(ExactRational steps) => grid.Value(grid.Value(ExactRational.Max(0, ExactRational.Min(reach * reach, steps))));
    }

    /// <summary>Between what a quotient lies when sum and count are within their radii.</summary>
    private (ExactRational Low, ExactRational High) Quotient(BigInteger sum, BigInteger radius, BigInteger count)
    {
        BigInteger few = AtLeastOne(count - countRadius), many = AtLeastOne(count + countRadius);
        BigInteger low = sum - radius, high = sum + radius;
        return (new ExactRational(low, low.Sign < 0 ? few : many), new ExactRational(high, high.Sign > 0 ? few : many));
    }

    private static BigInteger AtLeastOne(BigInteger count) => BigInteger.Max(BigInteger.One, count);

    private List<string> Parts()
    {
        List<string> parts = [$"sum: {sumNoise.Text}, in steps of 2^{-grid.Bits}"];
        if (countNoise is not null)
            parts.Add($"count: {countNoise.Text}");
        if (squareNoise is not null)
            parts.Add($"squares: {squareNoise.Text}");
        return parts;
    }
}
