namespace CityHub.Privacy;

/// <summary>The generalisation that was found, what it costs, and what it makes of the table.</summary>
public sealed class AnonymizationResult
{
    private readonly SearchProblem problem;
    private readonly FoundNode found;
    private readonly Lazy<NodeClasses> classes;

    internal AnonymizationResult(SearchProblem problem, FoundNode found)
    {
        (this.problem, this.found) = (problem, found);
        classes = new Lazy<NodeClasses>(() => new NodeClasses(problem, found.Levels, CancellationToken.None));
        Levels = problem.ToRequest(found.Levels);
        SaysNothing = NodeClasses.IsNothing(problem, found.Levels);
    }

    /// <summary>Of each quasi-identifier, in the order of the request.</summary>
    public IReadOnlyList<int> Levels { get; }

    /// <summary>0: nothing is lost, 1: everything (<see cref="LossOptions"/>).</summary>
    public double Loss => found.Loss;

    public int Records => problem.Records;

    /// <summary>Records that come out as nothing but <c>*</c> in their quasi-identifiers: those of classes that fail, or all where <see cref="SaysNothing"/>.</summary>
    public int Suppressed => SaysNothing ? Records : Records - found.Kept;

    /// <summary>Equivalence classes that are left.</summary>
    public int Classes => SaysNothing ? 0 : found.Classes;

    /// <summary>Only with every quasi-identifier generalised to nothing do the models pass.</summary>
    public bool SaysNothing { get; }

    /// <summary>No other generalisation loses less.</summary>
    public bool IsOptimal => found.Proven;

    /// <summary>Generalisations there are.</summary>
    public long Nodes => problem.Nodes;

    /// <summary>Of them, how many were looked at; of the rest it was known that they are worse or fail.</summary>
    public long NodesChecked => found.Checked;

    /// <summary>Sizes of the classes of the original table.</summary>
    public ClassSizes SizesBefore => ClassSizes.Of(new NodeClasses(problem, new int[problem.Depth], CancellationToken.None).Sizes);

    /// <summary>Sizes of the classes that are left.</summary>
    public ClassSizes SizesAfter => ClassSizes.Of([.. SaysNothing ? [] : classes.Value.Sizes.Where((_, one) => classes.Value.Verdicts[one] == ClassVerdict.Passes)]);

    /// <summary>For each row its class, numbered from 0; -1 where it is suppressed.</summary>
    public int[] RowClasses()
    {
        var number = new int[classes.Value.Sizes.Length];
        var next = 0;
        for (var one = 0; one < number.Length; one++)
            number[one] = !SaysNothing && classes.Value.Verdicts[one] == ClassVerdict.Passes ? next++ : -1;
        return Array.ConvertAll(classes.Value.OfRow, one => number[one]);
    }

    /// <summary>
    /// The table with its quasi-identifiers generalised, those of suppressed records as <c>*</c>. Other columns are as they were: direct identifiers have to be taken out or
    /// transformed before.
    /// </summary>
    public Table Apply()
    {
        var (ofRow, verdicts) = (classes.Value.OfRow, classes.Value.Verdicts);
        var recoded = new Dictionary<string, Column>(StringComparer.Ordinal);
        for (var i = 0; i < problem.Depth; i++)
        {
            var attribute = problem.Attributes[i];
            var (column, hierarchy, level) = (attribute.Column, attribute.Source.Hierarchy, attribute.MinLevel + found.Levels[i]);
            var labels = new List<string>();
            var known = new Dictionary<string, int>(StringComparer.Ordinal);
            var star = Number("*");
            var ofCode = new int[column.Distinct];
            for (var code = 0; code < ofCode.Length; code++)
                ofCode[code] = hierarchy.TryLeaf(column.Values[code], out var leaf) ? Number(hierarchy.Label(level, hierarchy.Group(leaf, level))) : star;
            var codes = new CodeArray();
            for (var row = 0; row < ofRow.Length; row++)
                codes.Add(SaysNothing || verdicts[ofRow[row]] != ClassVerdict.Passes ? star : ofCode[column.Code(row)]);
            recoded.Add(column.Name, codes.Build(column.Name, [.. labels]));

            int Number(string label)
            {
                if (!known.TryGetValue(label, out var number))
                {
                    known.Add(label, number = labels.Count);
                    labels.Add(label);
                }

                return number;
            }
        }

        return new Table(problem.Request.Table.Columns.Select(column => recoded.GetValueOrDefault(column.Name, column)));
    }
}
