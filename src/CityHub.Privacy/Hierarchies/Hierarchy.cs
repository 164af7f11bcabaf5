using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// How the values of one attribute are generalised: level 0 is the value itself, each level above groups the one below, the last is mostly one group, "*".
/// A leaf is a line of the hierarchy, also where no row of a table has its value: the share of a group is its leaves by all leaves.
/// </summary>
public sealed class Hierarchy
{
    private readonly string[][] labels; // [level][group]
    private readonly int[][] groups;    // [level][leaf] → group
    private readonly int[][] leaves;    // [level][group] → how many leaves
    private readonly Dictionary<string, int> index;

    private Hierarchy(string attribute, string[][] labels, int[][] groups)
    {
        (Attribute, this.labels, this.groups) = (attribute, labels, groups);
        leaves = new int[groups.Length][];
        for (var level = 0; level < groups.Length; level++)
        {
            leaves[level] = new int[labels[level].Length];
            foreach (var group in groups[level])
                leaves[level][group]++;
        }

        index = new Dictionary<string, int>(labels[0].Length, StringComparer.Ordinal);
        for (var leaf = 0; leaf < labels[0].Length; leaf++)
            index.Add(labels[0][leaf], leaf);
    }

    public string Attribute { get; }

    /// <summary>Levels, the values themselves among them; at least 1.</summary>
    public int Levels => groups.Length;

    public int Leaves => labels[0].Length;

    /// <summary>Leaves in the order of the lines; that of the ordered t-closeness.</summary>
    public IReadOnlyList<string> Values => labels[0];

    public bool TryLeaf(string value, out int leaf) => index.TryGetValue(value, out leaf);

    public int GroupCount(int level) => labels[level].Length;

    /// <summary>The group of a leaf at a level; at level 0 the leaf itself.</summary>
    public int Group(int leaf, int level) => groups[level][leaf];

    /// <summary>For each leaf its group at a level.</summary>
    public ReadOnlySpan<int> Groups(int level) => groups[level];

    public string Label(int level, int group) => labels[level][group];

    public int LeavesUnder(int level, int group) => leaves[level][group];

    /// <summary>Leaves under the group of a leaf by all leaves: 1/Leaves at level 0 mostly, 1 at the top.</summary>
    public double Share(int leaf, int level) => (double)leaves[level][groups[level][leaf]] / Leaves;

    /// <param name="lines">For each value of the attribute: the value, then its label at each level above.</param>
    /// <exception cref="PrivacyException">A line has another number of levels, a value stands twice, a group is split by a level above.</exception>
    public static Hierarchy Of(string attribute, params IReadOnlyList<IReadOnlyList<string>> lines)
    {
        if (lines.Count == 0)
            throw Unusable(attribute, null, "it has no line");
        var levels = lines[0].Count;
        if (levels == 0)
            throw Unusable(attribute, 1, "the line is empty");
        var labels = new string[levels][];
        var groups = new int[levels][];
        for (var level = 0; level < levels; level++)
        {
            var known = new Dictionary<string, int>(StringComparer.Ordinal);
            var parents = new List<int>();
            groups[level] = new int[lines.Count];
            for (var leaf = 0; leaf < lines.Count; leaf++)
            {
                if (lines[leaf].Count != levels)
                    throw Unusable(attribute, leaf + 1, string.Create(CultureInfo.InvariantCulture, $"the line has {lines[leaf].Count} levels, the first one {levels}"));
                if (!known.TryGetValue(lines[leaf][level], out var group))
                    known.Add(lines[leaf][level], group = known.Count);
                else if (level == 0)
                    throw Unusable(attribute, leaf + 1, $"{lines[leaf][0]} stands in it twice");
                groups[level][leaf] = group;
            }

            labels[level] = [.. known.Keys];
            if (level == 0)
                continue;
            // Whoever is together below stays together: otherwise a coarser level would tell more than a finer one.
            var above = new int[labels[level - 1].Length];
            Array.Fill(above, -1);
            for (var leaf = 0; leaf < lines.Count; leaf++)
            {
                var below = groups[level - 1][leaf];
                if (above[below] >= 0 && above[below] != groups[level][leaf])
                    throw Unusable(attribute, leaf + 1, $"{labels[level - 1][below]} belongs to {labels[level][above[below]]} in one line and to {lines[leaf][level]} in this one");
                above[below] = groups[level][leaf];
            }
        }

        return new Hierarchy(attribute, labels, groups);
    }

    private static PrivacyException Unusable(string attribute, long? row, string why) => new PrivacyRefusal(
        PrivacyCodes.HierarchyUnusable, string.Create(CultureInfo.InvariantCulture, $"The hierarchy of {attribute}{(row is null ? "" : $", line {row}")}: {why}."),
        "Each line is a value and its label at each level, from fine to coarse; the last is mostly *.") { Column = attribute, Row = row }.ToException();
}
