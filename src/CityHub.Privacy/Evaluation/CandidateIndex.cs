namespace CityHub.Privacy;

/// <summary>
/// Finds the classes of a release that cover a person. A tree with a column on each floor, branching by released value: a person goes down those branches that are its value or
/// a group above it, of which there are at most as many as the hierarchy has levels, and mostly one.
/// </summary>
internal sealed class CandidateIndex
{
    private readonly Dictionary<string, int[]>[] above; // per column: a value → the codes of the released values that cover it
    private readonly int[][] nothing;                   // per column: the released values that cover everything
    private readonly Dictionary<(int Node, int Code), int>[] floors;

    private CandidateIndex(Dictionary<string, int[]>[] above, int[][] nothing, Dictionary<(int Node, int Code), int>[] floors) => (this.above, this.nothing, this.floors) = (above, nothing, floors);

    public static CandidateIndex Of(Table released, EquivalenceClasses classes, IReadOnlyList<Hierarchy> hierarchies)
    {
        var columns = hierarchies.Select(one => released[one.Attribute]).ToArray();
        var floors = columns.Select(_ => new Dictionary<(int, int), int>()).ToArray();
        var seen = new bool[classes.Sizes.Classes];
        for (var row = 0; row < released.Rows; row++)
        {
            var one = classes.ClassOf[row];
            if (one < 0 || seen[one])
                continue;
            seen[one] = true;
            var node = 0;
            for (var floor = 0; floor < columns.Length; floor++)
            {
                var key = (node, columns[floor].Code(row));
                // On the last floor a leaf is a class, and each class has one leaf.
                if (!floors[floor].TryGetValue(key, out node))
                    floors[floor].Add(key, node = floor == columns.Length - 1 ? one : floors[floor].Count);
            }
        }

        var above = new Dictionary<string, int[]>[columns.Length];
        var nothing = new int[columns.Length][];
        for (var i = 0; i < columns.Length; i++)
            (above[i], nothing[i]) = Above(columns[i], hierarchies[i]);
        return new CandidateIndex(above, nothing, floors);
    }

    /// <summary>The classes that cover these values, one for each column. A value that no hierarchy knows is covered only by what covers everything.</summary>
    public int[] Find(string[] values)
    {
        List<int> nodes = [0];
        for (var floor = 0; floor < floors.Length && nodes.Count > 0; floor++)
        {
            var codes = above[floor].GetValueOrDefault(values[floor]) ?? nothing[floor];
            var next = new List<int>();
            foreach (var node in nodes)
            {
                foreach (var code in codes)
                {
                    if (floors[floor].TryGetValue((node, code), out var child))
                        next.Add(child);
                }
            }

            nodes = next;
        }

        return [.. nodes];
    }

    private static (Dictionary<string, int[]> Above, int[] Nothing) Above(Column column, Hierarchy hierarchy)
    {
        var codes = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var code = 0; code < column.Distinct; code++)
            codes.Add(column.Values[code], code);
        var covers = new Dictionary<string, int[]>(StringComparer.Ordinal);
        var used = new HashSet<int>();
        for (var leaf = 0; leaf < hierarchy.Leaves; leaf++)
        {
            var found = new HashSet<int>();
            for (var level = 0; level < hierarchy.Levels; level++)
            {
                if (codes.TryGetValue(hierarchy.Label(level, hierarchy.Group(leaf, level)), out var code))
                    found.Add(code);
            }

            if (codes.TryGetValue(EquivalenceClasses.Nothing, out var star))
                found.Add(star);
            covers.Add(hierarchy.Values[leaf], [.. found]);
            used.UnionWith(found);
        }

        foreach (var (label, code) in codes)
        {
            if (!used.Contains(code))
            {
                throw new PrivacyRefusal(
                    PrivacyCodes.HierarchyUnusable, $"The released value {label} of {hierarchy.Attribute} is on no level of its hierarchy.",
                    "Give the hierarchies that the release was made with.") { Column = hierarchy.Attribute }.ToException();
            }
        }

        var top = hierarchy.Levels - 1;
        string?[] all = [EquivalenceClasses.Nothing, hierarchy.GroupCount(top) == 1 ? hierarchy.Label(top, 0) : null];
        return (covers, [.. all.OfType<string>().Distinct().Where(codes.ContainsKey).Select(label => codes[label])]);
    }
}
