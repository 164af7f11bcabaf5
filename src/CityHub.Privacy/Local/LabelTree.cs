using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// The labels that one attribute of a class can have, as a tree: the values of the table at the bottom, above each the groups of its hierarchy. Groups of the same leaves are
/// one node, which is shown by its finest label. A node has a larger number than all below it; the last one is above everything and is no label where the hierarchy does not
/// itself end in one group.
/// </summary>
internal sealed class LabelTree
{
    private const int TabledNodes = 512; // 1.5 MiB for both tables of an attribute; larger ones climb

    private readonly int[] parent;
    private readonly float[] loss;
    private readonly ushort[]? meet;
    private readonly float[]? joined;
    private readonly string[] labels;

    /// <param name="column">Of it, the node of each code is <see cref="NodeOf"/>.</param>
    /// <exception cref="PrivacyException">The hierarchy has no line for a value of the column.</exception>
    public LabelTree(Hierarchy hierarchy, Column column)
    {
        Name = column.Name;
        var nodeOf = new int[hierarchy.Levels][];
        var first = new Dictionary<(int Leaf, int Leaves), int>();
        var texts = new List<string>();
        var losses = new List<float>();
        for (var level = 0; level < hierarchy.Levels; level++)
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
                    losses.Add((float)(hierarchy.Share(leaf, level) - 1.0 / hierarchy.Leaves));
                }

                nodeOf[level][group] = node;
            }
        }

        var tops = hierarchy.GroupCount(hierarchy.Levels - 1);
        if (tops > 1)
        {
            texts.Add("*");
            losses.Add(float.PositiveInfinity);
        }

        (labels, loss, Whole) = ([.. texts], [.. losses], 1 - 1.0 / hierarchy.Leaves);
        parent = new int[labels.Length];
        Array.Fill(parent, labels.Length - 1);
        for (var level = hierarchy.Levels - 1; level > 0; level--)
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
            NodeOf[code] = hierarchy.TryLeaf(column.Values[code], out var leaf) ? leaf : throw new PrivacyRefusal(
                PrivacyCodes.HierarchyUnusable,
                $"The hierarchy of {column.Name} has no line for \"{column.Values[code]}\", which the table has.", "Add a line for the value, or correct it in the table.")
                { Column = column.Name, Row = FirstRow(column, code) }.ToException();
        }

        if (labels.Length > TabledNodes)
            return;
        var tabledMeet = new ushort[labels.Length * labels.Length];
        joined = new float[tabledMeet.Length];
        for (var one = 0; one < labels.Length; one++)
        {
            for (var other = 0; other < labels.Length; other++)
            {
                var node = Climb(one, other);
                (tabledMeet[one * labels.Length + other], joined[one * labels.Length + other]) = ((ushort)node, loss[node]);
            }
        }

        meet = tabledMeet;
    }

    public string Name { get; }

    public int Count => labels.Length;

    /// <summary>What a suppressed cell loses: 1 - 1/leaves. A label loses its share of the leaves less 1/leaves.</summary>
    public double Whole { get; }

    public int[] NodeOf { get; }

    /// <summary>For each two nodes, one * Count + other, the loss of the lowest node above both; null where there are too many.</summary>
    public float[]? Joined => joined;

    public float Loss(int node) => loss[node];

    public string Label(int node) => labels[node];

    public int Parent(int node) => parent[node];

    /// <summary>The lowest node above both.</summary>
    public int Meet(int one, int other) => meet is null ? Climb(one, other) : meet[one * labels.Length + other];

    public float LossOfMeet(int one, int other) => joined is null ? loss[Climb(one, other)] : joined[one * labels.Length + other];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}, {Count} labels");

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
