using System.Globalization;

namespace CityHub.Privacy;

/// <summary>
/// Delta-presence by its definition: everybody of the population is shown as the release would show them, and of those who are shown alike the share who are in it has to lie
/// between the bounds. It needs a release that shows each column at one level.
/// </summary>
internal sealed class PopulationCheck
{
    /// <summary>The bounds are doubles; a share that is exactly at one may lie this far beside it.</summary>
    private const double Rounding = 1e-9;

    private readonly ReleaseCheck check;
    private readonly Table population;
    private readonly Hierarchy[] hierarchies;
    private readonly bool[] suppressed;
    private readonly Dictionary<(int Before, int Group), int> numbers = [];

    /// <exception cref="PrivacyException">There is no population, or not all that is needed to generalise it.</exception>
    public PopulationCheck(ReleaseCheck check, string model)
    {
        this.check = check;
        population = check.Population ?? throw ModelRefusals.NoPopulation(model);
        hierarchies = [.. check.QuasiIdentifiers.Select(name => check.Hierarchies.FirstOrDefault(one => one.Attribute == name) ?? throw ModelRefusals.Parameter(
            model, $"without the hierarchy of {name} it is not known how the release would show the population", "Give the hierarchy of each quasi-identifier.", name))];
        var cells = check.QuasiIdentifiers.Select(name => check.Release[name]).ToArray();
        suppressed = [.. Enumerable.Range(0, check.Release.Rows).Select(row => cells.All(cell => cell[row] == ReleaseCheck.Suppressed))];
    }

    /// <returns>How the model is broken; null where it is not.</returns>
    public ReleaseFailure? Run(DeltaPresence model)
    {
        var levels = new int[hierarchies.Length];
        for (var i = 0; i < levels.Length; i++)
        {
            if (LevelOf(hierarchies[i], check.Levels?[i]) is not { } level)
                return new ReleaseFailure(model.Text, $"{hierarchies[i].Attribute} is not shown at one level in all records, so that it cannot be told who of the population is shown alike.");
            levels[i] = level;
        }

        var (people, records) = (Shown(population, levels), Shown(check.Input, levels));
        var classes = numbers.Count + 1;
        var (ofPeople, ofRecords, released) = (new int[classes], new int[classes], new int[classes]);
        foreach (var one in people)
            ofPeople[one]++;
        for (var row = 0; row < records.Length; row++)
        {
            ofRecords[records[row]]++;
            released[records[row]] += suppressed[row] ? 0 : 1;
        }

        // A share of 0 is exact.
        bool Breaks(int one) => released[one] > ofPeople[one] || (released[one] == 0 && model.Least > 0) || released[one] < (model.Least - Rounding) * ofPeople[one] || released[one] > (model.Most + Rounding) * ofPeople[one];
        for (var row = 0; row < records.Length; row++)
        {
            if (!suppressed[row] && Breaks(records[row]))
                return Failure(model, check.Input, row, levels, ofPeople[records[row]], released[records[row]], row + 2);
        }

        for (var row = 0; row < people.Length; row++)
        {
            // Where the table has records they are suppressed, and there is nothing more to take out.
            if (ofRecords[people[row]] == 0 && Breaks(people[row]))
                return Failure(model, population, row, levels, ofPeople[people[row]], 0, null);
        }

        return null;
    }

    private ReleaseFailure Failure(DeltaPresence model, Table table, int row, int[] levels, int people, int released, long? at)
    {
        var shown = string.Join(", ", hierarchies.Select((one, i) => one.TryLeaf(table[one.Attribute][row], out var leaf) ? $"{one.Attribute} {one.Label(levels[i], one.Group(leaf, levels[i]))}" : one.Attribute));
        return new ReleaseFailure(
            model.Text, string.Create(CultureInfo.InvariantCulture, $"Of the {people} people of the population who are shown as {shown}, the release has {released}: not a share between {model.Least} and {model.Most}."), at);
    }

    /// <summary>The level at which a column is shown: the one that is said, or the lowest that fits; null where none does.</summary>
    private int? LevelOf(Hierarchy hierarchy, int? said)
    {
        var (before, after) = (check.Input[hierarchy.Attribute], check.Release[hierarchy.Attribute]);
        var pairs = new HashSet<(int Before, int After)>();
        for (var row = 0; row < suppressed.Length; row++)
        {
            if (!suppressed[row])
                pairs.Add((before.Code(row), after.Code(row)));
        }

        for (var level = said ?? 0; level <= (said ?? hierarchy.Levels - 1) && level < hierarchy.Levels; level++)
        {
            if (pairs.All(pair => hierarchy.TryLeaf(before.Values[pair.Before], out var leaf) && hierarchy.Label(level, hierarchy.Group(leaf, level)) == after.Values[pair.After]))
                return level;
        }

        return null;
    }

    /// <summary>For each row a number that those have in common who are shown alike.</summary>
    private int[] Shown(Table table, int[] levels)
    {
        var shown = new int[table.Rows];
        for (var i = 0; i < levels.Length; i++)
        {
            var (column, hierarchy) = (table[hierarchies[i].Attribute], hierarchies[i]);
            var groups = column.Values.Select(value => hierarchy.TryLeaf(value, out var leaf) ? hierarchy.Group(leaf, levels[i]) : -1).ToArray();
            for (var row = 0; row < shown.Length; row++)
            {
                var group = groups[column.Code(row)];
                if (group < 0 && ReferenceEquals(table, population))
                {
                    throw new PrivacyRefusal(
                        PrivacyCodes.HierarchyUnusable, string.Create(CultureInfo.InvariantCulture, $"The hierarchy of {column.Name} has no line for {column[row]}, in row {row + 2} of the population."),
                        $"Add a line for {column[row]} to the hierarchy.") { Column = column.Name, Row = row + 2 }.ToException();
                }

                // Numbered over all attributes in one go: what stands before tells them apart.
                var key = (shown[row], group);
                if (!numbers.TryGetValue(key, out var number))
                    numbers.Add(key, number = numbers.Count + 1);
                shown[row] = number;
            }
        }

        return shown;
    }
}
