using System.Text;
using System.Text.Json;

namespace CityHub.Privacy;

/// <summary>
/// Transforms as JSON, for schemes: an object with the kind first and then the parameters. Written, it is canonical: one transform has one text, without spaces, defaults written out. Read, order
/// and defaults are free, and a parameter that the kind does not have is refused.
/// </summary>
public static class TransformCodec
{
    private static readonly Dictionary<string, Func<ParameterReader, Transform>> Readers = new(StringComparer.Ordinal)
    {
        [Sample.Word] = Sample.Read,
        [Aggregate.Word] = Aggregate.Read,
        [DeterministicEncryption.Word] = DeterministicEncryption.Read,
        [OrderPreserving.Word] = OrderPreserving.Read,
        [FormatPreserving.Word] = FormatPreserving.Read,
        [IdNumberEncryption.Word] = IdNumberEncryption.Read,
        [KeyedHash.Word] = KeyedHash.Read,
        [Mask.Word] = Mask.Read,
        [SuppressCells.Word] = SuppressCells.Read,
        [SuppressRare.Word] = SuppressRare.Read,
        [SuppressRecords.Word] = SuppressRecords.Read,
        [SuppressColumns.Word] = SuppressColumns.Read,
        [KeyedPseudonym.Word] = KeyedPseudonym.Read,
        [RandomPseudonym.Word] = RandomPseudonym.Read,
        [Anatomise.Word] = Anatomise.Read,
        [RoundNumbers.Word] = RoundNumbers.Read,
        [TopBottomCode.Word] = TopBottomCode.Read,
        [CombineColumns.Word] = CombineColumns.Read,
        [GeneraliseRare.Word] = GeneraliseRare.Read,
        [Generalise.Word] = Generalise.Read,
        [AddNoise.Word] = AddNoise.Read,
        [Permute.Word] = Permute.Read,
        [Swap.Word] = Swap.Read,
        [RankSwap.Word] = RankSwap.Read,
        [Microaggregate.Word] = Microaggregate.Read,
        [Synthesise.Word] = Synthesise.Read,
        [Watermark.Word] = Watermark.Read,
    };

    /// <summary>Every word that can be read.</summary>
    public static IReadOnlyCollection<string> Kinds => Readers.Keys;

    public static void Write(Utf8JsonWriter json, Transform transform)
    {
        json.WriteStartObject();
        json.WriteString("kind", transform.Kind);
        transform.Write(new ParameterWriter(json));
        json.WriteEndObject();
    }

    public static string Write(Transform transform)
    {
        var into = new MemoryStream();
        using (var json = new Utf8JsonWriter(into, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Write(json, transform);
        return Encoding.UTF8.GetString(into.ToArray());
    }

    /// <param name="json">At the start of the object; afterwards at its end.</param>
    /// <exception cref="PrivacyException">It is not a transform, or a parameter does not fit.</exception>
    public static Transform Read(ref Utf8JsonReader json)
    {
        var from = new ParameterReader(ref json);
        if (!Readers.TryGetValue(from.Kind, out var read))
            throw ParameterReader.Refuse($"There is no transform {(from.Kind.Length <= 40 ? from.Kind : from.Kind[..40])}.");
        var transform = read(from);
        from.Done();
        return transform;
    }

    /// <inheritdoc cref="Read(ref Utf8JsonReader)"/>
    public static Transform Read(string text)
    {
        var json = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
        try
        {
            json.Read();
            var transform = Read(ref json);
            return json.Read() ? throw ParameterReader.Refuse("Something comes after the transform.") : transform;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new PrivacyException(ParameterReader.Refuse("A transform is not JSON.").Refusal, e);
        }
    }
}
