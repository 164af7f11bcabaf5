using System.Text.Json;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;

namespace CityHub.Sharing;

/// <summary>The few words that come with a step: a small JSON object, or nothing.</summary>
internal sealed class StepBody(Dictionary<string, JsonElement> members)
{
    private const int MostBytes = 64 << 10;

    public static async ValueTask<Result<StepBody>> ReadAsync(HttpContext http)
    {
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        return Read(body);
    }

    public static Result<StepBody> Read(ReadOnlyMemory<byte> body)
    {
        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (body.Length == 0)
            return new StepBody(members);
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return SharingProblems.BadRequest.Because("The body is no JSON object.");
            foreach (var member in document.RootElement.EnumerateObject())
                members[member.Name] = member.Value.Clone();
            return new StepBody(members);
        }
        catch (JsonException e)
        {
            return SharingProblems.BadRequest.Because($"The body is not usable: {e.Message}");
        }
    }

    /// <summary>Empty when it is not there or no text.</summary>
    public string Text(string name) => members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : "";

    public bool Flag(string name) => members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.True;

    public IReadOnlyList<string> Texts(string name) => members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Where(v => v.ValueKind == JsonValueKind.String).Select(v => v.GetString() ?? "")]
        : [];

    public DateTimeOffset? Time(string name) => members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.String && value.TryGetDateTimeOffset(out var at) ? at : null;

    public double? Number(string name) => members.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;
}
