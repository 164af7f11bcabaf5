using System.Text.Json;
using System.Text.RegularExpressions;
using CityHub.Standards;
using CityHub.Standards.Models;

namespace CityHub.Tests.Standards.Models;

/// <summary>The schemas of Smart Data Models as they are published, over the examples that are published with them.</summary>
public sealed class SmartDataModelSchemaTests
{
    /// <summary>Examples that break their own schema, as another validator (Python's jsonschema 4.26, draft 2020-12) finds them, format apart.</summary>
    private static readonly Dictionary<string, string[]> Broken = new(StringComparer.Ordinal)
    {
        ["Environment/TrafficEnvironmentImpactForecast"] = ["/type enum"],
        ["Transportation/ElectricVehicleMobility"] = ["/averageDistanceKm type"],
    };

    [Fact]
    public void Examples_are_valid_or_break_their_schema_where_another_validator_says_so()
    {
        var (valid, unresolved) = (0, 0);
        var formats = new List<string>();
        foreach (var (model, schema, example) in Models())
        {
            if (!schema.Ok)
            {
                unresolved++;
                Assert.Equal(StandardsProblems.NotASchema, schema.Problem.Kind);
                Assert.Contains("-schema.json#/definitions/", schema.Problem.Detail, StringComparison.Ordinal);
                continue;
            }

            var faults = schema.Value.Validate(example);
            // The other validator holds format for a remark; a choice of two formats is then none at all.
            var byFormat = faults.Where(f => f.Keyword == "format" || (f.Keyword == "anyOf" && f.Expected.EndsWith("is to be a date", StringComparison.Ordinal))).ToList();
            formats.AddRange(byFormat.Select(f => $"{model} {f.Path} {f.Found}"));
            Assert.All(byFormat, f => Assert.False(IsRight(f), $"{f}"));
            var said = faults.Except(byFormat).Select(f => $"{f.Path} {f.Keyword}").Distinct().Order(StringComparer.Ordinal);
            Assert.True(said.SequenceEqual(Broken.GetValueOrDefault(model, [])), $"{model}: {string.Join("; ", faults)}");
            valid++;
        }

        Assert.True(valid >= 70, $"{valid} models, {unresolved} refer to schemas that are not here");
        Assert.Equal(79, formats.Distinct().Count()); // as many as the other validator has, given RFC 3339 for its formats
        Assert.Contains("Transportation/TransportStation /constructionDate \"2016-19-08\"", formats); // there is no nineteenth month
    }

    internal static IEnumerable<(string Model, Core.Problems.Result<JsonSchema> Schema, JsonElement Example)> Models()
    {
        var folder = SharedData.Need("smart-data-models");
        using var common = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "common-schema.json")));
        var shared = common.RootElement.Clone();
        foreach (var file in Directory.EnumerateFiles(folder, "schema.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var at = Path.GetDirectoryName(file) ?? folder;
            if (!TryParse(Path.Combine(at, "example.jsonld"), out var example) || !TryParse(file, out var schema))
                continue;
            yield return (Path.GetRelativePath(folder, at), JsonSchema.Compile(schema, url => url == "https://smart-data-models.github.io/data-models/common-schema.json" ? shared : null), example);
        }
    }

    /// <summary>By the grammar of RFC 3339 as it is written there, and a URI has no space in it.</summary>
    private static bool IsRight(SchemaFault fault)
    {
        const string Date = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])";
        const string Time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})";
        var form = fault.Expected switch
        {
            "a date-time" => $"{Date}T{Time}",
            "a date" => Date,
            "a time" => Time,
            "a uri" => "[A-Za-z][A-Za-z0-9+.-]*:[^ ]*",
            _ => $"{Date}(T{Time})?",
        };
        return Regex.IsMatch(fault.Found ?? "", $"^\"{form}\"$");
    }

    private static bool TryParse(string file, out JsonElement json)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            json = document.RootElement.Clone();
            return true;
        }
        catch (JsonException)
        {
            json = default; // one published example lacks a comma
            return false;
        }
    }
}
