using System.Buffers;
using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// t-closeness (Li, Li and Venkatasubramanian 2007) where values are near when a low level of a hierarchy unites them: their distance is the lowest level at which they are
/// in one group, by the number of levels.
/// </summary>
public sealed class HierarchicalCloseness : ClassModel
{
    /// <exception cref="PrivacyException">t is outside of 0 to 1; the top of the hierarchy is not one group.</exception>
    public HierarchicalCloseness(string sensitive, double t, Hierarchy hierarchy)
    {
        (Sensitive, T, Hierarchy) = (sensitive, t, hierarchy);
        ModelRefusals.NeedShare(Text, sensitive, t);
        // Without one group above all, what lies under two tops would have no distance at all, and every class would look closer than it is.
        if (hierarchy.Levels < 2 || hierarchy.GroupCount(hierarchy.Levels - 1) != 1)
            throw ModelRefusals.Parameter(Text, $"the hierarchy of {sensitive} does not end in one group", "Add a last level that is * on each line.", sensitive);
    }

    public override string Sensitive { get; }

    public double T { get; }

    public Hierarchy Hierarchy { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"t-hierarchical={T}:{Sensitive}");

    public override bool Monotone => false;

    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records)
    {
        var leaves = new int[values.Count];
        for (var code = 0; code < leaves.Length; code++)
        {
            if (!Hierarchy.TryLeaf(values[code], out leaves[code]))
                throw Missing(Hierarchy, values[code], Text);
        }

        return new Test(T, Hierarchy, leaves, whole, records);
    }

    internal static PrivacyException Missing(Hierarchy hierarchy, string value, string model) => new PrivacyRefusal(
        PrivacyCodes.HierarchyUnusable, $"The hierarchy of {hierarchy.Attribute} has no line for {value}, which the table has; the model {model} needs it.",
        "Add a line for the value, or correct it in the table.", model) { Column = hierarchy.Attribute }.ToException();

    private sealed class Test : ClassTest
    {
        private const int OnStack = 128;

        private readonly double t;
        private readonly int[] whole;
        private readonly int[][] above;  // [level][node] → its group one level up; the nodes of level 0 are the codes of the table
        private readonly int[] widths;   // groups of each level above the values
        private readonly int widest, records;

        public Test(double t, Hierarchy hierarchy, int[] leaves, ReadOnlySpan<int> whole, int records)
        {
            (this.t, this.records, this.whole) = (t, records, whole.ToArray());
            above = new int[hierarchy.Levels - 1][];
            widths = new int[above.Length];
            for (var level = 0; level < above.Length; level++)
            {
                widths[level] = hierarchy.GroupCount(level + 1);
                if (level == 0)
                {
                    above[0] = [.. leaves.Select(leaf => hierarchy.Group(leaf, 1))];
                    continue;
                }

                above[level] = new int[hierarchy.GroupCount(level)];
                for (var leaf = 0; leaf < hierarchy.Leaves; leaf++)
                    above[level][hierarchy.Group(leaf, level)] = hierarchy.Group(leaf, level + 1);
            }

            widest = Math.Max(leaves.Length, widths.Max());
        }

        /// <summary>From the values up: in each group as much as possible of what some children have too much of goes to those that have too little; the rest goes up.</summary>
        public override bool Passes(int size, ReadOnlySpan<int> counts)
        {
            if (counts.Length != whole.Length)
                throw new ArgumentException("The counts of a class are by the values of the whole table.", nameof(counts));
            var rented = widest > OnStack ? ArrayPool<long>.Shared.Rent(widest * 3) : null;
            var room = rented is null ? stackalloc long[OnStack * 3] : rented.AsSpan();
            Span<long> surplus = room[..widest], more = room.Slice(widest, widest), less = room.Slice(widest * 2, widest);
            for (var code = 0; code < whole.Length; code++)
                surplus[code] = (long)counts[code] * records - (long)whole[code] * size;
            var nodes = whole.Length;
            var work = 0.0;
            for (var level = 0; level < above.Length; level++)
            {
                var parents = above[level];
                var width = widths[level];
                more[..width].Clear();
                less[..width].Clear();
                for (var node = 0; node < nodes; node++)
                {
                    var one = surplus[node];
                    if (one > 0)
                        more[parents[node]] += one;
                    else
                        less[parents[node]] -= one;
                }

                var moved = 0L;
                for (var node = 0; node < width; node++)
                {
                    moved += Math.Min(more[node], less[node]);
                    surplus[node] = more[node] - less[node];
                }

                work += (level + 1) * (double)moved;
                nodes = width;
            }

            if (rented is not null)
                ArrayPool<long>.Shared.Return(rented);
            return work / ((double)records * size * above.Length) <= t;
        }
    }
}
