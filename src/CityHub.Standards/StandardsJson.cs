using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using CityHub.Core.Problems;
using CityHub.Standards.Calibres;
using CityHub.Standards.Vocabulary;

namespace CityHub.Standards;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ElementDeclaration))]
[JsonSerializable(typeof(CodeTableDeclaration))]
[JsonSerializable(typeof(CalibreDeclaration))]
internal sealed partial class StandardsJson : JsonSerializerContext
{
    private static StandardsJson Relaxed => field ??= new(new JsonSerializerOptions(Default.GeneratedSerializerOptions ?? new JsonSerializerOptions()) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>A document of people; a member that nobody knows is refused, since a misspelt one would be passed over in silence.</summary>
    public static Result<T> Read<T>(ReadOnlySpan<byte> utf8, ProblemKind kind)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(utf8, Info<T>()) is { } value ? value : kind.Because("The document is null.");
        }
        catch (JsonException e)
        {
            var place = e.LineNumber is { } line ? $" (line {line + 1}, character {e.BytePositionInLine + 1})" : "";
            return kind.Because($"{(e.Path is null or "$" ? "The document" : e.Path)} is not as it has to be{place}.", "docs/reference/standards.md has one full example of each.");
        }
        catch (InvalidOperationException)
        {
            return kind.Because("It holds a text that is not made of Unicode characters.");
        }
    }

    public static byte[] Write<T>(T value)
        where T : class => JsonSerializer.SerializeToUtf8Bytes(value, Info<T>());

    private static JsonTypeInfo<T> Info<T>() => Relaxed.GetTypeInfo(typeof(T)) as JsonTypeInfo<T> ?? throw new InvalidOperationException($"{typeof(T).Name} has no place in this context.");
}
