namespace CityHub.Privacy;

/// <summary>
/// Rows that found no cluster: each goes to the one where it costs least. Under models that joining leads to that is done at any cost, as hardly a row is left; under
/// others only where it costs less than to suppress the row, as long as not too many are suppressed.
/// </summary>
internal static class ClusterLeftovers
{
    public static void Place(LocalSpace space, List<Cluster> clusters, List<int> left, int limit, CancellationToken cancellation)
    {
        var rest = Place(space, clusters, left, space.Models.PassByJoining ? double.PositiveInfinity : space.Whole, cancellation);
        if (rest.Count <= limit)
            return;
        rest = Place(space, clusters, rest, double.PositiveInfinity, cancellation);
        if (rest.Count <= limit)
            return;

        // The last resort: the cluster where such a row would cost least takes in its neighbours until it can take the row, too; at the worst it becomes the whole table.
        var prepared = new int[space.Attributes];
        foreach (var row in rest)
        {
            cancellation.ThrowIfCancellationRequested();
            var cluster = Nearest(space, clusters, space.Row(row), 1, 0, null, prepared);
            while (cluster is not null && !cluster.Takes(space, row) && Nearest(space, clusters, cluster.Label, cluster.Size, cluster.Total, cluster, prepared) is { } neighbour)
            {
                cluster.Join(space, neighbour);
                clusters.Remove(neighbour);
            }

            if (cluster is null || !cluster.Takes(space, row))
                continue;
            cluster.Add(space, row);
        }
    }

    private static Cluster? Nearest(LocalSpace space, List<Cluster> clusters, ReadOnlySpan<int> label, int size, double total, Cluster? except, int[] prepared)
    {
        Cluster? nearest = null;
        var least = double.PositiveInfinity;
        space.Prepare(label, prepared);
        foreach (var one in clusters)
        {
            if (one == except)
                continue;
            var cost = (size + one.Size) * (double)space.LossOfMeet(prepared, one.Label) - one.Total - total;
            if (cost < least)
                (nearest, least) = (one, cost);
        }

        return nearest;
    }

    private static List<int> Place(LocalSpace space, List<Cluster> clusters, List<int> rows, double below, CancellationToken cancellation)
    {
        var rest = new List<int>();
        var prepared = new int[space.Attributes];
        foreach (var row in rows)
        {
            space.Prepare(space.Row(row), prepared);
            cancellation.ThrowIfCancellationRequested();
            Cluster? best = null;
            var least = below;
            foreach (var cluster in clusters)
            {
                var cost = space.LossOfMeet(prepared, cluster.Label) * (double)(cluster.Size + 1) - cluster.Total;
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
