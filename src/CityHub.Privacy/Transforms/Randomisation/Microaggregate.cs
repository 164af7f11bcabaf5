namespace CityHub.Privacy;

/// <summary>
/// Groups of at least k similar rows, each number the mean of its group: no combination of these columns is of fewer than k. One column: the best groups there are (Hansen and Mukherjee 2003);
/// several: MDAV (Domingo-Ferrer and Torra 2005) over standardised columns, time n² / k.
/// </summary>
public sealed class Microaggregate : Transform
{
    internal const string Word = "microaggregate";

    /// <param name="decimals">Of the means, 0 to 10.</param>
    public Microaggregate(IReadOnlyList<string> columns, int k, int decimals = 2)
    {
        (Columns, K, Decimals) = ([.. columns], k, decimals);
        if (k < 2 || columns.Count == 0 || decimals is < 0 or > 10)
            throw Unusable("A group has at least 2 rows, there is at least one column, and decimals are 0 to 10.");
    }

    public IReadOnlyList<string> Columns { get; }

    public int K { get; }

    public int Decimals { get; }

    public override string Kind => Word;

    public override Table Apply(Table table, TransformContext context)
    {
        if (table.Rows < K)
            throw Unusable(FormattableString.Invariant($"The table has {table.Rows} rows and a group {K}."), "Take a smaller k, or do not release the table.");
        var numbers = Columns.Select(name => Numbers.Read(Word, table[name])).ToArray();
        var groups = numbers.Length == 1 ? Mdav.Univariate(numbers[0], K) : Mdav.Multivariate(numbers, K);
        return table.With([.. Columns.Select((name, i) => Means(name, numbers[i], groups))]);
    }

    private Column Means(string name, double[] numbers, int[] groups)
    {
        var (sums, sizes) = (new double[groups.Max() + 1], new int[groups.Max() + 1]);
        for (var row = 0; row < groups.Length; row++)
        {
            sums[groups[row]] += numbers[row];
            sizes[groups[row]]++;
        }

        var texts = sums.Select((sum, group) => Numbers.Write(decimal.Round((decimal)(sum / sizes[group]), Decimals, MidpointRounding.ToEven))).ToArray();
        var builder = new ColumnBuilder(name);
        foreach (var group in groups)
            builder.Append(texts[group]);
        return builder.Build();
    }

    internal override void Write(ParameterWriter into) => into.Add("columns", Columns).Add("k", K).Add("decimals", Decimals);

    internal static Transform Read(ParameterReader from) => new Microaggregate(from.Texts("columns"), from.Int("k", 2, int.MaxValue), from.Int("decimals", 0, 10, 2));
}

/// <summary>The groups of microaggregation: for each row the number of its group.</summary>
internal static class Mdav
{
    /// <summary>
    /// Sorted, groups are runs, and in a best solution of k to 2k − 1 rows: the shortest path over prefixes with the sum of squares as the length. Sums are taken about the mean of all,
    /// so that large numbers that are close together do not cancel.
    /// </summary>
    public static int[] Univariate(double[] numbers, int k)
    {
        var n = numbers.Length;
        var order = Enumerable.Range(0, n).ToArray();
        Array.Sort(order, (a, b) => numbers[a] != numbers[b] ? numbers[a].CompareTo(numbers[b]) : a.CompareTo(b));
        var centre = numbers.Average();
        var (sums, squares) = (new double[n + 1], new double[n + 1]);
        for (var i = 0; i < n; i++)
        {
            var x = numbers[order[i]] - centre;
            (sums[i + 1], squares[i + 1]) = (sums[i] + x, squares[i] + (x * x));
        }

        var (cost, from) = (new double[n + 1], new int[n + 1]);
        for (var end = 1; end <= n; end++)
        {
            cost[end] = double.PositiveInfinity;
            for (var size = k; size <= Math.Min(end, (2 * k) - 1); size++)
            {
                var (start, sum) = (end - size, sums[end] - sums[end - size]);
                var here = cost[start] + (squares[end] - squares[start] - (sum * sum / size));
                if (here < cost[end])
                    (cost[end], from[end]) = (here, start);
            }
        }

        var groups = new int[n];
        for (int end = n, group = 0; end > 0; end = from[end], group++)
        {
            for (var i = from[end]; i < end; i++)
                groups[order[i]] = group;
        }

        return groups;
    }

    public static int[] Multivariate(double[][] columns, int k)
    {
        var (n, dimensions) = (columns[0].Length, columns.Length);
        var points = Standardised(columns);
        var groups = new int[n];
        var left = Enumerable.Range(0, n).ToArray();
        var count = n;
        var group = 0;
        var distances = new double[n];
        var centre = new double[dimensions];
        while (count >= 3 * k)
        {
            // The row farthest from the centre of those left, and the one farthest from it, each with its k − 1 nearest.
            Centre(points, left.AsSpan(0, count), centre);
            var first = points.AsSpan(left[Farthest(points, left.AsSpan(0, count), centre, distances)] * dimensions, dimensions).ToArray();
            var second = points.AsSpan(left[Farthest(points, left.AsSpan(0, count), first, distances)] * dimensions, dimensions).ToArray();
            count = Take(points, left, count, first, k, groups, group++, distances);
            count = Take(points, left, count, second, k, groups, group++, distances);
        }

        if (count >= 2 * k)
        {
            Centre(points, left.AsSpan(0, count), centre);
            var first = points.AsSpan(left[Farthest(points, left.AsSpan(0, count), centre, distances)] * dimensions, dimensions).ToArray();
            count = Take(points, left, count, first, k, groups, group++, distances);
        }

        for (var i = 0; i < count; i++)
            groups[left[i]] = group;
        return groups;
    }

    /// <summary>Row by row, each column with mean 0 and variance 1, or 0 where it is constant.</summary>
    private static double[] Standardised(double[][] columns)
    {
        var n = columns[0].Length;
        var points = new double[n * columns.Length];
        for (var d = 0; d < columns.Length; d++)
        {
            var mean = columns[d].Average();
            var deviation = Math.Sqrt(columns[d].Sum(x => (x - mean) * (x - mean)) / n);
            for (var row = 0; row < n; row++)
                points[(row * columns.Length) + d] = deviation == 0 ? 0 : (columns[d][row] - mean) / deviation;
        }

        return points;
    }

    private static void Centre(double[] points, ReadOnlySpan<int> rows, Span<double> into)
    {
        into.Clear();
        foreach (var row in rows)
        {
            for (var d = 0; d < into.Length; d++)
                into[d] += points[(row * into.Length) + d];
        }

        for (var d = 0; d < into.Length; d++)
            into[d] /= rows.Length;
    }

    private static int Farthest(double[] points, ReadOnlySpan<int> rows, ReadOnlySpan<double> from, double[] distances)
    {
        Distances(points, rows, from, distances);
        var best = 0;
        for (var i = 1; i < rows.Length; i++)
        {
            if (distances[i] > distances[best])
                best = i;
        }

        return best;
    }

    private static void Distances(double[] points, ReadOnlySpan<int> rows, ReadOnlySpan<double> from, Span<double> into)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            var sum = 0.0;
            var at = rows[i] * from.Length;
            for (var d = 0; d < from.Length; d++)
            {
                var difference = points[at + d] - from[d];
                sum += difference * difference;
            }

            into[i] = sum;
        }
    }

    /// <summary>Gives the k rows nearest to a point a group and takes them out of those left; the count of the others.</summary>
    private static int Take(double[] points, int[] left, int count, ReadOnlySpan<double> about, int k, int[] groups, int group, double[] distances)
    {
        Distances(points, left.AsSpan(0, count), about, distances);

        // The k smallest in a heap with the largest on top: most rows are compared with that one only.
        var nearest = new PriorityQueue<int, double>(k);
        var limit = double.PositiveInfinity;
        for (var i = 0; i < count; i++)
        {
            if (nearest.Count < k)
                nearest.Enqueue(i, -distances[i]);
            else if (distances[i] < limit)
                nearest.EnqueueDequeue(i, -distances[i]);
            else
                continue;
            if (nearest.Count == k && nearest.TryPeek(out _, out var top))
                limit = -top;
        }

        var places = nearest.UnorderedItems.Select(one => one.Element).Order().ToArray();
        for (var i = places.Length - 1; i >= 0; i--)
        {
            groups[left[places[i]]] = group;
            left[places[i]] = left[--count];
        }

        return count;
    }
}
