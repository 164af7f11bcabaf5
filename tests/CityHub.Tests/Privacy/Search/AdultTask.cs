using System.Globalization;
using CityHub.Privacy;

namespace CityHub.Tests.Privacy;

/// <summary>The configurations of the reference's results, and what they are.</summary>
internal sealed record AdultTask(string Tag, string[] Models, double Limit, double Loss, string Levels, int Suppressed, int Classes)
{
    private static readonly Dictionary<string, string[]> ModelsOf = new(StringComparer.Ordinal)
    {
        ["k5"] = ["k=5"], ["k2"] = ["k=2"], ["k10"] = ["k=10"], ["k5_l3"] = ["k=5", "l=3:occupation"], ["k5_t0.2"] = ["k=5", "t=0.2:occupation"],
        ["k5_e3"] = ["k=5", "entropy-l=3:occupation"], ["k5_r3"] = ["k=5", "recursive-cl=4,3:occupation"], ["k5_h0.2"] = ["k=5", "t-hierarchical=0.2:occupation"], ["a0.01"] = [],
    };

    public bool Million => Tag.StartsWith('B');

    public static AdultTask Of(string tag)
    {
        var lines = File.ReadAllLines(Path.Combine(SharedData.Need("privacy"), "expected_results.csv"));
        var header = lines[0].Split(',');
        var line = lines.Single(one => one.StartsWith(tag + "_", StringComparison.Ordinal)).Split(',');
        string Cell(string name) => line[Array.IndexOf(header, name)];
        return new AdultTask(
            tag, ModelsOf[Cell("model")], double.Parse(Cell("limit"), CultureInfo.InvariantCulture), double.Parse(Cell("score"), CultureInfo.InvariantCulture),
            Cell("levels"), int.Parse(Cell("suppressed"), CultureInfo.InvariantCulture), int.Parse(Cell("classes"), CultureInfo.InvariantCulture));
    }

    public Anonymization Request(Table table)
    {
        var folder = SharedData.Need("privacy");
        Hierarchy Of(string attribute) => HierarchyFile.Read(Path.Combine(folder, $"adult_hierarchy_{attribute}.csv"), attribute);
        return new Anonymization
        {
            Table = table,
            QuasiIdentifiers = [.. Levels.Split(' ').Select(one => new QuasiIdentifier(Of(one.Split('=')[0])))],
            Models = Models.Length == 0 ? [new AverageRisk(0.01)] : [.. Models.Select(one => PrivacyModels.Parse(one, Of("occupation")))],
            SuppressionLimit = Limit,
            Loss = new LossOptions { Aggregate = Tag == "C03" ? LossAggregate.ArithmeticMean : LossAggregate.GeometricMean },
        };
    }

    public string LevelsOf(AnonymizationResult result) => string.Join(' ', Levels.Split(' ').Select((one, i) => FormattableString.Invariant($"{one.Split('=')[0]}={result.Levels[i]}")));
}
