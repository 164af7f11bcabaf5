namespace CityHub.Privacy;

/// <summary>One quasi-identifier before and after: what each distinct value of the released column stands for in its hierarchy. All tables are by the codes of the columns.</summary>
internal sealed class Recoding
{
    private Recoding(Column input, Column output, Hierarchy hierarchy, int levels)
    {
        (Input, Output, Hierarchy, Levels) = (input, output, hierarchy, levels);
        LeafOf = new int[input.Distinct];
        (LevelOf, ShareOf, LowestLeaf, HighestLeaf) = (new int[output.Distinct], new double[output.Distinct], new int[output.Distinct], new int[output.Distinct]);
    }

    public Column Input { get; }

    public Column Output { get; }

    public Hierarchy Hierarchy { get; }

    /// <summary>Levels, with one above the hierarchy's where that does not end in a single group.</summary>
    public int Levels { get; }

    /// <summary>The leaf of each value of the input.</summary>
    public int[] LeafOf { get; }

    /// <summary>The level of each released value; where a label stands on several, the lowest.</summary>
    public int[] LevelOf { get; }

    /// <summary>How much of the domain a released value may be: leaves by all leaves; where a label stands on several levels, on the highest.</summary>
    public double[] ShareOf { get; }

    /// <summary>The first and the last leaf a released value may be, by the order of the hierarchy.</summary>
    public int[] LowestLeaf { get; }

    /// <inheritdoc cref="LowestLeaf"/>
    public int[] HighestLeaf { get; }

    /// <summary>Whether a released value says nothing: the one group at the top, or *.</summary>
    public bool IsNothing(int code) => ShareOf[code] >= 1;

    /// <exception cref="PrivacyException">A value of either table is not in the hierarchy.</exception>
    public static Recoding Of(Table input, Table output, Hierarchy hierarchy)
    {
        var top = hierarchy.Levels - 1;
        var levels = hierarchy.GroupCount(top) == 1 ? hierarchy.Levels : hierarchy.Levels + 1;
        var made = new Recoding(input[hierarchy.Attribute], output[hierarchy.Attribute], hierarchy, levels);
        for (var code = 0; code < made.Input.Distinct; code++)
        {
            if (!hierarchy.TryLeaf(made.Input.Values[code], out made.LeafOf[code]))
                throw Missing(hierarchy, made.Input.Values[code], "a value of the input");
        }

        var known = new Dictionary<string, (int Level, double Share, int Low, int High)>(StringComparer.Ordinal);
        for (var level = 0; level < hierarchy.Levels; level++)
        {
            for (var leaf = 0; leaf < hierarchy.Leaves; leaf++)
            {
                var label = hierarchy.Label(level, hierarchy.Group(leaf, level));
                var share = hierarchy.Share(leaf, level);
                known[label] = known.TryGetValue(label, out var one) ? (one.Level, share, Math.Min(one.Low, leaf), Math.Max(one.High, leaf)) : (level, share, leaf, leaf);
            }
        }

        known.TryAdd(EquivalenceClasses.Nothing, (levels - 1, 1, 0, hierarchy.Leaves - 1));
        for (var code = 0; code < made.Output.Distinct; code++)
        {
            if (!known.TryGetValue(made.Output.Values[code], out var one))
                throw Missing(hierarchy, made.Output.Values[code], "a released value");
            (made.LevelOf[code], made.ShareOf[code], made.LowestLeaf[code], made.HighestLeaf[code]) = one;
        }

        return made;
    }

    /// <summary>The group of a leaf at a level, that above the hierarchy's among them.</summary>
    public int Group(int leaf, int level) => level < Hierarchy.Levels ? Hierarchy.Group(leaf, level) : 0;

    private static PrivacyException Missing(Hierarchy hierarchy, string value, string what) => new PrivacyRefusal(
        PrivacyCodes.HierarchyUnusable, $"{what} of {hierarchy.Attribute}, {value}, is on no level of its hierarchy.",
        "Utility is measured along the hierarchies: give those the release was made with.") { Column = hierarchy.Attribute }.ToException();
}
