using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// The labels that one attribute of a class can have, as a tree: the groups of its hierarchy at the lowest level that is allowed, above each those up to the highest. Groups
/// of the same leaves are one node, which is shown by its finest label. A node has a larger number than all below it; the last one is above everything and is no label where
/// the levels do not themselves end in one group.
/// </summary>
internal sealed class LabelTree
{
    private const int TabledNodes = 512; // 1.5 MiB for both tables of an attribute; larger ones climb

    private readonly int[] parent;
    private readonly float[] loss;
    private readonly double[] shares;
    private readonly ushort[]? meet;
    private readonly string[] labels;

    /// <param name="column">Of it, the node of each code is <see cref="NodeOf"/>.</param>
    /// <exception cref="PrivacyException">The hierarchy has no line for a value of the column, or not the levels that are asked for.</exception>
    public LabelTree(QuasiIdentifier attribute, Column column)
    {
        var hierarchy = attribute.Hierarchy;
        int lowest = attribute.MinLevel, highest = attribute.MaxLevel ?? hierarchy.Levels - 1;
        if (lowest < 0 || lowest > highest || highest >= hierarchy.Levels || !(attribute.Weight > 0 && double.IsFinite(attribute.Weight)))
        {
            throw new PrivacyRefusal(
                PrivacyCodes.HierarchyUnusable,
                string.Create(CultureInfo.InvariantCulture, $"{column.Name} is asked for from level {lowest} to {highest} with weight {attribute.Weight}; its hierarchy has the levels 0 to {hierarchy.Levels - 1}."),
                "Give levels that it has, the lower one first, and a weight above 0.") { Column = column.Name }.ToException();
        }

        Name = column.Name;
        var nodeOf = new int[hierarchy.Levels][];
        var first = new Dictionary<(int Leaf, int Leaves), int>();
        var texts = new List<string>();
        var losses = new List<double>();
        for (var level = lowest; level <= highest; level++)
        {
            nodeOf[level] = new int[hierarchy.GroupCount(level)];
            Array.Fill(nodeOf[level], -1);
            for (var leaf = 0; leaf < hierarchy.Leaves; leaf++)
            {
                var group = hierarchy.Group(leaf, level);
                if (nodeOf[level][group] >= 0)
                    continue;
                var key = (leaf, hierarchy.LeavesUnder(level, group));
                if (!first.TryGetValue(key, out var node))
                {
                    first.Add(key, node = texts.Count);
                    texts.Add(hierarchy.Label(level, group));
                    losses.Add(hierarchy.Share(leaf, level) - 1.0 / hierarchy.Leaves);
                }

                nodeOf[level][group] = node;
            }
        }

        if (hierarchy.GroupCount(highest) > 1)
        {
            texts.Add("*");
            losses.Add(double.PositiveInfinity);
        }

        (labels, shares, Whole) = ([.. texts], [.. losses], 1 - 1.0 / hierarchy.Leaves);
        Weight = attribute.Weight;
        loss = Array.ConvertAll(shares, share => (float)(share * Weight));
        parent = new int[labels.Length];
        Array.Fill(parent, labels.Length - 1);
        for (var level = highest; level > lowest; level--)
        {
            for (var leaf = 0; leaf < hierarchy.Leaves; leaf++)
            {
                int below = nodeOf[level - 1][hierarchy.Group(leaf, level - 1)], above = nodeOf[level][hierarchy.Group(leaf, level)];
                if (below != above)
                    parent[below] = above;
            }
        }

        NodeOf = new int[column.Distinct];
        for (var code = 0; code < NodeOf.Length; code++)
        {
            NodeOf[code] = hierarchy.TryLeaf(column.Values[code], out var leaf) ? nodeOf[lowest][hierarchy.Group(leaf, lowest)] : throw new PrivacyRefusal(
                PrivacyCodes.HierarchyUnusable,
                $"The hierarchy of {column.Name} has no line for \"{column.Values[code]}\", which the table has.", "Add a line for the value, or correct it in the table.")
                { Column = column.Name, Row = FirstRow(column, code) }.ToException();
        }

        if (labels.Length > TabledNodes)
            return;
        var tabledMeet = new ushort[labels.Length * labels.Length];
        for (var one = 0; one < labels.Length; one++)
        {
            for (var other = 0; other < labels.Length; other++)
                tabledMeet[one * labels.Length + other] = (ushort)Climb(one, other);
        }

        meet = tabledMeet;
    }

    public string Name { get; }

    public int Count => labels.Length;

    /// <summary>What a suppressed cell loses, without its weight: 1 - 1/leaves.</summary>
    public double Whole { get; }

    public double Weight { get; }

    public int[] NodeOf { get; }

    /// <summary>Its share of the leaves less 1/leaves, with the weight of the attribute.</summary>
    public float Loss(int node) => loss[node];

    /// <summary>The same without the weight.</summary>
    public double Lost(int node) => shares[node];

    public string Label(int node) => labels[node];

    public int Parent(int node) => parent[node];

    /// <summary>The lowest node above both.</summary>
    public int Meet(int one, int other) => meet is null ? Climb(one, other) : meet[one * labels.Length + other];

    /// <summary>For each two nodes, one * Count + other, the loss of the lowest node above both; null where there are too many.</summary>
    public float[]? LossesOfMeets() => meet is null ? null : Array.ConvertAll(meet, node => loss[node]);

    private int Climb(int one, int other)
    {
        while (one != other)
        {
            if (one < other)
                one = parent[one];
            else
                other = parent[other];
        }

        return one;
    }

    private static long FirstRow(Column column, int code)
    {
        for (var row = 0; row < column.Rows; row++)
        {
            if (column.Code(row) == code)
                return row + 2; // the header is row 1
        }

        return 1;
    }
}
