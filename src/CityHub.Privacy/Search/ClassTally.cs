namespace CityHub.Privacy;

/// <summary>Counts for one class after the other what its rows have in the sensitive columns, and asks the tests; the plain way, from the rows of the table.</summary>
internal sealed class ClassTally
{
    private readonly SearchProblem problem;
    private readonly int[][] counts; // [sensitive column][code], and behind them the population's
    private int[] byClass = [], starts = [], at = [];

    public ClassTally(SearchProblem problem)
    {
        this.problem = problem;
        counts = [.. problem.Widths.Select(width => new int[width]), new int[1]];
    }

    /// <summary>Puts the rows of each class together.</summary>
    public void Sort(ReadOnlySpan<int> ofRow, ReadOnlySpan<int> sizes)
    {
        if (byClass.Length < ofRow.Length)
            byClass = new int[ofRow.Length];
        if (starts.Length <= sizes.Length)
            (starts, at) = (new int[sizes.Length * 2 + 1], new int[sizes.Length * 2 + 1]);
        starts[0] = 0;
        for (var one = 0; one < sizes.Length; one++)
            starts[one + 1] = starts[one] + sizes[one];
        starts.AsSpan(0, sizes.Length).CopyTo(at);
        for (var row = 0; row < ofRow.Length; row++)
            byClass[at[ofRow[row]]++] = row;
    }

    /// <param name="inPopulation">Records of the population that are in the class; of no interest where no model compares with it.</param>
    public void Count(int one, int inPopulation)
    {
        counts[^1][0] = inPopulation;
        for (var column = 0; column < problem.Sensitive.Count; column++)
        {
            Array.Clear(counts[column]);
            foreach (var row in byClass.AsSpan(starts[one], starts[one + 1] - starts[one]))
                counts[column][problem.Sensitive[column].Code(row)]++;
        }
    }

    /// <summary>One test of the class that was counted last.</summary>
    public bool Passes(in PreparedTest test, int size) => test.Test.Passes(size, test.Sensitive < 0 ? [] : counts[test.Sensitive]);

    /// <summary>All tests of a class that is large enough.</summary>
    public bool Passes(int one, int size, int inPopulation)
    {
        Count(one, inPopulation);
        foreach (ref readonly var test in problem.Tests.AsSpan())
        {
            if (!Passes(test, size))
                return false;
        }

        return true;
    }

    /// <summary>The first model that says no to a class of the population that the table has no record of.</summary>
    public ClassModel? FailsEmpty(int inPopulation)
    {
        counts[^1][0] = inPopulation;
        foreach (ref readonly var test in problem.Tests.AsSpan())
        {
            if (test.Model.ComparesWithPopulation && !Passes(test, 0))
                return test.Model;
        }

        return null;
    }
}
