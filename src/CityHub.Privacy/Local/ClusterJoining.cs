namespace CityHub.Privacy;

/// <summary>
/// Forms clusters of a block from below: rows alike are one cluster, and of all clusters that do not pass the one with the nearest neighbour joins it, until all pass or one is
/// left (after the agglomerative algorithms of Goldberger and Tassa 2010, "Efficient anonymizations with enhanced utility"). For models that joining leads to.
/// </summary>
internal static class ClusterJoining
{
    /// <summary>Near is what costs little for what it brings towards the least size; found by trial on census tables, anything from 0.25 to 0.5 does.</summary>
    private const double Progress = 0.35;

    /// <returns>The clusters that pass; what could not be joined is added to <paramref name="left"/>.</returns>
    public static List<Cluster> Form(LocalSpace space, ReadOnlySpan<int> rows, List<int> left)
    {
        var least = space.Models.LeastSize;
        var clusters = Alike(space, rows);
        var weights = new double[least + 2];
        for (var need = 1; need < weights.Length; need++)
            weights[need] = 1 / Math.Pow(need, Progress);
        var prepared = new int[space.Attributes];
        var waiting = new PriorityQueue<Cluster, double>();
        foreach (var cluster in clusters)
        {
            if (!cluster.Passes(space))
                waiting.Enqueue(cluster, 0);
        }

        while (waiting.TryDequeue(out var one, out _))
        {
            if (one.Gone || one.Passes(space))
                continue;
            Cluster? nearest = null;
            var distance = double.PositiveInfinity;
            var need = Math.Max(1, least - one.Size);
            var live = 0;
            space.Prepare(one.Label, prepared);
            for (var i = 0; i < clusters.Count; i++)
            {
                var other = clusters[i];
                if (other.Gone)
                    continue;
                clusters[live++] = other;
                if (other == one)
                    continue;
                double size = one.Size + other.Size, before = one.Total + other.Total, weight = weights[Math.Min(other.Size, need)];
                if ((size * Math.Max(one.Loss, other.Loss) - before) * weight >= distance)
                    continue; // both together lose at least as much for each row as the worse of them
                var cost = (size * space.LossOfMeet(prepared, other.Label) - before) * weight;
                if (cost < distance)
                    (nearest, distance) = (other, cost);
            }

            clusters.RemoveRange(live, clusters.Count - live);
            if (nearest is null)
                continue;
            if (waiting.TryPeek(out _, out var next) && distance > next)
            {
                waiting.Enqueue(one, distance); // another may be nearer to its neighbour
                continue;
            }

            one.Join(space, nearest);
            waiting.Enqueue(one, 0);
        }

        var passed = new List<Cluster>(clusters.Count);
        foreach (var cluster in clusters)
        {
            if (cluster.Gone)
                continue;
            if (cluster.Passes(space))
                passed.Add(cluster);
            else
                left.AddRange(cluster.Rows);
        }

        return passed;
    }

    private static List<Cluster> Alike(LocalSpace space, ReadOnlySpan<int> rows)
    {
        var sorted = rows.ToArray();
        Array.Sort(sorted, (one, other) =>
        {
            var order = space.Row(one).SequenceCompareTo(space.Row(other));
            return order != 0 ? order : one.CompareTo(other);
        });
        var clusters = new List<Cluster>();
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i == 0 || !space.Row(sorted[i]).SequenceEqual(space.Row(sorted[i - 1])))
                clusters.Add(new Cluster(space));
            clusters[^1].Add(space, sorted[i]);
        }

        return clusters;
    }
}
