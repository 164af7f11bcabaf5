using System.Globalization;
using System.Text.Json;
using CityHub.Privacy;

namespace CityHub.Server.Deidentification;

/// <summary>A release with all that is said of it: on the terminal, as JSON, in the report.</summary>
internal sealed class ReleaseOutcome
{
    /// <summary>After the transforms; null where the original is not at hand.</summary>
    public required Table? Input { get; init; }

    public required Table Output { get; init; }

    public required IReadOnlyList<SchemeColumn> Columns { get; init; }

    public required IReadOnlyList<PrivacyModel> Models { get; init; }

    public IReadOnlyList<Transform> Transforms { get; init; } = [];

    /// <summary>Of the quasi-identifiers.</summary>
    public required IReadOnlyList<Hierarchy> Hierarchies { get; init; }

    public IReadOnlyList<int>? Levels { get; init; }

    public double? Loss { get; init; }

    /// <summary>What else is known of how it was found.</summary>
    public IReadOnlyList<(string Name, double Value)> Facts { get; init; } = [];

    public required SharingType Sharing { get; init; }

    public required double AttackProbability { get; init; }

    public required double? Population { get; init; }

    public IReadOnlyList<string> Quasi => [.. Hierarchies.Select(one => one.Attribute)];

    public EquivalenceClasses Classes => field ??= EquivalenceClasses.Of(Output, Quasi);

    public RiskFigures? RiskBefore => Input is { } input ? field ??= RiskFigures.Of(EquivalenceClasses.Of(input, Quasi).Sizes, Population) : null;

    public RiskFigures RiskAfter => field ??= RiskFigures.Of(Classes.Sizes, Population);

    public TableScan Scan => field ??= TableScan.Of(Output);

    public ReleaseGrade Grade => field ??= ReleaseGrade.Of(new GradeInput
    {
        Kind = ReleaseKind.Microdata,
        Sharing = Sharing,
        AttackProbability = AttackProbability,
        Evaluated = Quasi,
        Risk = RiskAfter,
        Scan = [.. Scan.Columns.Select(one => new IdentifierFinding(
            one.Column, one.Best?.Detector.Id ?? "", Confirmed(one.Column) ?? one.Suggested, Confirmed(one.Column) == PersonalDataClass.DirectIdentifier ? 1 : one.Best?.Share ?? 0))],
    });

    /// <summary>A released column that seems to point at a person by itself stops the release, unless somebody has said that it may stay.</summary>
    /// <exception cref="PrivacyException">There is one.</exception>
    public void RequireNoDirectIdentifier(IReadOnlyList<string> keep)
    {
        foreach (var column in Scan.Columns)
        {
            var treated = Transforms.Any(one => one is ValueTransform value && value.Column == column.Column);
            if (column.Suggested != PersonalDataClass.DirectIdentifier || treated || keep.Contains(column.Column, StringComparer.Ordinal)
                || Columns.FirstOrDefault(one => one.Name == column.Column)?.Class is PersonalDataClass.QuasiIdentifier or PersonalDataClass.Sensitive)
                continue;
            throw new PrivacyRefusal(
                PrivacyCodes.DirectIdentifierLeft, $"{column.Column} seems to hold {column.Best?.Detector.English ?? "something that points at a person"}, and would be released as it is.",
                $"Leave it out (--drop {column.Column}), treat it (--transform), or say that it may stay: --keep {column.Column}.", "direct identifiers") { Column = column.Column }.ToException();
        }
    }

    /// <summary>What a person has said a column is; what he called other, the scan may still contradict.</summary>
    private PersonalDataClass? Confirmed(string column) => Columns.FirstOrDefault(one => one.Name == column)?.Class is { } kind and not PersonalDataClass.Other ? kind : null;

    public void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("rows", Output.Rows);
        if (Levels is { } levels)
        {
            json.WriteStartObject("levels");
            for (var i = 0; i < levels.Count; i++)
                json.WriteNumber(Quasi[i], levels[i]);
            json.WriteEndObject();
        }

        if (Loss is { } loss)
            json.WriteNumber("loss", loss);
        json.WriteNumber("suppressed", Classes.Suppressed);
        json.WriteNumber("classes", Classes.Sizes.Classes);
        foreach (var (name, value) in Facts)
            json.WriteNumber(name, value);
        if (RiskBefore is { } before)
            JsonLine.Write(json, "riskBefore", before);
        JsonLine.Write(json, "riskAfter", RiskAfter);
        Write(json, Grade);
    }

    public static void Write(Utf8JsonWriter json, ReleaseGrade grade)
    {
        json.WriteStartObject("grade");
        json.WriteString("standard", "GB/T 42460-2023");
        json.WriteNumber("grade", grade.Grade);
        json.WriteStartArray("tests");
        foreach (var test in grade.Tests)
        {
            json.WriteStartObject();
            json.WriteString("test", test.Kind.ToString());
            json.WriteNumber("forGrade", test.ForGrade);
            json.WriteBoolean("passed", test.Passed);
            if (test.Measured is { } measured)
                json.WriteNumber("measured", measured);
            if (test.Limit is { } most)
                json.WriteNumber("limit", most);
            if (test.NeededClassSize is { } size)
                json.WriteNumber("neededClassSize", size);
            if (test.Columns.Count > 0)
            {
                json.WriteStartArray("columns");
                foreach (var column in test.Columns)
                    json.WriteStringValue(column);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public void Write(TextWriter to)
    {
        var culture = CultureInfo.InvariantCulture;
        to.WriteLine(string.Create(culture, $"{Output.Rows:N0} records in {Classes.Sizes.Classes:N0} classes; {Classes.Suppressed:N0} suppressed."));
        if (Levels is { } levels)
        {
            to.WriteLine(string.Create(culture, $"Loss {Loss:0.######}. Levels:"));
            for (var i = 0; i < levels.Count; i++)
                to.WriteLine(string.Create(culture, $"  {Quasi[i]}: {levels[i]} of {Hierarchies[i].Levels - 1}"));
        }

        foreach (var (name, value) in Facts)
            to.WriteLine(string.Create(culture, $"  {name}: {value:0.######}"));
        if (RiskBefore is { } before)
            to.WriteLine(string.Create(culture, $"Before, a record is re-identified with a risk of {before.Highest:P2} at most and {before.Average:P2} on average; {before.SampleUnique:P2} of the records are unique."));
        to.WriteLine(string.Create(culture, $"Now: {RiskAfter.Highest:P2} at most, {RiskAfter.Average:P2} on average, the smallest class has {RiskAfter.Sizes.Smallest}."));
        to.WriteLine(string.Create(culture, $"Grade {Grade.Grade} after GB/T 42460, shared {(Sharing switch { SharingType.Public => "publicly", SharingType.Controlled => "under control", _ => "in an enclave" })}."));
        foreach (var test in Grade.ToRaise)
        {
            to.WriteLine(string.Create(
                culture, $"  For grade {test.ForGrade}: {test.Kind}{(test.Measured is { } measured ? $" is {measured:0.####}" : " was not measured")}{(test.Limit is { } most ? $", {most:0.####} is the limit" : "")}"
                + $"{(test.NeededClassSize is { } size ? $": classes of {size} would do" : "")}{(test.Columns.Count > 0 ? $" ({string.Join(", ", test.Columns)})" : "")}."));
        }
    }
}
