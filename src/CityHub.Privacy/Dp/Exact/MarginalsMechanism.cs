using System.Numerics;

namespace CityHub.Privacy;

/// <summary>Several histograms at once. A row counts in one cell of each, so that they share the cost evenly.</summary>
internal sealed class MarginalsMechanism : DpMechanism
{
    private readonly IReadOnlyList<DpMarginal> marginals;
    private readonly IntegerNoise noise;
    private readonly BigInteger radius;

    public MarginalsMechanism(DpQuery query, IReadOnlyList<DpMarginal> marginals)
        : base(query)
    {
        this.marginals = marginals;
        noise = Noise(query, query.RowsPerUnit, marginals.Count);
        radius = noise.Radius(1 - query.Confidence);
    }

    public override string Text => noise.Text;

    public override List<DpCell> Release(Table table, BoundedRows rows, ExactRandom random)
    {
        var cells = new List<DpCell>();
        foreach (var marginal in marginals)
        {
            var (of, keys) = KeyIndex.Groups(table, marginal.Columns, marginal.Keys);
            var counts = new long[keys.Count];
            for (var i = 0; i < rows.Count; i++)
            {
                if (of[rows.Row(i)] >= 0)
                    counts[of[rows.Row(i)]]++;
            }

            var name = string.Join(',', marginal.Columns);
            for (var key = 0; key < counts.Length; key++)
            {
                var noisy = counts[key] + noise.Draw(random);
                cells.Add(Cell(name, keys[key], noisy, noisy - radius, noisy + radius));
            }
        }

        return cells;
    }
}
