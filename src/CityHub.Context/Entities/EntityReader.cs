using System.Text.Json;
using CityHub.Context.JsonLd;
using CityHub.Core.Problems;

namespace CityHub.Context.Entities;

/// <summary>
/// NGSI-LD JSON → model, in one pass of the reader with expansion in that pass: normalized (4.5.1), concise (4.5.1.3) and bare values, mixed.
/// The first thing that is wrong ends the reading; the problem names the attribute.
/// </summary>
public static class EntityReader
{
    /// <summary>One entity or fragment. The @context member is skipped: <see cref="PayloadContext"/> has looked at it before.</summary>
    public static Result<EntityFragment> Read(ReadOnlyMemory<byte> json, LdContext context, ReadMode mode, bool simplified = false, ReadLimits? limits = null)
    {
        if (JsonText.Wrong(json.Span) is { } wrong)
            return ContextProblems.InvalidRequest.Because(wrong);
        try
        {
            var pass = new EntityPass(json, context, mode, simplified, limits ?? ReadLimits.Default);
            return pass.ReadEntity() is { } fragment ? fragment : pass.Failure ?? Empty();
        }
        catch (JsonException e)
        {
            return NotJson(e);
        }
    }

    /// <summary>The value of one attribute as PATCH and PUT …/attrs/{attr} carry it: an instance, or several in an array.</summary>
    public static Result<IReadOnlyList<Attribute>> ReadAttribute(ReadOnlyMemory<byte> json, int name, LdContext context, ReadMode mode, bool simplified = false)
    {
        if (JsonText.Wrong(json.Span) is { } wrong)
            return ContextProblems.InvalidRequest.Because(wrong);
        try
        {
            var pass = new EntityPass(json, context, mode, simplified, ReadLimits.Default);
            return pass.ReadAttribute(name) is { } instances ? instances : pass.Failure ?? Empty();
        }
        catch (JsonException e)
        {
            return NotJson(e);
        }
    }

    /// <summary>
    /// The body of PATCH temporal/entities/{id}/attrs/{attr}/{instance} (5.6.14): the attribute by name with its instance, or the instance itself.
    /// </summary>
    public static Result<Attribute> ReadInner(ReadOnlyMemory<byte> json, int name, LdContext context)
    {
        if (Read(json, context, ReadMode.TemporalFragment).TryGet(out var fragment, out _) && fragment.Attributes.FirstOrDefault(a => a.Name == name) is { } inner)
            return inner;
        return ReadAttribute(json, name, context, ReadMode.TemporalFragment).Then<Attribute>(instances =>
            instances is [var one] ? one : ContextProblems.BadRequestData.Because("The body is not one instance of the attribute."));
    }

    /// <summary>The slices of a JSON array's items, without looking into them. Refused when the body is no array, or an empty one.</summary>
    public static Result<IReadOnlyList<ReadOnlyMemory<byte>>> Items(ReadOnlyMemory<byte> json, int most)
    {
        if (JsonText.Wrong(json.Span) is { } wrong)
            return ContextProblems.InvalidRequest.Because(wrong);
        try
        {
            var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = ReadLimits.Default.MostDepth + 1 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray)
                return ContextProblems.BadRequestData.Because("The body is not a JSON array.");
            var items = new List<ReadOnlyMemory<byte>>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType == JsonTokenType.Null)
                    return ContextProblems.BadRequestData.Because($"Item {items.Count} of the array is null.", rule: "ETSI GS CIM 009, 5.6.7.4");
                if (items.Count == most)
                    return ContextProblems.BadRequestData.Because($"The array has more than {most} items.", "Send it in several requests.", "limits.batch");
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                items.Add(json[start..(int)reader.BytesConsumed]);
            }

            if (reader.Read())
                return ContextProblems.InvalidRequest.Because("There is more than one JSON value in the body.");
            if (items.Count == 0)
                return ContextProblems.BadRequestData.Because("The array is empty.", rule: "ETSI GS CIM 009, 5.6.7.4");
            return items;
        }
        catch (JsonException e)
        {
            return NotJson(e);
        }
    }

    internal static Problem NotJson(JsonException e) =>
        ContextProblems.InvalidRequest.Because($"The body is not valid JSON: {e.Message}", "See line and byte position in the detail.");

    private static Problem Empty() => ContextProblems.InvalidRequest.Because("The body is empty.");
}

/// <summary>The top-level @context of a body, found without reading the rest into anything.</summary>
public static class PayloadContext
{
    /// <summary>False: there is certainly no @context member. An escape may spell it, too.</summary>
    public static bool MayBeIn(ReadOnlySpan<byte> json) => json.IndexOf("@context"u8) >= 0 || json.Contains((byte)'\\');

    /// <summary>The raw JSON of the @context member; null when there is none. Refused when the body is not JSON.</summary>
    public static Result<ReadOnlyMemory<byte>?> Find(ReadOnlyMemory<byte> json)
    {
        if (JsonText.Wrong(json.Span) is { } wrong)
            return ContextProblems.InvalidRequest.Because(wrong);
        try
        {
            var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = ReadLimits.Default.MostDepth });
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                return ContextProblems.InvalidRequest.Because("The body is not a JSON object.");
            }

            ReadOnlyMemory<byte>? found = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isContext = reader.ValueTextEquals("@context"u8);
                if (isContext && found is not null)
                    return ContextProblems.BadRequestData.Because("The body has two @context members.", rule: "ETSI GS CIM 009, 5.5.7");
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                if (isContext)
                    found = json[start..(int)reader.BytesConsumed];
            }

            return found;
        }
        catch (JsonException e)
        {
            return EntityReader.NotJson(e);
        }
    }
}
