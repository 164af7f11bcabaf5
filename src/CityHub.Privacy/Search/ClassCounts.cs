using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CityHub.Privacy;

internal enum ClassVerdict
{
    Passes,
    Fails,

    /// <summary>And so does each part of it.</summary>
    FailsForGood,
}

/// <summary>Tests a class by what its records have in the sensitive columns.</summary>
internal sealed class ClassCounts
{
    private readonly SearchProblem problem;
    private readonly int[] starts;
    private readonly int[] sums;

    public ClassCounts(SearchProblem problem)
    {
        this.problem = problem;
        starts = new int[problem.Widths.Length];
        for (var i = 1; i < starts.Length; i++)
            starts[i] = starts[i - 1] + problem.Widths[i - 1];
        sums = new int[Math.Max(problem.Widths.Sum(), problem.Rows.Width)];
    }

    /// <summary>The class is a run of edges of a table.</summary>
    public ClassVerdict Test(ClassTable table, int depth, int edge, int lastEdge, int size)
    {
        var width = problem.Rows.Width;
        if (width == 0)
        {
            LookUp(table, depth, table.EdgeRow[edge], table.EdgeRow[lastEdge]);
            return Test(size, sums);
        }

        if (lastEdge - edge == 1)
            return Test(size, table.EdgeCounts.AsSpan(edge * width, width));
        table.EdgeCounts.AsSpan(edge * width, width).CopyTo(sums);
        for (edge++; edge < lastEdge; edge++)
            Add(table.EdgeCounts, edge * width, sums, 0, width);
        return Test(size, sums);
    }

    /// <param name="counts">Of the sensitive columns, one behind the other.</param>
    public ClassVerdict Test(int size, ReadOnlySpan<int> counts)
    {
        foreach (ref readonly var one in problem.Tests.AsSpan())
        {
            if (!one.Test.Passes(size, one.Sensitive < 0 ? [] : counts.Slice(starts[one.Sensitive], problem.Widths[one.Sensitive])))
                return one.Monotone ? ClassVerdict.FailsForGood : ClassVerdict.Fails;
        }

        return ClassVerdict.Passes;
    }

    /// <summary>Whole vectors of counts onto others; <paramref name="width"/> is a multiple of a vector's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(int[] from, int at, int[] to, int toAt, int width)
    {
        ref var source = ref MemoryMarshal.GetArrayDataReference(from);
        ref var target = ref MemoryMarshal.GetArrayDataReference(to);
        for (var i = 0; i < width; i += Vector<int>.Count)
            (Vector.LoadUnsafe(ref source, (nuint)(at + i)) + Vector.LoadUnsafe(ref target, (nuint)(toAt + i))).StoreUnsafe(ref target, (nuint)(toAt + i));
    }

    private void LookUp(ClassTable table, int depth, int row, int lastRow)
    {
        Array.Clear(sums);
        for (var column = 0; column < starts.Length; column++)
        {
            var codes = problem.Rows.Sensitive(column, depth);
            var of = sums.AsSpan(starts[column]);
            for (var i = row; i < lastRow; i++)
                of[codes[table.Tail[i]]] += table.Count[i];
        }
    }
}
