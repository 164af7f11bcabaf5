using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Requests;

/// <summary>What is said together with an event: a JSON object with a few known members. Nothing personal belongs in it; papers are named by their hash.</summary>
internal readonly struct Details
{
    public static readonly Details None = new(JsonDocument.Parse("{}").RootElement.Clone());

    private static readonly string[] Members =
        ["reason", "code", "text", "basis", "wayForward", "missing", "documents", "obligations", "modes", "rights", "from", "until", "item", "method"];

    private Details(JsonElement json) => Json = json;

    public JsonElement Json { get; }

    public static Result<Details> Read(ReadOnlyMemory<byte> body)
    {
        if (body.Span.Trim(" \t\r\n"u8).IsEmpty)
            return None;
        try
        {
            using var document = JsonDocument.Parse(body);
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object)
                return RequestProblems.Missing("a JSON object");
            foreach (var member in json.EnumerateObject())
            {
                if (!Members.Contains(member.Name))
                    return RequestProblems.Missing($"{member.Name} says nothing here; there are {string.Join(", ", Members)}");
                if (member.Name == "documents" && !AreDocuments(member.Value))
                    return RequestProblems.Missing("documents: each has a name and a sha256 of 64 hexadecimal digits");
                if (member.Name == "missing" && !(member.Value.ValueKind == JsonValueKind.Array && member.Value.EnumerateArray().All(m => m.ValueKind == JsonValueKind.String)))
                    return RequestProblems.Missing("missing: a list of texts");
            }

            return new Details(json.Clone());
        }
        catch (JsonException e)
        {
            return RequestProblems.Missing($"a JSON object ({e.Message})");
        }
    }

    public string Text(string name) => GrantJson.Optional(Json, name)?.Trim() ?? "";

    public IReadOnlyList<string> Missing => Json.TryGetProperty("missing"u8, out var list) ? [.. GrantJson.Strings(list).Where(m => m.Trim().Length > 0)] : [];

    public bool HasDocuments => Json.TryGetProperty("documents"u8, out var list) && list.GetArrayLength() > 0;

    public static bool AreDocuments(JsonElement list) => list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(d =>
        d.ValueKind == JsonValueKind.Object && GrantJson.Optional(d, "name") is { Length: > 0 } && GrantJson.Optional(d, "sha256") is { Length: 64 } hash && hash.All(char.IsAsciiHexDigit));
}
