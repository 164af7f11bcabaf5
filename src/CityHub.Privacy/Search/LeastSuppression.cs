namespace CityHub.Privacy;

/// <summary>
/// Where a model looks at the table as a whole, the smallest classes are suppressed until it passes, and of equal ones first those that have lost least. Records of which
/// nothing is left count neither as a risk nor as suppressed.
/// </summary>
internal sealed class LeastSuppression(SearchProblem problem)
{
    private readonly List<(int Parent, int Size, int Leaves)> classes = [];
    private double[] lost = [];
    private int[] order = [], sizes = [];

    public void Clear() => classes.Clear();

    public void Add(int parent, int size, int leaves) => classes.Add((parent, size, leaves));

    /// <summary>Takes out of the sums what has to be suppressed; all of it where that would be more than the limit.</summary>
    public void Enforce(ClassTable[] tables, int depth, int[] up, ref int kept, ref int count, ref long leaves)
    {
        if (classes.Count == 0 || kept < problem.Records - problem.Limit)
            return;
        Sort(tables, depth);
        if (lost[order[0]] >= Nothing(classes[order[0]].Size))
            return;
        var cut = Cut(sizes.AsSpan(0, classes.Count), problem.TableModels, kept - (problem.Records - problem.Limit));
        foreach (var one in order.AsSpan(0, cut))
        {
            var (parent, size, ofGroup) = classes[one];
            up[parent] -= size;
            kept -= size;
            leaves -= (long)size * ofGroup;
            count--;
        }
    }

    /// <summary>How many of the smallest classes have to go; all where that is more than may go.</summary>
    /// <param name="ascending">Sizes.</param>
    public static int Cut(ReadOnlySpan<int> ascending, IReadOnlyList<TableModel> models, long may)
    {
        var (low, high) = (0, ascending.Length);
        for (var (at, gone) = (0, 0L); at < ascending.Length; at++)
        {
            gone += ascending[at];
            if (gone > may)
            {
                high = at;
                break;
            }
        }

        if (high < ascending.Length && !Passes(ascending[high..], models))
            return ascending.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Passes(ascending[middle..], models))
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    private static bool Passes(ReadOnlySpan<int> ascending, IReadOnlyList<TableModel> models)
    {
        if (ascending.Length == 0)
            return true;
        var sizes = ClassSizes.OfSorted(ascending);
        foreach (var model in models)
        {
            if (!model.Passes(sizes))
                return false;
        }

        return true;
    }

    private void Sort(ClassTable[] tables, int depth)
    {
        if (lost.Length < classes.Count)
            (lost, order, sizes) = (new double[classes.Count * 2], new int[classes.Count * 2], new int[classes.Count * 2]);
        Span<double> shares = stackalloc double[problem.Depth];
        for (var one = 0; one < classes.Count; one++)
        {
            var (parent, size, ofGroup) = classes[one];
            for (var behind = depth + 1; behind < problem.Depth; behind++)
                shares[behind] = size; // Nothing is left of them.
            for (var at = depth; ; at--)
            {
                shares[at] = (double)size * ofGroup / problem.Attributes[at].Source.Hierarchy.Leaves;
                if (at == 0)
                    break;
                ofGroup = tables[at].Leaves[parent];
                parent = tables[at].Parent[parent];
            }

            (lost[one], order[one]) = (problem.Loss.Rank(shares), one);
        }

        order.AsSpan(0, classes.Count).Sort((a, b) =>
        {
            var bySize = classes[a].Size.CompareTo(classes[b].Size);
            var byLoss = bySize != 0 ? bySize : lost[a].CompareTo(lost[b]);
            return byLoss != 0 ? byLoss : a.CompareTo(b);
        });
        for (var one = 0; one < classes.Count; one++)
            sizes[one] = classes[order[one]].Size;
    }

    /// <summary>The loss of a class that says nothing.</summary>
    private double Nothing(int size)
    {
        Span<double> shares = stackalloc double[problem.Depth];
        shares.Fill(size);
        return problem.Loss.Rank(shares);
    }
}
