namespace CityHub.Privacy;

/// <summary>What an attacker learns of a sensitive attribute without finding anybody's record: all candidates of a person may share a value.</summary>
/// <param name="Attribute">The sensitive column.</param>
/// <param name="Certainty">From which share of the candidates on a value counts as inferred.</param>
/// <param name="Inferred">Share of the persons of whom a value is inferred.</param>
/// <param name="Best">Share of the persons the attacker gets right by the most frequent value among the candidates, if the release says the truth of all.</param>
/// <param name="Baseline">The same by the most frequent value of the whole release: what everybody may guess.</param>
public sealed record AttributeInference(string Attribute, double Certainty, double Inferred, double Best, double Baseline);

/// <summary>Collects <see cref="AttributeInference"/> over the persons of a register.</summary>
internal sealed class Belief
{
    private readonly Column column;
    private readonly Dictionary<int, int>[] counts; // [class][value]
    private readonly double certainty, baseline;
    private long inferred, persons;
    private double best;

    public Belief(Column column, EquivalenceClasses classes, double certainty)
    {
        (this.column, this.certainty) = (column, Shares.AboveZero(certainty, "certainty"));
        counts = [.. Enumerable.Range(0, classes.Sizes.Classes).Select(_ => new Dictionary<int, int>())];
        for (var row = 0; row < column.Rows; row++)
        {
            if (classes.ClassOf[row] >= 0)
                counts[classes.ClassOf[row]][column.Code(row)] = counts[classes.ClassOf[row]].GetValueOrDefault(column.Code(row)) + 1;
        }

        baseline = column.Rows == 0 ? 0 : column.Counts().Max() / (double)column.Rows;
    }

    public void Add(int[] found, int candidates)
    {
        if (candidates == 0)
            return;
        var most = found.Length == 1 ? counts[found[0]].Values.Max() : found.SelectMany(one => counts[one]).GroupBy(one => one.Key).Max(one => one.Sum(each => each.Value));
        persons++;
        inferred += most >= certainty * candidates ? 1 : 0;
        best += (double)most / candidates;
    }

    public AttributeInference Result(int all) => new(column.Name, certainty, all == 0 ? 0 : (double)inferred / all, persons == 0 ? 0 : best / persons, baseline);
}
