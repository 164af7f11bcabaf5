namespace CityHub.Privacy;

/// <summary>What speaks against one receiver.</summary>
/// <param name="Matches">Of the cells tested, how many are where this receiver's key moved them.</param>
/// <param name="Canaries">Canaries of this receiver that are in the leaked part.</param>
/// <param name="PValue">The chance that an innocent receiver fits as well; at least 1e-300.</param>
public sealed record ReceiverEvidence(string Receiver, int Matches, int Canaries, double PValue);

/// <summary>Who a leaked part was for. No one is accused unless the chance that any of all the innocent ones would be is below what was asked for (Bonferroni).</summary>
public sealed class WatermarkTrace
{
    internal WatermarkTrace(IReadOnlyList<ReceiverEvidence> receivers, int cells, double falseAccusation) => (Receivers, CellsTested, FalseAccusation) = (receivers, cells, falseAccusation);

    /// <summary>The most suspicious first.</summary>
    public IReadOnlyList<ReceiverEvidence> Receivers { get; }

    /// <summary>Cells of the leaked part whose row in the original is known and that are marked.</summary>
    public int CellsTested { get; }

    /// <summary>The chance, at most, that somebody is accused who has nothing to do with it.</summary>
    public double FalseAccusation { get; }

    public IEnumerable<ReceiverEvidence> Accused => Receivers.Where(one => one.PValue * Receivers.Count <= FalseAccusation);
}

/// <summary>The chance of at least m matches among tests that each match with a chance of their own: the exact tail of the Poisson-binomial distribution.</summary>
internal static class ChanceMatches
{
    private const double Floor = 1e-300;

    /// <returns>For each m from 0 to the number of tests.</returns>
    public static double[] Of(IEnumerable<double> chances)
    {
        // Quadratic in the tests, of which there are at most LeakedRows.MaxTests.
        var exact = new List<double> { 1 };
        foreach (var chance in chances)
        {
            exact.Add(0);
            for (var m = exact.Count - 1; m > 0; m--)
                exact[m] = (exact[m] * (1 - chance)) + (exact[m - 1] * chance);
            exact[0] *= 1 - chance;
        }

        var tail = exact.ToArray();
        for (var m = tail.Length - 2; m >= 0; m--)
            tail[m] += tail[m + 1];
        for (var m = 0; m < tail.Length; m++)
            tail[m] = Math.Clamp(tail[m], Floor, 1);
        return tail;
    }
}
