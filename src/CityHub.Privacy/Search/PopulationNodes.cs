namespace CityHub.Privacy;

/// <summary>
/// The exact figures of any generalisation where a model compares with the population: table and population are grouped together, from the first attribute on whose level is
/// another one than before.
/// </summary>
internal sealed class PopulationNodes
{
    private readonly SearchProblem problem;
    private readonly PopulationRows rows;
    private readonly int[][] classOf; // [depth][distinct row]
    private readonly int[] classes, open, group, rowClass;
    private readonly NodeFigures figures;
    private readonly ClassTally tally;
    private int[] sizes = [], inPopulation = [], first = [];

    public PopulationNodes(SearchProblem problem, PopulationRows rows)
    {
        (this.problem, this.rows) = (problem, rows);
        classOf = [.. problem.Attributes.Select(_ => new int[rows.Count])];
        (classes, open) = (new int[problem.Depth], new int[problem.Depth]);
        Array.Fill(open, -1);
        (group, rowClass) = (new int[rows.Count], new int[problem.Records]);
        (figures, tally) = (new NodeFigures(problem.Depth), new ClassTally(problem));
    }

    /// <summary>Puts a level of the attribute at a depth behind those that are open.</summary>
    /// <returns>Records of the table in classes that are large enough; no level of the attributes behind makes them more.</returns>
    public int Open(int depth, int level)
    {
        var attribute = problem.Attributes[depth];
        var hierarchy = attribute.Source.Hierarchy;
        var groups = hierarchy.Groups(attribute.MinLevel + level);
        var leaves = rows.Leaves(depth);
        for (var row = 0; row < group.Length; row++)
            group[row] = groups[leaves[row]];
        var from = depth == 0 ? classOf[0] : classOf[depth - 1];
        if (depth == 0)
            Array.Clear(from);
        classes[depth] = ClassNumbers.Split(from, depth == 0 ? 1 : classes[depth - 1], group, hierarchy.GroupCount(attribute.MinLevel + level), classOf[depth]);
        open[depth] = level;
        Array.Fill(open, -1, depth + 1, open.Length - depth - 1);
        Count(depth);
        var large = 0;
        foreach (var size in sizes.AsSpan(0, classes[depth]))
            large += size >= problem.LeastSize ? size : 0;
        return large;
    }

    public NodeFigures Evaluate(ReadOnlySpan<int> levels)
    {
        var depth = 0;
        while (depth < levels.Length - 1 && open[depth] == levels[depth])
            depth++;
        for (; depth < levels.Length; depth++)
            Open(depth, levels[depth]);
        return Evaluate();
    }

    /// <summary>The figures where all attributes are open.</summary>
    public NodeFigures Evaluate()
    {
        var last = problem.Depth - 1;
        Count(last);
        Array.Clear(figures.KeptLeaves);
        Array.Clear(figures.AliveLeaves);
        (figures.Kept, figures.Alive, figures.Classes, figures.Beyond) = (0, 0, 0, false);
        if (problem.Sensitive.Count > 0)
        {
            for (var row = 0; row < rowClass.Length; row++)
                rowClass[row] = ClassOf(row);
            tally.Sort(rowClass, sizes.AsSpan(0, classes[last]));
        }

        for (var one = 0; one < classes[last]; one++)
        {
            var size = sizes[one];
            if (size == 0)
            {
                figures.Beyond |= tally.FailsEmpty(inPopulation[one]) is not null;
                continue;
            }

            if (size < problem.LeastSize)
                continue;
            Add(one, figures.AliveLeaves);
            figures.Alive += size;
            if (!tally.Passes(one, size, inPopulation[one]))
                continue;
            Add(one, figures.KeptLeaves);
            figures.Kept += size;
            figures.Classes++;
        }

        return figures;
    }

    /// <summary>After <see cref="Evaluate()"/>: for a row of the table, the records of the population in its class.</summary>
    public int InPopulation(int row) => inPopulation[ClassOf(row)];

    /// <summary>After <see cref="Evaluate()"/>: of the classes that the table has no record of and that a model refuses, the first one's records of the population and the model.</summary>
    public (int Records, ClassModel Model)? FirstBeyond()
    {
        for (var one = 0; one < classes[^1]; one++)
        {
            if (sizes[one] == 0 && tally.FailsEmpty(inPopulation[one]) is { } model)
                return (inPopulation[one], model);
        }

        return null;
    }

    private int ClassOf(int row) => classOf[^1][rows.OfTable[row]];

    private void Add(int one, long[] sums)
    {
        for (var i = 0; i < sums.Length; i++)
        {
            var (attribute, level) = (problem.Attributes[i], problem.Attributes[i].MinLevel + open[i]);
            var hierarchy = attribute.Source.Hierarchy;
            sums[i] += (long)sizes[one] * hierarchy.LeavesUnder(level, hierarchy.Group(rows.Leaves(i)[first[one]], level));
        }
    }

    private void Count(int depth)
    {
        if (sizes.Length < classes[depth])
            (sizes, inPopulation, first) = (new int[classes[depth] * 2], new int[classes[depth] * 2], new int[classes[depth] * 2]);
        Array.Clear(sizes, 0, classes[depth]);
        Array.Clear(inPopulation, 0, classes[depth]);
        for (var row = 0; row < rows.Count; row++)
        {
            var one = classOf[depth][row];
            sizes[one] += rows.InTable[row];
            inPopulation[one] += rows.InPopulation[row];
            first[one] = row;
        }
    }
}
