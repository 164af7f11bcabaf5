using System.Text.Json;
using CityHub.Core.Problems;

namespace CityHub.Sharing.Requests;

/// <summary>Bodies of this slice: a JSON object, its texts, its papers.</summary>
internal static class BodyJson
{
    public static Result<JsonElement> Read(ReadOnlyMemory<byte> body)
    {
        if (body.Span.Trim(" \t\r\n"u8).IsEmpty)
            return Details.None.Json;
        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : NotAnObject("it is something else");
        }
        catch (JsonException e)
        {
            return NotAnObject(e.Message);
        }
    }

    public static string Text(JsonElement json, string name) => GrantJson.Optional(json, name)?.Trim() ?? "";

    public static Result<List<Document>> Documents(JsonElement json)
    {
        if (!json.TryGetProperty("documents"u8, out var list))
            return new List<Document>();
        return Details.AreDocuments(list) ? RequestJson.ReadDocuments(json).ToList() : RequestProblems.Missing("documents: each has a name and a sha256 of 64 hexadecimal digits");
    }

    private static Problem NotAnObject(string why) => SharingProblems.BadRequest.Because($"The body is not a JSON object: {why}", "Send a JSON object.", "RFC 8259");
}
