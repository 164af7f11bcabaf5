namespace CityHub.Privacy;

/// <summary>
/// A quasi-identifier made ready for one table: only the values that occur, numbered so that each group of each level is a range of them. Sorted rows then stay sorted
/// whatever the level, and classes are runs of rows: no search step hashes anything.
/// </summary>
internal sealed class SearchAttribute
{
    /// <summary>[level from <see cref="MinLevel"/>][value] → group, never falling.</summary>
    private readonly int[][] groups;
    private readonly int[][] leaves; // [level][group]

    public SearchAttribute(Column column, QuasiIdentifier source)
    {
        (Column, Source) = (column, source);
        var hierarchy = source.Hierarchy;
        MinLevel = source.MinLevel;
        var top = source.MaxLevel ?? hierarchy.Levels - 1;
        if (MinLevel < 0 || top >= hierarchy.Levels || MinLevel > top)
        {
            throw new PrivacyRefusal(
                PrivacyCodes.HierarchyUnusable, FormattableString.Invariant($"Levels {MinLevel} to {top} of {column.Name}: its hierarchy has the levels 0 to {hierarchy.Levels - 1}."),
                "Choose levels that the hierarchy has, the lowest not above the highest.")
            { Column = column.Name }.ToException();
        }

        var counts = column.Counts();
        var leaf = Leaves(column, hierarchy, counts);
        // Values of one group at the lowest level that is allowed are one value.
        var present = Enumerable.Range(0, counts.Length).Where(code => counts[code] > 0).ToArray();
        Array.Sort(present, (a, b) =>
        {
            for (var level = hierarchy.Levels - 1; level >= 0; level--)
            {
                var order = hierarchy.Group(leaf[a], level).CompareTo(hierarchy.Group(leaf[b], level));
                if (order != 0)
                    return order;
            }

            return 0;
        });
        ValueOf = new int[counts.Length];
        groups = new int[top - MinLevel + 1][];
        leaves = new int[groups.Length][];
        Generalised = new long[groups.Length];
        for (var level = 0; level < groups.Length; level++)
        {
            var (ofValue, ofGroup, last) = (new List<int>(), new List<int>(), -1);
            var value = -1;
            var lastValue = -1;
            foreach (var code in present)
            {
                var lowest = hierarchy.Group(leaf[code], MinLevel);
                var group = hierarchy.Group(leaf[code], MinLevel + level);
                if (group != last)
                    ofGroup.Add(hierarchy.LeavesUnder(MinLevel + level, group));
                last = group;
                if (lowest != lastValue)
                {
                    value++;
                    ofValue.Add(ofGroup.Count - 1);
                }

                lastValue = lowest;
                ValueOf[code] = value;
                Generalised[level] += (long)counts[code] * ofGroup[^1];
            }

            (groups[level], leaves[level]) = ([.. ofValue], [.. ofGroup]);
        }
    }

    public Column Column { get; }

    public QuasiIdentifier Source { get; }

    public int MinLevel { get; }

    public int Levels => groups.Length;

    public int Values => groups[0].Length;

    /// <summary>The number of a column's code.</summary>
    public int[] ValueOf { get; }

    /// <summary>For each level the leaves of the groups of all records.</summary>
    public long[] Generalised { get; }

    /// <summary>How much of the attribute is lost, summed over the records, by going one level up from the lowest.</summary>
    public double FirstStep => Levels == 1 ? 0 : (double)(Generalised[1] - Generalised[0]) / Source.Hierarchy.Leaves;

    public ReadOnlySpan<int> Groups(int level) => groups[level];

    public ReadOnlySpan<int> LeavesOf(int level) => leaves[level];

    public int GroupCount(int level) => leaves[level].Length;

    /// <summary>For each code of a column that occurs its leaf in the hierarchy.</summary>
    /// <param name="where">Said behind the row of a value that is missing.</param>
    public static int[] Leaves(Column column, Hierarchy hierarchy, int[] counts, string where = "")
    {
        var leaf = new int[counts.Length];
        var filled = false;
        for (var code = 0; code < counts.Length; code++)
        {
            if (counts[code] == 0)
                continue;
            filled |= column.Values[code].Length > 0;
            if (hierarchy.TryLeaf(column.Values[code], out leaf[code]))
                continue;
            var at = 0;
            while (column.Code(at) != code)
                at++;
            var value = column.Values[code].Length == 0 ? "the empty value" : column.Values[code];
            throw new PrivacyRefusal(
                PrivacyCodes.HierarchyUnusable, FormattableString.Invariant($"The hierarchy of {column.Name} has no line for {value}, which first comes in row {at + 2}{where}."),
                $"Add a line for {value} to the hierarchy, or build the hierarchy from the column.") { Column = column.Name, Row = at + 2 }.ToException();
        }

        return filled ? leaf : throw new PrivacyRefusal(
            PrivacyCodes.ColumnUnusable, $"{column.Name} has no value in any row.", "Leave it out of the quasi-identifiers.") { Column = column.Name }.ToException();
    }
}
