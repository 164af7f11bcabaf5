using CityHub.Context.JsonLd.Processing;

namespace CityHub.Tests.Conformance.JsonLd;

/// <summary>
/// The W3C cases of expansion and compaction. A case that is left out stands in left-out.tsv with the feature it needs and the reason why NGSI-LD never
/// needs it; the list is exact: a case in it that passes fails the test.
/// </summary>
public sealed class W3cJsonLdTests
{
    public static TheoryData<string> Cases()
    {
        var cases = new TheoryData<string>();
        foreach (var id in All.Keys)
            cases.Add(id);
        if (All.Count == 0)
            cases.Add("absent");
        return cases;
    }

    private static Dictionary<string, W3cCase> All { get; } = SharedData.TryFind("json-ld-api/tests", out var folder)
        ? W3cCase.Read(folder, "expand").Concat(W3cCase.Read(folder, "compact")).ToDictionary(c => c.Id)
        : [];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Answers_as_the_W3C_expects(string id)
    {
        var folder = SharedData.Need("json-ld-api/tests");
        var one = All[id];
        var wrong = Wrong(folder, one);
        if (LeftOut.Contains(id))
            Assert.True(wrong is not null, $"{id} ({one.Name}) passes: take it off left-out.tsv.");
        else
            Assert.True(wrong is null, $"{id} ({one.Name}): {wrong}");
    }

    private static HashSet<string> LeftOut { get; } = File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Conformance", "JsonLd", "left-out.tsv"))
        .Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split('\t')[0]).ToHashSet(StringComparer.Ordinal);

    private static string? Wrong(string folder, W3cCase one)
    {
        LdJson? got;
        string? error;
        if (one.Context is null)
        {
            var result = JsonLdProcessor.Expand(one.Document(folder), one.Options);
            (got, error) = result.Ok ? (result.Value, null) : ((LdJson?)null, result.Problem.Rule);
        }
        else
        {
            var context = LdJson.Parse(File.ReadAllBytes(Path.Combine(folder, one.Context)));
            var result = JsonLdProcessor.Compact(one.Document(folder), context, one.Options);
            (got, error) = result.Ok ? (result.Value, null) : ((LdJson?)null, $"{result.Problem.Rule}");
        }

        if (one.Error is { } code)
            return error == code ? null : $"expected the error \"{code}\", got {error ?? got?.ToString()}";
        if (error is not null)
            return $"refused: {error}";
        var expected = one.Expect is { } file ? LdJson.Parse(File.ReadAllBytes(Path.Combine(folder, file))) : null;
        return W3cCase.Same(expected, got) ? null : $"expected {expected}\n got {got}";
    }
}
