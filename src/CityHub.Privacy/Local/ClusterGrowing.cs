namespace CityHub.Privacy;

/// <summary>
/// Forms clusters row by row, each a small likeness of the whole table: of the rows whose sensitive values the cluster does not have too many of yet, the one that costs least
/// joins, until the models pass (after the idea of SABRE, Cao, Karras, Kalnis and Tan 2011, that a class is drawn from all buckets of sensitive values in proportion). For
/// models such as t-closeness, which joining alone reaches only with very large classes.
/// </summary>
internal static class ClusterGrowing
{
    /// <summary>How many records of a value a cluster may be ahead of its share: below 1 nothing can start, from 2 on the bound is reached too late.</summary>
    private const double Ahead = 1.2;

    /// <summary>A record of a value that is missing is worth this much loss.</summary>
    private const double Missing = 0.05;

    /// <summary>Rows that are looked at for each that joins.</summary>
    private const int Candidates = 5600;

    private const int LargestCluster = 512, Failures = 20;

    /// <returns>The clusters that pass; what is left over is added to <paramref name="left"/>.</returns>
    public static List<Cluster> Form(LocalSpace space, List<int> rows, List<int> left, CancellationToken cancellation)
    {
        var models = space.Models;
        var formed = new List<Cluster>();
        var groups = Groups(models, rows);
        var window = Math.Max(8, Candidates / Math.Max(1, groups.Count));
        var shares = Array.ConvertAll(models.Whole, count => (double)count / space.RowCount);
        var failures = 0;
        while (failures < Failures && Seed(groups) is { } seeds)
        {
            cancellation.ThrowIfCancellationRequested();
            var cluster = new Cluster(space);
            cluster.Add(space, seeds.Take(seeds.Rows.Count - 1));
            var from = new List<Group> { seeds };
            while (!cluster.Passes(space) && cluster.Size < LargestCluster && Next(space, shares, groups, cluster, window) is { Group: { } group, Index: var index })
            {
                cluster.Add(space, group.Take(index));
                from.Add(group);
            }

            if (cluster.Passes(space))
            {
                formed.Add(cluster);
                continue;
            }

            failures++;
            left.Add(cluster.Rows[0]);
            for (var i = cluster.Size - 1; i > 0; i--)
                from[i].Rows.Add(cluster.Rows[i]);
        }

        foreach (var group in groups)
            left.AddRange(group.Rows);
        return formed;
    }

    private static (Group? Group, int Index) Next(LocalSpace space, double[] shares, List<Group> groups, Cluster cluster, int window)
    {
        Group? best = null;
        var bestIndex = 0;
        var least = double.PositiveInfinity;
        Span<int> prepared = stackalloc int[space.Attributes];
        space.Prepare(cluster.Label, prepared);
        foreach (var group in groups)
        {
            if (group.Rows.Count == 0)
                continue;
            var missing = double.PositiveInfinity;
            foreach (var place in group.Places)
            {
                var count = cluster.Counts[place];
                missing = count + 1 > shares[place] * (cluster.Size + 1) + Ahead ? double.NegativeInfinity : Math.Min(missing, shares[place] - (double)count / cluster.Size);
            }

            if (double.IsNegativeInfinity(missing))
                continue;
            var worth = group.Places.Length == 0 ? 0 : Missing * missing;
            for (var i = group.Rows.Count - 1; i >= Math.Max(0, group.Rows.Count - window); i--)
            {
                var cost = space.LossOfMeet(prepared, space.Row(group.Rows[i])) - worth;
                if (cost < least)
                    (best, bestIndex, least) = (group, i, cost);
            }
        }

        return (best, bestIndex);
    }

    /// <summary>The value of which most is left, by its share of the table.</summary>
    private static Group? Seed(List<Group> groups)
    {
        Group? most = null;
        var surplus = 0.0;
        foreach (var group in groups)
        {
            if (group.Rows.Count / group.Weight > surplus)
                (most, surplus) = (group, group.Rows.Count / group.Weight);
        }

        return most;
    }

    /// <summary>Rows by all their sensitive values.</summary>
    private static List<Group> Groups(LocalModels models, List<int> rows)
    {
        var known = new Dictionary<ulong, List<Group>>();
        var groups = new List<Group>();
        var places = new int[models.Sensitive];
        foreach (var row in rows)
        {
            var hash = 14695981039346656037UL;
            for (var s = 0; s < places.Length; s++)
                hash = (hash ^ (uint)(places[s] = models.Place(s, row))) * 1099511628211UL;
            if (!known.TryGetValue(hash, out var alike))
                known.Add(hash, alike = []);
            var group = alike.Find(one => one.Places.AsSpan().SequenceEqual(places));
            if (group is null)
            {
                group = new Group([.. places], places.Length == 0 ? 1 : places.Min(place => models.Whole[place]));
                alike.Add(group);
                groups.Add(group);
            }

            group.Rows.Add(row);
        }

        return groups;
    }

    private sealed class Group(int[] places, double weight)
    {
        public int[] Places { get; } = places;

        /// <summary>How frequent its rarest value is in the whole table.</summary>
        public double Weight { get; } = weight;

        public List<int> Rows { get; } = [];

        public int Take(int index)
        {
            var row = Rows[index];
            Rows.RemoveAt(index);
            return row;
        }
    }
}
