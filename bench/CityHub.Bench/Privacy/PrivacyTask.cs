using System.Globalization;
using CityHub.Privacy;

namespace CityHub.Bench.Privacy;

/// <summary>One configuration of the reference's results (<c>expected_results.csv</c>): what is asked of Adult, or of the million rows made of it, and what the reference found.</summary>
public sealed record PrivacyTask
{
    private static readonly string[] Attributes = ["sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation", "salary-class"];

    public required string Tag { get; init; }

    /// <summary>Of the million rows.</summary>
    public bool Large => Tag.StartsWith('B');

    public required bool Local { get; init; }

    public required IReadOnlyList<string> Models { get; init; }

    public required double Limit { get; init; }

    public required LossOptions Loss { get; init; }

    public required IReadOnlyList<string> Quasi { get; init; }

    public required IReadOnlyList<int> Levels { get; init; }

    public required double Score { get; init; }

    public required int Suppressed { get; init; }

    public required int Classes { get; init; }

    /// <summary>Null where the reference did not say.</summary>
    public required double? Granularity { get; init; }

    /// <param name="folder">With adult.csv, its hierarchies and expected_results.csv.</param>
    public static IReadOnlyList<PrivacyTask> All(string folder)
    {
        var expected = CsvTable.Read(Path.Combine(folder, "expected_results.csv"), new CsvOptions { Separator = ',' });
        return [.. Enumerable.Range(0, expected.Rows).Select(row => Of(expected, row))];
    }

    public Anonymization Request(Table table, string folder)
    {
        var hierarchies = Quasi.Append("occupation").Distinct(StringComparer.Ordinal).Select(name => HierarchyFile.Read(Path.Combine(folder, $"adult_hierarchy_{name}.csv"), name)).ToArray();
        return new Anonymization
        {
            Table = table,
            QuasiIdentifiers = [.. hierarchies.Where(one => Quasi.Contains(one.Attribute, StringComparer.Ordinal)).Select(one => new QuasiIdentifier(one))],
            Models = PrivacyModels.ParseAll(Models, hierarchies),
            SuppressionLimit = Limit,
            Loss = Loss,
        };
    }

    private static PrivacyTask Of(Table expected, int row)
    {
        string Cell(string name) => expected[name][row];
        double Number(string name) => double.Parse(Cell(name), NumberStyles.Float, CultureInfo.InvariantCulture);
        var levels = Cell("levels").Split(' ').Select(one => one.Split('=')).ToArray();
        return new PrivacyTask
        {
            Tag = Cell("tag"),
            Local = Cell("local") == "true",
            Models = [.. Cell("model").Split('_').Select(Model)],
            Limit = Number("limit"),
            Loss = Cell("metric") switch
            {
                "loss" => LossOptions.Default,
                "loss_mean" => new LossOptions { Aggregate = LossAggregate.ArithmeticMean },
                "loss_gs0" => new LossOptions { Balance = 0 },
                var other => throw new InvalidOperationException($"The loss {other} is not known."),
            },
            Quasi = [.. Attributes.Where(name => levels.Any(one => one[0] == name))],
            Levels = [.. Attributes.Where(name => levels.Any(one => one[0] == name)).Select(name => int.Parse(levels.First(one => one[0] == name)[1], CultureInfo.InvariantCulture))],
            Score = Number("score"),
            Suppressed = (int)Number("suppressed"),
            Classes = (int)Number("classes"),
            Granularity = Cell("q_granularity").Length > 0 ? Number("q_granularity") : null,
        };
    }

    /// <summary>From the short words of the file: k5, l3, t0.2, e3 (entropy), r3 (recursive with c = 4), h0.2 (hierarchical), a0.01 (average risk).</summary>
    private static string Model(string word) => word[0] switch
    {
        'k' => $"k={word[1..]}",
        'l' => $"l={word[1..]}:occupation",
        't' => $"t={word[1..]}:occupation",
        'e' => $"entropy-l={word[1..]}:occupation",
        'r' => $"recursive-cl=4,{word[1..]}:occupation",
        'h' => $"t-hierarchical={word[1..]}:occupation",
        'a' => $"average-risk={word[1..]}",
        _ => throw new InvalidOperationException($"The model {word} is not known."),
    };
}
