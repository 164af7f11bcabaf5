using System.Text.Json;
using CityHub.Tests.Sharing.OpenData;

namespace CityHub.Tests.Conformance.DcatAp;

/// <summary>
/// The catalogue before the official SHACL shapes of DCAT-AP 3.0.1, both serialisations, by rdf-validate-shacl in node. The shapes are not ours to ship: CITYHUB_DCAT_SHAPES
/// names their files, divided by commas.
/// </summary>
public sealed class DcatApShapesTests
{
    [Fact]
    public async Task The_official_shapes_find_no_violation_and_both_serialisations_say_the_same()
    {
        var shapes = Environment.GetEnvironmentVariable("CITYHUB_DCAT_SHAPES");
        Assert.SkipUnless(shapes is { Length: > 0 } && shapes.Split(',').All(File.Exists), "CITYHUB_DCAT_SHAPES names no files with the shapes of DCAT-AP.");
        Programs.Need("node");
        Programs.Need("npm");
        await using var doors = await DoorsUnderTest.StartAsync();
        doors.Catalogue.Add(DoorsUnderTest.Dataset("odd", "奇 \"引\" \\ 号\n行", "Odd <b> & \t", true) with { Keywords = ["a b", "\"", "{}"], Themes = ["水 务/一", "<>"], Licence = null });
        var folder = Directory.CreateTempSubdirectory("cityhub-dcat-").FullName;
        try
        {
            foreach (var name in new[] { "package.json", "package-lock.json", "validate.mjs" })
                File.Copy(Programs.Sources("DcatAp", "node", name), Path.Combine(folder, name));
            var (installed, said) = await Programs.RunAsync(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            Assert.SkipUnless(installed == 0, $"The packages of the validator cannot be had here: {said}");
            await File.WriteAllTextAsync(Path.Combine(folder, "page.ttl"), await doors.TextAsync("/catalog.ttl"), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "page.jsonld"), (await doors.TextAsync("/catalog.jsonld")).Replace("/catalog.jsonld?", "/catalog.ttl?", StringComparison.Ordinal), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "one.ttl"), await doors.TextAsync("/catalog/datasets/parks.ttl"), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(Path.Combine(folder, "bad.ttl"), (await doors.TextAsync("/catalog/datasets/parks.ttl")).Replace("dct:title", "dct:alternative", StringComparison.Ordinal), TestContext.Current.CancellationToken);

            var (code, output) = await Programs.RunAsync(folder, "node", "validate.mjs", shapes ?? "", "page.ttl", "page.jsonld", "one.ttl", "bad.ttl");

            Assert.True(code == 0, output);
            var reports = output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement).ToList();
            Assert.Equal(4, reports.Count);
            foreach (var report in reports.Take(3))
            {
                Assert.True(report.GetProperty("triples").GetInt32() > 100);
                Assert.True(report.GetProperty("violations").GetArrayLength() == 0, report.GetProperty("violations").GetRawText());
                TestContext.Current.TestOutputHelper?.WriteLine($"{report.GetProperty("file")}: {report.GetProperty("triples")} triples, {report.GetProperty("warnings").GetArrayLength()} warnings "
                    + string.Join(' ', report.GetProperty("warnings").EnumerateArray().Select(one => one.GetProperty("path").ToString()).CountBy(path => path)));
            }

            Assert.True(JsonElement.DeepEquals(reports[0].GetProperty("statements"), reports[1].GetProperty("statements")), "Turtle and JSON-LD say different things.");
            Assert.NotEqual(0, reports[3].GetProperty("violations").GetArrayLength());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
