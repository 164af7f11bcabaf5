using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>
/// Looks for an event that is more probable beside one table than differential privacy lets it be beside its neighbour: P(S | with) ≤ e^ε · P(S | without) + δ, and the other way
/// round. Half of the draws choose the event, all outcomes that seem too frequent; the other half test it, so that having chosen does not count as finding.
/// </summary>
internal static class DpTester
{
    /// <summary>A mechanism that keeps its promise goes beyond it once in 10^5 tests; seeds are fixed, so that it is never by chance.</summary>
    private const double Deviates = 4.2;

    /// <summary>What is wrong; null where nothing was found.</summary>
    public static string? Violation(Func<ExactRandom, string> with, Func<ExactRandom, string> without, double epsilon, double delta, int draws, long seed)
    {
        Dictionary<string, int>[] counts = [Draw(with, draws, seed), Draw(with, draws, seed + 1), Draw(without, draws, seed + 2), Draw(without, draws, seed + 3)];
        return Compare(counts[0], counts[2], counts[1], counts[3], "with", epsilon, delta, draws)
            ?? Compare(counts[2], counts[0], counts[3], counts[1], "without", epsilon, delta, draws);
    }

    private static string? Compare(
        Dictionary<string, int> chooseHere, Dictionary<string, int> chooseThere, Dictionary<string, int> here, Dictionary<string, int> there, string side, double epsilon, double delta, int draws)
    {
        var factor = Math.Exp(epsilon);
        var chosen = chooseHere.Where(one => one.Value > factor * chooseThere.GetValueOrDefault(one.Key)).Select(one => one.Key).ToList();
        double inside = chosen.Sum(one => (long)here.GetValueOrDefault(one)), outside = chosen.Sum(one => (long)there.GetValueOrDefault(one));
        var beyond = inside - (factor * outside) - (delta * draws);
        var deviation = Math.Sqrt(inside + (factor * factor * outside) + 1);
        return beyond > Deviates * deviation
            ? FormattableString.Invariant($"{chosen.Count} outcomes come {inside} times {side} the resident and {outside} times else, of {draws}: {beyond / deviation:0.0} deviations beyond.")
            : null;
    }

    private static Dictionary<string, int> Draw(Func<ExactRandom, string> mechanism, int draws, long seed)
    {
        using var entropy = new SeededEntropy(seed);
        var random = new ExactRandom(entropy);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < draws; i++)
        {
            var outcome = mechanism(random);
            counts[outcome] = counts.GetValueOrDefault(outcome) + 1;
        }

        return counts;
    }
}

/// <summary>A mechanism, two neighbouring tables, and what it promises.</summary>
/// <param name="Run">The outcome as it would be released, as a text.</param>
internal sealed record DpCase(string Name, Table With, Table Without, Func<Table, ExactRandom, string> Run, double Epsilon, double Delta = 0, int Draws = 6000)
{
    /// <summary>The same check for the mechanism as it is and for one with a fault in it.</summary>
    public string? Violation(Func<Table, ExactRandom, string>? fault = null)
    {
        var run = fault ?? Run;
        return DpTester.Violation(random => run(With, random), random => run(Without, random), Epsilon, Delta, Draws, Name.Length * 1000);
    }
}
