namespace CityHub.Privacy;

/// <summary>
/// The classes of a table by its first attributes at their levels, and in each class the rows that are left, distinct by their values from the next attribute on. Rows of
/// a class stand together and in order; those with one value of the next attribute are an edge, and what a level of it makes of a class are runs of its edges.
/// </summary>
internal sealed class ClassTable(int capacity)
{
    /// <summary>Arrays begin at this many rows: where all rows fit they never grow, and a warm search on Adult leaves no garbage of halves (t = 0.2: peak 119 to 106 MiB).</summary>
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
            Array.Resize(ref Parent, size);
            Array.Resize(ref Leaves, size);
            Array.Resize(ref ClassEdge, size);
        }

        if (Rows + rows + 1 > Tail.Length)
        {
            var size = Math.Max(Math.Max(Rows + rows + 64, Rows * 2), least);
            Array.Resize(ref Tail, size);
            Array.Resize(ref Count, size);
            if (width > 0)
                Array.Resize(ref RowCounts, checked(size * width));
        }

        if (RowsAreEdges)
        {
            (EdgeValue, EdgeCount, EdgeCounts) = (Tail, Count, RowCounts);
            return;
        }

        if (Edges + rows + 1 > EdgeRow.Length)
        {
            var size = Math.Max(Math.Max(Edges + rows + 64, Edges * 2), least / 2);
            Array.Resize(ref EdgeValue, size);
            Array.Resize(ref EdgeCount, size);
            Array.Resize(ref EdgeRow, size);
            if (width > 0)
                Array.Resize(ref EdgeCounts, checked(size * width));
        }
    }
}
