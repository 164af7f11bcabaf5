using System.Numerics;

namespace CityHub.Privacy;

/// <summary>Goes through the given keys with a <see cref="SparseVector"/>; 1 for a key above the threshold, 0 for one below, nothing once it has ended.</summary>
internal sealed class AboveThresholdMechanism : DpMechanism
{
    private readonly DpAboveThreshold above;
    private readonly string accuracy;

    public AboveThresholdMechanism(DpQuery query, DpAboveThreshold above, int keys)
        : base(query)
    {
        this.above = above;
        var half = query.Cost.Amount / 2;
        var beyond = 1 - query.Confidence;
        // All noises at once within their radii: the threshold's with half of what may go wrong, those of the keys with the other half.
        var away = new DiscreteLaplace(query.RowsPerUnit / half).Radius(beyond / 2)
            + new DiscreteLaplace((BigInteger)query.RowsPerUnit * above.Positives / half).Radius(beyond / (2 * (BigInteger)keys));
        accuracy = $"{Percent()}: right for all keys with a count of {above.Threshold + away} and more, or below {above.Threshold - away}";
    }

    public override string Text => $"sparse vector, threshold {above.Threshold}, at most {above.Positives} above";

    public override List<DpCell> Release(Table table, BoundedRows rows, ExactRandom random)
    {
        var counts = new long[rows.Keys.Count];
        for (var i = 0; i < rows.Count; i++)
            counts[rows.Group(i)]++;
        var sparse = new SparseVector(above.Threshold, Query.RowsPerUnit, Query.Cost.Amount, above.Positives, monotone: true, random);
        var cells = new List<DpCell>();
        for (var key = 0; key < counts.Length && !sparse.Ended; key++)
            cells.Add(new DpCell("above", rows.Keys[key], sparse.IsAbove(counts[key]) ? 1 : 0, null, null, accuracy));
        return cells;
    }
}
