namespace CityHub.Privacy;

/// <summary>What a release has kept of one quasi-identifier; see <see cref="UtilityFigures"/> for the figures.</summary>
public sealed record AttributeUtility(string Name, double Granularity, double GeneralisationIntensity, double NonUniformEntropy, double Missing)
{
    /// <summary>Average share of the domain that a cell may stand for, not scaled.</summary>
    internal double Share { get; init; }

    internal int Leaves { get; init; }

    /// <summary>Bits of all cells of the input, and those of them that are gone.</summary>
    internal double Bits { get; init; }

    /// <inheritdoc cref="Bits"/>
    internal double BitsLost { get; init; }

    internal static AttributeUtility Of(Recoding column)
    {
        double share = 0, level = 0, missing = 0;
        var counts = column.Output.Counts();
        for (var code = 0; code < counts.Length; code++)
        {
            share += counts[code] * column.ShareOf[code];
            level += counts[code] * (column.Levels == 1 ? 0 : column.LevelOf[code] / (column.Levels - 1.0));
            missing += column.IsNothing(code) ? counts[code] : 0;
        }

        var rows = column.Output.Rows;
        var leaves = column.Hierarchy.Leaves;
        var (bits, lost) = Entropy(column);
        var granularity = 1 - UtilityFigures.Scaled(share / rows, 1.0 / leaves, 1);
        return new AttributeUtility(column.Hierarchy.Attribute, granularity, 1 - (level / rows), 1 - UtilityFigures.Scaled(lost, 0, bits), missing / rows)
        {
            Share = share / rows,
            Leaves = leaves,
            Bits = bits,
            BitsLost = lost,
        };
    }

    /// <summary>
    /// Cells go up level by level, as far as each was lifted: at each level that occurs, the cells that go at least so far lose what tells their group from its parts, counted among
    /// these cells alone.
    /// </summary>
    private static (double Bits, double Lost) Entropy(Recoding column)
    {
        var rows = column.Input.Rows;
        // How many records have each pair of leaf and level.
        var pairs = new int[column.Levels][];
        for (var row = 0; row < rows; row++)
            (pairs[column.LevelOf[column.Output.Code(row)]] ??= new int[column.Hierarchy.Leaves])[column.LeafOf[column.Input.Code(row)]]++;

        double lost = 0, bits = 0;
        var leaves = new int[column.Hierarchy.Leaves];
        foreach (var level in pairs)
        {
            for (var leaf = 0; level is not null && leaf < leaves.Length; leaf++)
                leaves[leaf] += level[leaf];
        }

        foreach (var count in leaves)
            bits -= count == 0 ? 0 : count * Math.Log2((double)count / rows);

        var from = 0;
        for (var level = 0; level < pairs.Length; level++)
        {
            if (pairs[level] is not { } stay)
                continue;
            var (below, above) = (Sum(column, leaves, from), Sum(column, leaves, level));
            for (var leaf = 0; leaf < leaves.Length; leaf++)
            {
                if (leaves[leaf] > 0)
                    lost -= leaves[leaf] * Math.Log2((double)below[column.Group(leaf, from)] / above[column.Group(leaf, level)]);
            }

            // Those that stay here go no further up.
            for (var leaf = 0; leaf < leaves.Length; leaf++)
                leaves[leaf] -= stay[leaf];
            from = level;
        }

        return (bits, lost);
    }

    private static int[] Sum(Recoding column, int[] leaves, int level)
    {
        var sums = new int[level < column.Hierarchy.Levels ? column.Hierarchy.GroupCount(level) : 1];
        for (var leaf = 0; leaf < leaves.Length; leaf++)
            sums[column.Group(leaf, level)] += leaves[leaf];
        return sums;
    }
}
