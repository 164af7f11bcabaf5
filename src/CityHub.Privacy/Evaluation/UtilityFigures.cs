using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// What a release has kept of its quasi-identifiers: 1 is everything, 0 nothing, but for <see cref="Loss"/> and <see cref="Missing"/>, which are what is gone. A record with * in all
/// of them counts as suppressed.
/// </summary>
public sealed record UtilityFigures
{
    /// <summary>Iyengar's loss 2002, per attribute between none and all, joined by the geometric mean of 1 + loss: what the search minimises.</summary>
    public required double Loss { get; init; }

    /// <summary>How little of the domain a cell may stand for, on average.</summary>
    public required double Granularity { get; init; }

    /// <summary>How few levels the cells were lifted, on average; Sweeney's precision 2002.</summary>
    public required double GeneralisationIntensity { get; init; }

    /// <summary>How much of the information of the cells is left: de Waal and Willenborg 1999, for each cell by the level it was lifted to.</summary>
    public required double NonUniformEntropy { get; init; }

    /// <summary>Share of the cells that say nothing any more.</summary>
    public required double Missing { get; init; }

    /// <summary>Bayardo and Agrawal 2005: squares of the class sizes, a suppressed record costs as many as there are records.</summary>
    public required double Discernability { get; init; }

    /// <summary>LeFevre et al. 2005: average class size, between that of the input and the number of records.</summary>
    public required double AverageClassSize { get; init; }

    /// <summary>Goldberger and Tassa 2010: of how many combinations of leaves a record may be one.</summary>
    public required double Ambiguity { get; init; }

    /// <summary>Distance of the records to the farthest they may be now, leaves counted in the order of the hierarchy and scaled by their standard deviation, against the farthest there is.</summary>
    public required double SquaredError { get; init; }

    /// <summary>Records of a class on average, as counted.</summary>
    public required double MeanClassSize { get; init; }

    public required int Records { get; init; }

    public required int Suppressed { get; init; }

    public required IReadOnlyList<AttributeUtility> Attributes { get; init; }

    /// <param name="input">The records as they were.</param>
    /// <param name="output">The same records in the same order as they are released; suppressed ones with *.</param>
    /// <param name="hierarchies">Of the quasi-identifiers, each of which is a column of both.</param>
    /// <exception cref="PrivacyException">The tables do not belong together, or a value is on no level of its hierarchy.</exception>
    public static UtilityFigures Of(Table input, Table output, params IReadOnlyList<Hierarchy> hierarchies)
    {
        if (hierarchies.Count == 0)
            throw new PrivacyRefusal(PrivacyCodes.ColumnUnusable, "There is no quasi-identifier to measure utility on.", "Name at least one column with its hierarchy.").ToException();
        if (input.Rows != output.Rows || input.Rows == 0)
        {
            throw new PrivacyRefusal(
                PrivacyCodes.TableUnreadable,
                string.Create(CultureInfo.InvariantCulture, $"Before there are {input.Rows} records, after {output.Rows}: utility compares record by record."),
                "Keep suppressed records in the released table, with * in their cells.").ToException();
        }

        var columns = hierarchies.Select(one => Recoding.Of(input, output, one)).ToArray();
        var names = hierarchies.Select(one => one.Attribute).ToArray();
        var (before, after) = (EquivalenceClasses.Of(input, names), EquivalenceClasses.Of(output, names));
        var attributes = columns.Select(AttributeUtility.Of).ToArray();
        double records = input.Rows;
        return new UtilityFigures
        {
            Loss = Math.Pow(attributes.Aggregate(1.0, (product, one) => product * (2 - one.Granularity)), 1.0 / attributes.Length) - 1,
            Granularity = 1 - Scaled(attributes.Average(one => one.Share), attributes.Average(one => 1.0 / one.Leaves), 1),
            GeneralisationIntensity = attributes.Average(one => one.GeneralisationIntensity),
            NonUniformEntropy = 1 - Scaled(attributes.Sum(one => one.BitsLost), 0, attributes.Sum(one => one.Bits)),
            Missing = attributes.Average(one => one.Missing),
            Discernability = 1 - Scaled(Squares(after.Sizes) + (after.Suppressed * records), Squares(before.Sizes) + (before.Suppressed * records), records * records),
            AverageClassSize = after.Sizes.Classes == 0 ? 0 : 1 - Scaled(Mean(after.Sizes), Mean(before.Sizes), records),
            Ambiguity = 1 - Scaled(Combinations(columns), 1, columns.Aggregate(1.0, (product, one) => product * one.Hierarchy.Leaves)),
            SquaredError = SquaredErrors.Of(columns),
            MeanClassSize = Mean(after.Sizes),
            Records = input.Rows,
            Suppressed = after.Suppressed,
            Attributes = attributes,
        };
    }

    internal static double Scaled(double value, double none, double all) => all <= none ? 0 : Math.Clamp((value - none) / (all - none), 0, 1);

    private static double Mean(ClassSizes sizes) => sizes.Classes == 0 ? 0 : (double)sizes.Records / sizes.Classes;

    private static double Squares(ClassSizes sizes) => sizes.Groups.Sum(group => (double)group.Size * group.Size * group.Classes);

    /// <summary>Mean over the records of the product of the leaves its cells may be.</summary>
    private static double Combinations(Recoding[] columns)
    {
        var rows = columns[0].Output.Rows;
        var sum = 0.0;
        for (var row = 0; row < rows; row++)
        {
            var product = 1.0;
            foreach (var column in columns)
                product *= column.ShareOf[column.Output.Code(row)] * column.Hierarchy.Leaves;
            sum += product;
        }

        return sum / rows;
    }
}
