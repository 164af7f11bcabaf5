namespace CityHub.Privacy;

/// <summary>All generalisations with their exact figures, to be explored by a person.</summary>
public static class Lattice
{
    /// <summary>Every generalisation of an <see cref="Anonymization"/>, the last quasi-identifier of the search fastest; to be enumerated as far as wanted.</summary>
    /// <exception cref="PrivacyException">As of <see cref="Anonymization.Run"/>, but for what no generalisation passes.</exception>
    public static IEnumerable<LatticeNode> Explore(Anonymization request, CancellationToken cancel = default)
    {
        var problem = new SearchProblem(request, cancel);
        return Explore(problem, cancel);
    }

    private static IEnumerable<LatticeNode> Explore(SearchProblem problem, CancellationToken cancel)
    {
        using var evaluator = new NodeEvaluator(problem);
        var levels = new int[problem.Depth];
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var figures = evaluator.Evaluate(levels);
            var suppressed = problem.Records - figures.Kept;
            yield return new LatticeNode(problem.ToRequest(levels), evaluator.Loss(levels, figures), suppressed, figures.Classes, suppressed <= problem.Limit && !figures.Beyond);
            var depth = problem.Depth - 1;
            while (depth >= 0 && ++levels[depth] == problem.Attributes[depth].Levels)
                levels[depth--] = 0;
            if (depth < 0)
                yield break;
        }
    }
}

/// <summary>One generalisation.</summary>
/// <param name="Levels">Of each quasi-identifier, in the order of the request.</param>
/// <param name="Suppressed">Records in classes that fail.</param>
/// <param name="Classes">Those that pass.</param>
/// <param name="Passes">No more are suppressed than may be, and no model refuses it whatever is suppressed.</param>
public sealed record LatticeNode(IReadOnlyList<int> Levels, double Loss, int Suppressed, int Classes, bool Passes);
