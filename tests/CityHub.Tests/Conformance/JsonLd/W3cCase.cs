using CityHub.Context.JsonLd.Processing;

namespace CityHub.Tests.Conformance.JsonLd;

/// <summary>One case of the W3C JSON-LD API test suite, as its manifest describes it.</summary>
internal sealed record W3cCase(string Id, string Name, string Input, string? Context, string? Expect, string? Error, LdOptions Options)
{
    public const string BaseIri = "https://w3c.github.io/json-ld-api/tests/";

    public static IReadOnlyList<W3cCase> Read(string folder, string algorithm)
    {
        var manifest = (LdObject)(LdJson.Parse(File.ReadAllBytes(Path.Combine(folder, $"{algorithm}-manifest.jsonld"))) ?? throw new InvalidDataException());
        var cases = new List<W3cCase>();
        foreach (var item in (LdArray)(manifest["sequence"] ?? throw new InvalidDataException()))
        {
            var entry = (LdObject)(item ?? throw new InvalidDataException());
            var option = entry["option"] as LdObject ?? new LdObject();
            var input = Text(entry, "input") ?? throw new InvalidDataException();
            var mode = (Text(option, "processingMode") ?? Text(option, "specVersion")) == "json-ld-1.0" ? LdMode.V10 : LdMode.V11;
            cases.Add(new W3cCase(
                $"{algorithm}{Text(entry, "@id")}",
                Text(entry, "name") ?? "",
                input,
                Text(entry, "context"),
                Text(entry, "expect"),
                Text(entry, "expectErrorCode"),
                new LdOptions
                {
                    Base = Text(option, "base") ?? BaseIri + input,
                    Mode = mode,
                    Load = url => Load(folder, url),
                    ExpandContext = Text(option, "expandContext") is { } context ? LdJson.Parse(File.ReadAllBytes(Path.Combine(folder, context))) : null,
                    CompactArrays = option["compactArrays"] is not LdBool { Value: false },
                    CompactToRelative = option["compactToRelative"] is not LdBool { Value: false },
                    Ordered = true,
                }));
        }

        return cases;
    }

    public LdJson? Document(string folder) => LdJson.Parse(File.ReadAllBytes(Path.Combine(folder, Input)));

    /// <summary>Objects whatever the order of their members; arrays whatever the order of their items, lists excepted.</summary>
    public static bool Same(LdJson? a, LdJson? b, bool list = false)
    {
        switch (a, b)
        {
            case (LdObject x, LdObject y):
                return x.Count == y.Count && x.All(m => y.TryGet(m.Key, out var other) && Same(m.Value, other, m.Key == "@list"));
            case (LdArray x, LdArray y):
                if (x.Count != y.Count)
                    return false;
                if (list)
                    return x.Zip(y).All(p => Same(p.First, p.Second));
                var left = y.ToList();
                foreach (var item in x)
                {
                    var at = left.FindIndex(other => Same(item, other));
                    if (at < 0)
                        return false;
                    left.RemoveAt(at);
                }

                return true;
            default:
                return LdJson.Same(a, b);
        }
    }

    private static LdJson? Load(string folder, string url)
    {
        var path = url.StartsWith(BaseIri, StringComparison.Ordinal) ? Path.Combine(folder, url[BaseIri.Length..]) : null;
        return path is not null && File.Exists(path) ? LdJson.Parse(File.ReadAllBytes(path)) : null;
    }

    private static string? Text(LdObject node, string name) => node.TryText(name, out var text) ? text : null;
}
