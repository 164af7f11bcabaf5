using System.Globalization;
using System.Text;
using System.Text.Json;
using CityHub.Core.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace CityHub.Sharing.OpenData.Ckan;

/// <summary>What a client says to an action: in the address, as a form or as a JSON object; lists and objects may be JSON within a text.</summary>
internal sealed class CkanParameters
{
    private const int MostBytes = 1 << 20;

    private readonly Dictionary<string, JsonElement> _values = new(StringComparer.Ordinal);

    public static async ValueTask<Result<CkanParameters>> ReadAsync(HttpContext http)
    {
        var parameters = new CkanParameters();
        foreach (var (name, values) in http.Request.Query)
            parameters._values[name] = Element(values.Count == 0 ? "" : values[^1] ?? "");
        if (!HttpMethods.IsPost(http.Request.Method))
            return parameters;
        if (!(await SharingHttp.Room.BodyAsync(http, MostBytes)).TryGet(out var body, out var problem))
            return problem;
        if (body.Length == 0)
            return parameters;
        try
        {
            // Clients send JSON under a form's type, too: what begins as an object is one.
            var first = body.Span[body.Span.IndexOfAnyExcept(" \t\r\n"u8) is var at and >= 0 ? at : 0];
            if (first == '{')
            {
                using var json = JsonDocument.Parse(body);
                foreach (var one in json.RootElement.EnumerateObject())
                    parameters._values[one.Name] = one.Value.Clone();
                return parameters;
            }

            if (http.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) is true)
            {
                foreach (var (name, values) in QueryHelpers.ParseQuery(new UTF8Encoding(false, true).GetString(body.Span)))
                    parameters._values[name] = Element(values.Count == 0 ? "" : values[^1] ?? "");
                return parameters;
            }
        }
        catch (Exception wrong) when (wrong is JsonException or DecoderFallbackException or InvalidOperationException)
        {
            // Falls through to the refusal.
        }

        return CkanProblems.Invalid.Because("The body is no object in JSON and no form.");
    }

    /// <summary>What was said, each as the text of a parameter in an address.</summary>
    public IEnumerable<(string Name, string Text)> All =>
        _values.Where(one => one.Value.ValueKind != JsonValueKind.Null).Select(one => (one.Key, one.Value.ValueKind == JsonValueKind.String ? one.Value.GetString() ?? "" : one.Value.GetRawText()));

    public bool Has(string name) => _values.TryGetValue(name, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>Null: not said, or said to be empty.</summary>
    public string? Text(string name, int most = 16 << 10)
    {
        if (!Has(name))
            return null;
        var value = _values[name];
        var text = value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText();
        return text is { Length: > 0 } && text.Length <= most ? text : null;
    }

    public Result<string> Needed(string name) => Text(name) is { } text ? text : CkanProblems.Invalid.Because($"{name}: Missing value");

    public Result<long> Whole(string name, long usual, long most)
    {
        if (Text(name) is not { } text)
            return usual;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole) ? Math.Min(whole, most) : CkanProblems.Invalid.Because($"{name}: Invalid integer");
    }

    public bool Flag(string name, bool usual = false) => Text(name) is { } text ? text.ToLowerInvariant() is "true" or "1" or "yes" or "t" or "on" : usual;

    /// <summary>A list, a list written as JSON, or names divided by commas.</summary>
    public Result<IReadOnlyList<string>> Names(string name)
    {
        if (!Json(name).TryGet(out var json, out var problem))
            return problem;
        if (json is not { } value)
            return new List<string>();
        if (value.ValueKind == JsonValueKind.Array)
            return value.EnumerateArray().Select(one => one.ValueKind == JsonValueKind.String ? one.GetString() ?? "" : one.GetRawText()).ToList();
        return (value.ValueKind == JsonValueKind.String ? value.GetString() ?? "" : value.GetRawText()).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToList();
    }

    /// <summary>The value; a text that begins as a list or an object is read as one.</summary>
    public Result<JsonElement?> Json(string name)
    {
        if (!Has(name))
            return (JsonElement?)null;
        var value = _values[name];
        if (value.ValueKind != JsonValueKind.String || value.GetString()?.TrimStart() is not { Length: > 0 } text || text[0] is not ('{' or '['))
            return (JsonElement?)value;
        try
        {
            using var json = JsonDocument.Parse(text);
            return (JsonElement?)json.RootElement.Clone();
        }
        catch (JsonException)
        {
            return CkanProblems.Invalid.Because($"{name}: Cannot parse JSON");
        }
    }

    private static JsonElement Element(string text)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(text.Length + 2);
        using (var writer = new Utf8JsonWriter(buffer))
            writer.WriteStringValue(text);
        using var json = JsonDocument.Parse(buffer.WrittenMemory);
        return json.RootElement.Clone();
    }
}
