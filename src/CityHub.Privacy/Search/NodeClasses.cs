namespace CityHub.Privacy;

/// <summary>The classes of one generalisation with the rows that are in them. It is made from the table anew and so a check of what a search has found.</summary>
internal sealed class NodeClasses
{
    private readonly int[] inPopulation = [];

    /// <param name="levels">In the order of the search.</param>
    public NodeClasses(SearchProblem problem, int[] levels, CancellationToken cancel)
    {
        var at = problem.Attributes.Select((attribute, i) =>
        {
            var group = attribute.Groups(levels[i]).ToArray();
            return (attribute.Column, Array.ConvertAll(attribute.ValueOf, value => group[value]), attribute.GroupCount(levels[i]));
        }).ToArray();
        var rows = new DistinctRows(at, [], problem.Records, cancel);
        (OfRow, Sizes) = (rows.OfRow, rows.Counts);
        Verdicts = new ClassVerdict[rows.Count];
        Groups = new int[rows.Count][];
        for (var one = 0; one < rows.Count; one++)
        {
            Groups[one] = new int[levels.Length];
            for (var (depth, tail) = (0, one); depth < levels.Length; tail = rows.Nexts(depth)[tail], depth++)
                Groups[one][depth] = rows.Values(depth)[tail];
        }

        if (problem.Population is { } population)
        {
            var nodes = new PopulationNodes(problem, population);
            nodes.Evaluate(levels);
            inPopulation = new int[Sizes.Length];
            for (var row = 0; row < OfRow.Length; row++)
                inPopulation[OfRow[row]] = nodes.InPopulation(row);
            Beyond = nodes.FirstBeyond();
        }

        Count(problem);
        Enforce(problem, levels);
    }

    /// <summary>The class of each row of the table.</summary>
    public int[] OfRow { get; }

    public int[] Sizes { get; }

    /// <summary>The group of each class in each attribute.</summary>
    public int[][] Groups { get; }

    public ClassVerdict[] Verdicts { get; }

    /// <summary>For each class model, in the order of the request: records in classes that fail it.</summary>
    public long[] Failing { get; private set; } = [];

    /// <summary>The records of a class of the population that the table has no record of, and the model that refuses it.</summary>
    public (int Records, ClassModel Model)? Beyond { get; }

    private void Count(SearchProblem problem)
    {
        var tally = new ClassTally(problem);
        if (problem.Sensitive.Count > 0)
            tally.Sort(OfRow, Sizes);
        var models = problem.Request.Models.OfType<ClassModel>().ToArray();
        Failing = new long[models.Length];
        for (var one = 0; one < Sizes.Length; one++)
        {
            tally.Count(one, inPopulation.Length > 0 ? inPopulation[one] : 0);
            for (var i = 0; i < models.Length; i++)
            {
                var test = Array.FindIndex(problem.Tests, prepared => ReferenceEquals(prepared.Model, models[i]));
                var passes = Sizes[one] >= models[i].LeastSize
                    && (test < 0 || tally.Passes(problem.Tests[test], Sizes[one]));
                if (passes)
                    continue;
                Failing[i] += Sizes[one];
                Verdicts[one] = ClassVerdict.Fails;
            }
        }
    }

    private void Enforce(SearchProblem problem, int[] levels)
    {
        if (problem.TableModels.Count == 0)
            return;
        var left = Enumerable.Range(0, Sizes.Length).Where(one => Verdicts[one] == ClassVerdict.Passes).ToArray();
        var lost = Array.ConvertAll(left, one =>
        {
            Span<double> shares = stackalloc double[levels.Length];
            for (var i = 0; i < levels.Length; i++)
            {
                var attribute = problem.Attributes[i];
                shares[i] = (double)Sizes[one] * attribute.LeavesOf(levels[i])[Groups[one][i]] / attribute.Source.Hierarchy.Leaves;
            }

            return problem.Loss.Rank(shares);
        });
        if (IsNothing(problem, levels))
            return;
        var order = Enumerable.Range(0, left.Length).OrderBy(i => Sizes[left[i]]).ThenBy(i => lost[i]).ToArray();
        var kept = left.Sum(one => (long)Sizes[one]);
        var cut = LeastSuppression.Cut(Array.ConvertAll(order, i => Sizes[left[i]]), problem.TableModels, kept - (problem.Records - problem.Limit));
        foreach (var i in order.AsSpan(0, cut))
            Verdicts[left[i]] = ClassVerdict.Fails;
    }

    /// <summary>Whether all attributes are generalised to all of their leaves.</summary>
    public static bool IsNothing(SearchProblem problem, int[] levels) => problem.Attributes.Select((attribute, i) => (attribute, i))
        .All(one => one.attribute.GroupCount(levels[one.i]) == 1 && one.attribute.LeavesOf(levels[one.i])[0] == one.attribute.Source.Hierarchy.Leaves);
}
