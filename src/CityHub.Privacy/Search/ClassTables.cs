using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// The way from the whole table down to one generalisation, an attribute at a time: <see cref="Open"/> puts a level of the next attribute behind what is open,
/// <see cref="Evaluate"/> tells what that gives while all attributes behind it say nothing. A class that is too small there stays so whatever their levels: its rows are
/// left out from there on.
/// </summary>
internal sealed class ClassTables : IDisposable
{
    private readonly SearchProblem problem;
    private readonly DistinctRows rows;
    private readonly ClassTable[] tables;
    private readonly int[][] keptUp, aliveUp;
    private readonly int[] sums, carried;
    private readonly int width;
    private readonly ulong[] marks;
    private readonly ClassCounts counts;
    private readonly LeastSuppression? least;

    public ClassTables(SearchProblem problem)
    {
        (this.problem, rows) = (problem, problem.Rows);
        tables = new ClassTable[problem.Depth];
        for (var depth = 0; depth < tables.Length; depth++)
            tables[depth] = new ClassTable(rows.Count);
        (keptUp, aliveUp) = (new int[problem.Depth][], new int[problem.Depth][]);
        Array.Fill(keptUp, []);
        Array.Fill(aliveUp, []);
        var tails = Enumerable.Range(1, problem.Depth).Max(rows.Tails);
        width = rows.Width;
        (sums, carried, marks) = (new int[tails], new int[tails * width], new ulong[tails / 64 + 1]);
        counts = new ClassCounts(problem);
        least = problem.TableModels.Count > 0 ? new LeastSuppression(problem) : null;
        var root = tables[0];
        Begin(root, 0);
        root.Room(rows.Count, width);
        for (var row = 0; row < rows.Count; row++)
            (root.Tail[row], root.Count[row]) = (row, rows.Counts[row]);
        rows.Carried.CopyTo(root.RowCounts, 0);
        EndClass(root, 0, rows.Count, parent: 0, leaves: 0);
        End(root);
    }

    public void Dispose()
    {
        foreach (var table in tables)
            table.Dispose();
    }

    /// <summary>Puts a level of the attribute at a depth behind the classes that are open there.</summary>
    public void Open(int depth, int level)
    {
        var (from, to, attribute) = (tables[depth], tables[depth + 1], problem.Attributes[depth]);
        var group = attribute.Groups(level);
        var leaves = attribute.LeavesOf(level);
        var (next, least) = (rows.Nexts(depth), problem.LeastSize);
        ReadOnlySpan<int> edgeValue = from.EdgeValue, edgeCount = from.EdgeCount, edgeRow = from.EdgeRow, tail = from.Tail, count = from.Count, classEdge = from.ClassEdge;
        Begin(to, depth + 1);
        for (var parent = 0; parent < from.Classes; parent++)
        {
            var end = classEdge[parent + 1];
            for (var edge = classEdge[parent]; edge < end;)
            {
                var first = edge;
                var ofGroup = group[edgeValue[edge]];
                var size = edgeCount[edge++];
                for (; edge < end && group[edgeValue[edge]] == ofGroup; edge++)
                    size += edgeCount[edge];
                if (size < least)
                    continue;
                var (row, lastRow) = (edgeRow[first], edgeRow[edge]);
                var found = lastRow - row;
                to.Room(found, width);
                if (edge - first == 1)
                {
                    // One value: its rows are distinct and in order already.
                    var toTail = to.Tail.AsSpan(to.Rows, found);
                    count.Slice(row, found).CopyTo(to.Count.AsSpan(to.Rows));
                    var fromTail = tail.Slice(row, found);
                    for (var i = 0; i < toTail.Length; i++)
                        toTail[i] = next[fromTail[i]];
                    if (width > 0)
                        from.RowCounts.AsSpan(row * width, found * width).CopyTo(to.RowCounts.AsSpan(to.Rows * width));
                }
                else
                {
                    found = Merge(from, row, lastRow, next, to);
                }

                EndClass(to, depth + 1, to.Rows + found, parent, leaves[ofGroup]);
            }
        }

        End(to);
    }

    /// <summary>What a level of the attribute at a depth gives, behind the classes that are open there.</summary>
    public void Evaluate(int depth, int level, NodeFigures into)
    {
        var (table, attribute) = (tables[depth], problem.Attributes[depth]);
        var group = attribute.Groups(level);
        var leaves = attribute.LeavesOf(level);
        var (up, upAlive) = (Scratch(keptUp, depth, table.Classes), problem.AllMonotone ? [] : Scratch(aliveUp, depth, table.Classes));
        var (kept, alive, classes, keptLeaves, aliveLeaves) = (0, 0, 0, 0L, 0L);
        var (tested, leastSize) = (problem.Tests.Length > 0, problem.LeastSize);
        ReadOnlySpan<int> edgeValue = table.EdgeValue, edgeCount = table.EdgeCount, classEdge = table.ClassEdge;
        least?.Clear();
        for (var parent = 0; parent < table.Classes; parent++)
        {
            var (keptHere, aliveHere) = (0, 0);
            var end = classEdge[parent + 1];
            for (var edge = classEdge[parent]; edge < end;)
            {
                var first = edge;
                var ofGroup = group[edgeValue[edge]];
                var size = edgeCount[edge++];
                for (; edge < end && group[edgeValue[edge]] == ofGroup; edge++)
                    size += edgeCount[edge];
                if (size < leastSize)
                    continue;
                if (tested)
                {
                    var verdict = counts.Test(table, depth, first, edge, size);
                    if (verdict == ClassVerdict.FailsForGood)
                        continue;
                    aliveHere += size;
                    aliveLeaves += (long)size * leaves[ofGroup];
                    if (verdict == ClassVerdict.Fails)
                        continue;
                }

                classes++;
                keptHere += size;
                keptLeaves += (long)size * leaves[ofGroup];
                least?.Add(parent, size, leaves[ofGroup]);
            }

            up[parent] = keptHere;
            kept += keptHere;
            alive += aliveHere;
            if (upAlive.Length > 0)
                upAlive[parent] = tested ? aliveHere : keptHere;
        }

        if (!tested)
            (alive, aliveLeaves) = (kept, keptLeaves);
        (into.Alive, into.AliveLeaves[depth]) = (alive, aliveLeaves);
        if (!problem.AllMonotone)
            Sum(depth, aliveUp, into.AliveLeaves);
        if (least is not null)
            least.Enforce(tables, depth, up, ref kept, ref classes, ref keptLeaves);
        (into.Kept, into.Classes, into.KeptLeaves[depth]) = (kept, classes, keptLeaves);
        Sum(depth, keptUp, into.KeptLeaves);
        if (problem.AllMonotone)
            into.KeptLeaves.AsSpan(0, depth + 1).CopyTo(into.AliveLeaves);
    }

    /// <summary>Carries the records of each class up to the classes that it is a part of, and adds up the leaves of their groups on the way.</summary>
    private void Sum(int depth, int[][] up, long[] leaves)
    {
        for (; depth > 0; depth--)
        {
            var table = tables[depth];
            var to = Scratch(up, depth - 1, tables[depth - 1].Classes).AsSpan(0, tables[depth - 1].Classes);
            to.Clear();
            ReadOnlySpan<int> from = up[depth].AsSpan(0, table.Classes), parent = table.Parent.AsSpan(0, table.Classes), ofGroup = table.Leaves.AsSpan(0, table.Classes);
            var sum = 0L;
            for (var one = 0; one < from.Length; one++)
            {
                sum += (long)from[one] * ofGroup[one];
                to[parent[one]] += from[one];
            }

            leaves[depth - 1] = sum;
        }
    }

    /// <summary>Rows of several values that have become one: equal tails are added up, and come out in order from a bitmap. Tells how many there are.</summary>
    private int Merge(ClassTable from, int row, int lastRow, int[] next, ClassTable to)
    {
        var (low, high) = (int.MaxValue, 0);
        Span<int> sum = sums;
        Span<ulong> mark = marks;
        ReadOnlySpan<int> fromTail = from.Tail, fromCount = from.Count;
        for (; row < lastRow; row++)
        {
            var tail = next[fromTail[row]];
            sum[tail] += fromCount[row];
            mark[tail >> 6] |= 1UL << tail;
            low = Math.Min(low, tail);
            high = Math.Max(high, tail);
            if (width > 0)
                ClassCounts.Add(from.RowCounts, row * width, carried, tail * width, width);
        }

        var at = to.Rows;
        Span<int> toTail = to.Tail, toCount = to.Count;
        for (var word = low >> 6; word <= high >> 6; word++)
        {
            for (var left = mark[word]; left != 0; left &= left - 1)
            {
                var tail = (word << 6) + BitOperations.TrailingZeroCount(left);
                (toTail[at], toCount[at]) = (tail, sum[tail]);
                sum[tail] = 0;
                if (width > 0)
                {
                    var counts = carried.AsSpan(tail * width, width);
                    counts.CopyTo(to.RowCounts.AsSpan(at * width));
                    counts.Clear();
                }

                at++;
            }

            mark[word] = 0;
        }

        return at - to.Rows;
    }

    private void Begin(ClassTable table, int depth) => table.Clear(rowsAreEdges: depth == problem.Depth - 1 && rows.Tails(problem.Depth) == 1);

    /// <summary>The rows up to <paramref name="end"/> are one class.</summary>
    private void EndClass(ClassTable table, int depth, int end, int parent, int leaves)
    {
        var row = table.Rows;
        table.ClassEdge[table.Classes] = table.RowsAreEdges ? row : table.Edges;
        (table.Parent[table.Classes], table.Leaves[table.Classes]) = (parent, leaves);
        table.Classes++;
        table.Rows = end;
        if (table.RowsAreEdges)
            return;
        var value = rows.Values(depth);
        ReadOnlySpan<int> tail = table.Tail, count = table.Count;
        Span<int> edgeValue = table.EdgeValue, edgeCount = table.EdgeCount, edgeRow = table.EdgeRow;
        var (edge, last) = (table.Edges - 1, -1);
        for (; row < end; row++)
        {
            var here = value[tail[row]];
            if (here != last)
            {
                edge++;
                (edgeValue[edge], edgeCount[edge], edgeRow[edge], last) = (here, count[row], row, here);
                if (width > 0)
                    table.RowCounts.AsSpan(row * width, width).CopyTo(table.EdgeCounts.AsSpan(edge * width));
                continue;
            }

            edgeCount[edge] += count[row];
            if (width > 0)
                ClassCounts.Add(table.RowCounts, row * width, table.EdgeCounts, edge * width, width);
        }

        table.Edges = edge + 1;
    }

    private void End(ClassTable table)
    {
        table.Room(0, width);
        table.ClassEdge[table.Classes] = table.RowsAreEdges ? table.Rows : table.Edges;
        if (!table.RowsAreEdges)
            table.EdgeRow[table.Edges] = table.Rows;
    }

    private static int[] Scratch(int[][] scratch, int depth, int size)
    {
        if (scratch[depth].Length < size)
            scratch[depth] = new int[Math.Max(size, scratch[depth].Length * 2)];
        return scratch[depth];
    }
}
