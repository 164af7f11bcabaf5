namespace CityHub.Privacy;

/// <summary>
/// Clusters that have more rows than they need give up those that are a burden: such a row and the rows nearest to it that others can spare become a cluster of their own, where
/// all together lose less than before. For models that joining leads to.
/// </summary>
internal sealed class ClusterRegrowing
{
    private const double Enough = 1e-6;

    private readonly LocalSpace space;
    private readonly List<Cluster> clusters;
    private readonly Rests rests;
    private readonly List<Spare> spares = [];
    private readonly List<Spare> taken = [];
    private readonly HashSet<Cluster> touched = [];
    private readonly int[] label, rest, prepared;

    private ClusterRegrowing(LocalSpace space, List<Cluster> clusters) =>
        (this.space, this.clusters, rests, label, rest, prepared) =
        (space, clusters, new Rests(space), new int[space.Attributes], new int[space.Attributes], new int[space.Attributes]);

    public static bool Regrow(LocalSpace space, List<Cluster> clusters, int passes)
    {
        var one = new ClusterRegrowing(space, clusters);
        var any = false;
        while (passes-- > 0 && one.Pass())
            any = true;
        return any;
    }

    private bool Pass()
    {
        var any = false;
        touched.Clear();
        Collect();
        var starts = spares.TakeWhile(one => one.Gain > Enough).ToArray();
        foreach (var start in starts)
        {
            if (touched.Contains(start.From) || !Grow(start))
                continue;
            // What it really brings: two rows that leave one cluster may bring more than each alone.
            var gain = -(double)space.Loss(label) * taken.Count;
            foreach (var from in taken.Select(one => one.From).Distinct())
            {
                var left = Without(from);
                gain += from.Total - (double)space.Loss(rest) * left;
            }

            if (gain <= Enough)
                continue;
            var cluster = new Cluster(space);
            foreach (var one in taken)
            {
                one.From.Remove(space, one.Row);
                cluster.Add(space, one.Row);
                touched.Add(one.From);
            }

            clusters.Add(cluster);
            spares.RemoveAll(one => touched.Contains(one.From));
            any = true;
        }

        return any;
    }

    /// <summary>All rows of clusters that have more than they need, with what their cluster wins without them, most first.</summary>
    private void Collect()
    {
        spares.Clear();
        foreach (var cluster in clusters)
        {
            if (cluster.Size <= space.Models.LeastSize)
                continue;
            rests.Of(cluster);
            for (var i = 0; i < cluster.Size; i++)
                spares.Add(new Spare(cluster, cluster.Rows[i], Math.Max(0, cluster.Total - (double)rests.Loss[i] * (cluster.Size - 1))));
        }

        spares.Sort((one, other) => one.Gain != other.Gain ? other.Gain.CompareTo(one.Gain) : one.Row.CompareTo(other.Row));
    }

    /// <summary>Adds, to one spare row, the cheapest others until the models pass.</summary>
    private bool Grow(Spare start)
    {
        taken.Clear();
        space.Row(start.Row).CopyTo(label);
        var counts = space.Models.Whole.Length == 0 ? [] : new int[space.Models.Whole.Length];
        taken.Add(start);
        space.Models.Count(counts, start.Row);
        if (!Spares(start.From))
            return false;
        var loss = 0.0;
        var gained = start.Gain;
        while (!space.Models.Passes(taken.Count, counts))
        {
            var size = taken.Count;
            if (size > 2 * space.Models.LeastSize)
                return false;
            Spare? best = null;
            double least = double.PositiveInfinity, bestLoss = 0;
            space.Prepare(label, prepared);
            foreach (var one in spares)
            {
                if (loss - one.Gain >= least)
                    break; // no label loses less than one below it, and those that follow win less
                var joined = (double)space.LossOfMeet(prepared, space.Row(one.Row));
                var cost = joined * (size + 1) - loss * size - one.Gain;
                if (cost >= least || taken.Contains(one))
                    continue;
                taken.Add(one);
                var possible = Spares(one.From);
                taken.RemoveAt(size);
                if (possible)
                    (best, least, bestLoss) = (one, cost, joined);
            }

            if (best is null)
                return false;
            taken.Add(best);
            space.Meet(label, space.Row(best.Row), label);
            space.Models.Count(counts, best.Row);
            loss = bestLoss;
            gained += best.Gain;
        }

        return gained - loss * taken.Count > -Enough;
    }

    /// <summary>Whether a cluster still passes without what is taken from it.</summary>
    private bool Spares(Cluster from)
    {
        var size = from.Size;
        foreach (var one in taken)
            size -= one.From == from ? 1 : 0;
        if (size < space.Models.LeastSize)
            return false;
        if (space.Models.Sensitive == 0)
            return space.Models.Passes(size, []);
        foreach (var one in taken)
        {
            if (one.From == from)
                space.Models.Count(from.Counts, one.Row, -1);
        }

        var passes = space.Models.Passes(size, from.Counts);
        foreach (var one in taken)
        {
            if (one.From == from)
                space.Models.Count(from.Counts, one.Row);
        }

        return passes;
    }

    /// <summary>Puts the label of a cluster without what is taken from it into <see cref="rest"/>.</summary>
    private int Without(Cluster from)
    {
        var left = 0;
        foreach (var row in from.Rows)
        {
            var stays = true;
            foreach (var one in taken)
                stays &= one.Row != row;
            if (!stays)
                continue;
            if (left++ == 0)
                space.Row(row).CopyTo(rest);
            else
                space.Meet(rest, space.Row(row), rest);
        }

        return left;
    }

    private sealed record Spare(Cluster From, int Row, double Gain)
    {
        public bool Equals(Spare? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => Row;
    }
}
