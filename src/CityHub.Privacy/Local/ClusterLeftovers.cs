namespace CityHub.Privacy;

/// <summary>Rows that found no cluster: each goes to the one where it costs least, if that is less than suppressing it. Where too many would be suppressed they are placed at any cost.</summary>
internal static class ClusterLeftovers
{
    public static void Place(LocalSpace space, List<Cluster> clusters, List<int> left, int limit, CancellationToken cancellation)
    {
        var rest = Place(space, clusters, left, space.Whole, cancellation);
        if (rest.Count <= limit)
            return;
        rest = Place(space, clusters, rest, double.PositiveInfinity, cancellation);
        if (rest.Count <= limit)
            return;

        // The last resort: one class of what is left, which takes in its nearest neighbours until it passes; at the worst all of them, which is the whole table.
        var last = new Cluster(space);
        foreach (var row in rest)
            last.Add(space, row);
        while (!last.Passes(space) && clusters.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            var nearest = clusters.MinBy(one => (last.Size + one.Size) * (double)space.LossOfMeet(last.Label, one.Label) - one.Total);
            if (nearest is null)
                return;
            last.Join(space, nearest);
            clusters.Remove(nearest);
        }

        if (last.Passes(space) && float.IsFinite(last.Loss))
            clusters.Add(last);
    }

    private static List<int> Place(LocalSpace space, List<Cluster> clusters, List<int> rows, double below, CancellationToken cancellation)
    {
        var rest = new List<int>();
        foreach (var row in rows)
        {
            cancellation.ThrowIfCancellationRequested();
            Cluster? best = null;
            var least = below;
            foreach (var cluster in clusters)
            {
                var cost = space.LossOfMeet(cluster.Label, space.Row(row)) * (double)(cluster.Size + 1) - cluster.Total;
                if (cost < least && cluster.Takes(space, row))
                    (best, least) = (cluster, cost);
            }

            if (best is null)
                rest.Add(row);
            else
                best.Add(space, row);
        }

        return rest;
    }
}
