namespace CityHub.Privacy;

/// <summary>
/// Cuts rows into blocks of rows that are alike, by the groups of one attribute at a time, from the top down: where to look for clusters, not yet what they are. Each time the
/// attribute that takes most of the loss away; its small groups stay together.
/// </summary>
internal sealed class BlockTree
{
    private BlockTree(int[] rows, List<BlockTree> parts) => (Rows, Parts) = (rows, parts);

    /// <summary>Of a block that is not cut further; otherwise empty.</summary>
    public int[] Rows { get; }

    public List<BlockTree> Parts { get; }

    public static BlockTree Of(LocalSpace space, int blockSize, CancellationToken cancellation)
    {
        var rows = new int[space.RowCount];
        for (var row = 0; row < rows.Length; row++)
            rows[row] = row;
        return Cut(space, rows, Math.Max(blockSize, 2 * space.Models.LeastSize), cancellation);
    }

    private static BlockTree Cut(LocalSpace space, int[] rows, int blockSize, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (rows.Length <= blockSize)
            return new BlockTree(rows, []);
        var label = space.Row(rows[0]).ToArray();
        foreach (var row in rows)
            space.Meet(label, space.Row(row), label);

        var least = 2 * space.Models.LeastSize;
        int best = -1;
        var bestGain = 0.0;
        int[] bestPart = [], bestCounts = [];
        for (var a = 0; a < space.Attributes; a++)
        {
            var tree = space.Tree(a);
            var part = Part(tree, label[a]);
            if (part.Length == 0)
                continue;
            var counts = new int[tree.Count];
            foreach (var row in rows)
                counts[part[space.Node(row, a)]]++;
            var gain = 0.0;
            var above = tree.Loss(label[a]);
            for (var node = 0; node < counts.Length; node++)
            {
                if (counts[node] >= least)
                    gain += float.IsInfinity(above) ? rows.Length : counts[node] * (double)(above - tree.Loss(node));
            }

            if (gain > bestGain)
                (best, bestGain, bestPart, bestCounts) = (a, gain, part, counts);
        }

        if (best < 0)
            return new BlockTree(rows, []);
        var parts = new List<BlockTree>();
        var rest = new List<int>();
        var groups = new int[]?[bestCounts.Length];
        var filled = new int[bestCounts.Length];
        foreach (var row in rows)
        {
            var node = bestPart[space.Node(row, best)];
            if (bestCounts[node] < least)
                rest.Add(row);
            else
                (groups[node] ??= new int[bestCounts[node]])[filled[node]++] = row;
        }

        foreach (var group in groups)
        {
            if (group is not null)
                parts.Add(Cut(space, group, blockSize, cancellation));
        }

        if (rest.Count > 0)
            parts.Add(Cut(space, [.. rest], blockSize, cancellation));
        return new BlockTree([], parts);
    }

    /// <summary>For each node below a label the child of the label that it is under; empty where the label is a value.</summary>
    private static int[] Part(LabelTree tree, int label)
    {
        var part = new int[tree.Count];
        var any = false;
        for (var node = label - 1; node >= 0; node--)
        {
            var parent = tree.Parent(node);
            part[node] = parent == label ? node : part[parent];
            any |= parent == label;
        }

        return any ? part : [];
    }
}
