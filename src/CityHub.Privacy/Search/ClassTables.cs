using System.Numerics;

namespace CityHub.Privacy;

/// <summary>
/// The way from the whole table down to one generalisation, an attribute at a time: <see cref="Open"/> puts a level of the next attribute behind what is open,
/// <see cref="Evaluate"/> tells what that gives while all attributes behind it say nothing. A class that is too small there stays so whatever their levels: its rows are
/// left out from there on.
/// </summary>
internal sealed class ClassTables
{
    private readonly SearchProblem problem;
    private readonly DistinctRows rows;
    private readonly ClassTable[] tables;
    private readonly int[][] keptUp, aliveUp;
    private readonly int[] sums;
    private readonly ulong[] marks;
    private readonly ClassCounts counts;
    private readonly LeastSuppression? least;

    public ClassTables(SearchProblem problem)
    {
        (this.problem, rows) = (problem, problem.Rows);
        tables = new ClassTable[problem.Depth];
        for (var depth = 0; depth < tables.Length; depth++)
            tables[depth] = new ClassTable();
        (keptUp, aliveUp) = (new int[problem.Depth][], new int[problem.Depth][]);
        Array.Fill(keptUp, []);
        Array.Fill(aliveUp, []);
        var tails = Enumerable.Range(1, problem.Depth).Max(rows.Tails);
        (sums, marks) = (new int[tails], new ulong[tails / 64 + 1]);
        counts = new ClassCounts(problem);
        least = problem.TableModels.Count > 0 ? new LeastSuppression(problem) : null;
        var root = tables[0];
        Begin(root, 0);
        root.Room(rows.Count);
        for (var row = 0; row < rows.Count; row++)
            (root.Tail[row], root.Count[row]) = (row, rows.Counts[row]);
        EndClass(root, 0, rows.Count, parent: 0, leaves: 0);
        End(root);
    }

    /// <summary>Puts a level of the attribute at a depth behind the classes that are open there.</summary>
    public void Open(int depth, int level)
    {
        var (from, to, attribute) = (tables[depth], tables[depth + 1], problem.Attributes[depth]);
        var group = attribute.Groups(level);
        var leaves = attribute.LeavesOf(level);
        var next = rows.Nexts(depth);
        Begin(to, depth + 1);
        for (var parent = 0; parent < from.Classes; parent++)
        {
            var end = from.ClassEdge[parent + 1];
            for (var edge = from.ClassEdge[parent]; edge < end;)
            {
                var first = edge;
                var ofGroup = group[from.EdgeValue[edge]];
                var size = from.EdgeCount[edge++];
                for (; edge < end && group[from.EdgeValue[edge]] == ofGroup; edge++)
                    size += from.EdgeCount[edge];
                if (size < problem.LeastSize)
                    continue;
                var (row, lastRow) = (from.EdgeRow[first], from.EdgeRow[edge]);
                to.Room(lastRow - row);
                var at = to.Rows;
                if (edge - first == 1)
                {
                    // One value: its rows are distinct and in order already.
                    for (; row < lastRow; row++, at++)
                        (to.Tail[at], to.Count[at]) = (next[from.Tail[row]], from.Count[row]);
                }
                else
                {
                    at = Merge(from, row, lastRow, next, to);
                }

                EndClass(to, depth + 1, at, parent, leaves[ofGroup]);
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
        var tested = problem.Tests.Length > 0;
        least?.Clear();
        for (var parent = 0; parent < table.Classes; parent++)
        {
            var (keptHere, aliveHere) = (0, 0);
            var end = table.ClassEdge[parent + 1];
            for (var edge = table.ClassEdge[parent]; edge < end;)
            {
                var first = edge;
                var ofGroup = group[table.EdgeValue[edge]];
                var size = table.EdgeCount[edge++];
                for (; edge < end && group[table.EdgeValue[edge]] == ofGroup; edge++)
                    size += table.EdgeCount[edge];
                if (size < problem.LeastSize)
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
            var (table, from) = (tables[depth], up[depth]);
            var to = Scratch(up, depth - 1, tables[depth - 1].Classes);
            Array.Clear(to, 0, tables[depth - 1].Classes);
            var sum = 0L;
            for (var one = 0; one < table.Classes; one++)
            {
                sum += (long)from[one] * table.Leaves[one];
                to[table.Parent[one]] += from[one];
            }

            leaves[depth - 1] = sum;
        }
    }

    /// <summary>Rows of several values that have become one: equal tails are added up, and come out in order from a bitmap.</summary>
    private int Merge(ClassTable from, int row, int lastRow, int[] next, ClassTable to)
    {
        var (low, high) = (int.MaxValue, 0);
        for (; row < lastRow; row++)
        {
            var tail = next[from.Tail[row]];
            sums[tail] += from.Count[row];
            marks[tail >> 6] |= 1UL << tail;
            low = Math.Min(low, tail);
            high = Math.Max(high, tail);
        }

        var at = to.Rows;
        for (var word = low >> 6; word <= high >> 6; word++)
        {
            for (var left = marks[word]; left != 0; left &= left - 1)
            {
                var tail = (word << 6) + BitOperations.TrailingZeroCount(left);
                (to.Tail[at], to.Count[at]) = (tail, sums[tail]);
                sums[tail] = 0;
                at++;
            }

            marks[word] = 0;
        }

        return at;
    }

    private void Begin(ClassTable table, int depth) => table.Clear(rowsAreEdges: depth == problem.Depth - 1 && problem.Sensitive.Count == 0);

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
        var (edge, last) = (table.Edges - 1, -1);
        for (; row < end; row++)
        {
            var here = value[table.Tail[row]];
            if (here != last)
            {
                edge++;
                (table.EdgeValue[edge], table.EdgeCount[edge], table.EdgeRow[edge]) = (here, 0, row);
                last = here;
            }

            table.EdgeCount[edge] += table.Count[row];
        }

        table.Edges = edge + 1;
    }

    private static void End(ClassTable table)
    {
        table.Room(0);
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
