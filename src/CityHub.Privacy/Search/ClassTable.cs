using System.Buffers;

namespace CityHub.Privacy;

/// <summary>
/// The classes of a table by its first attributes at their levels, and in each class the rows that are left, distinct by their values from the next attribute on. Rows of
/// a class stand together and in order; those with one value of the next attribute are an edge, and what a level of it makes of a class are runs of its edges.
/// </summary>
internal sealed class ClassTable(int capacity) : IDisposable
{
    /// <summary>Arrays begin at this many rows, so that they seldom grow. They are rented: ten searches in a row would otherwise leave 25 MB of garbage each (A3, seven searches: 149 MB at most without, 61 with it).</summary>
    private readonly int least = Math.Min(capacity, 1 << 14) + 2;

    public int Classes, Rows, Edges;

    /// <summary>Of each class: the class it is a part of in the table before, and the leaves of its group of the last attribute.</summary>
    public int[] Parent = [], Leaves = [];

    /// <summary>Of each class its first edge; one more at the end.</summary>
    public int[] ClassEdge = [];

    public int[] Tail = [], Count = [];

    /// <summary>Of each edge its value, its records and its first row; one more row at the end.</summary>
    public int[] EdgeValue = [], EdgeCount = [], EdgeRow = [];

    /// <summary>Of each row and edge how many records have each sensitive value; empty where these are looked up instead.</summary>
    public int[] RowCounts = [], EdgeCounts = [];

    /// <summary>Where nothing comes behind the next attribute a row is an edge, and is not written twice.</summary>
    public bool RowsAreEdges;

    public void Clear(bool rowsAreEdges)
    {
        (Classes, Rows, Edges, RowsAreEdges) = (0, 0, 0, rowsAreEdges);
    }

    /// <summary>Room for one class more with at most so many rows.</summary>
    /// <param name="width">Of the counts.</param>
    public void Room(int rows, int width)
    {
        if (Classes + 2 > Parent.Length)
        {
            var size = Math.Max(Math.Max(Classes + 64, Classes * 2), least / 4);
            Grow(ref Parent, size);
            Grow(ref Leaves, size);
            Grow(ref ClassEdge, size);
        }

        if (Rows + rows + 1 > Tail.Length)
        {
            var size = Math.Max(Math.Max(Rows + rows + 64, Rows * 2), least);
            Grow(ref Tail, size);
            Grow(ref Count, size);
            if (width > 0)
                Grow(ref RowCounts, checked(size * width));
        }

        if (RowsAreEdges)
        {
            (EdgeValue, EdgeCount, EdgeCounts) = (Tail, Count, RowCounts);
            return;
        }

        if (Edges + rows + 1 > EdgeRow.Length)
        {
            var size = Math.Max(Math.Max(Edges + rows + 64, Edges * 2), least / 2);
            Grow(ref EdgeValue, size);
            Grow(ref EdgeCount, size);
            Grow(ref EdgeRow, size);
            if (width > 0)
                Grow(ref EdgeCounts, checked(size * width));
        }
    }

    public void Dispose()
    {
        if (RowsAreEdges)
            (EdgeValue, EdgeCount, EdgeCounts) = ([], [], []);
        foreach (var array in (ReadOnlySpan<int[]>)[Parent, Leaves, ClassEdge, Tail, Count, EdgeValue, EdgeCount, EdgeRow, RowCounts, EdgeCounts])
            Return(array);
    }

    private static void Grow(ref int[] array, int size)
    {
        var larger = ArrayPool<int>.Shared.Rent(size);
        array.CopyTo(larger, 0);
        Return(array);
        array = larger;
    }

    private static void Return(int[] array)
    {
        if (array.Length > 0)
            ArrayPool<int>.Shared.Return(array);
    }
}
