using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CityHub.Core.Problems;
using CityHub.Standards.Mapping;

namespace CityHub.Standards.Quality;

/// <summary>What is asked of the rows of a dataset, as people write it: data, not code.</summary>
internal sealed record QualityRules : IOwned
{
    public string? Description { get; init; }

    /// <summary>The dataset whose rules they are.</summary>
    public string? Dataset { get; init; }

    /// <summary>Whose they are where they are for several datasets of one department.</summary>
    public string? Department { get; init; }

    [JsonIgnore]
    public Owner Owner => new(Dataset, Department);

    /// <summary>How much a dimension counts; 1 where nothing is said.</summary>
    public IReadOnlyDictionary<string, double>? Weights { get; init; }

    public required IReadOnlyList<QualityRule> Rules { get; init; }

    public static Result<QualityRules> Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonSerializer.Deserialize(utf8, QualityJson.Default.QualityRules) is not { } rules ? QualityProblems.Malformed.Because("The rules are null.", "They are an object with rules.")
                : rules.Rules.Any(r => r is null || (r.Fields?.Any(f => f is null) ?? false) || (r.Values?.Any(v => v is null) ?? false) || (r.When?.In?.Any(v => v is null) ?? false)) ? QualityProblems.Malformed.Because("An element of a list is null.")
                : rules;
        }
        catch (JsonException e)
        {
            return QualityProblems.Malformed.Because(DeclarationFaults.Say(e), "docs/reference/quality.md has rules to start from.");
        }
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, QualityJson.Relaxed.QualityRules);
}

/// <summary>One rule; <see cref="Check"/> says which, the other members what it needs.</summary>
internal sealed record QualityRule
{
    public required string Id { get; init; }

    public required string Check { get; init; }

    public string? Field { get; init; }

    /// <summary>sum: the parts. duplicateRow: the columns that are compared; all when not given.</summary>
    public IReadOnlyList<string>? Fields { get; init; }

    /// <summary>Another dimension than the check's own.</summary>
    public string? Dimension { get; init; }

    /// <summary>A row that breaks it is not taken.</summary>
    public bool Refuse { get; init; }

    /// <summary>Only rows of which this holds are judged.</summary>
    public RuleCondition? When { get; init; }

    /// <summary>pattern: a regular expression for the whole text.</summary>
    public string? Pattern { get; init; }

    /// <summary>length, range, rows.</summary>
    public double? Min { get; init; }

    public double? Max { get; init; }

    /// <summary>range: for dates and times.</summary>
    public string? From { get; init; }

    public string? To { get; init; }

    /// <summary>type: integer, number, date, instant.</summary>
    public string? Type { get; init; }

    /// <summary>codes: a code table, or the values themselves. coverage: the values that must be there.</summary>
    public string? Table { get; init; }

    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>coverage, reachable: 0 to 1.</summary>
    public double? Share { get; init; }

    /// <summary>outlier: how many robust standard deviations; 6 when not given.</summary>
    public double? Deviations { get; init; }

    /// <summary>reference, agrees: the other dataset and its columns.</summary>
    public string? Dataset { get; init; }

    public string? Key { get; init; }

    public string? Column { get; init; }

    /// <summary>reference, agrees, reachable: for what the other dataset is looked into; a grant has to cover it where the dataset is another department's.</summary>
    public string? Purpose { get; init; }

    /// <summary>The fields of the other dataset that it looks at.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Looked => Check switch
    {
        "reference" => [Key ?? Field ?? ""],
        "agrees" => [Key ?? "", Column ?? Field ?? ""],
        _ => [],
    };

    /// <summary>birthOfId, sexOfId: the ID number. order: what must not be smaller. agrees: the column here with the key.</summary>
    public string? Other { get; init; }

    /// <summary>sexOfId: the codes of a man and of a woman.</summary>
    public string? Male { get; init; }

    public string? Female { get; init; }

    /// <summary>sum, agrees: how far off is still right.</summary>
    public double? Tolerance { get; init; }

    /// <summary>fresh, maxAge, onTime: in days.</summary>
    public double? Days { get; init; }

    /// <summary>Words of the author in place of ours.</summary>
    public string? Zh { get; init; }

    public string? En { get; init; }
}

/// <param name="In">One of these texts; null: any value, but a value.</param>
internal sealed record RuleCondition(string Field, IReadOnlyList<string>? In = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    AllowTrailingCommas = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(QualityRules))]
internal sealed partial class QualityJson : JsonSerializerContext
{
    // Not a static initializer: the generated part's own static members may not be there yet.
    public static QualityJson Relaxed => field ??= new(new JsonSerializerOptions(Default.GeneratedSerializerOptions ?? new JsonSerializerOptions()) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
