namespace CityHub.Privacy;

/// <summary>
/// The optimum over all generalisations, proven: depth first over the attributes, the largest domain first. What is open so far tells which records fail whatever the
/// levels of the attributes behind it; where they are too many, or what is lost for sure is more than the best that is known, nothing behind it is looked at.
/// </summary>
internal sealed class OptimalSearch : IDisposable
{
    private readonly SearchProblem problem;
    private readonly ClassTables tables;
    private readonly NodeFigures[][] figures;
    private readonly bool[] closed;
    private readonly int[] levels;
    private readonly BestNode best;
    private readonly double[] losses;
    private CancellationToken cancel;
    private IProgress<double>? progress;
    private long nodes;

    public OptimalSearch(SearchProblem problem)
    {
        (this.problem, tables, best) = (problem, new ClassTables(problem), new BestNode(problem));
        figures = [.. problem.Attributes.Select(one => Enumerable.Range(0, one.Levels).Select(_ => new NodeFigures(problem.Depth)).ToArray())];
        levels = [.. problem.Attributes.Select(one => one.Levels - 1)];
        losses = new double[problem.Depth];
        closed = new bool[problem.Depth];
        for (var depth = problem.Depth - 1; depth >= 0; depth--)
            closed[depth] = depth == problem.Depth - 1 || (closed[depth + 1] && problem.Attributes[depth + 1].GroupCount(problem.Attributes[depth + 1].Levels - 1) == 1);
    }

    public void Dispose() => tables.Dispose();

    public FoundNode Run(IProgress<double>? report, CancellationToken stop)
    {
        (progress, cancel) = (report, stop);
        Visit(0, 0, 1);
        progress?.Report(1);
        return best.Take(proven: true, nodes) ?? throw NoSolution.Explain(problem);
    }

    /// <param name="from">Of the whole search, 0 to 1, so much is done before this.</param>
    /// <param name="share">And so much of it is this.</param>
    private void Visit(int depth, double from, double share)
    {
        cancel.ThrowIfCancellationRequested();
        var attribute = problem.Attributes[depth];
        var top = attribute.Levels - 1;
        Span<(double Rank, int Level)> children = stackalloc (double, int)[attribute.Levels];
        var count = 0;
        for (var level = top; level >= 0; level--)
        {
            levels[depth] = level;
            if (best.Hopeless(Bound(depth, depth == 0 ? null : figures[depth - 1][levels[depth - 1]], level)))
                continue;
            var here = figures[depth][level];
            tables.Evaluate(depth, level, here);
            if (problem.Records - here.Alive > problem.Limit)
                break; // At lower levels there are more that fail for good.
            if (closed[depth] && (depth == 0 || level < top || attribute.GroupCount(top) > 1))
                Consider(depth, here);
            if (depth < problem.Depth - 1)
                children[count++] = (Bound(depth + 1, here, 0), level);
        }

        children = children[..count];
        children.Sort((a, b) => a.Rank.CompareTo(b.Rank));
        foreach (var (rank, level) in children)
        {
            if (best.Hopeless(rank))
                break;
            levels[depth] = level;
            tables.Open(depth, level);
            Visit(depth + 1, from, share / children.Length);
            from += share / children.Length;
            if (depth < 3)
                progress?.Report(Math.Min(1, from));
        }

        levels[depth] = top;
    }

    private void Consider(int depth, NodeFigures here)
    {
        nodes++;
        var suppressed = problem.Records - here.Kept;
        if (suppressed > problem.Limit)
            return;
        for (var i = 0; i < problem.Depth; i++)
        {
            var attribute = problem.Attributes[i];
            if (i > depth)
                levels[i] = attribute.Levels - 1;
            var kept = i <= depth ? here.KeptLeaves[i] : (long)here.Kept * attribute.LeavesOf(levels[i])[0];
            losses[i] = problem.Loss.Attribute(i, kept, attribute.Generalised[levels[i]], suppressed);
        }

        best.Consider(levels, losses, here.Kept, here.Classes);
    }

    /// <summary>No less is lost where the attributes before <paramref name="depth"/> have their levels, that one <paramref name="level"/> or a higher one, the rest any.</summary>
    /// <param name="known">Of the attributes before; null where there is none.</param>
    private double Bound(int depth, NodeFigures? known, int level)
    {
        var dead = problem.Records - (known?.Alive ?? problem.Records);
        for (var i = 0; i < problem.Depth; i++)
        {
            var generalised = problem.Attributes[i].Generalised;
            losses[i] = known is not null && i < depth
                ? problem.Loss.Attribute(i, known.AliveLeaves[i], generalised[levels[i]], dead)
                : problem.Loss.AtLeast(i, generalised[i == depth ? level : 0], problem.Records, dead);
            losses[i] = Math.Max(0, losses[i] - problem.Loss.Slack);
        }

        return problem.Loss.Rank(losses);
    }
}
