namespace CityHub.Privacy;

/// <summary>Each value becomes its group at one level of a hierarchy.</summary>
public sealed class Generalise : ValueTransform
{
    internal const string Word = "generalise";

    /// <param name="hierarchy">Its attribute, where it is not the name of the column.</param>
    public Generalise(string column, int level, string? hierarchy = null)
        : base(column)
    {
        (Level, Hierarchy) = (level, hierarchy ?? column);
        if (level < 0)
            throw Unusable("Levels count from 0.", column: column);
    }

    public int Level { get; }

    public string Hierarchy { get; }

    public override string Kind => Word;

    private protected override ValueFunction Start(TransformContext context)
    {
        var hierarchy = context.NeedHierarchy(Word, Hierarchy);
        if (Level >= hierarchy.Levels)
            throw Unusable(FormattableString.Invariant($"Level {Level} of {Hierarchy} does not exist, the last one is {hierarchy.Levels - 1}."), column: Column);
        return value => hierarchy.Label(Level, hierarchy.Group(Leaf(hierarchy, value), Level));
    }

    internal static int Leaf(Hierarchy hierarchy, string value) => hierarchy.TryLeaf(value, out var leaf) ? leaf : throw new PrivacyRefusal(
        PrivacyCodes.HierarchyUnusable, $"A value is not in the hierarchy of {hierarchy.Attribute}.", "Add a line for it, or suppress the cells that have it.").ToException();

    internal override void Write(ParameterWriter into) => into.Add("column", Column).Add("level", Level).Add("hierarchy", Hierarchy);

    internal static Transform Read(ParameterReader from)
    {
        var column = from.Text("column");
        return new Generalise(column, from.Int("level", 0, int.MaxValue), from.Text("hierarchy", column));
    }
}

/// <summary>Each value goes up its hierarchy only as far as it takes until its group has enough rows (local generalisation of one attribute): frequent values stay as they are.</summary>
public sealed class GeneraliseRare : Transform
{
    internal const string Word = "generalise-rare";

    public GeneraliseRare(string column, int fewerThan, string? hierarchy = null)
    {
        (Column, FewerThan, Hierarchy) = (column, fewerThan, hierarchy ?? column);
        if (fewerThan < 2)
            throw Unusable("Rare is what fewer than 2 or more rows have.", column: column);
    }

    public string Column { get; }

    public int FewerThan { get; }

    public string Hierarchy { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var column = table[Column];
        var hierarchy = context.NeedHierarchy(Word, Hierarchy);
        var counts = column.Counts();
        var leaves = new int[column.Distinct];
        for (var code = 0; code < leaves.Length; code++)
        {
            if (column.Values[code].Length == 0)
            {
                leaves[code] = -1;
                continue;
            }

            try
            {
                leaves[code] = Generalise.Leaf(hierarchy, column.Values[code]);
            }
            catch (PrivacyException e)
            {
                throw new PrivacyException(e.Refusal with { Column = Column, Row = Tables.RowOf(column, code) + 2 }, e);
            }
        }

        // From the bottom: whoever has not reached the threshold goes one up, and takes along only those of its group that have not reached it either.
        var levels = new int[leaves.Length];
        for (var level = 0; level < hierarchy.Levels - 1; level++)
        {
            var sums = new int[hierarchy.GroupCount(level)];
            for (var code = 0; code < leaves.Length; code++)
            {
                if (leaves[code] >= 0 && levels[code] == level)
                    sums[hierarchy.Group(leaves[code], level)] += counts[code];
            }

            for (var code = 0; code < leaves.Length; code++)
            {
                if (leaves[code] >= 0 && levels[code] == level && sums[hierarchy.Group(leaves[code], level)] < FewerThan)
                    levels[code]++;
            }
        }

        return table.With(Tables.Recode(column, [.. leaves.Select((leaf, code) => leaf < 0 ? "" : hierarchy.Label(levels[code], hierarchy.Group(leaf, levels[code])))]));
    }

    internal override void Write(ParameterWriter into) => into.Add("column", Column).Add("fewerThan", FewerThan).Add("hierarchy", Hierarchy);

    internal static Transform Read(ParameterReader from)
    {
        var column = from.Text("column");
        return new GeneraliseRare(column, from.Int("fewerThan", 2, int.MaxValue), from.Text("hierarchy", column));
    }
}
