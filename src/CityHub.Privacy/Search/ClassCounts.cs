namespace CityHub.Privacy;

internal enum ClassVerdict
{
    Passes,
    Fails,

    /// <summary>And so does each part of it.</summary>
    FailsForGood,
}

/// <summary>Tests a class by what its records have in the sensitive columns.</summary>
internal sealed class ClassCounts(SearchProblem problem)
{
    private readonly int[][] counts = Array.ConvertAll(problem.Widths, width => new int[width]);

    /// <summary>The class is a run of edges of a table.</summary>
    public ClassVerdict Test(ClassTable table, int depth, int edge, int lastEdge, int size)
    {
        for (var column = 0; column < counts.Length; column++)
        {
            var (of, codes) = (counts[column], problem.Rows.Sensitive(column, depth));
            Array.Clear(of);
            for (var row = table.EdgeRow[edge]; row < table.EdgeRow[lastEdge]; row++)
                of[codes[table.Tail[row]]] += table.Count[row];
        }

        return Test(size, counts);
    }

    /// <param name="counts">By sensitive column and code.</param>
    public ClassVerdict Test(int size, int[][] counts)
    {
        foreach (ref readonly var one in problem.Tests.AsSpan())
        {
            if (!one.Test.Passes(size, one.Sensitive < 0 ? [] : counts[one.Sensitive]))
                return one.Monotone ? ClassVerdict.FailsForGood : ClassVerdict.Fails;
        }

        return ClassVerdict.Passes;
    }
}
