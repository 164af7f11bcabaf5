using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CityHub.Core.Problems;
using CityHub.Core.Tables;

namespace CityHub.Standards.Mapping;

/// <summary>How rows of a department become rows of a dataset, as people write it: data, not code.</summary>
internal sealed record RowMappingDeclaration : IOwned
{
    public string? Description { get; init; }

    /// <summary>The dataset that it leads to, and whose it is.</summary>
    public string? Dataset { get; init; }

    /// <summary>Whose it is where no dataset is named.</summary>
    public string? Department { get; init; }

    /// <summary>The columns that it leads to; not needed where <see cref="Dataset"/> is known.</summary>
    public IReadOnlyList<DeclaredColumn>? Target { get; init; }

    /// <summary>The department's columns; those that <see cref="Columns"/> name, as texts, when not given.</summary>
    public IReadOnlyList<DeclaredColumn>? Source { get; init; }

    public required IReadOnlyList<MappedColumn> Columns { get; init; }

    /// <summary>Texts that stand for a missing value, e.g. <c>无</c>. The empty text always does.</summary>
    public IReadOnlyList<string>? Missing { get; init; }

    /// <summary>Must hold before the mapping may be used.</summary>
    public IReadOnlyList<MappingExample>? Examples { get; init; }

    [JsonIgnore]
    public Owner Owner => new(Dataset, Department);

    /// <summary>The columns that it leads to, as they were when it was declared.</summary>
    [JsonIgnore]
    public TableSchema TargetSchema => DeclaredColumn.Schema(Target ?? []);

    /// <summary>A declaration out of JSON; members that nobody knows are refused.</summary>
    public static Result<RowMappingDeclaration> Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            if (JsonSerializer.Deserialize(utf8, RowMappingJson.Default.RowMappingDeclaration) is not { } declaration)
                return RowMappingProblems.Malformed.Because("The mapping is null.", "It is an object with columns.");
            // The reader lets null stand as an element of a list.
            var hole = declaration.Columns.Any(c => c is null || (c.Steps?.Any(s => s is null || (s.Codes?.Any(v => v.Value is null) ?? false) || (s.Patterns?.Any(t => t is null) ?? false)) ?? false) || (c.Join?.Any(t => t is null) ?? false))
                || (declaration.Examples?.Any(e => e is null) ?? false) || (declaration.Source?.Any(c => c?.Name is null) ?? false) || (declaration.Target?.Any(c => c?.Name is null) ?? false) || (declaration.Missing?.Any(t => t is null) ?? false);
            return hole ? RowMappingProblems.Malformed.Because("An element of a list is null, or a column has no name.") : declaration;
        }
        catch (JsonException e)
        {
            return RowMappingProblems.Malformed.Because(DeclarationFaults.Say(e), "docs/reference/quality.md has a mapping to start from.");
        }
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, RowMappingJson.Relaxed.RowMappingDeclaration);

    /// <summary>The columns that it reads, in the order in which it names them.</summary>
    public TableSchema SourceSchema() => Source is { } declared
        ? DeclaredColumn.Schema(declared)
        : new TableSchema([.. Columns.SelectMany(c => c.Inputs).Distinct(StringComparer.Ordinal).Select(n => new TableColumn(n, ColumnType.Text))]);
}

/// <param name="Type"><c>text</c>, <c>integer</c>, <c>number</c>, <c>boolean</c>, <c>date</c>, <c>instant</c>.</param>
internal sealed record DeclaredColumn(string Name, string? Type = null, bool Required = false, bool Key = false)
{
    public static readonly string[] Types = ["text", "integer", "number", "boolean", "date", "instant"];

    public static TableSchema Schema(IReadOnlyList<DeclaredColumn> columns) =>
        new([.. columns.Select(c => new TableColumn(c.Name, (ColumnType)Math.Max(0, Array.IndexOf(Types, c.Type ?? "text")), !c.Required))], columns.TakeWhile(c => !c.Key).Count() is var key && key < columns.Count ? key : -1);

    public static IReadOnlyList<DeclaredColumn> Of(TableSchema schema) =>
        [.. schema.Columns.Select((c, i) => new DeclaredColumn(c.Name, Types[(int)c.Type], !c.Nullable, i == schema.Key))];

    public static string? Fault(IReadOnlyList<DeclaredColumn> columns) =>
        columns.FirstOrDefault(c => c.Type is { } type && Array.IndexOf(Types, type) < 0) is { } wrong ? $"The type of the column {wrong.Name} is none of {string.Join(", ", Types)}."
        : columns.GroupBy(c => c.Name, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice ? $"The column {twice.Key} is declared twice." : null;
}

/// <summary>One column of the dataset ← a column of the department, several of them, or a constant.</summary>
internal sealed record MappedColumn
{
    public required string To { get; init; }

    public string? From { get; init; }

    /// <summary>Several columns, one behind the other; what is missing is left out.</summary>
    public IReadOnlyList<string>? Join { get; init; }

    /// <summary>Between the joined.</summary>
    public string? With { get; init; }

    public string? Constant { get; init; }

    /// <summary>What happens to the value, in order.</summary>
    public IReadOnlyList<MappingStep>? Steps { get; init; }

    [JsonIgnore]
    public IEnumerable<string> Inputs => (From is null ? [] : new[] { From }).Concat(Join ?? []).Concat((Steps ?? []).Where(s => s?.Latitude is not null || s?.Longitude is not null).SelectMany(s => new[] { s.Longitude, s.Latitude }).OfType<string>());
}

/// <summary>One thing that happens to a value; <see cref="Do"/> says which, the other members what it needs.</summary>
internal sealed record MappingStep
{
    public required string Do { get; init; }

    /// <summary>date, instant: patterns, tried in order; <c>iso</c> and <c>excel</c> are two of them.</summary>
    public IReadOnlyList<string>? Patterns { get; init; }

    /// <summary>instant: the clock of times without an offset.</summary>
    public string? Zone { get; init; }

    /// <summary>code: what becomes what; what is not in it is a fault.</summary>
    public IReadOnlyDictionary<string, string>? Codes { get; init; }

    /// <summary>code: the table in which the result must be.</summary>
    public string? Table { get; init; }

    /// <summary>code: <c>zh</c> or <c>en</c>, when the text is a meaning of the table and not a code.</summary>
    public string? By { get; init; }

    /// <summary>unit: UCUM.</summary>
    public string? From { get; init; }

    /// <summary>unit: UCUM.</summary>
    public string? To { get; init; }

    /// <summary>address: province, city, district, street, road, number, rest, whole. gcj02: longitude, latitude.</summary>
    public string? Part { get; init; }

    /// <summary>gcj02: the columns of both.</summary>
    public string? Longitude { get; init; }

    public string? Latitude { get; init; }

    /// <summary>split: between the parts.</summary>
    public string? Separator { get; init; }

    /// <summary>split: which part, from 0; negative: from the end. slice: where it begins.</summary>
    public int? Index { get; init; }

    /// <summary>slice: how many characters; pad: to how many.</summary>
    public int? Length { get; init; }

    /// <summary>replace: what; pad: with what.</summary>
    public string? Find { get; init; }

    public string? With { get; init; }

    /// <summary>number: result = value × scale + offset.</summary>
    public double? Scale { get; init; }

    public double? Offset { get; init; }

    /// <summary>boolean: the texts for true and for false.</summary>
    public IReadOnlyList<string>? True { get; init; }

    public IReadOnlyList<string>? False { get; init; }
}

/// <summary>A row of the department, and either what it becomes or the column for which it is refused.</summary>
internal sealed record MappingExample
{
    public required IReadOnlyDictionary<string, string?> In { get; init; }

    /// <summary>The columns that are looked at, as texts; null: no value.</summary>
    public IReadOnlyDictionary<string, string?>? Out { get; init; }

    public string? Refused { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    AllowTrailingCommas = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RowMappingDeclaration))]
internal sealed partial class RowMappingJson : JsonSerializerContext
{
    // Not a static initializer: the generated part's own static members may not be there yet.
    public static RowMappingJson Relaxed => field ??= new(new JsonSerializerOptions(Default.GeneratedSerializerOptions ?? new JsonSerializerOptions()) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>What the JSON reader has against a declaration, without the names of our types.</summary>
internal static class DeclarationFaults
{
    public static string Say(JsonException e)
    {
        var place = e.LineNumber is { } line ? $" (line {line + 1}, character {e.BytePositionInLine + 1})" : "";
        var at = e.Path is null or "$" ? "The document" : e.Path;
        if (e.Message.StartsWith("The JSON property '", StringComparison.Ordinal) && e.Message.Split('\'') is [_, var unknown, ..] && e.Message.Contains("could not be mapped", StringComparison.Ordinal))
            return $"\"{unknown}\" is no member here{place}.";
        if (e.Message.Contains("missing required properties", StringComparison.Ordinal))
            return $"{at} lacks members that it must have: {e.Message[(e.Message.LastIndexOf(':') + 1)..].Trim().TrimEnd('.')}.";
        return $"{at} is not the JSON that belongs there{place}.";
    }
}
