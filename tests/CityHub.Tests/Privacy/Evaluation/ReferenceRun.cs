using System.Globalization;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>One row of what the reference gave for the Adult table, and the tables it was given: columns in the order of the file.</summary>
internal sealed class ReferenceRun
{
    private static readonly Lazy<(Table Table, Dictionary<string, Hierarchy> Hierarchies)> Adult = new(LoadAdult);
    private readonly Dictionary<string, string> fields;

    private ReferenceRun(Dictionary<string, string> fields) => this.fields = fields;

    public string Tag => fields["tag"];

    public double this[string field] => double.Parse(fields[field], CultureInfo.InvariantCulture);

    public bool Has(string field) => fields[field].Length > 0;

    public bool Local => fields["local"] == "true";

    public string Model => fields["model"];

    /// <summary>Of the quasi-identifiers, in the order of the file.</summary>
    public IReadOnlyList<(string Name, int Level)> Levels => [.. fields["levels"].Split(' ').Select(one => one.Split('=')).Select(one => (one[0], int.Parse(one[1], CultureInfo.InvariantCulture)))];

    public static Table Table => Adult.Value.Table;

    public static IReadOnlyList<Hierarchy> Hierarchies(IEnumerable<string> names) => [.. names.Select(name => Adult.Value.Hierarchies[name])];

    public static IReadOnlyList<ReferenceRun> All()
    {
        var lines = File.ReadAllLines(SharedData.Need("privacy/expected_results.csv"));
        var names = lines[0].Split(',');
        return [.. lines.Skip(1).Select(line => line.Split(',')).Select(cells => new ReferenceRun(names.Zip(cells).ToDictionary(one => one.First, one => one.Second)))];
    }

    public static ReferenceRun Of(string tag) => All().Single(run => run.Tag.StartsWith(tag + "_", StringComparison.Ordinal));

    /// <summary>What the reference released: each value at its level, and records whose class fails replaced by *; told by the model's size and the number of records that are to go.</summary>
    public Table Release(Func<EquivalenceClasses, int, bool> passes)
    {
        var levels = Levels;
        var names = levels.Select(one => one.Name).ToArray();
        var hierarchies = Hierarchies(names);
        var columns = names.Select(name => Table[name]).ToArray();
        var labels = columns.Select((column, i) => column.Values.Select(value =>
        {
            Assert.True(hierarchies[i].TryLeaf(value, out var leaf));
            return hierarchies[i].Label(levels[i].Level, hierarchies[i].Group(leaf, levels[i].Level));
        }).ToArray()).ToArray();
        var generalised = Enumerable.Range(0, Table.Rows).Select(row => columns.Select((column, i) => labels[i][column.Code(row)]).ToArray()).ToArray();
        var classes = EquivalenceClasses.Of(CityHub.Privacy.Table.Of(names, generalised), names);
        for (var row = 0; row < generalised.Length; row++)
        {
            if (!passes(classes, row))
                Array.Fill(generalised[row], "*");
        }

        return CityHub.Privacy.Table.Of(names, generalised);
    }

    /// <summary>The release of a run that only asks for classes of at least k.</summary>
    public Table Release()
    {
        var k = Model switch { "k2" => 2, "k5" => 5, "k10" => 10, _ => throw new InvalidOperationException($"{Model} looks at more than sizes.") };
        return Release((classes, row) => classes.SizeOf[classes.ClassOf[row]] >= k);
    }

    private static (Table, Dictionary<string, Hierarchy>) LoadAdult()
    {
        var lines = File.ReadAllLines(SharedData.Need("privacy/adult.csv"));
        var names = lines[0].Split(';');
        var hierarchies = names.ToDictionary(
            name => name,
            name => Hierarchy.Of(name, [.. File.ReadAllLines(SharedData.Need($"privacy/adult_hierarchy_{name}.csv")).Where(line => line.Length > 0).Select(line => line.Split(';'))]));
        return (CityHub.Privacy.Table.Of(names, lines.Skip(1).Select(line => line.Split(';'))), hierarchies);
    }
}
