namespace CityHub.Privacy;

/// <summary>
/// Makes the clusters of a block cost less while all of them keep passing: whole clusters are given to the others, single rows go to where they cost less, and rows that are a
/// burden where they are form clusters of their own. Each step is taken only when the sum of losses falls, so that it ends.
/// </summary>
internal sealed class ClusterImproving
{
    private const double Enough = 1e-6;
    private const int Rounds = 3, RegrowPasses = 4, LargestRegrown = 32; // its work grows with the square of the class; beyond, moving alone is nearly as good

    private readonly LocalSpace space;
    private readonly List<Cluster> clusters;
    private readonly int[] label, prepared;

    private ClusterImproving(LocalSpace space, List<Cluster> clusters) => (this.space, this.clusters, label, prepared) = (space, clusters, new int[space.Attributes], new int[space.Attributes]);

    public static void Improve(LocalSpace space, List<Cluster> clusters, CancellationToken cancellation)
    {
        var one = new ClusterImproving(space, clusters);
        for (var round = 0; round < Rounds; round++)
        {
            cancellation.ThrowIfCancellationRequested();
            var better = one.Dissolve() | one.Move();
            if (space.Models.PassByJoining && space.Models.LeastSize <= LargestRegrown)
                better |= ClusterRegrowing.Regrow(space, clusters, RegrowPasses);
            if (!better)
                return;
        }
    }

    /// <summary>Gives all rows of a cluster to others where that costs less than the cluster itself.</summary>
    private bool Dissolve()
    {
        var any = false;
        var labels = new List<int>();
        var receivers = new List<Cluster>();
        for (var i = 0; i < clusters.Count && clusters.Count > 1; i++)
        {
            var cluster = clusters[i];
            var left = cluster.Total;
            labels.Clear();
            receivers.Clear();
            foreach (var row in cluster.Rows)
            {
                var (receiver, cost) = Cheapest(cluster, row, left);
                if (receiver is null)
                    break;
                left -= cost;
                labels.AddRange(receiver.Label);
                receivers.Add(receiver);
                receiver.Add(space, row);
            }

            if (receivers.Count == cluster.Size && left > Enough)
            {
                clusters.RemoveAt(i--);
                any = true;
                continue;
            }

            for (var last = receivers.Count - 1; last >= 0; last--)
            {
                labels.CopyTo(last * label.Length, label, 0, label.Length);
                receivers[last].TakeBack(space, label);
            }
        }

        return any;
    }

    /// <summary>Moves single rows to another cluster.</summary>
    private bool Move()
    {
        var any = false;
        var rests = new Rests(space);
        for (var i = 0; i < clusters.Count; i++)
        {
            var cluster = clusters[i];
            while (cluster.Size > space.Models.LeastSize && cluster.Loss > 0)
            {
                rests.Of(cluster);
                Cluster? best = null;
                int bestRow = -1;
                var gain = Enough;
                for (var one = 0; one < cluster.Size; one++)
                {
                    var leaving = cluster.Total - (double)rests.Loss[one] * (cluster.Size - 1);
                    if (leaving <= gain || !cluster.Spares(space, cluster.Rows[one]))
                        continue;
                    var (receiver, cost) = Cheapest(cluster, cluster.Rows[one], leaving - gain);
                    if (receiver is not null)
                        (best, bestRow, gain) = (receiver, cluster.Rows[one], leaving - cost);
                }

                if (best is null)
                    break;
                cluster.Remove(space, bestRow);
                best.Add(space, bestRow);
                any = true;
            }
        }

        return any;
    }

    /// <summary>The other cluster where a row costs least, below a bound.</summary>
    private (Cluster? Cluster, double Cost) Cheapest(Cluster except, int row, double below)
    {
        Cluster? best = null;
        space.Prepare(space.Row(row), prepared);
        foreach (var other in clusters)
        {
            if (other == except || other.Loss >= below)
                continue; // to join costs at least what a row of it loses
            var cost = space.LossOfMeet(prepared, other.Label) * (double)(other.Size + 1) - other.Total;
            if (cost < below && (space.Models.Monotone || other.Takes(space, row)))
                (best, below) = (other, cost);
        }

        return (best, below);
    }
}

/// <summary>For each row of a cluster the loss of the others without it, by the labels of those before and those after.</summary>
internal sealed class Rests(LocalSpace space)
{
    private readonly int[] prepared = new int[space.Attributes];
    private int[] before = [], after = [];

    public float[] Loss { get; private set; } = [];

    public void Of(Cluster cluster)
    {
        int n = cluster.Size, width = space.Attributes;
        if (Loss.Length < n)
        {
            Loss = new float[n * 2];
            before = new int[n * 2 * width];
            after = new int[n * 2 * width];
        }

        space.Row(cluster.Rows[0]).CopyTo(before);
        space.Row(cluster.Rows[n - 1]).CopyTo(after.AsSpan((n - 1) * width));
        for (var i = 1; i < n; i++)
            space.Meet(before.AsSpan((i - 1) * width, width), space.Row(cluster.Rows[i]), before.AsSpan(i * width, width));
        for (var i = n - 2; i >= 0; i--)
            space.Meet(after.AsSpan((i + 1) * width, width), space.Row(cluster.Rows[i]), after.AsSpan(i * width, width));
        if (n == 1)
        {
            Loss[0] = 0;
            return;
        }

        Loss[0] = space.Loss(after.AsSpan(width, width));
        Loss[n - 1] = space.Loss(before.AsSpan((n - 2) * width, width));
        for (var i = 1; i < n - 1; i++)
        {
            space.Prepare(before.AsSpan((i - 1) * width, width), prepared);
            Loss[i] = space.LossOfMeet(prepared, after.AsSpan((i + 1) * width, width));
        }
    }
}
