namespace CityHub.Privacy;

/// <summary>The best generalisation of a search, levels in the order of the search.</summary>
internal sealed record FoundNode(int[] Levels, double Rank, double Loss, int Kept, int Classes, bool Proven, long Checked);

/// <summary>Keeps the best: least loss, at equal loss the lower levels in sum, then the lower ones in the order of the request.</summary>
internal sealed class BestNode(SearchProblem problem)
{
    /// <summary>Ranks that differ by less are equal: they come from the same sums, multiplied in another order.</summary>
    private const double Equal = 1e-13;

    private int[]? levels;
    private int kept, classes;
    private double loss;

    /// <summary>What is worse than this need not be looked at; may be set to a guess.</summary>
    public double Rank { get; set; } = double.PositiveInfinity;

    public bool Found => levels is not null;

    public bool Hopeless(double rank) => rank > Rank * (1 + Equal);

    public void Consider(ReadOnlySpan<int> candidate, ReadOnlySpan<double> losses, int keptRecords, int keptClasses)
    {
        var rank = problem.Loss.Rank(losses);
        if (Hopeless(rank) || (levels is not null && rank >= Rank * (1 - Equal) && !Lower(candidate)))
            return;
        (Rank, loss, kept, classes) = (rank, problem.Loss.Total(losses), keptRecords, keptClasses);
        levels = candidate.ToArray();
    }

    public FoundNode? Take(bool proven, long nodes) => levels is null ? null : new FoundNode(levels, Rank, loss, kept, classes, proven, nodes);

    private bool Lower(ReadOnlySpan<int> candidate)
    {
        var (mine, theirs) = (problem.ToRequest(levels), problem.ToRequest(candidate));
        var sums = theirs.Sum().CompareTo(mine.Sum());
        return sums < 0 || (sums == 0 && theirs.AsSpan().SequenceCompareTo(mine) < 0);
    }
}
