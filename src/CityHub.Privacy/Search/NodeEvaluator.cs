namespace CityHub.Privacy;

/// <summary>The exact figures of any generalisation; what it has in common with the one before, from the first attribute on, is not grouped again.</summary>
internal sealed class NodeEvaluator(SearchProblem problem) : IDisposable
{
    private readonly ClassTables tables = new(problem);
    private readonly PopulationNodes? population = problem.Population is { } rows ? new PopulationNodes(problem, rows) : null;
    private readonly NodeFigures figures = new(problem.Depth);
    private readonly int[] open = Enumerable.Repeat(-1, problem.Depth).ToArray();
    private readonly double[] losses = new double[problem.Depth];

    public long Nodes { get; private set; }

    /// <summary>Of each attribute, after <see cref="Losses"/>.</summary>
    public ReadOnlySpan<double> Last => losses;

    public void Dispose() => tables.Dispose();

    public NodeFigures Evaluate(ReadOnlySpan<int> levels)
    {
        Nodes++;
        if (population is not null)
            return population.Evaluate(levels);
        var same = true;
        for (var depth = 0; depth < levels.Length - 1; depth++)
        {
            if (same && open[depth] == levels[depth])
                continue;
            same = false;
            tables.Open(depth, levels[depth]);
            open[depth] = levels[depth];
        }

        tables.Evaluate(levels.Length - 1, levels[^1], figures);
        return figures;
    }

    /// <summary>The rank of a generalisation by its losses.</summary>
    public double Losses(ReadOnlySpan<int> levels, NodeFigures of)
    {
        for (var i = 0; i < losses.Length; i++)
            losses[i] = problem.Loss.Attribute(i, of.KeptLeaves[i], problem.Attributes[i].Generalised[levels[i]], problem.Records - of.Kept);
        return problem.Loss.Rank(losses);
    }

    public double Loss(ReadOnlySpan<int> levels, NodeFigures of)
    {
        Losses(levels, of);
        return problem.Loss.Total(losses);
    }
}
