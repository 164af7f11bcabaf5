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
        if (sizes.Length < classes.Count)
            (lost, order, sizes) = (new double[classes.Count * 2], new int[classes.Count * 2], new int[classes.Count * 2]);
        var ascending = sizes.AsSpan(0, classes.Count);
        for (var one = 0; one < classes.Count; one++)
            ascending[one] = classes[one].Size;
        ascending.Sort();
        if (classes.Count == 1 && Lost(tables, depth, 0) >= Nothing(classes[0].Size))
            return;
        var cut = Cut(ascending, problem.TableModels, kept - (problem.Records - problem.Limit));
        if (cut == 0)
            return;
        // All that are smaller than the last that has to go; of its size those that have lost least.
        var (edge, same, left) = (ascending[cut - 1], 0, cut);
        for (var one = 0; one < classes.Count; one++)
        {
            if (classes[one].Size < edge)
                order[--left] = one;
            else if (classes[one].Size == edge)
                order[cut + same++] = one;
        }

        if (same > left)
        {
            foreach (var one in order.AsSpan(cut, same))
                lost[one] = Lost(tables, depth, one);
            order.AsSpan(cut, same).Sort((a, b) => lost[a] != lost[b] ? lost[a].CompareTo(lost[b]) : a.CompareTo(b));
        }

        order.AsSpan(cut, left).CopyTo(order);
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

    /// <summary>Of a class, the loss of its records together.</summary>
    private double Lost(ClassTable[] tables, int depth, int one)
    {
        Span<double> shares = stackalloc double[problem.Depth];
        var (parent, size, ofGroup) = classes[one];
        shares.Fill(size); // Of the attributes behind, nothing is left.
        for (var at = depth; ; at--)
        {
            shares[at] = (double)size * ofGroup / problem.Attributes[at].Source.Hierarchy.Leaves;
            if (at == 0)
                return problem.Loss.Rank(shares);
            ofGroup = tables[at].Leaves[parent];
            parent = tables[at].Parent[parent];
        }
    }

    /// <summary>The loss of a class that says nothing.</summary>
    private double Nothing(int size)
    {
        Span<double> shares = stackalloc double[problem.Depth];
        shares.Fill(size);
        return problem.Loss.Rank(shares);
    }
}
