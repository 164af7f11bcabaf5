using System.Text.Json;
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
            formats.AddRange(faults.Where(f => f.Keyword == "format").Select(f => $"{model} {f.Path} {f.Expected} {f.Found}"));
            var said = faults.Where(f => f.Keyword != "format").Select(f => $"{f.Path} {f.Keyword}").Distinct().Order(StringComparer.Ordinal);
            Assert.True(said.SequenceEqual(Broken.GetValueOrDefault(model, [])), $"{model}: {string.Join("; ", faults)}");
            valid++;
        }

        Assert.True(valid >= 70, $"{valid} models, {unresolved} refer to schemas that are not here");
        Assert.True(formats.Count == 0, string.Join("\n", formats));
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
