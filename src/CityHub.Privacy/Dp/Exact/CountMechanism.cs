using System.Numerics;

namespace CityHub.Privacy;

/// <summary>Counts by key. Keys that are known are answered all; of keys that are not, those whose noisy count reaches a threshold.</summary>
internal sealed class CountMechanism : DpMechanism
{
    private readonly IntegerNoise noise;
    private readonly BigInteger radius;
    private readonly BigInteger? threshold;

    public CountMechanism(DpQuery query)
        : base(query)
    {
        noise = Noise(query, query.RowsPerUnit);
        radius = noise.Radius(1 - query.Confidence);
        // A key that is there through one resident alone has at most RowsPerUnit rows. That it is seen has probability δ at most, over all groups of that resident.
        if (query.GroupBy.Count > 0 && query.Keys is null)
            threshold = query.RowsPerUnit + noise.Tail(query.Cost.Delta / query.GroupsPerUnit);
    }

    public override string Text => noise.Text;

    public override ExactRational? Threshold => threshold is { } least ? (ExactRational)least : null;

    public override List<DpCell> Release(Table table, BoundedRows rows, ExactRandom random)
    {
        var counts = new long[rows.Keys.Count];
        for (var i = 0; i < rows.Count; i++)
            counts[rows.Group(i)]++;
        var cells = new List<DpCell>(counts.Length);
        for (var key = 0; key < counts.Length; key++)
        {
            if (threshold is not null && counts[key] == 0)
                continue; // it stands in the table, but in no row that counts
            var noisy = counts[key] + noise.Draw(random);
            if (threshold is null || noisy >= threshold)
                cells.Add(Cell("count", rows.Keys[key], noisy, noisy - radius, noisy + radius));
        }

        if (threshold is not null)
            cells.Sort((a, b) => Compare(a.Key, b.Key)); // in the table's order a key would tell where its first row is
        return cells;
    }

    private static int Compare(IReadOnlyList<string> a, IReadOnlyList<string> b)
    {
        for (var i = 0; i < a.Count; i++)
        {
            var order = string.CompareOrdinal(a[i], b[i]);
            if (order != 0)
                return order;
        }

        return 0;
    }
}
