using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// t-closeness (Li, Li and Venkatasubramanian 2007) where the values have an order: the distance of two values is the number of steps between them by the number of all
/// steps, counted over the values that the table has. The order is that of the lines of a hierarchy where one is given, else of the numbers, else of the texts.
/// </summary>
public sealed class OrderedCloseness : ClassModel
{
    private readonly Hierarchy? order;

    /// <exception cref="PrivacyException">t is outside of 0 to 1.</exception>
    public OrderedCloseness(string sensitive, double t, Hierarchy? order = null)
    {
        (Sensitive, T, this.order) = (sensitive, t, order);
        ModelRefusals.NeedShare(Text, sensitive, t);
    }

    public override string Sensitive { get; }

    public double T { get; }

    public override string Text => string.Create(CultureInfo.InvariantCulture, $"t-ordered={T}:{Sensitive}");

    public override bool Monotone => false;

    public override ClassTest For(ReadOnlySpan<int> whole, IReadOnlyList<string> values, int records)
    {
        var present = new List<int>();
        for (var code = 0; code < whole.Length; code++)
        {
            if (whole[code] > 0)
                present.Add(code);
        }

        return new Test(T, Sort(present, values), whole, records);
    }

    /// <summary>Values in the order of this model.</summary>
    internal IReadOnlyList<string> Sorted(IEnumerable<string> values)
    {
        string[] all = [.. values];
        return [.. Sort([.. Enumerable.Range(0, all.Length)], all).Select(one => all[one])];
    }

    private int[] Sort(List<int> present, IReadOnlyList<string> values)
    {
        if (order is not null)
            return [.. present.OrderBy(code => order.TryLeaf(values[code], out var leaf) ? leaf : throw HierarchicalCloseness.Missing(order, values[code], Text))];
        var numbers = new Dictionary<int, double>();
        foreach (var code in present)
        {
            if (double.TryParse(values[code], NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && !double.IsNaN(number))
                numbers.Add(code, number);
        }

        return numbers.Count == present.Count
            ? [.. present.OrderBy(code => numbers[code])]
            : [.. present.OrderBy(code => values[code], StringComparer.Ordinal)];
    }

    private sealed class Test : ClassTest
    {
        private readonly double t;
        private readonly int[] order, whole;
        private readonly int records, codes;

        public Test(double t, int[] order, ReadOnlySpan<int> whole, int records)
        {
            (this.t, this.order, this.records, codes) = (t, order, records, whole.Length);
            this.whole = new int[order.Length];
            for (var i = 0; i < order.Length; i++)
                this.whole[i] = whole[order[i]];
        }

        /// <summary>What has to be carried over each step, summed; in whole numbers up to the sum, which may be larger than 63 bits.</summary>
        public override bool Passes(int size, ReadOnlySpan<int> counts)
        {
            if (counts.Length != codes)
                throw new ArgumentException("The counts of a class are by the values of the whole table.", nameof(counts));
            var steps = order.Length - 1;
            if (steps < 1)
                return true;
            var carried = 0L;
            var work = 0.0;
            for (var i = 0; i < steps; i++)
            {
                carried += (long)counts[order[i]] * records - (long)whole[i] * size;
                work += Math.Abs(carried);
            }

            return work / ((double)records * size * steps) <= t;
        }
    }
}
