using System.Text.Json;
using CityHub.Context.Entities;
using CityHub.Core.Problems;

namespace CityHub.Context.Subscriptions;

/// <summary>Reads the members of a JSON object by name and keeps the first thing that is wrong with them. A null member is an absent one.</summary>
internal sealed class MemberReader(JsonElement json, string where, string clause)
{
    public Problem? Problem { get; private set; }

    public bool Has(string name) => Find(name, out _);

    public string? Text(string name)
    {
        if (!Find(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text)
            return text;
        Refuse($"{where}{name} is not text.");
        return null;
    }

    public bool? Flag(string name)
    {
        if (!Find(name, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Refuse($"{where}{name} is neither true nor false.");
        return null;
    }

    public double? Number(string name, double least)
    {
        if (!Find(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= int.MaxValue)
            return number;
        Refuse(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{where}{name} is not a number from {least} on."));
        return null;
    }

    public long Time(string name)
    {
        if (Text(name) is not { } text)
            return 0;
        if (Names.TryParseTime(text, out var ticks))
            return ticks;
        Refuse($"{where}{name} is not a UTC time.", "2030-01-01T00:00:00Z");
        return 0;
    }

    public JsonElement? Object(string name)
    {
        if (!Find(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Object)
            return value;
        Refuse($"{where}{name} is not an object.");
        return null;
    }

    /// <summary>A list that is not empty, of texts that are not.</summary>
    public IReadOnlyList<string>? Texts(string name)
    {
        if (!Find(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 &&
            value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String && v.GetString() is { Length: > 0 }))
            return [.. value.EnumerateArray().Select(v => v.GetString() ?? "")];
        Refuse($"{where}{name} is not a list of texts, or an empty one.");
        return null;
    }

    public IReadOnlyList<JsonElement>? Objects(string name)
    {
        if (!Find(name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.Object))
            return [.. value.EnumerateArray()];
        Refuse($"{where}{name} is not a list of objects, or an empty one.");
        return null;
    }

    public void Refuse(string detail, string? hint = null) => Problem ??= ContextProblems.BadRequestData.Because(detail, hint, "ETSI GS CIM 009, " + clause);

    public void Refuse(Problem problem) => Problem ??= problem;

    private bool Find(string name, out JsonElement value) => json.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
}
