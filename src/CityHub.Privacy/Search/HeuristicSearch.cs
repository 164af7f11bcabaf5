namespace CityHub.Privacy;

/// <summary>
/// For lattices too large to be searched through: from everything generalised, the best known generalisation is made finer in one attribute at a time, the best of those
/// next, and so on until time is over. First come the neighbours of what is best, so that a good one is found early; the optimum is proven only where all were seen.
/// </summary>
internal sealed class HeuristicSearch(SearchProblem problem, SearchBudget budget) : IDisposable
{
    private readonly NodeEvaluator evaluator = new(problem);
    private readonly BestNode best = new(problem);
    private readonly PriorityQueue<int[], double> open = new();
    private readonly HashSet<int[]> seen = new(LevelsComparer.Instance);

    public void Dispose() => evaluator.Dispose();

    public FoundNode Run(IProgress<double>? progress, CancellationToken cancel)
    {
        var began = budget.Clock.GetTimestamp();
        Look([.. problem.Attributes.Select(one => one.Levels - 1)]);
        while (open.TryDequeue(out var levels, out _))
        {
            for (var i = 0; i < levels.Length; i++)
            {
                cancel.ThrowIfCancellationRequested();
                var spent = budget.Clock.GetElapsedTime(began);
                if (spent >= budget.Limit || evaluator.Nodes >= budget.Nodes)
                {
                    progress?.Report(1);
                    return best.Take(proven: false, evaluator.Nodes) ?? throw NoSolution.NotInTime(evaluator.Nodes);
                }

                if (levels[i] == 0)
                    continue;
                int[] finer = [.. levels];
                finer[i]--;
                Look(finer);
                if ((evaluator.Nodes & 0xFF) == 0)
                    progress?.Report(Math.Min(1, spent / budget.Limit));
            }
        }

        progress?.Report(1);
        return best.Take(proven: true, evaluator.Nodes) ?? throw NoSolution.Explain(problem);
    }

    private void Look(int[] levels)
    {
        if (!seen.Add(levels))
            return;
        var figures = evaluator.Evaluate(levels);
        // Too many fail for good: so they do at all finer ones.
        if (problem.Records - figures.Alive > problem.Limit)
            return;
        var rank = evaluator.Losses(levels, figures);
        if (problem.Records - figures.Kept <= problem.Limit && !figures.Beyond)
            best.Consider(levels, evaluator.Last, figures.Kept, figures.Classes);
        open.Enqueue(levels, rank);
    }

    private sealed class LevelsComparer : IEqualityComparer<int[]>
    {
        public static readonly LevelsComparer Instance = new();

        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] obj)
        {
            var hash = new HashCode();
            foreach (var level in obj)
                hash.Add(level);
            return hash.ToHashCode();
        }
    }
}
