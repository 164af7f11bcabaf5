using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// The keys with the most rows, one place after the other by permute-and-flip, each place for an equal part of ε. A resident's rows only ever add to counts, to each at
/// most RowsPerUnit: all scores move the same way, and no factor of two is lost (in the worst case the chosen one gains that much against all others, or they against it).
/// </summary>
internal sealed class TopKMechanism : DpMechanism
{
    private readonly int k;
    private readonly ExactRational rate;
    private readonly string accuracy;

    public TopKMechanism(DpQuery query, int k, int keys)
        : base(query)
    {
        this.k = k;
        rate = query.Cost.Amount / ((BigInteger)k * query.RowsPerUnit);
        var beyond = (1 - query.Confidence) / k;
        // Permute-and-flip is off by t or more with no larger probability than the exponential mechanism: keys · exp(-rate · t).
        var loss = IntegerSearch.First(0, t => ExactExponential.AtMost(keys, t * rate, beyond));
        accuracy = $"{Percent()}: no key that is left out at a place has more than {loss} rows above the one there";
    }

    public override string Text => $"permute-and-flip for each place, rate {rate}";

    public override List<DpCell> Release(Table table, BoundedRows rows, ExactRandom random)
    {
        var losses = new BigInteger[rows.Keys.Count];
        for (var i = 0; i < rows.Count; i++)
            losses[rows.Group(i)]--;
        var left = new List<int>(losses.Length);
        for (var key = 0; key < losses.Length; key++)
            left.Add(key);
        var cells = new List<DpCell>(k);
        for (var place = 1; place <= k; place++)
        {
            var scores = new BigInteger[left.Count];
            for (var i = 0; i < scores.Length; i++)
                scores[i] = losses[left[i]];
            var chosen = ExactChoice.PermuteAndFlip(scores, rate, random);
            cells.Add(new DpCell("place", rows.Keys[left[chosen]], place, null, null, accuracy));
            left.RemoveAt(chosen);
        }

        return cells;
    }
}
