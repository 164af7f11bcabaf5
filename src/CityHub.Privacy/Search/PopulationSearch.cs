namespace CityHub.Privacy;

/// <summary>
/// The optimum, proven, where a model compares with the population. Whether such a model passes at one generalisation tells nothing of another, so that only two things spare
/// work: what generalising alone costs, which is known without grouping and grows with each level, and the records in classes that are too small, which the attributes behind
/// can only make more.
/// </summary>
internal sealed class PopulationSearch(SearchProblem problem, PopulationRows population)
{
    private readonly PopulationNodes nodes = new(problem, population);
    private readonly BestNode best = new(problem);
    private readonly int[] levels = new int[problem.Depth];
    private readonly double[] losses = new double[problem.Depth];
    private IProgress<double>? progress;
    private CancellationToken cancel;
    private long looked;

    public FoundNode Run(IProgress<double>? report, CancellationToken stop)
    {
        (progress, cancel) = (report, stop);
        Visit(0, 0, 1);
        progress?.Report(1);
        return best.Take(proven: true, looked) ?? throw NoSolution.Explain(problem);
    }

    /// <param name="from">Of the whole search, 0 to 1, so much is done before this.</param>
    /// <param name="share">And so much of it is this.</param>
    private void Visit(int depth, double from, double share)
    {
        var count = problem.Attributes[depth].Levels;
        for (var level = 0; level < count; level++)
        {
            cancel.ThrowIfCancellationRequested();
            levels[depth] = level;
            if (best.Hopeless(Bound(depth)))
                break; // Higher levels lose more.
            if (problem.Records - nodes.Open(depth, level) <= problem.Limit)
            {
                if (depth == problem.Depth - 1)
                    Consider();
                else
                    Visit(depth + 1, from + share * level / count, share / count);
            }

            if (depth < 3)
                progress?.Report(Math.Min(1, from + share * (level + 1) / count));
        }
    }

    private void Consider()
    {
        looked++;
        var figures = nodes.Evaluate();
        var suppressed = problem.Records - figures.Kept;
        if (figures.Beyond || suppressed > problem.Limit)
            return;
        for (var i = 0; i < losses.Length; i++)
            losses[i] = problem.Loss.Attribute(i, figures.KeptLeaves[i], problem.Attributes[i].Generalised[levels[i]], suppressed);
        best.Consider(levels, losses, figures.Kept, figures.Classes);
    }

    /// <summary>No less is lost with the levels up to <paramref name="depth"/>, whatever those behind: a suppressed record never loses less than its group does.</summary>
    private double Bound(int depth)
    {
        for (var i = 0; i < losses.Length; i++)
        {
            var generalised = problem.Attributes[i].Generalised[i <= depth ? levels[i] : 0];
            losses[i] = Math.Max(0, problem.Loss.AtLeast(i, generalised, problem.Records, suppressed: 0) - problem.Loss.Slack);
        }

        return problem.Loss.Rank(losses);
    }
}
