using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Rows of nobody: all two-way marginals get noise, the tree of the strongest dependencies (Chow and Liu 1968) is found in the noisy counts, and rows are drawn along it. After the noise the
/// data are not looked at again, so that with discrete Laplace noise of scale s the whole is ε-differentially private with ε = <see cref="Marginals"/> / s for one row more or less, under
/// one condition: the values of each column are known beforehand. Give them as a hierarchy of the context; otherwise those that occur are taken, and that they occur is told.
/// Dependencies of three columns are lost where the tree does not carry them. Numbers are put into intervals first.
/// </summary>
public sealed class Synthesise : Transform
{
    internal const string Word = "synthesise";

    /// <summary>Cells of one marginal; beyond, the noise of the empty cells would drown the others anyway.</summary>
    private const int MaxCells = 1 << 20;

    /// <param name="columns">In the order in which they are to be written; all others go.</param>
    /// <param name="rows">How many to draw; 0 for as many as the noisy counts say.</param>
    /// <param name="numerator">The scale of the noise is numerator / denominator.</param>
    public Synthesise(IReadOnlyList<string> columns, int rows, long numerator, long denominator = 1)
    {
        (Columns, Rows, Numerator, Denominator) = ([.. columns], rows, numerator, denominator);
        if (columns.Count == 0 || rows < 0 || numerator <= 0 || denominator <= 0 || columns.Distinct(StringComparer.Ordinal).Count() != columns.Count)
            throw Unusable("There is at least one column and none twice, rows are not negative, and the scale is above 0.");
    }

    public IReadOnlyList<string> Columns { get; }

    public int Rows { get; }

    public long Numerator { get; }

    public long Denominator { get; }

    /// <summary>How many counts one row changes by 1: the L1 sensitivity.</summary>
    public int Marginals => Math.Max(1, Columns.Count * (Columns.Count - 1) / 2);

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        var (noise, entropy) = (context.Noise, context.NeedEntropy(Word));
        var domains = Columns.Select(name => Domain(table[name], context)).ToArray();
        var counts = new Dictionary<(int, int), long[]>();
        if (domains.Length == 1)
            counts.Add((0, 0), Noisy(table, domains[0], new Values([""], new int[table.Rows]), noise, entropy));
        for (var a = 0; a < domains.Length; a++)
        {
            for (var b = a + 1; b < domains.Length; b++)
                counts.Add((a, b), Noisy(table, domains[a], domains[b], noise, entropy));
        }

        var (order, parents) = Tree(domains, counts);
        return Draw(domains, counts, order, parents, entropy);
    }

    /// <summary>The values a column may have and for each row which it has.</summary>
    private sealed record Values(IReadOnlyList<string> Texts, int[] OfRow);

    private Values Domain(Column column, TransformContext context)
    {
        var ofRow = new int[column.Rows];
        if (!context.Hierarchies.TryGetValue(column.Name, out var hierarchy))
        {
            column.CopyCodes(0, ofRow);
            return new Values(column.Values, ofRow);
        }

        var leaves = column.Values.Select((value, code) => hierarchy.TryLeaf(value, out var leaf) ? leaf : throw Unusable(
            $"A value of {column.Name} is not in its hierarchy.", "The hierarchy lists all values that may occur.", column.Name, Tables.RowOf(column, code) + 2)).ToArray();
        for (var row = 0; row < ofRow.Length; row++)
            ofRow[row] = leaves[column.Code(row)];
        return new Values(hierarchy.Values, ofRow);
    }

    /// <summary>Every cell gets noise, an empty one, too; then negative counts become 0, which is post-processing.</summary>
    private long[] Noisy(Table table, Values a, Values b, DiscreteNoise noise, IEntropy entropy)
    {
        var cells = (long)a.Texts.Count * b.Texts.Count;
        if (cells > MaxCells)
        {
            throw Unusable(
                string.Create(CultureInfo.InvariantCulture, $"Two columns have {cells} combinations of values, and at most {MaxCells} get noise."),
                "Generalise first, or leave the column out.");
        }

        var counts = new long[cells];
        for (var row = 0; row < table.Rows; row++)
            counts[((long)a.OfRow[row] * b.Texts.Count) + b.OfRow[row]]++;
        foreach (ref var count in counts.AsSpan())
            count = Math.Max(0, count + noise(Numerator, Denominator, entropy));
        return counts;
    }

    /// <summary>The maximum spanning tree by mutual information (Prim), from column 0 on: an order of columns in which each comes after its parent.</summary>
    private static (int[] Order, int[] Parents) Tree(Values[] domains, Dictionary<(int, int), long[]> counts)
    {
        var (order, parents) = (new List<int> { 0 }, new int[domains.Length]);
        while (order.Count < domains.Length)
        {
            var (best, parent, child) = (double.NegativeInfinity, 0, 0);
            foreach (var inside in order)
            {
                for (var outside = 0; outside < domains.Length; outside++)
                {
                    if (order.Contains(outside))
                        continue;
                    var pair = (Math.Min(inside, outside), Math.Max(inside, outside));
                    var information = MutualInformation(counts[pair], domains[pair.Item2].Texts.Count);
                    if (information > best)
                        (best, parent, child) = (information, inside, outside);
                }
            }

            order.Add(child);
            parents[child] = parent;
        }

        return ([.. order], parents);
    }

    /// <summary>In nats.</summary>
    internal static double MutualInformation(long[] counts, int width)
    {
        var (rows, columns) = (new double[counts.Length / width], new double[width]);
        var total = 0.0;
        for (var i = 0; i < counts.Length; i++)
        {
            rows[i / width] += counts[i];
            columns[i % width] += counts[i];
            total += counts[i];
        }

        var sum = 0.0;
        for (var i = 0; i < counts.Length; i++)
        {
            if (counts[i] > 0)
                sum += counts[i] / total * Math.Log(counts[i] * total / (rows[i / width] * columns[i % width]));
        }

        return sum;
    }

    private Table Draw(Values[] domains, Dictionary<(int, int), long[]> counts, int[] order, int[] parents, IEntropy entropy)
    {
        // The root from a marginal that it is in; each child from its row of the marginal with the parent, or from the whole of it where that row is empty.
        var rootCounts = counts[domains.Length == 1 ? (0, 0) : (0, 1)];
        var rootWidth = domains.Length == 1 ? 1 : domains[1].Texts.Count;
        var root = new Weights(domains[0].Texts.Count, value => rootCounts.AsSpan(value * rootWidth, rootWidth));
        var children = order.Skip(1).ToDictionary(child => child, child => Conditionals(domains, counts, parents[child], child));
        var drawn = Rows > 0 ? Rows : (int)Math.Min(int.MaxValue, root.Total);
        var builders = Columns.Select(name => new ColumnBuilder(name)).ToArray();
        var values = new int[domains.Length];
        for (var row = 0; row < drawn; row++)
        {
            values[0] = root.Draw(entropy);
            foreach (var child in order.AsSpan(1))
                values[child] = children[child][values[parents[child]]].Draw(entropy);
            for (var i = 0; i < builders.Length; i++)
                builders[i].Append(domains[i].Texts[values[i]]);
        }

        return new Table(builders.Select(one => one.Build()));
    }

    private static Weights[] Conditionals(Values[] domains, Dictionary<(int, int), long[]> counts, int parent, int child)
    {
        var pair = counts[(Math.Min(parent, child), Math.Max(parent, child))];
        var (above, below) = (domains[parent].Texts.Count, domains[child].Texts.Count);
        long Count(int p, int c) => parent < child ? pair[((long)p * below) + c] : pair[((long)c * above) + p];
        var whole = new Weights(below, c =>
        {
            long[] sum = [0];
            for (var p = 0; p < above; p++)
                sum[0] += Count(p, c);
            return sum;
        });
        var all = new Weights[above];
        for (var p = 0; p < above; p++)
        {
            var mine = p;
            var weights = new Weights(below, c => new[] { Count(mine, c) });
            all[p] = weights.Total > 0 ? weights : whole;
        }

        return all;
    }

    /// <summary>Draws a number with whole-number weights; where all are 0, each is equally likely.</summary>
    private sealed class Weights
    {
        private readonly long[] cumulative;

        public delegate ReadOnlySpan<long> Of(int value);

        public Weights(int values, Of of)
        {
            cumulative = new long[values];
            for (var value = 0; value < values; value++)
            {
                foreach (var weight in of(value))
                    Total += weight;
                cumulative[value] = Total;
            }
        }

        public long Total { get; }

        public int Draw(IEntropy entropy)
        {
            if (Total == 0)
                return entropy.NextBelow(cumulative.Length);
            var drawn = (long)entropy.NextBelow((ulong)Total);
            var at = Array.BinarySearch(cumulative, drawn + 1);
            if (at < 0)
                return ~at;
            while (at > 0 && cumulative[at - 1] == cumulative[at])
                at--;
            return at;
        }
    }

    internal override void Write(ParameterWriter into) => into.Add("columns", Columns).Add("rows", Rows).Add("numerator", Numerator).Add("denominator", Denominator);

    internal static Transform Read(ParameterReader from) =>
        new Synthesise(from.Texts("columns"), from.Int("rows", 0, int.MaxValue, 0), from.Int("numerator", 1, int.MaxValue), from.Int("denominator", 1, int.MaxValue, 1));
}
