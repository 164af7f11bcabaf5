using System.Globalization;

namespace CityHub.Privacy;

/// <summary>Each class model as its paper defines it, in plain arithmetic over shares; the slow and independent counterpart of <see cref="ClassTest"/>.</summary>
internal static class ModelDefinitions
{
    /// <summary>Shares are sums of doubles here; a class that is exactly at a bound may lie this far beside it.</summary>
    private const double Rounding = 1e-9;

    /// <param name="counts">Records of the class by sensitive value, none of them 0.</param>
    /// <param name="whole">Shares of the whole table by sensitive value.</param>
    /// <returns>How the model is broken; null where it is not.</returns>
    public static string? Broken(PrivacyModel model, int size, Dictionary<string, int> counts, Dictionary<string, double> whole)
    {
        double Share(string value) => (double)counts.GetValueOrDefault(value) / size;

        switch (model)
        {
            case KAnonymity k:
                return size >= k.K ? null : Text($"{size} are fewer than {k.K}");
            case DistinctDiversity l:
                return counts.Count >= l.L ? null : Text($"{l.Sensitive} has {counts.Count} values there, fewer than {l.L}");
            case EntropyDiversity l:
                var entropy = l.Estimator == EntropyEstimator.Shannon
                    ? -counts.Keys.Sum(value => Share(value) * Math.Log(Share(value)))
                    : Grassberger(size) - counts.Values.Sum(count => count * Grassberger(count)) / size;
                return counts.Count >= l.L && entropy >= Math.Log(l.L) - Rounding ? null : Text($"the entropy of {l.Sensitive} is that of {Math.Exp(entropy):0.####} equal values, of {counts.Count} that are there");
            case RecursiveDiversity cl:
                var sorted = counts.Values.OrderDescending().ToArray();
                return sorted.Length >= cl.L && sorted[0] < cl.C * sorted.Skip(cl.L - 1).Sum() ? null : Text($"the most frequent value of {cl.Sensitive} has {sorted[0]}, the rest from the {cl.L}. on {sorted.Skip(cl.L - 1).Sum()}");
            case EqualCloseness t:
                return Far(whole.Keys.Sum(value => Math.Abs(Share(value) - whole[value])) / 2, t.T, t.Sensitive);
            case OrderedCloseness t:
                return Far(Ordered(t, whole, Share), t.T, t.Sensitive);
            case HierarchicalCloseness t:
                return Far(Hierarchical(t.Hierarchy, whole, Share), t.T, t.Sensitive);
            case DeltaDisclosure d:
                return Value(counts.Keys, value => Math.Abs(Math.Log2(Share(value) / whole[value])) < d.Delta + Rounding, d.Sensitive);
            case BasicBeta b:
                return Value(counts.Keys, value => Share(value) <= (1 + b.Beta) * whole[value] + Rounding, b.Sensitive);
            case EnhancedBeta b:
                return Value(counts.Keys, value => Share(value) <= (1 + Math.Min(b.Beta, -Math.Log(whole[value]))) * whole[value] + Rounding, b.Sensitive);
            default:
                throw ModelRefusals.Parameter(model.Text, "it cannot be checked from a release and its input alone", "Check it where the population is known.");
        }

        string? Value(IEnumerable<string> values, Func<string, bool> allowed, string sensitive)
        {
            foreach (var value in values)
            {
                if (!allowed(value))
                    return Text($"{sensitive} is {value} for a share of {Share(value):0.####}, in the whole table for {whole[value]:0.####}");
            }

            return null;
        }
    }

    private static string? Far(double distance, double t, string sensitive) => distance <= t + Rounding ? null : Text($"the distribution of {sensitive} is {distance:0.####} away from the whole table's");

    private static double Ordered(OrderedCloseness model, Dictionary<string, double> whole, Func<string, double> share)
    {
        var order = model.Sorted(whole.Keys);
        double carried = 0, work = 0;
        foreach (var value in order)
            work += Math.Abs(carried += share(value) - whole[value]);
        return order.Count > 1 ? work / (order.Count - 1) : 0;
    }

    /// <summary>The earth mover's distance on a tree is the sum, over its edges, of what has to cross them by their length: half a level for each edge, as up and down make one.</summary>
    private static double Hierarchical(Hierarchy hierarchy, Dictionary<string, double> whole, Func<string, double> share)
    {
        var distance = 0.0;
        for (var level = 0; level < hierarchy.Levels - 1; level++)
        {
            foreach (var group in whole.Keys.GroupBy(value => hierarchy.TryLeaf(value, out var leaf) ? hierarchy.Group(leaf, level) : -1))
                distance += Math.Abs(group.Sum(value => share(value) - whole[value])) / 2 / (hierarchy.Levels - 1);
        }

        return distance;
    }

    /// <summary>ψ(n) + (-1)^n/2 (ψ((n+1)/2) - ψ(n/2)), Grassberger's G by its definition; ψ of whole and half numbers from harmonic sums.</summary>
    private static double Grassberger(int n) => Psi(2 * n) + (n % 2 == 0 ? 0.5 : -0.5) * (Psi(n + 1) - Psi(n));

    /// <summary>The digamma function of half a number: ψ(m/2).</summary>
    private static double Psi(int twice)
    {
        var x = twice / 2.0;
        var sum = 0.0;
        for (; x < 20; x++)
            sum -= 1 / x;
        var y = 1 / (x * x);
        return sum + Math.Log(x) - 0.5 / x - y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y / 240)));
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
