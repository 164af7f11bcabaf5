using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using CityHub.Core.Problems;

namespace CityHub.Sensing.Mapping;

/// <summary>
/// How a payload becomes observations, as people write it: data, not code. Paths are those of <see cref="JsonPath"/>; a row of a table is an
/// object whose members are its columns.
/// </summary>
public sealed record MappingDeclaration
{
    /// <summary><c>json</c>, <c>csv</c> (one line or several) or <c>value</c> (the payload is one value and nothing else).</summary>
    public string Format { get; init => field = value ?? "json"; } = "json"; // absent arrives as null: the generated reader sets every init member

    /// <summary>Where the readings are when one payload holds several; may have wildcards, begins with <c>$</c>.</summary>
    public string? Each { get; init; }

    /// <summary>The names of the columns of a <c>csv</c> payload; in a file they are in its first line.</summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>Between two fields of <c>csv</c>; a comma when not given.</summary>
    public string? Delimiter { get; init; }

    /// <summary>URI of the thing, with <c>{device}</c>, <c>{topic[2]}</c> or <c>{path}</c> in it. Devices may have their own.</summary>
    public string? Entity { get; init; }

    /// <summary>Type of the thing: a term or an IRI.</summary>
    public required string Type { get; init; }

    /// <summary>URL of the context in which the terms are expanded; the core context when not given.</summary>
    public string? Context { get; init; }

    /// <summary>When it was observed; the time of arrival when not given.</summary>
    public TimeDeclaration? Time { get; init; }

    public LocationDeclaration? Location { get; init; }

    public required IReadOnlyList<AttributeDeclaration> Attributes { get; init; }

    /// <summary>Texts that stand for a missing value, e.g. <c>NA</c>. The empty text always does.</summary>
    public IReadOnlyList<string> Missing { get; init => field = value ?? []; } = [];

    public string? Description { get; init; }

    /// <summary>A declaration out of JSON; members that nobody knows are refused, since a misspelt one would be passed over in silence.</summary>
    public static Result<MappingDeclaration> Read(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return JsonSerializer.Deserialize(utf8, MappingJson.Default.MappingDeclaration) is { } declaration
                ? declaration
                : MappingProblems.NotAMapping.Because("The mapping is null.");
        }
        catch (JsonException e)
        {
            return MappingProblems.NotAMapping.Because(JsonFaults.Say(e), "cityhub import --suggest FILE writes one to start from.");
        }
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, MappingJson.Default.MappingDeclaration);

    /// <summary>As a file for people.</summary>
    public string ToText() => JsonSerializer.Serialize(this, MappingJson.Readable.MappingDeclaration);
}

/// <summary>The time of a reading: one value (<see cref="From"/>), or columns that together make one, or the time of arrival.</summary>
public sealed record TimeDeclaration
{
    public string? From { get; init; }

    /// <summary><c>iso</c>, <c>unix</c> (seconds), <c>unixMilliseconds</c>, <c>arrival</c>, or a pattern such as <c>dd/MM/yyyy HH:mm</c>.</summary>
    public string Format { get; init => field = value ?? "iso"; } = "iso";

    /// <summary>For times that carry no offset themselves: <c>Z</c>, <c>+08:00</c> or a name such as <c>Asia/Shanghai</c>.</summary>
    public string? Zone { get; init; }

    public string? Year { get; init; }

    public string? Month { get; init; }

    public string? Day { get; init; }

    public string? Hour { get; init; }

    public string? Minute { get; init; }

    public string? Second { get; init; }
}

/// <summary>WGS 84: two numbers, or a GeoJSON Point.</summary>
public sealed record LocationDeclaration
{
    public string? Longitude { get; init; }

    public string? Latitude { get; init; }

    public string? GeoJson { get; init; }
}

/// <summary>One attribute of the thing ← one value of the payload.</summary>
public sealed record AttributeDeclaration
{
    /// <summary>A term or an IRI.</summary>
    public required string Name { get; init; }

    /// <summary>The path of the value; the member of the same name when not given.</summary>
    public string? From { get; init; }

    /// <summary><c>auto</c> (as it came), <c>number</c>, <c>text</c>, <c>boolean</c>, <c>json</c>.</summary>
    public string? As { get; init; }

    /// <summary>UN/CEFACT common code, e.g. CEL, GQ.</summary>
    public string? Unit { get; init; }

    /// <summary>recorded = value × scale + offset</summary>
    public decimal? Scale { get; init; }

    public decimal? Offset { get; init; }

    /// <summary>Without it the reading is refused; otherwise it is left out.</summary>
    public bool Required { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    AllowTrailingCommas = true,
    ReadCommentHandling = JsonCommentHandling.Skip,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(MappingDeclaration))]
[JsonSerializable(typeof(System.Text.Json.JsonElement))]
internal sealed partial class MappingJson : JsonSerializerContext
{
    // Not a static initializer: the generated part's own static members may not be there yet.
    public static MappingJson Readable => field ??= new(new JsonSerializerOptions(Default.GeneratedSerializerOptions ?? new JsonSerializerOptions()) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>What the JSON reader has against a document, in words for its author: no names of our types.</summary>
internal static class JsonFaults
{
    public static string Say(JsonException e)
    {
        var place = e.LineNumber is { } line ? $" (line {line + 1}, character {e.BytePositionInLine + 1})" : "";
        var message = e.Message;
        if (Between(message, "The JSON property '", "'") is { } unknown && message.Contains("could not be mapped", StringComparison.Ordinal))
            return $"\"{unknown}\" is no member here{place}.";
        if (message.Contains("missing required properties", StringComparison.Ordinal))
            return $"These members are missing: {message[(message.LastIndexOf(':') + 1)..].Trim().TrimEnd('.')}{(e.Path is null or "$" ? "" : $" in {e.Path}")}.";
        if (message.Contains("null values", StringComparison.Ordinal) && Between(message, "'", "'") is { Length: > 0 } member)
            return $"{(e.Path is null or "$" ? "" : e.Path + ".")}{char.ToLowerInvariant(member[0])}{member[1..]} is null{place}.";
        if (message.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
            return $"{(e.Path is null or "$" ? "The document" : e.Path)} is not of the kind that belongs there{place}.";
        var cut = message.IndexOf(" Path:", StringComparison.Ordinal);
        if (cut < 0)
            cut = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return $"It is not the JSON it should be{place}: {(cut < 0 ? message : message[..cut])}";
    }

    private static string? Between(string text, string before, string after)
    {
        var start = text.IndexOf(before, StringComparison.Ordinal);
        if (start < 0)
            return null;
        start += before.Length;
        var end = text.IndexOf(after, start, StringComparison.Ordinal);
        return end < 0 ? null : text[start..end];
    }
}
